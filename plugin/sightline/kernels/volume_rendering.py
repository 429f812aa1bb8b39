"""Volume rendering: see into a volume along parallel rays, each tissue as opaque and coloured as it is told to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.clipping import HalfSpace
from sightline.kernels.colour_warp import warp_colours
from sightline.kernels.geometry import VolumeGeometry
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.occupancy import Region, region_of
from sightline.kernels.pyramid import Level, Pyramid
from sightline.kernels.ray_casting import RayCaster
from sightline.kernels.ray_passage import RayPassage
from sightline.kernels.shading import GradientLight
from sightline.kernels.shear_warp import factorise
from sightline.kernels.transfer import TransferFunction

Singles = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Quality = Literal["full", "fitting", "interactive"]
QUALITIES: tuple[Quality, ...] = get_args(Quality)

FINEST = 4
"""Rays per voxel, along a side, at most."""


def render(
    pyramid: Pyramid,
    plane: ImagePlane,
    transfer: TransferFunction,
    *,
    quality: Quality = "full",
    clip: Sequence[HalfSpace] = (),
) -> Bytes:
    """Render a volume as it is seen along the normal of a plane.

    Parallel rays run along the normal through the centres of the plane's pixels and through the whole volume, on both
    sides of the plane. At full quality each is sampled twice to the shortest side of a voxel; else where it crosses the
    slices of the volume that lie most squarely to it. A sample holds back ``1 - (1 - opacity per mm) ** mm`` of the
    light, mm being the way to the next one, and shines in the colour of its value, lit as `transfer.Light` describes
    from the central differences around it.

    Parameters
    ----------
    pyramid : Pyramid
        From `build_pyramid`; of stored or modality values, as the transfer function has them. Values are interpolated:
        replace padding by the value of air before.
    plane : ImagePlane
        The picture.
    transfer : TransferFunction
    quality : {"full", "fitting", "interactive"}
        "full" casts a ray for each pixel through the volume itself. "fitting", several times as fast, shears the
        coarsest level whose voxels are no larger than the pixels: detail finer than a pixel is lost. "interactive",
        for a picture in motion, does so with the level below that.
    clip : sequence of HalfSpace
        What lies on the cut-off side of any of them is not there. `half_spaces_of_box` gives those of a box.

    Returns
    -------
    array of uint8, (rows, columns, 4)
        Red, green and blue, each times opacity, and opacity; (0, 0) is the upper left pixel of the plane.

    Raises
    ------
    ValueError
        The quality is not one of these.

    References
    ----------
    P. Lacroute and M. Levoy, "Fast volume rendering using a shear-warp factorization of the viewing transformation",
    1994. PS3.3 C.11.28 (volume rendering) names the same parts: opacity and colour by value, and shading.

    Examples
    --------
    A cube, grey and opaque, seen from the front:

    >>> from sightline.kernels.geometry import SlicePlane, plan_volume
    >>> from sightline.kernels.pyramid import build_pyramid
    >>> from sightline.kernels.transfer import Point
    >>> flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    >>> geometry, _ = plan_volume([SlicePlane((0.0, 0.0, float(z)), flat, (1.0, 1.0), 8, 8) for z in range(8)])
    >>> volume = np.zeros((8, 8, 8), np.int16)
    >>> volume[2:6, 2:6, 2:6] = 100
    >>> grey = (0.5, 0.5, 0.5)
    >>> transfer = TransferFunction((Point(0.0, 0.0, grey), Point(100.0, 1.0, grey)))
    >>> plane = ImagePlane((0.0, 0.0, 7.0), (1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (1.0, 1.0), 8, 8)
    >>> render(build_pyramid(volume, geometry), plane, transfer)[4, ::3].tolist()
    [[0, 0, 0, 0], [128, 128, 128, 255], [0, 0, 0, 0]]

    Notes
    -----
    Memory beside the result: some 20 arrays of float32 of the size of the picture or of the sheared volume's face, and
    10 MB. Numpy lets go of the lock within its operations, none of which takes more than a few ms at 512 x 512.
    """
    if quality not in QUALITIES:
        raise ValueError(f"The quality is one of {', '.join(QUALITIES)}.")
    if quality == "full":
        colours = RayCaster(pyramid.levels[0], plane, transfer, clip).cast()
    else:
        interactive = quality == "interactive"
        level = pyramid.levels[pyramid.level_for(plane.pixel_spacing, coarser=int(interactive))]
        colours = render_level(level, plane, transfer, clip, finest=1 if interactive else FINEST)
    colours *= np.float32(255)
    colours += np.float32(0.5)
    # Highlights may be brighter than white.
    return np.minimum(colours, np.float32(255), out=colours).astype(np.uint8)


def over_background(picture: Bytes, background: tuple[int, int, int] = (0, 0, 0)) -> Bytes:
    """Lay a rendering, (rows, columns, 4), over a colour: uint8 (rows, columns, 3).

    Examples
    --------
    >>> over_background(np.array([[[100, 50, 0, 128]]], np.uint8), (10, 20, 30)).tolist()
    [[[105, 60, 15]]]
    """
    clear = 255 - picture[..., 3:].astype(np.uint16)
    return (picture[..., :3] + (clear * np.array(background, np.uint16) + 127) // 255).astype(np.uint8)


def render_level(
    level: Level,
    plane: ImagePlane,
    transfer: TransferFunction,
    clip: Sequence[HalfSpace] = (),
    *,
    finest: int = FINEST,
) -> Singles:
    """Render one level of a pyramid by shear and warp: `render` before its values are rounded.

    Parameters
    ----------
    level : Level
    plane, transfer, clip
        As for `render`.
    finest : int
        Where voxels are larger than pixels, rays are as dense as pixels, but no more than so many to a voxel's side.

    Returns
    -------
    array of float32, (rows, columns, 4)
        Red, green and blue, each times opacity, and opacity; 0 to 1.
    """
    shape = (plane.rows, plane.columns)
    table = transfer.table(factorise(level.geometry, plane).step)
    region = region_of(level.occupancy.blocks_within(table.low, table.high), level.voxels.shape)
    if region is None:
        return np.zeros((*shape, 4), np.float32)
    geometry = _cropped(level.geometry, region)
    split = factorise(geometry, plane)
    beside = geometry.affine[:3, list(split.across)].T
    light = GradientLight([np.asarray(plane.normal) * split.step, *beside], plane.normal, transfer.light)
    warp = np.array(split.warp)
    fine = _fineness(warp, finest)
    image = np.empty((split.shape[0] * fine[0], split.shape[1] * fine[1], 4), np.float32)
    for down, right in np.ndindex(fine):
        offset = split.offset[0] - down / fine[0], split.offset[1] - right / fine[1]
        shifted = replace(split, offset=offset)
        passage = RayPassage(level.voxels[region.slices], geometry, shifted, table, light, clip)
        image[down :: fine[0], right :: fine[1]] = passage.through(region.row_ranges(split.axis))
    return warp_colours(image, warp * np.array(fine)[:, None], shape)


def _fineness(warp: NDArray[np.float64], finest: int) -> tuple[int, int]:
    """Return into how many rays to divide a voxel along both sides, so that they are about as dense as the pixels."""
    down, right = np.clip(np.rint(1.0 / np.linalg.norm(warp[:, :2], axis=1)), 1, finest)
    return int(down), int(right)


def _cropped(geometry: VolumeGeometry, region: Region) -> VolumeGeometry:
    """Return where the voxels of a region are."""
    x, y, z = (float(part) for part in geometry.to_patient(region.first))
    slices, rows, columns = (stop - first for first, stop in zip(region.first, region.stop, strict=True))
    distances = np.asarray(geometry.distances[region.first[0] : region.stop[0]])
    return replace(
        geometry,
        shape=(slices, rows, columns),
        origin=(x, y, z),
        distances=tuple((distances - distances[0]).tolist()),
    )
