"""What a study holds beside stacks of pictures: reports, documents and videos, and how they are shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sightline.access.grant import Grant
from sightline.archive.protocol import InstanceRecord
from sightline.errors import NotFoundError, SightlineError, UnprocessableError
from sightline.rendering.channel import Buffer
from sightline.rendering.files import file_argument, in_batches
from sightline.rendering.series_table import FrameEntry, SeriesTable, series_identity
from sightline.rendering.videos import EVERY_VIDEO_SYNTAX
from sightline.viewer.report_series import report_series
from sightline.web.ranges import say_part, wanted_range
from sightline.web.request import Request, Response
from sightline.web.services import Services

_READ_BY_PEOPLE = frozenset({"SR", "DOC", "KO", "OT", ""})
"""Modalities of series without pictures in which there may be something to read."""
_MOST_DOCUMENTS = 64
_FILES_PER_TASK = 16
_LARGEST_PART = 4 << 20
"""Bytes of a video that are sent at once: players ask for the rest of it when they need it."""
_LARGEST_WHOLE = 64 << 20


def document(request: Request, services: Services, study: str, series: str, instance: str) -> Response:
    """Send a report as HTML, or an encapsulated document as PDF. Raises `NotFoundError` if it is neither."""
    record = services.archive.instance(request.grant, study, series, instance)
    etag = f"document-{record.file.uuid}"
    if request.if_none_match.contains(etag):
        response = Response(status=304)
    else:
        buffers: list[Buffer] = []
        arguments = {"file": file_argument(services.archive.source(request.grant, record), buffers)}
        reply = services.engine.run("sightline.objects.documents:read_document", arguments, buffers)
        media_type = reply.values["media_types"][0]
        charset = "; charset=utf-8" if media_type.startswith("text/") else ""
        response = Response(bytes(reply.buffers[0]), content_type=media_type + charset)
    response.set_etag(etag)
    return response


def video(request: Request, services: Services, study: str, series: str, instance: str) -> Response:
    """Send a video as it was stored, or the part of it that the client asked for: as much as is sent at once.

    Raises
    ------
    NotFoundError
        It is no video.
    RangeNotSatisfiableError
        It ends before the part begins.
    UnprocessableError
        It is damaged, or too large to be sent as a whole.
    """
    entry = services.engine.describe(request.grant, study, series).frame(instance, 1)
    if entry is None or not is_video(entry):
        raise NotFoundError("This instance is no video.")
    record = services.archive.instance(request.grant, study, series, instance)
    buffers: list[Buffer] = []
    file = file_argument(services.archive.source(request.grant, record), buffers)

    def read(start: int, stop: int) -> tuple[dict[str, Any], bytes]:
        arguments = {"file": file, "offset": entry.instance.pixel_offset, "start": start, "stop": stop}
        reply = services.engine.run("sightline.rendering.videos:read_video", arguments, buffers)
        return reply.values, b"".join(map(bytes, reply.buffers))

    told, _ = read(0, 0)
    size, etag = told["size"], f'"video-{record.file.uuid}"'
    part = wanted_range(request, etag, size)
    start, stop = part or (0, size)
    if part is not None:
        stop = min(stop, start + _LARGEST_PART)
    elif size > _LARGEST_WHOLE:
        raise UnprocessableError(
            "This video is too large to be sent at once. Ask for parts of it (Range).", "too-large"
        )
    response = Response(read(start, stop)[1], content_type=told["media_type"])
    response.headers["ETag"], response.headers["Accept-Ranges"] = etag, "bytes"
    if part is not None:
        say_part(response, (start, stop), size)
    return response


def is_video(frame: FrameEntry) -> bool:
    """Whether a frame is one of a video, which is played rather than looked at frame by frame."""
    return frame.instance.transfer_syntax_uid in EVERY_VIDEO_SYNTAX


def videos_json(table: SeriesTable, title: str) -> list[dict[str, Any]]:
    """Return the videos of a series."""
    instances = dict.fromkeys(frame.sop_instance_uid for frame in table.frames if is_video(frame))
    return [{"instance": uid, "kind": "video", "title": title, "date": "", "status": ""} for uid in instances]


def documents_json(services: Services, grant: Grant, study: str, series: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a series without pictures holds.

    Returns
    -------
    list of dict
        ``instance``; ``kind``: pdf, report, video or other; ``title``; ``date`` as in DICOM; ``status`` of a report:
        complete or partial, and verified or unverified.
    """
    try:
        if series["modality"] not in _READ_BY_PEOPLE:
            record = services.archive.any_instance(grant, study, series["uid"])
            title = series["description"] or series["modality"]
            return [{"instance": record.sop_instance_uid, "kind": "other", "title": title, "date": "", "status": ""}]
        records = services.archive.series_instances(grant, study, series["uid"])
        if series["uid"] == report_series(study):
            records = _last_report(services, study, records)
        earlier = _earlier_versions(services, study)
        records = tuple(record for record in records if record.sop_instance_uid not in earlier)
        return _described(services, grant, sorted(records, key=lambda record: record.sop_instance_uid))
    except NotFoundError:  # deleted in this moment
        return []


def _last_report(services: Services, study: str, records: tuple[InstanceRecord, ...]) -> tuple[InstanceRecord, ...]:
    """Return the last version of our own report, if it is known: each has all that is in those before."""
    known = services.findings.read(study)
    saved = known.saved.instance if known and known.saved else ""
    return tuple(record for record in records if record.sop_instance_uid == saved) or records


def _earlier_versions(services: Services, study: str) -> set[str]:
    """Return the objects of signed reports that have an addendum since: the last version has all that they say."""
    replaced = services.reports.versions_of(study)[:-1]
    return {uid for version in replaced for uid in (version.sr_instance_uid, version.pdf_instance_uid)}


def _described(services: Services, grant: Grant, records: Sequence[InstanceRecord]) -> list[dict[str, Any]]:
    """Have workers read what documents are called; kept for as long as the same files are stored."""
    key = ("documents", series_identity(record.file.uuid for record in records))
    kept = services.cache.get(key)
    if kept is not None:
        found: list[dict[str, Any]] = json.loads(kept)
        return found
    rows: list[dict[str, Any]] = []
    for batch in in_batches(records[:_MOST_DOCUMENTS], _FILES_PER_TASK):
        buffers: list[Buffer] = []
        files = [file_argument(services.archive.source(grant, record), buffers) for record in batch]
        try:
            reply = services.engine.run("sightline.objects.documents:describe_documents", {"files": files}, buffers)
        except NotFoundError:
            raise
        except SightlineError:  # what cannot be described is still there
            continue
        told = zip(batch, reply.values["documents"], strict=True)
        rows += [{"instance": record.sop_instance_uid, **said} for record, said in told]
    rows.sort(key=lambda row: row["date"], reverse=True)
    services.cache.put(key, json.dumps(rows).encode())
    return rows
