"""Images in bands of rows, with their borders repeated around them: what filters over neighbours are made of.

A band is small enough to stay in the processor's cache with all that is computed from it, and is worked on as one flat
vector: a neighbour is then a constant distance away, and what comes out where rows meet is thrown away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import Floats

Image = NDArray[Any]
Float32s = NDArray[np.float32]

TYPES = (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.int16), np.dtype(np.float32))
ELEMENTS = 32768
"""What is worked on at a time, so that it stays in the cache."""


@dataclass(frozen=True, eq=False)
class Block:
    """Some rows of an image with a frame of `radius` pixels, in which the outermost pixels are repeated.

    Parameters
    ----------
    rows : slice
        Of the image, without the frame.
    framed : array, (rows + 2 radius, columns + 2 radius)
        Contiguous. The next block is written into the same memory.
    radius : int
    """

    rows: slice
    framed: Image
    radius: int

    @property
    def width(self) -> int:
        """Distance in the flat vector from a pixel to the one below it."""
        return int(self.framed.shape[1])

    @property
    def count(self) -> int:
        """Number of rows without the frame."""
        return int(self.rows.stop - self.rows.start)


def require_image(image: Image) -> None:
    """Refuse what is no image that filters are for.

    Raises
    ------
    ValueError
        It has not two axes, or no pixels.
    TypeError
        Its values are of another type than `TYPES`.
    """
    if image.ndim != 2 or not image.size:
        raise ValueError("A filter needs an image of rows and columns.")
    if image.dtype not in TYPES:
        raise TypeError(f"Filters are for {', '.join(t.name for t in TYPES)}, not for {image.dtype}.")


def blocks(image: Image, radius: int, dtype: Any) -> Iterator[Block]:
    """Yield an image in blocks from top to bottom, with values of another type where `dtype` is one."""
    rows, columns = image.shape
    width = columns + 2 * radius
    count = min(rows, max(1, ELEMENTS // width))
    memory = np.empty((count + 2 * radius, width), dtype)
    for start in range(0, rows, count):
        stop = min(start + count, rows)
        framed = memory[: stop - start + 2 * radius]
        _frame(image, start, radius, framed)
        yield Block(slice(start, stop), framed, radius)


def _frame(image: Image, start: int, radius: int, framed: Image) -> None:
    """Fill a block whose first row after the frame is row `start` of the image."""
    rows, columns = image.shape
    first, last = start - radius, start - radius + len(framed)
    low, high = max(first, 0), min(last, rows)
    middle = framed[:, radius : radius + columns]
    middle[low - first : high - first] = image[low:high]
    middle[: low - first] = image[0]
    middle[high - first :] = image[-1]
    framed[:, :radius] = middle[:, :1]
    framed[:, radius + columns :] = middle[:, -1:]


def bands(shape: tuple[int, ...], elements: int = ELEMENTS) -> Iterator[slice]:
    """Yield the rows of an image in bands of so many elements."""
    count = max(1, elements // shape[1])
    for start in range(0, shape[0], count):
        yield slice(start, min(start + count, shape[0]))


def with_margin(source: Image, rows: slice) -> Image:
    """Return some rows of an image with the one before and the one after, repeated at its ends; a view elsewhere."""
    first, last = rows.start == 0, rows.stop == len(source)
    inside = source[rows.start - (not first) : rows.stop + (not last)]
    if not first and not last:
        return inside
    return np.concatenate([inside[:1]] * first + [inside] + [inside[-1:]] * last)


def repeat_sides(framed: Image) -> Image:
    """Fill the first and the last column with their neighbours, and return all as one flat vector."""
    framed[:, 0], framed[:, -1] = framed[:, 1], framed[:, -2]
    return framed.reshape(-1)


def working_type(image: Image, gain: int) -> Any:
    """Return the quickest type in which sums of up to `gain` times the largest magnitude are exact.

    16-bit integers where the values leave room for that, as those of CT do; else float32, in which whole numbers are
    exact to 2**24.
    """
    if image.dtype.kind == "f":
        return np.float32
    largest = max(abs(int(image.min())), abs(int(image.max())))
    return np.int16 if largest * gain <= np.iinfo(np.int16).max else np.float32


def store(values: Image, result: Image) -> None:
    """Write computed values into an image of its own type: rounded as ``floor(x + 0.5)``, and held in its range."""
    if values.dtype.kind == "f" and result.dtype.kind != "f":
        limits = np.iinfo(result.dtype)
        values = np.floor(values + np.float32(0.5))
        np.clip(values, limits.min, limits.max, out=values)
    elif values.dtype != result.dtype and result.dtype.kind != "f":
        limits = np.iinfo(result.dtype)
        values = np.clip(values, max(limits.min, -32768), min(limits.max, 32767))
    result[...] = values


def weighted(image: Image, row_weights: Floats, column_weights: Floats) -> Iterator[tuple[slice, Float32s]]:
    """Yield (rows, mean of their neighbours), for weights that are symmetric and those of rows and columns apart.

    Both have the same odd length. The means are float32 and may be overwritten.
    """
    radius = len(row_weights) // 2
    down, across, pair = np.empty((3, 0), np.float32)
    for block in blocks(image, radius, np.float32):
        count, width = block.count, block.width
        if not down.size:
            down, across, pair = np.empty((3, count * width), np.float32)
        size, length = count * width, count * width - 2 * radius
        _symmetric(block.framed.reshape(-1), row_weights, width, down[:size], pair[:size])
        _symmetric(down, column_weights, 1, across[:length], pair[:length])
        yield block.rows, across[:size].reshape(count, width)[:, : width - 2 * radius]


def _symmetric(flat: Float32s, weights: Floats, step: int, total: Float32s, pair: Float32s) -> None:
    """Fill `total` with weighted sums of what lies `step` apart, the first of them starting at each element."""
    radius, length = len(weights) // 2, len(total)
    middle = flat[radius * step : radius * step + length]
    np.multiply(middle, np.float32(weights[radius]), out=total)
    for distance in range(1, radius + 1):
        weight = np.float32(weights[radius + distance])
        if weight == 0:
            break
        before, after = (radius - distance) * step, (radius + distance) * step
        np.add(flat[before : before + length], flat[after : after + length], out=pair)
        pair *= weight
        total += pair
