"""What files say of their distances, and what is measured then; from files that were made, and from real ones."""

from __future__ import annotations

import json
from io import BytesIO
from math import hypot
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import (
    BreastTomosynthesisImageStorage,
    DigitalMammographyXRayImageStorageForPresentation,
    NuclearMedicineImageStorage,
    XRayAngiographicImageStorage,
)

from sightline.rendering.headers import read_frames
from sightline.rendering.measuring import Measured, measure
from sightline.rendering.series_table import FrameEntry, instance_from_json, instance_to_json
from sightline.viewer.series_json import kind_json
from tests.support.corpus import corpus_files
from tests.support.dicom_files import image_file

PIXELS = np.zeros((60, 80), np.uint16)
PLACE = {"study": "1", "series": "2", "instance": "3", "frame": 1}
LINE = [[10.0, 10.0], [13.0, 14.0]]


def read(**attributes: Any) -> FrameEntry:
    (entry,) = read_frames(BytesIO(image_file(PIXELS, **attributes)), "uuid")
    return entry


def measured(entry: FrameEntry, tool: str = "length", points: Any = LINE) -> Measured:
    return measure({**PLACE, "tool": tool, "points": points}, entry)


def told(found: Measured) -> dict[str, float]:
    return {quantity.name: pytest.approx(quantity.value) for quantity in found.quantities}


def region(spatial_format: int, bounds: tuple[int, int, int, int], units: tuple[int, int], deltas: Any) -> Dataset:
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = spatial_format, 1, 0
    item.RegionLocationMinX0, item.RegionLocationMinY0, item.RegionLocationMaxX1, item.RegionLocationMaxY1 = bounds
    item.PhysicalUnitsXDirection, item.PhysicalUnitsYDirection = units
    item.PhysicalDeltaX, item.PhysicalDeltaY = deltas
    return item


X_RAY: dict[str, Any] = {"SOPClassUID": XRayAngiographicImageStorage, "Modality": "XA"}
DETECTOR = {**X_RAY, "ImagerPixelSpacing": (0.5, 0.5)}
BREAST = {"Modality": "MG", "SOPClassUID": DigitalMammographyXRayImageStorageForPresentation}
SECTIONS = {"Modality": "MG", "SOPClassUID": BreastTomosynthesisImageStorage, "PixelSpacing": (0.1, 0.1)}
NUCLEAR = {"Modality": "NM", "SOPClassUID": NuclearMedicineImageStorage, "PixelSpacing": (2.0, 2.0)}
BALL = {"PixelSpacingCalibrationType": "FIDUCIAL", "PixelSpacingCalibrationDescription": "ball"}
SAME = {**DETECTOR, "PixelSpacing": (0.5, 0.5)}
PROJECTIONS: list[tuple[dict[str, Any], float, str, bool]] = [
    (DETECTOR, 2.5, "detector", True),
    ({**DETECTOR, "EstimatedRadiographicMagnificationFactor": "1.25"}, 2, "magnified", False),
    ({**DETECTOR, "EstimatedRadiographicMagnificationFactor": "1"}, 2.5, "detector", True),
    (SAME, 2.5, "detector", True),
    ({**DETECTOR, "PixelSpacing": (0.4, 0.4)}, 2, "corrected", False),
    ({**SAME, "PixelSpacingCalibrationType": "GEOMETRY"}, 2.5, "geometry", False),
    ({"Modality": "DX", "PixelSpacing": (0.4, 0.4), **BALL}, 2, "fiducialAs", False),
    ({"Modality": "CR", "PixelSpacing": (0.5, 0.5)}, 2.5, "unsaid", False),
    ({**BREAST, "ImagerPixelSpacing": (0.1, 0.1)}, 0.5, "detector", True),
    (SECTIONS, 0.5, "pixelSpacing", False),
    ({"NominalScannedPixelSpacing": (0.1, 0.1)}, 0.5, "film", False),
    ({**NUCLEAR, "ImageType": ("ORIGINAL", "PRIMARY", "STATIC", "EMISSION")}, 10, "planar", False),
    ({**NUCLEAR, "ImageType": ("ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION")}, 10, "pixelSpacing", False),
    ({"ImageType": ("ORIGINAL", "PRIMARY", "LOCALIZER"), "PixelSpacing": (1.0, 1.0)}, 5, "localizer", False),
    ({"PixelSpacing": (1.0, 1.0)}, 5, "pixelSpacing", False),
]  # fmt: skip


@pytest.mark.parametrize(("attributes", "expected", "origin", "is_bound"), PROJECTIONS)
def test_a_line_says_where_its_length_is_true(
    attributes: dict[str, Any], expected: float, origin: str, is_bound: bool
) -> None:
    (quantity,) = (found := measured(read(**attributes))).quantities
    assert (quantity.value, quantity.unit, quantity.is_bound) == (pytest.approx(expected), "mm", is_bound)
    assert found.origin is not None
    assert found.origin.key == origin


def test_without_a_pixel_size_there_is_no_length_but_an_angle() -> None:
    found = measured(read())
    assert (found.quantities, found.reason and found.reason.key) == ((), "noSpacing")
    assert told(measured(read(), "angle", [[4, 0], [0, 0], [4, 4]])) == {"angle": 45}
    flat = read(PixelAspectRatio=(2, 1))
    assert told(measured(flat, "angle", [[4, 0], [0, 0], [4, 2]])) == {"angle": 45}
    assert kind_json(flat)["calibration"] == {"aspect": [2, 1]}


def test_regions_of_ultrasound_are_read_and_measured_in_their_units() -> None:
    entry = read(
        Modality="US",
        SequenceOfUltrasoundRegions=[
            region(1, (0, 0, 39, 59), (3, 3), (-0.02, 0.02)),
            region(2, (40, 0, 79, 29), (4, 3), (0.01, 0.05)),
            region(3, (40, 30, 79, 59), (4, 7), (0.01, -2)),
            Dataset(),
        ],
    )
    assert len(kind_json(entry)["calibration"]["regions"]) == 3
    assert told(measured(entry)) == {"length": 1}
    assert told(measured(entry, points=[[50, 5], [60, 9]])) == {"duration": 0.1, "length": 2}
    assert told(measured(entry, points=[[50, 35], [60, 40]])) == {"duration": 0.1, "velocity": 10}
    refused = measured(entry, points=[[30, 5], [50, 5]])
    assert (refused.quantities, refused.reason and refused.reason.key) == ((), "across")


def test_enhanced_angiography_says_per_frame_what_it_is_at_the_detector() -> None:
    group, properties = Dataset(), Dataset()
    properties.ImagerPixelSpacing = [0.2, 0.3]
    group.FramePixelDataPropertiesSequence = [properties]
    entry = read(SOPClassUID="1.2.840.10008.5.1.4.1.1.12.1.1", Modality="XA", SharedFunctionalGroupsSequence=[group])
    assert (entry.pixel_spacing, entry.spacing_origin) == ((0.2, 0.3), "ImagerPixelSpacing")
    assert [quantity.is_bound for quantity in measured(entry).quantities] == [True]


def test_nonsense_in_a_region_calibrates_nothing() -> None:
    broken = region(1, (0, 0, 39, 59), (3, 3), (float("nan"), 0.02))
    found = measured(read(Modality="US", SequenceOfUltrasoundRegions=[broken]))
    assert (found.quantities, found.reason and found.reason.key) == ((), "unknownUnit")
    many = [region(1, (0, 0, 39, 59), (3, 3), (0.1, 0.1))] * 1000
    assert len(kind_json(read(SequenceOfUltrasoundRegions=many))["calibration"]["regions"]) == 64


def test_what_is_read_survives_the_table_on_disk() -> None:
    entry = read(
        **X_RAY, PixelSpacingCalibrationType="GEOMETRY",
        SequenceOfUltrasoundRegions=[region(1, (0, 0, 9, 9), (3, 3), (0.1, 0.1))],
    )  # fmt: skip
    assert entry.instance.calibration is not None
    assert instance_from_json(json.loads(json.dumps(instance_to_json(entry.instance)))) == entry.instance


def test_what_says_nothing_costs_nothing() -> None:
    assert read().instance.calibration is None
    assert "calibration" not in kind_json(read())
    assert read(PixelSpacingCalibrationType="NONSENSE", SequenceOfUltrasoundRegions=[]).instance.calibration is None


@pytest.mark.filterwarnings("ignore")  # pydicom's, of what is wrong in real files
@pytest.mark.parametrize("path", corpus_files("us", "px", "xa", "mg", "cr-dx", "nm", "op"), ids=lambda path: path.name)
def test_real_files_are_measured_as_their_attributes_say(path: Any) -> None:
    dataset = dcmread(path, stop_before_pixels=True, force=True)
    with path.open("rb") as file:
        frames = read_frames(file, "uuid")
    regions = [
        item for item in dataset.get("SequenceOfUltrasoundRegions") or ()
        if item.RegionSpatialFormat == 1 and item.PhysicalUnitsXDirection == item.PhysicalUnitsYDirection == 3
    ]  # fmt: skip
    if not frames or not (regions or any(name in dataset for name in ("PixelSpacing", "ImagerPixelSpacing"))):
        pytest.skip("nothing that could be measured")
    for item in regions:
        left, top = item.RegionLocationMinX0 + 60, item.RegionLocationMinY0 + 90
        found = measured(frames[0], points=[[left, top], [left + 30, top + 40]])
        expected = hypot(30 * item.PhysicalDeltaX, 40 * item.PhysicalDeltaY) * 10
        assert told(found) == {"length": expected}
    if not regions:
        spacing = dataset.get("PixelSpacing") or dataset.ImagerPixelSpacing
        expected = hypot(3 * float(spacing[1]), 4 * float(spacing[0]))
        detector = "PixelSpacing" not in dataset
        factor = float(dataset.get("EstimatedRadiographicMagnificationFactor") or 1) if detector else 1.0
        assert told(measured(frames[0])) == {"length": expected / factor}
