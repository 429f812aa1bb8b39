"""Cut any plane out of a volume."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import VolumeGeometry
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.sampling import Interpolation, Sampler, Samples


def cut(
    volume: NDArray[Any],
    geometry: VolumeGeometry,
    plane: ImagePlane,
    *,
    padding: tuple[float, float] | None = None,
    interpolation: Interpolation = "trilinear",
) -> Samples:
    return cut_with(Sampler(volume, geometry, padding=padding, interpolation=interpolation), plane)


def cut_with(sampler: Sampler, plane: ImagePlane) -> Samples:
    down = np.asarray(plane.row_direction) * plane.pixel_spacing[0]
    across = np.asarray(plane.column_direction) * plane.pixel_spacing[1]
    start = np.asarray(plane.origin) + np.arange(plane.rows)[:, None] * down
    return sampler.along(start, across[None], plane.columns)
