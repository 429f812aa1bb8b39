"""Key Object Selection documents (PS3.3 A.35.4, C.17.6; PS3.16 TID 2010): written and read. Runs in workers only.

They are put together here rather than by highdicom, which refers to whole images only, and not to frames of them, and
which is not there for every Python that Orthanc embeds; the tests read them back with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydicom import Dataset, dcmread
from pydicom.uid import KeyObjectSelectionDocumentStorage

from sightline.errors import NotFoundError
from sightline.objects.content_tree import meaning
from sightline.objects.key_titles import TITLES
from sightline.objects.own_objects import MODEL, encoded, own_object
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.files import open_file
from sightline.rendering.headers import read_header
from sightline.rendering.value_text import person

_LONGEST_TEXT = 1024
_MOST_REFERENCES = 10_000
_OBSERVER_TYPE = ("121005", "DCM", "Observer Type")
_PERSON = ("121006", "DCM", "Person")
_PERSON_NAME = ("121008", "DCM", "Person Observer Name")
_DESCRIPTION = "113012"


def make_key_object(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Make the file of a Key Object Selection document.

    Arguments: ``images``, each with ``file``, ``series`` and ``frames`` that are marked, the first of which says whose
    document it is; ``title``, a code value of `TITLES`; ``author``, a person's name; ``predecessor``, null or
    ``series``, ``instance`` of the document whose place it takes; ``instance``, ``series``, ``series_number``,
    ``instance_number``, ``date``, ``time``, ``timezone`` and ``version`` of the program. The reply has ``studies``, all
    that the images say that they belong to, and the file.

    Raises
    ------
    UnprocessableError
        An image cannot be read.
    """
    headers = []
    for image in arguments["images"]:
        with open_file(image["file"], buffers) as file:
            headers.append(read_header(file))
    _, content = encoded(lambda: _document(arguments, headers))
    studies = sorted({str(header.StudyInstanceUID) for header in headers})
    return Reply({"studies": studies}, (content,))


def _document(arguments: dict[str, Any], headers: Sequence[Dataset]) -> Dataset:
    dataset = own_object(
        KeyObjectSelectionDocumentStorage, headers[0], arguments, modality="KO", series_description="Key images"
    )
    _describe(dataset, arguments)
    dataset.CurrentRequestedProcedureEvidenceSequence = [_evidence(arguments, headers)]
    predecessor = arguments["predecessor"]
    if predecessor is not None:
        # No attribute of the Key Object Document module, but told in the words in which reports tell it (C.17.2).
        dataset.PredecessorDocumentsSequence = [_predecessor(dataset, predecessor)]
    code = arguments["title"]
    dataset.ValueType, dataset.ContinuityOfContent = "CONTAINER", "SEPARATE"
    dataset.ConceptNameCodeSequence = [_code((code, "DCM", TITLES[code]))]
    template = Dataset()
    template.MappingResource, template.TemplateIdentifier = "DCMR", "2010"
    dataset.ContentTemplateSequence = [template]
    images = [_image(header, image["frames"]) for header, image in zip(headers, arguments["images"], strict=True)]
    dataset.ContentSequence = [*_observer(arguments["author"]), *images]
    return dataset


def _describe(dataset: Dataset, arguments: dict[str, Any]) -> None:
    """Say what it is: modules Key Object Document Series, General Equipment and Key Object Document."""
    dataset.ReferencedPerformedProcedureStepSequence = []
    dataset.ManufacturerModelName, dataset.SoftwareVersions = MODEL, arguments["version"]
    dataset.ContentDate, dataset.ContentTime = arguments["date"], arguments["time"]


def _evidence(arguments: dict[str, Any], headers: Sequence[Dataset]) -> Dataset:
    """Return where the images are: study, series, instance (PS3.3 C.17.2.3)."""
    by_series: dict[str, list[Dataset]] = {}
    for header, image in zip(headers, arguments["images"], strict=True):
        by_series.setdefault(image["series"], []).append(_reference(header))
    study = Dataset()
    study.StudyInstanceUID = headers[0].StudyInstanceUID
    study.ReferencedSeriesSequence = []
    for uid, references in by_series.items():
        series = Dataset()
        series.SeriesInstanceUID, series.ReferencedSOPSequence = uid, references
        study.ReferencedSeriesSequence.append(series)
    return study


def _reference(header: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = header.SOPClassUID, header.SOPInstanceUID
    return item


def _image(header: Dataset, frames: Sequence[int]) -> Dataset:
    item, reference = Dataset(), _reference(header)
    if int(header.get("NumberOfFrames") or 1) > 1:
        reference.ReferencedFrameNumber = list(frames)
    item.RelationshipType, item.ValueType = "CONTAINS", "IMAGE"
    item.ReferencedSOPSequence = [reference]
    return item


def _observer(name: str) -> list[Dataset]:
    """Return who chose them (TID 1002)."""
    kind, person_item = Dataset(), Dataset()
    for item in (kind, person_item):
        item.RelationshipType = "HAS OBS CONTEXT"
    kind.ValueType, kind.ConceptNameCodeSequence = "CODE", [_code(_OBSERVER_TYPE)]
    kind.ConceptCodeSequence = [_code(_PERSON)]
    person_item.ValueType, person_item.ConceptNameCodeSequence = "PNAME", [_code(_PERSON_NAME)]
    person_item.PersonName = name
    return [kind, person_item]


def _predecessor(dataset: Dataset, named: Mapping[str, str]) -> Dataset:
    study, series, item = Dataset(), Dataset(), Dataset()
    item.ReferencedSOPClassUID = KeyObjectSelectionDocumentStorage
    item.ReferencedSOPInstanceUID = named["instance"]
    series.SeriesInstanceUID, series.ReferencedSOPSequence = named["series"], [item]
    study.StudyInstanceUID, study.ReferencedSeriesSequence = dataset.StudyInstanceUID, [series]
    return study


def _code(code: tuple[str, str, str]) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code
    return item


def read_key_objects(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Say what Key Object Selection documents choose, and why.

    Arguments: ``files``. The reply has ``documents``, in that order, each null for what is no such document, else
    ``title`` (``code``, ``scheme``, ``meaning``), ``description``, ``author``, ``date``, ``time``, ``software``,
    ``predecessors``, and ``images``: ``series``, ``instance`` and ``frames`` (empty: all). Where a document is damaged,
    it has a ``problem`` instead, for a person.
    """
    return Reply({"documents": [_told(file, buffers) for file in arguments["files"]]})


def _told(argument: dict[str, Any], buffers: Sequence[Buffer]) -> dict[str, Any] | None:
    with open_file(argument, buffers) as file:
        try:
            dataset = dcmread(file, force=True)
            return _read(dataset)
        except (MemoryError, RecursionError, NotFoundError):
            raise
        except Exception:  # anything can be in a file; one that is damaged does not hide the others
            return {"problem": "This key object document is damaged and cannot be read."}


def _read(dataset: Dataset) -> dict[str, Any] | None:
    if dataset.get("SOPClassUID") != KeyObjectSelectionDocumentStorage:
        return None
    titles = dataset.get("ConceptNameCodeSequence") or [Dataset()]
    items = dataset.get("ContentSequence") or []
    told = {
        "title": {
            "code": str(titles[0].get("CodeValue") or ""),
            "scheme": str(titles[0].get("CodingSchemeDesignator") or ""),
            "meaning": meaning(dataset, "ConceptNameCodeSequence")[:_LONGEST_TEXT],
        },
        "description": next((str(item.get("TextValue") or "") for item in items if _is(item, _DESCRIPTION)), ""),
        "author": next((person(item.get("PersonName")) for item in items if _is(item, _PERSON_NAME[0])), ""),
        "date": str(dataset.get("ContentDate") or ""),
        "time": str(dataset.get("ContentTime") or ""),
        "software": str(dataset.get("Manufacturer") or ""),
        "predecessors": _instances(dataset.get("PredecessorDocumentsSequence")),
        "images": _images(dataset, items),
    }
    return {name: value[:_LONGEST_TEXT] if isinstance(value, str) else value for name, value in told.items()}


def _images(dataset: Dataset, items: Sequence[Dataset]) -> list[dict[str, Any]]:
    series_of = {
        str(reference.ReferencedSOPInstanceUID): str(series.SeriesInstanceUID)
        for study in dataset.get("CurrentRequestedProcedureEvidenceSequence") or ()
        for series in study.get("ReferencedSeriesSequence") or ()
        for reference in series.get("ReferencedSOPSequence") or ()
    }
    found = []
    for item in items[:_MOST_REFERENCES]:
        for reference in item.get("ReferencedSOPSequence") or () if item.get("ValueType") == "IMAGE" else ():
            uid = str(reference.ReferencedSOPInstanceUID)
            found.append({"series": series_of.get(uid, ""), "instance": uid, "frames": _frames(reference)})
    return found


def _frames(reference: Dataset) -> list[int]:
    value: Any = reference.get("ReferencedFrameNumber")
    if value is None or value == "":
        return []
    return [int(value)] if isinstance(value, int | str) else [int(number) for number in value]


def _instances(studies: Any) -> list[str]:
    return [
        str(reference.ReferencedSOPInstanceUID)
        for study in studies or ()
        for series in study.get("ReferencedSeriesSequence") or ()
        for reference in series.get("ReferencedSOPSequence") or ()
    ]


def _is(item: Dataset, code: str) -> bool:
    names = item.get("ConceptNameCodeSequence")
    return bool(names) and str(names[0].get("CodeValue") or "") == code
