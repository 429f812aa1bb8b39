"""What was reported before on the same patient: to be read beside the report that is being written."""

from __future__ import annotations

from typing import Any

from sightline.access.grant import Grant, Verb
from sightline.archive.protocol import Row
from sightline.errors import NotFoundError
from sightline.viewer.documents import documents_json
from sightline.viewer.priors import of_same_id, same_patient, study_of
from sightline.viewer.report_json import report_json
from sightline.viewer.report_series import report_series
from sightline.viewer.studies import series_row, series_rows
from sightline.web.json_answer import answer_json
from sightline.web.request import Request, Response
from sightline.web.services import Services

_MOST_STUDIES = 20
"""Of so many, the latest, documents of others are looked for too."""
_READABLE = frozenset({"report", "pdf"})


def prior_reports(request: Request, services: Services, study: str) -> Response:
    """Answer with the signed ``reports`` of the patient's other studies, and other ``documents`` that can be read.

    Only studies that the caller may view, and that surely are of the same patient, see `sightline.viewer.priors`.
    """
    grant = request.grant
    rows = sorted(_others(services, grant, study), key=lambda row: row.get("StudyDate", ""), reverse=True)
    reports = services.reports.signed_of(tuple(row["StudyInstanceUID"] for row in rows))
    own = {uid for one in reports for uid in (one.series_instance_uid, one.pdf_series_uid)}
    reports = tuple(sorted(reports, key=lambda one: one.study_date, reverse=True))
    documents = [document for row in rows[:_MOST_STUDIES] for document in _documents(services, grant, row, own)]
    return answer_json({"reports": [report_json(one) for one in reports], "documents": documents})


def _others(services: Services, grant: Grant, study: str) -> list[Row]:
    current = study_of(services, grant, study)
    found = of_same_id(services, grant, current) if grant.allows(Verb.SEARCH) else _named(services, grant, study)
    may = [row for row in found if grant.allows(Verb.VIEW, row["StudyInstanceUID"])]
    return [row for row in may if same_patient(current, row)]


def _named(services: Services, grant: Grant, study: str) -> list[Row]:
    """Return the other studies that a grant names which may not search: those of a launch."""
    uids = {one.study_instance_uid for one in grant.permissions} - {None, study}
    rows = []
    for uid in sorted(filter(None, uids)):
        try:
            rows.append(study_of(services, grant, uid))
        except NotFoundError:
            continue
    return rows


def _documents(services: Services, grant: Grant, row: Row, own: set[str]) -> list[dict[str, Any]]:
    """Return the reports and PDFs in a study that are not ours: each with its study, and how to open it."""
    study, found = row["StudyInstanceUID"], []
    for series in map(series_row, series_rows(services, grant, study)):
        if series["pictures"] or series["uid"] in own or series["uid"] == report_series(study):
            continue
        for document in documents_json(services, grant, study, series):
            if document["kind"] in _READABLE:
                told = {"study": study, "series": series["uid"], "studyDescription": row.get("StudyDescription", "")}
                found.append({**document, **told, "date": document["date"] or row.get("StudyDate", "")})
    return found
