"""DICOM files in a document of a chart, one or a zip of many: whose they are, and as files of this archive's patient.

Runs in workers only: what comes from a chart is as untrusted as any upload.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from copy import deepcopy
from io import BytesIO
from typing import Any

from pydicom import Dataset, dcmread, dcmwrite
from pydicom.uid import MediaStorageDirectoryStorage

from sightline.archive.nesting import check_nesting
from sightline.errors import SightlineError, TooLargeError, UnprocessableError
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.headers import read_header

MOST_ENTRIES = 20_000
LARGEST_FILE = 512 << 20
MOST_BYTES = 2 << 30
"""Of all files in one document, unpacked."""
_LARGEST_RATIO = 200
_SMALL = 1 << 20
"""Less than this is unpacked whatever it was packed into."""
_LONGEST = 128
_ZIP = b"PK\x03\x04"
_TOLD = {
    "patientName": "PatientName", "patientId": "PatientID", "issuer": "IssuerOfPatientID",
    "birthDate": "PatientBirthDate", "sex": "PatientSex", "study": "StudyInstanceUID",
    "series": "SeriesInstanceUID", "instance": "SOPInstanceUID", "studyDate": "StudyDate",
    "description": "StudyDescription", "modality": "Modality",
}  # fmt: skip


def read_chart_files(_arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Tell whose files a document holds.

    The only buffer is the document. The reply has ``files``, each with its number ``index`` in the document and the
    attributes of `_TOLD`, and ``others``, how many files are no DICOM that could be stored.

    Raises
    ------
    TooLargeError
        It unpacks to more than is bearable (``zip-too-large``).
    UnprocessableError
        It is a zip archive that cannot be read (``unreadable``).
    """
    files, others = [], 0
    for index, content in _entries(buffers[0]):
        told = _told(content)
        if told is None:
            others += 1
        else:
            files.append({"index": index, **told})
    return Reply({"files": files, "others": others})


def take_chart_files(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Return files of a document as those of one patient.

    Arguments: ``indices``; ``patient_id`` and ``issuer``, which the files are given; ``moment``, when, as DT. A file
    that has these is returned byte for byte. In others the values before are noted (PS3.3 C.12.1, Original Attributes
    Sequence); UIDs stay, since it is the same image. The buffers of the reply are the files.
    """
    wanted = set(arguments["indices"])
    taken = [_reconciled(content, arguments) for index, content in _entries(buffers[0]) if index in wanted]
    return Reply({}, tuple(taken))


def _entries(document: Buffer) -> Iterator[tuple[int, bytes]]:
    """Give each file of a document with its number; what is no zip archive is one file."""
    content = bytes(document)
    if not content.startswith(_ZIP):
        yield 0, content
        return
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            rows = archive.infolist()
            _bound(rows)
            for index, row in enumerate(rows):
                if not row.is_dir() and not row.flag_bits & 1:
                    yield index, _unpacked(archive, row)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError) as error:
        raise UnprocessableError("This zip archive cannot be read.", "unreadable") from error


def _bound(rows: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse before anything is unpacked; sizes that lie are found while unpacking."""
    is_bomb = any(row.file_size > max(_SMALL, _LARGEST_RATIO * row.compress_size) for row in rows)
    if (
        len(rows) > MOST_ENTRIES
        or sum(row.file_size for row in rows) > MOST_BYTES
        or any(row.file_size > LARGEST_FILE for row in rows)
        or is_bomb
    ):
        raise TooLargeError("This zip archive unpacks to more than is taken from a chart.", "zip-too-large")


def _unpacked(archive: zipfile.ZipFile, row: zipfile.ZipInfo) -> bytes:
    with archive.open(row) as file:
        content = file.read(row.file_size + 1)
    if len(content) > row.file_size:
        raise TooLargeError("This zip archive unpacks to more than it says.", "zip-too-large")
    return content


def _told(content: bytes) -> dict[str, str] | None:
    """Return whose file it is; None for what is no DICOM file, or lists others (DICOMDIR)."""
    if content[128:132] != b"DICM":
        return None
    try:
        check_nesting(content)
        dataset = read_header(BytesIO(content))
        told = {name: str(dataset.get(keyword, "") or "").strip()[:_LONGEST] for name, keyword in _TOLD.items()}
    except (SightlineError, ValueError, TypeError, LookupError):
        return None
    is_directory = dataset.file_meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage
    return told if told["study"] and told["series"] and told["instance"] and not is_directory else None


def _reconciled(content: bytes, arguments: dict[str, Any]) -> bytes:
    check_nesting(content)
    dataset = dcmread(BytesIO(content))
    patient_id, issuer = arguments["patient_id"], arguments["issuer"]
    is_same = str(dataset.get("PatientID", "") or "").strip() == patient_id
    if is_same and (not issuer or str(dataset.get("IssuerOfPatientID", "") or "").strip() == issuer):
        return content
    before = Dataset()
    for keyword in ("PatientID", "IssuerOfPatientID"):
        if keyword in dataset:
            before[keyword] = deepcopy(dataset[keyword])
    if "PatientID" not in before:
        before.PatientID = ""
    item = Dataset()
    item.AttributeModificationDateTime = arguments["moment"]
    item.ModifyingSystem = "Sightline"
    item.SourceOfPreviousValues = ""
    item.ReasonForTheAttributeModification = "COERCE"
    item.ModifiedAttributesSequence = [before]
    dataset.OriginalAttributesSequence = [*dataset.get("OriginalAttributesSequence", ()), item]
    dataset.PatientID = patient_id
    # Whoever gave the number before does not vouch for this one.
    if issuer:
        dataset.IssuerOfPatientID = issuer
    elif "IssuerOfPatientID" in dataset:
        del dataset.IssuerOfPatientID
    target = BytesIO()
    dcmwrite(target, dataset, enforce_file_format=True)
    return target.getvalue()
