"""The values of a region of a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from types import MappingProxyType
from typing import Any

from sightline.access.grant import Grant
from sightline.errors import BadRequestError, NotFoundError, UnprocessableError
from sightline.kernels.regions import LARGEST_OUTLINE
from sightline.rendering.channel import Buffer
from sightline.rendering.files import file_argument
from sightline.rendering.series_table import FrameEntry, SeriesTable
from sightline.rendering.uptake_peak import slices_around
from sightline.web.json_answer import answer_json
from sightline.web.json_body import read_json
from sightline.web.request import Request, Response
from sightline.web.services import Services

LARGEST_REGION = 512 << 10
"""Bytes of the body: the most points that an outline may have, as JSON writes them."""
_FARTHEST = 1e6
_COUNTS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "rectangle": (2, 2), "ellipse": (4, 4), "circle": (2, 2), "polygon": (3, LARGEST_OUTLINE),
        "freehand": (3, LARGEST_OUTLINE),
    }
)  # fmt: skip
"""Tool -> fewest and most points, as `viewer-assets/src/findings/model.ts` has them."""


def region_statistics(
    request: Request, services: Services, study: str, series: str, instance: str, frame: int
) -> Response:
    """Answer with the statistics of a region, a JSON object of ``tool`` and ``points`` (column, row).

    Raises
    ------
    UnprocessableError
        There is no such tool, or these are not its points.
    NotFoundError
        There is no such frame.
    """
    tool, points = _region(read_json(request, LARGEST_REGION))
    table = services.engine.describe(request.grant, study, series)
    entry = table.frame(instance, frame)
    if entry is None:
        raise NotFoundError("There is no such frame.")
    return answer_json(statistics_of(services, request.grant, table, entry, tool, points))


def statistics_of(
    services: Services,
    grant: Grant,
    table: SeriesTable,
    entry: FrameEntry,
    tool: str,
    points: Sequence[Sequence[float]],
) -> dict[str, Any]:
    """Have a worker read the values of a region of a frame; see `sightline.rendering.region_statistics`."""
    study, series = table.study_instance_uid, table.series_instance_uid
    record = services.archive.instance(grant, study, series, entry.sop_instance_uid)
    buffers: list[Buffer] = []
    uptake = entry.instance.uptake
    around = slices_around(table, entry) if uptake is not None and uptake.factor is not None else ()
    arguments = {
        "file": file_argument(services.archive.source(grant, record), buffers),
        "entry": entry.argument,
        "frame": entry.frame,
        "tool": tool,
        "points": points,
        "files": _files(grant, services, study, series, around, buffers),
        "around": [other.argument for other in around],
    }
    return services.engine.run("sightline.rendering.region_statistics:read_statistics", arguments, buffers).values


def _files(
    grant: Grant, services: Services, study: str, series: str, frames: Sequence[FrameEntry], buffers: list[Buffer]
) -> list[dict[str, Any]]:
    """Return the file of each frame; those of one instance are one."""
    files: dict[str, dict[str, Any]] = {}
    for uid in dict.fromkeys(frame.sop_instance_uid for frame in frames):
        record = services.archive.instance(grant, study, series, uid)
        files[uid] = file_argument(services.archive.source(grant, record), buffers)
    return [files[frame.sop_instance_uid] for frame in frames]


def _region(body: Any) -> tuple[str, list[list[float]]]:
    if not isinstance(body, dict) or not isinstance(body.get("points"), list):
        raise BadRequestError("The body is a JSON object with tool and points.")
    tool, points = body.get("tool"), body["points"]
    if not isinstance(tool, str) or tool not in _COUNTS:
        raise UnprocessableError(f"The tool is one of {', '.join(_COUNTS)}.", "no-region")
    least, most = _COUNTS[tool]
    if not least <= len(points) <= most:
        raise UnprocessableError(f"A {tool} has from {least} to {most} points.", "wrong-points")
    if not all(_is_point(point) for point in points):
        raise UnprocessableError("Each point is a pair of numbers: column and row.", "wrong-points")
    return tool, points


def _is_point(point: Any) -> bool:
    return isinstance(point, list) and len(point) == 2 and all(_is_coordinate(value) for value in point)


def _is_coordinate(value: Any) -> bool:
    # A bool is an int to Python; a whole number may be too large for a float.
    return type(value) in (int, float) and abs(value) <= _FARTHEST and isfinite(value)
