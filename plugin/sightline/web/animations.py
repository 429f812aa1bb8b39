"""Several pictures at once, and as one animation."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

from sightline.rendering.engine import PreparedView
from sightline.rendering.picture import Picture
from sightline.web.request import Request, Response
from sightline.web.services import Services

ANIMATIONS = ("image/gif", "image/webp", *(("video/mp4",) if find_spec("av") else ()))
"""Films need the optional package PyAV."""
DEFAULT_FRAME_TIME = 100.0
"""ms between the pictures of an animation where the file does not say."""
_AT_ONCE = 4


def render_all(request: Request, services: Services, prepared: Sequence[PreparedView]) -> list[Picture]:
    """Render several pictures at once, so that every worker has something to do."""
    grant = request.grant
    if len(prepared) == 1:
        return [services.engine.render_prepared(grant, prepared[0])]
    with ThreadPoolExecutor(_AT_ONCE, "sightline-rendered") as threads:
        return list(threads.map(lambda view: services.engine.render_prepared(grant, view), prepared))


def animation_answer(
    services: Services, pictures: Sequence[Picture], frame_time: float | None, quality: int, name: str
) -> Response:
    """Answer with one of `ANIMATIONS`, of pictures of one size that are each shown for so many ms."""
    arguments = {"media_type": name, "frame_time": frame_time or DEFAULT_FRAME_TIME, "quality": quality}
    buffers = [picture.content for picture in pictures]
    module = "film" if name == "video/mp4" else "animation"
    reply = services.engine.run(f"sightline.rendering.{module}:animate", arguments, buffers)
    return Response(bytes(reply.buffers[0]), content_type=name)
