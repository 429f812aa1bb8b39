"""What is answered to a request to store: the Store Instances Response Module (PS3.18 annex I)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sightline.archive.identity import Identity
from sightline.dicomweb.answers import JSON_OFFERS, json_answer
from sightline.dicomweb.dicom_json import JsonDataset, attribute, sequence
from sightline.dicomweb.native_xml import PART_TYPE, native_xml
from sightline.dicomweb.urls import instance_url, study_url
from sightline.errors import BadRequestError
from sightline.web.negotiation import MediaType
from sightline.web.request import Response
from sightline.web.services import Services

OFFERS = (*JSON_OFFERS, MediaType(PART_TYPE))


@dataclass(frozen=True)
class Outcome:
    """What became of one instance: stored where `failure` is None, perhaps with a warning."""

    identity: Identity
    failure: int | None = None
    warning: int | None = None


def store_answer(services: Services, outcomes: Sequence[Outcome], study: str | None, media_type: MediaType) -> Response:
    """Answer 200 where all were stored, 202 where some were or one with a warning, 409 where none was.

    References
    ----------
    PS3.18 tables 10.5.3-1 and I.1-1.
    """
    if not outcomes:
        raise BadRequestError("There is nothing to store.")
    stored = [outcome for outcome in outcomes if outcome.failure is None]
    failed = [outcome for outcome in outcomes if outcome.failure is not None]
    body: JsonDataset = {}
    studies = {outcome.identity.study_instance_uid for outcome in stored} | ({study} if study else set())
    if len(studies) == 1:
        body["00081190"] = attribute("UR", [study_url(services, studies.pop())])
    if named := [_failed_item(outcome) for outcome in failed if outcome.identity.sop_instance_uid]:
        body["00081198"] = sequence(named)
    if stored:
        body["00081199"] = sequence([_stored_item(services, outcome) for outcome in stored])
    if nameless := [_reason_item(outcome) for outcome in failed if not outcome.identity.sop_instance_uid]:
        body["0008119A"] = sequence(nameless)
    all_well = not failed and all(outcome.warning is None for outcome in stored)
    status = 409 if not stored else 200 if all_well else 202
    if media_type.name == PART_TYPE:
        return Response(native_xml(body), status, content_type=PART_TYPE)
    return json_answer(body, media_type, status)


def _reference(outcome: Outcome) -> dict[str, Any]:
    sop_class = outcome.identity.sop_class_uid
    return {
        "00081150": attribute("UI", [sop_class] if sop_class else []),
        "00081155": attribute("UI", [outcome.identity.sop_instance_uid]),
    }


def _stored_item(services: Services, outcome: Outcome) -> JsonDataset:
    told = outcome.identity
    url = instance_url(services, told.study_instance_uid, told.series_instance_uid, told.sop_instance_uid)
    warned = {} if outcome.warning is None else {"00081196": attribute("US", [outcome.warning])}
    return dict(sorted((_reference(outcome) | {"00081190": attribute("UR", [url])} | warned).items()))


def _failed_item(outcome: Outcome) -> JsonDataset:
    return _reference(outcome) | _reason_item(outcome)


def _reason_item(outcome: Outcome) -> JsonDataset:
    return {"00081197": attribute("US", [outcome.failure])}
