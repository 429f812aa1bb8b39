"""What a card in a patient's chart shows: the patient's studies with small pictures, asked for by the link service.

The key of the link service makes links and sees no study. Here it learns which studies one patient has: only where the
site allows that (``Links.ServiceListsStudies``), and only if it knows the patient's number, birth date and family name,
which are compared with each study as a launch does.
"""

from __future__ import annotations

import base64
import time
from contextlib import suppress
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from sightline.access.audit import AuditEvent, AuditKind
from sightline.access.credentials import SERVICE
from sightline.access.grant import Grant, Verb, internal
from sightline.access.launch import EhrPatient, LaunchedStudy, Standing
from sightline.archive.protocol import Level, Query, Row
from sightline.errors import BadRequestError, ForbiddenError, SightlineError
from sightline.openemr.smart.studies import look
from sightline.rendering.view import FrameOf, View
from sightline.smart_section import PatientIdRule
from sightline.web.json_answer import answer_json
from sightline.web.json_body import read_json
from sightline.web.request import Request, Response
from sightline.web.routing import Route
from sightline.web.services import Services

MOST_STUDIES, MOST_PICTURES = 50, 12
PICTURE_SIZE, LARGEST_PICTURE = 96, 16_384
"""Longest side in pixels, and bytes; a larger picture is left out."""
PICTURE_SECONDS = 4
"""After so long no further picture is begun: whoever looks at a chart does not wait for that."""
LARGEST_BODY = 4096

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[^*?\\]+$")]
_WITHOUT_PICTURES = frozenset({"SR", "PR", "KO", "SEG", "RTSTRUCT", "RTPLAN", "RTDOSE", "REG", "DOC", "ECG"})
_MOST_SERIES = 3
"""So many series are tried for a picture."""
_GRANT = internal("card")


class PatientCardRequest(BaseModel):
    """The JSON body: the patient as the EHR knows it, the number as DICOM PatientID has it."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, strict=True)

    patient_id: _Text
    birth_date: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}(-?)[0-9]{2}(-?)[0-9]{2}$")]
    family_name: _Text
    issuer_of_patient_id: str = ""

    @classmethod
    def parse(cls, value: Any) -> PatientCardRequest:
        """Validate a parsed JSON body. Raises `BadRequestError`, which names the fields and no value."""
        try:
            # Written as the DICOM keywords that they are compared with.
            renamed = {_SPELLED.get(str(name), name): one for name, one in dict(value).items()}
            return cls.model_validate(renamed)
        except (ValidationError, TypeError, ValueError):
            raise BadRequestError(
                "The body is a JSON object with patientID, birthDate (YYYY-MM-DD), familyName and, if need be, "
                "issuerOfPatientID."
            ) from None


_SPELLED = {"patientID": "patientId", "issuerOfPatientID": "issuerOfPatientId"}


def patient_card(request: Request, services: Services) -> Response:
    """Send the patient's studies, newest first; what is held back is counted only."""
    if request.grant.subject == SERVICE and not services.configuration.links.service_lists_studies:
        raise ForbiddenError("The link service lists no studies here (Links.ServiceListsStudies).", "listing-off")
    asked = PatientCardRequest.parse(read_json(request, LARGEST_BODY))
    rule = PatientIdRule.model_validate({"Source": "pubpid", "IssuerOfPatientId": asked.issuer_of_patient_id})
    patient = EhrPatient("", asked.patient_id, asked.family_name, birth_date=asked.birth_date.replace("-", ""))
    launched = {study.study_instance_uid: study for study in look(services, rule, patient)}
    open_ones = {uid for uid, study in launched.items() if study.standing is not Standing.HELD}
    rows = [row for row in _rows(services, asked.patient_id) if row["StudyInstanceUID"] in open_ones]
    rows.sort(key=lambda row: row.get("StudyDate", "") + row.get("StudyTime", ""), reverse=True)
    shown = rows[:MOST_STUDIES]
    pictures = _pictures(services, [row["StudyInstanceUID"] for row in shown[:MOST_PICTURES]])
    studies = [
        _study(row, launched[row["StudyInstanceUID"]], pictures.get(row["StudyInstanceUID"], "")) for row in shown
    ]
    services.audit.record(
        AuditEvent(AuditKind.SEARCH, request.grant, patient_id=asked.patient_id, detail="studies for a patient's chart")
    )
    return answer_json({"studies": studies, "held": len(launched) - len(open_ones), "more": len(rows) > len(shown)})


def _rows(services: Services, patient_id: str) -> list[Row]:
    attributes = ("PatientID", "StudyDate", "StudyTime", "StudyDescription", "ModalitiesInStudy")
    query = Query(Level.STUDY, {"PatientID": patient_id}, attributes=attributes, is_case_sensitive=True)
    rows = services.archive.search(_GRANT, query).rows
    return [row for row in rows if row.get("PatientID", "").strip() == patient_id]


def _study(row: Row, launched: LaunchedStudy, picture: str) -> dict[str, Any]:
    return {
        "studyInstanceUID": row["StudyInstanceUID"],
        "date": row.get("StudyDate", ""),
        "description": row.get("StudyDescription", ""),
        "modalities": [name for name in row.get("ModalitiesInStudy", "").split("\\") if name],
        "verified": launched.standing is Standing.CONFIRMED,
        "thumbnail": picture,
    }


def _pictures(services: Services, studies: list[str]) -> dict[str, str]:
    """Return small pictures of studies as ``data:`` URLs: of as many as can be made while somebody waits."""
    made: dict[str, str] = {}
    end = time.monotonic() + PICTURE_SECONDS
    for study in studies:
        if time.monotonic() < end:
            with suppress(SightlineError):
                made[study] = _rendered(services, _GRANT, study)
    return made


def _rendered(services: Services, grant: Grant, study: str) -> str:
    query = Query(Level.SERIES, study_instance_uid=study, attributes=("Modality", "SeriesNumber"))
    rows = [row for row in services.archive.search(grant, query).rows if row.get("Modality") not in _WITHOUT_PICTURES]
    rows.sort(key=lambda row: (row.get("SeriesNumber", "").zfill(12), row["SeriesInstanceUID"]))
    for row in rows[:_MOST_SERIES]:
        frames = services.engine.describe(grant, study, row["SeriesInstanceUID"]).frames
        if frames:
            middle = frames[len(frames) // 2]
            source = FrameOf(middle.sop_instance_uid, middle.frame)
            picture = services.engine.render(
                grant, View(study, row["SeriesInstanceUID"], source, max_size=PICTURE_SIZE)
            )
            if len(picture.content) <= LARGEST_PICTURE:
                return f"data:{picture.media_type};base64,{base64.b64encode(picture.content).decode()}"
    return ""


ROUTES = (
    Route(
        "POST",
        "/sightline/openemr/studies",
        patient_card,
        Verb.SHARE,
        "One patient's studies for a card in the chart",
        "link",
        LARGEST_BODY,
    ),
)
"""The handler itself writes the audit event, which names the patient."""
