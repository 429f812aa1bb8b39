"""The attributes of one stored file, for the tag browser."""

from __future__ import annotations

from sightline.rendering.channel import Buffer
from sightline.rendering.files import file_argument
from sightline.web.json_answer import answer_json
from sightline.web.parameters import whole_number
from sightline.web.request import Request, Response
from sightline.web.services import Services

_MOST_FRAMES = 1_000_000


def tags(request: Request, services: Services, study: str, series: str, instance: str) -> Response:
    """Answer with all attributes of an instance; of those that each frame has, the ones of ``frame``, from 1."""
    frame = whole_number(request.args, "frame", 1, _MOST_FRAMES, default=1)
    record = services.archive.instance(request.grant, study, series, instance)
    buffers: list[Buffer] = []
    file = file_argument(services.archive.source(request.grant, record), buffers)
    reply = services.engine.run("sightline.objects.tags:read_tags", {"file": file, "frame": frame}, buffers)
    return answer_json({"frame": frame, **reply.values})
