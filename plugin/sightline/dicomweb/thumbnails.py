"""WADO-RS: thumbnails of studies, series, instances and frames (PS3.18 section 10.4.1.1.4)."""

from __future__ import annotations

from sightline.dicomweb.answers import answer_unless_known
from sightline.dicomweb.frames import image_entry, parse_frames
from sightline.dicomweb.rendered import FORMATS
from sightline.dicomweb.rendered_parameters import viewport_of
from sightline.dicomweb.rendered_sources import middle_of_study, sources_of_series
from sightline.errors import BadRequestError
from sightline.rendering.view import FrameOf, View
from sightline.web.negotiation import MediaType, negotiate
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
    """Answer ``GET …/thumbnail`` of a study, series or instance (the frame in its middle), or of a frame."""
    offers = [MediaType(name) for name in FORMATS]
    media_type = negotiate(request.headers.get("Accept", ""), request.args.get("accept"), offers)
    viewport = viewport_of(request.args)
    series, source = _source(request, services, study, series, instance, frames)
    size = None if viewport else THUMBNAIL_SIZE
    view = View(study, series, source, max_size=size, viewport=viewport, picture_format=FORMATS[media_type.name])

    def make() -> Response:
        picture = services.engine.render(request.grant, view)
        return Response(picture.content, content_type=picture.media_type)

    return answer_unless_known(request, services.engine.etag(request.grant, view), make)


def _source(
    request: Request, services: Services, study: str, series: str | None, instance: str | None, frames: str | None
) -> tuple[str, FrameOf]:
    """Return the series and the frame that stands for all that the address names."""
    if series is None:
        middle = middle_of_study(request, services, study)
        return middle.series, middle.frame
    if instance is None:
        sources = sources_of_series(request, services, study, series)
        return series, sources[len(sources) // 2].frame
    entry = image_entry(request, services, services.archive.instance(request.grant, study, series, instance))
    if frames is None:
        return series, FrameOf(instance, entry.number_of_frames // 2 + 1)
    numbers = parse_frames(frames)
    if len(numbers) > 1:
        raise BadRequestError("A thumbnail is of one frame.")
    return series, FrameOf(instance, numbers[0])
