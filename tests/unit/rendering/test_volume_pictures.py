"""Cuts, projections and renderings over real workers: the same voxels as planes and frames show."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sightline.access.grant import Grant, Permission, Verb
from sightline.errors import ForbiddenError, NotFoundError, UnprocessableError
from sightline.kernels import transfer_presets
from sightline.kernels.image_plane import ImagePlane, plane_of_grid
from sightline.rendering.cache import Cache
from sightline.rendering.camera import camera_at, middle, planes_of
from sightline.rendering.engine import RenderingEngine
from sightline.rendering.pool import WorkerPool
from sightline.rendering.view import Annotation, Orientation, PictureFormat, View, Window
from sightline.rendering.viewport import Viewport
from sightline.rendering.volume_sources import (
    PRESETS,
    Blend,
    CutOf,
    Inputs,
    ProjectionOf,
    RenderingOf,
    VolumeSource,
)
from tests.support.dicom_files import slices_of, volume_file
from tests.support.fake_archive import FakeArchive
from tests.unit.rendering.test_engine import (
    DOCTOR,
    LUT_ENTRIES,
    SERIES,
    SOPS,
    STUDY,
    VOLUME,
    ct_files,
    grey,
    pixels,
    plane_view,
    with_voi_lut,
)

ALL = Inputs()


@pytest.fixture(scope="module")
def workers(plugin_directory: Path) -> Iterator[WorkerPool]:
    """Workers that all tests of this module share."""
    pool = WorkerPool(Path(sys.executable), plugin_directory, count=2, memory_bytes=1 << 30, volume_bytes=64 << 20)
    yield pool
    pool.close()


class Room:
    """An engine and its archive."""

    def __init__(self, workers: WorkerPool, folder: Path, files: list[bytes]) -> None:
        self.archive = FakeArchive(files)
        self.engine = RenderingEngine(self.archive, workers, volume_bytes=64 << 20, table_directory=folder / "tables")

    def render(self, source: VolumeSource, **settings: Any) -> np.ndarray[Any, Any]:
        """Return the pixels of a picture."""
        return pixels(self.engine.render(DOCTOR, view_of(source, **settings)))

    def plane(self, orientation: Orientation, index: int) -> ImagePlane:
        """Return a plane along the patient's axes."""
        return plane_of_grid(self.engine.planes(DOCTOR, STUDY, SERIES).grids[orientation], index)


def view_of(source: VolumeSource, **settings: Any) -> View:
    return View(STUDY, SERIES, source, **({"picture_format": PictureFormat.PNG} | settings))


@pytest.fixture
def room(workers: WorkerPool, tmp_path: Path) -> Room:
    return Room(workers, tmp_path, ct_files())


@pytest.mark.parametrize("orientation", list(Orientation))
def test_a_cut_along_the_axes_shows_the_voxels(room: Room, orientation: Orientation) -> None:
    expected = pixels(room.engine.render(DOCTOR, plane_view(orientation, 5)))
    picture = room.engine.render(DOCTOR, view_of(CutOf(room.plane(orientation, 5))))
    assert np.abs(pixels(picture).astype(int) - expected).max() <= 1
    assert picture.window == Window(0, 2000)
    assert picture.pixel_spacing == pytest.approx(room.plane(orientation, 5).pixel_spacing)


def test_a_cut_between_two_slices_is_their_mean(room: Room) -> None:
    between = room.plane(Orientation.AXIAL, 3).moved(1.0)
    expected = grey((VOLUME[3].astype(float) + VOLUME[4]) / 2)
    assert np.abs(room.render(CutOf(between)).astype(int) - expected).max() <= 1


def test_outside_of_the_volume_there_is_nothing(room: Room) -> None:
    assert not room.render(CutOf(room.plane(Orientation.AXIAL, 0).moved(-10.0)), window=Window(-5000, 100)).any()


def steps(workers: WorkerPool, folder: Path, **attributes: Any) -> Room:
    """Return slices of 0, 100, 200, and so on."""
    volume = np.repeat(np.arange(12, dtype=np.int16) * 100, 20 * 16).reshape(12, 20, 16)
    settings = {"RescaleIntercept": 0, "WindowCenter": 550, "WindowWidth": 1100} | attributes
    return Room(workers, folder, ct_files(volume, **settings))


def test_a_slab_takes_what_lies_around_the_plane(workers: WorkerPool, tmp_path: Path) -> None:
    room = steps(workers, tmp_path)
    plane = room.plane(Orientation.AXIAL, 5)
    shown = {blend: room.render(CutOf(plane, 4.0, blend))[10, 8] for blend in Blend}
    thin = room.render(CutOf(plane))[10, 8]
    assert shown[Blend.MINIMUM] < thin < shown[Blend.MAXIMUM]
    assert abs(int(shown[Blend.MEAN]) - int(thin)) <= 1
    assert abs(int(shown[Blend.MAXIMUM]) - int(grey(600, 550, 1100, 0))) <= 3


def test_the_maximum_is_that_of_modality_values(workers: WorkerPool, tmp_path: Path) -> None:
    room = steps(workers, tmp_path, RescaleSlope=-1, RescaleIntercept=1100)
    plane = room.plane(Orientation.AXIAL, 0)
    most = room.render(ProjectionOf(plane, Blend.MAXIMUM))
    assert set(np.unique(most)) == {255}
    assert set(np.unique(room.render(ProjectionOf(plane, Blend.MINIMUM)))) == {int(grey(0, 550, 1100, 0))}


@pytest.mark.parametrize(
    ("blend", "combine"), [(Blend.MAXIMUM, np.max), (Blend.MINIMUM, np.min), (Blend.MEAN, np.mean)]
)
def test_a_projection_along_an_axis_combines_the_slices(room: Room, blend: Blend, combine: Any) -> None:
    plane = room.plane(Orientation.AXIAL, 0)
    expected = grey(combine(VOLUME.astype(float), axis=0))
    assert np.abs(room.render(ProjectionOf(plane, blend)).astype(int) - expected).max() <= 1


def test_the_window_of_the_view_counts(room: Room) -> None:
    plane = room.plane(Orientation.AXIAL, 4)
    narrow = room.render(CutOf(plane), window=Window(100, 300))
    assert np.abs(narrow.astype(int) - grey(VOLUME[4], 100, 300)).max() <= 1
    inverse = room.render(CutOf(plane), window=Window(100, 300), invert=True)
    assert np.abs(inverse.astype(int) - (255 - narrow.astype(int))).max() <= 1


def test_a_voi_lut_that_all_slices_share_is_shown(workers: WorkerPool, tmp_path: Path) -> None:
    room = Room(workers, tmp_path, [with_voi_lut(content, LUT_ENTRIES) for content in ct_files(VOLUME % 4 + 22)])
    picture = room.engine.render(DOCTOR, view_of(CutOf(room.plane(Orientation.AXIAL, 2))))
    np.testing.assert_array_equal(pixels(picture), np.take(LUT_ENTRIES, VOLUME[2] % 4))
    assert picture.window is None


def test_a_part_of_a_series_is_a_volume_of_its_own(room: Room) -> None:
    inputs = Inputs(tuple(SOPS[3:8]))
    plan = room.engine.volume_plan(DOCTOR, STUDY, SERIES, inputs)
    assert (plan.geometry.shape, plan.geometry.origin) == ((5, 20, 16), (0, 0, 6))
    plane = room.plane(Orientation.AXIAL, 0)
    expected = grey(VOLUME[3:8].max(axis=0))
    assert np.abs(room.render(ProjectionOf(plane, inputs=inputs)).astype(int) - expected).max() <= 1
    assert not room.render(CutOf(plane, inputs=inputs), window=Window(-5000, 100)).any()
    with pytest.raises(NotFoundError):
        room.engine.volume_plan(DOCTOR, STUDY, SERIES, Inputs(("9.9",)))


def test_frames_of_an_instance_are_a_volume(workers: WorkerPool, tmp_path: Path) -> None:
    room = Room(workers, tmp_path, [volume_file(VOLUME, (0.5, 0.75), 2.0, SOPInstanceUID="1.2.3")])
    inputs = Inputs(("1.2.3",), (2, 3, 4, 5))
    geometry = room.engine.volume_plan(DOCTOR, STUDY, SERIES, inputs).geometry
    assert (geometry.shape, geometry.origin) == ((4, 20, 16), (0, 0, 2))
    with pytest.raises(NotFoundError):
        room.engine.volume_plan(DOCTOR, STUDY, SERIES, Inputs(("1.2.3",), (12, 13)))


def test_uneven_slices_can_be_cut_but_not_projected(workers: WorkerPool, tmp_path: Path) -> None:
    places = [(0, 0, z) for z in (0.0, 1.0, 2.5, 4.0, 7.0)]
    room = Room(workers, tmp_path, slices_of(VOLUME[:5], places, spacing=(0.5, 0.75)))
    geometry = room.engine.volume_plan(DOCTOR, STUDY, SERIES, ALL).geometry
    (plane,) = planes_of([camera_at("a", (6.0, 5.0, 3.0))], geometry, None)
    assert room.render(CutOf(plane), window=Window(0, 2000)).any()
    with pytest.raises(UnprocessableError, match="unevenly"):
        room.render(ProjectionOf(plane), window=Window(0, 2000))
    with pytest.raises(UnprocessableError, match="unevenly"):
        room.render(RenderingOf(plane))


def bone(workers: WorkerPool, folder: Path, **attributes: Any) -> Room:
    """Return a block of bone in air."""
    volume = np.full((24, 24, 24), -1000, np.int16)
    volume[8:16, 8:16, 8:16] = 1200
    places = [(0.0, 0.0, float(k)) for k in range(24)]
    settings = {"RescaleIntercept": 0, "RescaleSlope": 1, "WindowCenter": 0, "WindowWidth": 2000} | attributes
    return Room(workers, folder, slices_of(volume, places, **settings))


def test_a_rendering_is_coloured_where_there_is_bone(workers: WorkerPool, tmp_path: Path) -> None:
    room = bone(workers, tmp_path)
    geometry = room.engine.volume_plan(DOCTOR, STUDY, SERIES, ALL).geometry
    (plane,) = planes_of([camera_at("a", middle(geometry))], geometry, Viewport(48, 48))
    picture = room.engine.render(DOCTOR, view_of(RenderingOf(plane)))
    shown = pixels(picture)
    assert shown.shape == (48, 48, 3)
    assert picture.window is None
    assert shown[24, 24].min() > 40
    assert not shown[:8].any()
    cut_away = ((0.0, 0.0, 30.0), (0.0, 0.0, 1.0))
    assert not room.render(RenderingOf(plane, clips=(cut_away,))).any()


def test_every_preset_is_known_to_the_kernel(workers: WorkerPool, tmp_path: Path) -> None:
    assert sorted(PRESETS) == sorted(transfer_presets.PRESETS)
    room = bone(workers, tmp_path)
    geometry = room.engine.volume_plan(DOCTOR, STUDY, SERIES, ALL).geometry
    (plane,) = planes_of([camera_at("l", middle(geometry))], geometry, Viewport(20, 30))
    for preset in PRESETS:
        assert room.render(RenderingOf(plane, preset)).shape == (30, 20, 3)


def test_values_without_a_unit_are_rendered_by_their_window(workers: WorkerPool, tmp_path: Path) -> None:
    room = bone(workers, tmp_path)
    geometry = room.engine.volume_plan(DOCTOR, STUDY, SERIES, ALL).geometry
    (plane,) = planes_of([camera_at("a", middle(geometry))], geometry, Viewport(24, 24))
    source = RenderingOf(plane, "mr")
    assert room.render(source, window=Window(0, 2000))[12, 12].min() > 40
    assert not room.render(source, window=Window(5000, 2000)).any()


def test_padding_is_not_seen_as_bone(workers: WorkerPool, tmp_path: Path) -> None:
    volume = np.full((12, 12, 12), 24, np.uint16)
    volume[4:8, 4:8, 4:8] = 60000
    places = [(0.0, 0.0, float(k)) for k in range(12)]
    settings = {"RescaleIntercept": -1024, "RescaleSlope": 1, "PixelPaddingValue": 60000}
    room = Room(workers, tmp_path, slices_of(volume, places, **settings))
    geometry = room.engine.volume_plan(DOCTOR, STUDY, SERIES, ALL).geometry
    (plane,) = planes_of([camera_at("a", middle(geometry))], geometry, None)
    assert not room.render(RenderingOf(plane), window=Window(0, 100)).any()


def test_nothing_is_written_into_pictures_of_volumes(room: Room) -> None:
    view = view_of(CutOf(room.plane(Orientation.AXIAL, 0)), annotations=(Annotation.PATIENT,))
    with pytest.raises(UnprocessableError):
        room.engine.render(DOCTOR, view)


def test_flips_and_sizes_are_those_of_any_picture(room: Room) -> None:
    source = CutOf(replace(room.plane(Orientation.AXIAL, 2), pixel_spacing=(0.5, 0.5)))
    shown = room.render(source)
    np.testing.assert_array_equal(room.render(source, viewport=Viewport(16, 20, width=-16)), shown[:, ::-1])
    assert room.render(source, max_size=10).shape == (10, 8)


def test_many_pictures_of_one_series_ask_the_archive_once(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    real = room.archive.series_instances

    def counted(*arguments: Any) -> Any:
        asked.append(arguments)
        return real(*arguments)

    plane = room.plane(Orientation.AXIAL, 0)
    monkeypatch.setattr(room.archive, "series_instances", counted)
    views = [view_of(CutOf(plane.moved(float(k)))) for k in range(20)]
    prepared = room.engine.prepare(DOCTOR, views)
    assert len(asked) == 1
    assert len({one.etag for one in prepared}) == 20
    assert prepared[3].etag == room.engine.etag(DOCTOR, views[3])
    assert room.engine.render_prepared(DOCTOR, prepared[3]).etag == prepared[3].etag


def test_other_files_or_another_view_are_another_picture(room: Room) -> None:
    plane = room.plane(Orientation.AXIAL, 0)
    sources = [CutOf(plane), CutOf(plane, 3), ProjectionOf(plane), CutOf(replace(plane, rows=5)), RenderingOf(plane)]
    tags = [room.engine.etag(DOCTOR, view_of(source)) for source in sources]
    assert len(set(tags)) == 5
    room.archive.store(DOCTOR, ct_files(VOLUME[:1] + 200)[0])
    assert room.engine.etag(DOCTOR, view_of(sources[0])) != tags[0]


def test_who_may_not_see_the_study_gets_no_picture(room: Room) -> None:
    plane = room.plane(Orientation.AXIAL, 0)
    room.render(CutOf(plane))  # what is cached is refused as well
    stranger = Grant("link:1", (Permission(frozenset({Verb.VIEW}), "9.9"),))
    for source in (CutOf(plane), ProjectionOf(plane), RenderingOf(plane)):
        for call in (room.engine.render, room.engine.etag):
            with pytest.raises(ForbiddenError):
                call(stranger, view_of(source))
    with pytest.raises(ForbiddenError):
        room.engine.prepare(stranger, [view_of(CutOf(plane))] * 2)
    with pytest.raises(ForbiddenError):
        room.engine.volume_plan(stranger, STUDY, SERIES, ALL)


@pytest.mark.parametrize("padded", [False, True])
def test_pictures_are_the_same_from_what_was_derived(workers: WorkerPool, tmp_path: Path, padded: bool) -> None:
    more = {"PixelPaddingValue": int(VOLUME[0, 0, 0])} if padded else {}
    room = Room(workers, tmp_path, ct_files(**more))
    sideways = room.plane(Orientation.SAGITTAL, 0)
    sources = [RenderingOf(sideways, preset) for preset in PRESETS]
    sources += [ProjectionOf(sideways, blend) for blend in (Blend.MAXIMUM, Blend.MINIMUM, Blend.MEAN)]
    before = [room.render(source) for source in sources]
    plan = room.engine.volume_plan(DOCTOR, STUDY, SERIES, ALL)
    store = room.engine._volumes
    with store.use(plan, lambda _: pytest.fail("it is loaded"), 0) as volume:
        until = time.monotonic() + 20
        while not (volume.derived("pyramid") and volume.derived("columns")) and time.monotonic() < until:
            time.sleep(0.02)
        assert volume.derived("pyramid") and volume.derived("columns")
    room.engine._pictures = Cache(1 << 20, lambda picture: len(picture.content))
    for source, picture in zip(sources, before, strict=True):
        np.testing.assert_array_equal(room.render(source), picture)
