"""Frames of a series one after another as one file: animated WebP, GIF, or MP4 where PyAV is installed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sightline.errors import BadRequestError, TooLargeError, UnprocessableError
from sightline.rendering.animation import LARGEST_ANIMATION
from sightline.rendering.series_table import FrameEntry
from sightline.rendering.view import View
from sightline.web.animations import ANIMATIONS, animation_answer, render_all
from sightline.web.request import Request, Response
from sightline.web.services import Services

OWN_SETTINGS = ("media", "rate", "frames", "stack")
MEDIA = {"webp": "image/webp", "gif": "image/gif", "mp4": "video/mp4"}
MOST_FRAMES = 1000
_RATES = (0.5, 100.0)
_RATE = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3})?", re.ASCII)
_RANGE = re.compile(r"([0-9]{1,6})-([0-9]{1,6})", re.ASCII)


def film(request: Request, services: Services, study: str, series: str) -> Response:
    """Answer with an animation of the frames of a stack, in the order in which they are leafed through.

    Query parameters: ``media``, a key of `MEDIA`; ``rate``, frames per second; ``frames``, first and last as in
    ``1-40``; ``stack``, which stack of the series, from 0, where it holds several; and the settings that pictures of
    frames have, such as ``window`` and ``size``.

    Raises
    ------
    BadRequestError
        A parameter is unknown or out of its range.
    UnprocessableError
        Films are not installed here.
    TooLargeError
        Too many frames or pixels for one file.
    """
    media = _media(request.args.get("media", "webp"))
    rate = _rate(request.args.get("rate", "10"))
    settings = {name: value for name, value in request.args.items() if name not in OWN_SETTINGS}
    if "format" in settings:
        raise BadRequestError("A film has no 'format'; its 'media' is one of webp, gif and mp4.")
    frames = _frames(services, request, study, series)
    views = [_view(study, series, frame, settings) for frame in frames]
    if _pixels(frames[0], views[0]) * len(views) > LARGEST_ANIMATION:
        raise TooLargeError("This film would be too large. Choose fewer slices or a smaller size.")
    pictures = render_all(request, services, services.engine.prepare(request.grant, views))
    return animation_answer(services, pictures, 1000 / rate, views[0].quality, media)


def _view(study: str, series: str, frame: FrameEntry, settings: Mapping[str, str]) -> View:
    return View.parse((study, series, frame.sop_instance_uid, str(frame.frame)), {**settings, "format": "png"})


def _frames(services: Services, request: Request, study: str, series: str) -> tuple[FrameEntry, ...]:
    """Return the frames that are meant; at least one."""
    table = services.engine.describe(request.grant, study, series)
    frames = table.frames
    if "stack" in request.args:
        stacks = services.engine.stacks(table)
        number = request.args["stack"]
        if not (re.fullmatch(r"[0-9]{1,3}", number, re.ASCII) and int(number) < len(stacks)):
            raise BadRequestError(f"'stack' is a whole number from 0 to {len(stacks) - 1}.")
        frames = stacks[int(number)].table.frames
    first, last = _range(request.args.get("frames", f"1-{len(frames)}"), len(frames))
    if last - first >= MOST_FRAMES:
        raise TooLargeError(f"A film has at most {MOST_FRAMES} frames. Choose fewer slices.")
    return tuple(frames[first - 1 : last])


def _range(text: str, count: int) -> tuple[int, int]:
    found = _RANGE.fullmatch(text)
    if not found or not 1 <= int(found[1]) <= int(found[2]) <= count:
        raise BadRequestError(f"'frames' is first-last, from 1 to {count}.")
    return int(found[1]), int(found[2])


def _rate(text: str) -> float:
    if not _RATE.fullmatch(text) or not _RATES[0] <= float(text) <= _RATES[1]:
        raise BadRequestError(f"'rate' is frames per second, from {_RATES[0]} to {_RATES[1]:.0f}.")
    return float(text)


def _media(text: str) -> str:
    if text not in MEDIA:
        raise BadRequestError(f"'media' is one of {', '.join(MEDIA)}.")
    if MEDIA[text] not in ANIMATIONS:
        raise UnprocessableError(
            "Films need the optional package PyAV, which is not installed here. Ask for webp.", "no-films"
        )
    return MEDIA[text]


def _pixels(frame: FrameEntry, view: View) -> int:
    """Return how many pixels a picture has at most."""
    rows, columns = frame.instance.rows, frame.instance.columns
    longest = max(rows, columns)
    scale = min(1.0, (view.max_size or longest) / longest)
    return int(rows * scale) * int(columns * scale)
