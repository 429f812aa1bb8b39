"""Overlay planes of an image, drawn on its picture (PS3.3 C.9.2). Runs in workers only.

Graphics (type G) are drawn as they are, white. A region of interest (type R) is drawn as its outline, since the region
itself would hide what it points to. Planes that say which part of the image was made by the scanner (subtype ACTIVE
IMAGE AREA and its kin) are nothing to look at, and are not drawn. Without a presentation state, which would say which
planes are active, all others are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.tag import Tag

from sightline.errors import UnprocessableError
from sightline.kernels.overlays import Mask, outline, placed, unpack_plane
from sightline.rendering.headers import overlay_groups
from sightline.rendering.series_table import InstanceEntry

Bytes = NDArray[np.uint8]
_ROWS, _COLUMNS, _FRAMES, _TYPE, _SUBTYPE = 0x0010, 0x0011, 0x0015, 0x0040, 0x0045
_ORIGIN, _FIRST_FRAME, _BITS, _BIT_POSITION, _DATA = 0x0050, 0x0051, 0x0100, 0x0102, 0x3000


def overlay_masks(
    dataset: Dataset, instance: InstanceEntry, frame: int, cells: Callable[[], NDArray[Any]]
) -> Mapping[int, Mask]:
    """Return what each overlay plane draws on a frame, by its group.

    Parameters
    ----------
    dataset : Dataset
        Of the image, or of a presentation state with planes of its own.
    instance : InstanceEntry
        The image.
    frame : int
        From 1.
    cells : callable
        Returns the frame's pixels with every bit; called for planes in bits that the image leaves unused.

    Returns
    -------
    mapping of int to array of bool, (rows, columns)
        Nothing for planes that are not of this frame, and for what is nothing to look at.

    Raises
    ------
    UnprocessableError
        A plane is damaged.
    """
    found = {}
    for group in overlay_groups(dataset):
        if not _is_area(dataset, group):
            mask = overlay_plane(dataset, group, instance, frame, cells)
            if mask is not None:
                found[group] = outline(mask) if str(_value(dataset, group, _TYPE, "G")) == "R" else mask
    return found


def overlay_plane(
    dataset: Dataset, group: int, instance: InstanceEntry, frame: int, cells: Callable[[], NDArray[Any]]
) -> Mask | None:
    """Return the bits of one overlay plane where they lie on a frame, whatever its type.

    Parameters, but for the plane's group, and errors are those of `overlay_masks`.

    Returns
    -------
    array of bool, (rows, columns), or None
        None where there is no such plane, or none for this frame.
    """
    try:
        return _placed(dataset, group, instance, frame, cells)
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # values are parsed only now, and anything can be in them
        raise UnprocessableError("An overlay of this image is damaged.", "bad-overlay") from error


def draw_masks(picture: Bytes, masks: Mapping[int, Mask]) -> Bytes:
    """Return a grey or RGB picture of an image with its overlays in white."""
    for mask in masks.values():
        picture = picture.copy()
        picture[mask] = 255
    return picture


def _is_area(dataset: Dataset, group: int) -> bool:
    subtype = str(_value(dataset, group, _SUBTYPE, ""))
    return subtype.startswith("ACTIVE") and subtype.endswith("IMAGE AREA")


def _placed(
    dataset: Dataset, group: int, instance: InstanceEntry, frame: int, cells: Callable[[], NDArray[Any]]
) -> Mask | None:
    rows, columns = int(_value(dataset, group, _ROWS, 0)), int(_value(dataset, group, _COLUMNS, 0))
    index = _index(dataset, group, frame)
    if index is None or rows <= 0 or columns <= 0:
        return None
    plane = _plane(dataset, group, (rows, columns), index, cells)
    if plane is None:
        return None
    origin = [int(value) for value in _value(dataset, group, _ORIGIN, (1, 1))]
    return placed(plane, (origin[0], origin[1]), (instance.rows, instance.columns))


def _index(dataset: Dataset, group: int, frame: int) -> int | None:
    """Return which plane is of this frame (PS3.3 C.9.3); a plane that counts no frames is of all."""
    count = int(_value(dataset, group, _FRAMES, 0))
    if not count:
        return 0
    index = frame - int(_value(dataset, group, _FIRST_FRAME, 1))
    return index if 0 <= index < count else None


def _plane(
    dataset: Dataset, group: int, shape: tuple[int, int], index: int, cells: Callable[[], NDArray[Any]]
) -> Mask | None:
    data = dataset.get(Tag(group, _DATA))
    if data is not None and data.value:
        content = bytes(data.value)
        if data.VR == "OW" and dataset.original_encoding[1] is False:
            content = np.frombuffer(content, ">u2").astype("<u2").tobytes()
        return unpack_plane(content, *shape, index)
    position = int(_value(dataset, group, _BIT_POSITION, 0))
    if int(_value(dataset, group, _BITS, 1)) == 1 or "Rows" not in dataset:
        return None
    bits = cells()
    if bits.shape != shape or bits.dtype.kind not in "iu" or not 0 <= position < bits.dtype.itemsize * 8:
        raise ValueError("The overlay is not in the pixels.")
    return np.asarray(bits >> position & 1, np.bool_)


def _value(dataset: Dataset, group: int, element: int, default: Any) -> Any:
    found = dataset.get(Tag(group, element))
    return default if found is None or found.value is None or found.value == "" else found.value
