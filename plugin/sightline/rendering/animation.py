"""Pictures one after another as one file: GIF and WebP. Runs in workers only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

from PIL import Image

from sightline.errors import BadRequestError, UnprocessableError
from sightline.rendering.channel import Buffer, Reply

LARGEST_ANIMATION = 1 << 27
"""Pixels of all pictures together."""
_GIF_TICK = 10
"""ms: what GIF counts time in. Browsers slow down what is shorter than two."""


def animate(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Make an animation of encoded pictures, which repeats for ever; of one picture, a picture.

    Arguments: ``media_type``, ``image/gif`` (grey values exact, colours 256 per picture) or ``image/webp`` (lossy);
    ``frame_time`` in ms; ``quality`` from 1 to 100, of WebP. The buffers are the pictures, all of one size. The reply
    has one buffer.

    Raises
    ------
    UnprocessableError
        The pictures are of several sizes, or too many for their size.
    BadRequestError
        There is no animation of that media type.
    """
    with Image.open(BytesIO(buffers[0])) as image:
        size = image.size
    if size[0] * size[1] * len(buffers) > LARGEST_ANIMATION:
        raise UnprocessableError("This animation would be too large; please ask for a smaller viewport.", "too-large")
    options = _options(arguments["media_type"], arguments["frame_time"], arguments["quality"])
    pictures = decoded_pictures(buffers, size)
    target = BytesIO()
    next(pictures).save(target, save_all=True, append_images=pictures, loop=0, **options)
    return Reply({"media_type": arguments["media_type"]}, (target.getvalue(),))


def _options(media_type: str, frame_time: float, quality: int) -> dict[str, Any]:
    if media_type == "image/gif":
        duration = max(2 * _GIF_TICK, int(frame_time / _GIF_TICK + 0.5) * _GIF_TICK)
        return {"format": "GIF", "duration": duration, "optimize": False}
    if media_type == "image/webp":
        return {"format": "WEBP", "duration": max(1, int(frame_time + 0.5)), "quality": quality, "method": 0}
    raise BadRequestError(f"There are no animations of type {media_type}.")


def decoded_pictures(buffers: Sequence[Buffer], size: tuple[int, int]) -> Iterator[Image.Image]:
    """Decode pictures one after another, so that not all of them take memory at once."""
    for buffer in buffers:
        with Image.open(BytesIO(buffer)) as image:
            if image.size != size:
                raise UnprocessableError("Images of different sizes make no animation.", "sizes-differ")
            image.load()
            yield image
