"""A site with the studies of two patients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.support.dicom_files import image_file
from tests.support.fhir_site import FhirSite

PIXELS = np.zeros((2, 2), np.uint16)
STUDIES = (
    {"StudyInstanceUID": "1.2.1", "PatientID": "P1", "AccessionNumber": "A1", "StudyDate": "20260102"},
    {
        "StudyInstanceUID": "1.2.2",
        "PatientID": "P1",
        "AccessionNumber": "A2",
        "StudyDate": "20260203",
        "Modality": "MR",
    },
    {"StudyInstanceUID": "1.2.3", "PatientID": "P2", "AccessionNumber": "A3", "StudyDate": "20260304"},
    {"StudyInstanceUID": "1.2.4", "PatientID": "P1", "StudyDate": ""},
)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[FhirSite]:
    files = [
        image_file(
            PIXELS,
            **study,
            SeriesInstanceUID=f"{study['StudyInstanceUID']}.{series}",
            SeriesNumber=3 - series,
            SOPInstanceUID=f"{study['StudyInstanceUID']}.{series}.{number}",
            InstanceNumber=number,
            BodyPartExamined="CHEST",
            SeriesDescription=f"Series {series}",
            StudyDescription="Chest",
            ReferringPhysicianName="Hill^Ann^B=x",
        )
        for study in STUDIES
        for series in (1, 2)
        for number in (1, 2)
    ]
    opened = FhirSite(tmp_path, files)
    yield opened
    opened.close()
