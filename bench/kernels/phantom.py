"""The volume that kernels are measured on: a chest with noise, 400 slices of 512 x 512, Hounsfield units."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demo.images import hounsfield
from sightline.kernels.geometry import SlicePlane, VolumeGeometry, plan_volume

SHAPE = (400, 512, 512)
SPACING = (1.0, 0.7, 0.7)
"""mm between slices, rows and columns."""
_DIFFERENT = 50


def chest(shape: tuple[int, int, int] = SHAPE) -> NDArray[np.int16]:
    """Return the volume, (slices, rows, columns), int16: one slice in eight is computed."""
    slices, size = shape[0], shape[1]
    random = np.random.default_rng(1)
    noise = random.normal(0, 12, (8, size, shape[2])).astype(np.int16)
    volume = np.empty(shape, np.int16)
    different = min(_DIFFERENT, slices)
    for index in range(slices):
        number = index * different // slices
        if index == 0 or number != (index - 1) * different // slices:
            clean = hounsfield(number, different, size).astype(np.int16)
        volume[index] = clean + noise[index % len(noise)]
    return volume


def geometry(shape: tuple[int, int, int] = SHAPE) -> VolumeGeometry:
    """Return where that volume lies: axial, columns to the left, rows to the back, around the origin."""
    flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    x, y, z = ((1 - n) / 2 * s for n, s in zip(reversed(shape), reversed(SPACING), strict=True))
    planes = [SlicePlane((x, y, z + k * SPACING[0]), flat, SPACING[1:], shape[1], shape[2]) for k in range(shape[0])]
    return plan_volume(planes)[0]
