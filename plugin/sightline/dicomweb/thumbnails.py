"""WADO-RS: thumbnails of studies, series, instances and frames (PS3.18 section 10.4.1.1.4)."""

from __future__ import annotations

from collections.abc import Sequence

from sightline.dicomweb.answers import answer_unless_known
from sightline.dicomweb.frames import parse_frames
from sightline.dicomweb.rendered_parameters import FORMATS, viewport_of
from sightline.dicomweb.rendered_sources import (
    PictureSource,
    middle_of_study,
    sources_of_instance,
    sources_of_presentation,
    sources_of_series,
)
from sightline.errors import BadRequestError, NotFoundError
from sightline.rendering.view import View
from sightline.web.negotiation import MediaType, negotiate
from sightline.web.picture_headers import picture_headers
from sightline.web.request import Request, Response
from sightline.web.services import Services

THUMBNAIL_SIZE = 256
"""Longest side in pixels, unless the query parameter `viewport` says otherwise."""


def retrieve_thumbnail(
    request: Request,
    services: Services,
    study: str,
    series: str | None = None,
    instance: str | None = None,
    frames: str | None = None,
) -> Response:
    """Answer ``GET …/thumbnail`` of a study, series or instance (the frame in its middle), or of a frame.

    A presentation state is represented by the image that it shows.
    """
    offers = [MediaType(name) for name in FORMATS]
    media_type = negotiate(request.headers.get("Accept", ""), request.args.get("accept"), offers)
    viewport = viewport_of(request.args)
    source = _source(request, services, study, series, instance, frames)
    view = View(
        study,
        source.series,
        source.frame,
        max_size=None if viewport else THUMBNAIL_SIZE,
        viewport=viewport,
        picture_format=FORMATS[media_type.name],
        presentation=source.presentation,
    )
    (prepared,) = services.engine.prepare(request.grant, [view])

    def make() -> Response:
        picture = services.engine.render_prepared(request.grant, prepared)
        return Response(picture.content, headers=picture_headers(picture), content_type=picture.media_type)

    return answer_unless_known(request, prepared.etag, make)


def _source(
    request: Request, services: Services, study: str, series: str | None, instance: str | None, frames: str | None
) -> PictureSource:
    """Return the frame that stands for all that the address names."""
    if series is None:
        return middle_of_study(request, services, study)
    if instance is None:
        return _middle(sources_of_series(request, services, study, series))
    record = services.archive.instance(request.grant, study, series, instance)
    if frames is not None and len(parse_frames(frames)) > 1:
        raise BadRequestError("A thumbnail is of one frame.")
    try:
        return _middle(sources_of_instance(request, services, record, frames))
    except NotFoundError:
        presented = sources_of_presentation(request, services, record) if frames is None else None
        if presented is None:
            raise
        return _middle(presented)


def _middle(sources: Sequence[PictureSource]) -> PictureSource:
    return sources[len(sources) // 2]
