"""The query parameters of a search (PS3.18 sections 8.3.4 and 10.6.1): for the archive, and for files' headers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydicom.datadict import keyword_for_tag, tag_for_keyword
from werkzeug.datastructures import MultiDict

from sightline.archive.protocol import Level, Query
from sightline.dicomweb.dicom_json import tag_text, value_representation
from sightline.dicomweb.matching import parse_range
from sightline.errors import BadRequestError
from sightline.uids import LONGEST_UID

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

_INDEXED = {
    Level.STUDY: "StudyDescription RequestedProcedureDescription InstitutionName RequestingPhysician OtherPatientIDs",
    Level.SERIES: "SeriesDate SeriesTime Manufacturer StationName BodyPartExamined SequenceName ProtocolName "
    "OperatorsName PerformedProcedureStepDescription ContrastBolusAgent CardiacNumberOfImages ImagesInAcquisition "
    "NumberOfTemporalPositions NumberOfSlices NumberOfTimeSlices SeriesType ImageOrientationPatient",
    Level.INSTANCE: "InstanceCreationDate InstanceCreationTime ImageIndex TemporalPositionIdentifier ImageComments "
    + _MORE[Level.INSTANCE],
}
SUPERSET_ATTRIBUTES = {level: (*DEFAULT_ATTRIBUTES[level], *names.split()) for level, names in _INDEXED.items()}
"""What stands for an `includefield` that may have been repeated, where the server keeps the last one only.

At the levels of studies and series it is what Orthanc's index has, so that it costs no reading of files.
"""

_STUDY_KEYS = frozenset(ALL_ATTRIBUTES[Level.STUDY]) | {"SpecificCharacterSet", "TimezoneOffsetFromUTC"}
_SERIES_KEYS = frozenset(ALL_ATTRIBUTES[Level.SERIES])
_INSTANCE_KEYS = frozenset(ALL_ATTRIBUTES[Level.INSTANCE])

_RESERVED = frozenset(
    {"limit", "offset", "includefield", "fuzzymatching", "accept", "charset"}
    | {"emptyvaluematching", "multiplevaluematching"}
)
_FORMS = {
    "UI": re.compile(rf"[0-9.*?]{{1,{LONGEST_UID}}}(\\[0-9.*?]{{1,{LONGEST_UID}}})*"),
    "IS": re.compile(r"[+-]?\d{1,12}"),
    "DS": re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?"),
    "US": re.compile(r"[+-]?\d{1,12}"),
}
_NOT_COMPARABLE = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ"})
_LONGEST_VALUE = 65_536
_MOST_PATHS = 100


@dataclass(frozen=True)
class Search:
    """A search as asked.

    Parameters
    ----------
    query : Query
        For the archive.
    attributes : tuple of str
        Keywords that each result has.
    warnings : tuple of str
        What could not be honoured, in sentences.
    names : Mapping
        Keyword -> person's name that has to match nearly rather than literally.
    header_keys : tuple of (str, str)
        Paths of tags, with dots between, and what files' headers have to have there.
    header_fields : tuple of str
        Paths of what each result has from its file's header.
    """

    query: Query
    attributes: tuple[str, ...]
    warnings: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    header_keys: tuple[tuple[str, str], ...] = ()
    header_fields: tuple[str, ...] = ()


@dataclass
class _Reading:
    """What has been understood of the parameters so far."""

    level: Level
    fuzzy: bool
    matches: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    header_keys: dict[str, str] = field(default_factory=dict)
    wanted: list[str] = field(default_factory=list)
    header_fields: dict[str, None] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def key(self, name: str, value: str) -> None:
        """Take one key and its value."""
        path = _path(name)
        keyword, vr = _keyword(path), _vr(path)
        if value in ("", "*"):
            self.include(name)
        elif keyword in self.matches or keyword in self.names or path in self.header_keys:
            raise BadRequestError(f"The key '{name[:80]}' is given twice.")
        elif vr in _NOT_COMPARABLE or (keyword in _INSTANCE_KEYS and not _searchable(keyword, self.level)):
            self.warnings.append(f"The key {name[:80]} is not supported at this level and was ignored.")
        elif keyword and _searchable(keyword, self.level) and vr != "DT":
            (self.names if self.fuzzy and vr == "PN" else self.matches)[keyword] = _value(name, vr, value)
        else:
            self.header_keys[path] = _value(name, vr, value)
            if _belongs(keyword, self.level):
                self.header_fields[path] = None

    def include(self, name: str) -> None:
        """Take one attribute that each result is to have; what no result at this level can have is left out."""
        path = _path(name, "includefield")
        keyword = _keyword(path)
        if keyword and _searchable(keyword, self.level) and _vr(path) != "SQ":
            self.wanted.append(keyword)
        elif _belongs(keyword, self.level):
            self.header_fields[path] = None


def parse_search(
    parameters: MultiDict[str, str],
    level: Level,
    study: str | None = None,
    series: str | None = None,
    *,
    repeated_keys_are_lost: bool = False,
) -> Search:
    """Read a search below the archive, a study or a series.

    Keys are keywords or tags, with dots between for what is in sequences. Lists of UIDs are separated by commas or
    backslashes, lists in `includefield` by commas or by repetition. What is a DICOM attribute but cannot be matched at
    this level is ignored with a warning, as PS3.18 has it.

    Parameters
    ----------
    repeated_keys_are_lost : bool
        Whether only the last of several `includefield` arrives: then one without a comma stands for a superset.

    Raises
    ------
    BadRequestError
        A key is no DICOM attribute, or a value is malformed; the message names it.
    """
    reading = _Reading(level, _flag(parameters, "fuzzymatching"))
    for name, value in parameters.items(multi=True):
        if name.lower() not in _RESERVED:
            reading.key(name, value)
    included = parameters.getlist("includefield")
    for name in filter(None, (name.strip() for value in included for name in value.split(","))):
        if name.lower() == "all":
            reading.wanted += ALL_ATTRIBUTES[level]
        else:
            reading.include(name)
    if included and repeated_keys_are_lost and "," not in included[-1]:
        reading.wanted += SUPERSET_ATTRIBUTES[level]
    if len(reading.header_keys) + len(reading.header_fields) > _MOST_PATHS:
        raise BadRequestError(f"'includefield' and keys name more than {_MOST_PATHS} attributes that no index has.")
    attributes = _attributes(level, study, series, [*reading.matches, *reading.names, *reading.wanted])
    limit, offset = _count(parameters, "limit"), _count(parameters, "offset")
    if study is None and not 0 < limit <= MAXIMUM_RESULTS:
        limit = MAXIMUM_RESULTS
    query = Query(level, reading.matches, study, series, attributes, limit, offset)
    keys, fields = tuple(reading.header_keys.items()), tuple(reading.header_fields)
    return Search(query, attributes, tuple(reading.warnings), reading.names, keys, fields)


def _path(name: str, parameter: str = "") -> str:
    """Return the tags that a name stands for, eight digits in upper case each, with dots between.

    Raises
    ------
    BadRequestError
        It is no DICOM attribute.
    """
    tags = []
    for part in name.split("."):
        tag = int(part, 16) if re.fullmatch(r"[0-9A-Fa-f]{8}", part) else tag_for_keyword(part) if part else None
        if tag is None and parameter:
            raise BadRequestError(f"'{parameter}' names '{name[:80]}', which is no DICOM attribute.")
        if tag is None:
            raise BadRequestError(f"'{name[:80]}' is neither a DICOM attribute nor a parameter of a search.")
        tags.append(tag_text(tag))
    return ".".join(tags)


def _keyword(path: str) -> str:
    """Return the keyword of a standard attribute that is in no sequence; empty for others."""
    return "" if "." in path else keyword_for_tag(int(path, 16))


def _vr(path: str) -> str:
    """Return the value representation of the last tag of a path; UN for what the standard does not know."""
    keyword = keyword_for_tag(int(path[-8:], 16))
    return value_representation(keyword) if keyword else "UN"


def _searchable(keyword: str, level: Level) -> bool:
    """Whether the archive knows one value of that attribute for each result at this level."""
    if value_representation(keyword) in _NOT_COMPARABLE | {"UN"}:
        return False
    if keyword in _STUDY_KEYS:
        return True
    return level is Level.INSTANCE or (level is Level.SERIES and keyword in _SERIES_KEYS)


def _belongs(keyword: str, level: Level) -> bool:
    """Whether a result at this level may have the attribute, which is not known to belong to a level below."""
    if level is Level.STUDY:
        return keyword not in _SERIES_KEYS | _INSTANCE_KEYS
    return level is Level.INSTANCE or keyword not in _INSTANCE_KEYS


def _value(name: str, vr: str, value: str) -> str:
    """Check a value and return it as PS3.4 C.2.2.2 writes it."""
    if vr == "UI":
        value = value.replace(",", "\\")
    form = _FORMS.get(vr)
    is_wrong = (form and not form.fullmatch(value)) or len(value) > _LONGEST_VALUE or "\0" in value
    if is_wrong or (vr in ("DA", "TM", "DT") and parse_range(vr, value) is None):
        raise BadRequestError(f"The value of '{name[:80]}' is no valid {vr} to search for.")
    return value


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
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise BadRequestError(f"'{name}' must be a whole number, not negative.")
    return int(text)


def _flag(parameters: MultiDict[str, str], name: str) -> bool:
    text = parameters.get(name, "false").lower()
    if text not in ("true", "false"):
        raise BadRequestError(f"'{name}' must be true or false.")
    return text == "true"
