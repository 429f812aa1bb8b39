"""WADO-RS: rendered studies, series, instances and frames (PS3.18 section 10.4.1.1.3).

A request becomes a list of `View`, the same value by which the viewer asks for its pictures. Pictures are sent one by
one, or, where the client wants that, as an animation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sightline.dicomweb.answers import answer_unless_known, multipart_answer
from sightline.dicomweb.multipart import Part
from sightline.dicomweb.rendered_documents import retrieve_document
from sightline.dicomweb.rendered_parameters import FORMATS, SETTINGS, view_settings
from sightline.dicomweb.rendered_siblings import picture_headers, picture_tag, picture_url, rendered_siblings
from sightline.dicomweb.rendered_sources import (
    PictureSource,
    sources_of_instance,
    sources_of_presentation,
    sources_of_series,
    sources_of_study,
)
from sightline.errors import BadRequestError, NotFoundError, TooLargeError
from sightline.rendering.view import PictureFormat, View
from sightline.web.animations import ANIMATIONS, animation_answer, render_all
from sightline.web.negotiation import MediaType, negotiate
from sightline.web.request import Request, Response
from sightline.web.services import Services

MAXIMUM_PICTURES = 1000


def retrieve_rendered(
    request: Request,
    services: Services,
    study: str,
    series: str | None = None,
    instance: str | None = None,
    frames: str | None = None,
) -> Response:
    """Answer ``GET …/rendered`` of a study, a series, an instance or frames.

    All frames are sent, as parts or as an animation. An instance of several frames that is wanted as one picture is
    sent as its first frame: Content-Location says so. A presentation state is sent as the images that it is for; what
    has neither pixels nor images as the text or document that it is.
    """
    settings = view_settings(request.args)
    is_instance = instance is not None and frames is None
    sources = _sources(request, services, study, series, instance, frames)
    if sources is None:
        assert series is not None and instance is not None  # noqa: S101 - only an instance can be no picture
        return retrieve_document(request, services, services.archive.instance(request.grant, study, series, instance))
    presented = any(source.presentation for source in sources)
    if presented and settings["window"] is not None:
        raise BadRequestError("'window' is what the presentation state says.", "bad-window")
    stands_alone = len(sources) == 1 or (is_instance and not presented)
    offers = _offers(stands_alone, ANIMATIONS if series is not None else ())
    media_type = negotiate(request.headers.get("Accept", ""), request.args.get("accept"), offers)
    if media_type.name in FORMATS:
        sources = sources[:1]
    if len(sources) > MAXIMUM_PICTURES:
        raise TooLargeError(
            f"These are {len(sources)} pictures; at most {MAXIMUM_PICTURES} are rendered at once. "
            "Please ask for series, instances or frames."
        )
    answer = answer_pictures(request, services, study, sources, media_type, settings)
    is_picture = media_type.name in FORMATS and not presented and SETTINGS.issuperset(request.args)
    if is_picture and series is not None and instance is not None:
        request.siblings = rendered_siblings(services, study, series, frames is not None, media_type)
    return answer


def _sources(
    request: Request, services: Services, study: str, series: str | None, instance: str | None, frames: str | None
) -> Sequence[PictureSource] | None:
    """Return the frames that the address stands for; None for an instance that is no picture."""
    if series is None:
        return sources_of_study(request, services, study)
    if instance is None:
        return sources_of_series(request, services, study, series)
    record = services.archive.instance(request.grant, study, series, instance)
    try:
        return sources_of_instance(request, services, record, frames)
    except NotFoundError:
        if frames is not None:
            raise
        return sources_of_presentation(request, services, record)


@cache
def _offers(alone: bool, animations: Sequence[str]) -> Sequence[MediaType]:
    """Return the media types that these frames can be sent in, best first."""
    single = [MediaType(name) for name in FORMATS] if alone else []
    parts = [MediaType("multipart/related", name) for name in FORMATS]
    return [*single, *parts, *(MediaType(name) for name in animations)]


def answer_pictures(
    request: Request,
    services: Services,
    study: str,
    sources: Sequence[PictureSource],
    media_type: MediaType,
    settings: Mapping[str, Any],
) -> Response:
    """Answer with the pictures of these frames: one alone, a part for each, or an animation.

    Parameters
    ----------
    sources : sequence of PictureSource
        At least one; exactly one where the media type is that of one picture.
    media_type : MediaType
        One of `FORMATS`, `ANIMATIONS`, or multipart of `FORMATS`.
    settings : mapping
        Fields of `View`.
    """
    kind = FORMATS.get(media_type.content, PictureFormat.PNG)
    views = [
        View(study, s.series, s.frame, picture_format=kind, presentation=s.presentation, **settings) for s in sources
    ]
    prepared = services.engine.prepare(request.grant, views)
    tag = picture_tag(media_type, prepared)

    def make() -> Response:
        pictures = render_all(request, services, prepared)
        if media_type.name in ANIMATIONS:
            return animation_answer(services, pictures, sources[0].frame_time, views[0].quality, media_type.name)
        if not media_type.part:
            return Response(pictures[0].content, headers=picture_headers(services, views[0], pictures[0]))
        parts = [
            Part({"Content-Type": picture.media_type, "Content-Location": picture_url(services, view)}, picture.content)
            for picture, view in zip(pictures, views, strict=True)
        ]
        return multipart_answer(parts, media_type.part)

    return answer_unless_known(request, tag, make)
