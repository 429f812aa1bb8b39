"""Rendered frames of one series: what the answers have for themselves, and how any is made once one has been given."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import sha256

from sightline.dicomweb.answers import tag_under
from sightline.dicomweb.rendered_parameters import FORMATS, SETTINGS, view_settings
from sightline.dicomweb.urls import instance_url
from sightline.rendering.engine import PreparedView
from sightline.rendering.picture import Picture
from sightline.rendering.view import FrameOf, View
from sightline.uids import UID_CHARACTERS, is_uid
from sightline.web import picture_headers as any_picture
from sightline.web.negotiation import MediaType
from sightline.web.services import Services
from sightline.web.siblings import Asked, Sibling, Siblings

OWN_HEADERS = any_picture.PICTURE_HEADERS | {"Content-Location"}
"""Headers by which answers with one picture differ."""

_PLACE = re.compile(rf"instances/({UID_CHARACTERS})(?:/frames/([1-9][0-9]{{0,8}}))?/rendered", re.ASCII)


def rendered_siblings(services: Services, study: str, series: str, of_frames: bool, media_type: MediaType) -> Siblings:
    """Return how the pictures of all frames, or of all instances, of a series are made.

    Parameters
    ----------
    of_frames : bool
        Whether the paths name frames.
    media_type : MediaType
        One of `FORMATS`.
    """
    return Siblings(5 if of_frames else 3, partial(_sibling, services, study, series, media_type), OWN_HEADERS)


def _sibling(services: Services, study: str, series: str, media_type: MediaType, asked: Asked) -> Sibling | None:
    """Read ``instances/{UID}/rendered`` or ``instances/{UID}/frames/{number}/rendered``; lists are something else."""
    found = _PLACE.fullmatch("/".join(asked.parts))
    if found is None or not is_uid(found[1]) or not SETTINGS.issuperset(asked.query):
        return None
    source, kind = FrameOf(found[1], int(found[2] or 1)), FORMATS[media_type.name]
    view = View(study, series, source, picture_format=kind, **view_settings(asked.query))
    prepared = services.engine.prepare_known(asked.grant, view)
    if prepared is None:
        return None

    def make() -> tuple[bytes, Mapping[str, str]]:
        picture = services.engine.render_prepared(asked.grant, prepared)
        return picture.content, picture_headers(services, view, picture)

    tag = tag_under(asked.grant.base_url, picture_tag(media_type, [prepared]))
    return Sibling(f'"{tag}"', make)


def picture_tag(media_type: MediaType, prepared: Sequence[PreparedView]) -> str:
    """Return the ETag of these pictures in one answer, for callers of our own address."""
    tags = "+".join(view.etag for view in prepared)
    return sha256(f"{media_type} {tags}".encode()).hexdigest()[:32]


def picture_headers(services: Services, view: View, picture: Picture) -> dict[str, str]:
    """Return all of `OWN_HEADERS` that an answer with one picture has, but for its ETag."""
    location = {"Content-Location": picture_url(services, view)}
    return {"Content-Type": picture.media_type, **any_picture.picture_headers(picture), **location}


def picture_url(services: Services, view: View) -> str:
    """Return the address of a frame's picture, or of the presentation state that it is shown with."""
    study, state, frame = view.study_instance_uid, view.presentation, view.source
    if state is not None:
        return f"{instance_url(services, study, state.series_instance_uid, state.sop_instance_uid)}/rendered"
    assert isinstance(frame, FrameOf)  # noqa: S101 - all views here are of frames
    address = instance_url(services, study, view.series_instance_uid, frame.sop_instance_uid)
    return f"{address}/frames/{frame.frame}/rendered"
