"""Pictures to the size that a view wants. Runs in workers only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.errors import BadRequestError
from sightline.kernels.resize import reduce_by_area, reduced_shape
from sightline.kernels.viewport import fitted_shape, resample_region
from sightline.rendering.viewport import Viewport

Bytes = NDArray[np.uint8]
Spacing = tuple[float, float] | None
Region = tuple[float, float, float, float]
LARGEST_PICTURE = 1 << 25
"""Pixels of a picture that was enlarged."""


def sized(picture: Bytes, view: Mapping[str, Any], spacing: Spacing, aspect: Spacing = None) -> tuple[Bytes, Spacing]:
    """Return the picture as its view's ``viewport`` or ``max_size`` wants it, and its new pixel spacing.

    Parameters
    ----------
    picture : array of uint8, (rows, columns) or (rows, columns, 3)
    view : mapping
        ``viewport``, what `Viewport.argument` gave, or null; ``max_size`` or null.
    spacing : (float, float), optional
        mm between rows and between columns.
    aspect : (float, float), optional
        Height and width of a pixel in any unit, where `spacing` is not known: in a viewport pixels become square.

    Raises
    ------
    BadRequestError
        The viewport names a region outside of the image, or the picture would be too large.
    """
    rows, columns = picture.shape[:2]
    if view["viewport"] is not None:
        viewport = Viewport(*view["viewport"])
        region = viewport.region(rows, columns)
        shape = _shape(viewport, region, spacing or aspect or (1.0, 1.0))
        return _through(viewport, picture, region, shape), _spacing(spacing, region, shape)
    if view["max_size"] is None:
        return picture, spacing
    reduced = reduced_shape(rows, columns, view["max_size"])
    if spacing is not None:
        spacing = spacing[0] * rows / reduced[0], spacing[1] * columns / reduced[1]
    return reduce_by_area(picture, *reduced), spacing


def _shape(viewport: Viewport, region: Region, pixel: tuple[float, float]) -> tuple[int, int]:
    return fitted_shape(region[3] * pixel[0], region[2] * pixel[1], viewport.rows, viewport.columns)


def _through(viewport: Viewport, picture: Bytes, region: Region, shape: tuple[int, int]) -> Bytes:
    if shape[0] * shape[1] > max(LARGEST_PICTURE, picture.shape[0] * picture.shape[1]):
        raise BadRequestError(f"A picture of {shape[1]} x {shape[0]} pixels is too large.", "bad-viewport")
    result = resample_region(picture, region, *shape)
    horizontally, vertically = viewport.flips
    if horizontally:
        result = result[:, ::-1]
    return result[::-1] if vertically else result


def _spacing(spacing: Spacing, region: Region, shape: tuple[int, int]) -> Spacing:
    if spacing is None:
        return None
    return spacing[0] * region[3] / shape[0], spacing[1] * region[2] / shape[1]
