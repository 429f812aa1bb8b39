"""What a file says of its distances. Runs in workers only."""

from __future__ import annotations

from math import isclose

from pydicom import Dataset

from sightline.kernels.ultrasound import UltrasoundRegion
from sightline.rendering.attributes import integer_of, number_of, numbers_of, text_of, values_of
from sightline.rendering.calibration import LOCALIZER, PLANAR, X_RAY, Calibration

_X_RAY_MODALITIES = frozenset({"CR", "DX", "MG", "XA", "RF", "RG", "PX", "IO", "BMD"})
_SECTIONS = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.13.1.1",  # X-Ray 3D Angiographic
        "1.2.840.10008.5.1.4.1.1.13.1.2",  # X-Ray 3D Craniofacial
        "1.2.840.10008.5.1.4.1.1.13.1.3",  # Breast Tomosynthesis
    }
)
"""SOP classes of reconstructed sections whose modality is one of projections."""
_X_RAY_CLASSES = frozenset(
    f"1.2.840.10008.5.1.4.1.1.{rest}"
    for rest in (
        "1", "1.1", "1.1.1", "1.2", "1.2.1", "1.3", "1.3.1", "12.1", "12.1.1", "12.2", "12.2.1", "13.1.4", "13.1.5",
    )
)  # fmt: skip
"""CR, digital X-ray, mammography, intra-oral, angiography, fluoroscopy, breast projections; whatever the modality."""
_NM = "1.2.840.10008.5.1.4.1.1.20"
_RECONSTRUCTED = frozenset({"RECON TOMO", "RECON GATED TOMO"})
_TYPES = ("FIDUCIAL", "GEOMETRY")
_WHOLE = (
    "RegionSpatialFormat", "RegionDataType", "RegionFlags", "RegionLocationMinX0", "RegionLocationMinY0",
    "RegionLocationMaxX1", "RegionLocationMaxY1", "PhysicalUnitsXDirection", "PhysicalUnitsYDirection",
)  # fmt: skip
_LONGEST_DESCRIPTION = 64
_MOST_REGIONS = 64
_SAME = 1e-4
"""Relative difference of two spacings that decimal strings may make of one."""


def calibration_of(dataset: Dataset) -> Calibration | None:
    """Return what makes distances true, None where the file says nothing of it."""
    kind = text_of(dataset, "PixelSpacingCalibrationType")
    found = Calibration(
        projection=_projection(dataset),
        type=kind if kind in _TYPES else "",
        description=text_of(dataset, "PixelSpacingCalibrationDescription")[:_LONGEST_DESCRIPTION],
        detector=_detector(dataset),
        regions=_regions(dataset),
    )
    return None if found == Calibration() else found


def _projection(dataset: Dataset) -> str:
    sop_class, modality = text_of(dataset, "SOPClassUID"), text_of(dataset, "Modality")
    image_type = [str(value).strip() for value in values_of(dataset.get("ImageType"))]
    if sop_class in _SECTIONS:
        return ""
    if sop_class in _X_RAY_CLASSES or modality in _X_RAY_MODALITIES:
        return X_RAY
    if sop_class == _NM or modality == "NM":
        return "" if _RECONSTRUCTED.intersection(image_type) else PLANAR
    # Those of MR are sections.
    return LOCALIZER if modality == "CT" and "LOCALIZER" in image_type else ""


def _detector(dataset: Dataset) -> str:
    """Return how the spacing at the detector compares with that of the pixels, empty unless the file has both."""
    pixel, detector = (numbers_of(dataset, keyword, 2) for keyword in ("PixelSpacing", "ImagerPixelSpacing"))
    if not pixel or not detector or min(*pixel, *detector) <= 0:
        return ""
    same = all(isclose(a, b, rel_tol=_SAME) for a, b in zip(pixel, detector, strict=True))
    return "same" if same else "other"


def _regions(dataset: Dataset) -> tuple[UltrasoundRegion, ...]:
    items = dataset.get("SequenceOfUltrasoundRegions") or ()
    found = (_region(item) for item in items[:_MOST_REGIONS])
    return tuple(region for region in found if region is not None)


def _region(item: Dataset) -> UltrasoundRegion | None:
    """Return one region, None where its place, format or units are missing: it calibrates nothing then."""
    whole = [integer_of(item, keyword) for keyword in _WHOLE]
    known = [value for value in whole if value is not None]
    if len(known) < len(whole):
        return None
    spatial_format, data_type, flags, min_x, min_y, max_x, max_y, unit_x, unit_y = known
    return UltrasoundRegion(
        spatial_format=spatial_format,
        data_type=data_type,
        flags=flags,
        min_x=min_x,
        min_y=min_y,
        max_x=max_x,
        max_y=max_y,
        unit_x=unit_x,
        unit_y=unit_y,
        delta_x=number_of(item, "PhysicalDeltaX"),
        delta_y=number_of(item, "PhysicalDeltaY"),
        reference_x=integer_of(item, "ReferencePixelX0"),
        reference_y=integer_of(item, "ReferencePixelY0"),
        value_x=number_of(item, "ReferencePixelPhysicalValueX"),
        value_y=number_of(item, "ReferencePixelPhysicalValueY"),
    )
