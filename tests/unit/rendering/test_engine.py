"""The engine over real workers: what is stored now is what is shown, and nobody sees what is not theirs."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.uid import UID

from sightline.access.grant import ANONYMOUS, Grant, Permission, Verb, administrator
from sightline.errors import (
    BadRequestError,
    ForbiddenError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
    UnprocessableError,
)
from sightline.rendering.engine import RenderingEngine
from sightline.rendering.picture import Picture
from sightline.rendering.pool import WorkerPool
from sightline.rendering.view import (
    Annotation,
    FrameOf,
    Orientation,
    PictureFormat,
    PlaneOf,
    PresentationOf,
    View,
    Window,
)
from sightline.rendering.viewport import Viewport
from tests.support.dicom_files import CORONAL, image_file, part_10, slices_of
from tests.support.fake_archive import FakeArchive
from tests.support.presentation_states import area, presentation_state, reference

STUDY, SERIES = "1.2.826.0.1.1", "1.2.826.0.1.1.1"
DOCTOR = administrator("doctor")
SHAPE = (12, 20, 16)
VOLUME = np.random.default_rng(7).integers(-1000, 1000, SHAPE).astype(np.int16)
SOPS = [f"1.2.826.0.1.9.{k}" for k in range(SHAPE[0])]
PNG = PictureFormat.PNG
Make = Callable[..., RenderingEngine]


def ct_files(volume: Any = VOLUME, **attributes: Any) -> list[bytes]:
    """One file per slice, 2 mm apart, with chosen SOP Instance UIDs."""
    settings = {"RescaleIntercept": -24, "RescaleSlope": 1, "WindowCenter": 0, "WindowWidth": 2000} | attributes
    contents = slices_of(volume, [(0, 0, 2.0 * k) for k in range(len(volume))], spacing=(0.5, 0.75), **settings)
    return [with_uid(content, uid) for content, uid in zip(contents, SOPS, strict=False)]


def with_uid(content: bytes, uid: str) -> bytes:
    dataset = dcmread(BytesIO(content))
    dataset.SOPInstanceUID = uid
    dataset.file_meta.MediaStorageSOPInstanceUID = UID(uid)
    target = BytesIO()
    dataset.save_as(target)
    return target.getvalue()


@pytest.fixture(scope="module")
def workers(plugin_directory: Path) -> Iterator[WorkerPool]:
    """Workers that all tests of this module share."""
    pool = WorkerPool(Path(sys.executable), plugin_directory, count=2, memory_bytes=1 << 30, volume_bytes=64 << 20)
    yield pool
    pool.close()


@pytest.fixture
def make(workers: WorkerPool, tmp_path: Path) -> Make:
    """Make an engine over an archive."""

    def engine(archive: FakeArchive, volume_bytes: int = 64 << 20) -> RenderingEngine:
        return RenderingEngine(archive, workers, volume_bytes=volume_bytes, table_directory=tmp_path / "tables")

    return engine


def frame_view(sop: str = SOPS[0], frame: int = 1, **settings: Any) -> View:
    return View(STUDY, SERIES, FrameOf(sop, frame), **({"picture_format": PictureFormat.PNG} | settings))


def plane_view(orientation: Orientation, index: int, **settings: Any) -> View:
    return View(STUDY, SERIES, PlaneOf(orientation, index), **({"picture_format": PictureFormat.PNG} | settings))


def pixels(picture: Picture) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(BytesIO(picture.content)))


def grey(stored: Any, center: float = 0, width: float = 2000, intercept: float = -24) -> np.ndarray[Any, Any]:
    """PS3.3 C.11.2.1.2.1, LINEAR."""
    x = np.asarray(stored, float) + intercept
    y = np.clip(((x - (center - 0.5)) / (width - 1) + 0.5) * 255, 0, 255)
    return np.floor(y + 0.5).astype(np.uint8)


@pytest.mark.parametrize("by_path", [False, True])
def test_a_frame_is_exact_in_png(make: Make, tmp_path: Path, by_path: bool) -> None:
    (tmp_path / "files").mkdir()
    archive = FakeArchive(ct_files(), by_path=str(tmp_path / "files") if by_path else None)
    picture = make(archive).render(DOCTOR, frame_view(SOPS[3]))
    np.testing.assert_array_equal(pixels(picture), grey(VOLUME[3]))
    assert (picture.media_type, picture.rows, picture.columns) == ("image/png", 20, 16)
    assert picture.window == Window(0, 2000)
    assert picture.pixel_spacing == (0.5, 0.75)
    assert not picture.lossy


def test_window_inversion_and_size_are_the_views(make: Make) -> None:
    engine = make(FakeArchive(ct_files()))
    picture = engine.render(DOCTOR, frame_view(window=Window(100, 300), invert=True))
    difference = pixels(picture).astype(int) - (255 - grey(VOLUME[0], 100, 300).astype(int))
    assert np.all((difference == 0) | (difference == 1))
    small = engine.render(DOCTOR, frame_view(max_size=10))
    assert (small.rows, small.columns) == (10, 8)
    assert small.pixel_spacing == (1.0, 1.5)
    means = grey(VOLUME[0]).reshape(10, 2, 8, 2).mean(axis=(1, 3))
    np.testing.assert_array_equal(pixels(small), np.floor(means + 0.5))


def test_jpeg_says_that_it_is_lossy(make: Make) -> None:
    smooth = np.add.outer(np.arange(20), np.arange(16)).astype(np.int16)[None] * 20 - 300
    engine = make(FakeArchive(ct_files(smooth)))
    picture = engine.render(DOCTOR, frame_view(picture_format=PictureFormat.JPEG, quality=95))
    assert picture.media_type == "image/jpeg"
    assert picture.lossy
    assert Image.open(BytesIO(picture.content)).mode == "L"
    assert np.abs(pixels(picture).astype(int) - grey(smooth[0])).max() <= 3


def test_without_a_window_the_full_range_without_padding_is_shown(make: Make) -> None:
    stored = np.array([[-2000, 0], [50, 100]], np.int16)
    content = image_file(stored, SOPInstanceUID=SOPS[0], PixelPaddingValue=-2000)
    picture = make(FakeArchive([content])).render(DOCTOR, frame_view())
    assert pixels(picture).tolist() == [[0, 0], [128, 255]]
    assert picture.window is not None
    assert (picture.window.center, picture.window.width) == (50, 100)


def test_look_up_tables_of_the_file_are_used(make: Make) -> None:
    from pydicom import Dataset
    from pydicom.sequence import Sequence

    table = Dataset()
    table.add_new("LUTDescriptor", "US", [4, 10, 8])
    table.add_new("LUTData", "US", [0, 100, 200, 255])
    content = image_file(
        np.array([[9, 10, 11, 12, 13, 14]], np.uint16),
        SOPInstanceUID=SOPS[0],
        VOILUTSequence=Sequence([table]),
        WindowCenter=12,
        WindowWidth=4,
    )
    engine = make(FakeArchive([content]))
    picture = engine.render(DOCTOR, frame_view())
    assert pixels(picture).tolist() == [[0, 0, 100, 200, 255, 255]]
    assert picture.window is None
    chosen = engine.render(DOCTOR, frame_view(window=Window(12, 4)))
    assert pixels(chosen).tolist() == [grey([9, 10, 11, 12, 13, 14], 12, 4, 0).tolist()]


def test_colour_frames(make: Make) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    content = image_file(rgb, SOPInstanceUID=SOPS[0], SamplesPerPixel=3)
    picture = make(FakeArchive([content])).render(DOCTOR, frame_view())
    np.testing.assert_array_equal(pixels(picture), rgb)
    assert picture.window is None


LUT_ENTRIES = [0, 40, 90, 200]


def with_voi_lut(content: bytes, entries: list[int]) -> bytes:
    """Return the file with a VOI LUT of four 8-bit entries for the modality values from -2 on."""
    dataset, item = dcmread(BytesIO(content)), Dataset()
    item.add_new("LUTDescriptor", "SS", [4, -2, 8])
    item.add_new("LUTData", "US", entries)
    dataset.VOILUTSequence = [item]
    return part_10(dataset)


def test_planes_show_the_voi_lut_that_all_slices_share(make: Make) -> None:
    files = [with_voi_lut(content, LUT_ENTRIES) for content in ct_files(VOLUME % 8 + 20)]
    engine = make(FakeArchive(files))
    info = engine.planes(DOCTOR, STUDY, SERIES)
    assert (info.window, info.warnings) == (None, ())
    picture = engine.render(DOCTOR, plane_view(Orientation.SAGITTAL, 5))
    expected = np.take(LUT_ENTRIES, np.clip(VOLUME[::-1, :, 5] % 8 + 20 - 24 + 2, 0, 3))
    np.testing.assert_array_equal(pixels(picture), expected)
    assert picture.window is None
    windowed = engine.render(DOCTOR, plane_view(Orientation.SAGITTAL, 5, window=Window(0, 10)))
    np.testing.assert_array_equal(pixels(windowed), grey(VOLUME[::-1, :, 5] % 8 + 20, 0, 10))


def test_planes_say_that_voi_luts_differ(make: Make) -> None:
    files = [with_voi_lut(content, [0, 1, 2, k]) for k, content in enumerate(ct_files())]
    engine = make(FakeArchive(files))
    info = engine.planes(DOCTOR, STUDY, SERIES)
    assert info.window == Window(0, 2000)
    assert [warning for warning in info.warnings if "VOI LUT" in warning]
    picture = engine.render(DOCTOR, plane_view(Orientation.SAGITTAL, 5))
    np.testing.assert_array_equal(pixels(picture), grey(VOLUME[::-1, :, 5]))


@pytest.mark.parametrize("warm", [False, True])
def test_a_sagittal_column_is_one_column_of_stored_voxels(make: Make, warm: bool) -> None:
    engine = make(FakeArchive(ct_files()))
    if warm:
        engine.describe(DOCTOR, STUDY, SERIES)
    picture = engine.render(DOCTOR, plane_view(Orientation.SAGITTAL, 5))
    np.testing.assert_array_equal(pixels(picture), grey(VOLUME[::-1, :, 5]))
    assert picture.pixel_spacing == (2.0, 0.5)
    coronal = engine.render(DOCTOR, plane_view(Orientation.CORONAL, 7))
    np.testing.assert_array_equal(pixels(coronal), grey(VOLUME[::-1, 7, :]))
    axial = engine.render(DOCTOR, plane_view(Orientation.AXIAL, 2))
    np.testing.assert_array_equal(pixels(axial), grey(VOLUME[2]))
    assert engine.volume_progress(DOCTOR, STUDY, SERIES) == (12, 12)


def test_planes_tell_their_geometry(make: Make) -> None:
    engine = make(FakeArchive(ct_files()))
    info = engine.planes(DOCTOR, STUDY, SERIES)
    assert info.refusal is None
    assert info.warnings == ()
    assert info.window == Window(0, 2000)
    sizes = {name: (grid.count, grid.rows, grid.columns) for name, grid in info.grids.items()}
    assert sizes == {"axial": (12, 20, 16), "coronal": (20, 12, 16), "sagittal": (16, 12, 20)}
    assert info.grids[Orientation.SAGITTAL].to_patient((5, 0, 3)).tolist() == [3.75, 1.5, 22.0]
    assert engine.volume_progress(DOCTOR, STUDY, SERIES) == (0, 12)


def test_a_series_that_is_no_volume_is_refused_with_the_reason(make: Make) -> None:
    engine = make(FakeArchive(ct_files(VOLUME[:2])))
    info = engine.planes(DOCTOR, STUDY, SERIES)
    assert info.grids == {}
    assert info.refusal == "At least 3 slices are needed; there are 2."
    assert info.stacks == ("Axial",)
    with pytest.raises(UnprocessableError, match="At least 3"):
        engine.render(DOCTOR, plane_view(Orientation.AXIAL, 0))
    assert pixels(engine.render(DOCTOR, frame_view())).shape == (20, 16)


def test_a_localiser_beside_the_scan_is_a_stack_of_its_own(make: Make) -> None:
    extra = with_uid(
        image_file(
            VOLUME[0], ImagePositionPatient=(0, 0, 0), ImageOrientationPatient=CORONAL, PixelSpacing=(0.5, 0.75)
        ),
        "1.2.826.0.1.9.99",
    )
    engine = make(FakeArchive([*ct_files(), extra]))
    info = engine.planes(DOCTOR, STUDY, SERIES)
    assert info.stacks == ("Axial", "Coronal")
    assert "2 stacks" in info.warnings[0]
    picture = engine.render(DOCTOR, plane_view(Orientation.SAGITTAL, 5))
    np.testing.assert_array_equal(pixels(picture), grey(VOLUME[::-1, :, 5]))
    localiser = engine.planes(DOCTOR, STUDY, SERIES, stack=1)
    assert localiser.refusal == "At least 3 slices are needed; there are 1."
    with pytest.raises(UnprocessableError, match="At least 3"):
        engine.render(DOCTOR, View(STUDY, SERIES, PlaneOf(Orientation.AXIAL, 0, stack=1)))
    with pytest.raises(NotFoundError, match="2 stacks"):
        engine.render(DOCTOR, View(STUDY, SERIES, PlaneOf(Orientation.AXIAL, 0, stack=2)))


def test_echoes_at_the_same_places_are_volumes_of_their_own(make: Make) -> None:
    early = slices_of(VOLUME, [(0, 0, 2.0 * k) for k in range(12)], EchoTime=10.5)
    late = slices_of(VOLUME // 2, [(0, 0, 2.0 * k) for k in range(12)], EchoTime=120)
    engine = make(FakeArchive([*late, *early]))
    assert engine.planes(DOCTOR, STUDY, SERIES).stacks == (
        "TE 10.5 ms",
        "TE 120 ms",
    )
    for stack, voxels in enumerate((VOLUME, VOLUME // 2)):
        view = View(STUDY, SERIES, PlaneOf(Orientation.SAGITTAL, 5, stack), Window(0, 2000), picture_format=PNG)
        np.testing.assert_array_equal(pixels(engine.render(DOCTOR, view)), grey(voxels[::-1, :, 5], intercept=0))
        assert engine.volume_progress(DOCTOR, STUDY, SERIES, stack) == (12, 12)


def test_slices_with_their_own_slopes_are_shown_in_modality_values(make: Make) -> None:
    files = [
        content
        for k in range(4)
        for content in [
            image_file(
                np.full((3, 3), 100, np.uint16),
                SOPInstanceUID=SOPS[k],
                ImagePositionPatient=(0, 0, k),
                ImageOrientationPatient=(1, 0, 0, 0, 1, 0),
                PixelSpacing=(1, 1),
                RescaleSlope=k + 1,
                RescaleIntercept=0,
            )
        ]
    ]
    engine = make(FakeArchive(files))
    window = Window(200, 400)
    picture = engine.render(DOCTOR, plane_view(Orientation.CORONAL, 1, window=window))
    assert pixels(picture)[:, 0].tolist() == [grey(v, 200, 400, 0) for v in (400, 300, 200, 100)]
    # Without a window, from the least to the most of the whole volume.
    assert pixels(engine.render(DOCTOR, plane_view(Orientation.CORONAL, 1)))[:, 0].tolist() == [255, 170, 85, 0]


def test_a_tilted_stack_is_corrected_and_says_so(make: Make) -> None:
    tilted = (1.0, 0.0, 0.0, 0.0, 0.9, -float(np.sqrt(1 - 0.81)))
    files = slices_of(np.full((6, 8, 8), 500, np.int16), [(0, 0, 3.0 * k) for k in range(6)], tilted)
    engine = make(FakeArchive(files))
    info = engine.planes(DOCTOR, STUDY, SERIES)
    assert "tilted by 25.8 degrees" in info.warnings[0]
    grid = info.grids[Orientation.SAGITTAL]
    view = plane_view(Orientation.SAGITTAL, 3, window=Window(250, 500))
    picture = pixels(engine.render(DOCTOR, view))
    assert picture.shape == (grid.rows, grid.columns)
    assert set(np.unique(picture)) == {0, 255}, "the volume, and nothing beside it"
    assert picture[0, -1] == 0


def test_what_is_stored_or_deleted_is_seen_by_the_next_request(make: Make) -> None:
    archive = FakeArchive(ct_files())
    engine = make(archive)
    sagittal = plane_view(Orientation.SAGITTAL, 5)
    before = {
        "table": engine.describe(DOCTOR, STUDY, SERIES).identity,
        "frame": engine.render(DOCTOR, frame_view()).etag,
        "plane": engine.render(DOCTOR, sagittal).etag,
    }
    # Other pixels under the same UIDs.
    archive.store(DOCTOR, ct_files(VOLUME[:1] + 200)[0])
    changed = VOLUME.copy()
    changed[0] += 200
    frame, plane = engine.render(DOCTOR, frame_view()), engine.render(DOCTOR, sagittal)
    np.testing.assert_array_equal(pixels(frame), grey(changed[0]))
    np.testing.assert_array_equal(pixels(plane), grey(changed[::-1, :, 5]))
    assert engine.describe(DOCTOR, STUDY, SERIES).identity != before["table"]
    assert frame.etag != before["frame"]
    assert plane.etag != before["plane"]
    # One slice fewer at the end.
    archive.forget(SOPS[-1])
    np.testing.assert_array_equal(pixels(engine.render(DOCTOR, sagittal)), grey(changed[-2::-1, :, 5]))
    with pytest.raises(NotFoundError):
        engine.render(DOCTOR, frame_view(SOPS[-1]))
    archive.delete_study(DOCTOR, STUDY)
    for refused in (
        lambda: engine.render(DOCTOR, frame_view()),
        lambda: engine.render(DOCTOR, sagittal),
        lambda: engine.describe(DOCTOR, STUDY, SERIES),
        lambda: engine.etag(DOCTOR, sagittal),
    ):
        with pytest.raises(NotFoundError):
            refused()


def test_a_table_is_made_once_and_only_new_files_are_read(make: Make) -> None:
    files = ct_files()
    archive = FakeArchive(files[:-1])
    engine = make(archive)
    engine.describe(DOCTOR, STUDY, SERIES)
    assert archive.source_calls == 11
    engine.describe(DOCTOR, STUDY, SERIES)
    assert archive.source_calls == 11
    archive.store(DOCTOR, files[-1])
    assert [f.sop_instance_uid for f in engine.describe(DOCTOR, STUDY, SERIES).frames] == SOPS
    assert archive.source_calls == 12
    # A new engine, as after a restart, finds it on disk.
    assert len(make(archive).describe(DOCTOR, STUDY, SERIES).frames) == 12
    assert archive.source_calls == 12


def test_a_damaged_table_on_disk_is_made_again(make: Make, tmp_path: Path) -> None:
    archive = FakeArchive(ct_files())
    make(archive).describe(DOCTOR, STUDY, SERIES)
    (path,) = (tmp_path / "tables").glob("*.json")
    for damage in ("{", "[]", '{"version": 1, "table": {}}', '{"version": 0}'):
        path.write_text(damage)
        assert len(make(archive).describe(DOCTOR, STUDY, SERIES).frames) == 12
    assert (tmp_path / "tables").stat().st_mode & 0o077 == 0


def test_etags_are_known_before_rendering_and_differ_by_view(make: Make) -> None:
    engine = make(FakeArchive(ct_files()))
    views = [frame_view(), frame_view(invert=True), frame_view(SOPS[1]), plane_view(Orientation.AXIAL, 0)]
    etags = [engine.etag(DOCTOR, view) for view in views]
    assert len(set(etags)) == 4
    assert [engine.render(DOCTOR, view).etag for view in views] == etags


def test_grants_are_asked_for_although_pictures_are_cached(make: Make) -> None:
    engine = make(FakeArchive(ct_files()))
    guest = Grant("link:1", (Permission(frozenset({Verb.VIEW}), STUDY),))
    stranger = Grant("link:2", (Permission(frozenset({Verb.VIEW}), "1.2.3"),))
    for view in (frame_view(), plane_view(Orientation.AXIAL, 1)):
        assert engine.render(DOCTOR, view) == engine.render(guest, view)
        with pytest.raises(ForbiddenError):
            engine.render(stranger, view)
        with pytest.raises(UnauthenticatedError):
            engine.etag(ANONYMOUS, view)
    for ask in (engine.describe, engine.planes, engine.volume_progress):
        with pytest.raises(ForbiddenError):
            ask(stranger, STUDY, SERIES)


def test_what_is_not_there_is_not_found(make: Make) -> None:
    engine = make(FakeArchive(ct_files()))
    for view in (
        frame_view(frame=2),
        frame_view("1.2.3"),
        plane_view(Orientation.AXIAL, 12),
        plane_view(Orientation.SAGITTAL, 16),
    ):
        for _ in range(2):
            with pytest.raises(NotFoundError):
                engine.render(DOCTOR, view)
        engine.describe(DOCTOR, STUDY, SERIES)


def test_files_that_are_no_images_are_told_apart(make: Make) -> None:
    report = dcmread(BytesIO(with_uid(image_file(VOLUME[0]), "1.2.826.0.1.9.50")))
    del report.PixelData
    target = BytesIO()
    report.save_as(target)
    broken = with_uid(image_file(VOLUME[0], BitsAllocated=None), "1.2.826.0.1.9.51")
    engine = make(FakeArchive([*ct_files(), target.getvalue(), broken]))
    table = engine.describe(DOCTOR, STUDY, SERIES)
    assert table.other == ("1.2.826.0.1.9.50",)
    assert [uid for uid, _ in table.unreadable] == ["1.2.826.0.1.9.51"]
    assert len(table.frames) == 12
    assert engine.planes(DOCTOR, STUDY, SERIES).refusal == "1 of the images cannot be read."


def test_many_who_ask_for_one_volume_load_it_once(make: Make) -> None:
    archive = FakeArchive(ct_files())
    engine = make(archive)
    engine.describe(DOCTOR, STUDY, SERIES)
    calls = archive.source_calls
    views = [plane_view(Orientation.SAGITTAL, index) for index in range(16)]
    with ThreadPoolExecutor(16) as threads:
        pictures = list(threads.map(lambda view: engine.render(DOCTOR, view), views))
    for index, picture in enumerate(pictures):
        np.testing.assert_array_equal(pixels(picture), grey(VOLUME[::-1, :, index]))
    assert archive.source_calls == calls + 12


def test_volumes_are_bounded_and_the_least_used_makes_room(make: Make) -> None:
    series = [f"1.2.826.0.1.1.{number}" for number in range(3)]
    files = []
    for uid in series:
        files += slices_of(VOLUME, [(0, 0, k) for k in range(12)], SeriesInstanceUID=uid)
    engine = make(FakeArchive(files), volume_bytes=2 * VOLUME.nbytes)

    def show(uid: str, index: int) -> None:
        engine.render(DOCTOR, View(STUDY, uid, PlaneOf(Orientation.SAGITTAL, index)))

    def loaded() -> list[int]:
        return [engine.volume_progress(DOCTOR, STUDY, uid)[0] for uid in series]

    show(series[0], 0)
    show(series[1], 0)
    show(series[0], 1)
    assert loaded() == [12, 12, 0]
    show(series[2], 0)
    assert loaded() == [12, 0, 12]
    show(series[1], 1)
    assert loaded() == [0, 12, 12]
    with pytest.raises(UnprocessableError, match="VolumeMegabytes"):
        make(FakeArchive(ct_files()), volume_bytes=VOLUME.nbytes - 1).render(DOCTOR, plane_view(Orientation.AXIAL, 0))


def test_a_volume_that_cannot_be_loaded_is_tried_again(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = FakeArchive(ct_files())
    engine = make(archive)
    engine.describe(DOCTOR, STUDY, SERIES)
    source = archive.source

    def fail(*arguments: Any) -> Any:
        raise UnavailableError("The storage is busy.")

    monkeypatch.setattr(archive, "source", fail)
    with pytest.raises(UnavailableError, match="storage is busy"):
        engine.render(DOCTOR, plane_view(Orientation.SAGITTAL, 0))
    monkeypatch.setattr(archive, "source", source)
    picture = engine.render(DOCTOR, plane_view(Orientation.SAGITTAL, 0))
    np.testing.assert_array_equal(pixels(picture), grey(VOLUME[::-1, :, 0]))


def test_the_first_picture_comes_before_the_volume_is_complete(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    files = slices_of(np.zeros((40, 4, 4), np.int16), [(0, 0, k) for k in range(40)], WindowCenter=0, WindowWidth=9)
    archive = FakeArchive(files)
    engine = make(archive)
    engine.describe(DOCTOR, STUDY, SERIES)
    go_on, source, calls = threading.Event(), archive.source, iter(range(1000))

    def slow(*arguments: Any) -> Any:
        if next(calls) >= 8:
            go_on.wait(20)
        return source(*arguments)

    monkeypatch.setattr(archive, "source", slow)
    engine.render(DOCTOR, plane_view(Orientation.AXIAL, 30))
    assert engine.volume_progress(DOCTOR, STUDY, SERIES) == (8, 40)
    go_on.set()
    engine.render(DOCTOR, plane_view(Orientation.SAGITTAL, 0))
    assert engine.volume_progress(DOCTOR, STUDY, SERIES) == (40, 40)


def test_close_leaves_nothing(plugin_directory: Path, tmp_path: Path) -> None:
    pool = WorkerPool(Path(sys.executable), plugin_directory, count=1)
    engine = RenderingEngine(FakeArchive(ct_files()), pool, volume_bytes=1 << 20, table_directory=tmp_path)
    engine.render(DOCTOR, plane_view(Orientation.SAGITTAL, 0))
    engine.close()
    engine.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "sightline-volume"]
    with pytest.raises(UnavailableError):
        engine.render(DOCTOR, plane_view(Orientation.SAGITTAL, 1))


def test_other_rooms_run_their_own_tasks(make: Make) -> None:
    reply = make(FakeArchive()).run("sightline.trials:echo", {"x": 1}, [b"abc"])
    assert reply.values["arguments"] == {"x": 1}
    assert bytes(reply.buffers[0]) == b"abc"


def test_annotated_regions_animations_and_reports_are_made_by_workers(make: Make) -> None:
    engine = make(FakeArchive(ct_files()))
    settings = {"viewport": Viewport(160, 200, 4, 5, -8, 10), "annotations": (Annotation.TECHNIQUE,)}
    pictures = [engine.render(DOCTOR, frame_view(sop, **settings)) for sop in SOPS[:3]]
    # 8 columns of 0.75 mm and 10 rows of 0.5 mm, in pixels that are as square as whole numbers allow.
    assert {(picture.columns, picture.rows) for picture in pictures} == {(160, 133)}
    assert pictures[0].pixel_spacing == (pytest.approx(5 / 133), 0.0375)
    arguments = {"media_type": "image/webp", "frame_time": 40, "quality": 90}
    reply = engine.run("sightline.rendering.animation:animate", arguments, [p.content for p in pictures])
    with Image.open(BytesIO(reply.buffers[0])) as image:
        assert (image.size, getattr(image, "n_frames", 1)) == ((160, 133), 3)
    with pytest.raises(BadRequestError, match="16 x 20"):
        engine.render(DOCTOR, frame_view(viewport=Viewport(10, 10, 0, 0, 17, 5)))
    with pytest.raises(UnprocessableError, match="plane"):
        engine.render(DOCTOR, plane_view(Orientation.AXIAL, 3, annotations=(Annotation.PATIENT,)))
    with pytest.raises(NotFoundError, match="neither a report nor"):
        engine.run("sightline.objects.documents:read_document", {"file": {"buffer": 0}}, ct_files()[:1])


class CountingArchive(FakeArchive):
    """Counts the questions about what is stored."""

    questions = 0

    def series_instances(self, *arguments: Any) -> Any:
        self.questions += 1
        return super().series_instances(*arguments)


def test_many_pictures_of_one_series_are_one_question(make: Make) -> None:
    archive = CountingArchive(ct_files())
    engine = make(archive)
    prepared = engine.prepare(DOCTOR, [frame_view(sop) for sop in SOPS])
    for one, sop, stored in zip(prepared, SOPS, VOLUME, strict=True):
        np.testing.assert_array_equal(pixels(engine.render_prepared(DOCTOR, one)), grey(stored))
        assert one.view.source == FrameOf(sop)
    assert archive.questions == 1
    assert [one.etag for one in prepared] == [engine.etag(DOCTOR, frame_view(sop)) for sop in SOPS]
    with pytest.raises(NotFoundError):
        engine.prepare(DOCTOR, [frame_view(SOPS[0]), frame_view("9.9")])
    with pytest.raises(UnauthenticatedError):
        engine.prepare(ANONYMOUS, [frame_view(SOPS[0]), frame_view(SOPS[1])])


def test_a_frame_as_a_presentation_state_shows_it(make: Make) -> None:
    state = presentation_state(
        [reference(SOPS[2])],
        [area(16, 20)],
        ImageRotation=90,
        RescaleSlope=1,
        RescaleIntercept=-24,
        RescaleType="HU",
        SoftcopyVOILUTSequence=[window_item(100, 300)],
    )
    archive = FakeArchive([*ct_files(), state])
    engine = make(archive)
    view = frame_view(SOPS[2], presentation=PresentationOf("1.2.826.0.1.1.9", "1.2.3.99"))
    picture = engine.render(DOCTOR, view)
    np.testing.assert_array_equal(pixels(picture), np.rot90(grey(VOLUME[2], 100, 300), -1))
    assert picture.window == Window(100, 300)
    assert engine.prepare(DOCTOR, [view, view])[1].etag == picture.etag
    archive._put(presentation_state([reference(SOPS[2])], [area(16, 20)]))
    assert engine.etag(DOCTOR, view) != picture.etag
    with pytest.raises(BadRequestError, match="does not refer"):
        engine.render(DOCTOR, frame_view(SOPS[1], presentation=view.presentation))


def window_item(center: float, width: float) -> Dataset:
    item = Dataset()
    item.WindowCenter, item.WindowWidth = center, width
    return item


def test_a_film_is_made_within_the_bounds_of_a_worker(make: Make) -> None:
    pytest.importorskip("av")
    engine = make(FakeArchive(ct_files(np.zeros((3, 1024, 1024), np.int16))))
    pictures = [engine.render(DOCTOR, frame_view(sop)) for sop in SOPS[:3]]
    arguments = {"media_type": "video/mp4", "frame_time": 40, "quality": 90}
    reply = engine.run("sightline.rendering.film:animate", arguments, [picture.content for picture in pictures * 20])
    assert bytes(reply.buffers[0])[4:8] == b"ftyp"
