"""Volume rendering: see into a volume along parallel rays, each tissue as opaque and coloured as it is told to be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.clipping import HalfSpace
from sightline.kernels.colour_warp import warp_colours
from sightline.kernels.compositing import FrontToBack
from sightline.kernels.geometry import VolumeGeometry
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.occupancy import Region, region_of
from sightline.kernels.pyramid import Level, Pyramid
from sightline.kernels.shading import GradientLight
from sightline.kernels.shear_warp import ShearWarp, factorise
from sightline.kernels.sheared_slices import EDGE, ShearedSlice, ShearedSlices
from sightline.kernels.transfer import Table, TransferFunction

Singles = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Quality = Literal["full", "fitting", "interactive"]

SAMPLES_AT_ONCE = 32768
"""So many samples and all that is computed of them stay in the cache."""
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
    if quality not in ("full", "fitting", "interactive"):
        raise ValueError("The quality is 'full', 'fitting' or 'interactive'.")
    interactive = quality == "interactive"
    number = 0 if quality == "full" else pyramid.level_for(plane.pixel_spacing, coarser=int(interactive))
    colours = render_level(pyramid.levels[number], plane, transfer, clip, finest=1 if interactive else FINEST)
    colours *= np.float32(255)
    colours += np.float32(0.5)
    return colours.astype(np.uint8)


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
    level: Level, plane: ImagePlane, transfer: TransferFunction, clip: Sequence[HalfSpace] = (), finest: int = FINEST
) -> Singles:
    shape = (plane.rows, plane.columns)
    table = transfer.table(factorise(level.geometry, plane).step)
    region = region_of(level.occupancy.blocks_within(table.low, table.high), level.voxels.shape)
    if region is None:
        return np.zeros((*shape, 4), np.float32)
    geometry = _cropped(level.geometry, region)
    split = factorise(geometry, plane)
    light = GradientLight(geometry, plane, split, transfer.light)
    warp = np.array(split.warp)
    fine = _fineness(warp, finest)
    image = np.empty((split.shape[0] * fine[0], split.shape[1] * fine[1], 4), np.float32)
    for down, right in np.ndindex(fine):
        offset = split.offset[0] - down / fine[0], split.offset[1] - right / fine[1]
        part = _composited(level.voxels, region, replace(split, offset=offset), table, light, _cuts(clip, geometry, split))
        image[down :: fine[0], right :: fine[1]] = part
    return warp_colours(image, warp * np.array(fine)[:, None], shape)


def _fineness(warp: NDArray[np.float64], finest: int) -> tuple[int, int]:
    """Return into how many rays to divide a voxel along both sides, so that they are about as dense as the pixels."""
    down, right = np.clip(np.rint(1.0 / np.linalg.norm(warp[:, :2], axis=1)), 1, finest)
    return int(down), int(right)


def _composited(
    voxels: NDArray[Any],
    region: Region,
    split: ShearWarp,
    table: Table,
    light: GradientLight,
    cuts: NDArray[np.float64],
) -> Singles:
    """Return the intermediate image."""
    slices = ShearedSlices(voxels[region.slices], split)
    image = FrontToBack(split.shape, table.low)
    mask = np.zeros((slices.rows, slices.width), np.bool_)
    for trio in _trios(slices, region.row_ranges(split.axis), split):
        _composite(trio, mask, table, light, cuts, image)
    return image.image


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


@dataclass(frozen=True)
class _Trio:
    """A slice between the one in front of it and the one behind it, and the rows of it that count."""

    index: int
    rows: tuple[int, int]
    before: ShearedSlice
    here: ShearedSlice
    behind: ShearedSlice


def _trios(slices: ShearedSlices, ranges: NDArray[np.intp], split: ShearWarp) -> Iterator[_Trio]:
    """Go through the slices that hold something, from the reader's side."""
    order = range(slices.count) if split.ascending else range(slices.count - 1, -1, -1)
    held: dict[int, ShearedSlice] = {}
    to_read = _rows_to_read(ranges)
    for index, (first, stop) in ((index, ranges[index].tolist()) for index in order):
        if first >= stop:
            continue
        wanted = {max(0, index - 1), index, min(slices.count - 1, index + 1)}
        for other in wanted - held.keys():
            held[other] = slices.resample(other, to_read[other])
        held = {other: held[other] for other in wanted}
        ends = held[max(0, index - 1)], held[min(slices.count - 1, index + 1)]
        before, behind = ends if split.ascending else ends[::-1]
        here = held[index]
        rows = first, min(stop, here.inside[0])
        if rows[0] < rows[1]:
            yield _Trio(index, rows, before, here, behind)


def _rows_to_read(ranges: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Return the rows of slices that they or their neighbours need: these may be moved by a row, and look one further."""
    far = np.iinfo(np.intp).max // 2
    empty = ranges[:, 0] >= ranges[:, 1]
    first = np.pad(np.where(empty, far, ranges[:, 0]), 1, constant_values=far)
    stop = np.pad(np.where(empty, 0, ranges[:, 1]), 1)
    first, stop = np.minimum.reduce([first[:-2], first[1:-1], first[2:]]), np.maximum.reduce([stop[:-2], stop[1:-1], stop[2:]])
    return [(int(low) - 2, int(high) + 2) for low, high in zip(first, stop, strict=True)]


def _composite(
    trio: _Trio, mask: NDArray[np.bool_], table: Table, light: GradientLight, cuts: NDArray[np.float64], image: FrontToBack
) -> None:
    """Put the samples of a slice that count behind what is there."""
    width = mask.shape[1]
    found = _live(trio, mask, table, image)
    start = (trio.rows[0] + EDGE) * width
    here = trio.here
    offsets = [(here.first[0] - o.first[0]) * width + here.first[1] - o.first[1] for o in (trio.before, trio.behind)]
    values = here.values
    before, behind = trio.before.values[start + offsets[0] :], trio.behind.values[start + offsets[1] :]
    corner = (trio.rows[0] + here.first[0]) * image.shape[1] + here.first[1] - EDGE
    for first in range(0, len(found), SAMPLES_AT_ONCE):
        at = found[first : first + SAMPLES_AT_ONCE]
        row = at // width
        if len(cuts):
            at, row = _kept(at, row, trio, width, cuts)
        position = values[start:].take(at)
        position -= np.float32(table.first)
        position *= np.float32(table.scale)
        entry = position.astype(np.intp)
        rows = table.rows.view(np.complex128).reshape(-1).take(entry, mode="clip").view(np.float32).reshape(-1, 4)
        clear = table.clear.view(np.complex128).reshape(-1).take(entry, mode="clip").view(np.float32).reshape(-1, 4)
        rows *= light.factors(
            behind.take(at) - before.take(at),
            values[start + width :].take(at) - values[start - width :].take(at),
            values[start + 1 :].take(at) - values[start - 1 :].take(at),
        )
        row *= image.shape[1] - width
        row += at
        row += corner
        image.add(row, rows, clear)


def _live(trio: _Trio, mask: NDArray[np.bool_], table: Table, image: FrontToBack) -> NDArray[np.intp]:
    """Return which samples are opaque to some degree and not hidden, as flat indices from the first row on."""
    (low, high), (_, columns) = trio.rows, trio.here.inside
    down, right = trio.here.first
    window = trio.here.values.reshape(-1, mask.shape[1])[low + EDGE : high + EDGE, EDGE : EDGE + columns]
    mask = mask[: high - low]
    mask[:, EDGE + columns] = False
    inner = mask[:, EDGE : EDGE + columns]
    np.greater_equal(window, image.threshold[low + down : high + down, right : right + columns], out=inner)
    if table.high < np.inf:
        inner &= window <= np.float32(table.high)
    return np.flatnonzero(mask)


def _cuts(clip: Sequence[HalfSpace], geometry: VolumeGeometry, split: ShearWarp) -> NDArray[np.float64]:
    """Return the equations of half-spaces in (slice, row, column, 1) of the sheared slices."""
    equations = np.array([half.equation for half in clip]).reshape(-1, 4) @ geometry.affine
    return np.asarray(equations[:, [split.axis, *split.across, 3]])


def _kept(
    at: NDArray[np.intp], row: NDArray[np.intp], trio: _Trio, width: int, cuts: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Leave out the samples that are cut away."""
    column = at - row * width
    parts = trio.here.parts
    keep = np.ones(len(at), np.bool_)
    for slice_, down, right, depth in cuts:
        start = slice_ * trio.index + down * (trio.rows[0] + parts[0]) + right * (parts[1] - EDGE) + depth
        keep &= down * row + right * column + start >= 0
    return at[keep], row[keep]
