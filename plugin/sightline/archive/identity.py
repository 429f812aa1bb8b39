"""Whose file it is, read from its bytes without recursion and without a parser that untrusted bytes could harm."""

from __future__ import annotations

from dataclasses import dataclass

from sightline.archive.encoded import UNDEFINED_LENGTH, EncodedDataset, open_dataset
from sightline.archive.walk import LostError, Walk
from sightline.errors import UnprocessableError

_KEYWORDS = {
    0x00080016: "sop_class_uid",
    0x00080018: "sop_instance_uid",
    0x00100020: "patient_id",
    0x0020000D: "study_instance_uid",
    0x0020000E: "series_instance_uid",
}
_LAST = max(_KEYWORDS)
_LONGEST = 64
_LEVELS = 32


@dataclass(frozen=True)
class Identity:
    """UIDs and PatientID as a file encodes them, padding removed; empty where it does not say.

    Whether a UID is a valid one is for the archive to say. Letters beyond ASCII are not decoded: Latin-1 stands for the
    bytes.
    """

    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    patient_id: str = ""
    study_instance_uid: str = ""
    series_instance_uid: str = ""


def identify(content: bytes | memoryview) -> Identity:
    """Return whose file it is; what cannot be found stays empty. Reads no further than the Series Instance UID.

    Parameters
    ----------
    content : bytes or memoryview
        A DICOM file (PS3.10), or a data set without preamble and meta header.

    References
    ----------
    PS3.3 sections C.7.1.1, C.7.2.1, C.7.3.1 and C.12.1.
    """
    try:
        walk = _IdentityWalk(open_dataset(content))
        walk.run()
    except (LostError, UnprocessableError):
        return Identity()
    return Identity(**walk.values)


class _IdentityWalk(Walk):
    def __init__(self, dataset: EncodedDataset) -> None:
        super().__init__(dataset, _LEVELS)
        self.values: dict[str, str] = {}

    def at_top(self, tag: int, length: int) -> None:
        """Keep what is wanted; elements come in ascending order (PS3.5 section 7.1)."""
        if tag > _LAST:
            self.is_over = True
        keyword = _KEYWORDS.get(tag)
        if keyword is not None and length != UNDEFINED_LENGTH:
            value = self.source.at(self.position, min(length, _LONGEST))
            self.values[keyword] = value.decode("latin-1").strip("\0 ")
