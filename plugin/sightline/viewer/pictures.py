"""Pictures by their canonical URL, and thumbnails."""

from __future__ import annotations

import re
import time

from sightline.errors import NotFoundError
from sightline.rendering.jobs import Asking, Priority
from sightline.rendering.view import Picture, View
from sightline.viewer.series_json import window_json
from sightline.viewer.studies import Asked, open_study, series_row, series_rows
from sightline.web.picture_headers import picture_headers
from sightline.web.request import Request, Response
from sightline.web.services import Services

THUMBNAIL_SIZE = 160
THUMBNAIL_QUALITY = 75
_LONGEST_NAME = 40
_MILLISECONDS = re.compile(r"[0-9]{1,6}", re.ASCII)


def frame_picture(request: Request, services: Services, study: str, series: str, instance: str, frame: int) -> Response:
    """Send the picture of one stored frame."""
    return send_view(request, services, View.parse((study, series, instance, str(frame)), request.args))


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
    etag = services.engine.etag(request.grant, view)
    if request.if_none_match.contains(etag):
        response = Response(status=304)
        response.set_etag(etag)
        return response
    return picture_response(services.engine.render(request.grant, view, asking_of(request)))


def asking_of(request: Request) -> Asking:
    """Read who waits for a picture.

    `Sightline-Viewport` names a viewport: an older picture for the same one of this session that is not begun yet is
    answered with 409, `superseded`. `Sightline-Wait` is how many ms the client waits at most. `Sightline-Prefetch: 1`
    lets all that people wait for go first. `Sightline-Partial: 1` is content with what is there of a volume.
    """
    viewport, session, wait = request.headers.get("Sightline-Viewport", ""), request.grant.session, _wait(request)
    return Asking(
        priority=Priority.PREFETCH if request.headers.get("Sightline-Prefetch") == "1" else Priority.INTERACTIVE,
        supersedes=f"{session}/{viewport}" if session and 0 < len(viewport) <= _LONGEST_NAME else None,
        wanted_until=None if wait is None else time.monotonic() + wait,
        allow_partial=request.headers.get("Sightline-Partial") == "1",
    )


def _wait(request: Request) -> float | None:
    """Return how many seconds the client waits; None if it does not say."""
    text = request.headers.get("Sightline-Wait", "")
    return int(text) / 1000 if _MILLISECONDS.fullmatch(text) else None


def picture_response(picture: Picture) -> Response:
    """Make the response: `Sightline-Window` is the one applied, `Sightline-Size` columns and rows of these pixels.

    `Sightline-Slices` is how many slices of the volume were there, and of how many, if not all.
    """
    response = Response(picture.content, headers=picture_headers(picture), content_type=picture.media_type)
    response.set_etag(picture.etag)
    response.headers["Sightline-Size"] = f"{picture.columns},{picture.rows}"
    response.headers["Sightline-Quality"] = "lossy" if picture.lossy else "exact"
    if picture.window is not None:
        response.headers["Sightline-Window"] = ",".join(str(part) for part in window_json(picture.window))
    if picture.slices is not None:
        response.headers["Sightline-Slices"] = "{},{}".format(*picture.slices)
        response.headers["Cache-Control"] = "private, no-store"
    return response


def _thumbnail(request: Request, services: Services, study: str, rows: list[dict[str, object]]) -> Response:
    opening = open_study(services, request.grant, study, rows, Asked())
    if opening is None:
        raise NotFoundError("There is nothing to show a small picture of.")
    whole = opening.view
    small = View(study, whole.series_instance_uid, whole.source, max_size=THUMBNAIL_SIZE, quality=THUMBNAIL_QUALITY)
    return send_view(request, services, small)
