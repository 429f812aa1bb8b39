"""Cast a ray through the centre of each pixel of a picture, through the whole volume."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.clipping import HalfSpace
from sightline.kernels.compositing import OPAQUE
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.pyramid import Level
from sightline.kernels.ray_samples import Places, VoxelField
from sightline.kernels.ray_segments import DENSITY, RaySegments, Segment
from sightline.kernels.shading import GradientLight
from sightline.kernels.transfer import TransferFunction

Singles = NDArray[np.float32]
Indices = NDArray[np.intp]

RAYS_AT_ONCE = 4096
"""So many rays, and all that is computed of a segment of theirs, stay in the cache."""
_ENDED = np.float32(1 - OPAQUE)


class RayCaster:
    """Casts rays through one level of a pyramid.

    Parameters
    ----------
    level : Level
    plane : ImagePlane
    transfer : TransferFunction
    clip : sequence of HalfSpace
    """

    def __init__(
        self, level: Level, plane: ImagePlane, transfer: TransferFunction, clip: Sequence[HalfSpace] = ()
    ) -> None:
        geometry = level.geometry
        step = level.finest_spacing / DENSITY
        self._shape = (plane.rows, plane.columns)
        self._field = VoxelField(level.voxels)
        self._table = transfer.table(step)
        blocks = level.occupancy.blocks_within(self._table.low, self._table.high)
        self._rays = RaySegments(geometry, plane, blocks, step)
        self._light = GradientLight(geometry.affine[:3, :3].T, plane.normal, transfer.light)
        self._cuts = (np.array([half.equation for half in clip]).reshape(-1, 4) @ geometry.affine).astype(np.float32)
        size = plane.rows * plane.columns
        self._through = np.ones(size, np.float32)
        # Rows of four float32 are moved as one number of 16 bytes: an index each instead of four.
        self._colour = np.zeros(size, np.complex128)

    def cast(self) -> Singles:
        """Return red, green, blue, times opacity, and opacity, float32 (rows, columns, 4)."""
        for segment in self._rays:
            meeting = self._rays.meeting(segment)
            meeting &= self._through > _ENDED
            rays = np.flatnonzero(meeting)
            for first in range(0, len(rays), RAYS_AT_ONCE):
                self._pass(rays[first : first + RAYS_AT_ONCE], segment)
        image = self._colour.view(np.float32).reshape(*self._shape, 4)
        image[..., 3] = 1 - self._through.reshape(self._shape)
        return image

    def _pass(self, rays: Indices, segment: Segment) -> None:
        """Follow some rays through a segment."""
        along = tuple(start.take(rays) + step for start, step in zip(segment.starts, segment.steps, strict=True))
        samples = np.flatnonzero(self._rays.occupied(along))
        index = tuple(self._rays.voxels(axis.reshape(-1).take(samples)) for axis in along)
        places, there = self._field.places(index)
        for down, across, right, depth in self._cuts:
            there &= index[0] * down + index[1] * across + index[2] * right >= -depth
        values = self._field.values(places)
        there &= values >= np.float32(self._table.low)
        if self._table.high < np.inf:
            there &= values <= np.float32(self._table.high)
        live = np.flatnonzero(there)
        if len(live):
            self._add(rays, len(segment.steps[0]), samples.take(live), places.take(live), values.take(live))

    def _add(self, rays: Indices, count: int, samples: Indices, places: Places, values: Singles) -> None:
        """Put samples, (sample, ray) as flat indices, behind what is there."""
        rows, clear = self._table.look_up(values)
        passing = np.ones((count + 1, len(rays)), np.float32)
        passing[0] = self._through.take(rays)
        passing[1:].reshape(-1)[samples] = clear[:, 0]
        for before_it, here in pairwise(passing):
            here *= before_it
        self._through[rays] = passing[-1]
        before = passing.reshape(-1).take(samples)
        seen = np.flatnonzero(before > _ENDED)
        light = self._light.factors(*self._field.differences(places.take(seen)))
        rows = rows.view(np.complex128).reshape(-1).take(seen).view(np.float32).reshape(-1, 4)
        rows *= before.take(seen)[:, None]
        rows *= light
        spread = np.zeros(count * len(rays), np.complex128)
        spread[samples.take(seen)] = rows.view(np.complex128).reshape(-1)
        added = spread.view(np.float32).reshape(count, -1).sum(axis=0)
        added += self._colour.take(rays).view(np.float32)
        self._colour[rays] = added.view(np.complex128)
