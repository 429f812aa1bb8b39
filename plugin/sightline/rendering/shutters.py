"""Display shutters of images and presentation states (PS3.3 C.7.6.11, C.7.6.15). Runs in workers only.

A shutter covers what is outside of its shapes, where several are given outside of any of them. What covers is a
P-value, or a colour where the picture has colours: it is not inverted with the image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from sightline.kernels.overlays import Mask
from sightline.kernels.presentation import cielab_to_srgb, circle_mask, polygon_mask, rectangle_mask

Bytes = NDArray[np.uint8]
_SHAPES = {"RECTANGULAR", "CIRCULAR", "POLYGONAL", "BITMAP"}
_EDGES = ("LeftVertical", "RightVertical", "UpperHorizontal", "LowerHorizontal")


@dataclass(frozen=True)
class Shutter:
    """A display shutter, in rows and columns of the image from 1; None: not of that shape.

    `rectangle` is left, right, upper and lower edge; `circle` row and column of the centre, and the radius; `polygon`
    vertices as (row, column); `overlay` the group of the plane whose bits are covered. `grey` is what covers, and
    `colour` what covers a picture in colours, if it is another.
    """

    rectangle: tuple[int, int, int, int] | None = None
    circle: tuple[float, float, float] | None = None
    polygon: tuple[tuple[float, float], ...] | None = None
    overlay: int | None = None
    grey: int = 0
    colour: tuple[int, int, int] | None = None


def has_shutter(dataset: Dataset) -> bool:
    """Whether an image has a shutter, at the top or for frames (PS3.3 C.7.6.16.2.16)."""
    groups = (dataset.get(f"{kind}FunctionalGroupsSequence") or () for kind in ("Shared", "PerFrame"))
    return bool(dataset.get("ShutterShape")) or any(
        bool(group.get("FrameDisplayShutterSequence")) for items in groups for group in items
    )


def shutter_of_frame(dataset: Dataset, frame: int) -> Shutter | None:
    """Return the shutter of one frame of an image, from 1; None if it has none. Raises as `read_shutter` does."""
    return read_shutter(shutter_holder(dataset, frame))


def shutter_holder(dataset: Dataset, frame: int) -> Dataset:
    """Return the data set, or the item in it, that describes the shutter of a frame."""
    own = (dataset.get("PerFrameFunctionalGroupsSequence") or [])[frame - 1 : frame]
    for group in (*own, *(dataset.get("SharedFunctionalGroupsSequence") or ())):
        for item in group.get("FrameDisplayShutterSequence") or ():
            holder: Dataset = item
            return holder
    return dataset


def read_shutter(dataset: Dataset) -> Shutter | None:
    """Return the shutter that a data set describes, None if it describes none.

    Raises
    ------
    ValueError
        It is of a shape that is not known.
    Exception
        Anything, where values are missing or damaged.
    """
    shapes = dataset.get("ShutterShape")
    if not shapes:
        return None
    names = {shapes} if isinstance(shapes, str) else set(shapes)
    if not names <= _SHAPES:
        raise ValueError("The shutter is of no known shape.")
    rectangle = circle = polygon = overlay = None
    if "RECTANGULAR" in names:
        left, right, upper, lower = (int(dataset[f"Shutter{edge}Edge"].value) for edge in _EDGES)
        rectangle = left, right, upper, lower
    if "CIRCULAR" in names:
        row, column = dataset.CenterOfCircularShutter
        circle = float(row), float(column), float(dataset.RadiusOfCircularShutter)
    if "POLYGONAL" in names:
        values = [float(value) for value in dataset.VerticesOfThePolygonalShutter]
        polygon = tuple(zip(values[::2], values[1::2], strict=True))
    if "BITMAP" in names:
        overlay = int(dataset.ShutterOverlayGroup)
    grey = int(int(dataset.get("ShutterPresentationValue") or 0) / 257 + 0.5)
    return Shutter(rectangle, circle, polygon, overlay, grey, _colour(dataset))


def _colour(dataset: Dataset) -> tuple[int, int, int] | None:
    encoded: Any = dataset.get("ShutterPresentationColorCIELabValue")
    return cielab_to_srgb([int(value) for value in encoded]) if encoded else None


def behind_shutter(picture: Bytes, shutter: Shutter, plane: Mask | None) -> Bytes:
    """Return a grey or RGB picture of an image behind its shutter.

    Parameters
    ----------
    picture : array of uint8, (rows, columns) or (rows, columns, 3)
    shutter : Shutter
    plane : array of bool, (rows, columns), optional
        The overlay plane that it names, if it does: what is covered.
    """
    visible = _visible(shutter, (picture.shape[0], picture.shape[1]), plane)
    if picture.ndim == 2:
        return np.where(visible, picture, np.uint8(shutter.grey))
    cover = np.array(shutter.colour or (shutter.grey,) * 3, np.uint8)
    return np.where(visible[..., None], picture, cover)


def _visible(shutter: Shutter, shape: tuple[int, int], plane: Mask | None) -> Mask:
    """Return what the shutter leaves visible: what is inside of all of its shapes."""
    visible = np.ones(shape, np.bool_)
    if shutter.rectangle is not None:
        visible &= rectangle_mask(shape, *shutter.rectangle)
    if shutter.circle is not None:
        visible &= circle_mask(shape, shutter.circle[:2], shutter.circle[2])
    if shutter.polygon is not None:
        visible &= polygon_mask(shape, shutter.polygon)
    return visible & ~plane if plane is not None else visible
