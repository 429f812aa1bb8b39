"""Pictures from a cluster are those from here, volumes are sent to it once, and when it goes, pictures still come."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sightline.access.grant import administrator
from sightline.archive.protocol import FileSource
from sightline.configuration import ConfigurationError
from sightline.errors import NotFoundError, UnavailableError
from sightline.kernels.image_plane import plane_of_grid
from sightline.rendering import cluster as module
from sightline.rendering.cache import Cache
from sightline.rendering.cluster import Scheduler
from sightline.rendering.cluster_tasks import Limits, content_of
from sightline.rendering.dask_pool import DaskPool
from sightline.rendering.engine import RenderingEngine
from sightline.rendering.jobs import Asking
from sightline.rendering.picture import Picture
from sightline.rendering.pool import Pool, WorkerPool
from sightline.rendering.view import FrameOf, Orientation, PictureFormat, PlaneOf, View, Window
from sightline.rendering.volume_sources import CutOf, Inputs, ProjectionOf, RenderingOf, VolumeSource
from tests.support.dask_cluster import DaskCluster
from tests.support.dicom_files import slices_of
from tests.support.fake_archive import FakeArchive
from tests.unit.rendering.test_fused_pictures import files as fused_files
from tests.unit.rendering.test_fused_pictures import view as fused_view

STUDY, SERIES = "1.2.826.0.1.1", "1.2.826.0.1.1.1"
DOCTOR = administrator("doctor")
COUNT = 24
VOXELS = np.random.default_rng(7).integers(100, 1000, (COUNT, 20, 16)).astype(np.int16)
WINDOW = Window(500, 1000)
ECHO, NAP = "sightline.trials:echo", "sightline.trials:nap"


class SlowArchive(FakeArchive):
    """Gives `allowed` files and then waits until `go_on` is set."""

    def __init__(self, by_path: str | None = None) -> None:
        super().__init__(slices_of(VOXELS, [(0, 0, 2.0 * k) for k in range(COUNT)]), by_path=by_path)
        self.go_on = threading.Event()
        self.allowed = COUNT * 99

    def source(self, *arguments: Any) -> FileSource:
        self.allowed -= 1
        if self.allowed < 0:
            self.go_on.wait(20)
        return super().source(*arguments)


@pytest.fixture
def asked(dask_pool: DaskPool, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collects the headers of what the cluster is asked."""
    headers: list[str] = []
    real = dask_pool._cluster.submit

    def submit(header: str, *more: Any) -> Any:
        headers.append(header)
        return real(header, *more)

    monkeypatch.setattr(dask_pool._cluster, "submit", submit)
    return headers


@pytest.fixture
def sent(dask_pool: DaskPool, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collects the sizes of memories that are sent to the cluster."""
    sizes: list[int] = []

    def counted(descriptor: int) -> bytearray:
        content = content_of(descriptor)
        sizes.append(len(content))
        return content

    monkeypatch.setattr(module, "content_of", counted)
    return sizes


def engine_over(pool: Pool, folder: Path, archive: FakeArchive | None = None) -> RenderingEngine:
    return RenderingEngine(archive or SlowArchive(), pool, volume_bytes=1 << 20, table_directory=folder)


def pixels(picture: Picture) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(BytesIO(picture.content)))


def view(source: FrameOf | PlaneOf | VolumeSource) -> View:
    return View(STUDY, SERIES, source, WINDOW, picture_format=PictureFormat.PNG)


def sources(engine: RenderingEngine) -> dict[str, FrameOf | PlaneOf | VolumeSource]:
    plane = plane_of_grid(engine.planes(DOCTOR, STUDY, SERIES).grids[Orientation.SAGITTAL], 5)
    frame = engine.describe(DOCTOR, STUDY, SERIES).frames[3].sop_instance_uid
    return {
        "frame": FrameOf(frame),
        "plane": PlaneOf(Orientation.SAGITTAL, 5),
        "cut": CutOf(replace(plane.moved(1.3), rows=11)),
        "slab": CutOf(plane, 3.0),
        "projection": ProjectionOf(plane),
        "rendering": RenderingOf(plane),
    }


@pytest.mark.parametrize("by_path", [False, True])
def test_pictures_are_those_of_local_workers(
    dask_pool: DaskPool, local_pool: WorkerPool, tmp_path: Path, asked: list[str], by_path: bool
) -> None:
    (tmp_path / "files").mkdir()
    archive = SlowArchive(str(tmp_path / "files") if by_path else None)
    here, there = (engine_over(pool, tmp_path, archive) for pool in (local_pool, dask_pool))
    wanted = sources(here)
    for source in wanted.values():
        expected, picture = (engine.render(DOCTOR, view(source)) for engine in (here, there))
        assert picture == expected
        assert len(picture.content) > 100
    assert len(asked) == len(wanted), "the cluster has rendered each of them, and loaded nothing"
    assert str(tmp_path) not in "".join(asked)


def test_a_series_that_is_laid_over_is_read_on_the_cluster(
    dask_pool: DaskPool, local_pool: WorkerPool, tmp_path: Path, asked: list[str]
) -> None:
    archive = FakeArchive(fused_files())
    here, there = (engine_over(pool, tmp_path, archive) for pool in (local_pool, dask_pool))
    assert here.render(DOCTOR, fused_view()) == there.render(DOCTOR, fused_view())
    assert len(asked) == 1


def test_a_volume_is_sent_once_and_dropped_when_it_goes(dask_pool: DaskPool, tmp_path: Path, sent: list[int]) -> None:
    engine, before = engine_over(dask_pool, tmp_path), memories_of(dask_pool)
    planes = [view(PlaneOf(Orientation.SAGITTAL, index)) for index in range(8)]
    with ThreadPoolExecutor(4) as threads:
        pictures = list(threads.map(lambda one: engine.render(DOCTOR, one), planes))
    assert len({picture.content for picture in pictures}) == 8
    assert sent == [VOXELS.nbytes]
    plan = engine.volume_plan(DOCTOR, STUDY, SERIES, Inputs())
    with engine._volumes.use(plan, lambda _: pytest.fail("it is loaded"), 0) as volume:
        (identity,) = volume.identities
    kept = dask_pool._cluster._sent.get(identity)
    assert kept is not None
    assert memories_of(dask_pool) == before + 1
    del kept
    engine._volumes._make_room(1 << 20)
    assert dask_pool._cluster._sent.get(identity) is None
    until = time.monotonic() + 5
    while memories_of(dask_pool) > before and time.monotonic() < until:
        time.sleep(0.05)
    assert memories_of(dask_pool) == before


def memories_of(pool: DaskPool) -> int:
    """Return how many memories the workers of the cluster hold."""

    def count() -> int:
        from pathlib import Path

        links = [link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
        return sum("sightline-cluster" in str(link) for link in links)

    counts: dict[str, int] = pool._cluster._client.run(count)
    return sum(counts.values())


def test_what_was_derived_is_read_on_the_cluster(
    dask_pool: DaskPool, tmp_path: Path, sent: list[int], asked: list[str]
) -> None:
    engine = engine_over(dask_pool, tmp_path)
    wanted = [view(sources(engine)[name]) for name in ("projection", "rendering")]
    before = [engine.render(DOCTOR, one).content for one in wanted]
    plan = engine.volume_plan(DOCTOR, STUDY, SERIES, Inputs())
    with engine._volumes.use(plan, lambda _: pytest.fail("it is loaded"), 0) as volume:
        until = time.monotonic() + 20
        while not (volume.derived("pyramid") and volume.derived("columns")) and time.monotonic() < until:
            time.sleep(0.02)
    engine._pictures = Cache(1 << 20, lambda picture: len(picture.content))
    assert [engine.render(DOCTOR, one).content for one in wanted] == before
    assert len(sent) == 3
    assert len(asked) == 4, "what is derived is filled here"


def test_a_part_of_a_volume_is_shown_from_here(dask_pool: DaskPool, tmp_path: Path, asked: list[str]) -> None:
    archive = SlowArchive()
    engine = engine_over(dask_pool, tmp_path, archive)
    engine.describe(DOCTOR, STUDY, SERIES)
    archive.allowed = COUNT // 3
    sagittal = view(PlaneOf(Orientation.SAGITTAL, 2))
    part = engine.render(DOCTOR, sagittal, Asking(allow_partial=True))
    assert part.slices == (COUNT // 3, COUNT)
    assert not asked
    archive.go_on.set()
    assert engine.render(DOCTOR, sagittal).slices is None
    assert len(asked) == 1


def test_a_file_that_has_gone_is_not_found(dask_pool: DaskPool) -> None:
    with pytest.raises(NotFoundError):
        dask_pool.run(ECHO, {"file": {"path": "/nowhere/at/all"}})


def test_large_buffers_go_there_and_back(dask_pool: DaskPool) -> None:
    content = np.random.default_rng(1).bytes(20 << 20)
    assert bytes(dask_pool.run(ECHO, {}, [b"x", content]).buffers[1]) == content


@pytest.fixture
def short_watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(module, "_WATCH_SECONDS", 0.2)
    monkeypatch.setattr(module, "_CONNECT_SECONDS", 0.5)
    yield


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 15
    while not is_so() and time.monotonic() < until:
        time.sleep(0.05)
    assert is_so()


def test_a_scheduler_that_is_not_there_stops_the_start(local_pool: WorkerPool, short_watch: None) -> None:
    pytest.importorskip("distributed", reason="dask.distributed is not installed here")
    with pytest.raises(ConfigurationError, match=r"tcp://127.0.0.1:9.*DaskScheduler"):
        DaskPool(Scheduler("tcp://127.0.0.1:9"), local_pool, count=1, limits=Limits(1 << 30, 1 << 30))


def test_a_cluster_without_a_certificate_is_refused(
    cluster: DaskCluster, local_pool: WorkerPool, short_watch: None
) -> None:
    plain = Scheduler(cluster.scheduler.address.replace("tls:", "tcp:"))
    with pytest.raises(ConfigurationError):
        DaskPool(plain, local_pool, count=1, limits=Limits(1 << 30, 1 << 30))


def test_the_missing_package_is_named(local_pool: WorkerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigurationError, match="lacks the package distributed"):
        DaskPool(Scheduler("tcp://127.0.0.1:9"), local_pool, count=1, limits=Limits(1 << 30, 1 << 30))


def test_a_volume_is_sent_again_when_the_worker_that_had_it_dies(
    cluster: DaskCluster, dask_pool: DaskPool, tmp_path: Path, sent: list[int], asked: list[str]
) -> None:
    engine, (first, second) = engine_over(dask_pool, tmp_path), (view(PlaneOf(Orientation.SAGITTAL, k)) for k in (1, 2))
    engine.render(DOCTOR, first)
    cluster.start("second-worker")
    cluster.kill("worker")
    expected = np.floor(np.clip((VOXELS[::-1, :, 2] - 499.5) / 999 + 0.5, 0, 1) * 255 + 0.5)
    np.testing.assert_array_equal(pixels(engine.render(DOCTOR, second)), expected)
    assert len(sent) == 2
    assert len(asked) in (2, 3), "at most one try was in vain"
    cluster.start("worker")
    cluster.kill("second-worker")


def test_pictures_come_from_here_while_the_cluster_is_away(
    cluster: DaskCluster, plugin_directory: Path, caplog: pytest.LogCaptureFixture, short_watch: None
) -> None:
    local = WorkerPool(Path(sys.executable), plugin_directory, count=1)
    pool = DaskPool(cluster.scheduler, local, count=2, limits=Limits(512 << 20, 64 << 20))
    with closing(pool):
        here = local.run(ECHO, {}).values["pid"]
        assert pool.run(ECHO, {}).values["pid"] != here
        for lost in ("worker", "scheduler"):
            running = [pool.submit(NAP, {"seconds": 0.6, "name": str(number)}) for number in range(2)]
            time.sleep(0.3)
            cluster.kill(lost)
            assert [future.result(10).values["name"] for future in running] == ["0", "1"], "begun anew here"
            assert pool.statistics()["cluster"] == 0
            assert pool.run(ECHO, {}).values["pid"] == here
            assert cluster.scheduler.address in caplog.text
            caplog.clear()
            cluster.start(lost)
            wait_until(lambda: pool.statistics()["cluster"] == 1)
            assert pool.run(ECHO, {}).values["pid"] != here
        hanging = pool.submit("sightline.trials:hang", {})
        time.sleep(0.5)
        start = time.monotonic()
        pool.close()
        assert time.monotonic() - start < 4
        with pytest.raises(UnavailableError, match="stopping"):
            hanging.result(0)
