"""Overlay planes: packed bits to masks of the image (PS3.3 C.9.2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def unpack_plane(packed: bytes, rows: int, columns: int, index: int = 0) -> Mask:
    """Return one plane of Overlay Data.

    Parameters
    ----------
    packed : bytes
        Bits row by row, the first in the lowest bit of the first byte; planes follow each other without a gap.
    rows, columns : int
        Size of a plane.
    index : int
        Which plane, from 0.

    Returns
    -------
    array of bool, (rows, columns)

    Raises
    ------
    ValueError
        The data end before the plane does.

    Examples
    --------
    >>> unpack_plane(b"\\x29", 2, 3).astype(int).tolist()
    [[1, 0, 0], [1, 0, 1]]
    """
    count = rows * columns
    first, skipped = divmod(index * count, 8)
    part = np.frombuffer(packed, np.uint8)[first : first + (skipped + count + 7) // 8]
    if part.size * 8 < skipped + count:
        raise ValueError("The overlay data end too early.")
    bits = np.unpackbits(part, bitorder="little")[skipped : skipped + count]
    return bits.astype(np.bool_).reshape(rows, columns)


def placed(plane: Mask, origin: tuple[int, int], shape: tuple[int, int]) -> Mask:
    """Return a plane as a mask of the whole image; what lies outside of the image is left out.

    Parameters
    ----------
    plane : array of bool, (rows, columns)
    origin : (int, int)
        Row and column of the image that the plane's first pixel lies on, (1, 1) being the upper left one.
    shape : (int, int)
        Rows and columns of the image.

    Examples
    --------
    >>> placed(np.ones((2, 2), bool), (0, 2), (2, 3)).astype(int).tolist()
    [[0, 1, 1], [0, 0, 0]]
    """
    result = np.zeros(shape, np.bool_)
    starts = [place - 1 for place in origin]
    image = tuple(
        slice(max(0, start), max(0, min(size, start + length)))
        for start, length, size in zip(starts, plane.shape, shape, strict=True)
    )
    own = tuple(
        slice(part.start - start, part.stop - start) if part.stop > part.start else slice(0, 0)
        for part, start in zip(image, starts, strict=True)
    )
    if all(part.stop > part.start for part in image):
        result[image] = plane[own]
    return result


def outline(mask: Mask) -> Mask:
    """Return the pixels of a region that touch, above, below, left or right, what is not of it.

    Examples
    --------
    >>> outline(np.ones((3, 3), bool)).astype(int).tolist()
    [[1, 1, 1], [1, 0, 1], [1, 1, 1]]
    """
    wide = np.pad(mask, 1)
    return np.asarray(mask & ~(wide[:-2, 1:-1] & wide[2:, 1:-1] & wide[1:-1, :-2] & wide[1:-1, 2:]))
