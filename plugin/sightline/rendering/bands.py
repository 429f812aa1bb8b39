"""Volume renderings that take seconds, made in bands of rows by all workers at once, and put together by one.

A band is made of exactly the rays that the whole picture has there, so that nobody can tell. It has to wait for every
picture that a person asks for meanwhile, and that for one band at most, not for seconds.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import replace
from typing import Any

from sightline.errors import SupersededError
from sightline.kernels.image_plane import ImagePlane
from sightline.rendering.jobs import Asking, Priority
from sightline.rendering.pool import Pool, Reply
from sightline.rendering.volume_sources import RenderingOf, source_argument

BAND_PIXELS = 1 << 14
"""As few as cost a ray caster nothing more than they cost as a part of the whole."""
PATIENCE = 4
"""As many times as long as a task a picture may take until its last band has begun: nobody waits for longer."""
_ROOM = "sightline.rendering.rendering_tasks"


def bands_of(source: object) -> Sequence[RenderingOf]:
    """Return the parts of a picture that are to be rendered one by one; none if it is quick as a whole.

    Examples
    --------
    >>> plane = ImagePlane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.5, 0.5), 300, 128)
    >>> [(band.plane.origin[1], band.plane.rows) for band in bands_of(RenderingOf(plane))]
    [(0.0, 128), (64.0, 128), (128.0, 44)]
    """
    if not isinstance(source, RenderingOf) or source.detail != "full":
        return ()
    plane = source.plane
    height = -(-BAND_PIXELS // plane.columns)
    if height >= plane.rows:
        return ()
    ends = ((first, min(first + height, plane.rows)) for first in range(0, plane.rows, height))
    return [replace(source, plane=_rows(plane, *each)) for each in ends]


def render_bands(
    pool: Pool,
    bands: Sequence[RenderingOf],
    arguments: Mapping[str, Any],
    descriptors: Sequence[int],
    asking: Asking,
    still_wanted: Callable[[], bool],
) -> Reply:
    """Have a volume rendered, band by band; arguments and descriptors are those of `render_rendering`.

    Raises
    ------
    SupersededError
        Whoever asked has asked for something newer meanwhile.
    UnavailableError
        As from `Pool.submit`; each band has the time that a task has. Or the picture as a whole takes too long.
    """
    under_way: deque[Future[Reply]] = deque()
    rows: list[bytes] = []
    try:
        for job in _jobs(pool, bands, arguments, descriptors, asking):
            under_way.append(job)
            if len(under_way) > 2 * pool.count:  # the next is there as soon as a worker is free
                rows.append(_rows_of(under_way, still_wanted))
        while under_way:
            rows.append(_rows_of(under_way, still_wanted))
    finally:
        wait([job for job in under_way if not job.cancel()])  # the descriptors are open until here
    picture = {name: arguments[name] for name in ("source", "view", "lossy")}
    return pool.run(f"{_ROOM}:encode_rendering", picture, [b"".join(rows)], **asking.turn())


def _jobs(
    pool: Pool,
    bands: Sequence[RenderingOf],
    arguments: Mapping[str, Any],
    descriptors: Sequence[int],
    asking: Asking,
) -> Iterator[Future[Reply]]:
    priority, now = max(asking.priority, Priority.AWAITED), time.monotonic()
    until = asking.wanted_until or now + pool.deadline_seconds
    for band in bands:
        own = dict(arguments) | {"source": source_argument(band)}
        yield pool.submit(f"{_ROOM}:render_band", own, (), descriptors, priority=priority, wanted_until=until)
        until = now + PATIENCE * pool.deadline_seconds  # once it is begun


def _rows_of(under_way: deque[Future[Reply]], still_wanted: Callable[[], bool]) -> bytes:
    """Wait for the oldest band."""
    (rows,) = under_way[0].result().buffers
    under_way.popleft()
    if not still_wanted():
        raise SupersededError("A newer picture was asked for instead.")
    return bytes(rows)


def _rows(plane: ImagePlane, first: int, stop: int) -> ImagePlane:
    x, y, z = (float(value) for value in plane.to_patient((first, 0)))
    return replace(plane, origin=(x, y, z), rows=stop - first)
