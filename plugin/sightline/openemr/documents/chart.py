"""DICOM documents of a patient in OpenEMR: found by FHIR, and by OpenEMR's own API where FHIR tells none."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sightline.openemr.chart_patient import ChartPatient
from sightline.openemr.ehr.backend_client import BackendClient
from sightline.openemr.ehr.client import EhrAnswerError, EhrError
from sightline.openemr.ehr.resources import member, members, next_page, resources

LARGEST_DOCUMENT = 512 << 20
_TYPES = frozenset({"application/dicom", "application/dicom+zip", "application/zip", "application/x-zip-compressed"})
_NAMES = re.compile(r"\.(dcm|dicom|zip)$", re.IGNORECASE)
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_MOST_PAGES = 20
_JSON_START = b'{"resourceType"'


@dataclass(frozen=True)
class ChartDocument:
    """One document; `url` is where its content is."""

    id: str
    name: str
    media_type: str
    date: str
    url: str


def documents_of(client: BackendClient, patient: ChartPatient) -> tuple[ChartDocument, ...]:
    """Return what may hold DICOM files in a patient's chart, the newest first.

    Raises
    ------
    EhrError
        OpenEMR does not answer, or lets neither FHIR nor its own API be asked.
    """
    found: dict[str, ChartDocument] = {}
    refusals = []
    for look in (_references, _media, _listed):
        if look is _listed and found:
            break  # the same documents, under other numbers
        try:
            for document in look(client, patient):
                found.setdefault(document.id, document)
        except EhrError as error:
            if not error.is_final:
                raise
            refusals.append(error)
    if len(refusals) == 3:
        raise refusals[0]
    return tuple(sorted(found.values(), key=lambda document: (document.date, document.name), reverse=True))


def content_of(client: BackendClient, document: ChartDocument) -> bytes:
    """Return a document's bytes. Raises `EhrError`."""
    content = client.content(document.url, LARGEST_DOCUMENT)
    if content.lstrip()[: len(_JSON_START)].replace(b" ", b"") != _JSON_START:
        return content
    try:  # a FHIR Binary, in its JSON form
        return base64.b64decode(json.loads(content)["data"], validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise EhrAnswerError("OpenEMR's Binary cannot be read.") from error


def _references(client: BackendClient, patient: ChartPatient) -> Iterator[ChartDocument]:
    for resource in _resources(client, "DocumentReference", patient):
        for content in members(resource, "content"):
            yield from _attached(client, member(content, "attachment"), str(resource.get("date", "")))


def _media(client: BackendClient, patient: ChartPatient) -> Iterator[ChartDocument]:
    for resource in _resources(client, "Media", patient):
        yield from _attached(client, member(resource, "content"), str(resource.get("createdDateTime", "")))


def _resources(client: BackendClient, kind: str, patient: ChartPatient) -> Iterator[Mapping[str, Any]]:
    """Give the resources that are this patient's; what is another's, whatever the search gave, is left out."""
    bundle = client.resource(kind, {"patient": patient.uuid})
    for _ in range(_MOST_PAGES):
        yield from (one for one in resources(bundle, kind) if _is_of(one, patient))
        further = next_page(bundle)
        if not further:
            return
        bundle = client.json(further)


def _is_of(resource: Mapping[str, Any], patient: ChartPatient) -> bool:
    return str(member(resource, "subject").get("reference", "")).split("/")[-2:] == ["Patient", patient.uuid]


def _attached(client: BackendClient, attachment: Mapping[str, Any], date: str) -> Iterator[ChartDocument]:
    url, name, kind = (str(attachment.get(key, "")) for key in ("url", "title", "contentType"))
    if url.startswith("Binary/"):
        url = f"{client.fhir}/{url}"
    uuid = url.rpartition("/")[2]
    if _may_be_dicom(kind, name) and client.is_ours(url) and _ID.fullmatch(uuid):
        yield ChartDocument(uuid, name or uuid, kind, date[:10], url)


def _listed(client: BackendClient, patient: ChartPatient) -> Iterator[ChartDocument]:
    base = f"{client.api}/patient/{patient.pid}/document"
    backend = client.issuer.backend
    for category in backend.document_categories if backend else ():
        answer = client.json(base, {"path": category})
        rows = answer.get("data") if isinstance(answer, dict) else answer
        for row in rows if isinstance(rows, list) else ():
            name, kind, number = (str(row.get(key, "")) for key in ("filename", "mimetype", "id"))
            if number.isdecimal() and _may_be_dicom(kind, name):
                yield ChartDocument(f"rest-{number}", name, kind, str(row.get("docdate", ""))[:10], f"{base}/{number}")


def _may_be_dicom(kind: str, name: str) -> bool:
    return kind.partition(";")[0].strip().lower() in _TYPES or (
        kind in ("", "application/octet-stream") and _NAMES.search(name) is not None
    )
