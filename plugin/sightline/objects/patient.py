"""What a stored file says of its patient. Runs in workers only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sightline.rendering.attributes import text_of
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.files import open_file
from sightline.rendering.headers import read_header

_KEYWORDS = ("PatientName", "PatientBirthDate", "IssuerOfPatientID")


def read_patient(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Read name, birth date and issuer of the patient from a file, as texts by keyword. Arguments: ``file``.

    Raises
    ------
    UnprocessableError
        It is not a DICOM file that can be read.
    """
    with open_file(arguments["file"], buffers) as file:
        dataset = read_header(file)
        return Reply({keyword: text_of(dataset, keyword) for keyword in _KEYWORDS})
