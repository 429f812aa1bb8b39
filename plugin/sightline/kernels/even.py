"""Give an unevenly spaced volume even distances, which projections need."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import GeometryError, VolumeGeometry
from sightline.kernels.planes import LARGEST_SIDE

_SAME_PLACE = 1e-6
"""A slice this part of the distance from its neighbour is taken as it is."""


def evenly_spaced(
    volume: NDArray[Any],
    geometry: VolumeGeometry,
    *,
    spacing: float | None = None,
    padding: tuple[float, float] | None = None,
) -> tuple[NDArray[Any], VolumeGeometry]:
    """Resample a volume at even distances, from the true places of its slices.

    Parameters
    ----------
    volume : array, (slices, rows, columns)
        Stored or modality values of any real type; not-a-number means padding.
    geometry : VolumeGeometry
        Of the volume.
    spacing : float, optional
        mm along the normal between slices; less where the volume is no multiple of it, so that the first and the last
        slice are kept. If None, the least distance between slices, at least a quarter of the usual.
    padding : (low, high), optional
        Inclusive range of values that are no image.

    Returns
    -------
    volume : array, (slices, rows, columns)
        Interpolated linearly between slices; integers are rounded half up. Gaps, and where padding would have taken
        part, hold ``padding[0]``, or not-a-number if no padding is given: an integer volume with gaps then becomes
        float32. Otherwise the type is kept. An even volume is returned as it is, unless a spacing is given.
    geometry : VolumeGeometry
        Of that volume, even; `gaps` tells those there were.

    Raises
    ------
    GeometryError
        The volume is of another size than its geometry, the spacing is not above 0, or there would be more than
        `LARGEST_SIDE` slices.

    Notes
    -----
    Memory beside the result: six slices of float32. Holds the GIL for single numpy calls on one slice.

    References
    ----------
    PS3.3 C.7.6.2.1.1 (position and orientation), C.7.5.1.1.2 (Pixel Padding Value).

    Examples
    --------
    >>> from sightline.kernels.geometry import SlicePlane, plan_volume
    >>> flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    >>> geometry, _ = plan_volume([SlicePlane((0.0, 0.0, z), flat, (1.0, 1.0), 1, 1) for z in (0.0, 1.0, 3.0, 5.0)])
    >>> volume, even = evenly_spaced(np.array([0, 10, 31, 50], np.int16).reshape(4, 1, 1), geometry)
    >>> volume.ravel().tolist(), even.distances, even.even
    ([0, 10, 21, 31, 41, 50], (0.0, 1.0, 2.0, 3.0, 4.0, 5.0), True)
    """
    if volume.shape != geometry.shape:
        raise GeometryError("The volume is of another size than its geometry says.")
    if geometry.even and spacing is None:
        return volume, geometry
    wanted = geometry.finest_slice_spacing if spacing is None else spacing
    if not (isfinite(wanted) and wanted > 0):
        raise GeometryError("The distance of slices must be above 0 mm.")
    extent = geometry.distances[-1]
    if extent / wanted > LARGEST_SIDE - 1:
        raise GeometryError("The slices lie too unevenly: the volume would have too many of them.")
    distances = np.linspace(0.0, extent, ceil(extent / wanted - 1e-3) + 1)
    fills = padding is None and bool(geometry.gaps) and volume.dtype.kind != "f"
    result = np.empty((len(distances), *volume.shape[1:]), np.float32 if fills else volume.dtype)
    for out, distance in zip(result, distances.tolist(), strict=True):
        _store(out, _slice_at(volume, geometry, distance, padding), padding)
    even = replace(geometry, shape=result.shape, distances=tuple(distances.tolist()), even=True)
    return result, even


def _slice_at(
    volume: NDArray[Any], geometry: VolumeGeometry, distance: float, padding: tuple[float, float] | None
) -> NDArray[Any]:
    """Return the slice at a distance: as it is if one lies there, else interpolated, or not-a-number."""
    place = float(np.interp(distance, geometry.distances, np.arange(len(geometry.distances))))
    nearest = round(place)
    if abs(place - nearest) <= _SAME_PLACE:
        return np.asarray(volume[nearest])
    if any(low < distance < high for low, high in geometry.gaps):
        return np.full(volume.shape[1:], np.nan, np.float32)
    first = int(place)
    near, far = (_present(volume[k], padding) for k in (first, first + 1))
    return np.asarray(near + np.float32(place - first) * (far - near))


def _present(values: NDArray[Any], padding: tuple[float, float] | None) -> NDArray[np.float32]:
    result = values.astype(np.float32)
    if padding is not None:
        result[(values >= padding[0]) & (values <= padding[1])] = np.nan
    return result


def _store(out: NDArray[Any], values: NDArray[Any], padding: tuple[float, float] | None) -> None:
    """Write a slice, rounded and with padding in the place of not-a-number where the type wants it."""
    if values.dtype != out.dtype and out.dtype.kind in "iu":
        fill = 0.0 if padding is None else padding[0]
        values = np.nan_to_num(np.floor(values + 0.5), nan=fill)
    elif padding is not None and values.dtype.kind == "f":
        values = np.where(np.isnan(values), padding[0], values)
    np.copyto(out, values, casting="unsafe")
