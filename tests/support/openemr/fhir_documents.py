"""FHIR DocumentReference, Media and Binary of the fake OpenEMR."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.wrappers import Request, Response

from tests.support.openemr.answers import fhir
from tests.support.openemr.records import Document

if TYPE_CHECKING:
    from tests.support.openemr.server import FakeOpenEmr

MEDIA = frozenset(
    [
        "application/dicom",
        "image/jpeg",
        "image/png",
        "image/gif",
        "image/bmp",
        "image/tiff",
        "video/mp4",
        "video/quicktime",
    ]
)
"""Of these OpenEMR 8 makes Media, beside DocumentReference."""


def references(emr: FakeOpenEmr, request: Request) -> Response:
    """Search documents of a patient."""
    emr.tokens.require(request, "DocumentReference")
    return _bundle(emr, [_reference(emr, one) for one in _of(emr, request)])


def media(emr: FakeOpenEmr, request: Request) -> Response:
    """Search pictures of a patient; 8.x only."""
    if "Media" not in emr.resources:
        raise NotFound
    emr.tokens.require(request, "Media")
    return _bundle(emr, [_media(emr, one) for one in _of(emr, request) if one.mimetype in MEDIA])


def binary(emr: FakeOpenEmr, request: Request, uuid: str) -> Response:
    """Send a document's content as it is."""
    emr.tokens.require(request, "Binary")
    for one in emr.records.documents:
        if one.uuid == uuid:
            return Response(one.content, content_type=one.mimetype)
    raise NotFound


def refuse(emr: FakeOpenEmr, request: Request) -> Response:
    """Nothing can be written by FHIR."""
    raise MethodNotAllowed


def _of(emr: FakeOpenEmr, request: Request) -> list[Document]:
    patient = request.args.get("patient", "").removeprefix("Patient/")
    return [one for one in emr.records.documents if one.patient.uuid == patient]


def _reference(emr: FakeOpenEmr, document: Document) -> dict[str, Any]:
    return {
        "resourceType": "DocumentReference",
        "id": document.uuid,
        "status": "current",
        "subject": {"reference": f"Patient/{document.patient.uuid}"},
        "date": f"{document.docdate}T00:00:00+00:00",
        "content": [{"attachment": _attachment(emr, document)}],
    }


def _media(emr: FakeOpenEmr, document: Document) -> dict[str, Any]:
    return {
        "resourceType": "Media",
        "id": document.uuid,
        "status": "completed",
        "subject": {"reference": f"Patient/{document.patient.uuid}"},
        "createdDateTime": f"{document.docdate}T00:00:00+00:00",
        "content": _attachment(emr, document),
    }


def _attachment(emr: FakeOpenEmr, document: Document) -> dict[str, Any]:
    return {
        "contentType": document.mimetype,
        "url": f"{emr.fhir}/Binary/{document.uuid}",
        "title": document.name,
    }


def _bundle(emr: FakeOpenEmr, resources: list[dict[str, Any]]) -> Response:
    entries = [{"fullUrl": f"{emr.fhir}/{one['resourceType']}/{one['id']}", "resource": one} for one in resources]
    return fhir({"resourceType": "Bundle", "type": "collection", "total": len(entries), "entry": entries})


ROUTES = (
    ("GET", "/apis/default/fhir/DocumentReference", references),
    ("POST", "/apis/default/fhir/DocumentReference", refuse),
    ("GET", "/apis/default/fhir/Media", media),
    ("GET", "/apis/default/fhir/Binary/<uuid>", binary),
)
