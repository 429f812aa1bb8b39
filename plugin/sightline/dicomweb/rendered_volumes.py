"""WADO-RS: rendered MPR and 3D volumes (PS3.18 sections 10.4.1.1.7 and 10.4.1.1.8).

A request becomes a camera, the camera the pixels of a picture, and these a `View`, as all pictures are; an animation is
several of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from sightline.dicomweb.answers import (
    JSON_OFFERS,
    XML_OFFER,
    answer_unless_known,
    datasets_answer,
    json_answer,
    multipart_answer,
)
from sightline.dicomweb.multipart import Part
from sightline.dicomweb.rendered_parameters import FORMATS, view_settings
from sightline.dicomweb.volume_inputs import VolumeInput, parse_reference, volume_input
from sightline.dicomweb.volume_parameters import Method, Resource, VolumeRequest, parse_volume_request
from sightline.dicomweb.volume_response import response_module
from sightline.errors import BadRequestError, UnprocessableError
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.volume_rendering import Quality
from sightline.rendering.animation import LARGEST_ANIMATION
from sightline.rendering.camera import Camera, meets, planes_of
from sightline.rendering.engine import PreparedView
from sightline.rendering.view import PictureFormat, View
from sightline.rendering.viewport import Viewport
from sightline.rendering.volume_sources import CutOf, ProjectionOf, RenderingOf, VolumeSource
from sightline.web.animations import ANIMATIONS, animation_answer, render_all
from sightline.web.negotiation import MediaType, negotiate
from sightline.web.picture_headers import picture_headers
from sightline.web.request import Request, Response
from sightline.web.services import Services

SPELLINGS = {
    Resource.MPR: ("renderedmpr", "renderedMPR"),
    Resource.VOLUME: ("rendered3d", "rendered3D"),
}
"""Last segments of the addresses: PS3.18 writes both (sections B.32 and B.33)."""
LARGEST_PICTURE = 1 << 22
"""Pixels."""
RESPONSE_OFFERS = (*JSON_OFFERS, XML_OFFER)


def retrieve_rendered_mpr(
    request: Request, services: Services, study: str, series: str | None = None, instance: str | None = None
) -> Response:
    """Answer ``GET …/renderedmpr``: a cut through the volume, thin or thick, alone or as an animation."""
    return _retrieve(request, services, Resource.MPR, study, series, instance)


def retrieve_rendered_3d(
    request: Request, services: Services, study: str, series: str | None = None, instance: str | None = None
) -> Response:
    """Answer ``GET …/rendered3d``: a projection or a rendering of the volume, alone or as an animation."""
    return _retrieve(request, services, Resource.VOLUME, study, series, instance)


def _retrieve(
    request: Request, services: Services, resource: Resource, study: str, series: str | None, instance: str | None
) -> Response:
    asked = parse_volume_request(request.args, resource)
    settings = view_settings(request.args)
    reference = parse_reference(request.args, of_instance=instance is not None)
    media_type = negotiate(request.headers.get("Accept", ""), request.args.get("accept"), _offers(asked))
    found = volume_input(request, services, study, series, instance, reference)
    camera = _camera(asked, found)
    views = _views(study, found, asked, asked.cameras(camera), settings, media_type)
    if asked.response_only:
        return _answer_module(request, services, asked, camera, views, media_type)
    prepared = services.engine.prepare(request.grant, views)
    tags = "+".join(view.etag for view in prepared)
    tag = sha256(f"{media_type} {asked.rate} {tags}".encode()).hexdigest()[:32]
    return answer_unless_known(request, tag, lambda: _answer(request, services, asked, prepared, media_type))


def _offers(asked: VolumeRequest) -> Sequence[MediaType]:
    """Return the media types that this can be sent in, best first."""
    if asked.response_only:
        return RESPONSE_OFFERS
    parts = [MediaType("multipart/related", name) for name in FORMATS]
    return [*(MediaType(name) for name in (ANIMATIONS if asked.is_animated else FORMATS)), *parts]


def _camera(asked: VolumeRequest, found: VolumeInput) -> Camera:
    """Return where the first picture is taken from; a cut has to meet the volume, rays want even slices."""
    if asked.resource is Resource.VOLUME and not found.geometry.even:
        raise UnprocessableError("The slices are unevenly spaced: they can be cut, but not projected.", "no-volume")
    camera = asked.camera(found.geometry)
    if asked.resource is Resource.MPR and not meets(camera, found.geometry, asked.slab or 0.0):
        raise BadRequestError("'viewpointlookat' lays the cut outside of the volume.", "bad-viewpointlookat")
    return camera


def _answer(
    request: Request, services: Services, asked: VolumeRequest, prepared: Sequence[PreparedView], media_type: MediaType
) -> Response:
    pictures = render_all(request, services, prepared)
    if media_type.name in ANIMATIONS:
        return animation_answer(services, pictures, 1000 / asked.rate, prepared[0].view.quality, media_type.name)
    if not media_type.part:
        picture = pictures[0]
        return Response(picture.content, headers=picture_headers(picture), content_type=picture.media_type)
    parts = [Part({"Content-Type": picture.media_type}, picture.content) for picture in pictures]
    return multipart_answer(parts, media_type.part)


def _answer_module(
    request: Request,
    services: Services,
    asked: VolumeRequest,
    camera: Camera,
    views: Sequence[View],
    media_type: MediaType,
) -> Response:
    """Answer with the Rendered Volume Response Module. A window that the pixels decide costs a picture."""
    (prepared,) = services.engine.prepare(request.grant, views[:1])
    tag = sha256(f"{media_type} {asked} {prepared.etag}".encode()).hexdigest()[:32]

    def make() -> Response:
        window = prepared.view.window
        if window is None and asked.method is not Method.VOLUME_RENDERED:
            window = services.engine.render_prepared(request.grant, prepared).window
        module = response_module(asked, camera, window)
        # One object rather than a list of them (PS3.18 section B.32).
        return datasets_answer([module], media_type) if media_type == XML_OFFER else json_answer(module, media_type)

    return answer_unless_known(request, tag, make)


def _views(
    study: str,
    found: VolumeInput,
    asked: VolumeRequest,
    cameras: Sequence[Camera],
    settings: Mapping[str, Any],
    media_type: MediaType,
) -> list[View]:
    """Return the view of every picture."""
    viewport: Viewport | None = settings["viewport"]
    planes = planes_of(cameras, found.geometry, viewport)
    rows, columns = planes[0].rows, planes[0].columns
    if rows * columns > LARGEST_PICTURE or rows * columns * len(planes) > LARGEST_ANIMATION:
        raise BadRequestError(
            f"'viewport' has to be smaller: {len(planes)} x {columns} x {rows} pixels are too many.", "bad-viewport"
        )
    own = dict(settings) | {"viewport": _flips(viewport, planes[0])}
    kind = FORMATS.get(media_type.content, PictureFormat.PNG)
    return [View(study, found.series, _source(asked, plane, found), picture_format=kind, **own) for plane in planes]


def _flips(viewport: Viewport | None, plane: ImagePlane) -> Viewport | None:
    """Return what is left of a viewport when a plane has been laid for it: whether the picture is flipped."""
    horizontally, vertically = viewport.flips if viewport else (False, False)
    if not horizontally and not vertically:
        return None
    width, height = (-plane.columns if horizontally else None), (-plane.rows if vertically else None)
    return Viewport(plane.columns, plane.rows, width=width, height=height)


def _source(asked: VolumeRequest, plane: ImagePlane, found: VolumeInput) -> VolumeSource:
    if asked.resource is Resource.MPR:
        return CutOf(plane, asked.slab or 0.0, asked.method.blend if asked.slab else CutOf.blend, found.inputs)
    if asked.method is Method.VOLUME_RENDERED:
        # A still picture is worth some seconds, each of many in motion is not.
        detail: Quality = "fitting" if asked.is_animated else "full"
        return RenderingOf(plane, asked.preset or found.preset, detail=detail, inputs=found.inputs)
    return ProjectionOf(plane, asked.method.blend, found.inputs)
