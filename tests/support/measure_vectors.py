"""Findings on frames of every kind, measured by the server, which the viewer has to measure alike.

They are in `viewer-assets/tests/measures.json`, which ``PYTHONPATH=plugin python -m tests.support.measure_vectors``
writes anew and ``npm run format`` lays out; a test finds what is old in it. That these numbers are right is tested
apart from that, against loops and files.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from sightline.kernels.ultrasound import UltrasoundRegion
from sightline.rendering.calibration import Calibration
from sightline.rendering.measuring import measure
from sightline.rendering.series_table import FrameEntry, Hanging, InstanceEntry
from sightline.viewer.series_json import kind_json

FILE = Path(__file__).parents[2] / "viewer-assets" / "tests" / "measures.json"
TOOLS = {
    "length": 2, "polyline": 5, "bidirectional": 4, "angle": 3, "cobb": 4, "rectangle": 2, "ellipse": 4, "circle": 2,
    "polygon": 6, "freehand": 9, "point": 1, "arrow": 2, "text": 1, "calibration": 2,
}  # fmt: skip
REGIONS = (
    UltrasoundRegion(1, 1, 1, 0, 0, 49, 49, 3, 3, 0.02, 0.02),
    UltrasoundRegion(1, 2, 0, 10, 10, 19, 19, 3, 3, -0.02, 0.02),
    UltrasoundRegion(2, 1, 0, 50, 0, 99, 49, 4, 3, 0.01, 0.05),
    UltrasoundRegion(3, 3, 0, 0, 50, 49, 99, 4, 7, 0.01, -2.0, 0, 25, 0.0, 0.0),
    UltrasoundRegion(3, 4, 4, 50, 50, 79, 99, 4, 5, 0.01, 100.0, 0, 10, 0.0, 0.0),
    UltrasoundRegion(4, 10, 0, 80, 50, 89, 99, 4, 0, 0.01, 0.0),
    UltrasoundRegion(0, 13, 0, 30, 0, 34, 9, 0, 0, 0.0, 0.0),
)
"""Tissue, colour flow in it, M-mode, velocities, frequencies, a trace without a unit, a bar of grey."""
COARSE = UltrasoundRegion(1, 1, 1, 20, 20, 60, 60, 3, 3, 0.04, 0.03)


def frame_of(
    calibration: Calibration | None = None, *, spacing: tuple[float, float] | None = None,
    origin: str = "PixelSpacing", magnification: float | None = None, aspect: tuple[float, float] | None = None,
) -> FrameEntry:  # fmt: skip
    """Return a frame of 100 by 100 pixels."""
    instance = InstanceEntry(
        "uuid", "1.2.3.4", "1.2.840", 1, "1.2.840.10008.1.2.1", "PixelData", True, 0, 100, 100, 1, 1, "MONOCHROME2", 0,
        16, 16, 0, calibration=calibration, hanging=Hanging(magnification=magnification), pixel_aspect_ratio=aspect,
    )  # fmt: skip
    return FrameEntry(instance, 1, pixel_spacing=spacing, spacing_origin=origin if spacing else "")


FRAMES = {
    "square": frame_of(spacing=(0.5, 0.5)),
    "tall": frame_of(spacing=(2.0, 0.7)),
    "bare": frame_of(),
    "aspect": frame_of(aspect=(4.0, 3.0)),
    "film": frame_of(spacing=(0.1, 0.1), origin="NominalScannedPixelSpacing"),
    "detector": frame_of(Calibration("x-ray"), spacing=(0.2, 0.2), origin="ImagerPixelSpacing"),
    "magnified": frame_of(Calibration("x-ray"), spacing=(0.2, 0.2), origin="ImagerPixelSpacing", magnification=1.3),
    "same": frame_of(Calibration("x-ray", detector="same"), spacing=(0.2, 0.2)),
    "corrected": frame_of(Calibration("x-ray", detector="other"), spacing=(0.15, 0.15)),
    "unsaid": frame_of(Calibration("x-ray"), spacing=(0.15, 0.15), magnification=1.1),
    "fiducial": frame_of(Calibration("x-ray", "FIDUCIAL", "ball of 25 mm", "same"), spacing=(0.2, 0.2)),
    "geometry": frame_of(Calibration("x-ray", "GEOMETRY"), spacing=(0.2, 0.2)),
    "planar": frame_of(Calibration("planar"), spacing=(2.4, 2.4)),
    "localizer": frame_of(Calibration("localizer"), spacing=(1.0, 0.6)),
    "ultrasound": frame_of(Calibration(regions=REGIONS)),
    "overlap": frame_of(Calibration(regions=(REGIONS[0], COARSE)), spacing=(0.2, 0.2)),
}


PLACE = {"study": "1.1", "series": "1.1.1", "instance": "1.2.3.4", "frame": 1}
_SINGLE: tuple[tuple[str, list[list[float]]], ...] = (
    ("length", [[60, 10], [70, 14]]), ("rectangle", [[5, 60], [30, 52]]), ("length", [[55, 60], [70, 90]]),
    ("length", [[81, 60], [88, 90]]), ("point", [[10, 70]]), ("point", [[60, 75]]),
    ("angle", [[5, 5], [5, 5], [9, 9]]), ("ellipse", [[10, 5], [20, 5], [15, 3], [15, 7]]),
    ("cobb", [[0, 0], [9, 1], [0, 8], [9, 9]]), ("length", [[3, 3], [3, 3]]),
    ("cobb", [[0, 0], [9, 0], [20, 0], [29, 0]]),
)  # fmt: skip
"""Places in single regions of each kind; right angles, parallels, points in one place."""


def cases() -> list[dict[str, Any]]:
    """Return for each frame findings, the points of a calibration of 25 mm or None, and what is told."""
    random = Random(6)
    found = [_case(name, tool, points) for tool, points in _SINGLE for name in ("ultrasound", "tall")]
    for name, frame in FRAMES.items():
        regions = frame.instance.calibration and frame.instance.calibration.regions
        for low, high in ((0, 100), (2, 18), (22, 48), (51, 79)) if regions else ((0, 100),):
            found += [_case(name, tool, _points(random, count, low, high)) for tool, count in TOOLS.items()]
        for tool in ("length", "angle", "polygon", "circle"):
            found.append(_case(name, tool, _points(random, TOOLS[tool], 2, 48), _points(random, 2, 2, 48)))
    return found


def _case(name: str, tool: str, points: list[list[float]], rule: list[list[float]] | None = None) -> dict[str, Any]:
    finding = {**PLACE, "tool": tool, "points": points, **_known(tool)}
    others = [{**PLACE, "tool": "calibration", "points": rule, "knownLength": 25}] if rule else []
    measured = measure(finding, FRAMES[name], others).to_json()
    return {"frame": name, "tool": tool, "points": points, "rule": rule, **_known(tool), "measured": measured}


def _points(random: Random, count: int, low: float, high: float) -> list[list[float]]:
    return [[round(random.uniform(low, high), 2) for _ in range(2)] for _ in range(count)]


def _known(tool: str) -> dict[str, float]:
    return {"knownLength": 12.5} if tool == "calibration" else {}


def everything() -> dict[str, Any]:
    """Return the content of the file, as JSON has it."""
    kinds = {name: kind_json(frame) for name, frame in FRAMES.items()}
    content: dict[str, Any] = json.loads(json.dumps({"kinds": kinds, "cases": cases()}))
    return content


if __name__ == "__main__":
    FILE.write_text(json.dumps(everything()), encoding="utf-8")
