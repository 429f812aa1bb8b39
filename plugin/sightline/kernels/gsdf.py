"""The Grayscale Standard Display Function: P-values, just noticeable differences, luminance, driving levels (PS3.14).

Equal steps of P-values are equal steps of the JND index between the darkest and the brightest that a display shows; the
function says which luminance each index has.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_JND, MOST_JND = 1.0, 1023.0
_NUMERATOR = (-1.3011877, 8.0242636e-2, 1.3646699e-1, -2.5468404e-2, 1.3635334e-3)
_DENOMINATOR = (1.0, -2.5840191e-2, -1.0320229e-1, 2.8745620e-2, -3.1978977e-3, 1.2992634e-4)
_INVERSE = (
    71.498068, 94.593053, 41.912053, 9.8247004, 0.28175407, -1.1878455, -0.18014349, 0.14710899, -0.017046845,
)  # fmt: skip


def luminance_of_jnd(index: Any) -> Floats:
    """Return the luminance of JND indices.

    Parameters
    ----------
    index : array of any shape
        JND index, whole or not, from 1 to 1023.

    Returns
    -------
    array of float64
        Same shape, cd/m2; about 0.05 to 3993.

    Raises
    ------
    ValueError
        An index is not in that range.

    References
    ----------
    PS3.14 section 7.1, first formula. The table of annex B differs from it by up to 0.3 % of the logarithm.

    Notes
    -----
    Takes some temporaries of the result's size. Holds the interpreter lock for one operation at a time.

    Examples
    --------
    >>> luminance_of_jnd([1, 512, 1023]).round(3).tolist()
    [0.05, 130.065, 3993.33]
    """
    j = np.asarray(index, np.float64)
    if not np.all((j >= LEAST_JND) & (j <= MOST_JND)):
        raise ValueError("A JND index is from 1 to 1023.")
    x = np.log(j)
    return np.asarray(10 ** (_polynomial(x, _NUMERATOR) / _polynomial(x, _DENOMINATOR)))


def jnd_of_luminance(luminance: Any) -> Floats:
    """Return the JND indices of luminances, to 1e-6 the inverse of `luminance_of_jnd`.

    Parameters
    ----------
    luminance : array of any shape
        cd/m2.

    Returns
    -------
    array of float64
        Same shape, 1 to 1023.

    Raises
    ------
    ValueError
        A luminance is not one that the function has.

    References
    ----------
    PS3.14 section 7.1, second formula, which is off by up to 0.1, made exact with the first by Newton's method.

    Notes
    -----
    Takes some temporaries of the result's size. Holds the interpreter lock for one operation at a time.

    Examples
    --------
    >>> jnd_of_luminance([0.05, 100.0, 500.0]).round(2).tolist()
    [1.0, 476.38, 705.93]
    """
    levels = np.asarray(luminance, np.float64)
    ends = luminance_of_jnd([LEAST_JND, MOST_JND])
    # The standard names the ends rounded: 0.05 and 3993.404.
    if not np.all((levels >= ends[0] * (1 - 1e-4)) & (levels <= ends[1] * (1 + 1e-4))):
        raise ValueError("The standard display function is defined for luminances from 0.05 to 3993 cd/m2.")
    target = np.log10(np.clip(levels, *ends))
    index = np.clip(_polynomial(target, _INVERSE), LEAST_JND, MOST_JND)
    step = 1e-3
    for _ in range(4):
        below, above = (np.clip(index + side, LEAST_JND, MOST_JND) for side in (-step, step))
        low, here, high = (np.log10(luminance_of_jnd(place)) for place in (below, index, above))
        index = np.clip(index - (here - target) * (above - below) / (high - low), LEAST_JND, MOST_JND)
    return np.asarray(index)


def luminance_of_p_values(count: int, darkest: float, brightest: float) -> Floats:
    """Return the luminance that a display of a given range shall show for each P-value.

    Parameters
    ----------
    count : int
        Number of P-values, such as 256.
    darkest, brightest : float
        cd/m2 of the display, ambient light included.

    Returns
    -------
    array of float64, (count,)
        cd/m2 for the P-values 0 to ``count - 1``.

    Raises
    ------
    ValueError
        The range is empty or beyond the function's, or there are fewer than 2 P-values.

    References
    ----------
    PS3.14 section 7.2.

    Notes
    -----
    Takes some temporaries of the result's size. Holds the interpreter lock for one operation at a time.

    Examples
    --------
    >>> luminance_of_p_values(3, 0.5, 250.0).round(2).tolist()
    [0.5, 29.47, 250.0]
    """
    if count < 2 or not darkest < brightest:
        raise ValueError("A display needs at least two P-values, and a white that is brighter than its black.")
    first, last = jnd_of_luminance([darkest, brightest])
    return luminance_of_jnd(np.linspace(first, last, count))


def driving_levels(characteristic_curve: Any, count: int = 256, ambient: float = 0.0) -> NDArray[np.uint16]:
    """Return the digital driving level of a display for each P-value, so that it follows the standard function.

    Parameters
    ----------
    characteristic_curve : array, (levels,)
        Measured luminance for each driving level from 0, cd/m2; never falling.
    count : int
        Number of P-values.
    ambient : float
        Light that the screen reflects, cd/m2, if it was not measured along with the curve.

    Returns
    -------
    array of uint16, (count,)
        For each P-value the level whose JND index is the nearest; the lower of two that are.

    Raises
    ------
    ValueError
        The curve falls somewhere, has more than 65536 levels, or is not within the function's range.

    References
    ----------
    PS3.14 section 7.2 and annex D.

    Notes
    -----
    Takes some temporaries of the curve's size. Holds the interpreter lock for one operation at a time.

    Examples
    --------
    >>> driving_levels(luminance_of_p_values(256, 0.5, 250.0), 4).tolist()
    [0, 85, 170, 255]
    """
    curve = np.asarray(characteristic_curve, np.float64) + ambient
    if not (curve.ndim == 1 and 2 <= curve.size <= 1 << 16 and np.all(np.diff(curve) >= 0)):
        raise ValueError("A characteristic curve has 2 to 65536 luminances, none below the one before.")
    reached = jnd_of_luminance(curve)
    if count < 2 or not reached[0] < reached[-1]:
        raise ValueError("A display needs at least two P-values, and a white that is brighter than its black.")
    wanted = np.linspace(reached[0], reached[-1], count)
    above = np.clip(np.searchsorted(reached, wanted), 1, curve.size - 1)
    is_below = wanted - reached[above - 1] <= reached[above] - wanted
    # Levels that look the same are one: the lowest of them stands for all.
    nearest = reached[np.where(is_below, above - 1, above)]
    return np.searchsorted(reached, nearest).astype(np.uint16)


def _polynomial(x: Floats, coefficients: tuple[float, ...]) -> Floats:
    """Return c0 + c1 x + c2 x^2 and so on."""
    total = np.zeros_like(x)
    for coefficient in reversed(coefficients):
        total = total * x + coefficient
    return total
