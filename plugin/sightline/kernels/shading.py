"""Colour and light of samples of a volume, from the differences of values around them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sightline.kernels.transfer import LIGHT_SIZE, Light

Singles = NDArray[np.float32]

_ROUNDING = 1e-9


class GradientLight:
    """Light on samples by the gradient there, in patient space whatever the spacing and the shear.

    In an upright basis of which one axis is the ray, the gradient's part across the ray is a sum of two squares.

    Parameters
    ----------
    directions : (3, 3)
        LPS mm from a sample to the one after it in each of three directions, along which differences are had.
    view : (float, float, float)
        Direction of the rays, a unit vector.
    light : Light
    """

    def __init__(self, directions: ArrayLike, view: ArrayLike, light: Light) -> None:
        basis: NDArray[Any] = np.linalg.qr(np.column_stack([np.asarray(view), np.eye(3)]))[0].T
        # directions @ gradient = difference / 2
        weights = basis @ np.linalg.inv(np.asarray(directions)) * (0.5 / light.surface)
        weights[np.abs(weights) < _ROUNDING * np.abs(weights).max()] = 0.0
        self._ray, *self._across = weights.astype(np.float32)
        self._table = light.table().view(np.complex128).reshape(-1)

    def factors(self, *differences: Singles) -> Singles:
        """Return what to multiply red, green, blue and opacity with, (samples, 4).

        Parameters
        ----------
        *differences : three arrays of float32, (samples,)
            Between the sample after and the one before, in each of the three directions.
        """
        turned = _square_of_sum(self._across[0], differences)
        turned += _square_of_sum(self._across[1], differences)
        whole = _square_of_sum(self._ray, differences)
        whole += turned
        whole += np.float32(1.0)
        turned /= whole
        turned *= np.float32(LIGHT_SIZE - 0.01)
        found: Singles = self._table.take(turned.astype(np.intp), mode="clip").view(np.float32)
        return found.reshape(-1, 4)


def _square_of_sum(weights: Singles, parts: tuple[Singles, ...]) -> Singles:
    total: Singles = parts[0] * weights[0]
    for part, weight in zip(parts[1:], weights[1:], strict=True):
        if weight:
            total += part * weight
    total *= total
    return total
