"""The hottest cubic centimetre around a region of a PET slice. Runs in workers, but for what is to be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import GeometryError, SlicePlane, plan_volume
from sightline.kernels.regions import Mask
from sightline.kernels.volume_regions import PEAK_RADIUS, VolumeRegion, peak
from sightline.rendering.series_table import FrameEntry, SeriesTable
from sightline.rendering.stacks import split

_MOST_SLICES = 64


def slices_around(table: SeriesTable, frame: FrameEntry) -> tuple[FrameEntry, ...]:
    """Return the slices that a sphere of 1 cm3 around a voxel of a frame can reach, and one more to each side.

    Returns
    -------
    tuple of FrameEntry
        Of the frame's own stack, without other time points; nothing where places are not known or slices are too many.
    """
    stacks = (stack.table.frames for stack in split(table))
    own = next((frames for frames in stacks if frame in frames), ())
    places = [_place(other, frame) for other in own]
    here = _place(frame, frame)
    known = [place for place in places if place is not None]
    if here is None or len(known) < len(own):
        return ()
    away = [abs(place - here) for place in known]
    step = min((distance for distance in away if distance > 0), default=0.0)
    found = tuple(other for other, far in zip(own, away, strict=True) if far <= PEAK_RADIUS + 1.5 * step)
    return found if len(found) <= _MOST_SLICES else ()


def peak_of(slices: Sequence[FrameEntry], values: Sequence[NDArray[Any]], at: int, mask: Mask) -> float:
    """Return the SUV peak of a region.

    Parameters
    ----------
    slices : sequence of FrameEntry
        In any order.
    values : sequence of array, (rows, columns)
        Their SUV, not-a-number where there is no image.
    at : int
        Which of them the region is drawn on.
    mask : array of bool, (rows, columns)

    Raises
    ------
    GeometryError
        The slices are no volume, or the sphere does not fit into it.
    """
    geometry, order = plan_volume([_slice(frame) for frame in slices])
    volume = np.stack([values[index] for index in order])
    depth = order.index(at)
    rows, columns = mask.shape
    box = (slice(depth, depth + 1), slice(0, rows), slice(0, columns))
    return peak(volume, geometry, VolumeRegion(box, mask[None], 0.0, 0.0, complete=True)).value


def _place(frame: FrameEntry, like: FrameEntry) -> float | None:
    """Return mm along the normal of another frame; None where it has another orientation or says nothing."""
    cosines, position = like.image_orientation_patient, frame.image_position_patient
    if cosines is None or position is None or frame.image_orientation_patient is None:
        return None
    if not np.allclose(frame.image_orientation_patient, cosines, atol=1e-4):
        return None
    return float(np.cross(cosines[:3], cosines[3:]) @ position)


def _slice(frame: FrameEntry) -> SlicePlane:
    if frame.spacing_origin != "PixelSpacing":
        raise GeometryError("The file does not say how large a pixel is.")
    return SlicePlane(
        frame.image_position_patient,
        frame.image_orientation_patient,
        frame.pixel_spacing,
        frame.instance.rows,
        frame.instance.columns,
    )
