"""Filters for one image: threshold, smooth, sharpen, edges. They take stored or modality values, never grey.

Images are (rows, columns) of uint8, uint16, int16 or float32. Outside of the image its outermost pixels go on.
Distances are in pixels: who has mm divides by the pixel spacing. What is not-a-number makes its neighbours so. Padding
counts as a value: set it to a neutral one, or to not-a-number, before. Rows are worked on in bands that stay in the
cache, so that memory beside the result is some 2 MB for images of up to 4096 columns (to sharpen, or find edges of,
other than int16 and float32: up to 4 bytes more for each pixel); the interpreter lock is held for some microseconds at
a time.
"""

from __future__ import annotations

from math import ceil, exp, floor

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import Floats
from sightline.kernels.neighbourhood import (
    ELEMENTS,
    Float32s,
    Image,
    bands,
    require_image,
    store,
    weighted,
    with_margin,
    working_type,
)

LARGEST_RADIUS = 128
"""Smoothing over more pixels to each side is refused."""


def threshold(image: Image, low: float, high: float) -> NDArray[np.bool_]:
    """Return which pixels are from `low` to `high`, both included.

    Parameters
    ----------
    image : array, (rows, columns)
    low, high : float
        In the image's values; infinite where there is no bound.

    Returns
    -------
    array of bool, (rows, columns)
        False where a pixel is not-a-number.

    Raises
    ------
    ValueError
        `low` is above `high`, or one of them is not a number; or it is no image.
    TypeError
        The image is of another type.

    Examples
    --------
    >>> threshold(np.array([[-50, 0, 99, 100, 101]], np.int16), 0, 100).tolist()
    [[False, True, True, True, False]]
    """
    require_image(image)
    if not low <= high:
        raise ValueError("The lower bound of a threshold is at most the upper one.")
    if image.dtype.kind != "f":
        limits = np.iinfo(image.dtype)
        # Bounds of the image's own type: others would make numpy convert every pixel.
        if high < limits.min or low > limits.max:
            return np.zeros(image.shape, np.bool_)
        low, high = ceil(max(low, limits.min)), floor(min(high, limits.max))
    inside = np.greater_equal(image, image.dtype.type(low))
    inside &= np.less_equal(image, image.dtype.type(high))
    return np.asarray(inside)


def keep_range(image: Image, low: float, high: float, outside: float) -> Image:
    """Return the image with another value wherever it is not from `low` to `high`.

    Parameters
    ----------
    image : array, (rows, columns)
    low, high : float
        As for `threshold`.
    outside : float
        A value that the image's type can hold.

    Returns
    -------
    array, (rows, columns)
        Of the image's type.

    Raises
    ------
    ValueError
        As `threshold`; or the type cannot hold `outside`.
    TypeError
        The image is of another type.

    Examples
    --------
    >>> keep_range(np.array([[-50, 0, 100, 101]], np.int16), 0, 100, -1024).tolist()
    [[-1024, 0, 100, -1024]]
    """
    inside = threshold(image, low, high)
    if image.dtype.kind != "f":
        limits = np.iinfo(image.dtype)
        if outside != floor(outside) or not limits.min <= outside <= limits.max:
            raise ValueError(f"{outside} is no value of {image.dtype}.")
    return np.asarray(np.where(inside, image, image.dtype.type(outside)))


def sharpen(image: Image) -> Image:
    """Return five times each pixel less its four neighbours.

    Parameters
    ----------
    image : array, (rows, columns)

    Returns
    -------
    array, (rows, columns)
        Of the image's type, held in its range. Exact for integers.

    Raises
    ------
    ValueError, TypeError
        It is no image, or of another type.

    Examples
    --------
    >>> sharpen(np.array([[0, 0, 0], [0, 10, 0], [0, 0, 0]], np.int16)).tolist()
    [[0, -10, 0], [-10, 50, -10], [0, -10, 0]]
    """
    require_image(image)
    result = np.empty_like(image, order="C")
    source = np.ascontiguousarray(image, working_type(image, 9))
    for rows in bands(image.shape, 4 * ELEMENTS):  # two arrays of 16 bits: more fits into the cache
        if source.dtype == result.dtype:
            _sharpen(source, rows, result[rows])
        else:
            total = np.empty_like(source[rows])
            _sharpen(source, rows, total)
            store(total, result[rows])
    return result


def _sharpen(source: Image, rows: slice, total: Image) -> None:
    """Sharpen some rows of an image."""
    own = source[rows]
    first, last = int(rows.start == 0), int(rows.stop == len(source))
    np.multiply(own, source.dtype.type(5), out=total)
    total[first:] -= source[rows.start - 1 + first : rows.stop - 1]
    total[: len(total) - last] -= source[rows.start + 1 : rows.stop + 1 - last]
    if first:
        total[0] -= own[0]
    if last:
        total[-1] -= own[-1]
    # As one vector, which is twice as fast; the outermost columns lie beside those of other rows then, and are apart.
    left = total[:, 0] - own[:, 0] - own[:, min(1, own.shape[1] - 1)]
    right = total[:, -1] - own[:, -1] - own[:, max(0, own.shape[1] - 2)]
    flat, values = total.reshape(-1), own.reshape(-1)
    flat[1:] -= values[:-1]
    flat[:-1] -= values[1:]
    total[:, 0], total[:, -1] = left, right


def sobel_magnitude(image: Image) -> Float32s:
    """Return how steep the image is at each pixel.

    Parameters
    ----------
    image : array, (rows, columns)

    Returns
    -------
    array of float32, (rows, columns)
        Length of the gradient with Sobel's weights (1 2 1), not divided by their sum: 8 times the change per pixel.

    Raises
    ------
    ValueError, TypeError
        It is no image, or of another type.

    Examples
    --------
    >>> sobel_magnitude(np.array([[0, 0, 3], [0, 0, 3], [4, 4, 7]], np.int16))[1, 1].item()
    20.0
    """
    require_image(image)
    result = np.empty(image.shape, np.float32)
    source = np.ascontiguousarray(image, working_type(image, 8))
    for rows in bands(image.shape, 2 * ELEMENTS):
        near = with_margin(source, rows)
        pairs = near[:-1] + near[1:]
        across = result[rows]
        down = np.empty_like(across)
        _change_across(pairs[:-1] + pairs[1:], across)
        _smooth_across(near[2:] - near[:-2], down)
        across *= across
        down *= down
        across += down
        np.sqrt(across, out=across)
    return result


def _change_across(values: Image, out: Float32s) -> None:
    """Fill in the difference of the pixels on both sides, up to its sign; as one vector, outermost columns apart."""
    flat, last = values.reshape(-1), values.shape[1] - 1
    out.reshape(-1)[1:-1] = flat[2:] - flat[:-2]
    for side, inward in ((0, min(1, last)), (last, max(0, last - 1))):
        out[:, side] = values[:, inward] - values[:, side]


def _smooth_across(values: Image, out: Float32s) -> None:
    """Fill in the sum of the pixels on both sides and twice the one between them, in the same way."""
    flat, last = values.reshape(-1), values.shape[1] - 1
    pairs = flat[1:] + flat[:-1]
    out.reshape(-1)[1:-1] = pairs[1:] + pairs[:-1]
    for side, inward in ((0, min(1, last)), (last, max(0, last - 1))):
        out[:, side] = values[:, side] * values.dtype.type(3) + values[:, inward]


def smooth_gaussian(image: Image, sigma: float) -> Image:
    """Return the image smoothed by a Gaussian.

    Parameters
    ----------
    image : array, (rows, columns)
    sigma : float
        Standard deviation in pixels, above 0. Weights reach to four of them, rounded.

    Returns
    -------
    array, (rows, columns)
        Of the image's type; integers are rounded as ``floor(x + 0.5)``.

    Raises
    ------
    ValueError, TypeError
        `sigma` is not above 0 or too large, or it is no image, or of another type.

    Examples
    --------
    >>> smooth_gaussian(np.array([[0, 0, 100, 0, 0]], np.int16), 0.5).tolist()
    [[0, 11, 79, 11, 0]]
    """
    return _smoothed(image, _gaussian(sigma))


def smooth_box(image: Image, size: int) -> Image:
    """Return the mean of a square around each pixel.

    Parameters
    ----------
    image : array, (rows, columns)
    size : int
        Side of the square in pixels, odd.

    Returns
    -------
    array, (rows, columns)
        Of the image's type; integers are rounded as ``floor(x + 0.5)`` of a mean in float32.

    Raises
    ------
    ValueError, TypeError
        `size` is not odd or too large, or it is no image, or of another type.

    Examples
    --------
    >>> smooth_box(np.array([[0, 0, 90, 0, 0]], np.int16), 3).tolist()
    [[0, 30, 30, 30, 0]]
    """
    if size < 1 or size % 2 == 0 or size > 2 * LARGEST_RADIUS + 1:
        raise ValueError(f"The side of the square is an odd number of pixels up to {2 * LARGEST_RADIUS + 1}.")
    return _smoothed(image, np.full(size, 1 / size))


def unsharp_mask(image: Image, sigma: float, amount: float) -> Image:
    """Return the image with what a Gaussian would take away added once more.

    Parameters
    ----------
    image : array, (rows, columns)
    sigma : float
        Standard deviation in pixels of the Gaussian: details of about this size are brought out.
    amount : float
        How much of the difference is added; 0 changes nothing.

    Returns
    -------
    array, (rows, columns)
        Of the image's type; integers are rounded as ``floor(x + 0.5)`` and held in its range.

    Raises
    ------
    ValueError, TypeError
        As `smooth_gaussian`; or `amount` is negative or not finite.

    Examples
    --------
    >>> unsharp_mask(np.array([[0, 0, 100, 0, 0]], np.int16), 0.5, 1.0).tolist()
    [[0, -11, 121, -11, 0]]
    """
    require_image(image)
    if not 0 <= amount < np.inf:
        raise ValueError("The amount of an unsharp mask is not negative.")
    weights = _gaussian(sigma)
    result = np.empty_like(image, order="C")
    for rows, smooth in weighted(image, weights, weights):
        np.subtract(image[rows], smooth, out=smooth)
        smooth *= np.float32(amount)
        smooth += image[rows]
        store(smooth, result[rows])
    return result


def _smoothed(image: Image, weights: Floats) -> Image:
    require_image(image)
    result = np.empty_like(image, order="C")
    for rows, smooth in weighted(image, weights, weights):
        store(smooth, result[rows])
    return result


def _gaussian(sigma: float) -> Floats:
    """Return weights that sum to 1, at whole pixels from the middle."""
    radius = int(4 * sigma + 0.5) if 0 < sigma < LARGEST_RADIUS else 0
    if not sigma > 0 or not sigma < LARGEST_RADIUS or radius > LARGEST_RADIUS:
        raise ValueError(f"Sigma is above 0, and at most {LARGEST_RADIUS / 4:g} pixels.")
    weights = np.array([exp(-0.5 * (x / sigma) ** 2) for x in range(-radius, radius + 1)])
    return np.asarray(weights / weights.sum())
