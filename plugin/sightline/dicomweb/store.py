"""STOW-RS: store instances (PS3.18 section 10.5). Each part stands for itself: a bad one never costs the good ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pydicom import Dataset, dcmread

from sightline.archive.nesting import check_nesting
from sightline.dicomweb.answers import JSON_OFFERS, json_answer
from sightline.dicomweb.dicom_json import JsonDataset, attribute, sequence
from sightline.dicomweb.multipart import Part, parse_multipart
from sightline.dicomweb.urls import instance_url, study_url
from sightline.errors import (
    BadRequestError,
    ConflictError,
    ForbiddenError,
    SightlineError,
    UnauthenticatedError,
    UnavailableError,
    UnsupportedMediaTypeError,
)
from sightline.web.negotiation import MediaType, negotiate, parse_media_type
from sightline.web.request import Request, Response
from sightline.web.services import Services

DICOM = "application/dicom"

PROCESSING_FAILURE = 0x0110
OUT_OF_RESOURCES = 0xA700
OTHER_STUDY = 0xA900
CANNOT_UNDERSTAND = 0xC000
"""Failure reasons (PS3.18 table I.2-2, PS3.4 table B.2-1)."""

_IDENTIFIERS = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")


@dataclass(frozen=True)
class Outcome:
    """What became of one part: stored where `failure` is None. UIDs are empty where the part did not say."""

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    failure: int | None = None


def store_instances(request: Request, services: Services, study: str | None = None) -> Response:
    """Answer ``POST /studies`` and ``POST /studies/{study}``."""
    media_type = negotiate(request.headers.get("Accept", ""), request.args.get("accept"), JSON_OFFERS)
    outcomes = [_store(request, services, content, study) for content in _contents(request)]
    request.studies.update(outcome.study_instance_uid for outcome in outcomes if outcome.failure is None)
    return _answer(services, outcomes, study, media_type)


def _contents(request: Request) -> Sequence[memoryview | bytes | None]:
    """Return the DICOM files of the body; None for a part that says it is something else.

    Raises
    ------
    UnsupportedMediaTypeError
        The body is of another type, or none of its parts is DICOM.
    BadRequestError
        It is damaged.
    """
    kind, options = parse_media_type(request.headers.get("Content-Type", ""))
    if kind == DICOM:
        return [request.get_data(cache=False)]
    if kind != "multipart/related":
        raise UnsupportedMediaTypeError(f"Send {DICOM}, or multipart/related with parts of that type.")
    declared = options.get("type", DICOM).lower()
    parts = parse_multipart(request.get_data(cache=False), options.get("boundary", ""))
    contents = [part.content if _part_type(part, declared) == DICOM else None for part in parts]
    if all(content is None for content in contents):
        raise UnsupportedMediaTypeError(f"None of the parts is {DICOM}.")
    return contents


def _part_type(part: Part, declared: str) -> str:
    return parse_media_type(part.headers.get("content-type", declared))[0]


def _store(request: Request, services: Services, content: memoryview | bytes | None, study: str | None) -> Outcome:
    """Store one part, unless it is too deep, of another study, or refused."""
    if content is None:
        return Outcome("", "", "", "", CANNOT_UNDERSTAND)
    try:
        check_nesting(content)
    except SightlineError:
        return Outcome("", "", "", "", CANNOT_UNDERSTAND)
    file = bytes(content)
    said = _identify(file)
    if study is not None and said.study_instance_uid != study:
        return Outcome(said.sop_class_uid, said.sop_instance_uid, "", "", OTHER_STUDY)
    try:
        result = services.archive.store(request.grant, file)
    except (UnauthenticatedError, ForbiddenError):
        raise
    except SightlineError as error:
        return Outcome(said.sop_class_uid, said.sop_instance_uid, "", "", _reason(error))
    return Outcome(result.sop_class_uid, result.sop_instance_uid, result.study_instance_uid, result.series_instance_uid)


def _reason(error: SightlineError) -> int:
    if isinstance(error, UnavailableError):
        return OUT_OF_RESOURCES
    return PROCESSING_FAILURE if isinstance(error, ConflictError) else CANNOT_UNDERSTAND


def _identify(file: bytes) -> Outcome:
    """Read the UIDs of a file whose nesting has been checked; what cannot be read stays empty."""
    try:
        dataset = dcmread(BytesIO(file), stop_before_pixels=True, force=True, specific_tags=list(_IDENTIFIERS))
        sop_class, instance, study, series = (_uid(dataset, keyword) for keyword in _IDENTIFIERS)
        return Outcome(sop_class, instance, study, series)
    except Exception:
        return Outcome("", "", "", "")


def _uid(dataset: Dataset, keyword: str) -> str:
    """Return a UID as it is encoded: whether it is a valid one is for the archive to say."""
    element = dataset.get_item(keyword)
    value = element.value if element is not None else b""
    return (value.decode("latin-1") if isinstance(value, bytes) else str(value)).strip("\0 ")[:64]


def _answer(services: Services, outcomes: Sequence[Outcome], study: str | None, media_type: MediaType) -> Response:
    """Answer 200 where all were stored, 202 where some were, 409 where none was (PS3.18 table 10.5.3-1)."""
    if not outcomes:
        raise BadRequestError("There is nothing to store.")
    stored = [outcome for outcome in outcomes if outcome.failure is None]
    failed = [outcome for outcome in outcomes if outcome.failure is not None]
    body: JsonDataset = {}
    studies = {outcome.study_instance_uid for outcome in stored} | ({study} if study else set())
    if len(studies) == 1:
        body["00081190"] = attribute("UR", [study_url(services, studies.pop())])
    if named := [_failed_item(outcome) for outcome in failed if outcome.sop_instance_uid]:
        body["00081198"] = sequence(named)
    if stored:
        body["00081199"] = sequence([_stored_item(services, outcome) for outcome in stored])
    if nameless := [_reason_item(outcome) for outcome in failed if not outcome.sop_instance_uid]:
        body["0008119A"] = sequence(nameless)
    return json_answer(body, media_type, 409 if not stored else 202 if failed else 200)


def _reference(outcome: Outcome) -> dict[str, Any]:
    return {
        "00081150": attribute("UI", [outcome.sop_class_uid] if outcome.sop_class_uid else []),
        "00081155": attribute("UI", [outcome.sop_instance_uid]),
    }


def _stored_item(services: Services, outcome: Outcome) -> JsonDataset:
    url = instance_url(services, outcome.study_instance_uid, outcome.series_instance_uid, outcome.sop_instance_uid)
    return _reference(outcome) | {"00081190": attribute("UR", [url])}


def _failed_item(outcome: Outcome) -> JsonDataset:
    return _reference(outcome) | _reason_item(outcome)


def _reason_item(outcome: Outcome) -> JsonDataset:
    return {"00081197": attribute("US", [outcome.failure])}
