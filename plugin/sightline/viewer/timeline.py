"""The page of one patient, as an EHR has opened it: what images there are, newest first, and what was said of them.

Who may see it is the launch's to say; which studies are the patient's was decided when it was made (`access.launch`).
What is held back stays out of the page altogether, but that it is, and why.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from sightline.access.grant import internal
from sightline.access.launch import Launch, Standing
from sightline.archive.protocol import Level, Query, Row
from sightline.errors import ForbiddenError, UnauthenticatedError
from sightline.rendering.files import in_batches
from sightline.state.report import SignedReport
from sightline.viewer.pages import session_json
from sightline.viewer.study_rows import ATTRIBUTES, body_parts, stored_reports, study_row
from sightline.web.json_answer import answer_json
from sightline.web.pages import page
from sightline.web.request import Request, Response
from sightline.web.services import Services

PAGE = "/sightline/patient/<launch>"
DATA = "/sightline/api/patients/<launch>"

_LOOK_UP = internal("timeline")
"""Studies are found by it; which, the launch has said."""
_UIDS_PER_QUERY = 200
_TITLES = ("SeriesDescription",)


def patient_page(request: Request, services: Services, launch: str) -> Response:
    """Send the page of the patient whom an EHR has opened."""
    return page(request, services, "timeline", {"data": _answer(request, services, launch, PAGE)})


def patient(request: Request, services: Services, launch: str) -> Response:
    """Answer with what the page shows, as it is now."""
    return answer_json(_answer(request, services, launch, DATA))


def timeline_json(services: Services, launch: Launch) -> dict[str, Any]:
    """Return what is shown of a launch.

    Returns
    -------
    dict
        ``id`` of the launch and ``issuer``, the host that it came from; ``patient``; ``studies``, newest first; and for
        each study that is ``held`` back, why.
    """
    person = launch.patient
    standing = {study.study_instance_uid: study for study in launch.studies}
    open_uids = [uid for uid, study in standing.items() if study.standing is not Standing.HELD]
    rows = _rows(services, open_uids, person.patient_id)
    uids = tuple(row["StudyInstanceUID"] for row in rows)
    parts, reports = body_parts(services, _LOOK_UP, uids), _reports(services, rows)
    studies = [
        {
            **study_row(row),
            "bodyParts": parts.get(uid, []),
            "standing": standing[uid].standing.value,
            "reason": standing[uid].reason,
            "reports": reports[uid],
        }
        for uid, row in zip(uids, rows, strict=True)
    ]
    return {
        "id": launch.id,
        "issuer": urlsplit(launch.issuer).hostname or "",
        "patient": {
            "name": f"{person.family}^{person.given}".rstrip("^"),
            "birthDate": person.birth_date,
            "sex": person.sex,
            "id": person.patient_id,
        },
        "studies": studies,
        "held": [study.reason for study in launch.studies if study.standing is Standing.HELD],
    }


def _answer(request: Request, services: Services, launch_id: str, route: str) -> dict[str, Any]:
    try:
        launch = services.launches.get(request.grant, launch_id[:64])
    except (UnauthenticatedError, ForbiddenError):
        services.audit.denial(request.grant, request.method, route)
        raise
    session = session_json(request.grant, services)
    expires = services.access.expires(request.grant)
    # Told as a duration as well: the clocks of the machines that people read on are not to be relied on.
    rest = max(0, int((expires - services.clock()).total_seconds())) if expires else None
    return {"session": {**session, "launch": launch.id}, "secondsLeft": rest, **timeline_json(services, launch)}


def _rows(services: Services, uids: list[str], patient_id: str) -> list[Row]:
    """Return the studies, newest first and those without a date last; never one that names another patient's number."""
    found: list[Row] = []
    for part in in_batches(uids, _UIDS_PER_QUERY):
        query = Query(Level.STUDY, {"StudyInstanceUID": "\\".join(part)}, attributes=ATTRIBUTES)
        found += services.archive.search(_LOOK_UP, query).rows
    own = [row for row in found if row.get("PatientID", "").strip() == patient_id]
    return sorted(own, key=lambda row: (row.get("StudyDate", ""), row.get("StudyTime", "")), reverse=True)


def _reports(services: Services, rows: list[Row]) -> dict[str, list[dict[str, Any]]]:
    """Return what is to be read of each study: signed here first, then what came with the images."""
    found: dict[str, list[dict[str, Any]]] = {row["StudyInstanceUID"]: [] for row in rows}
    ours = set()
    for report in services.reports.signed_of(tuple(found)):
        ours |= {report.series_instance_uid, report.pdf_series_uid}
        found[report.study_instance_uid].append(_signed(report))
    for row in stored_reports(services, _LOOK_UP, rows, _TITLES):
        if row["SeriesInstanceUID"] not in ours:
            title = row.get("SeriesDescription", "")
            found[row["StudyInstanceUID"]].append(
                {"instance": row["SOPInstanceUID"], "title": title, "signed": None, "author": "", "version": None}
            )
    return found


def _signed(report: SignedReport) -> dict[str, Any]:
    return {
        "instance": report.pdf_instance_uid or report.sr_instance_uid,
        "title": report.title,
        "signed": report.signed.isoformat(timespec="seconds"),
        "author": report.author,
        "version": report.version,
    }
