"""Whose file it is: the same as pydicom reads, from every encoding, and nothing at all rather than a guess."""

from __future__ import annotations

from pathlib import Path
from struct import pack

import pydicom
import pydicom.data
import pytest

from sightline.archive.identity import Identity, identify
from tests.support.corpus import corpus_files
from tests.unit.archive.test_nesting import BIG, DEFLATED, EXPLICIT, IMPLICIT, element, nested, part10

FIELDS = {
    "sop_class_uid": "SOPClassUID",
    "sop_instance_uid": "SOPInstanceUID",
    "patient_id": "PatientID",
    "study_instance_uid": "StudyInstanceUID",
    "series_instance_uid": "SeriesInstanceUID",
}


def body(syntax: str, between: bytes = b"") -> bytes:
    """Return a data set that says whose it is, with something before the last identifiers."""
    values = {(0x10, 0x20): ("LO", b"P 7 "), (0x20, 0xD): ("UI", b"1.2.3\0"), (0x20, 0xE): ("UI", b"1.2.3.4\0")}
    elements = [element(syntax, tag, vr, value) for tag, (vr, value) in values.items()]
    return elements[0] + between + b"".join(elements[1:])


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG, DEFLATED])
def test_every_encoding(syntax: str) -> None:
    """Padding goes, inner blanks stay, and what a sequence says of others is not taken for the file's own."""
    other = element(syntax, (0x20, 0xD), "UI", b"9.9.9\0")
    item = element(syntax, (0xFFFE, 0xE000), "", other)
    referenced = element(syntax, (0x18, 0x9346), "SQ", item)
    found = identify(part10(syntax, body(syntax, referenced)))
    assert found == Identity("", "1.2.3.45", "P 7", "1.2.3", "1.2.3.4")


def test_nothing_rather_than_a_guess() -> None:
    """What is no DICOM file, ends early or nests too deeply says nothing, and harms nobody."""
    assert identify(b"") == identify(b"no DICOM at all, but long enough") == Identity()
    assert identify(part10(EXPLICIT, nested(EXPLICIT, 5_000, defined=False, tag=(0x18, 0x9346)))) == Identity()
    endless = element(EXPLICIT, (0x10, 0x20), "LO", b"P7", 60_000)
    assert identify(part10(EXPLICIT, endless)).study_instance_uid == ""
    assert len(identify(part10(IMPLICIT, pack("<HHL", 0x10, 0x20, 1 << 30) + b"7" * 5_000)).patient_id) <= 64


@pytest.mark.filterwarnings("ignore")
def test_as_pydicom_reads() -> None:
    """Every real file that is regular enough to be walked says the same as it says to pydicom."""
    shipped = Path(str(pydicom.data.__file__)).parent / "test_files"
    paths = [*sorted(shipped.rglob("*.dcm")), *corpus_files()]
    compared = sum(_is_as_pydicom_reads(path) for path in paths)
    assert compared > 0.8 * len(paths) > 50


def _is_as_pydicom_reads(path: Path) -> bool:
    """Whether the file could be compared; one whose meta header contradicts itself says nothing."""
    content = path.read_bytes()
    found = identify(content)
    if found == Identity():
        return False
    try:
        expected = pydicom.dcmread(path, force=True, stop_before_pixels=True)
    except (OSError, RecursionError):  # broken on purpose
        return False
    for name, keyword in FIELDS.items():
        raw = expected.get_item(keyword)
        value = raw.value if raw is not None else b""
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value or "")
        assert getattr(found, name) == text.strip("\0 ")[:64], path
    return True
