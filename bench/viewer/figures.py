"""What was measured, brought down to one figure each, and the bars that Sightline has to clear."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.viewer.line import FOURTH_GENERATION, RURAL, SPEEDS

KILOBYTE, MEBIBYTE = 1000, 1 << 20
MEMORY_MEBIBYTES, CACHE_MEBIBYTES = 150, 256
"""What the renderer may take until the first image, and what Sightline's exact frames may take beside that."""
SIGHTLINE, SIGHTLINE_PAGE = "Sightline, by a link", "Sightline, reading page"
ORTHANC_WEB_VIEWER, DWV, OHIF = "Orthanc Web Viewer", "DWV", "OHIF"
EXACT, PREVIEW = "exact frames at hand", "pictures from the server"
WINDOW, BY_KEY, BY_WHEEL = "window", "scroll", "scroll by wheel"


@dataclass(frozen=True)
class Settled:
    """What a viewer has come to when it asks for nothing more by itself."""

    bytes: int
    requests: int
    memory: int


@dataclass(frozen=True)
class Visit:
    """What one visit, or the median of several, cost until the first image could be seen."""

    viewer: str
    speed: str
    seconds: float
    bytes: int
    application_bytes: int
    requests: int
    memory: int
    settled: Settled | None = None


@dataclass(frozen=True)
class Hand:
    """How many ms it took from an input until its picture was painted: the median, and what 95 of 100 stay below."""

    viewer: str
    what: str
    speed: str
    source: str
    p50: float
    p95: float


@dataclass(frozen=True)
class Bar:
    """Something that is wanted, and what was found; `unit` is of both."""

    name: str
    found: float
    most: float
    unit: str = ""

    @property
    def cleared(self) -> bool:
        """Whether it holds."""
        return self.found <= self.most


def visit_of(values: Mapping[str, Any]) -> Visit:
    """Return a visit from its fields, as `dataclasses.asdict` gives them."""
    settled = values["settled"]
    return Visit(**{**values, "settled": Settled(**settled) if settled else None})


def medians(visits: Iterable[Visit]) -> list[Visit]:
    """Return one visit for each viewer and speed, in the order in which they came first."""
    groups: dict[tuple[str, str], list[Visit]] = {}
    for visit in visits:
        groups.setdefault((visit.viewer, visit.speed), []).append(visit)
    return [_median(group) for group in groups.values()]


def _median(group: Sequence[Visit]) -> Visit:
    def middle(value: Callable[[Visit], float]) -> float:
        return statistics.median(value(visit) for visit in group)

    return Visit(
        group[0].viewer,
        group[0].speed,
        middle(lambda one: one.seconds),
        int(middle(lambda one: one.bytes)),
        int(middle(lambda one: one.application_bytes)),
        int(middle(lambda one: one.requests)),
        int(middle(lambda one: one.memory)),
        next((one.settled for one in group if one.settled), None),
    )


def percentile_95(values: Sequence[float]) -> float:
    """Return what 95 of 100 values stay below.

    >>> percentile_95(range(101))
    95.0
    """
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def bars(visits: Sequence[Visit], hands: Sequence[Hand]) -> list[Bar]:
    """Return every bar that can be told from what was measured; `visits` are medians."""
    times = {(one.viewer, one.speed): one.seconds for one in visits}
    found = []
    for peer, speed, most in (
        (OHIF, RURAL, 1 / 10),
        (OHIF, FOURTH_GENERATION, 1 / 6),
        *((ORTHANC_WEB_VIEWER, speed, 1.0) for speed in SPEEDS),
    ):
        ours, theirs = times.get((SIGHTLINE, speed.name)), times.get((peer, speed.name))
        if ours and theirs:
            name = f"time to the first image, {speed.name}, against {peer}"
            found.append(Bar(name, ours / theirs, most, "of its time"))
    own = [one for one in visits if one.viewer == SIGHTLINE]
    if own:
        found += [
            Bar("application", max(one.application_bytes for one in own) / KILOBYTE, 120, "kB"),
            Bar("requests to the first image", max(one.requests for one in own), 10),
            Bar("all bytes to the first image", max(one.bytes for one in own) / KILOBYTE, 250, "kB"),
            Bar("memory at the first image", max(one.memory for one in own) / MEBIBYTE, MEMORY_MEBIBYTES, "MiB"),
        ]
    for settled in (one.settled for one in own if one.settled):
        most = MEMORY_MEBIBYTES + CACHE_MEBIBYTES
        found.append(Bar("memory with all frames on the device", settled.memory / MEBIBYTE, most, "MiB"))
    return found + [_hand_bar(one) for one in hands if one.viewer.startswith("Sightline") and one.what != BY_WHEEL]


def _hand_bar(one: Hand) -> Bar:
    round_trip_ms = next(speed.round_trip_ms for speed in SPEEDS if speed.name == one.speed)
    most = 50 if one.source == EXACT else round_trip_ms + 40
    return Bar(f"{one.what}, input to paint, {one.source}, {one.speed}, p95", one.p95, most, "ms")
