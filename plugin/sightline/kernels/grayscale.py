"""Stored values to 8-bit grey, in the order that the standard prescribes (PS3.3 C.11, PS3.4 N.2).

Padding is found among the stored values; the others go through the modality transformation, the value-of-interest
transformation and the presentation, and are rounded as ``floor(y + 0.5)``, which the standard leaves open. Everything
is computed in float64, or gives what float64 would give: stored values of at most 16 bits go along a ramp, or through a
table (`sightline.kernels.ramps`), which is as exact and several times as fast.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.ramps import Ramp, apply_ramp, apply_table, fitted_ramp

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]

WHITE = 255.0
PADDING_GREY = 0
"""Padding is black whatever the presentation."""
_PIECE = 1 << 14
"""Values that are computed together in float64, so that all steps stay in the cache."""
_FEW = 1 << 10
"""Pixels below which nothing is gained by planning ahead."""


@dataclass(frozen=True, eq=False)
class LookUpTable:
    """A Modality or VOI LUT sequence item (PS3.3 C.11.1, C.11.2).

    Parameters
    ----------
    first : int
        The input that the first entry is for; inputs below get the first entry, inputs above the last one the last.
    entries : array, (entries,)
        Unsigned output values.
    bits : int
        Output values are from 0 to ``2**bits - 1``.
    """

    first: int
    entries: NDArray[np.uint16]
    bits: int = 16


@dataclass(frozen=True)
class VoiWindow:
    """Window centre and width in modality units, and VOI LUT Function: LINEAR, LINEAR_EXACT or SIGMOID."""

    center: float
    width: float
    function: str = "LINEAR"


@dataclass(frozen=True)
class GreyTransform:
    """All steps from stored value to grey.

    Parameters
    ----------
    slope, intercept : float
        Modality rescale: ``slope * stored + intercept``.
    modality_lut : LookUpTable, optional
        Instead of the rescale.
    voi : VoiWindow or LookUpTable
        A table's output range is mapped to the whole grey scale.
    inverse : bool
        Whether the least value is shown white: MONOCHROME1, Presentation LUT Shape INVERSE or the reader's wish.
    padding : (int, int), optional
        Inclusive range of stored values that are no image.
    presentation_lut : LookUpTable, optional
        Applied last; the whole range of the VOI's output is mapped to all of its entries (PS3.3 C.11.6.1.1).
    """

    voi: VoiWindow | LookUpTable
    slope: float = 1.0
    intercept: float = 0.0
    modality_lut: LookUpTable | None = None
    inverse: bool = False
    padding: tuple[int, int] | None = None
    presentation_lut: LookUpTable | None = None


def window_values(values: Any, window: VoiWindow) -> Floats:
    """Apply a window to modality values.

    Parameters
    ----------
    values : array of any shape
        Modality units.
    window : VoiWindow

    Returns
    -------
    array of float64
        Same shape, from 0 (least) to 255 (most), not rounded. Not-a-number stays.

    Raises
    ------
    ValueError
        The function is unknown, or the width below 1 (LINEAR) or not above 0 (the others).

    References
    ----------
    PS3.3 C.11.2.1.2.1 (LINEAR), C.11.2.1.3.1 (SIGMOID), C.11.2.1.3.2 (LINEAR_EXACT).

    Examples
    --------
    >>> window_values([-160.0, 39.5, 239.0], VoiWindow(40, 400)).tolist()
    [0.0, 127.5, 255.0]
    >>> window_values([-160.0, 40.0, 240.0], VoiWindow(40, 400, "LINEAR_EXACT")).tolist()
    [0.0, 127.5, 255.0]
    >>> window_values([40.0], VoiWindow(40, 400, "SIGMOID")).tolist()
    [127.5]
    """
    x = np.asarray(values, np.float64)
    center, width = window.center, window.width
    if window.function == "LINEAR":
        if not width >= 1:
            raise ValueError("The width of a LINEAR window is at least 1.")
        if width == 1:
            return _step(x, center - 0.5)
        return _ramp_of(x, center - width / 2, width - 1)
    if not width > 0:
        raise ValueError("The width of a window is above 0.")
    if window.function == "LINEAR_EXACT":
        return _ramp_of(x, center - width / 2, width)
    if window.function == "SIGMOID":
        with np.errstate(over="ignore"):  # exp of a large number is infinite, and the result rightly 0
            return np.asarray(WHITE / (1.0 + np.exp(-4.0 * (x - center) / width)))
    raise ValueError(f"There is no VOI LUT Function {window.function}.")


def _ramp_of(x: Floats, start: float, length: float) -> Floats:
    """Return a line from 0 at the start to 255 at the end, and what it begins and ends with outside.

    All is exact but the division, which comes last: what is half-way between two levels is so in float64 too.
    """
    return np.asarray(np.maximum(np.minimum((x - start) * WHITE / length, WHITE), 0.0))


def _step(x: Floats, threshold: float) -> Floats:
    """Return 0 up to the threshold and 255 above; not-a-number stays."""
    return np.asarray(np.where(np.isnan(x), x, np.where(x > threshold, WHITE, 0.0)))


def look_up(values: Any, table: LookUpTable) -> Floats:
    """Return the table's entries for input values, which are truncated to integers.

    Examples
    --------
    >>> look_up([-5, 10, 11, 99], LookUpTable(10, np.array([7, 8, 9], np.uint16))).tolist()
    [7.0, 7.0, 8.0, 9.0]
    """
    index = np.trunc(np.asarray(values, np.float64)) - table.first
    known = np.nan_to_num(np.clip(index, 0, len(table.entries) - 1)).astype(np.intp)
    return np.asarray(np.where(np.isnan(index), np.nan, table.entries[known].astype(np.float64)))


def modality_values(stored: Any, transform: GreyTransform) -> Floats:
    """Return modality values (such as HU) of stored values, as float64 of the same shape (PS3.3 C.11.1).

    Padding is not looked at: the caller has left it out.
    """
    if transform.modality_lut is not None:
        return look_up(stored, transform.modality_lut)
    return np.asarray(stored, np.float64) * transform.slope + transform.intercept


def grey_of_modality_values(values: Any, transform: GreyTransform) -> Bytes:
    """Return 8-bit grey of modality values: VOI, presentation, rounding.

    Parameters
    ----------
    values : array of any shape
        Modality units; not-a-number means padding.
    transform : GreyTransform
        Its modality and padding parts are not used.

    Returns
    -------
    array of uint8
        Same shape. Padding is 0.
    """
    return _in_pieces(np.asarray(values), lambda piece: _visible(_rounded(piece, transform)))


def _in_pieces(values: NDArray[Any], grey_of: Callable[[NDArray[Any]], Bytes]) -> Bytes:
    """Apply a function to a few values at a time."""
    if values.size <= _PIECE:
        return grey_of(values)
    flat, result = np.ascontiguousarray(values).reshape(-1), np.empty(values.shape, np.uint8)
    target = result.reshape(-1)
    for start in range(0, flat.size, _PIECE):
        target[start : start + _PIECE] = grey_of(flat[start : start + _PIECE])
    return result


def _visible(levels: Floats) -> Bytes:
    """Return levels as bytes, padding where they are not-a-number."""
    return np.asarray(np.where(np.isnan(levels), PADDING_GREY, levels).astype(np.uint8))


def _rounded(values: NDArray[Any], transform: GreyTransform) -> Floats:
    """Return grey of modality values as whole numbers."""
    if isinstance(transform.voi, VoiWindow):
        grey = window_values(values, transform.voi)
    else:
        grey = look_up(values, transform.voi) * (WHITE / ((1 << transform.voi.bits) - 1))
    if transform.presentation_lut is not None:
        grey = _presented(grey, transform.presentation_lut)
    if transform.inverse:
        grey = WHITE - grey
    return np.asarray(np.floor(grey + 0.5))


def _presented(grey: Floats, table: LookUpTable) -> Floats:
    index = np.floor(grey * ((len(table.entries) - 1) / WHITE) + 0.5)
    return look_up(index + table.first, table) * (WHITE / ((1 << table.bits) - 1))


def grey_of_stored(stored: NDArray[Any], transform: GreyTransform) -> Bytes:
    """Return 8-bit grey of stored values: all of the transform.

    Parameters
    ----------
    stored : array of any shape
        Any integer or float type.
    transform : GreyTransform

    Returns
    -------
    array of uint8
        Same shape.

    Notes
    -----
    Windows of integers of 8 or 16 bits are ramps; what is no ramp goes through a table over the values that occur,
    unless there are fewer pixels than values. Takes below 1 MB beside the result, and holds the interpreter lock for at
    most some microseconds at a time.

    Examples
    --------
    >>> transform = GreyTransform(VoiWindow(40, 400), intercept=-1024.0, padding=(0, 0))
    >>> grey_of_stored(np.array([[0, 864, 1063, 1300]], np.uint16), transform).tolist()
    [[0, 0, 127, 255]]
    """
    if stored.dtype.kind not in "iu" or stored.dtype.itemsize > 2 or stored.size <= _FEW:
        return _without_table(stored, transform)
    stored = np.ascontiguousarray(stored)
    ramp = _ramp(stored.dtype, transform)
    if ramp is not None and ramp.factor is not None:
        return _hidden(apply_ramp(stored, ramp), stored, transform)
    ends = (int(stored.min()), int(stored.max())) if ramp is None else (ramp.low, ramp.high)
    if ends[1] - ends[0] >= stored.size:
        return _without_table(stored, transform)
    values = np.arange(ends[0], ends[1] + 1)
    if ramp is None:
        return apply_table(stored, ends[0], _without_table(values, transform))
    return _hidden(apply_table(stored, ends[0], _without_padding(values, transform)), stored, transform)


def _without_table(stored: NDArray[Any], transform: GreyTransform) -> Bytes:
    return _in_pieces(stored, lambda piece: _visible(_rounded(_values_without_padding(piece, transform), transform)))


def _without_padding(stored: NDArray[Any], transform: GreyTransform) -> Bytes:
    """Return grey as if nothing were padding."""
    return _rounded(modality_values(stored, transform), transform).astype(np.uint8)


def _ramp(dtype: np.dtype[Any], transform: GreyTransform) -> Ramp | None:
    """Return the ramp that a window is, leaving aside padding; None for what is none."""
    voi = transform.voi
    if not isinstance(voi, VoiWindow) or voi.function == "SIGMOID":
        return None
    if transform.modality_lut is not None or transform.presentation_lut is not None or not transform.slope:
        return None
    return _ramp_of_window(dtype, voi, transform.slope, transform.intercept, transform.inverse)


@lru_cache(maxsize=64)
def _ramp_of_window(
    dtype: np.dtype[Any], window: VoiWindow, slope: float, intercept: float, inverse: bool
) -> Ramp | None:
    """Return the ramp of a window. Remembered, since a stack that is scrolled keeps its window."""
    linear = window.function == "LINEAR"
    # A LINEAR window of width 1 is a step: as good as vertical.
    length = max(window.width - linear, 1e-9)
    factor = slope * WHITE / length
    offset = ((intercept - window.center + 0.5 * linear) / length + 0.5) * WHITE + 0.5
    if inverse:
        factor, offset = -factor, WHITE + 1.0 - offset
    transform = GreyTransform(window, slope, intercept, inverse=inverse)
    return fitted_ramp(lambda values: _without_padding(values, transform), factor, offset, dtype)


def _hidden(grey: Bytes, stored: NDArray[Any], transform: GreyTransform) -> Bytes:
    """Make padding black, in place, where it is not."""
    if transform.padding is None:
        return grey
    ends, (low, high) = np.iinfo(stored.dtype), transform.padding
    low, high = max(low, int(ends.min)), min(high, int(ends.max))
    # Levels never fall, or never rise: none between the ends is above both.
    if low > high or not _without_padding(np.array([low, high]), transform).any():
        return grey
    grey *= (stored < low) | (stored > high)
    return grey


def _values_without_padding(stored: NDArray[Any], transform: GreyTransform) -> Floats:
    """Return modality values with not-a-number where padding is."""
    values = modality_values(stored, transform)
    if transform.padding is not None:
        low, high = transform.padding
        values = np.where((stored >= low) & (stored <= high), np.nan, values)
    return values


def value_range(
    stored: NDArray[Any], transform: GreyTransform, ends: tuple[float, float] | None = None
) -> tuple[float, float] | None:
    """Return the least and most modality value without padding, None where everything is padding.

    `ends` are the least and most stored value, where somebody has looked for them already.

    Examples
    --------
    >>> transform = GreyTransform(VoiWindow(0, 1), intercept=-1024.0, padding=(0, 0))
    >>> value_range(np.array([0, 24, 1024], np.uint16), transform)
    (-1000.0, 0.0)
    """
    if not stored.size:
        return None
    image, ends = stored, ends or (stored.min(), stored.max())
    if transform.padding is not None and _any_within(ends, transform.padding):
        low, high = transform.padding
        image = stored[(stored < low) | (stored > high)]
    elif transform.modality_lut is None and stored.dtype.kind != "f":
        return _modality_ends(ends, transform)
    if transform.modality_lut is not None:
        image = look_up(image, transform.modality_lut)
    if image.dtype.kind == "f":
        image = image[np.isfinite(image)]
    if not image.size:
        return None
    if transform.modality_lut is not None:
        return float(image.min()), float(image.max())
    return _modality_ends((image.min(), image.max()), transform)


def _any_within(ends: tuple[float, float], padding: tuple[int, int]) -> bool:
    """Whether the least or the most value is padding: what lies between does not matter for the range."""
    return any(padding[0] <= end <= padding[1] for end in ends)


def _modality_ends(ends: tuple[float, float], transform: GreyTransform) -> tuple[float, float]:
    low, high = sorted(float(end) * transform.slope + transform.intercept for end in ends)
    return low, high


def full_range_window(ends: tuple[float, float] | None) -> VoiWindow:
    """Return the window that shows the least value black and the most white.

    Examples
    --------
    >>> full_range_window((-1000.0, 1000.0))
    VoiWindow(center=0.0, width=2000.0, function='LINEAR_EXACT')
    """
    low, high = ends or (0.0, 0.0)
    return VoiWindow((low + high) / 2, (high - low) or 1.0, "LINEAR_EXACT")
