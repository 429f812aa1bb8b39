"""Small DICOM files made on the spot, with every value chosen by the test."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, CTImageStorage, EnhancedCTImageStorage, ExplicitVRLittleEndian, generate_uid

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)


def image_file(pixels: NDArray[Any], **attributes: Any) -> bytes:
    """Return one Part 10 file (Explicit VR Little Endian) of these pixels.

    Parameters
    ----------
    pixels : array
        (rows, columns), (frames, rows, columns), or with 3 samples last; uint8, int8, uint16 or int16.
    **attributes
        DICOM keywords that replace or extend what a CT of one study and one series has. None leaves one out.
    """
    dataset = Dataset()
    colour = attributes.get("SamplesPerPixel", 1) == 3
    shape = pixels.shape[:-1] if colour else pixels.shape
    defaults: dict[str, Any] = {
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": generate_uid(),
        "StudyInstanceUID": "1.2.826.0.1.1",
        "SeriesInstanceUID": "1.2.826.0.1.1.1",
        "PatientID": "P1",
        "PatientName": "Test^Patient",
        "StudyDate": "20260102",
        "StudyTime": "101500",
        "Modality": "CT",
        "Rows": shape[-2],
        "Columns": shape[-1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "RGB" if colour else "MONOCHROME2",
        "BitsAllocated": pixels.dtype.itemsize * 8,
        "BitsStored": pixels.dtype.itemsize * 8,
        "HighBit": pixels.dtype.itemsize * 8 - 1,
        "PixelRepresentation": int(pixels.dtype.kind == "i"),
        "PixelData": pixels.astype(pixels.dtype.newbyteorder("<")).tobytes() + b"\0" * (pixels.nbytes % 2),
    }
    if colour:
        defaults["PlanarConfiguration"] = 0
    if len(shape) == 3:
        defaults["NumberOfFrames"] = shape[0]
    for keyword, value in (defaults | attributes).items():
        if value is not None:
            setattr(dataset, keyword, list(value) if isinstance(value, tuple) else value)
    dataset["PixelData"].VR = "OW" if pixels.dtype.itemsize > 1 else "OB"
    return part_10(dataset)


def part_10(dataset: Dataset, transfer_syntax_uid: str = ExplicitVRLittleEndian) -> bytes:
    """Return the data set as a Part 10 file."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(transfer_syntax_uid)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    target = BytesIO()
    dcmwrite(target, dataset, enforce_file_format=True)
    return target.getvalue()


def slices_of(
    volume: NDArray[Any],
    positions: Any,
    orientation: tuple[float, ...] = AXIAL,
    spacing: tuple[float, float] = (1.0, 1.0),
    **attributes: Any,
) -> list[bytes]:
    """Return one file per slice of `volume` (slices, rows, columns), at these Image Positions (Patient)."""
    return [
        image_file(
            plane,
            ImagePositionPatient=tuple(float(x) for x in position),
            ImageOrientationPatient=orientation,
            PixelSpacing=spacing,
            InstanceNumber=number,
            **attributes,
        )
        for number, (plane, position) in enumerate(zip(np.asarray(volume), positions, strict=True), start=1)
    ]


def volume_file(pixels: NDArray[Any], spacing: tuple[float, float], distance: float, **attributes: Any) -> bytes:
    """Return one file of many frames: axial slices, so many mm apart from z = 0 upwards (PS3.3 C.7.6.16)."""

    def item(**values: Any) -> Dataset:
        made = Dataset()
        for keyword, value in values.items():
            setattr(made, keyword, value)
        return made

    places = [item(ImagePositionPatient=[0.0, 0.0, distance * k]) for k in range(len(pixels))]
    shared = item(
        PlaneOrientationSequence=Sequence([item(ImageOrientationPatient=list(AXIAL))]),
        PixelMeasuresSequence=Sequence([item(PixelSpacing=list(spacing))]),
    )
    frames = [item(PlanePositionSequence=Sequence([place])) for place in places]
    settings = {
        "SOPClassUID": EnhancedCTImageStorage,
        "SharedFunctionalGroupsSequence": Sequence([shared]),
        "PerFrameFunctionalGroupsSequence": Sequence(frames),
    }
    return image_file(pixels, **(settings | attributes))
