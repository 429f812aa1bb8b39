"""Renderings in bands: the same picture by all workers, which lets others go first and ends when nobody wants it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sightline.errors import SightlineError, SupersededError, UnavailableError
from sightline.kernels.image_plane import ImagePlane
from sightline.rendering import bands
from sightline.rendering.camera import camera_at, middle, planes_of
from sightline.rendering.engine import RenderingEngine
from sightline.rendering.jobs import Asking, Priority
from sightline.rendering.pool import Reply, WorkerPool
from sightline.rendering.view import PictureFormat, View
from sightline.rendering.viewport import Viewport
from sightline.rendering.volume_sources import Inputs, RenderingOf
from tests.support.dicom_files import slices_of
from tests.support.fake_archive import FakeArchive
from tests.unit.rendering.test_engine import DOCTOR, SERIES, STUDY, pixels

BAND = "sightline.rendering.rendering_tasks:render_band"
SIDE = 96


class WatchedPool(WorkerPool):
    """Tells of each band before it is asked for."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.bands: list[Priority] = []
        self.on_band: Callable[[int, dict[str, Any]], None] = lambda _number, _arguments: None

    def submit(self, task: str, arguments: Any, *rest: Any, **settings: Any) -> Future[Reply]:
        if task == BAND:
            self.bands.append(settings["priority"])
            self.on_band(len(self.bands), arguments)
        return super().submit(task, arguments, *rest, **settings)


@pytest.fixture(scope="module")
def pool(plugin_directory: Path) -> Iterator[WatchedPool]:
    pool = WatchedPool(Path(sys.executable), plugin_directory, count=2, memory_bytes=1 << 30, volume_bytes=64 << 20)
    yield pool
    pool.close()


@pytest.fixture
def engine(pool: WatchedPool, tmp_path: Path) -> RenderingEngine:
    """Bone and noise, whose pyramid is there."""
    volume = np.random.default_rng(3).integers(-1000, 1500, (24, 24, 24)).astype(np.int16)
    settings = {"RescaleIntercept": 0, "RescaleSlope": 1, "WindowCenter": 0, "WindowWidth": 2000}
    files = slices_of(volume, [(0.0, 0.0, float(k)) for k in range(24)], **settings)
    engine = RenderingEngine(FakeArchive(files), pool, volume_bytes=64 << 20, table_directory=tmp_path / "tables")
    engine.render(DOCTOR, view_of(replace(plane_of(engine), rows=1)))
    plan = engine.volume_plan(DOCTOR, STUDY, SERIES, Inputs())
    until = time.monotonic() + 20
    with engine._volumes.use(plan, lambda _: pytest.fail("it is loaded"), 0) as shared:
        while not shared.derived("pyramid") and time.monotonic() < until:
            time.sleep(0.02)
        assert shared.derived("pyramid")
    pool.bands, pool.on_band = [], lambda _number, _arguments: None
    return engine


def plane_of(engine: RenderingEngine) -> ImagePlane:
    geometry = engine.volume_plan(DOCTOR, STUDY, SERIES, Inputs()).geometry
    (plane,) = planes_of([camera_at("a", middle(geometry))], geometry, Viewport(SIDE, SIDE))
    return plane


def view_of(plane: ImagePlane, **settings: Any) -> View:
    return View(STUDY, SERIES, RenderingOf(plane, **settings), picture_format=PictureFormat.PNG)


def test_nobody_can_tell(engine: RenderingEngine, pool: WatchedPool, monkeypatch: pytest.MonkeyPatch) -> None:
    plane = plane_of(engine)
    clip = ((0.0, 0.0, 12.0), (0.0, 0.6, 0.8))
    whole = engine.render(DOCTOR, view_of(plane, clips=(clip,)))
    assert not pool.bands
    monkeypatch.setattr(bands, "BAND_PIXELS", 7 * SIDE)
    engine._pictures.forget(whole.etag)
    in_bands = engine.render(DOCTOR, view_of(plane, clips=(clip,)))
    assert len(pool.bands) == 14  # the last has but five rows
    assert in_bands == whole
    assert len(np.unique(pixels(whole))) > 100


def test_what_is_quick_is_made_as_a_whole(engine: RenderingEngine) -> None:
    plane = replace(plane_of(engine), rows=512, columns=512)
    assert len(bands.bands_of(RenderingOf(plane))) == 16
    assert not bands.bands_of(RenderingOf(plane, detail="fitting"))
    assert not bands.bands_of(RenderingOf(replace(plane, rows=128, columns=128)))
    large = bands.bands_of(RenderingOf(replace(plane, rows=4096, columns=4096)))
    assert [band.plane.rows for band in large] == [4] * 1024


def test_whoever_waits_for_a_picture_goes_first(
    engine: RenderingEngine, pool: WatchedPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bands, "BAND_PIXELS", 16 * SIDE)
    engine.render(DOCTOR, view_of(plane_of(engine)))
    engine.render(DOCTOR, view_of(plane_of(engine).moved(1.0)), Asking(Priority.PREFETCH))
    assert pool.bands == [Priority.AWAITED] * 6 + [Priority.PREFETCH] * 6


def test_a_newer_picture_ends_it(engine: RenderingEngine, pool: WatchedPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bands, "BAND_PIXELS", 2 * SIDE)
    plane, asking = plane_of(engine), Asking(supersedes="a session's viewport")
    newer: list[Any] = []

    def ask_for_another(number: int, _: dict[str, Any]) -> None:
        if number == 3:
            other = view_of(replace(plane, rows=1))
            thread = threading.Thread(target=lambda: newer.append(engine.render(DOCTOR, other, asking)))
            thread.start()
            thread.join(20)

    pool.on_band = ask_for_another
    with pytest.raises(SupersededError):
        engine.render(DOCTOR, view_of(plane), asking)
    assert pixels(newer[0]).shape == (1, SIDE, 3)
    assert len(pool.bands) <= 2 * pool.count + 1 < SIDE // 2
    assert_idle(pool)


def test_a_band_that_fails_is_the_pictures_failure(
    engine: RenderingEngine, pool: WatchedPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bands, "BAND_PIXELS", 2 * SIDE)

    def spoil(number: int, arguments: dict[str, Any]) -> None:
        if number == 2:
            arguments["source"]["preset"] = "none"

    pool.on_band = spoil
    with pytest.raises(SightlineError):
        engine.render(DOCTOR, view_of(plane_of(engine)))
    assert len(pool.bands) < SIDE // 2
    assert_idle(pool)
    pool.on_band = lambda _number, _arguments: None
    assert pixels(engine.render(DOCTOR, view_of(plane_of(engine)))).shape == (SIDE, SIDE, 3)


@pytest.mark.parametrize(("begun", "patience"), [(0, 4), (1, 0)])
def test_a_picture_that_takes_too_long_is_given_up(
    engine: RenderingEngine, pool: WatchedPool, monkeypatch: pytest.MonkeyPatch, begun: int, patience: int
) -> None:
    """Before it is begun, by whoever asks; once it is, as a whole."""
    monkeypatch.setattr(bands, "BAND_PIXELS", 2 * SIDE)
    monkeypatch.setattr(bands, "PATIENCE", patience)
    asking = Asking() if begun else Asking(wanted_until=time.monotonic() - 1)
    with pytest.raises(UnavailableError, match="busy"):
        engine.render(DOCTOR, view_of(plane_of(engine)), asking)
    assert begun < len(pool.bands) < SIDE // 2
    assert_idle(pool)


def assert_idle(pool: WatchedPool) -> None:
    """Nothing waits any more; all workers are still there."""
    until = time.monotonic() + 10
    while pool.statistics()["waiting"] and time.monotonic() < until:
        time.sleep(0.01)
    assert pool.statistics() == {"alive": 2, "deaths": 0, "waiting": 0}
