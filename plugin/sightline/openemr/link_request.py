"""What an EHR says when it asks for a link: which study, for whom, what for, how long."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from sightline import configuration
from sightline.access.grant import Verb
from sightline.access.link import LINK_VERBS
from sightline.errors import BadRequestError
from sightline.uids import LONGEST_UID, UID_PATTERN

_Uid = Annotated[str, StringConstraints(pattern=f"^{UID_PATTERN.pattern}$", max_length=LONGEST_UID)]
# Characters with a meaning in a DICOM query (PS3.4 C.2.2.2) could make one number match another patient's study.
_Literal = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[^*?\\]+$")]
_Date = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}(-?)[0-9]{2}(-?)[0-9]{2}$")]
_Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


def _iso(value: object) -> object:
    """Let ISO 8601 through and nothing else that pydantic takes for a time: a bare number may mean anything."""
    if not isinstance(value, str) or not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T", value):
        raise ValueError("write it as ISO 8601 with a time zone, such as 2026-01-31T18:00:00Z")
    return value


_Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_iso)]


class LinkRequest(BaseModel):
    """The JSON body of ``POST /sightline/openemr/links``.

    Whatever names the study has to agree: a study UID together with a patient id opens nothing when the study is
    somebody else's.
    """

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, strict=True)

    study_instance_uid: _Uid | None = Field(None, alias="studyInstanceUID")
    accession_number: _Literal | None = None
    patient_id: _Literal | None = Field(None, alias="patientID")
    date: _Date | None = None
    purpose: _Note = ""
    user_name: _Note = ""
    verbs: Annotated[list[Annotated[Verb, Field(strict=False)]], Field(min_length=1, max_length=len(Verb))] = [
        Verb.VIEW
    ]
    expires: _Moment | None = None
    expires_in_hours: Annotated[float, Field(gt=0)] | None = None
    uses: Annotated[int, Field(ge=1, le=10_000)] | None = None

    @classmethod
    def parse(cls, value: Any) -> LinkRequest:
        """Validate a parsed JSON body.

        Raises
        ------
        BadRequestError
            Names the field that is wrong.
        """
        if not isinstance(value, dict):
            raise BadRequestError("The body is a JSON object.")
        try:
            request = cls.model_validate(value)
        except ValidationError as error:
            raise BadRequestError(_explain(error)) from None
        if not (request.study_instance_uid or request.accession_number or (request.patient_id and request.date)):
            raise BadRequestError("Name the study: by studyInstanceUID, by accessionNumber, or by patientID and date.")
        if forbidden := set(request.verbs) - LINK_VERBS:
            allowed = ", ".join(sorted(LINK_VERBS))
            raise BadRequestError(f"'verbs': a link cannot allow {min(forbidden)}; it can allow {allowed}.")
        return request

    def matches(self) -> dict[str, str]:
        """Return the DICOM attributes that the study has to have, exactly."""
        wanted = {
            "StudyInstanceUID": self.study_instance_uid,
            "AccessionNumber": self.accession_number,
            "PatientID": self.patient_id,
            "StudyDate": self.date.replace("-", "") if self.date else None,
        }
        return {keyword: value for keyword, value in wanted.items() if value is not None}

    def end(self, now: datetime, settings: configuration.Links) -> datetime:
        """Return when the link is to expire.

        Raises
        ------
        BadRequestError
            In the past, later than allowed, or said twice.
        """
        if self.expires is not None and self.expires_in_hours is not None:
            raise BadRequestError("Say either 'expires' or 'expiresInHours'.")
        hours = self.expires_in_hours or settings.default_expiry_hours
        latest = now + timedelta(hours=settings.maximum_expiry_hours)
        if hours > settings.maximum_expiry_hours or (self.expires is not None and self.expires > latest):
            raise BadRequestError(f"A link can live for {settings.maximum_expiry_hours:g} hours at most.")
        if self.expires is not None and self.expires <= now:
            raise BadRequestError("'expires' is in the past.")
        return self.expires or now + timedelta(hours=hours)


def _explain(error: ValidationError) -> str:
    """Name each wrong field, and what is allowed; never the value, which may be a patient's."""
    sentences = []
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        name = ".".join(re.sub(r"[^A-Za-z0-9_]", "?", str(part))[:40] for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            known = ", ".join(str(field.alias) for field in LinkRequest.model_fields.values())
            sentences.append(f"'{name}' is not known; there are {known}")
        else:
            sentences.append(f"'{name}': {problem['msg']}")
    return "; ".join(sentences) + "."
