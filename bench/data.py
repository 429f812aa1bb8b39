"""What the servers hold while they are measured: one large CT series, many small studies, and a large archive."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import numpy as np
from pydicom.dataset import FileDataset
from pydicom.uid import UID

from demo.phantom import chest_ct
from tests.support.dicom_files import image_file

CT_STUDY, CT_SERIES = "1.2.826.0.1.3680043.10.1", "1.2.826.0.1.3680043.10.1.1"
_DIFFERENT = 12
_FAMILY_NAMES = ("Hansen", "Meier", "Rossi", "Okafor", "Müller", "Jensen", "Sato", "Novak", "Clemens", "Robins")
_MODALITIES = ("CT", "MR", "US", "CR")


def ct_instances(count: int, study: str = CT_STUDY, series: str = CT_SERIES) -> list[bytes]:
    """Return a CT series of `count` slices of 512 x 512 with 16 bits; a few different pictures, moved a little."""
    templates = list(chest_ct(_DIFFERENT, 512))
    return [_slice(templates[index % _DIFFERENT], index, study, series) for index in range(count)]


def _slice(template: FileDataset, index: int, study: str, series: str) -> bytes:
    template.StudyInstanceUID, template.SeriesInstanceUID = study, series
    template.SOPInstanceUID = template.file_meta.MediaStorageSOPInstanceUID = UID(f"{series}.{index + 1}")
    template.InstanceNumber = index + 1
    template.ImagePositionPatient = [-200, -200, index * 0.6]
    template.SliceLocation = index * 0.6
    pixels = np.frombuffer(template.PixelData, np.uint16).reshape(512, 512)
    template.PixelData = np.roll(pixels, index % 37, axis=1).tobytes()
    content = BytesIO()
    template.save_as(content, enforce_file_format=True)
    return content.getvalue()


def small_studies(count: int) -> Iterator[bytes]:
    """Yield studies of one small image each, with names, dates and modalities that searches can tell apart."""
    pixels = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
    for number in range(count):
        yield image_file(
            pixels,
            PatientID=f"B{number:06}",
            PatientName=f"{_FAMILY_NAMES[number % 10]}^Given{number % 97}",
            StudyInstanceUID=f"1.2.826.0.1.3680043.11.{number + 1}",
            SeriesInstanceUID=f"1.2.826.0.1.3680043.11.{number + 1}.1",
            SOPInstanceUID=f"1.2.826.0.1.3680043.11.{number + 1}.1.1",
            StudyDate=f"2026{number % 12 + 1:02}{number % 28 + 1:02}",
            AccessionNumber=f"A{number}",
            StudyDescription=f"Study {number % 50}",
            Modality=_MODALITIES[number % 4],
            SpecificCharacterSet="ISO_IR 192",
        )


def filling(count: int, per_series: int = 500) -> Iterator[bytes]:
    """Yield tiny instances that make an archive large."""
    pixels = np.zeros((2, 2), np.uint16)
    for number in range(count):
        series = number // per_series
        yield image_file(
            pixels,
            PatientID=f"F{series:06}",
            StudyInstanceUID=f"1.2.826.0.1.3680043.12.{series + 1}",
            SeriesInstanceUID=f"1.2.826.0.1.3680043.12.{series + 1}.1",
            SOPInstanceUID=f"1.2.826.0.1.3680043.12.{series + 1}.1.{number + 1}",
            InstanceNumber=number + 1,
        )
