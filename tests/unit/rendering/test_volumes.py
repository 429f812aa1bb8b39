"""Volumes in shared memory: first pictures of what is there, what is derived from them, and deaths of all kinds."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sightline.access.grant import administrator
from sightline.archive.protocol import FileSource
from sightline.errors import SupersededError, UnavailableError
from sightline.rendering.derived import Derived, Recipe
from sightline.rendering.engine import RenderingEngine
from sightline.rendering.jobs import Asking
from sightline.rendering.picture import Picture
from sightline.rendering.pool import WorkerPool
from sightline.rendering.series_table import FrameEntry
from sightline.rendering.view import Orientation, PictureFormat, PlaneOf, View, Window
from sightline.rendering.volume import Volume
from sightline.rendering.volume_plan import VolumePlan, plan
from sightline.rendering.volumes import SLICES_PER_TASK, VolumeStore
from tests.support.dicom_files import slices_of
from tests.support.fake_archive import FakeArchive
from tests.support.processes import children

STUDY, SERIES = "1.2.826.0.1.1", "1.2.826.0.1.1.1"
DOCTOR = administrator("doctor")
COUNT = 4 * SLICES_PER_TASK
VOXELS = np.random.default_rng(7).integers(100, 1000, (COUNT, 6, 5)).astype(np.int16)
WINDOW = Window(500, 1000)
PARTIAL = Asking(allow_partial=True)


@pytest.fixture(scope="module")
def workers(plugin_directory: Path) -> Iterator[WorkerPool]:
    """Workers that all tests of this module share."""
    pool = WorkerPool(Path(sys.executable), plugin_directory, count=2, memory_bytes=1 << 30, volume_bytes=64 << 20)
    yield pool
    pool.close()


class SlowArchive(FakeArchive):
    """Gives `allowed` files and then waits until more are, or `go_on` is set."""

    def __init__(self, step: float = 2.0) -> None:
        super().__init__(slices_of(VOXELS, [(0, 0, step * k) for k in range(COUNT)]))
        self.go_on = threading.Event()
        self.allowed = COUNT * 9

    def source(self, *arguments: Any) -> FileSource:
        self.allowed -= 1
        until = time.monotonic() + 20
        while self.allowed < 0 and time.monotonic() < until and not self.go_on.wait(0.01):
            pass
        return super().source(*arguments)


@pytest.fixture
def archive() -> Iterator[SlowArchive]:
    made = SlowArchive()
    yield made
    made.go_on.set()


@pytest.fixture
def engine(archive: SlowArchive, workers: WorkerPool, tmp_path: Path) -> RenderingEngine:
    """An engine that knows the series' table already."""
    made = RenderingEngine(archive, workers, volume_bytes=1 << 20, table_directory=tmp_path)
    made.describe(DOCTOR, STUDY, SERIES)
    return made


def view(orientation: Orientation, index: int, window: Window | None = WINDOW) -> View:
    return View(STUDY, SERIES, PlaneOf(orientation, index), window, picture_format=PictureFormat.PNG)


def pixels(picture: Picture) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(BytesIO(picture.content))).astype(int)


def test_what_is_there_is_shown_and_does_not_stay(engine: RenderingEngine, archive: SlowArchive) -> None:
    archive.allowed = SLICES_PER_TASK
    sagittal = view(Orientation.SAGITTAL, 2)
    picture = engine.render(DOCTOR, sagittal, PARTIAL)
    assert picture.slices == (SLICES_PER_TASK, COUNT)
    assert picture.etag != engine.etag(DOCTOR, sagittal)
    middle = COUNT // 2
    seen = slice(middle - SLICES_PER_TASK // 2, middle + SLICES_PER_TASK // 2)
    shown = pixels(picture)[::-1]
    assert shown.shape == (COUNT, 6)
    assert [k for k in range(COUNT) if shown[k].any()] == list(range(COUNT)[seen])
    archive.go_on.set()
    whole = engine.render(DOCTOR, sagittal)
    assert (whole.slices, whole.etag) == (None, engine.etag(DOCTOR, sagittal))
    assert pixels(whole).all()
    assert np.abs(pixels(whole)[::-1][seen] - shown[seen]).max() <= 1
    assert engine.render(DOCTOR, sagittal, PARTIAL) is whole


def test_a_complete_picture_asked_for_as_partial_is_kept(engine: RenderingEngine) -> None:
    engine.render(DOCTOR, view(Orientation.SAGITTAL, 0))
    first = engine.render(DOCTOR, view(Orientation.SAGITTAL, 1), PARTIAL)
    assert first.slices is None
    assert engine.render(DOCTOR, view(Orientation.SAGITTAL, 1)) is first


def test_a_plane_of_the_stack_is_whole_as_soon_as_its_slice_is_there(
    engine: RenderingEngine, archive: SlowArchive
) -> None:
    archive.allowed = SLICES_PER_TASK
    whole = engine.render(DOCTOR, view(Orientation.AXIAL, 20), PARTIAL)
    assert (whole.slices, whole.etag) == (None, engine.etag(DOCTOR, view(Orientation.AXIAL, 20)))
    # Its own full range is not known yet; that of what is there is shown instead.
    picture = engine.render(DOCTOR, view(Orientation.AXIAL, 20, None), PARTIAL)
    assert picture.slices == (SLICES_PER_TASK, COUNT)
    there = VOXELS[20 - SLICES_PER_TASK // 2 : 20 + SLICES_PER_TASK // 2]
    assert picture.window is not None
    assert picture.window.width == there.max() - there.min()


def test_who_asks_for_something_newer_does_not_wait_for_a_volume(engine: RenderingEngine, archive: SlowArchive) -> None:
    archive.allowed = SLICES_PER_TASK
    mine = Asking(supersedes="session/1")
    with ThreadPoolExecutor(3) as threads:
        older = threads.submit(engine.render, DOCTOR, view(Orientation.SAGITTAL, 1), mine)
        until = time.monotonic() + 10
        while archive.allowed >= 0 and time.monotonic() < until:
            time.sleep(0.01)  # it is the first, for which the picture is made
        turn = engine._turns._newest["session/1"]
        other = threads.submit(engine.render, DOCTOR, view(Orientation.SAGITTAL, 1), Asking(supersedes="session/2"))
        time.sleep(0.3)
        newer = threads.submit(engine.render, DOCTOR, view(Orientation.SAGITTAL, 3), mine)
        while engine._turns._newest["session/1"] is turn and time.monotonic() < until:
            time.sleep(0.01)
        archive.allowed += SLICES_PER_TASK  # whoever waits looks up when slices arrive
        with pytest.raises(SupersededError):
            older.result(10)
        archive.go_on.set()
        assert pixels(newer.result(10)).all()
        assert pixels(other.result(10)).all(), "somebody else wants the same picture still"


def test_a_request_whose_time_is_over_does_not_wait(engine: RenderingEngine, archive: SlowArchive) -> None:
    archive.allowed = SLICES_PER_TASK
    start = time.monotonic()
    with pytest.raises(UnavailableError, match="still loading"):
        engine.render(DOCTOR, view(Orientation.SAGITTAL, 1), Asking(wanted_until=time.monotonic() + 0.2))
    assert time.monotonic() - start < 5


def test_workers_that_die_find_the_volume_again(
    engine: RenderingEngine, archive: SlowArchive, workers: WorkerPool
) -> None:
    archive.allowed = SLICES_PER_TASK
    engine.render(DOCTOR, view(Orientation.AXIAL, COUNT // 2))
    kill_workers(workers)  # while the volume is loading
    archive.go_on.set()
    before = engine.render(DOCTOR, view(Orientation.SAGITTAL, 0))
    calls = archive.source_calls
    kill_workers(workers)  # after it was loaded
    after = engine.render(DOCTOR, view(Orientation.SAGITTAL, 4))
    for picture, column in ((before, 0), (after, 4)):
        expected = np.floor(np.clip((VOXELS[::-1, :, column] - 499.5) / 999 + 0.5, 0, 1) * 255 + 0.5)
        np.testing.assert_array_equal(pixels(picture), expected)
    assert archive.source_calls == calls, "nothing was loaded again"


def kill_workers(workers: WorkerPool) -> None:
    """Kill both workers, and wait until they are dead."""
    deaths = workers.statistics()["deaths"]
    for pid in children():
        os.kill(pid, 9)
    until = time.monotonic() + 10
    while workers.statistics()["deaths"] < deaths + 2 and time.monotonic() < until:
        time.sleep(0.02)


PARENT = """
import os, sys, time
from pathlib import Path
from sightline.rendering.derived import Derived, Recipe
from sightline.rendering.pool import WorkerPool
pool = WorkerPool(Path(sys.executable), Path(sys.argv[1]), count=1)
derived = Derived(Recipe("x", "sightline.trials:fill", (((1 << 20,), "uint8"),)))
pool.run("sightline.trials:touch", {"derived": derived.description()}, (), (derived.descriptor,))
print(os.fstat(derived.descriptor).st_ino, flush=True)
time.sleep(60)
"""


def holders(inode: str) -> set[str]:
    """Return the processes that have a memory file open or mapped."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            mapped = [line.split()[4] for line in (process / "maps").read_text().splitlines() if "/memfd:" in line]
            opened = [str(path.stat().st_ino) for path in (process / "fd").iterdir() if "memfd" in str(path.readlink())]
            if inode in (*mapped, *opened):
                found.add(process.name)
    return found


def test_shared_memory_goes_with_a_parent_that_was_killed(plugin_directory: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(plugin_directory)}
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(plugin_directory)], stdout=subprocess.PIPE, env=environment
    ) as parent:
        assert parent.stdout is not None
        inode = parent.stdout.readline().decode().strip()
        (worker,) = children(parent.pid)
        assert holders(inode) == {str(parent.pid), str(worker)}
        parent.kill()
        parent.wait()
    until = time.monotonic() + 5
    while holders(inode) and time.monotonic() < until:
        time.sleep(0.05)
    assert not holders(inode), "it has no name, so that nobody can hold it any more"


RECIPE = Recipe("sums", "sightline.trials:add_up", ((VOXELS.shape[1:], "int64"), ((1,), "int32")))


class Opened:
    """A store, and a plan of the series."""

    def __init__(self, archive: FakeArchive, workers: WorkerPool, bound: int, tmp_path: Path) -> None:
        engine = RenderingEngine(archive, workers, volume_bytes=1 << 20, table_directory=tmp_path)
        self.plan: VolumePlan = plan(engine.describe(DOCTOR, STUDY, SERIES))
        self.store = VolumeStore(workers, bound)
        records = {r.sop_instance_uid: r for r in archive.series_instances(DOCTOR, STUDY, SERIES)}
        self.fetch: Callable[[FrameEntry], FileSource] = lambda f: archive.source(DOCTOR, records[f.sop_instance_uid])


def wait_for_derived(store: VolumeStore, volume: Volume, recipe: Recipe) -> Derived | None:
    until = time.monotonic() + 10
    while (found := store.derive(volume, recipe)) is None and time.monotonic() < until:
        time.sleep(0.02)
    return found


def test_derived_memory_is_made_once_and_found_by_all_workers(
    archive: SlowArchive, workers: WorkerPool, tmp_path: Path
) -> None:
    opened = Opened(archive, workers, 1 << 20, tmp_path)
    archive.allowed = SLICES_PER_TASK
    with opened.store.use(opened.plan, opened.fetch, 0) as volume:
        volume.wait([0], 10)
        assert opened.store.derive(volume, RECIPE) is None
        assert not volume.has_begun("sums"), "not of half a volume"
        archive.go_on.set()
        volume.wait(None, 10)
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda _: opened.store.derive(volume, RECIPE), range(50)))
        derived = wait_for_derived(opened.store, volume, RECIPE)
        assert derived is not None
        assert volume.derived("sums") is derived
        assert volume.size == VOXELS.nbytes + RECIPE.offsets[-1]
        futures = [
            workers.submit(
                "sightline.trials:derived_sums", {"derived": derived.description()}, (), (derived.descriptor,)
            )
            for _ in range(30)
        ]
        for reply in [future.result(10) for future in futures]:
            assert reply.values["count"] == COUNT
            assert reply.buffers[0] == VOXELS.sum(axis=0, dtype=np.int64).tobytes()
        assert len({future.result().values["pid"] for future in futures}) == 2
    opened.store.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(derived.descriptor)


def test_derived_memory_counts_and_is_left_out_where_there_is_no_room(
    archive: SlowArchive, workers: WorkerPool, tmp_path: Path
) -> None:
    opened = Opened(archive, workers, VOXELS.nbytes + 100, tmp_path)
    with ExitStack() as stack:
        volume = stack.enter_context(opened.store.use(opened.plan, opened.fetch, 0))
        volume.wait(None, 10)
        assert opened.store.derive(volume, RECIPE) is None
        assert not volume.has_begun("sums")
    opened.store.close()


def test_memory_that_a_volume_has_left_serves_the_next_one(
    archive: SlowArchive, workers: WorkerPool, tmp_path: Path
) -> None:
    """New memory takes most of the time of loading. What workers still have mapped of it shows the new volume."""
    opened = Opened(archive, workers, VOXELS.nbytes + RECIPE.offsets[-1] + 100, tmp_path)
    other_voxels = VOXELS + np.int16(7)
    other_archive = FakeArchive(slices_of(other_voxels, [(0, 0, 2.0 * k) for k in range(COUNT)]))
    other = Opened(other_archive, workers, 1 << 20, tmp_path)
    memories = set()
    for one, voxels in ((opened, VOXELS), (other, other_voxels), (opened, VOXELS)):
        with opened.store.use(one.plan, one.fetch, 0) as volume:
            volume.wait(None, 10)
            memories.add((volume.descriptor, volume.description()["memory"]))
            derived = wait_for_derived(opened.store, volume, RECIPE)
            assert derived is not None
            arguments = {"derived": derived.description()}
            reply = workers.run("sightline.trials:derived_sums", arguments, (), (derived.descriptor,))
            assert reply.buffers[0] == voxels.sum(axis=0, dtype=np.int64).tobytes()
    assert len(memories) == 1
    opened.store.close()


def test_memory_into_which_a_worker_may_still_write_serves_nobody(
    archive: SlowArchive, workers: WorkerPool, tmp_path: Path
) -> None:
    opened = Opened(archive, workers, VOXELS.nbytes, tmp_path)

    def vanished(_frame: FrameEntry) -> FileSource:
        raise UnavailableError("gone")

    with opened.store.use(opened.plan, vanished, 0) as volume:
        with pytest.raises(UnavailableError):
            volume.wait(None, 10)
        first = volume.description()["memory"]
        assert volume.left_memory() is None
    with opened.store.use(opened.plan, opened.fetch, 0) as volume:
        volume.wait(None, 10)
        assert volume.description()["memory"] != first
    opened.store.close()


def test_what_cannot_be_derived_is_not_tried_again(archive: SlowArchive, workers: WorkerPool, tmp_path: Path) -> None:
    opened = Opened(archive, workers, 1 << 20, tmp_path)
    broken = Recipe("broken", "sightline.trials:fail", (((9,), "uint8"),))
    with opened.store.use(opened.plan, opened.fetch, 0) as volume:
        volume.wait(None, 10)
        assert opened.store.derive(volume, broken) is None
        until = time.monotonic() + 10
        while volume.size != VOXELS.nbytes and time.monotonic() < until:
            time.sleep(0.02)
        assert volume.size == VOXELS.nbytes
        assert opened.store.derive(volume, broken) is None
        assert volume.has_begun("broken")
    opened.store.close()


def test_arrays_of_a_recipe_lie_one_after_the_other_on_borders_of_64_bytes() -> None:
    recipe = Recipe("x", "sightline.trials:echo", (((3, 5), "uint8"), ((0,), "int16"), ((65,), "int8")))
    assert recipe.offsets == (0, 64, 64, 192)
