"""Volumes in shared memory: one load however many ask, bounded in bytes, never dropped while in use."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from functools import partial
from typing import Any

from sightline.archive.protocol import FileSource
from sightline.errors import SightlineError, UnavailableError, UnprocessableError
from sightline.rendering.channel import Buffer
from sightline.rendering.derived import Derived, Recipe, State
from sightline.rendering.files import file_argument, in_batches
from sightline.rendering.pool import Pool, Priority, Reply
from sightline.rendering.series_table import FrameEntry
from sightline.rendering.shared_memory import SharedMemory
from sightline.rendering.volume import Volume
from sightline.rendering.volume_plan import VolumePlan

__all__ = ["FetchFrame", "Volume", "VolumeStore"]

SLICES_PER_TASK = 8
"""A task of this many slices takes some tens of ms, so that a picture which somebody waits for comes in between."""

FetchFrame = Callable[[FrameEntry], FileSource]


class VolumeStore:
    """All volumes of this node.

    Parameters
    ----------
    pool : Pool
        Loads the slices.
    bound : int
        Largest sum of bytes.
    """

    def __init__(self, pool: Pool, bound: int) -> None:
        self._pool, self._bound = pool, bound
        self._lock = threading.Lock()
        self._volumes: OrderedDict[str, Volume] = OrderedDict()
        self._loaders: set[threading.Thread] = set()
        self._closed = threading.Event()

    @contextmanager
    def use(self, plan: VolumePlan, fetch: FetchFrame, first: int) -> Iterator[Volume]:
        """Hold on to a volume, which is loaded from slice `first` outwards if it is not there yet.

        Raises
        ------
        UnprocessableError
            It is larger than all volumes may be.
        UnavailableError
            Other volumes that are in use take the room.
        """
        volume = self._acquire(plan, fetch, first)
        try:
            yield volume
        finally:
            self._release(volume)

    def progress(self, plan: VolumePlan) -> tuple[int, int]:
        """Return how many slices are loaded, and of how many."""
        with self._lock:
            volume = self._volumes.get(plan.identity)
        return volume.progress if volume else (0, len(plan.frames))

    def derive(self, volume: Volume, recipe: Recipe) -> Derived | None:
        """Return what the recipe makes of a volume in use, if it is ready; else have it made, once, in the background.

        Where other volumes in use take the room, or the volume is not complete, nothing is begun yet.
        """
        with self._lock:
            if volume.has_begun(recipe.name) or not volume.is_complete or self._closed.is_set():
                return volume.derived(recipe.name)
            try:
                dropped = self._make_room(recipe.offsets[-1])
            except SightlineError:
                return None
            for old in dropped:
                old.free()
            derived = volume.begin(recipe)
            volume.users += 1
        arguments = {"volume": volume.description(), "derived": derived.description()}
        descriptors = (volume.descriptor, derived.descriptor)
        future = self._pool.submit(recipe.task, arguments, (), descriptors, priority=Priority.BACKGROUND, stays=True)
        future.add_done_callback(partial(self._end_derivation, volume, derived))
        return None

    def _end_derivation(self, volume: Volume, derived: Derived, future: Future[Reply]) -> None:
        if future.cancelled() or future.exception() is not None:
            derived.fail()
        else:
            derived.state = State.READY
        self._release(volume)

    def close(self) -> None:
        """Free everything. The pool is closed before, so that no worker loads any more."""
        self._closed.set()
        for loader in list(self._loaders):
            loader.join(2)
        with self._lock:
            while self._volumes:
                self._volumes.popitem()[1].free()

    def _acquire(self, plan: VolumePlan, fetch: FetchFrame, first: int) -> Volume:
        with self._lock:
            volume = self._volumes.get(plan.identity)
            if volume is None:
                memory = _one_of(self._make_room(plan.size), plan.size)
                volume = self._volumes[plan.identity] = Volume(plan, memory)
                volume.users += 1  # the loader's
                loader = threading.Thread(
                    target=self._load, args=(volume, fetch, first), name="sightline-volume", daemon=True
                )
                self._loaders.add(loader)
                loader.start()
            self._volumes.move_to_end(plan.identity)
            volume.users += 1
            return volume

    def _make_room(self, size: int) -> list[Volume]:
        """Drop volumes that nobody uses, least recently used first, until `size` more bytes fit; return them.

        Their memory is yet to be given back.
        """
        if size > self._bound:
            raise UnprocessableError(
                f"This volume takes {size >> 20} MB; VolumeMegabytes allows {self._bound >> 20}.", "volume-too-large"
            )
        total = sum(volume.size for volume in self._volumes.values())
        dropped = list[Volume]()
        idle = [key for key, volume in self._volumes.items() if not volume.users]
        while total + size > self._bound:
            if not idle:
                for old in dropped:
                    old.free()
                raise UnavailableError("Too many volumes are in use; please try again.", "volumes-in-use")
            dropped.append(self._volumes.pop(idle.pop(0)))
            total -= dropped[-1].size
            self._pool.forget(dropped[-1].identities)
        return dropped

    def _release(self, volume: Volume) -> None:
        with self._lock:
            volume.users -= 1
            if not volume.users and self._volumes.get(volume.plan.identity) is not volume and not self._closed.is_set():
                self._free(volume)  # it failed, and its last user has left

    def _free(self, volume: Volume) -> None:
        """Give the memory of a volume back, wherever there is some."""
        self._pool.forget(volume.identities)
        volume.free()

    def _load(self, volume: Volume, fetch: FetchFrame, first: int) -> None:
        """Have the workers load all slices, on a thread of its own."""
        try:
            self._load_slices(volume, fetch, first)
        except SightlineError as error:
            self._fail(volume, error)
        except Exception:
            self._fail(volume, SightlineError("The volume could not be loaded because of an error in Sightline."))
            raise
        finally:
            self._release(volume)
            self._loaders.discard(threading.current_thread())

    def _fail(self, volume: Volume, error: SightlineError) -> None:
        """Forget a volume, so that the next who asks tries again."""
        with self._lock:
            if self._volumes.get(volume.plan.identity) is volume:
                del self._volumes[volume.plan.identity]
        volume.fail(error)

    def _load_slices(self, volume: Volume, fetch: FetchFrame, first: int) -> None:
        """Keep each worker busy, and no more than that in flight: files may travel as bytes."""
        waiting: deque[Future[Reply]] = deque()
        order = sorted(range(len(volume.plan.frames)), key=lambda index: abs(index - first))
        try:
            for batch in in_batches(order, SLICES_PER_TASK):
                if len(waiting) > self._pool.count:
                    waiting.popleft().result()
                if self._closed.is_set():
                    raise UnavailableError("Sightline is stopping.", "stopping")
                waiting.append(self._submit(volume, batch, fetch))
            while waiting:
                waiting.popleft().result()
        finally:
            # Tasks that still write must end before anybody may free the memory.
            wait(waiting)

    def _submit(self, volume: Volume, batch: Sequence[int], fetch: FetchFrame) -> Future[Reply]:
        buffers: list[Buffer] = []
        files: dict[str, dict[str, Any]] = {}
        slices = []
        for index in batch:
            frame = volume.plan.frames[index]
            uuid = frame.instance.file_uuid
            if uuid not in files:
                files[uuid] = file_argument(fetch(frame), buffers)
            slices.append({"index": index, "file": files[uuid], "frame": frame.frame, "layout": frame.layout})
        future = self._pool.submit(
            "sightline.rendering.tasks:load_slices",
            {"volume": volume.description(), "slices": slices},
            buffers,
            (volume.descriptor,),
            priority=Priority.AWAITED if volume.is_awaited else Priority.BACKGROUND,
            stays=True,
        )
        # Told at once, not when the loader comes by: somebody may wait for just these slices.
        future.add_done_callback(partial(_tell, volume, batch))
        return future


def _one_of(dropped: Sequence[Volume], size: int) -> SharedMemory | None:
    """Return the memory of a dropped volume for another one, if any will do, and give back the rest."""
    memories = [memory for old in dropped if (memory := old.left_memory()) is not None]
    memories.sort(key=lambda memory: (memory.size == size, memory.size))
    for memory in memories[:-1]:
        memory.free()
    return memories[-1] if memories else None


def _tell(volume: Volume, batch: Sequence[int], future: Future[Reply]) -> None:
    if not future.cancelled() and future.exception() is None:
        volume.add(batch, future.result())
