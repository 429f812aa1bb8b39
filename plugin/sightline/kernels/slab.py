"""Thick slabs: what lies within some mm around a plane, as one picture."""

from __future__ import annotations

from math import ceil, isfinite
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import Floats, GeometryError, VolumeGeometry
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.oblique import lines_of
from sightline.kernels.sampling import Sampler, Samples

SlabMode = Literal["max", "min", "mean", "sum"]

MOST_SAMPLES = 4096
"""More samples through the thickness are refused."""
_LINES_AT_ONCE = 2**16
_OWN_SAMPLES_AT_ONCE = 2**18
"""Where each line has its own way, at most so many samples are laid out."""


def cut_slab(
    volume: NDArray[Any],
    geometry: VolumeGeometry,
    plane: ImagePlane,
    thickness: float,
    mode: SlabMode,
    *,
    step: float | None = None,
    padding: tuple[float, float] | None = None,
) -> Samples:
    """Return a slab around a plane as one picture: the greatest, least, mean or sum of samples across it.

    Parameters
    ----------
    volume : array, (slices, rows, columns)
        Stored or modality values of any real type; not-a-number means padding.
    geometry : VolumeGeometry
        Of the volume; see `cut`.
    plane : ImagePlane
        In the middle of the slab. Pixel (0, 0) is the centre of the upper left one.
    thickness : float
        mm along the plane's normal, half of it to each side; 0 is the plane itself.
    mode : str
        ``max``, ``min``, ``mean`` or ``sum``.
    step : float, optional
        mm between samples; less where the thickness is no multiple of it, so that both faces are sampled. If None,
        the volume's smallest spacing.
    padding : (low, high), optional
        Inclusive range of values that are no image.

    Returns
    -------
    array of float32, (rows, columns) of the plane
        Of the samples that are there: those outside of the volume, in gaps, or in which padding took part are left
        out. Not-a-number where none is there. A sum is that of the samples and not an integral over mm: it grows with
        their number, and is less where some are not there.

    Raises
    ------
    GeometryError
        The thickness is below 0 or the step not above it, or there would be more than `MOST_SAMPLES` samples; the
        volume is of another size than its geometry.

    References
    ----------
    PS3.3 C.7.6.2.1.1 (position and orientation), C.7.5.1.1.2 (Pixel Padding Value).

    Notes
    -----
    Samples are interpolated trilinearly. Memory beside the result: 3 MB, 36 bytes for each sample of a row of the
    picture up to 2 ** 18 of them, and 300 bytes for each line of samples up to 2 ** 16 of them. Holds the GIL for
    single numpy calls on 24576 samples.

    Examples
    --------
    >>> from sightline.kernels.geometry import SlicePlane, plan_volume
    >>> flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    >>> geometry, _ = plan_volume([SlicePlane((0.0, 0.0, z), flat, (1.0, 1.0), 2, 3) for z in (0.0, 2.0, 4.0)])
    >>> plane = ImagePlane((0.0, 0.0, 2.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0), 2, 3)
    >>> cut_slab(np.arange(18, dtype=np.int16).reshape(3, 2, 3), geometry, plane, 2.0, "max").tolist()
    [[9.0, 10.0, 11.0], [12.0, 13.0, 14.0]]
    """
    if step is None:
        step = smallest_spacing(geometry)
    return cut_slab_with(Sampler(volume, geometry, padding=padding), plane, thickness, mode, step)


def cut_slab_with(sampler: Sampler, plane: ImagePlane, thickness: float, mode: SlabMode, step: float) -> Samples:
    """Return a slab as `cut_slab` does, of a volume out of which several are cut."""
    start, across, _ = lines_of(plane)
    through = offsets(thickness, step)[:, None] * np.asarray(plane.normal)
    return reduce_lines(sampler, start, across, plane.columns, through[None], mode)


def smallest_spacing(geometry: VolumeGeometry) -> float:
    """Return the least distance in mm between voxels along any axis of the volume."""
    return min(geometry.finest_slice_spacing, *geometry.spacing)


def offsets(thickness: float, step: float) -> Floats:
    """Return where samples lie, in mm from the middle of a slab: on both faces and at most `step` apart."""
    if not (isfinite(thickness) and thickness >= 0):
        raise GeometryError("The thickness of a slab must be 0 mm or more.")
    if not (isfinite(step) and step > 0):
        raise GeometryError("The distance of samples in a slab must be above 0 mm.")
    if thickness / step > MOST_SAMPLES - 1:
        raise GeometryError("The slab is too thick for samples at so small a distance.")
    count = ceil(thickness / step - 1e-6) + 1
    return np.linspace(-thickness / 2, thickness / 2, count) if count > 1 else np.zeros(1)


def reduce_lines(sampler: Sampler, start: Floats, step: Floats, count: int, through: Floats, mode: SlabMode) -> Samples:
    """Sample lines and others beside them, and make one of each bundle.

    Parameters
    ----------
    sampler : Sampler
    start, step, count
        As for `Sampler.along`.
    through : array, (1, samples, 3) or (lines, samples, 3)
        LPS mm from each line to those beside it.
    mode : str

    Returns
    -------
    array of float32, (lines, count)
    """
    result = np.empty((len(start), count), np.float32)
    own_step, own_through = len(step) > 1, len(through) > 1
    lines_at_once = _OWN_SAMPLES_AT_ONCE // count if own_step or own_through else _LINES_AT_ONCE
    at_once = max(1, lines_at_once // through.shape[1])
    for low in range(0, len(start), at_once):
        some = slice(low, low + at_once)
        ways = step[some] if own_step else step, count, through[some] if own_through else through
        for lines, columns, values in sampler.along(start[some], *ways):
            result[some][lines, columns] = _reduced(values, mode)
    return result


def _reduced(values: Samples, mode: SlabMode) -> Samples:
    """Reduce (lines, samples, count) over the samples that are numbers."""
    if mode in ("max", "min"):
        extreme: Samples = (np.fmax if mode == "max" else np.fmin).reduce(values, axis=1)
        return extreme
    total: Samples = values.sum(axis=1)
    there = np.full(total.shape, values.shape[1], np.float32)
    if np.isnan(total).any():
        present = ~np.isnan(values)
        there = present.sum(axis=1, dtype=np.float32)
        total = values.sum(axis=1, where=present)
        total[there == 0] = np.nan
    if mode == "mean":
        total /= np.maximum(there, 1)
    return total
