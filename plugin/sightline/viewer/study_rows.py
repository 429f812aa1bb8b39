"""What the study list shows of each study, beside what the archive's own row tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sightline.access.grant import Grant
from sightline.archive.protocol import LABELS, Level, Query, Row
from sightline.rendering.files import in_batches
from sightline.web.services import Services

ATTRIBUTES = ("ModalitiesInStudy", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances")
WITHOUT_PICTURES = frozenset(
    {"SR", "PR", "KO", "SEG", "RTSTRUCT", "RTPLAN", "RTDOSE", "RTRECORD", "REG", "FID", "DOC", "ECG", "PLAN", "RWV"}
)
"""Modalities whose instances are not shown as a stack of their own."""

NEW_DAYS = 14
"""An older study is not called new, though its user may never have opened it."""

REPORT_MODALITIES = ("SR", "DOC")
REPORT_CLASSES = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.88.11",  # Basic Text SR
        "1.2.840.10008.5.1.4.1.1.88.22",  # Enhanced SR
        "1.2.840.10008.5.1.4.1.1.88.33",  # Comprehensive SR
        "1.2.840.10008.5.1.4.1.1.104.1",  # Encapsulated PDF
        "1.2.840.10008.5.1.4.1.1.104.2",  # Encapsulated CDA
    }
)
"""SOP classes of reports. Dose reports, measurements (Comprehensive 3D SR) and computer-aided detection are none."""

_UIDS_PER_QUERY = 200


def study_row(row: Row) -> dict[str, Any]:
    """Return what every page shows of one study. Text is as stored; the page shows names as people write them."""
    modalities = _values(row.get("ModalitiesInStudy", ""))
    return {
        "uid": row["StudyInstanceUID"],
        "name": row.get("PatientName", ""),
        "id": row.get("PatientID", ""),
        "birthDate": row.get("PatientBirthDate", ""),
        "sex": row.get("PatientSex", ""),
        "date": row.get("StudyDate", ""),
        "time": row.get("StudyTime", ""),
        "description": row.get("StudyDescription", ""),
        "accession": row.get("AccessionNumber", ""),
        "modalities": modalities,
        "pictures": not modalities or not WITHOUT_PICTURES.issuperset(modalities),
        "series": _number(row.get("NumberOfStudyRelatedSeries", "")),
        "instances": _number(row.get("NumberOfStudyRelatedInstances", "")),
    }


def list_rows(services: Services, grant: Grant, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return rows of the list: with labels, body parts, and what became of each study."""
    uids = [row["StudyInstanceUID"] for row in rows]
    opened = services.openings.of(grant.subject, uids)
    reports, parts = reported(services, grant, rows), body_parts(services, grant, uids)
    first = first_new_day(services.clock())
    return [
        {
            **study_row(row),
            "labels": _values(row.get(LABELS, "")),
            "bodyParts": parts.get(uid, []),
            "opened": opened[uid].isoformat(timespec="seconds") if uid in opened else None,
            "isNew": uid not in opened and row.get("StudyDate", "") >= first,
            "isReported": uid in reports,
        }
        for uid, row in zip(uids, rows, strict=True)
    ]


def first_new_day(now: datetime) -> str:
    """Return the earliest Study Date of what is called new."""
    return (now - timedelta(days=NEW_DAYS)).strftime("%Y%m%d")


def reported(services: Services, grant: Grant, rows: Iterable[Row]) -> set[str]:
    """Return those of these studies with which a report is stored; rows tell ``ModalitiesInStudy``."""
    return {row["StudyInstanceUID"] for row in stored_reports(services, grant, rows)}


def stored_reports(services: Services, grant: Grant, rows: Iterable[Row], attributes: Sequence[str] = ()) -> list[Row]:
    """Return the instances of these studies that are reports, with `attributes`; rows tell ``ModalitiesInStudy``."""
    asked = [
        row["StudyInstanceUID"]
        for row in rows
        if not set(REPORT_MODALITIES).isdisjoint(_values(row.get("ModalitiesInStudy", "")))
    ]
    found: list[Row] = []
    for part in in_batches(asked, _UIDS_PER_QUERY):
        matches = {"StudyInstanceUID": "\\".join(part), "Modality": "\\".join(REPORT_MODALITIES)}
        instances = services.archive.search(grant, Query(Level.INSTANCE, matches, attributes=attributes)).rows
        found += [row for row in instances if row.get("SOPClassUID") in REPORT_CLASSES]
    return found


def body_parts(services: Services, grant: Grant, uids: Sequence[str]) -> dict[str, list[str]]:
    """Return which body parts the series of each study say that they show."""
    found: dict[str, list[str]] = {}
    for part in in_batches(uids, _UIDS_PER_QUERY):
        query = Query(
            Level.SERIES, {"StudyInstanceUID": "\\".join(part)}, attributes=("BodyPartExamined",), is_bare=True
        )
        for row in services.archive.search(grant, query).rows:
            known = found.setdefault(row["StudyInstanceUID"], [])
            body_part = row.get("BodyPartExamined", "")
            if body_part and body_part not in known:
                known.append(body_part)
    return found


def _values(text: str) -> list[str]:
    return [part for part in text.split("\\") if part]


def _number(text: str) -> int | None:
    """Return a count, or None where the archive did not say."""
    return int(text) if text.isascii() and text.isdecimal() else None
