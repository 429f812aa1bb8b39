"""Planes in the patient that the viewer's own tests place: `viewer-assets/tests/patientPlanes.json`.

Run ``PYTHONPATH=plugin python -m tests.support.plane_vectors`` to write that file anew; a test finds what is old in it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.image_plane import ImagePlane

FILE = Path(__file__).parents[2] / "viewer-assets" / "tests" / "patientPlanes.json"
AXIAL = ImagePlane((-90.0, -110.0, 20.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.75, 0.5), 301, 401)
SAGITTAL = ImagePlane((5.0, -70.0, 130.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0), (2.0, 1.0), 90, 128)
FAR_CORONAL = ImagePlane((-50.0, 500.0, 60.0), (1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (1.0, 1.0), 64, 64)
COSINE, SINE = float(np.cos(np.radians(30))), float(np.sin(np.radians(30)))
TILTED = ImagePlane((-60.0, -80.0, -10.0), (1.0, 0.0, 0.0), (0.0, COSINE, SINE), (1.0, 1.0), 160, 120)
OBLIQUE = ImagePlane(
    (-40.0, -90.0, 5.0), (COSINE, SINE, 0.0), (-SINE * SINE, COSINE * SINE, COSINE), (0.5, 2.0), 64, 33
)
PLANES = (AXIAL, SAGITTAL, FAR_CORONAL, TILTED, OBLIQUE)
PIXELS = ((0.0, 0.0), (12.0, 7.0), (30.5, 2.25), (-4.0, 100.0))


def plane_json(plane: ImagePlane) -> dict[str, Any]:
    """Return a plane as the viewer writes it."""
    return {
        "frameOfReference": "1.2.3",
        "origin": plane.origin,
        "columnDirection": plane.column_direction,
        "rowDirection": plane.row_direction,
        "spacing": plane.pixel_spacing,
        "rows": plane.rows,
        "columns": plane.columns,
        "thickness": 0,
    }


def crossings(plane: ImagePlane, other: ImagePlane) -> NDArray[np.float64]:
    """Return where the outline of `plane` goes through the plane of `other`, in mm, shape (0 or 2, 3)."""
    rows, columns = plane.rows - 0.5, plane.columns - 0.5
    corners = plane.to_patient([(-0.5, -0.5), (-0.5, columns), (rows, columns), (rows, -0.5)])
    sides = other.to_pixel(corners)[:, 0]
    found = [
        a + (b - a) * (u / (u - v))
        for a, b, u, v in zip(corners, np.roll(corners, -1, 0), sides, np.roll(sides, -1), strict=True)
        if (u < 0) != (v < 0)
    ]
    return np.array(found).reshape(-1, 3)


def cut(plane: ImagePlane, other: ImagePlane) -> list[list[float]] | None:
    """Return both ends, (row, column) of `plane`, of the line that both pictures have in common."""
    own, its = crossings(plane, other), crossings(other, plane)
    if len(own) < 2 or len(its) < 2:
        return None
    direction = (own[1] - own[0]) / np.linalg.norm(own[1] - own[0])
    (a, b), (c, d) = (np.sort((points - own[0]) @ direction) for points in (own, its))
    first, last = max(a, c), min(b, d)
    if first >= last:
        return None
    ends = plane.to_pixel([own[0] + first * direction, own[0] + last * direction])
    return [[round(float(value), 6) for value in end[1:]] for end in ends]


def vectors() -> dict[str, Any]:
    """Return planes, where some of their pixels lie, and how each of them is cut by every other."""
    return {
        "planes": [plane_json(plane) for plane in PLANES],
        "pixels": [
            {"plane": index, "pixel": pixel, "point": [float(value) for value in plane.to_patient(pixel)]}
            for index, plane in enumerate(PLANES)
            for pixel in PIXELS
        ],
        "distances": [
            {"plane": index, "point": (3.0, -20.0, 41.0), "found": plane.to_pixel((3.0, -20.0, 41.0)).tolist()}
            for index, plane in enumerate(PLANES)
        ],
        "cuts": [
            {"plane": one, "other": two, "ends": cut(PLANES[one], PLANES[two])}
            for one in range(len(PLANES))
            for two in range(len(PLANES))
            if one != two
        ],
    }


def text() -> str:
    """Return the file as it should be."""
    parts = (
        f"  {json.dumps(name)}: [\n" + ",\n".join(f"    {json.dumps(row)}" for row in rows) + "\n  ]"
        for name, rows in vectors().items()
    )
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
