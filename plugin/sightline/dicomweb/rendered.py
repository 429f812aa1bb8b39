"""WADO-RS: rendered instances and frames, and thumbnails (PS3.18 sections 10.4.1.1.3 and 10.4.1.1.4).

A request becomes a `View`, the same value by which the viewer asks for its pictures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sightline.dicomweb.answers import answer_unless_known, multipart_answer
from sightline.dicomweb.frames import image_entry, parse_frames
from sightline.dicomweb.multipart import Part
from sightline.errors import BadRequestError, NotFoundError
from sightline.rendering.view import FrameOf, PictureFormat, View, VoiFunction, Window
from sightline.rendering.viewport import Viewport
from sightline.web.negotiation import MediaType, negotiate
from sightline.web.request import Request, Response
from sightline.web.services import Services

THUMBNAIL_SIZE = 256
_FORMATS = {"image/jpeg": PictureFormat.JPEG, "image/png": PictureFormat.PNG}
_FUNCTIONS = {
    "linear": VoiFunction.LINEAR,
    "linear-exact": VoiFunction.LINEAR_EXACT,
    "sigmoid": VoiFunction.SIGMOID,
}
_UNSUPPORTED = ("annotation", "iccprofile")


def retrieve_rendered(
    request: Request, services: Services, study: str, series: str, instance: str, frames: str = "1"
) -> Response:
    """Answer ``GET …/rendered`` of an instance (its first frame) or of frames."""
    record = services.archive.instance(request.grant, study, series, instance)
    image_entry(request, services, record)
    numbers = parse_frames(frames)
    media_type = _negotiate(request, several=len(numbers) > 1)
    views = [_view(request.args, study, series, FrameOf(instance, n), media_type) for n in numbers]
    answer = _answer(request, services, views, media_type)
    for name in _UNSUPPORTED:
        if request.args.get(name):
            answer.headers.add("Warning", f'299 Sightline "The {name} parameter is not supported and was ignored."')
    return answer


def retrieve_thumbnail(
    request: Request, services: Services, study: str, series: str, instance: str | None = None
) -> Response:
    """Answer ``GET …/thumbnail`` of an instance, or of the frame in the middle of a series."""
    table = services.engine.describe(request.grant, study, series)
    frames = [f for f in table.frames if instance is None or f.sop_instance_uid == instance]
    if not frames:
        raise NotFoundError("There is no picture to make a thumbnail of.")
    frame = frames[len(frames) // 2]
    media_type = _negotiate(request, several=False)
    source = FrameOf(frame.sop_instance_uid, frame.frame)
    viewport = _viewport(request.args)
    size = None if viewport else THUMBNAIL_SIZE
    picture_format = _FORMATS[media_type.content]
    view = View(study, series, source, max_size=size, viewport=viewport, picture_format=picture_format)
    return _answer(request, services, [view], media_type)


def _negotiate(request: Request, several: bool) -> MediaType:
    single = [MediaType(name) for name in _FORMATS]
    parts = [MediaType("multipart/related", name) for name in _FORMATS]
    accept = request.headers.get("Accept", "")
    return negotiate(accept, request.args.get("accept"), parts if several else [*single, *parts])


def _view(parameters: Mapping[str, str], study: str, series: str, source: FrameOf, kind: MediaType) -> View:
    """Make the view that the query parameters describe (PS3.18 section 8.3.5)."""
    return View(
        study,
        series,
        source,
        window=_window(parameters),
        viewport=_viewport(parameters),
        picture_format=_FORMATS[kind.content],
        quality=_quality(parameters),
    )


def _window(parameters: Mapping[str, str]) -> Window | None:
    """Read ``window=center,width,function``."""
    text = parameters.get("window")
    if text is None:
        return None
    try:
        center, width, function = text.split(",")
        window = Window(float(center), float(width), _FUNCTIONS[function.strip().lower()])
    except (ValueError, KeyError):
        window = None
    if window is None or not window.is_valid:
        raise BadRequestError("'window' is center, width and one of linear, linear-exact, sigmoid.", "bad-window")
    return window


def _viewport(parameters: Mapping[str, str]) -> Viewport | None:
    text = parameters.get("viewport")
    return None if text is None else Viewport.parse(text)


def _quality(parameters: Mapping[str, str]) -> int:
    text = parameters.get("quality", "85")
    if not re.fullmatch(r"\d{1,3}", text) or not 1 <= int(text) <= 100:
        raise BadRequestError("'quality' is a number from 1 to 100.", "bad-quality")
    return int(text)


def _answer(request: Request, services: Services, views: Sequence[View], media_type: MediaType) -> Response:
    tag = "+".join(services.engine.etag(request.grant, view) for view in views)

    def make() -> Response:
        pictures = [services.engine.render(request.grant, view) for view in views]
        if not media_type.part:
            return Response(pictures[0].content, content_type=pictures[0].media_type)
        return multipart_answer([Part({"Content-Type": p.media_type}, p.content) for p in pictures], media_type.part)

    return answer_unless_known(request, tag.replace('"', ""), make)
