"""The query parameters of a search (PS3.18 sections 8.3.4 and 10.6.1), as the archive wants them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pydicom.datadict import dictionary_has_tag, keyword_for_tag, tag_for_keyword
from werkzeug.datastructures import MultiDict

from sightline.archive.protocol import Level, Query
from sightline.dicomweb.dicom_json import value_representation
from sightline.errors import BadRequestError

MAXIMUM_RESULTS = 10_000
"""A search over the whole archive returns at most so many; the rest is had by `offset`."""

_PARENTS: dict[Level, tuple[str, ...]] = {
    Level.STUDY: (),
    Level.SERIES: ("StudyInstanceUID",),
    Level.INSTANCE: ("StudyInstanceUID", "SeriesInstanceUID"),
}
_DEFAULT = {
    Level.STUDY: "StudyDate StudyTime AccessionNumber ModalitiesInStudy ReferringPhysicianName PatientName PatientID "
    "PatientBirthDate PatientSex StudyInstanceUID StudyID NumberOfStudyRelatedSeries NumberOfStudyRelatedInstances",
    Level.SERIES: "Modality SeriesDescription SeriesInstanceUID SeriesNumber NumberOfSeriesRelatedInstances "
    "PerformedProcedureStepStartDate PerformedProcedureStepStartTime",
    Level.INSTANCE: "SOPClassUID SOPInstanceUID InstanceNumber Rows Columns BitsAllocated NumberOfFrames",
}

DEFAULT_ATTRIBUTES = {level: tuple(names.split()) for level, names in _DEFAULT.items()}
"""What each result has without being asked (PS3.18 tables 10.6.3-3 to 10.6.3-5), as far as an archive knows it."""

_MORE = {
    Level.STUDY: "StudyDescription IssuerOfPatientID InstitutionName RequestedProcedureDescription PatientAge "
    "PatientSize PatientWeight PatientComments OtherPatientIDs NameOfPhysiciansReadingStudy",
    Level.SERIES: "SeriesDate SeriesTime BodyPartExamined Laterality ProtocolName PerformingPhysicianName "
    "OperatorsName Manufacturer StationName InstitutionName PatientPosition FrameOfReferenceUID",
    Level.INSTANCE: "AcquisitionNumber ImageType ContentDate ContentTime PixelSpacing SliceThickness "
    "ImagePositionPatient ImageOrientationPatient PhotometricInterpretation SamplesPerPixel BitsStored HighBit "
    "PixelRepresentation WindowCenter WindowWidth RescaleIntercept RescaleSlope EchoTime RepetitionTime",
}

ALL_ATTRIBUTES = {level: (*DEFAULT_ATTRIBUTES[level], *_MORE[level].split()) for level in Level}
"""What ``includefield=all`` stands for at each level."""

_STUDY_KEYS = frozenset(ALL_ATTRIBUTES[Level.STUDY]) | {"SpecificCharacterSet", "TimezoneOffsetFromUTC"}
_SERIES_KEYS = frozenset(ALL_ATTRIBUTES[Level.SERIES])

_RESERVED = frozenset(
    {"limit", "offset", "includefield", "fuzzymatching", "accept", "charset"}
    | {"emptyvaluematching", "multiplevaluematching"}
)
_FORMS = {
    "DA": re.compile(r"\d{8}(-(\d{8})?)?|-\d{8}"),
    "TM": re.compile(r"\d{2,6}(\.\d{1,6})?(-(\d{2,6}(\.\d{1,6})?)?)?|-\d{2,6}(\.\d{1,6})?"),
    "UI": re.compile(r"[0-9.*?]{1,64}(\\[0-9.*?]{1,64})*"),
}
_LONGEST_VALUE = 65_536


@dataclass(frozen=True)
class Search:
    """A search as asked: the archive's query, the attributes of each result, and what could not be honoured."""

    query: Query
    attributes: tuple[str, ...]
    warnings: tuple[str, ...]


def parse_search(
    parameters: MultiDict[str, str], level: Level, study: str | None = None, series: str | None = None
) -> Search:
    """Read a search below the archive, a study or a series.

    Keys are keywords or tags. Lists of UIDs are separated by commas or backslashes, lists in `includefield` by commas
    or by repetition. What is a DICOM attribute but cannot be matched at this level is ignored with a warning, as
    PS3.18 has it.

    Raises
    ------
    BadRequestError
        A key is no DICOM attribute, or a value is malformed; the message names it.
    """
    matches: dict[str, str] = {}
    wanted: list[str] = []
    warnings: list[str] = []
    for name, value in parameters.items(multi=True):
        if name.lower() in _RESERVED:
            continue
        keyword = _keyword(name)
        if keyword is None or not _searchable(keyword, level):
            warnings.append(f"The key {name[:80]} is not supported at this level and was ignored.")
        elif value in ("", "*"):
            wanted.append(keyword)
        elif keyword in matches:
            raise BadRequestError(f"The key '{keyword}' is given twice.")
        else:
            matches[keyword] = _value(keyword, value)
    if _flag(parameters, "fuzzymatching"):
        warnings.append("The fuzzymatching parameter is not supported. Only literal matching has been performed.")
    attributes = _attributes(level, study, series, [*matches, *wanted, *_included(parameters, level)])
    limit, offset = _count(parameters, "limit"), _count(parameters, "offset")
    if study is None and not 0 < limit <= MAXIMUM_RESULTS:
        limit = MAXIMUM_RESULTS
    query = Query(level, matches, study, series, attributes, limit, offset)
    return Search(query, attributes, tuple(warnings))


def _keyword(name: str) -> str | None:
    """Return the keyword of a key; None for what is DICOM but cannot be searched for (private, nested).

    Raises
    ------
    BadRequestError
        It is no DICOM attribute.
    """
    for part in name.split("."):
        is_tag = re.fullmatch(r"[0-9A-Fa-f]{8}", part) is not None
        if not is_tag and tag_for_keyword(part) is None:
            raise BadRequestError(f"'{name[:80]}' is neither a DICOM attribute nor a parameter of a search.")
    if "." in name:
        return None
    if not is_tag:
        return name
    tag = int(name, 16)
    return keyword_for_tag(tag) or None if dictionary_has_tag(tag) else None


def _searchable(keyword: str, level: Level) -> bool:
    """Whether results at this level have one value of that attribute."""
    if value_representation(keyword) in ("SQ", "OB", "OW", "OF", "OD", "OL", "OV", "UN"):
        return False
    if keyword in _STUDY_KEYS:
        return True
    return level is Level.INSTANCE or (level is Level.SERIES and keyword in _SERIES_KEYS)


def _value(keyword: str, value: str) -> str:
    """Check a value and return it as PS3.4 C.2.2.2 writes it."""
    vr = value_representation(keyword)
    if vr == "UI":
        value = value.replace(",", "\\")
    form = _FORMS.get(vr)
    if (form and not form.fullmatch(value)) or len(value) > _LONGEST_VALUE or "\0" in value:
        raise BadRequestError(f"The value of '{keyword}' is no valid {vr} to search for.")
    return value


def _included(parameters: MultiDict[str, str], level: Level) -> Iterable[str]:
    """Yield the keywords that `includefield` asks for and that results at this level can have."""
    names = (name.strip() for value in parameters.getlist("includefield") for name in value.split(","))
    for name in filter(None, names):
        if name.lower() == "all":
            yield from ALL_ATTRIBUTES[level]
            continue
        keyword = _keyword(name)
        if keyword is not None and _searchable(keyword, level):
            yield keyword


def _attributes(level: Level, study: str | None, series: str | None, more: Iterable[str]) -> tuple[str, ...]:
    """Return the attributes of each result once: those of the levels above only where the path does not say."""
    keywords = [*_PARENTS[level], *DEFAULT_ATTRIBUTES[level]]
    if level is not Level.STUDY and study is None:
        keywords += DEFAULT_ATTRIBUTES[Level.STUDY]
    if level is Level.INSTANCE and series is None:
        keywords += DEFAULT_ATTRIBUTES[Level.SERIES]
    return tuple(dict.fromkeys([*keywords, *more]))


def _count(parameters: MultiDict[str, str], name: str) -> int:
    text = parameters.get(name, "0")
    if not re.fullmatch(r"\d{1,9}", text):
        raise BadRequestError(f"'{name}' must be a whole number, not negative.")
    return int(text)


def _flag(parameters: MultiDict[str, str], name: str) -> bool:
    text = parameters.get(name, "false").lower()
    if text not in ("true", "false"):
        raise BadRequestError(f"'{name}' must be true or false.")
    return text == "true"
