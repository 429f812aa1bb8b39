"""One study for the viewer: who and what it is, its series, and which picture comes first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sightline.access.grant import Grant
from sightline.archive.protocol import Level, Query, Row
from sightline.errors import ForbiddenError, NotFoundError, SightlineError, UnauthenticatedError
from sightline.rendering.series_table import SeriesTable
from sightline.rendering.view import FrameOf, View
from sightline.viewer.documents import documents_json, is_video, videos_json
from sightline.viewer.series_json import parts_json, stack_json
from sightline.viewer.study_rows import ATTRIBUTES, WITHOUT_PICTURES, study_row
from sightline.web.json_answer import answer_json
from sightline.web.request import Request, Response
from sightline.web.services import Services

SERIES_ATTRIBUTES = (
    "SeriesNumber", "SeriesDescription", "Modality", "BodyPartExamined", "Laterality", "NumberOfSeriesRelatedInstances",
)  # fmt: skip
STACK_SIZE = 10
"""A series of so many instances is opened rather than a shorter one before it, which is mostly a localiser."""


@dataclass(frozen=True)
class AskedFrame:
    """What the page's address asks to open with, as the viewer writes it: ``series=UID~STACK&slice=NUMBER``.

    Parameters
    ----------
    series : str
        Series Instance UID; empty for any.
    stack : int or None
        Which of the series' stacks, from 0; None for the series as a whole.
    frame : int or None
        Frame of it, from 0; None for the middle one.
    """

    series: str = ""
    stack: int | None = None
    frame: int | None = None

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> AskedFrame:
        """Read the query of the page; what is not understood is as if it were not there."""
        series, _, stack = query.get("series", "").partition("~")
        number = query.get("slice", "")
        return cls(
            series,
            int(stack) if re.fullmatch(r"[0-9]{1,3}", stack) else None,
            int(number) - 1 if re.fullmatch(r"[0-9]{1,6}", number) else None,
        )


@dataclass(frozen=True)
class Opening:
    """The series that a study opens with, and the frame of it. `frame` counts from 0 in display order."""

    table: SeriesTable
    frame: int

    @property
    def view(self) -> View:
        """The first picture: the file's own window, all its pixels."""
        entry = self.table.frames[self.frame]
        source = FrameOf(entry.sop_instance_uid, entry.frame)
        return View(self.table.study_instance_uid, self.table.series_instance_uid, source)


def study(request: Request, services: Services, study: str) -> Response:
    """Answer with the study and all its series."""
    value = study_json(services, request.grant, study)
    for series in value["series"]:
        fill_series(services, request.grant, study, series)
        if not series["pictures"] and "documents" not in series and series["error"] is None:
            series["documents"] = documents_json(services, request.grant, study, series)
    return answer_json(value)


def study_json(services: Services, grant: Grant, study: str) -> dict[str, Any]:
    """Return the study's attributes and its series by number, without their frames.

    Raises
    ------
    NotFoundError
        There is no such study.
    """
    found = services.archive.search(grant, Query(Level.STUDY, study_instance_uid=study, attributes=ATTRIBUTES))
    if not found.rows:
        raise NotFoundError("There is no such study here. It may have been deleted.")
    series = [series_row(row) for row in series_rows(services, grant, study)]
    return {"study": study_row(found.rows[0]), "series": series}


def series_rows(services: Services, grant: Grant, study: str) -> list[Row]:
    """Return the archive's rows of all series by Series Number."""
    query = Query(Level.SERIES, study_instance_uid=study, attributes=SERIES_ATTRIBUTES)
    rows = services.archive.search(grant, query).rows
    return sorted(rows, key=lambda row: (_integer(row.get("SeriesNumber", ""), 1 << 31), row["SeriesInstanceUID"]))


def series_row(row: Row) -> dict[str, Any]:
    """Return what the strip shows of one series. `fill_series` fills in ``stack`` or ``error``, and more."""
    return {
        "uid": row["SeriesInstanceUID"],
        "number": _integer(row.get("SeriesNumber", ""), None),
        "description": row.get("SeriesDescription", ""),
        "modality": row.get("Modality", ""),
        "bodyPart": row.get("BodyPartExamined", ""),
        "laterality": row.get("Laterality", ""),
        "instances": _integer(row.get("NumberOfSeriesRelatedInstances", ""), None),
        "pictures": row.get("Modality", "") not in WITHOUT_PICTURES,
        "stack": None,
        "error": None,
    }


def fill_series(services: Services, grant: Grant, study: str, series: dict[str, Any]) -> SeriesTable | None:
    """Put the frames into a series, or the sentence that says why there are none. One broken series spoils no other."""
    if not series["pictures"]:
        return None
    try:
        table = services.engine.describe(grant, study, series["uid"])
    except (UnauthenticatedError, ForbiddenError):
        raise
    except SightlineError as error:
        series["error"] = error.message
        return None
    videos = videos_json(table, series["description"])
    if videos:
        series["documents"] = videos
        frames = tuple(frame for frame in table.frames if not is_video(frame))
        table = replace(table, identity=f"{table.identity}-pictures", frames=frames)
    if any(min(frame.instance.rows, frame.instance.columns) < 1 for frame in table.frames):
        series["error"] = "The images of this series say that they have no size."
        return None
    if table.frames:
        series["stack"] = stack_json(table)
        series |= parts_json(table, services.engine.stacks(table))
        return table
    if table.unreadable:
        series["error"] = table.unreadable[0][1]
    else:
        series["pictures"] = False
    return None


def opening_order(series: list[dict[str, Any]], asked: str) -> list[dict[str, Any]]:
    """Return the series in the order in which to try to open with: the one asked for, then full stacks, then others."""

    def rank(row: dict[str, Any]) -> tuple[bool, bool]:
        return row["uid"] != asked, (row["instances"] or 0) < STACK_SIZE

    return sorted((row for row in series if row["pictures"]), key=rank)


def open_study(
    services: Services, grant: Grant, study: str, series: list[dict[str, Any]], asked: AskedFrame
) -> Opening | None:
    """Return the picture that the page opens with, and fill in the frames of its series; None if there is none.

    Of a series that was not asked for it is the middle one of its largest stack, where most is to be seen.
    """
    for row in opening_order(series, asked.series):
        table = fill_series(services, grant, study, row)
        if table is not None:
            return Opening(
                table, _opening_frame(row, len(table.frames), asked if row["uid"] == asked.series else AskedFrame())
            )
    return None


def _opening_frame(row: dict[str, Any], count: int, asked: AskedFrame) -> int:
    """Return the frame, of the whole series, that is asked for."""
    stacks = [stack["frames"] for stack in row.get("stacks", ())]
    every: Sequence[int] = range(count)
    if asked.stack is not None and asked.stack < len(stacks):
        every = stacks[asked.stack]
    elif stacks and asked.frame is None:
        every = stacks[0]
    return every[len(every) // 2 if asked.frame is None else min(max(asked.frame, 0), len(every) - 1)]


def _integer(text: str, default: int | None) -> int | None:
    """Return the number in a DICOM integer string, or `default`."""
    try:
        return int(text)
    except ValueError:
        return default
