"""One volume in shared memory, and what of it is there already."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from sightline.errors import SightlineError, SupersededError, UnavailableError
from sightline.rendering.channel import Reply
from sightline.rendering.derived import Derived, Recipe, State
from sightline.rendering.shared_memory import SharedMemory
from sightline.rendering.volume_plan import VolumePlan

SMALLEST_PART = 2
"""So many neighbouring slices make a part that planes across can be cut out of."""

StillWanted = Callable[[], bool]


class Volume:
    """Voxels of one series in shared memory that this process owns.

    Parameters
    ----------
    plan : VolumePlan
    memory : SharedMemory, optional
        That of a volume that nobody uses any more; new one by default.
    """

    def __init__(self, plan: VolumePlan, memory: SharedMemory | None = None) -> None:
        self.plan = plan
        self._memory = memory or SharedMemory("sightline-volume", plan.size)
        self._memory.resize(plan.size)
        self.users = 0
        self._id = uuid4().hex
        self._changed = threading.Condition()
        self._loaded: set[int] = set()
        self._ends: list[float] = []
        self._error: SightlineError | None = None
        self._waiting = 0
        self._derived: dict[str, Derived] = {}

    @property
    def descriptor(self) -> int:
        """Of its memory."""
        return self._memory.descriptor

    @property
    def size(self) -> int:
        """Bytes that it takes, with what was derived from it."""
        return self.plan.size + sum(derived.size for derived in self._derived.values())

    @property
    def identities(self) -> list[str]:
        """What its memory, and that of what was derived from it, is called in descriptions."""
        return [self._id, *(derived.identity for derived in self._derived.values())]

    @property
    def is_complete(self) -> bool:
        """Whether all slices are loaded."""
        return len(self._loaded) == len(self.plan.frames)

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits for slices."""
        return self._waiting > 0

    @property
    def progress(self) -> tuple[int, int]:
        """How many slices are loaded, and of how many."""
        return len(self._loaded), len(self.plan.frames)

    def description(self, part: range | None = None) -> dict[str, Any]:
        """Return what a task needs to map the volume, or a part of it, and to understand its voxels."""
        names = {"id": self._id, "memory": self._memory.identity}
        return self.plan.description() | names | {"part": (part.start, part.stop) if part else None}

    def derived(self, name: str) -> Derived | None:
        """Return what was derived under that name, if it is ready."""
        derived = self._derived.get(name)
        return derived if derived is not None and derived.state is State.READY else None

    def has_begun(self, name: str) -> bool:
        """Whether something is, is being, or could not be derived under that name."""
        return name in self._derived

    def begin(self, recipe: Recipe) -> Derived:
        """Make memory that is then to be filled."""
        self._derived[recipe.name] = Derived(recipe)
        return self._derived[recipe.name]

    def value_range(self) -> tuple[float, float]:
        """Return the least and most modality value of what is loaded; (0, 0) if all of it is padding."""
        with self._changed:
            return (min(self._ends), max(self._ends)) if self._ends else (0.0, 0.0)

    def wait(self, needed: Sequence[int] | None, seconds: float, still_wanted: StillWanted = lambda: True) -> None:
        """Wait until those slices, or all, are loaded.

        Raises
        ------
        UnavailableError
            They are not yet; loading goes on.
        SupersededError
            They are not wanted any more; loading goes on.
        SightlineError
            Loading failed.
        """
        wanted = set(range(len(self.plan.frames)) if needed is None else needed)
        with self._changed:
            self._wait_for(lambda: wanted <= self._loaded, seconds, still_wanted)

    def wait_for_part(
        self, needed: Sequence[int] | None, seconds: float, still_wanted: StillWanted = lambda: True
    ) -> range:
        """Wait until some neighbouring slices, with those that are needed, are loaded; return the longest run of such.

        Raises as `wait` does.
        """
        wanted = set(needed or ())

        def part() -> range:
            return self._longest_run(needed[0] if needed else None) if wanted <= self._loaded else range(0)

        with self._changed:
            self._wait_for(lambda: len(part()) >= SMALLEST_PART, seconds, still_wanted)
            return part()

    def _wait_for(self, is_there: Callable[[], bool], seconds: float, still_wanted: StillWanted) -> None:
        """Wait, holding the lock. Whoever waits looks up whenever slices arrive."""
        self._waiting += 1
        try:
            self._changed.wait_for(lambda: self._error is not None or is_there() or not still_wanted(), seconds)
        finally:
            self._waiting -= 1
        if self._error is not None:
            raise self._error
        if is_there():
            return
        if not still_wanted():
            raise SupersededError("A newer picture was asked for instead.")
        done, total = self.progress
        raise UnavailableError(f"The volume is still loading: {done} of {total} slices.", "loading", 1)

    def _longest_run(self, member: int | None) -> range:
        """Return the longest run of loaded slices, or the one that `member` is in."""
        longest = range(0)
        start = None
        for index in range(len(self.plan.frames) + 1):
            if index in self._loaded:
                start = index if start is None else start
            elif start is not None:
                run, start = range(start, index), None
                if member in run or (member is None and len(run) > len(longest)):
                    longest = run
        return longest

    def add(self, slices: Sequence[int], reply: Reply) -> None:
        """Note that slices have arrived."""
        with self._changed:
            self._loaded.update(slices)
            self._ends.extend(reply.values["range"] or ())
            self._changed.notify_all()

    def fail(self, error: SightlineError) -> None:
        """Tell everybody who waits, now or later, that it cannot be loaded."""
        with self._changed:
            self._error = error
            self._changed.notify_all()

    def free(self) -> None:
        """Give the memory back at once, even where a worker still has it mapped."""
        self._memory.free()
        self._free_derived()

    def left_memory(self) -> SharedMemory | None:
        """Give back all but the voxels' own memory, and return that for another volume.

        None where loading failed or has not ended: a worker that passed its deadline may still write into it. Then all
        is given back.
        """
        if self._error is not None or not self.is_complete:
            self.free()
            return None
        self._free_derived()
        return self._memory

    def _free_derived(self) -> None:
        for derived in self._derived.values():
            derived.free()
