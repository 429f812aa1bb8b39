"""Pictures one after another as a film: H.264 in MP4. Runs in workers only, and needs the optional package PyAV."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sightline.errors import UnprocessableError
from sightline.rendering.animation import LARGEST_ANIMATION, decoded_pictures
from sightline.rendering.channel import Buffer, Reply

_WORST_RATE_FACTOR, _FACTOR_PER_QUALITY = 51, 0.39
"""Constant rate factors of x264 go from 51 (worst) down; a quality of 85 is 18, which eyes take for lossless."""


def animate(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Make a film of encoded pictures.

    Arguments: ``media_type``, ``video/mp4``; ``frame_time`` in ms; ``quality`` from 1 to 100. The buffers are the
    pictures, all of one size. The reply has one buffer. A picture of an odd number of rows or columns gets another one,
    a repetition of its last: players do not show every other size.

    Raises
    ------
    UnprocessableError
        The pictures are of several sizes, or too many for their size.
    """
    import av

    with Image.open(BytesIO(buffers[0])) as image:
        size = image.size
    if size[0] * size[1] * len(buffers) > LARGEST_ANIMATION:
        raise UnprocessableError("This film would be too large; please ask for a smaller viewport.", "too-large")
    target = BytesIO()
    rate = Fraction(1000 / arguments["frame_time"]).limit_denominator(1000)
    factor = round(_WORST_RATE_FACTOR - arguments["quality"] * _FACTOR_PER_QUALITY)
    with av.open(target, "w", format="mp4") as film:
        stream = film.add_stream("libx264", rate=rate, options={"crf": str(factor), "preset": "veryfast"})
        stream.width, stream.height = (side + side % 2 for side in size)
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        for picture in decoded_pictures(buffers, size):
            film.mux(stream.encode(av.VideoFrame.from_ndarray(_even(picture), format="rgb24")))
        film.mux(stream.encode())
    return Reply({"media_type": arguments["media_type"]}, (target.getvalue(),))


def _even(picture: Image.Image) -> NDArray[np.uint8]:
    """Return RGB of an even number of rows and columns."""
    pixels = np.asarray(picture.convert("RGB"))
    return np.pad(pixels, ((0, pixels.shape[0] % 2), (0, pixels.shape[1] % 2), (0, 0)), mode="edge")
