"""The values under the cursor."""

from __future__ import annotations

from sightline.errors import NotFoundError
from sightline.rendering.channel import Buffer
from sightline.rendering.files import file_argument
from sightline.web.json_answer import answer_json
from sightline.web.parameters import whole_number
from sightline.web.request import Request, Response
from sightline.web.services import Services

_LARGEST_INDEX = 999_999


def value(request: Request, services: Services, study: str, series: str, instance: str, frame: int) -> Response:
    """Answer with what is stored at ``row`` and ``column`` of a frame, from 0, and what it means."""
    row, column = (whole_number(request.args, name, 0, _LARGEST_INDEX) for name in ("row", "column"))
    entry = services.engine.describe(request.grant, study, series).frame(instance, frame)
    if entry is None:
        raise NotFoundError("There is no such frame.")
    record = services.archive.instance(request.grant, study, series, instance)
    buffers: list[Buffer] = []
    arguments = {
        "file": file_argument(services.archive.source(request.grant, record), buffers),
        "entry": entry.argument,
        "frame": frame,
        "row": row,
        "column": column,
    }
    reply = services.engine.run("sightline.rendering.values:read_value", arguments, buffers)
    return answer_json({"row": row, "column": column, **reply.values})
