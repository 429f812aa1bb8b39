"""Pictures by their canonical URL, and thumbnails."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from functools import partial

from sightline.access.grant import Grant
from sightline.access.headers import Headers
from sightline.errors import NotFoundError
from sightline.rendering.jobs import Asking, Priority
from sightline.rendering.picture import Picture
from sightline.rendering.view import View
from sightline.uids import is_uid
from sightline.viewer.series_json import window_json
from sightline.viewer.studies import AskedFrame, open_study, series_row, series_rows
from sightline.web.picture_headers import PICTURE_HEADERS, picture_headers
from sightline.web.request import Request, Response
from sightline.web.services import Services
from sightline.web.siblings import Asked, Sibling, Siblings

THUMBNAIL_SIZE = 160
THUMBNAIL_QUALITY = 75
OWN_HEADERS = PICTURE_HEADERS | {"Sightline-Size", "Sightline-Quality", "Sightline-Window", "Sightline-Slices"}
"""Headers by which the answers with pictures of a series differ."""
_LONGEST_NAME = 40
_MILLISECONDS = re.compile(r"[0-9]{1,6}", re.ASCII)


def frame_picture(request: Request, services: Services, study: str, series: str, instance: str, frame: int) -> Response:
    """Send the picture of one stored frame."""
    answer = send_view(request, services, View.parse((study, series, instance, str(frame)), request.args))
    request.siblings = Siblings(2, partial(_sibling, services, study, series), OWN_HEADERS)
    return answer


def plane_picture(request: Request, services: Services, study: str, series: str, plane: str, index: int) -> Response:
    """Send the picture of one plane through the volume."""
    return send_view(request, services, View.parse((study, series, plane, str(index)), request.args))


def volume_picture(request: Request, services: Services, study: str, series: str, kind: str, plane: str) -> Response:
    """Send the picture of a cut through the volume in any direction, of a projection or of a rendering."""
    return send_view(request, services, View.parse((study, series, kind, plane), request.args))


def study_thumbnail(request: Request, services: Services, study: str) -> Response:
    """Send a small picture of what the study opens with."""
    rows = [series_row(row) for row in series_rows(services, request.grant, study)]
    return _thumbnail(request, services, study, rows)


def series_thumbnail(request: Request, services: Services, study: str, series: str) -> Response:
    """Send a small picture of the series' middle."""
    rows = [row for row in series_rows(services, request.grant, study) if row["SeriesInstanceUID"] == series]
    return _thumbnail(request, services, study, [series_row(row) for row in rows])


def send_view(request: Request, services: Services, view: View) -> Response:
    """Send a picture with what it is in its headers, or 304 where the client has it: that costs no rendering.

    The client may say who waits for it in headers, see `asking_of`.
    """
    # The archive is asked once: that looks at each file of a volume.
    (prepared,) = services.engine.prepare(request.grant, [view])
    if request.if_none_match.contains(prepared.etag):
        response = Response(status=304)
        response.set_etag(prepared.etag)
        return response
    asking = asking_of(request.grant, request.headers)
    return picture_response(services.engine.render_prepared(request.grant, prepared, asking))


def _sibling(services: Services, study: str, series: str, asked: Asked) -> Sibling | None:
    """Make the picture of any frame of a series."""
    engine, (instance, frame) = services.engine, asked.parts
    if not is_uid(instance) or not frame.isdecimal():
        return None
    prepared = engine.prepare_known(asked.grant, View.parse((study, series, instance, frame), asked.query))
    if prepared is None:
        return None

    def make() -> tuple[bytes, Mapping[str, str]]:
        picture = engine.render_prepared(asked.grant, prepared, asking_of(asked.grant, asked.headers))
        return picture.content, _headers(picture)

    return Sibling(f'"{prepared.etag}"', make)


def asking_of(grant: Grant, headers: Headers) -> Asking:
    """Read who waits for a picture.

    `Sightline-Viewport` names a viewport: an older picture for the same one of this session that is not begun yet is
    answered with 409, `superseded`. `Sightline-Wait` is how many ms the client waits at most. `Sightline-Prefetch: 1`
    lets all that people wait for go first. `Sightline-Partial: 1` is content with what is there of a volume.
    """
    viewport, session, wait = headers.get("sightline-viewport", ""), grant.session, _wait(headers)
    return Asking(
        priority=Priority.PREFETCH if headers.get("sightline-prefetch", "") == "1" else Priority.INTERACTIVE,
        supersedes=f"{session}/{viewport}" if session and 0 < len(viewport) <= _LONGEST_NAME else None,
        wanted_until=None if wait is None else time.monotonic() + wait,
        allow_partial=headers.get("sightline-partial", "") == "1",
    )


def _wait(headers: Headers) -> float | None:
    """Return how many seconds the client waits; None if it does not say."""
    text = headers.get("sightline-wait", "")
    return int(text) / 1000 if _MILLISECONDS.fullmatch(text) else None


def picture_response(picture: Picture) -> Response:
    """Make the response: `Sightline-Window` is the one applied, `Sightline-Size` columns and rows of these pixels.

    `Sightline-Slices` is how many slices of the volume were there, and of how many, if not all.
    """
    response = Response(picture.content, headers=_headers(picture))
    response.set_etag(picture.etag)
    if picture.slices is not None:
        response.headers["Cache-Control"] = "private, no-store"
    return response


def _headers(picture: Picture) -> dict[str, str]:
    """Return all of `OWN_HEADERS` that the picture has, but for its ETag."""
    headers = {
        "Content-Type": picture.media_type,
        **picture_headers(picture),
        "Sightline-Size": f"{picture.columns},{picture.rows}",
        "Sightline-Quality": "lossy" if picture.lossy else "exact",
    }
    if picture.window is not None:
        headers["Sightline-Window"] = ",".join(str(part) for part in window_json(picture.window))
    if picture.slices is not None:
        headers["Sightline-Slices"] = "{},{}".format(*picture.slices)
    return headers


def _thumbnail(request: Request, services: Services, study: str, rows: list[dict[str, object]]) -> Response:
    opening = open_study(services, request.grant, study, rows, AskedFrame())
    if opening is None:
        raise NotFoundError("There is nothing to show a small picture of.")
    whole = opening.view
    small = View(study, whole.series_instance_uid, whole.source, max_size=THUMBNAIL_SIZE, quality=THUMBNAIL_QUALITY)
    return send_view(request, services, small)
