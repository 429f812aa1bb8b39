"""Which pixels a region holds, by a loop over all of them: what faster ways are compared with."""

from __future__ import annotations

from itertools import pairwise
from math import hypot
from typing import Any

import numpy as np


def inside(tool: str, points: Any, shape: tuple[int, ...], spacing: tuple[float, float]) -> list[tuple[int, int]]:
    """Return (row, column) of the pixels whose centre a region holds, by a loop over all of them."""
    found = []
    for row, column in np.ndindex(*shape):
        x, y = column + 0.5, row + 0.5
        if tool == "rectangle":
            (a, b), (c, d) = points
            hit = min(a, c) <= x <= max(a, c) and min(b, d) <= y <= max(b, d)
        elif tool == "circle":
            (a, b), (c, d) = points
            reach = hypot((c - a) * spacing[1], (d - b) * spacing[0])
            hit = hypot((x - a) * spacing[1], (y - b) * spacing[0]) <= reach
        elif tool == "ellipse":
            (a, b), (c, d), (e, f), (g, h) = points
            middle = (a + c) / 2, (b + d) / 2
            u, w = ((c - a) / 2, (d - b) / 2), ((g - e) / 2, (h - f) / 2)
            cross = u[0] * w[1] - u[1] * w[0]
            dx, dy = x - middle[0], y - middle[1]
            hit = ((dx * w[1] - dy * w[0]) / cross) ** 2 + ((u[0] * dy - u[1] * dx) / cross) ** 2 <= 1
        else:
            crossings = 0
            for (x0, y0), (x1, y1) in pairwise([*points, points[0]]):
                if min(y0, y1) <= y < max(y0, y1) and x0 + (y - y0) * (x1 - x0) / (y1 - y0) < x:
                    crossings += 1
            hit = crossings % 2 == 1
        if hit:
            found.append((row, column))
    return found
