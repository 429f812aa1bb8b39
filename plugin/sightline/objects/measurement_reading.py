"""Measurement reports (TID 1500) of anybody: what they have drawn, with their numbers. Runs in workers only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from pydicom import Dataset, dcmread

from sightline.errors import NotFoundError
from sightline.objects.content_items import named
from sightline.objects.content_tree import meaning
from sightline.objects.measurement_codes import MEASUREMENTS, PERSON_NAME, REPORT
from sightline.objects.measurement_findings import findings_of, label_of
from sightline.objects.measurement_tree import Group, TreeError, groups_of
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.files import open_file
from sightline.rendering.value_text import person
from sightline.uids import UID_PATTERN

MOST_FINDINGS = 5_000
_MOST_PROBLEMS = 20
_LONGEST_TEXT = 256


def read_reports(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Say what measurement reports hold.

    Arguments: ``files``. The reply has ``documents``, in that order, each null for what is no such report, else
    ``title``, ``author``, ``date``, ``time``, ``timezone``, ``software``, ``manufacturer``, ``predecessors``,
    ``evidence`` (SOP Instance UID to Series Instance UID), ``problems``, texts, and ``findings``: those that
    `sightline.objects.measurement_findings` finds, each with ``id``, ``tracking``, ``author``, ``changed`` (a DICOM
    date and time, or empty) and ``values``.
    """
    return Reply({"documents": [_told(file, buffers) for file in arguments["files"]]})


def _told(argument: dict[str, Any], buffers: Sequence[Buffer]) -> dict[str, Any] | None:
    with open_file(argument, buffers) as file:
        told: dict[str, Any] | None = None
        try:
            dataset = dcmread(file, force=True)
            if not _is_report(dataset):
                return None
            told = _heading(dataset)
            _read(dataset, told)
        except (MemoryError, NotFoundError):
            raise
        except TreeError as error:
            return _damaged(told, str(error))
        except (Exception, RecursionError):  # anything can be in a file; one that is damaged does not hide the others
            return _damaged(told, "This report is damaged and cannot be read as a whole.")
    return told


def _damaged(told: dict[str, Any] | None, problem: str) -> dict[str, Any]:
    empty: dict[str, Any] = {
        "title": "", "author": "", "date": "", "time": "", "timezone": "", "software": "", "manufacturer": "",
        "predecessors": [], "evidence": {}, "problems": [], "findings": [],
    }  # fmt: skip
    return empty | (told or {}) | {"problems": [*(told or empty)["problems"], problem]}


def _is_report(dataset: Dataset) -> bool:
    templates = dataset.get("ContentTemplateSequence")
    if named(dataset, REPORT) or (templates and str(templates[0].get("TemplateIdentifier") or "") == "1500"):
        return True
    return any(named(item, MEASUREMENTS) for item in dataset.get("ContentSequence") or ())


def _heading(dataset: Dataset) -> dict[str, Any]:
    meta = getattr(dataset, "file_meta", Dataset())
    versions: Any = dataset.get("SoftwareVersions") or ""
    version = versions if isinstance(versions, str) else " ".join(map(str, versions))
    made_by = [str(dataset.get(k) or "") for k in ("Manufacturer", "ManufacturerModelName")]
    software = " ".join(part for part in (*made_by, version) if part)
    authors = dataset.get("AuthorObserverSequence") or ()
    author = next((person(item.get("PersonName")) for item in authors), "")
    texts = {
        "title": str(dataset.get("SeriesDescription") or "") or meaning(dataset, "ConceptNameCodeSequence"),
        "author": author or _observer(dataset),
        "date": str(dataset.get("ContentDate") or ""),
        "time": str(dataset.get("ContentTime") or ""),
        "timezone": str(dataset.get("TimezoneOffsetFromUTC") or ""),
        "software": software or str(meta.get("ImplementationVersionName") or ""),
        "manufacturer": str(dataset.get("Manufacturer") or ""),
    }
    return {
        **{name: value[:_LONGEST_TEXT] for name, value in texts.items()},
        "predecessors": list(_references(dataset, "PredecessorDocumentsSequence")),
        "evidence": _references(dataset, "CurrentRequestedProcedureEvidenceSequence")
        | _references(dataset, "PertinentOtherEvidenceSequence"),
        "problems": [],
        "findings": [],
    }


def _observer(dataset: Dataset) -> str:
    for item in dataset.get("ContentSequence") or ():
        if named(item, PERSON_NAME):
            return person(item.get("PersonName")) or str(item.get("TextValue") or "")
    return ""


def _references(dataset: Dataset, keyword: str) -> dict[str, str]:
    return {
        str(reference.get("ReferencedSOPInstanceUID") or ""): str(series.get("SeriesInstanceUID") or "")
        for study in dataset.get(keyword) or ()
        for series in study.get("ReferencedSeriesSequence") or ()
        for reference in series.get("ReferencedSOPSequence") or ()
    }


def _read(dataset: Dataset, told: dict[str, Any]) -> None:
    counts: dict[str, int] = {}
    for number, group in enumerate(groups_of(dataset), 1):
        drawn, problem = findings_of(group, told["software"])
        if problem and len(told["problems"]) < _MOST_PROBLEMS:
            told["problems"].append(f"{_name(group, told['software'], number)}: {problem}")
        tracking = group.tracking
        if len(tracking) > 64 or not UID_PATTERN.fullmatch(tracking):
            tracking = f"2.25.{uuid5(NAMESPACE_OID, f'{dataset.SOPInstanceUID} {number}').int}"
        for finding in drawn:
            counts[tracking] = counts.get(tracking, 0) + 1
            # The same from version to version of a report, so that what was changed since is known to be the same.
            own = uuid5(NAMESPACE_OID, f"{dataset.StudyInstanceUID} {tracking} {counts[tracking]}")
            whose = {"tracking": tracking, "author": (group.author or told["author"])[:_LONGEST_TEXT]}
            changed = str(group.item.get("ObservationDateTime") or "")
            told["findings"].append({"id": str(own), **finding, **whose, "changed": changed, "values": group.values})
        if len(told["findings"]) > MOST_FINDINGS:
            raise TreeError(f"This report has more than {MOST_FINDINGS} findings; the others are not shown.")


def _name(group: Group, software: str, number: int) -> str:
    values = ", ".join(f"{value['name']} {value['value']:g} {value['unit']}".strip() for value in group.values[:4])
    name = label_of(group, software) or f"Measurement {number}"
    return f"{name} ({values})" if values else name
