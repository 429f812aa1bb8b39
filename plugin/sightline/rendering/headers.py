"""The header of a stored file as entries of a series table. Runs in workers only.

Enhanced objects say per frame, in functional groups (PS3.3 C.7.6.16), what classic ones say at the top; both end up in
the same entries.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, BinaryIO

from pydicom import Dataset, dcmread

from sightline.errors import UnprocessableError
from sightline.rendering.attributes import integer_of, number_of, numbers_of, values_of
from sightline.rendering.calibration_reading import calibration_of
from sightline.rendering.dimensions import dimensions_of
from sightline.rendering.hanging import cine_of, hanging_of, uptake_of
from sightline.rendering.series_table import (
    FrameEntry,
    InstanceEntry,
    Rescale,
    WindowPreset,
)
from sightline.rendering.shutters import has_shutter
from sightline.rendering.view import VoiFunction, Window

MAXIMUM_FRAMES = 100_000
_PIXELS = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData", 0x7FE00010: "PixelData"}
_PIXEL_VRS = (b"OB", b"OW", b"OF", b"OD", b"UN")
_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
_IMPLICIT, _DEFLATED = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99"
_BIG_ENDIAN = "1.2.840.10008.1.2.2"


def read_header(file: BinaryIO) -> Dataset:
    """Return the data set without its pixels, from an open file that then stands where they start.

    Raises
    ------
    UnprocessableError
        It is not a DICOM file that can be read.
    """
    try:
        dataset: Dataset = dcmread(file, stop_before_pixels=True, force=True)
    except (MemoryError, RecursionError):
        raise
    except Exception as error:
        raise UnprocessableError("This file cannot be read.", "unreadable") from error
    return dataset


def read_frames(file: BinaryIO, file_uuid: str) -> tuple[FrameEntry, ...]:
    """Return one entry per frame of an image; nothing if the file holds no image.

    Parameters
    ----------
    file : binary file
        The whole DICOM file, at its start.
    file_uuid : str
        Identity of the stored file.

    Raises
    ------
    UnprocessableError
        The file cannot be read, or an attribute that its pixels cannot be understood without is missing or wrong.
    """
    dataset = read_header(file)
    element = pixel_element(file, dataset)
    if element is None:
        return ()
    try:
        instance = _instance(dataset, file_uuid, *element)
        groups = dataset.get("PerFrameFunctionalGroupsSequence") or []
        shared = (dataset.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
        return tuple(
            _frame(instance, number, _Places(dataset, groups[number - 1] if number <= len(groups) else None, shared))
            for number in range(1, instance.number_of_frames + 1)
        )
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # values are parsed only now, and anything can be in them
        raise UnprocessableError("The image's description is incomplete or wrong.", "bad-header") from error


class _Places:
    """Where to look for an attribute of one frame: its own functional groups, the shared ones, the top."""

    def __init__(self, top: Dataset, own: Dataset | None, shared: Dataset) -> None:
        self._top = top
        self._groups = [group for group in (own, shared) if group is not None]

    def macro(self, sequence: str) -> Dataset:
        """Return the item of a functional group macro, or the top of the data set."""
        for group in self._groups:
            items = group.get(sequence)
            if items:
                item: Dataset = items[0]
                return item
        return self._top


def pixel_element(file: BinaryIO, dataset: Dataset) -> tuple[str, bool, int | None] | None:
    """Return keyword, whether its VR is OW, and byte offset of the value of the element that holds the pixels.

    None where there is none. The file stands where `read_header` left it.
    """
    syntax = dataset.file_meta.get("TransferSyntaxUID", "") if hasattr(dataset, "file_meta") else ""
    if syntax == _DEFLATED:
        return ("PixelData", True, None) if "Rows" in dataset else None
    start = file.tell()
    head = file.read(12)
    order = "big" if syntax == _BIG_ENDIAN else "little"
    group, element = (int.from_bytes(head[i : i + 2], order) for i in (0, 2))  # type: ignore[arg-type]
    keyword = _PIXELS.get(group << 16 | element)
    if keyword is None:
        return None
    # Some files are of another encoding than their syntax says; what the header was read with is the truth.
    implicit = head[4:6] not in _PIXEL_VRS
    return keyword, implicit or head[4:6] == b"OW", start + (8 if implicit else 12)


def _instance(dataset: Dataset, file_uuid: str, keyword: str, words: bool, offset: int | None) -> InstanceEntry:
    frames = int(dataset.get("NumberOfFrames") or 1)
    if not 0 < frames <= MAXIMUM_FRAMES:
        raise ValueError("Number of Frames is out of range.")
    is_integer = keyword == "PixelData"
    bits = int(dataset.BitsAllocated)
    return InstanceEntry(
        file_uuid=file_uuid,
        sop_instance_uid=str(dataset.get("SOPInstanceUID", "")),
        sop_class_uid=str(dataset.get("SOPClassUID", "")),
        instance_number=integer_of(dataset, "InstanceNumber"),
        transfer_syntax_uid=str(dataset.file_meta.get("TransferSyntaxUID", _IMPLICIT)),
        pixel_keyword=keyword,
        pixel_words=words,
        pixel_offset=offset,
        rows=int(dataset.Rows),
        columns=int(dataset.Columns),
        number_of_frames=frames,
        samples_per_pixel=int(dataset.get("SamplesPerPixel") or 1),
        photometric_interpretation=str(dataset.get("PhotometricInterpretation") or "MONOCHROME2").strip(),
        planar_configuration=int(dataset.get("PlanarConfiguration") or 0),
        bits_allocated=bits,
        bits_stored=int(dataset.get("BitsStored") or bits),
        pixel_representation=int(dataset.get("PixelRepresentation") or 0) if is_integer else 1,
        modality=str(dataset.get("Modality") or ""),
        padding=_padding(dataset) if is_integer else None,
        lossy=str(dataset.get("LossyImageCompression", "")) == "01",
        cine=cine_of(dataset),
        modality_lut=bool(dataset.get("ModalityLUTSequence")),
        voi_lut=_has_voi_lut(dataset),
        presentation_inverse=str(dataset.get("PresentationLUTShape", "")) == "INVERSE",
        frame_of_reference_uid=str(dataset.get("FrameOfReferenceUID") or ""),
        acquisition_number=integer_of(dataset, "AcquisitionNumber"),
        content_time=str(dataset.get("ContentTime") or ""),
        patient_orientation=_pair_of_text(dataset.get("PatientOrientation")),
        voi_lut_digest=_voi_lut_digest(dataset),
        overlays=bool(overlay_groups(dataset)),
        shift=_shift(dataset) if is_integer else 0,
        shutter=has_shutter(dataset),
        pixel_aspect_ratio=_aspect(dataset),
        mosaic="MOSAIC" in values_of(dataset.get("ImageType")),
        hanging=hanging_of(dataset),
        uptake=uptake_of(dataset),
        calibration=calibration_of(dataset),
    )


def _has_voi_lut(dataset: Dataset) -> bool:
    """Whether there is a VOI LUT, at the top or in a functional group (PS3.3 C.7.6.16.2.10)."""
    groups = [
        *(dataset.get("SharedFunctionalGroupsSequence") or ()),
        *(dataset.get("PerFrameFunctionalGroupsSequence") or ()),
    ]
    items = (item for group in groups for item in group.get("FrameVOILUTSequence") or ())
    return any(bool(item.get("VOILUTSequence")) for item in (dataset, *items))


def _voi_lut_digest(dataset: Dataset) -> str:
    """Return what is equal for equal VOI LUTs of whole instances; empty where there is none, or one for each frame."""
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [Dataset()])[0].get("FrameVOILUTSequence") or ()
    for item in (*shared, dataset):
        if item.get("VOILUTSequence"):
            table = item.VOILUTSequence[0]
            content = f"{table.get('LUTDescriptor')} {table.get('LUTData')!r}"
            return sha256(content.encode()).hexdigest()[:16]
    return ""


def overlay_groups(dataset: Dataset) -> list[int]:
    """Return the groups 6000 to 601E (hexadecimal, even) in which an overlay plane is described (PS3.3 C.9.2)."""
    return [group for group in range(0x6000, 0x6020, 2) if (group, 0x0010) in dataset and (group, 0x0011) in dataset]


def _shift(dataset: Dataset) -> int:
    """Return how many bits lie below the lowest stored one (PS3.5 section 8.1.1); 0 where High Bit makes no sense."""
    stored, high = int(dataset.get("BitsStored") or 0), integer_of(dataset, "HighBit")
    return high + 1 - stored if high is not None and stored - 1 < high < int(dataset.BitsAllocated) else 0


def _frame(instance: InstanceEntry, number: int, places: _Places) -> FrameEntry:
    measures = places.macro("PixelMeasuresSequence")
    spacing, origin = _spacing(measures)
    if spacing is None:  # enhanced angiography says what it is at the detector elsewhere (PS3.3 C.8.19.6.4)
        spacing, origin = _spacing(places.macro("FramePixelDataPropertiesSequence"))
    position = numbers_of(places.macro("PlanePositionSequence"), "ImagePositionPatient", 3)
    return FrameEntry(
        instance=instance,
        frame=number,
        image_position_patient=(position[0], position[1], position[2]) if position else None,
        image_orientation_patient=numbers_of(places.macro("PlaneOrientationSequence"), "ImageOrientationPatient", 6),
        pixel_spacing=spacing,
        spacing_origin=origin,
        slice_thickness=number_of(measures, "SliceThickness"),
        rescale=_rescale(places.macro("PixelValueTransformationSequence")),
        windows=_windows(places.macro("FrameVOILUTSequence")),
        dimensions=dimensions_of(places.macro),
    )


def _pair_of_text(value: Any) -> tuple[str, str] | None:
    values = [str(item) for item in values_of(value)]
    return (values[0], values[1]) if len(values) == 2 else None


def _spacing(dataset: Dataset) -> tuple[tuple[float, float] | None, str]:
    for keyword in _SPACINGS:
        values = numbers_of(dataset, keyword, 2)
        if values and min(values) > 0:
            return (values[0], values[1]), keyword
    return None, ""


def _aspect(dataset: Dataset) -> tuple[float, float] | None:
    values = numbers_of(dataset, "PixelAspectRatio", 2)
    return (values[0], values[1]) if values and min(values) > 0 else None


def _padding(dataset: Dataset) -> tuple[int, int] | None:
    """Return the inclusive range of padding, in the file's signedness (PS3.3 C.7.5.1.1.2)."""
    ends = [integer_of(dataset, keyword) for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit")]
    if ends[0] is None:
        return None
    signed, bits = int(dataset.get("PixelRepresentation") or 0) == 1, int(dataset.BitsAllocated)
    # Written with the wrong VR, a negative value reads as a large positive one, and the other way round.
    values = [_resign(end, bits, signed) for end in ends if end is not None]
    return min(values), max(values)


def _resign(value: int, bits: int, signed: bool) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if signed and value >> (bits - 1) else value


def _rescale(dataset: Dataset) -> Rescale:
    slope, intercept = number_of(dataset, "RescaleSlope"), number_of(dataset, "RescaleIntercept")
    if slope is None or intercept is None or slope == 0:
        return Rescale()
    unit = str(dataset.get("RescaleType") or "")
    return Rescale(slope, intercept, "" if unit == "US" else unit)


def _windows(dataset: Dataset) -> tuple[WindowPreset, ...]:
    """Return the windows that are valid (PS3.3 C.11.2.1.2), in the file's order."""
    try:
        function = VoiFunction(str(dataset.get("VOILUTFunction") or "LINEAR"))
    except ValueError:
        return ()
    centers, widths = values_of(dataset.get("WindowCenter")), values_of(dataset.get("WindowWidth"))
    explanations = [str(text) for text in values_of(dataset.get("WindowCenterWidthExplanation"))]
    presets = []
    for index, (center, width) in enumerate(zip(centers, widths, strict=False)):
        window = Window(float(center), float(width), function)
        if window.is_valid:
            presets.append(WindowPreset(window, explanations[index] if index < len(explanations) else ""))
    return tuple(presets)
