"""WADO-RS: rendered studies, series, instances and frames (PS3.18 section 10.4.1.1.3).

A request becomes a list of `View`, the same value by which the viewer asks for its pictures. Pictures are sent one by
one, or, where the client wants that, as an animation.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

from sightline.dicomweb.answers import answer_unless_known, multipart_answer
from sightline.dicomweb.frames import image_entry, parse_frames
from sightline.dicomweb.multipart import Part
from sightline.dicomweb.rendered_documents import retrieve_document
from sightline.dicomweb.rendered_parameters import view_settings
from sightline.dicomweb.rendered_sources import PictureSource, sources_of_series, sources_of_study
from sightline.dicomweb.urls import instance_url
from sightline.errors import NotFoundError, TooLargeError
from sightline.rendering.view import FrameOf, Picture, PictureFormat, View
from sightline.web.negotiation import MediaType, negotiate
from sightline.web.request import Request, Response
from sightline.web.services import Services

MAXIMUM_PICTURES = 1000
FORMATS = {"image/jpeg": PictureFormat.JPEG, "image/png": PictureFormat.PNG}
ANIMATIONS = ("image/gif", "image/webp")
DEFAULT_FRAME_TIME = 100.0
"""ms between the pictures of an animation where the file does not say."""
_AT_ONCE = 4


def retrieve_rendered(
    request: Request,
    services: Services,
    study: str,
    series: str | None = None,
    instance: str | None = None,
    frames: str | None = None,
) -> Response:
    """Answer ``GET …/rendered`` of a study, a series (all frames), an instance (its first frame) or frames.

    An instance of several frames that is wanted as GIF or WebP is sent as an animation of all of them; one without
    pixels as the text or document that it is.
    """
    is_instance = instance is not None and frames is None
    try:
        sources = _sources(request, services, study, series, instance, frames)
    except NotFoundError:
        if series is None or instance is None or frames is not None:
            raise
        # It may be there, and have something to read instead of pixels.
        return retrieve_document(request, services, services.archive.instance(request.grant, study, series, instance))
    offers = _offers(alone=is_instance or len(sources) == 1, animated=series is not None)
    media_type = negotiate(request.headers.get("Accept", ""), request.args.get("accept"), offers)
    if is_instance and media_type.name not in ANIMATIONS:
        sources = sources[:1]
    if len(sources) > MAXIMUM_PICTURES:
        raise TooLargeError(
            f"These are {len(sources)} pictures; at most {MAXIMUM_PICTURES} are rendered at once. "
            "Please ask for series, instances or frames."
        )
    settings = view_settings(request.args)
    picture_format = FORMATS.get(media_type.content, PictureFormat.PNG)
    views = [View(study, s.series, s.frame, picture_format=picture_format, **settings) for s in sources]
    return _answer(request, services, views, sources, media_type)


def _sources(
    request: Request, services: Services, study: str, series: str | None, instance: str | None, frames: str | None
) -> Sequence[PictureSource]:
    """Return the frames that the address stands for."""
    if series is None:
        return sources_of_study(request, services, study)
    if instance is None:
        return sources_of_series(request, services, study, series)
    entry = image_entry(request, services, services.archive.instance(request.grant, study, series, instance))
    numbers = range(1, entry.number_of_frames + 1) if frames is None else parse_frames(frames)
    return [PictureSource(series, FrameOf(instance, number), entry.frame_time) for number in numbers]


def _offers(alone: bool, animated: bool) -> list[MediaType]:
    """Return the media types that these frames can be sent in, best first."""
    single = [MediaType(name) for name in FORMATS] if alone else []
    parts = [MediaType("multipart/related", name) for name in FORMATS]
    return [*single, *parts, *(MediaType(name) for name in ANIMATIONS if animated)]


def _answer(
    request: Request,
    services: Services,
    views: Sequence[View],
    sources: Sequence[PictureSource],
    media_type: MediaType,
) -> Response:
    tags = "+".join(services.engine.etag(request.grant, view) for view in views)
    tag = sha256(f"{media_type} {tags}".encode()).hexdigest()[:32]

    def make() -> Response:
        pictures = _render(request, services, views)
        if media_type.name in ANIMATIONS:
            return _animation(services, pictures, sources[0].frame_time, views[0].quality, media_type.name)
        if not media_type.part:
            return Response(pictures[0].content, content_type=pictures[0].media_type)
        parts = [
            Part({"Content-Type": picture.media_type, "Content-Location": _url(services, view)}, picture.content)
            for picture, view in zip(pictures, views, strict=True)
        ]
        return multipart_answer(parts, media_type.part)

    return answer_unless_known(request, tag, make)


def _render(request: Request, services: Services, views: Sequence[View]) -> list[Picture]:
    """Render several pictures at once, so that every worker has something to do."""
    grant = request.grant
    if len(views) == 1:
        return [services.engine.render(grant, views[0])]
    with ThreadPoolExecutor(_AT_ONCE, "sightline-rendered") as threads:
        return list(threads.map(lambda view: services.engine.render(grant, view), views))


def _url(services: Services, view: View) -> str:
    """Return the address of a frame's picture."""
    frame = view.source
    assert isinstance(frame, FrameOf)  # noqa: S101 - all views here are of frames
    address = instance_url(services, view.study_instance_uid, view.series_instance_uid, frame.sop_instance_uid)
    return f"{address}/frames/{frame.frame}/rendered"


def _animation(
    services: Services, pictures: Sequence[Picture], frame_time: float | None, quality: int, name: str
) -> Response:
    arguments = {"media_type": name, "frame_time": frame_time or DEFAULT_FRAME_TIME, "quality": quality}
    buffers = [picture.content for picture in pictures]
    reply = services.engine.run("sightline.rendering.animation:animate", arguments, buffers)
    return Response(bytes(reply.buffers[0]), content_type=name)
