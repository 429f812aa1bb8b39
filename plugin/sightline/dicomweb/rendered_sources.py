"""Which frames a rendered study, series or thumbnail is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sightline.archive.protocol import Level, Query
from sightline.errors import NotFoundError
from sightline.rendering.view import FrameOf
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
