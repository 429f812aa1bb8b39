"""The numbers of findings as they are stored: computed here from the files, never taken from a client."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sightline.access.grant import Grant
from sightline.errors import NotFoundError, SightlineError, UnprocessableError
from sightline.rendering.measuring import measure
from sightline.rendering.scale import Words
from sightline.rendering.series_table import FrameEntry, SeriesTable
from sightline.viewer.region_values import statistics_of
from sightline.web.build import load_build
from sightline.web.pages import message
from sightline.web.services import Services

Row = Mapping[str, Any]
"""``finding``, ``author`` and ``changed``."""
_REGIONS = frozenset({"rectangle", "ellipse", "circle", "polygon", "freehand"})


def measured(
    services: Services, grant: Grant, placed: Sequence[tuple[Row, SeriesTable, FrameEntry]]
) -> Iterator[tuple[Row, FrameEntry, dict[str, Any]]]:
    """Yield each finding with its ``quantities``, their ``origin``, and the ``reason`` why there are not more.

    Raises
    ------
    UnavailableError
        No worker could read the values now.
    """
    calibrations = [row["finding"] for row, _, _ in placed if row["finding"]["tool"] == "calibration"]
    words = _Messages(services)
    for row, table, frame in placed:
        finding = row["finding"]
        own = [other for other in calibrations if other["instance"] == finding["instance"]]
        drawn = json.dumps([finding["tool"], finding["points"], finding.get("knownLength"), own])
        key = ("measured", table.identity, finding["instance"], finding["frame"], drawn)
        kept = services.cache.get(key)  # each version has all findings, most of them as they were
        if kept is None:
            kept = json.dumps(_measured(services, grant, finding, table, frame, own, words)).encode()
            services.cache.put(key, kept)
        yield row, frame, json.loads(kept)


def _measured(
    services: Services,
    grant: Grant,
    finding: Mapping[str, Any],
    table: SeriesTable,
    frame: FrameEntry,
    calibrations: Sequence[Mapping[str, Any]],
    words: _Messages,
) -> dict[str, Any]:
    sizes = measure(finding, frame, calibrations)
    quantities = [quantity.to_json() for quantity in sizes.quantities]
    reasons = [words.said("reason", sizes.reason)]
    if finding["tool"] in _REGIONS:
        try:
            told = statistics_of(services, grant, table, frame, finding["tool"], finding["points"])
            quantities += told["quantities"]
            reasons.append(told["reason"])
        except (NotFoundError, UnprocessableError) as error:  # what cannot be decoded has no numbers, but is marked
            reasons.append(error.message)
    reason = " ".join(text for text in reasons if text)
    return {"quantities": quantities, "origin": words.said("origin", sizes.origin) or None, "reason": reason or None}


class _Messages:
    """The viewer's words in English, in which reports are written."""

    def __init__(self, services: Services) -> None:
        try:
            self._texts = load_build(services.viewer_directory).messages
        except (SightlineError, OSError):  # no viewer is built here
            self._texts = {}

    def said(self, kind: str, words: Words | None) -> str:
        """Return the text; its key where there is none."""
        if words is None:
            return ""
        key = f"measure.{kind}.{words.key}"
        return message(self._texts, key, **words.values) if key in self._texts else words.key
