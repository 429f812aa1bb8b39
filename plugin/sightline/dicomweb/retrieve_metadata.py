"""WADO-RS: metadata of a study, a series or an instance (PS3.18 section 10.4.1.1.2).

The JSON of each instance is made once per stored file; the compressed answer of a whole series is kept as well, since
that is what a viewer asks for first.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sightline.access.grant import Grant
from sightline.archive.protocol import InstanceRecord
from sightline.dicomweb.answers import JSON_OFFERS, XML_OFFER, again_while_stored, answer_unless_known, entity_tag
from sightline.dicomweb.dicom_json import attribute, encode
from sightline.dicomweb.instances import ordered, records_at
from sightline.dicomweb.metadata_selection import EVERYTHING, Selection, parse_selection
from sightline.dicomweb.metadata_xml import metadata_xml_answer
from sightline.dicomweb.urls import record_url, study_url
from sightline.errors import NotFoundError, UnprocessableError
from sightline.rendering.channel import Buffer
from sightline.rendering.files import file_argument
from sightline.web.negotiation import negotiate
from sightline.web.request import Request, Response
from sightline.web.services import Services

OFFERS = (*JSON_OFFERS, XML_OFFER)
_TASK = "sightline.dicomweb.metadata:instances_metadata"
_FILES_PER_TASK = 32
_UNREADABLE = '299 Sightline "Some instances cannot be read; they are named by their UIDs only"'


def retrieve_metadata(
    request: Request, services: Services, study: str, series: str | None = None, instance: str | None = None
) -> Response:
    """Answer ``GET …/metadata`` of a study, a series or an instance."""
    media_type = negotiate(request.headers.get("Accept", ""), request.args.get("accept"), OFFERS)
    selection = parse_selection(request)
    unchanged = services.archive.watch(study)
    records = selection.of_records(records_at(request, services, study, series, instance))
    zipped = bool(request.accept_encodings["gzip"])
    variant = (study_url(services, study), media_type.name, zipped, *sorted(selection.tags))
    tag = entity_tag(records, "metadata", *variant)

    def make() -> Response:
        body = services.cache.get(("metadata", tag))
        complete = body is not None
        if body is None:
            body = _prepared(services, records, zipped) if selection.is_all and media_type != XML_OFFER else None
            complete = body is not None
        if body is None:
            contents, complete = _contents(request.grant, services, records, selection)
            if instance is not None and not complete:
                raise UnprocessableError("The stored file cannot be read.", "unreadable")
            if media_type == XML_OFFER:
                return metadata_xml_answer(services, contents, "" if complete else _UNREADABLE)
            body = _array(contents)
            body = gzip.compress(body, 5, mtime=0) if zipped else body
        answer = Response(body, content_type=media_type.name)
        if zipped:
            answer.headers["Content-Encoding"] = "gzip"
        answer.headers["Vary"] = "Accept-Encoding"
        if complete:
            request.again = again_while_stored(request, services, records, unchanged, ("metadata", tag), body)
        else:
            answer.headers["Warning"] = _UNREADABLE
        return answer

    return answer_unless_known(request, tag, make)


def prepare_metadata(grant: Grant, services: Services, study: str, series: str) -> None:
    """Keep the metadata of a series, compressed, so that whoever asks for it first need not wait.

    Parameters
    ----------
    grant : Grant
        Our own, of whoever finds out that the series is complete (VIEW).
    """
    records = ordered(services.archive.series_instances(grant, study, series))
    key = _prepared_key(services, records)
    if services.cache.get(key) is None:
        contents, complete = _contents(grant, services, records, EVERYTHING, keep=False)
        if complete:
            services.cache.put(key, gzip.compress(_array(contents), 5, mtime=0))


def _prepared(services: Services, records: Sequence[InstanceRecord], zipped: bool) -> bytes | None:
    """Return what `prepare_metadata` has kept of exactly these instances."""
    kept = services.cache.get(_prepared_key(services, records))
    return kept if kept is None or zipped else gzip.decompress(kept)


def _prepared_key(services: Services, records: Sequence[InstanceRecord]) -> tuple[str, str]:
    # Metadata names addresses (BulkDataURI), and callers may know us under different ones.
    return "prepared-metadata", entity_tag(records, study_url(services, records[0].study_instance_uid))


def _array(contents: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(contents) + b"]"


def _contents(
    grant: Grant, services: Services, records: Sequence[InstanceRecord], selection: Selection, keep: bool = True
) -> tuple[list[bytes], bool]:
    """Return the JSON of each of these instances, and whether all could be read."""
    found = {record: services.cache.get(_key(services, record)) for record in records}
    missing = [record for record, content in found.items() if content is None]
    chunks = [missing[start : start + _FILES_PER_TASK] for start in range(0, len(missing), _FILES_PER_TASK)]
    with ThreadPoolExecutor(max(1, services.configuration.workers.count)) as threads:
        for chunk, made in zip(chunks, threads.map(lambda c: _make(grant, services, c, keep), chunks), strict=True):
            found.update(zip(chunk, made, strict=True))
    contents = [selection.of_attributes(found[record] or _identity(record)) for record in records]
    return contents, all(found.values())


def _make(grant: Grant, services: Services, records: Sequence[InstanceRecord], keep: bool) -> list[bytes]:
    """Have a worker make the JSON of these instances."""
    buffers: list[Buffer] = []
    files: list[dict[str, Any]] = [
        {
            "file": file_argument(services.archive.source(grant, record), buffers),
            "url": record_url(services, record),
        }
        for record in records
    ]
    reply = services.engine.run(_TASK, {"files": files}, buffers)
    contents = [bytes(buffer) for buffer in reply.buffers]
    if len(contents) != len(records):
        raise NotFoundError("The instances have just been removed or replaced.")
    for record, content in zip(records, contents, strict=True):
        if content and keep:
            services.cache.put(_key(services, record), content)
    return contents


def _key(services: Services, record: InstanceRecord) -> tuple[str, str, str]:
    # Addresses are part of metadata (BulkDataURI).
    return "metadata", record.file.uuid, record_url(services, record)


def _identity(record: InstanceRecord) -> bytes:
    """Return what is known of an instance whose file cannot be read."""
    return encode(
        {
            "00080018": attribute("UI", [record.sop_instance_uid]),
            "0020000D": attribute("UI", [record.study_instance_uid]),
            "0020000E": attribute("UI", [record.series_instance_uid]),
        }
    )
