"""All rays pass through the slices of a volume, from the reader's side on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from sightline.kernels.clipping import HalfSpace
from sightline.kernels.compositing import FrontToBack
from sightline.kernels.geometry import VolumeGeometry
from sightline.kernels.shading import GradientLight
from sightline.kernels.shear_warp import ShearWarp
from sightline.kernels.sheared_slices import EDGE, ShearedSlice, ShearedSlices
from sightline.kernels.transfer import Table

Singles = NDArray[np.float32]
Indices = NDArray[np.intp]

SAMPLES_AT_ONCE = 32768
"""So many samples and all that is computed of them stay in the cache."""


class RayPassage:
    """One ray to each pixel of the intermediate image of a sheared volume.

    Parameters
    ----------
    voxels : array, (slices, rows, columns)
    geometry : VolumeGeometry
        Of the voxels.
    split : ShearWarp
        Of that geometry.
    table : Table
        For the step of `split`.
    light : GradientLight
    clip : sequence of HalfSpace
    """

    def __init__(
        self,
        voxels: NDArray[Any],
        geometry: VolumeGeometry,
        split: ShearWarp,
        table: Table,
        light: GradientLight,
        clip: Sequence[HalfSpace],
    ) -> None:
        self._ascending, self._table, self._light = split.ascending, table, light
        self._slices = ShearedSlices(voxels, split)
        self._width = self._slices.width
        self._mask = np.zeros((self._slices.rows, self._width), np.bool_)
        self._image = FrontToBack(split.shape, table.low)
        equations = np.array([half.equation for half in clip]).reshape(-1, 4) @ geometry.affine
        self._cuts = equations[:, [split.axis, *split.across, 3]]

    def through(self, ranges: NDArray[np.intp]) -> Singles:
        """Return red, green, blue, times opacity, and opacity, (rows, columns, 4), of what the rays meet.

        Parameters
        ----------
        ranges : array, (slices, 2)
            First row of each slice that holds something, and the one beyond the last.
        """
        for trio in _trios(self._slices, ranges, self._ascending):
            live = self._live(trio)
            for first in range(0, len(live), SAMPLES_AT_ONCE):
                at = live[first : first + SAMPLES_AT_ONCE]
                row = at // self._width
                if len(self._cuts):
                    at, row = self._kept(at, row, trio)
                self._add(at, row, trio)
        return self._image.image

    def _live(self, trio: _Trio) -> Indices:
        """Return which samples are opaque to some degree and not hidden, as flat indices from the first row on."""
        (low, high), (_, columns) = trio.rows, trio.here.inside
        down, right = trio.here.first
        window = trio.here.values.reshape(-1, self._width)[low + EDGE : high + EDGE, EDGE : EDGE + columns]
        mask = self._mask[: high - low]
        mask[:, EDGE + columns] = False
        inner = mask[:, EDGE : EDGE + columns]
        threshold = self._image.threshold[low + down : high + down, right : right + columns]
        np.greater_equal(window, threshold, out=inner)
        if self._table.high < np.inf:
            inner &= window <= np.float32(self._table.high)
        return np.flatnonzero(mask)

    def _kept(self, at: Indices, row: Indices, trio: _Trio) -> tuple[Indices, Indices]:
        """Leave out the samples that are cut away."""
        column = at - row * self._width
        parts = trio.here.parts
        keep = np.ones(len(at), np.bool_)
        for along, down, right, depth in self._cuts:
            start = along * trio.index + down * (trio.rows[0] + parts[0]) + right * (parts[1] - EDGE) + depth
            keep &= down * row + right * column + start >= 0
        return at[keep], row[keep]

    def _add(self, at: Indices, row: Indices, trio: _Trio) -> None:
        """Put samples behind what is there; overwrites `row`, which counts from the first that holds something."""
        width, here = self._width, trio.here
        start = (trio.rows[0] + EDGE) * width
        before, behind = (
            other.values[start + (here.first[0] - other.first[0]) * width + here.first[1] - other.first[1] :]
            for other in (trio.before, trio.behind)
        )
        values = here.values
        rows, clear = self._table.look_up(values[start:].take(at))
        rows *= self._light.factors(
            behind.take(at) - before.take(at),
            values[start + width :].take(at) - values[start - width :].take(at),
            values[start + 1 :].take(at) - values[start - 1 :].take(at),
        )
        row *= self._image.shape[1] - width
        row += at
        row += (trio.rows[0] + here.first[0]) * self._image.shape[1] + here.first[1] - EDGE
        self._image.add(row, rows, clear)


@dataclass(frozen=True)
class _Trio:
    """A slice between the one in front of it and the one behind it, and the rows of it that count."""

    index: int
    rows: tuple[int, int]
    before: ShearedSlice
    here: ShearedSlice
    behind: ShearedSlice


def _trios(slices: ShearedSlices, ranges: NDArray[np.intp], ascending: bool) -> Iterator[_Trio]:
    """Go through the slices that hold something, from the reader's side; the others of a trio are a voxel away."""
    held: dict[int, ShearedSlice] = {}
    last = slices.count - 1
    to_read = _rows_to_read(ranges)
    for index in range(slices.count) if ascending else range(last, -1, -1):
        first, stop = ranges[index].tolist()
        if first >= stop:
            continue
        low, high = max(0, index - 1), min(last, index + 1)
        near = range(low, high + 1)
        held = {other: held.get(other) or slices.resample(other, to_read[other]) for other in near}
        before, behind = (held[low], held[high]) if ascending else (held[high], held[low])
        rows = first, min(stop, held[index].inside[0])
        if rows[0] < rows[1]:
            yield _Trio(index, rows, before, held[index], behind)


def _rows_to_read(ranges: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Return the rows of slices that they or their neighbours need; these may be a row off, and look one further."""
    far = np.iinfo(np.intp).max // 2
    empty = ranges[:, 0] >= ranges[:, 1]
    first = np.pad(np.where(empty, far, ranges[:, 0]), 1, constant_values=far)
    stop = np.pad(np.where(empty, 0, ranges[:, 1]), 1)
    first = sliding_window_view(first, 3).min(axis=1)
    stop = sliding_window_view(stop, 3).max(axis=1)
    return [(int(low) - 2, int(high) + 2) for low, high in zip(first, stop, strict=True)]
