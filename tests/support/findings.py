"""Findings as the viewer sends them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_OID, uuid5

EVERY_TOOL: dict[str, list[tuple[float, float]]] = {
    "length": [(1, 1), (4, 5)],
    "polyline": [(1, 1), (4, 5), (5.5, 5)],
    "bidirectional": [(1, 3), (5, 3), (3, 2), (3, 5)],
    "angle": [(1, 1), (3, 3), (5, 1)],
    "cobb": [(1, 1), (5, 2), (1, 6), (5, 5)],
    "rectangle": [(1, 1), (4, 6)],
    "ellipse": [(1, 4), (5, 4), (3, 1), (3, 7)],
    "circle": [(3, 4), (5, 4)],
    "polygon": [(1, 1), (5, 1), (5, 6)],
    "freehand": [(1, 1), (2.25, 1.5), (5, 1), (5, 6), (1.125, 6)],
    "point": [(2.5, 3.5)],
    "arrow": [(2, 2), (5, 6)],
    "text": [(3, 3)],
    "calibration": [(1, 1), (1, 6)],
}
"""Points of each tool on an image of 6 columns and 8 rows."""


def finding(
    study: str, series: str, instance: str, tool: str = "length", name: str = "", **more: Any
) -> dict[str, Any]:
    """Return a finding; its id follows from the tool and the name."""
    id_ = uuid5(NAMESPACE_OID, f"{tool} {name}")
    points: Sequence[tuple[float, float]] = EVERY_TOOL[tool]
    known = {"knownLength": 25.5} if tool == "calibration" else {}
    return {
        "id": str(id_), "tracking": f"2.25.{id_.int}", "study": study, "series": series, "instance": instance,
        "frame": 1, "tool": tool, "points": [list(point) for point in points], "label": name, "colour": 0,
        "hidden": False, **known, **more,
    }  # fmt: skip
