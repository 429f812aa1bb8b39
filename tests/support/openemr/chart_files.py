"""What people upload to a chart: DICOM files of other hospitals, one or a zip of many."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np

from tests.support.dicom_files import image_file

PIXELS = np.arange(12, dtype=np.uint16).reshape(3, 4)


def dicom(number: int = 1, **attributes: Any) -> bytes:
    """Return a file as another hospital wrote it: its own number for John Smith."""
    values = {
        "PatientID": "X-17", "IssuerOfPatientID": "ELSEWHERE", "PatientName": "SMITH^JOHN",
        "PatientBirthDate": "19800101", "StudyInstanceUID": "1.2.826.0.9.1", "SeriesInstanceUID": "1.2.826.0.9.1.1",
        "SOPInstanceUID": f"1.2.826.0.9.1.1.{number}", "StudyDescription": "CT from elsewhere",
    }  # fmt: skip
    return image_file(PIXELS, **values | attributes)


def zipped(files: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip archive of these files."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()
