"""Points in the patient as points of an image, where an image lies in the plane of all of them (PS3.3 C.18.9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from sightline.kernels.regions import PLANE_TOLERANCE
from sightline.rendering.series_table import FrameEntry


def on_image(
    points: Sequence[Sequence[float]],
    frame_of_reference: str,
    frames: Iterable[FrameEntry],
    place: Sequence[object] | None = None,
) -> tuple[FrameEntry, list[list[float]]] | None:
    """Return the nearest frame in whose plane all points lie, and where: column and row from its outer corner.

    Parameters
    ----------
    points : (points, 3)
        LPS mm.
    frame_of_reference : str
        Theirs.
    frames : iterable of FrameEntry
        Those that are tried.
    place : (str, int), optional
        SOP Instance UID and frame that are meant, if that is said.

    Returns
    -------
    (FrameEntry, list) or None
        None where no frame has all of them within `PLANE_TOLERANCE` of its plane and inside of itself.
    """
    wanted = np.asarray(points, np.float64).reshape(-1, 3)
    best: tuple[float, FrameEntry, list[list[float]]] | None = None
    for frame in frames:
        position, orientation = frame.image_position_patient, frame.image_orientation_patient
        spacing = frame.pixel_spacing
        if position is None or orientation is None or spacing is None or frame.spacing_origin != "PixelSpacing":
            continue
        if frame.instance.frame_of_reference_uid != frame_of_reference:
            continue
        if place is not None and (frame.sop_instance_uid, frame.frame) != tuple(place):
            continue
        along_row, down_column = np.asarray(orientation[:3]), np.asarray(orientation[3:])
        offset = wanted - np.asarray(position)
        distance = float(np.abs(offset @ np.cross(along_row, down_column)).max())
        if distance > PLANE_TOLERANCE or (best is not None and distance >= best[0]):
            continue
        between_rows, between_columns = spacing
        columns, rows = offset @ along_row / between_columns + 0.5, offset @ down_column / between_rows + 0.5
        size = frame.instance
        if (columns < 0).any() or (rows < 0).any() or (columns > size.columns).any() or (rows > size.rows).any():
            continue
        best = distance, frame, np.stack([columns, rows], axis=1).tolist()
    return None if best is None else best[1:]
