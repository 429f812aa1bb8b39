"""Captures: what somebody saw is stored into the study that it shows."""

from __future__ import annotations

import re
from dataclasses import replace
from uuid import NAMESPACE_OID, uuid4, uuid5

from sightline import __version__
from sightline.access.grant import Grant, Permission, Verb
from sightline.archive.upload import examine
from sightline.errors import BadRequestError, ConflictError, UnsupportedMediaTypeError
from sightline.rendering.channel import Buffer
from sightline.rendering.files import file_argument
from sightline.uids import UID_CHARACTERS
from sightline.viewer.studies import series_row, series_rows
from sightline.web.json_answer import answer_json
from sightline.web.request import Request, Response
from sightline.web.services import Services

LARGEST_CAPTURE = 32 << 20
"""Bytes of the picture."""
_MOST_SOURCES = 16
_SOURCE = re.compile(rf"({UID_CHARACTERS})/({UID_CHARACTERS})/([1-9][0-9]{{0,6}})", re.ASCII)


def capture(request: Request, services: Services, study: str) -> Response:
    """Store a PNG as a Secondary Capture image, into one series for each day.

    Headers say what it is, for Orthanc loses the query of a POST: ``Sightline-Sources``, which frames of the study it
    shows, as ``series/instance/frame`` with commas between; ``Sightline-Annotated: 1`` if something is written into it,
    and ``Sightline-Lossy: 1`` if it was made of pictures that lost something.

    Raises
    ------
    NotFoundError
        There is no such image in this study.
    """
    if request.mimetype != "image/png":
        raise UnsupportedMediaTypeError("Send the picture as image/png.")
    buffers: list[Buffer] = [request.body]
    sources = []
    for series, instance, frame in _sources(request.headers.get("Sightline-Sources", "")):
        record = services.archive.instance(request.grant, study, series, instance)
        file = file_argument(services.archive.source(request.grant, record), buffers)
        sources.append({"file": file, "frame": frame})
    now = services.clock().astimezone()
    series_uid = f"2.25.{uuid5(NAMESPACE_OID, f'captures {study} {now:%Y%m%d}').int}"
    arguments = {
        "picture": 0,
        "sources": sources,
        "annotated": _flag(request, "Sightline-Annotated"),
        "lossy": _flag(request, "Sightline-Lossy"),
        "instance": f"2.25.{uuid4().int}",
        "series": series_uid,
        **numbers_of(services, request.grant, study, series_uid),
        "date": f"{now:%Y%m%d}",
        "time": f"{now:%H%M%S}",
        "timezone": f"{now:%z}",
        "version": __version__,
    }
    reply = services.engine.run("sightline.objects.captures:make_capture", arguments, buffers)
    if reply.values["study"] != study:
        raise ConflictError("The image that was shown says that it is of another study.", "other-study")
    result = services.archive.store(storing(request.grant), examine(bytes(reply.buffers[0])))
    answer = {"series": result.series_instance_uid, "instance": result.sop_instance_uid}
    return answer_json(answer, 201)


def storing(grant: Grant) -> Grant:
    """Return the grant with which a file of our own making is stored, for somebody who may annotate its study."""
    return replace(grant, permissions=(*grant.permissions, Permission(frozenset({Verb.UPLOAD}))))


def _sources(text: str) -> list[tuple[str, str, int]]:
    found = [_SOURCE.fullmatch(part) for part in text.split(",")]
    named = [(each[1], each[2], int(each[3])) for each in found if each]
    if len(named) < len(found) or len(found) > _MOST_SOURCES:
        raise BadRequestError(
            f"'Sightline-Sources' are from 1 to {_MOST_SOURCES} frames as series/instance/frame, with commas between."
        )
    return named


def _flag(request: Request, name: str) -> bool:
    text = request.headers.get(name, "0")
    if text not in ("0", "1"):
        raise BadRequestError(f"'{name}' is 0 or 1.")
    return text == "1"


def numbers_of(services: Services, grant: Grant, study: str, series_uid: str) -> dict[str, int]:
    """Return Series Number and Instance Number of the next capture: the series goes behind all others."""
    rows = [series_row(row) for row in series_rows(services, grant, study)]
    for row in rows:
        if row["uid"] == series_uid:
            return {"series_number": row["number"] or 1, "instance_number": (row["instances"] or 0) + 1}
    highest = max((row["number"] or 0 for row in rows), default=0)
    return {"series_number": highest + 1, "instance_number": 1}
