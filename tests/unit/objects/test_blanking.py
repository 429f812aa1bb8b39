"""What is blacked out is gone from every frame, and nothing else changes."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from sightline.errors import UnprocessableError
from sightline.objects.blanking import Rectangle, blank
from sightline.objects.burned_in import Risk, risk_of
from tests.support.dicom_files import image_file

TOP = Rectangle(0, 0, 1, 0.26)


def read(content: bytes) -> Dataset:
    return dcmread(io.BytesIO(content))


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_grey_frames_get_their_own_black(kind: Any, photometric: str) -> None:
    """Rows that a rectangle touches, however little of them; the darkest value is the largest of MONOCHROME1."""
    pixels = np.random.default_rng(1).integers(0 if kind != np.int16 else -99, 99, (3, 10, 7)).astype(kind)
    dataset = read(image_file(pixels, PhotometricInterpretation=photometric))
    before = dataset.pixel_array.copy()
    blank(dataset, [TOP])
    after = read(written(dataset)).pixel_array
    black = before.max() if photometric == "MONOCHROME1" else before.min()
    assert (after[:, :3] == black).all()
    assert (after[:, 3:] == before[:, 3:]).all()


@pytest.mark.parametrize("planar", [0, 1])
def test_colours_become_black_in_either_order_of_samples(planar: int) -> None:
    pixels = np.random.default_rng(2).integers(1, 255, (8, 6, 3)).astype(np.uint8)
    dataset = read(image_file(pixels, SamplesPerPixel=3))
    if planar:
        dataset.PlanarConfiguration, dataset.PixelData = 1, np.moveaxis(pixels, -1, 0).tobytes()
    blank(dataset, [Rectangle(0.5, 0.5, 1, 1), Rectangle(0, 0, 0.1, 0.1)])
    after = read(written(dataset)).pixel_array
    wanted = pixels.copy()
    wanted[4:, 3:] = wanted[:1, :1] = 0
    assert (after == wanted).all()


@pytest.mark.parametrize("values", [{"PhotometricInterpretation": "YBR_FULL_422"}, {"BitsAllocated": 1}])
def test_what_cannot_be_blacked_out_is_refused(values: dict[str, Any]) -> None:
    dataset = read(image_file(np.zeros((4, 4), np.uint8)))
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    with pytest.raises(UnprocessableError, match="Leave its series out"):
        blank(dataset, [TOP])


@pytest.mark.parametrize(
    ("values", "risk"),
    [
        ({"Modality": "CT"}, Risk.UNSTATED),
        ({"Modality": "CT", "BurnedInAnnotation": "NO"}, Risk.NONE),
        ({"Modality": "CT", "BurnedInAnnotation": "YES"}, Risk.LIKELY),
        ({"Modality": "US", "BurnedInAnnotation": "NO"}, Risk.LIKELY),
        ({"Modality": "XA"}, Risk.LIKELY),
        ({"Modality": "CT", "BurnedInAnnotation": "NO", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, Risk.LIKELY),
        ({"Modality": "MR", "BurnedInAnnotation": "NO", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.7.4"}, Risk.LIKELY),
        ({"Modality": "MG", "BurnedInAnnotation": "NO", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.77"}, Risk.NONE),
    ],
)
def test_the_risk_is_what_a_file_says_and_what_its_kind_does(values: dict[str, Any], risk: Risk) -> None:
    assert risk_of(read(image_file(np.zeros((2, 2), np.uint8), **values))) is risk


def test_what_has_no_pixels_has_nothing_written_in_them() -> None:
    dataset = Dataset()
    dataset.Modality = "SR"
    assert risk_of(dataset) is Risk.NONE


def written(dataset: Dataset) -> bytes:
    target = io.BytesIO()
    dataset.save_as(target, enforce_file_format=True)
    return target.getvalue()
