"""A straightforward ray caster: what volume rendering is held against. It samples the full volume, ray by ray."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sightline.kernels.clipping import HalfSpace
from sightline.kernels.geometry import VolumeGeometry
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.transfer import Light, TransferFunction

Array = np.ndarray[Any, Any]
RAYS_AT_ONCE = 16384


def cast_rays(
    volume: Array,
    geometry: VolumeGeometry,
    plane: ImagePlane,
    transfer: TransferFunction,
    clip: Sequence[HalfSpace] = (),
    step: float = 0.5,
) -> Array:
    """Return red, green, blue, times opacity, and opacity: float64 (rows, columns, 4).

    Each pixel is one ray through its centre. Samples are `step` of the least spacing apart; values are trilinear
    between the voxel centres, gradients are central differences of one voxel, opacity is that of the sample's length.
    """
    centres = np.stack(np.meshgrid(np.arange(plane.rows), np.arange(plane.columns), indexing="ij"), axis=-1)
    starts = plane.to_patient(centres.reshape(-1, 2))
    length = step * float(np.linalg.norm(geometry.affine[:3, :3], axis=0).min())
    depths = (geometry.corners() - np.asarray(plane.origin)) @ np.asarray(plane.normal)
    result = np.zeros((len(starts), 4))
    for first in range(0, len(starts), RAYS_AT_ONCE):
        rays = slice(first, first + RAYS_AT_ONCE)
        result[rays] = _cast(volume, geometry, plane, transfer, clip, starts[rays], depths, length)
    return result.reshape(plane.rows, plane.columns, 4)


def _cast(
    volume: Array,
    geometry: VolumeGeometry,
    plane: ImagePlane,
    transfer: TransferFunction,
    clip: Sequence[HalfSpace],
    starts: Array,
    depths: Array,
    length: float,
) -> Array:
    result = np.zeros((len(starts), 4))
    normal = np.asarray(plane.normal)
    base, move = geometry.to_index(starts), np.linalg.inv(geometry.affine[:3, :3]) @ normal
    last = np.array(volume.shape) - 1
    going = np.arange(len(starts))
    for depth in np.arange(depths.min(), depths.max() + length, length):
        index = base[going] + depth * move
        inside = np.all((index >= -1e-6) & (index <= last + 1e-6), axis=1)
        for half in clip:
            inside &= half.depth(starts[going] + depth * normal) >= -1e-6
        rays, index = going[inside], index[inside]
        opacity, colour = transfer.sample(trilinear(volume, index))
        seen = opacity > 0
        rays, index, opacity, colour = rays[seen], index[seen], opacity[seen], colour[seen]
        colour *= brightness(volume, geometry, np.asarray(plane.normal), transfer.light, index)[:, None]
        alpha = (1 - result[rays, 3]) * (1 - (1 - opacity) ** length)
        result[rays, :3] += alpha[:, None] * colour
        result[rays, 3] += alpha
        going = going[result[going, 3] < 0.999]
    return result


def trilinear(volume: Array, index: Array) -> Array:
    """Return values at voxel indices, (points, 3); beyond the edge, those at the edge."""
    last = np.array(volume.shape) - 1
    index = np.clip(index, 0, last)
    base = np.minimum(index.astype(int), last - 1)
    part = index - base
    near = 1 - part
    at = np.ravel_multi_index(tuple(base.T), volume.shape)
    strides = volume.shape[1] * volume.shape[2], volume.shape[2], 1
    total = np.zeros(len(index))
    for s, r, c in np.ndindex(2, 2, 2):
        weight = (part if s else near)[:, 0] * (part if r else near)[:, 1] * (part if c else near)[:, 2]
        total += weight * volume.reshape(-1)[at + s * strides[0] + r * strides[1] + c]
    return total


def brightness(volume: Array, geometry: VolumeGeometry, view: Array, light: Light, index: Array) -> Array:
    """Return how light falls at voxel indices, (points, 3), as `Light` has it."""
    differences = np.stack(
        [(trilinear(volume, index + step) - trilinear(volume, index - step)) / 2 for step in np.eye(3)], axis=1
    )
    gradient = differences @ np.linalg.inv(geometry.affine[:3, :3])
    along = gradient @ view
    square = (gradient**2).sum(axis=1)
    turned = (square - along**2) / (square + light.surface**2)
    return light.brightness(np.sqrt(1 - np.clip(turned, 0, 1)))
