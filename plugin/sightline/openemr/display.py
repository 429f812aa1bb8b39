"""``/sightline/iid``: another program sends somebody here to see a study (IHE RAD-106)."""

from __future__ import annotations

from urllib.parse import quote

from sightline.access.grant import Verb
from sightline.archive.protocol import Level, Query, Row
from sightline.errors import BadRequestError, ConflictError, NotFoundError
from sightline.openemr.invoke_image_display import InvokedDisplay
from sightline.web.request import Request, Response
from sightline.web.routing import Route
from sightline.web.services import Services

_OF_PATIENT = (
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "StudyDate",
    "StudyTime",
    "ModalitiesInStudy",
)
_MOST_OF_PATIENT, _MOST_OF_STUDY = 1000, 100


def display(request: Request, services: Services) -> Response:
    """Lead to what is asked for: one study, others beside it."""
    for name in request.args:
        if len(request.args.getlist(name)) > 1:
            raise BadRequestError("Name each parameter once.")
    asked = InvokedDisplay.parse(request.args)
    studies = _studies(request, services, asked)
    if not studies:
        raise NotFoundError("There is no such study here.", "study-unknown")
    if asked.in_weasis:
        return _see_other(_weasis(services.dicomweb_url, studies))
    first, *others = studies
    beside = "".join(f"{'?' if number == 0 else '&'}beside={uid}" for number, uid in enumerate(others))
    return _see_other(f"studies/{first}{beside}")


def _studies(request: Request, services: Services, asked: InvokedDisplay) -> list[str]:
    if asked.patient_id and not (asked.studies or asked.accession_numbers):
        rows = _find(request, services, {"PatientID": asked.patient_id}, _MOST_OF_PATIENT)
        return [row["StudyInstanceUID"] for row in asked.of_patient(rows)]
    named = [("StudyInstanceUID", uid) for uid in asked.studies]
    named += [("AccessionNumber", number) for number in asked.accession_numbers]
    found = []
    for keyword, value in named:
        rows = [
            row
            for row in _find(request, services, {keyword: value}, _MOST_OF_STUDY)
            if row.get(keyword, "").strip() == value
        ]
        if len(rows) > 1:
            raise ConflictError("Several studies have this number; name one of them by 'studyUID'.", "study-ambiguous")
        if asked.patient_id and any(row.get("PatientID", "").strip() != asked.patient_id for row in rows):
            raise ConflictError("This study is another patient's.", "patient-mismatch")
        found += [row["StudyInstanceUID"] for row in rows]
    return found


def _find(request: Request, services: Services, matches: dict[str, str], limit: int) -> list[Row]:
    query = Query(Level.STUDY, matches, attributes=_OF_PATIENT, limit=limit, is_case_sensitive=True)
    return list(services.archive.search(request.grant, query).rows)


def _weasis(dicomweb_url: str, studies: list[str]) -> str:
    """Return the address that opens Weasis, where it is installed, on studies it retrieves by DICOMweb."""
    wanted = " ".join(f'-r "studyUID={uid}"' for uid in studies)
    return "weasis://" + quote(f'$dicom:rs --url "{dicomweb_url}" {wanted}', safe="")


def _see_other(address: str) -> Response:
    return Response(status=303, headers={"Location": address})


ROUTES = (Route("GET", "/sightline/iid", display, Verb.SEARCH, "Be shown a study by IHE IID (RAD-106)", "search"),)
