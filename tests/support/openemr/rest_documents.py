"""OpenEMR's own API for patients and their documents: bare ``true`` and ``false``, and nothing idempotent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Request, Response

from tests.support.openemr.answers import json_answer
from tests.support.openemr.records import Document, Patient

if TYPE_CHECKING:
    from tests.support.openemr.server import FakeOpenEmr

CATEGORIES = {"Medical Record": (), "Lab Report": (), "Imaging Reports": ("Medical Record",)}
"""Name of a category -> those above it."""
_SNIFFED = ((b"%PDF-", "application/pdf"), (b"PK\x03\x04", "application/zip"))


def patient(emr: FakeOpenEmr, request: Request, uuid: str) -> Response:
    """Tell a patient's numbers: the only place where `pid` and `pubpid` stand beside each other."""
    emr.tokens.require(request, "patient")
    found = next((one for one in emr.records.patients if one.uuid == uuid), None)
    if found is None:
        raise NotFound
    record = {"pid": str(found.pid), "pubpid": found.pubpid, "uuid": uuid, "fname": found.fname, "lname": found.lname}
    return json_answer({"validationErrors": [], "internalErrors": [], "data": record})


def upload(emr: FakeOpenEmr, request: Request, pid: int) -> Response:
    """File a document: again, if it is sent again. The answer is a bare truth value, and tells no id."""
    emr.tokens.require(request, "document", "write")
    patient = _patient(emr, pid)
    category = _category(request.args.get("path", ""))
    file = request.files.get("document")
    if file is None:
        return json_answer(False)
    content = file.read()
    file.close()
    if category is None:
        return json_answer(False)
    kind = sniffed(content)
    if kind == "application/octet-stream":
        return json_answer(False)  # not on the white-list
    document = emr.records.add_document(patient, file.filename or "", kind, content)
    document.category = category
    return json_answer(True)


def listing(emr: FakeOpenEmr, request: Request, pid: int) -> Response:
    """List the documents of one category."""
    emr.tokens.require(request, "document")
    patient, category = _patient(emr, pid), _category(request.args.get("path", ""))
    rows = [
        {"filename": one.name, "id": one.id, "mimetype": one.mimetype, "docdate": one.docdate}
        for one in emr.records.documents
        if one.patient is patient and one.category == category
    ]
    return json_answer(rows)


def download(emr: FakeOpenEmr, request: Request, pid: int, did: int) -> Response:
    """Send one document."""
    emr.tokens.require(request, "document")
    found = _document(emr, pid, did)
    return Response(found.content, content_type=found.mimetype)


def sniffed(content: bytes) -> str:
    """Return the type that the content looks like; what the part's header says is not believed."""
    if content[128:132] == b"DICM":
        return "application/dicom"
    return next((kind for start, kind in _SNIFFED if content.startswith(start)), "application/octet-stream")


def _patient(emr: FakeOpenEmr, pid: int) -> Patient:
    found = next((one for one in emr.records.patients if one.pid == pid), None)
    if found is None:
        raise NotFound
    return found


def _document(emr: FakeOpenEmr, pid: int, did: int) -> Document:
    for one in emr.records.documents:
        if one.id == did and one.patient.pid == pid:
            return one
    raise NotFound


def _category(path: str) -> str | None:
    """Return the category that a path means: spaces and underscores do not count, each part above does."""
    *above, last = [re.sub(r"[ _]", "", part).lower() for part in path.strip("/").split("/")] or [""]
    for name, parents in CATEGORIES.items():
        plain = [re.sub(r"[ _]", "", part).lower() for part in (*parents, name)]
        if plain == [*above, last]:
            return name
    return None


ROUTES = (
    ("GET", "/apis/default/api/patient/<uuid>", patient),
    ("POST", "/apis/default/api/patient/<int:pid>/document", upload),
    ("GET", "/apis/default/api/patient/<int:pid>/document", listing),
    ("GET", "/apis/default/api/patient/<int:pid>/document/<int:did>", download),
)
