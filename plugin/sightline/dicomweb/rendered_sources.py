"""Which frames a rendered study, series, instance, presentation state or thumbnail is made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sightline.archive.protocol import InstanceRecord, Level, Query
from sightline.dicomweb.frames import image_entry, parse_frames
from sightline.errors import NotFoundError, UnprocessableError
from sightline.rendering.channel import Buffer
from sightline.rendering.files import file_argument
from sightline.rendering.view import FrameOf, PresentationOf
from sightline.web.request import Request
from sightline.web.services import Services

_SHOWN_LAST = ("SEG", "SR", "PR", "KO", "DOC", "RTSTRUCT", "RTPLAN", "REG")
"""Modalities that a study is rarely recognised by."""


@dataclass(frozen=True)
class PictureSource:
    """A frame, its series, and the ms that it is shown for in an animation (None: the file does not say)."""

    series: str
    frame: FrameOf
    frame_time: float | None
    presentation: PresentationOf | None = None


def sources_of_series(request: Request, services: Services, study: str, series: str) -> Sequence[PictureSource]:
    """Return all frames of a series in display order.

    Raises
    ------
    NotFoundError
        There is no such series, or it holds no pictures.
    """
    sources = _frames(request, services, study, series)
    if not sources:
        raise NotFoundError("This series holds no pictures.")
    return sources


def sources_of_study(request: Request, services: Services, study: str) -> Sequence[PictureSource]:
    """Return all frames of all series of a study, by Series Number.

    Raises
    ------
    NotFoundError
        There is no such study, or it holds no pictures.
    """
    order = _series(request, services, study)
    sources = [source for series in order for source in _frames(request, services, study, series)]
    if not sources:
        raise NotFoundError("This study holds no pictures.")
    return sources


def sources_of_instance(
    request: Request, services: Services, record: InstanceRecord, frames: str | None = None
) -> Sequence[PictureSource]:
    """Return the frames of an image: all of them, or those that a list names. Raises `NotFoundError`."""
    entry = image_entry(request, services, record)
    numbers = range(1, entry.number_of_frames + 1) if frames is None else parse_frames(frames)
    if numbers and max(numbers) > entry.number_of_frames:
        raise NotFoundError(f"There is no frame {max(numbers)}; the instance has {entry.number_of_frames}.")
    frame_of = partial(FrameOf, record.sop_instance_uid)
    return [PictureSource(record.series_instance_uid, frame_of(number), entry.frame_time) for number in numbers]


def sources_of_presentation(
    request: Request, services: Services, record: InstanceRecord
) -> Sequence[PictureSource] | None:
    """Return the frames that a presentation state is for, in its order; None if the instance is none.

    Raises
    ------
    UnprocessableError
        It cannot be shown, or an image that it refers to is not in the archive.
    """
    state = PresentationOf(record.series_instance_uid, record.sop_instance_uid)
    images = _references(request, services, record)
    if images is None:
        return None
    found: list[PictureSource] = []
    for image in images:
        try:
            target = services.archive.instance(
                request.grant, record.study_instance_uid, image["series"], image["instance"]
            )
            sources = sources_of_instance(request, services, target)
        except NotFoundError:
            raise UnprocessableError(
                f"The presentation state refers to the image {image['instance']}, which is not here.", "image-missing"
            ) from None
        numbers = image["frames"] or range(1, len(sources) + 1)
        if max(numbers) > len(sources) or min(numbers) < 1:
            raise UnprocessableError("The presentation state refers to frames that the image has not.", "bad-state")
        found.extend(replace(sources[number - 1], presentation=state) for number in numbers)
    return found


def _references(request: Request, services: Services, record: InstanceRecord) -> list[dict[str, Any]] | None:
    """Return what a worker has read of an instance, kept by the identity of its file."""
    key = ("presentation", record.file.uuid)
    kept = services.cache.get(key)
    if kept is None:
        buffers: list[Buffer] = []
        file = file_argument(services.archive.source(request.grant, record), buffers)
        reply = services.engine.run("sightline.objects.presented:list_references", {"file": file}, buffers)
        kept = json.dumps(reply.values["images"]).encode()
        services.cache.put(key, kept)
    images: list[dict[str, Any]] | None = json.loads(kept)
    return images


def middle_of_study(request: Request, services: Services, study: str) -> PictureSource:
    """Return the frame in the middle of the first series that has pictures; raises as `sources_of_study` does."""
    for series in _series(request, services, study):
        sources = _frames(request, services, study, series)
        if sources:
            return sources[len(sources) // 2]
    raise NotFoundError("This study holds no pictures.")


def _series(request: Request, services: Services, study: str) -> list[str]:
    query = Query(Level.SERIES, study_instance_uid=study, attributes=("SeriesNumber", "Modality"))
    rows = services.archive.search(request.grant, query).rows
    if not rows:
        raise NotFoundError("There is no such study.")

    def key(row: dict[str, str]) -> tuple[bool, int, str]:
        number = row.get("SeriesNumber", "").strip()
        is_number = number.lstrip("+-").isdecimal()
        return row.get("Modality", "") in _SHOWN_LAST, int(number) if is_number else 1 << 31, row["SeriesInstanceUID"]

    return [row["SeriesInstanceUID"] for row in sorted(map(dict, rows), key=key)]


def _frames(request: Request, services: Services, study: str, series: str) -> list[PictureSource]:
    table = services.engine.describe(request.grant, study, series)
    return [
        PictureSource(series, FrameOf(frame.sop_instance_uid, frame.frame), frame.instance.frame_time)
        for frame in table.frames
    ]
