"""Put what rays meet in front of what they meet later, until nothing more comes through."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]
Indices = NDArray[np.intp]

OPAQUE = 0.99
"""A ray that holds back this part of the light ends."""


class FrontToBack:
    """An image of red, green, blue and opacity, the colours times opacity, that grows from the front to the back.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the intermediate image.
    low : float
        Samples of less value than this are not opaque.
    """

    def __init__(self, shape: tuple[int, int], low: float) -> None:
        size = shape[0] * shape[1]
        self.shape = shape
        self.threshold = np.full(shape, low, np.float32)
        """What a sample's value must reach to be of any account: infinite where the ray has ended."""
        # Rows of four float32 are moved as one number of 16 bytes: an index each instead of four.
        self._colour = np.zeros(size, np.complex128)
        self._clear = np.ones((size, 4), np.float32).view(np.complex128).reshape(-1)

    def add(self, pixels: Indices, rows: Singles, clear: Singles) -> None:
        """Put samples behind what is there; overwrites `rows` and `clear`.

        Parameters
        ----------
        pixels : array of intp, (samples,)
            Flat index of each sample's pixel; none twice.
        rows : array of float32, (samples, 4)
            Red, green, blue, times opacity; opacity.
        clear : array of float32, (samples, 4)
            1 - opacity, four times.
        """
        before = _rows(self._clear.take(pixels))
        rows *= before
        rows += _rows(self._colour.take(pixels))
        clear *= before
        self._colour[pixels] = rows.view(np.complex128).reshape(-1)
        self._clear[pixels] = clear.view(np.complex128).reshape(-1)
        ended = pixels[clear[:, 0] < 1 - OPAQUE]
        if len(ended):
            self.threshold.reshape(-1)[ended] = np.inf

    @property
    def image(self) -> Singles:
        """Red, green, blue, times opacity; opacity: (rows, columns, 4)."""
        return self._colour.view(np.float32).reshape(*self.shape, 4)


def _rows(packed: NDArray[np.complex128]) -> Singles:
    return packed.view(np.float32).reshape(-1, 4)
