"""Planes with another series laid over them: the right colours at the right place, or a reason why not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sightline.access.grant import Grant, Permission, Verb, administrator
from sightline.errors import ForbiddenError, NotFoundError, UnprocessableError
from sightline.kernels.colour_maps import colour_map
from sightline.kernels.image_plane import ImagePlane
from sightline.rendering.engine import RenderingEngine
from sightline.rendering.fusion import Fusion
from sightline.rendering.look import Look
from sightline.rendering.pool import WorkerPool
from sightline.rendering.view import Orientation, PictureFormat, PlaneOf, View, Window
from sightline.rendering.volume_sources import Blend, CutOf
from tests.support.dicom_files import slices_of
from tests.support.fake_archive import FakeArchive

STUDY, CT, PET = "1.2.826.0.1.1", "1.2.826.0.1.1.1", "1.2.826.0.1.1.2"
DOCTOR = administrator("doctor")
RANDOM = np.random.default_rng(5)
CHEST = RANDOM.integers(-1000, 1000, (6, 8, 10)).astype(np.int16)
UPTAKE = RANDOM.integers(0, 1000, (4, 5, 6)).astype(np.int16)
"""Coarser, and beginning elsewhere."""
WINDOW, UPTAKE_WINDOW = Window(0, 2000), Window(300, 600)


def files(**pet: Any) -> list[bytes]:
    shared = {"FrameOfReferenceUID": "1.2.3"}
    ct = {"WindowCenter": 0, "WindowWidth": 2000, "SeriesInstanceUID": CT} | shared
    settings = {"Modality": "PT", "SeriesInstanceUID": PET, "RescaleSlope": 0.5, "RescaleIntercept": 0} | shared | pet
    return [
        *slices_of(CHEST, [(0, 0, 2.0 * k) for k in range(6)], spacing=(1.0, 1.0), **ct),
        *slices_of(UPTAKE, [(1.5, 0.5, 3.0 * k + 1) for k in range(4)], spacing=(1.5, 1.25), **settings),
    ]


@pytest.fixture(scope="module")
def workers(plugin_directory: Path) -> Iterator[WorkerPool]:
    """Workers that all tests of this module share."""
    pool = WorkerPool(Path(sys.executable), plugin_directory, count=1, memory_bytes=1 << 30, volume_bytes=64 << 20)
    yield pool
    pool.close()


@pytest.fixture
def engine(workers: WorkerPool, tmp_path: Path) -> RenderingEngine:
    return RenderingEngine(FakeArchive(files()), workers, volume_bytes=64 << 20, table_directory=tmp_path)


AXIAL = PlaneOf(Orientation.AXIAL, 2)


def view(source: Any = AXIAL, fusion: Fusion | None = None, **settings: Any) -> View:
    over = fusion or Fusion(PET, "hot_iron", 0.8, UPTAKE_WINDOW)
    return View(STUDY, CT, source, WINDOW, picture_format=PictureFormat.PNG, fusion=over, **settings)


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(content)))


def grey(values: np.ndarray, window: Window) -> np.ndarray:
    """PS3.3 C.11.2.1.2.1, LINEAR."""
    part = (values - (window.center - 0.5)) / (window.width - 1) + 0.5
    return np.floor(np.clip(part * 255, 0, 255) + 0.5)


def uptake_at(x: float, y: float, z: float) -> float:
    """Interpolate by hand; not-a-number outside of the outermost voxel centres."""
    place = np.array([(z - 1) / 3, (y - 0.5) / 1.5, (x - 1.5) / 1.25])
    if np.any(place < -1e-9) or np.any(place > np.array(UPTAKE.shape) - 1 + 1e-9):
        return float("nan")
    first = np.minimum(np.floor(place + 1e-9).astype(int), np.array(UPTAKE.shape) - 2)
    part, total = place - first, 0.0
    for corner in np.ndindex(2, 2, 2):
        weight = np.prod([p if c else 1 - p for p, c in zip(part, corner, strict=True)])
        total += weight * UPTAKE[tuple(first + corner)]
    return 0.5 * total


def expected(base: np.ndarray, uptake: np.ndarray, opacity: float, base_map: str = "grey") -> np.ndarray:
    """Lay the colours over by hand, as transparent as the overlay is dark."""
    level = np.nan_to_num(grey(uptake, UPTAKE_WINDOW), nan=0).astype(int)
    alpha = np.floor(level / 255 * opacity * 255 + 0.5)[..., None]
    own = colour_map(base_map)[grey(base, WINDOW).astype(int)].astype(float)
    colours = colour_map("hot_iron")[level].astype(float)
    return np.floor(((255 - alpha) * own + alpha * colours) / 255 + 0.5)


def test_colours_lie_where_the_patient_took_it_up(engine: RenderingEngine) -> None:
    picture = engine.render(DOCTOR, view())
    uptake = np.array([[uptake_at(x, y, 4.0) for x in range(10)] for y in range(8)])
    assert np.isnan(uptake).any()
    assert not np.isnan(uptake).all()
    np.testing.assert_allclose(pixels(picture.content), expected(CHEST[2].astype(float), uptake, 0.8), atol=1)
    assert picture.pixel_spacing == (1.0, 1.0)
    assert picture.window == WINDOW


def test_coronal_planes_cuts_and_slabs_are_fused_alike(engine: RenderingEngine) -> None:
    coronal = engine.render(DOCTOR, view(PlaneOf(Orientation.CORONAL, 3)))
    uptake = np.array([[uptake_at(x, 3.0, z) for x in range(10)] for z in range(10, -1, -2)])
    base = CHEST[::-1, 3].astype(float)
    np.testing.assert_allclose(pixels(coronal.content), expected(base, uptake, 0.8), atol=1)
    plane = ImagePlane((0.0, 0.0, 4.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0), 8, 10)
    cut = engine.render(DOCTOR, view(CutOf(plane)))
    np.testing.assert_array_equal(pixels(cut.content), pixels(engine.render(DOCTOR, view()).content))
    slab = engine.render(DOCTOR, view(CutOf(plane, 4.0, Blend.MAXIMUM), look=Look(colour_map="inverse_grey")))
    through = [np.array([[uptake_at(x, y, z) for x in range(10)] for y in range(8)]) for z in (2.0, 3.0, 4.0, 5.0, 6.0)]
    greatest = np.fmax.reduce(through)
    lower = np.max([CHEST[1], (CHEST[1] + CHEST[2].astype(float)) / 2, CHEST[2], CHEST[3]], axis=0)
    lower = np.maximum(lower, (CHEST[2] + CHEST[3].astype(float)) / 2)
    inside = ~np.isnan(greatest)
    found = pixels(slab.content)
    # The overlay's samples lie where its own voxels want them; only what is outside of it is sure to be the base alone.
    bare = expected(lower, np.full(lower.shape, np.nan), 0.8, "inverse_grey")
    np.testing.assert_allclose(found[~inside], bare[~inside], atol=1)
    assert np.abs(found[inside] - bare[inside]).max() > 20


def test_without_a_window_the_files_own_or_all_values_are_seen(engine: RenderingEngine) -> None:
    free = engine.render(DOCTOR, view(fusion=Fusion(PET)))
    level = Window(float(UPTAKE.max() + UPTAKE.min()) / 4 + 0.5, float(UPTAKE.max() - UPTAKE.min()) / 2 + 1)
    same = engine.render(DOCTOR, view(fusion=Fusion(PET, window=level)))
    assert np.abs(pixels(free.content).astype(int) - pixels(same.content)).max() <= 2
    assert free.etag != same.etag


def test_a_picture_says_what_was_laid_over(engine: RenderingEngine) -> None:
    picture = engine.render(DOCTOR, view())
    assert picture.provenance
    assert picture.provenance.source_count == len(CHEST) + len(UPTAKE)
    assert 'fusion=hot_iron;opacity="0.8"' in picture.provenance.header()
    assert "trilinear" in picture.provenance.header()


def test_what_is_stored_in_either_series_is_seen_by_the_next_request(workers: WorkerPool, tmp_path: Path) -> None:
    archive = FakeArchive(files())
    engine = RenderingEngine(archive, workers, volume_bytes=64 << 20, table_directory=tmp_path)
    before = engine.etag(DOCTOR, view())
    alone = engine.etag(DOCTOR, View(STUDY, CT, AXIAL))
    for content in files()[6:7]:
        archive.store(DOCTOR, content)
    assert engine.etag(DOCTOR, view()) != before
    assert engine.etag(DOCTOR, View(STUDY, CT, AXIAL)) == alone


@pytest.mark.parametrize(
    ("pet", "reason"),
    [
        ({"FrameOfReferenceUID": "1.2.4"}, "different frames of reference"),
        ({"FrameOfReferenceUID": None}, "upper series name no frame of reference"),
    ],
)
def test_what_does_not_belong_together_is_refused(
    workers: WorkerPool, tmp_path: Path, pet: dict[str, Any], reason: str
) -> None:
    engine = RenderingEngine(FakeArchive(files(**pet)), workers, volume_bytes=64 << 20, table_directory=tmp_path)
    with pytest.raises(UnprocessableError, match=reason):
        engine.render(DOCTOR, view())
    with pytest.raises(UnprocessableError, match=reason):
        engine.fusion_warnings(DOCTOR, STUDY, CT, 0, PET)


def test_what_is_not_there_or_not_theirs_is_not_laid_over(engine: RenderingEngine) -> None:
    with pytest.raises(NotFoundError):
        engine.render(DOCTOR, view(fusion=Fusion("9.9")))
    with pytest.raises(NotFoundError, match="6 axial planes"):
        engine.render(DOCTOR, view(PlaneOf(Orientation.AXIAL, 6)))
    stranger = Grant("link:2", (Permission(frozenset({Verb.VIEW}), "1.2.3"),))
    with pytest.raises(ForbiddenError):
        engine.render(stranger, view())
    with pytest.raises(ForbiddenError):
        engine.fusion_warnings(stranger, STUDY, CT, 0, PET)
