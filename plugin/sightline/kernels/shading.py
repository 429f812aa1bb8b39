"""Colour and light of samples of a sheared slice, from its values and those of its neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import VolumeGeometry
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.shear_warp import ShearWarp
from sightline.kernels.transfer import LIGHT_SIZE, Light

Singles = NDArray[np.float32]
Indices = NDArray[np.intp]


class GradientLight:
    """Light on samples by the gradient there, in patient space whatever the spacing and the shear.

    Differences are had along three directions: the ray, and the two axes of the slice. Those of the slice, less the
    part that runs along the ray, span the plane that the ray pierces; in an upright basis of it the gradient's part
    across the ray is a sum of two squares.
    """

    def __init__(self, geometry: VolumeGeometry, plane: ImagePlane, split: ShearWarp, light: Light) -> None:
        view = np.asarray(plane.normal)
        axes = geometry.affine[:3, list(split.across)].T
        along = axes @ view
        beside = axes - along[:, None] * view
        # g across the ray = solve(beside @ basis, difference / 2 - along * (g along the ray))
        basis = np.linalg.qr(beside.T)[0]
        solve = np.linalg.inv(beside @ basis)
        ray = 0.5 / split.step
        across = np.concatenate([-solve @ along[:, None] * ray, solve * 0.5], axis=1)
        scale = 1.0 / light.surface
        self._ray = np.float32(ray * scale)
        self._across = (across * scale).astype(np.float32)
        self._table = light.table().view(np.complex128).reshape(-1)

    def factors(self, along: Singles, down: Singles, right: Singles) -> Singles:
        """Return what to multiply red, green, blue and opacity with, (samples, 4).

        Parameters
        ----------
        along, down, right : arrays of float32, (samples,)
            Differences between the next slice and the one before, and between the next row and column and those
            before; `along` is overwritten.
        """
        turned = _square_of_sum(self._across[0], along, down, right)
        turned += _square_of_sum(self._across[1], along, down, right)
        along *= self._ray
        along *= along
        along += turned
        along += np.float32(1.0)
        turned /= along
        turned *= np.float32(LIGHT_SIZE - 0.01)
        found: Singles = self._table.take(turned.astype(np.intp), mode="clip").view(np.float32)
        return found.reshape(-1, 4)


def _square_of_sum(weights: Singles, *parts: Singles) -> Singles:
    total: Singles = parts[0] * weights[0]
    for part, weight in zip(parts[1:], weights[1:], strict=True):
        if weight:
            total += part * weight
    total *= total
    return total
