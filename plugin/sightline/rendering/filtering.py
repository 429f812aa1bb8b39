"""Filters and colour maps, between decoded values and a picture. Runs in workers only.

Filters take stored values, not grey: what the window hides is still there when they look for neighbours. Padding takes
no part and stays what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.errors import UnprocessableError
from sightline.kernels.colour_maps import colour_map
from sightline.kernels.filters import smooth_gaussian, sobel_magnitude, unsharp_mask
from sightline.kernels.grayscale import GreyTransform, VoiWindow
from sightline.kernels.local_contrast import BINS, equalize_locally
from sightline.kernels.noise import median
from sightline.rendering.look import GREY, Filter, Look

_EDGE_GAIN = 4.0
"""A change of so many window widths per pixel is white where flat is black, divided by it."""
_TILES = 8
_SMALLEST_TILE = 32
_CLIP_LIMIT = 2.5
"""Neighbouring values are driven apart by no more than so many times what the window does."""
_SOBEL_WEIGHT = 8.0
_KINDS = ("uint8", "uint16", "int16", "float32")

_NEIGHBOURHOOD: Mapping[Filter, Callable[[NDArray[Any]], NDArray[Any]]] = MappingProxyType(
    {
        Filter.SMOOTH: lambda values: smooth_gaussian(values, 1.0),
        Filter.SMOOTHER: lambda values: smooth_gaussian(values, 2.0),
        Filter.MEDIAN: median,
        Filter.SHARPEN: lambda values: unsharp_mask(values, 1.0, 1.0),
        Filter.SHARPER: lambda values: unsharp_mask(values, 2.0, 2.0),
    }
)
"""Those that need to know nothing but the values."""


def filtered(stored: NDArray[Any], transform: GreyTransform, name: Filter | None) -> NDArray[Any]:
    """Return stored values as a filter leaves them, to be shown by the same transform.

    Parameters
    ----------
    stored : array, (rows, columns)
        Of any real type; not-a-number is padding.
    transform : GreyTransform
        With the VOI that is applied: edges, and local contrast, are made for its window.
    name : Filter, optional
        None: the values themselves.
    """
    if name is None:
        return stored
    values = stored if stored.dtype.name in _KINDS else stored.astype(np.float32)
    hidden = _hidden(values, transform.padding)
    kept = values[~hidden] if hidden is not None else values
    if kept.size == 0:
        return stored
    if hidden is not None:
        values = np.where(hidden, kept.min(), values)
    result = _applied(values, kept, transform, name)
    if hidden is not None:
        result[hidden] = stored[hidden]
    return result


def coloured(grey: NDArray[np.uint8], look: Look) -> NDArray[np.uint8]:
    """Return grey as it is, or in the colours of a map: RGB."""
    return grey if look.colour_map == GREY else colour_map(look.colour_map)[grey]


def require_grey(look: Look) -> None:
    """Refuse what only makes sense for grey values. Raises `UnprocessableError`."""
    if look.changes_values:
        raise UnprocessableError("A filter or a colour map is for grey values; this image has colours.", "not-grey")


def _hidden(values: NDArray[Any], padding: tuple[int, int] | None) -> NDArray[np.bool_] | None:
    hidden = np.isnan(values) if values.dtype.kind == "f" else np.zeros(values.shape, np.bool_)
    if padding is not None:
        hidden |= (values >= padding[0]) & (values <= padding[1])
    return hidden if hidden.any() else None


def _applied(values: NDArray[Any], kept: NDArray[Any], transform: GreyTransform, name: Filter) -> NDArray[Any]:
    if name in _NEIGHBOURHOOD:
        return _NEIGHBOURHOOD[name](values)
    low, high = _ends(kept, transform)
    if name is Filter.LOCAL_CONTRAST:
        tiles = [min(_TILES, max(1, side // _SMALLEST_TILE)) for side in values.shape]
        # Of whole numbers only so many bins are used, and those more often than the mean of all bins.
        steps = BINS if values.dtype.kind == "f" else min(BINS, max(1.0, high - low))
        limit = _CLIP_LIMIT * BINS / steps
        return equalize_locally(values.astype(np.float32), low, high, (tiles[0], tiles[1]), limit)
    change = sobel_magnitude(values) * np.float32(_EDGE_GAIN / _SOBEL_WEIGHT)
    # Flat is what the least modality value of the window looks like.
    return np.float32(high) - change if transform.slope < 0 else np.float32(low) + change


def _ends(kept: NDArray[Any], transform: GreyTransform) -> tuple[float, float]:
    """Return the stored values between which the window lies, or all where a look-up table takes its place."""
    voi = transform.voi
    if isinstance(voi, VoiWindow) and transform.modality_lut is None and transform.slope != 0:
        sides = (voi.center - voi.width / 2, voi.center + voi.width / 2)
        low, high = sorted((side - transform.intercept) / transform.slope for side in sides)
    else:
        low, high = float(kept.min()), float(kept.max())
    return low, max(high, low + 1e-6)
