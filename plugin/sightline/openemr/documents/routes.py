"""The page of chart documents: find a patient, look into their documents, copy them into the archive, take it back."""

from __future__ import annotations

import re
from typing import Any

from sightline.access.grant import Verb
from sightline.errors import BadRequestError, ConflictError, NotFoundError, UnavailableError
from sightline.openemr.chart_patient import ChartPatient, Charts, charts_of
from sightline.openemr.documents.chart import content_of, documents_of
from sightline.openemr.documents.preview import FoundStudy, look_inside, stored_instances
from sightline.openemr.documents.pulling import pull, undo
from sightline.state.chart_pulls import ChartPull
from sightline.web.json_answer import answer_json
from sightline.web.json_body import MAXIMUM_BYTES, read_json
from sightline.web.pages import page
from sightline.web.request import Request, Response
from sightline.web.routing import Route
from sightline.web.services import Services

_LATEST = 50
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def chart_page(request: Request, services: Services) -> Response:
    """Send the page with the last pulls in it."""
    data = {
        "user": request.grant.name,
        "isOn": services.configuration.ehr.documents_issuer is not None,
        "pulls": _pulls_json(services),
    }
    return page(request, services, "chart", {"data": data})


def find(request: Request, services: Services) -> Response:
    """Say who has a number in the chart, and which documents there may hold DICOM files."""
    charts, patient = _patient(request, services)
    documents = documents_of(charts.client, patient)
    told = {
        "name": patient.name,
        "birthDate": patient.birth_date,
        "sex": patient.sex,
        "number": patient.pubpid,
        "patientId": charts.patient_id(patient),
    }
    rows = [{"id": one.id, "name": one.name, "type": one.media_type, "date": one.date} for one in documents]
    return answer_json({"patient": told, "documents": rows})


def preview(request: Request, services: Services) -> Response:
    """Say what a document holds: whose files by their own account, whether they fit, and what copying would change."""
    charts, patient = _patient(request, services)
    patient_id = charts.patient_id(patient)
    content = _content(charts, patient, _text(read_json(request), "document"))
    studies, others = look_inside(services, patient, patient_id, content)
    return answer_json({"studies": [_study_json(services, one, patient_id) for one in studies], "others": others})


def begin(request: Request, services: Services) -> Response:
    """Begin to copy from a chart: names what can be watched, and taken back."""
    charts, patient = _patient(request, services)
    name = services.chart_pulls.begin(charts.patient_id(patient), request.grant.subject)
    return answer_json({"pull": name}, 201)


def copy(request: Request, services: Services, pull_id: str) -> Response:
    """Copy what fits of one document into the archive."""
    charts, patient = _patient(request, services)
    document = _text(read_json(request), "document")
    patient_id = charts.patient_id(patient)
    if services.chart_pulls.patient_id(pull_id[:22]) != patient_id:
        raise ConflictError("This was begun for another patient.", "patient-mismatch")
    content = _content(charts, patient, document)
    studies, _ = look_inside(services, patient, patient_id, content)
    fitting = [study for study in studies if not study.reason]
    request.studies |= {study.first["study"] for study in fitting}
    if not fitting:
        raise ConflictError("No file in this document is surely this patient's.", "patient-mismatch")
    issuer = charts.rule.issuer_of_patient_id
    counts = pull(services, request.grant, pull_id[:22], document, content, fitting, (patient_id, issuer))
    return answer_json(counts | {"held": sum(len(one.indices) for one in studies if one.reason)})


def pulls(request: Request, services: Services) -> Response:  # noqa: ARG001
    """Send what was copied last."""
    return answer_json({"pulls": _pulls_json(services)})


def progress(request: Request, services: Services, pull_id: str) -> Response:  # noqa: ARG001
    """Say how many files were copied so far."""
    return answer_json({"stored": services.chart_pulls.count(pull_id[:22])})


def take_back(request: Request, services: Services, pull_id: str) -> Response:
    """Delete what was newly copied, unless it was replaced since."""
    deleted, kept, studies = undo(services, request.grant, pull_id[:22])
    request.studies |= studies
    return answer_json({"deleted": deleted, "kept": kept, "pulls": _pulls_json(services)})


_API = "/sightline/api/chart"

ROUTES = (
    Route("GET", "/sightline/chart-documents", chart_page, Verb.ADMINISTER, "Copy documents of a chart", "search"),
    Route("POST", f"{_API}/find", find, Verb.ADMINISTER, "Documents in a patient's chart", "search", MAXIMUM_BYTES),
    Route("POST", f"{_API}/preview", preview, Verb.ADMINISTER, "What a document of a chart holds", "search",
          MAXIMUM_BYTES),
    Route("POST", f"{_API}/pulls", begin, Verb.ADMINISTER, "Begin to copy from a chart", "search", MAXIMUM_BYTES),
    Route("POST", f"{_API}/pulls/<pull_id>", copy, Verb.ADMINISTER, "Copy a document of a chart", "store",
          MAXIMUM_BYTES),
    Route("GET", f"{_API}/pulls", pulls, Verb.ADMINISTER, "What was copied from charts last", "search"),
    Route("GET", f"{_API}/pulls/<pull_id>", progress, Verb.ADMINISTER, "How far copying from a chart is"),
    Route("POST", f"{_API}/pulls/<pull_id>/undo", take_back, Verb.ADMINISTER, "Take back what was copied", "delete"),
)  # fmt: skip


def _patient(request: Request, services: Services) -> tuple[Charts, ChartPatient]:
    """Return the patient whose number is asked for, and who can be asked more of them."""
    number = _text(read_json(request), "number")
    charts = charts_of(services)
    if charts is None:
        raise UnavailableError("Give one of Ehr.Issuers a Backend and a PatientId.", "ehr-off")
    patient = charts.of_number(number)
    if patient is None:
        raise NotFoundError("The chart has no patient, or more than one, with this number.", "patient-unknown")
    return charts, patient


def _content(charts: Charts, patient: ChartPatient, name: str) -> bytes:
    """Return a document that is in this patient's chart: its name alone opens no other's."""
    documents = documents_of(charts.client, patient)
    document = next((one for one in documents if one.id == name), None)
    if document is None:
        raise NotFoundError("There is no such document in this chart.", "document-unknown")
    return content_of(charts.client, document)


def _text(body: Any, name: str) -> str:
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, str) or not value.strip() or len(value) > 64:
        raise BadRequestError(f"'{name}' is a text of at most 64 characters.")
    if name == "document" and not _NAME.fullmatch(value):
        raise BadRequestError("'document' is the id of a document that was found.")
    return value.strip()


def _study_json(services: Services, study: FoundStudy, patient_id: str) -> dict[str, Any]:
    first = study.first
    return {
        "patientName": first["patientName"],
        "patientId": first["patientId"],
        "birthDate": first["birthDate"],
        "sex": first["sex"],
        "study": first["study"],
        "studyDate": first["studyDate"],
        "description": first["description"],
        "modality": first["modality"],
        "files": len(study.indices),
        "here": len(stored_instances(services, study)) if not study.reason else 0,
        "reason": study.reason,
        "becomes": patient_id if first["patientId"] != patient_id else None,
    }


def _pulls_json(services: Services) -> list[dict[str, Any]]:
    return [_pull_json(one) for one in services.chart_pulls.latest(_LATEST) if one.instances]


def _pull_json(one: ChartPull) -> dict[str, Any]:
    return {
        "id": one.id,
        "patientId": one.patient_id,
        "user": one.subject,
        "pulled": one.pulled.isoformat(timespec="seconds"),
        "undone": one.undone.isoformat(timespec="seconds") if one.undone else None,
        "files": one.instances,
        "studies": one.studies,
    }
