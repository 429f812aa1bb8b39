"""What a pixel holds and means: by hand, for grey, padding, tables, colours and PET."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import PositronEmissionTomographyImageStorage

from sightline.errors import UnprocessableError
from sightline.rendering.values import read_value
from tests.support.dicom_files import image_file, part_10

PIXELS = np.array([[-2000, 10, 20], [30, 40, 50]], np.int16)
CT = {"RescaleSlope": 2, "RescaleIntercept": -5, "RescaleType": "HU", "PixelPaddingValue": -2000}
PET = {
    "SOPClassUID": PositronEmissionTomographyImageStorage, "Units": "GML", "CorrectedImage": ("ATTN", "DECY"),
    "DecayCorrection": "START", "RescaleSlope": 0.5, "RescaleIntercept": 0,
}  # fmt: skip


def told(content: bytes, row: int, column: int, frame: int = 1) -> dict[str, Any]:
    arguments = {"file": {"buffer": 0}, "entry": None, "frame": frame, "row": row, "column": column}
    return read_value(arguments, (content,), ()).values


def test_stored_and_modality_value() -> None:
    assert told(image_file(PIXELS, **CT), 1, 2) == {
        "stored": 50, "padding": False, "modality": {"value": 95.0, "unit": "HU"}, "suv": None,
    }  # fmt: skip


def test_padding_means_nothing() -> None:
    found = told(image_file(PIXELS, **CT), 0, 0)
    assert found == {"stored": -2000, "padding": True, "modality": None, "suv": None}


def test_a_modality_look_up_table_is_looked_up() -> None:
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [4, 30, 16])
    table.add_new("LUTData", "US", [7, 8, 9, 11])
    content = image_file(np.array([[30, 33]], np.uint16), ModalityLUTSequence=[table])
    assert told(content, 0, 1)["modality"] == {"value": 11.0, "unit": ""}


def test_colours_are_three_numbers() -> None:
    rgb = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    found = told(image_file(rgb, SamplesPerPixel=3), 1, 0)
    assert (found["stored"], found["modality"]) == ([6, 7, 8], None)


def test_pet_has_an_uptake_value_or_says_what_is_missing() -> None:
    found = told(image_file(PIXELS, **PET), 1, 1)
    assert found["suv"] == {"value": 20.0, "unit": "g/ml", "reason": ""}
    missing = told(image_file(PIXELS, **PET | {"Units": "BQML"}), 1, 1)["suv"]
    assert missing["value"] is None
    assert "RadionuclideTotalDose (0018,1074)" in missing["reason"]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_none(value: float) -> None:
    dataset = dcmread(BytesIO(image_file(np.zeros((1, 1), np.float32))))
    del dataset.PixelData
    dataset.FloatPixelData = np.float32([value]).tobytes()
    assert told(part_10(dataset), 0, 0) == {"stored": None, "padding": True, "modality": None, "suv": None}


def test_frames_have_values_of_their_own() -> None:
    assert told(image_file(np.stack([PIXELS, PIXELS + 1])), 0, 1, frame=2)["stored"] == 11


@pytest.mark.parametrize(("row", "column"), [(2, 0), (0, 3)])
def test_outside_of_the_image_there_is_no_value(row: int, column: int) -> None:
    with pytest.raises(UnprocessableError, match="2 rows and 3 columns"):
        told(image_file(PIXELS), row, column)
