"""De-identify DICOM files: the Basic Application Level Confidentiality Profile (PS3.15 annex E). Runs in workers only.

The actions of table E.1-1 come from the package dicom-anonymizer; what an action means is decided here, in favour of
removing. Objects whose content is itself text (reports, documents, drawings), or whose pixels say that they show who
the patient is, are refused: nobody can promise that what is left of them names nobody.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from io import BytesIO
from typing import Any

from pydicom import DataElement, Dataset, FileDataset, dcmread
from pydicom.datadict import dictionary_has_tag
from pydicom.dataset import FileMetaDataset
from pydicom.multival import MultiValue

from sightline.errors import UnprocessableError
from sightline.objects.blanking import Rectangle, blank
from sightline.objects.burned_in import Risk, risk_of
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.files import open_file

METHOD = "Sightline: PS3.15-2026c E.1-1, Basic Profile"
"""De-identification Method (0012,0063)."""
_PROFILE = ("113100", "DCM", "Basic Application Confidentiality Profile")


class Option(StrEnum):
    """Options of the profile (PS3.15 E.3) that keep more than it does."""

    CHARACTERISTICS = "characteristics"
    DATES = "dates"


_OPTIONS = {
    Option.CHARACTERISTICS: ("113108", "DCM", "Retain Patient Characteristics Option"),
    Option.DATES: ("113106", "DCM", "Retain Longitudinal Temporal Information Full Dates Option"),
}
_CLEAN_PIXELS = ("113101", "DCM", "Clean Pixel Data Option")
_CHARACTERISTICS = frozenset(
    {0x00100040, 0x00101010, 0x00101020, 0x00101030, 0x00102160, 0x001021A0, 0x001021C0, 0x00102203}
)
"""What table E.1-1 keeps with that option: sex, age, size, weight, ethnic group, smoking, pregnancy, neutered."""
_BIRTH = frozenset({0x00100030, 0x00100032, 0x00100033, 0x00100034})
_TIMES = frozenset({"DA", "DT", "TM"})
_REPEATING = range(0x5000, 0x6100)
"""Groups of curves and overlays, which may hold drawn text."""

_DUMMIES = {
    "AE": "ANONYMOUS", "AS": "000Y", "CS": "ANONYMOUS", "DA": "19000101", "DS": "0", "DT": "19000101000000",
    "FD": 0.0, "FL": 0.0, "IS": "0", "LO": "ANONYMOUS", "LT": "ANONYMOUS", "PN": "ANONYMOUS", "SH": "ANONYMOUS",
    "SL": 0, "SS": 0, "ST": "ANONYMOUS", "TM": "000000", "UC": "ANONYMOUS", "UL": 0, "UR": "urn:anonymous", "US": 0,
    "UT": "ANONYMOUS",
}  # fmt: skip


@dataclass(frozen=True)
class Choices:
    """What a person decided.

    Parameters
    ----------
    options : frozenset of Option
        What is kept beyond the profile.
    is_looked_at : bool
        Whether the person has looked at the pictures and answers for it that nothing readable names the patient,
        but for what `blanked` covers. Only then may a file pass that does not itself say so.
    blanked : tuple of Rectangle
        What is blacked out in every frame.
    """

    options: frozenset[Option] = frozenset()
    is_looked_at: bool = False
    blanked: tuple[Rectangle, ...] = ()

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Choices:
        """Read what `to_json` wrote, in the worker."""
        blanked = tuple(Rectangle(*sides) for sides in value["blanked"])
        return cls(frozenset(map(Option, value["options"])), bool(value["is_looked_at"]), blanked)

    def to_json(self) -> dict[str, Any]:
        """Return the choices as values that go to a worker."""
        return {
            "options": sorted(self.options),
            "is_looked_at": self.is_looked_at,
            "blanked": [[part.left, part.top, part.right, part.bottom] for part in self.blanked],
        }


def study_key(site_key: bytes, study_instance_uid: str) -> bytes:
    """Return the key of a study's new UIDs: a worker never gets the site's."""
    return hmac.digest(site_key, study_instance_uid.encode(), "sha256")


@cache
def actions() -> Mapping[int, str]:
    """Return action by tag: ``remove``, ``empty``, ``dummy``, ``uid``, ``walk``.

    Which Type an attribute is of decides between alternatives (as X/Z/D); the one that fits every Type is taken.
    """
    # Not at the top: only workers need it, and it brings more along.
    from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as table

    chosen = {
        "X_TAGS": "remove", "Z_TAGS": "empty", "X_Z_TAGS": "empty", "D_TAGS": "dummy", "Z_D_TAGS": "dummy",
        "X_D_TAGS": "dummy", "X_Z_D_TAGS": "dummy", "U_TAGS": "uid", "X_Z_U_STAR_TAGS": "walk",
    }  # fmt: skip
    return {
        tag[0] << 16 | tag[1]: action
        for name, action in chosen.items()
        for tag in getattr(table, name)
        if len(tag) == 2
    }


def deidentify_file(arguments: Mapping[str, Any], buffers: Sequence[Buffer], _: Sequence[int]) -> Reply:
    """De-identify one file.

    Arguments: ``file``; ``key``, hexadecimal, of the UIDs that are put in place of those in the file; ``choices``, as
    `Choices.to_json` writes them, or nothing. With choices, a file is refused that may have names in its pixels and
    that nobody has looked at; what is to be blacked out has to have native pixels. The reply has no values; its buffer
    is the new file, in the transfer syntax of the old one.
    """
    choices = Choices.from_json(arguments["choices"]) if "choices" in arguments else Choices()
    with open_file(arguments["file"], buffers) as file:
        dataset = dcmread(file)
    if "choices" in arguments and not choices.is_looked_at and risk_of(dataset) is not Risk.NONE:
        raise _refusal("Nobody has looked whether a name is written into the pixels of this image")
    dataset = deidentified(dataset, bytes.fromhex(arguments["key"]), choices)
    target = BytesIO()
    dataset.save_as(target, enforce_file_format=True)
    return Reply({}, (target.getvalue(),))


def deidentified(dataset: FileDataset, key: bytes, choices: Choices = Choices()) -> FileDataset:
    """Return a data set after de-identification; the one that was given is changed and must not be used any more.

    Parameters
    ----------
    dataset : FileDataset
        As read; its pixel data stay as they are.
    key : bytes
        Of the new UIDs: the same key makes the same UID of the same UID, and without it nobody can.
    choices : Choices
        What a person decided; by default nothing is kept beyond the profile, and nobody has looked.

    Raises
    ------
    UnprocessableError
        Its content cannot be de-identified.

    References
    ----------
    PS3.15 E.1.1 and table E.1-1.
    """
    if str(dataset.get("BurnedInAnnotation", "")) == "YES" and not choices.is_looked_at:
        raise _refusal("Who the patient is, is written into the pixels of this image")
    if choices.blanked:
        blank(dataset, choices.blanked)
    _clean(dataset, key, choices.options)
    dataset.PatientIdentityRemoved = "YES"
    dataset.LongitudinalTemporalInformationModified = "UNMODIFIED" if Option.DATES in choices.options else "REMOVED"
    dataset.DeidentificationMethod = METHOD
    codes = [_PROFILE, *(_OPTIONS[option] for option in sorted(choices.options))]
    if choices.is_looked_at and "Rows" in dataset:
        dataset.BurnedInAnnotation = "NO"
        codes += [_CLEAN_PIXELS] if choices.blanked else []
    dataset.DeidentificationMethodCodeSequence = [_code(*code) for code in codes]
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = dataset.file_meta.TransferSyntaxUID
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta = meta
    dataset.preamble = b"\0" * 128
    return dataset


def new_uid(uid: str, key: bytes) -> str:
    """Return the UID that stands in place of another (PS3.5 B.2: derived from a UUID).

    >>> new_uid("1.2.3", b"key") == new_uid("1.2.3", b"key") != new_uid("1.2.3", b"other key")
    True
    """
    digest = bytearray(hmac.digest(key, uid.encode(), hashlib.sha256)[:16])
    digest[6] = digest[6] & 0x0F | 0x80  # version 8 of RFC 9562: made in a way of one's own
    digest[8] = digest[8] & 0x3F | 0x80
    return f"2.25.{int.from_bytes(digest)}"


def _clean(dataset: Dataset, key: bytes, options: frozenset[Option]) -> None:
    """Apply the actions to a data set and to all within it. What the standard does not know is removed."""
    for tag in list(dataset.keys()):
        if tag.is_private or tag.group in _REPEATING or not dictionary_has_tag(tag):
            del dataset[tag]
            continue
        action = None if _is_kept(dataset, int(tag), options) else actions().get(int(tag))
        if action == "remove":
            del dataset[tag]
        elif action == "empty":
            dataset[tag].clear()
        elif action == "dummy":
            _give_dummy(dataset[tag])
        elif action == "uid":
            _give_uid(dataset[tag], key)
        elif dataset[tag].VR == "SQ":
            for item in dataset[tag].value:
                _clean(item, key, options)


def _is_kept(dataset: Dataset, tag: int, options: frozenset[Option]) -> bool:
    """Whether an option keeps an attribute that the profile would not."""
    if tag in _CHARACTERISTICS:
        return Option.CHARACTERISTICS in options
    return Option.DATES in options and tag not in _BIRTH and dataset[tag].VR in _TIMES


def _give_dummy(element: DataElement) -> None:
    if not element.value:
        return
    if element.VR not in _DUMMIES:
        raise _refusal("This object holds content that may name the patient")
    element.value = _DUMMIES[element.VR]


def _give_uid(element: DataElement, key: bytes) -> None:
    if element.VR != "UI":
        raise _refusal("This object has a UID of an unknown kind")
    values = element.value if isinstance(element.value, MultiValue) else [element.value]
    changed = [new_uid(str(value), key) for value in values if value]
    element.value = changed if len(changed) != 1 else changed[0]


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _refusal(reason: str) -> UnprocessableError:
    return UnprocessableError(f"{reason}; it cannot be de-identified.", "not-deidentifiable")
