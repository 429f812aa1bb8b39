"""Segmentations over pictures: which segment a pixel of any plane belongs to, and how that is shown.

A label map is a volume of whole numbers: 0 is nothing, others name segments. Segments that overlap do not fit into one;
they come as planes of their own, as do fractional ones, and are laid over the picture one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.fusion import FusionError, blend
from sightline.kernels.geometry import Floats, VolumeGeometry
from sightline.kernels.image_plane import ImagePlane

Bytes = NDArray[np.uint8]

_ROWS_AT_ONCE = 64


def sample_labels(labels: NDArray[Any], geometry: VolumeGeometry, plane: ImagePlane) -> NDArray[Any]:
    """Return the label at each pixel of a plane: that of the voxel which holds the pixel's centre.

    Parameters
    ----------
    labels : array of integers or bool, (slices, rows, columns)
        (0, 0, 0) is the centre of the first voxel; voxels reach half their size to each side.
    geometry : VolumeGeometry
        Of the labels; tilted or unevenly spaced slices are taken at their true places.
    plane : ImagePlane

    Returns
    -------
    array of the labels' type, (rows, columns) of the plane
        0 outside of the voxels, and in gaps where slices are missing.

    Notes
    -----
    Peak memory beside the result: some 12 arrays of 64 rows in float64. Releases the GIL in numpy's loops; the longest
    block is below a millisecond.

    Examples
    --------
    >>> from sightline.kernels.geometry import SlicePlane, plan_volume
    >>> flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    >>> geometry, _ = plan_volume([SlicePlane((0.0, 0.0, z), flat, (1.0, 1.0), 1, 2) for z in (0.0, 2.0, 4.0)])
    >>> labels = np.uint8([[[0, 1]], [[0, 2]], [[3, 3]]])
    >>> front = ImagePlane((0.0, 0.0, 4.9), (1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (2.0, 1.0), 4, 3)
    >>> sample_labels(labels, geometry, front).tolist()
    [[3, 3, 0], [0, 2, 0], [0, 1, 0], [0, 0, 0]]
    """
    result = np.zeros((plane.rows, plane.columns), labels.dtype)
    flat = np.ascontiguousarray(labels).reshape(-1)
    columns = np.arange(plane.columns)
    for start in range(0, plane.rows, _ROWS_AT_ONCE):
        rows = np.arange(start, min(start + _ROWS_AT_ONCE, plane.rows))
        points = plane.to_patient(np.stack(np.broadcast_arrays(rows[:, None], columns), axis=-1))
        # Rounding errors of a plane between two voxels must not make it flicker between them.
        index = np.floor(geometry.to_index(points) + (0.5 + 1e-9)).astype(np.int64)
        inside = np.all((index >= 0) & (index < labels.shape), axis=-1) & ~_in_gap(points, geometry)
        places = index @ np.array([labels.shape[1] * labels.shape[2], labels.shape[2], 1])
        result[rows] = np.where(inside, flat[np.where(inside, places, 0)], 0)
    return result


def _in_gap(points: Floats, geometry: VolumeGeometry) -> NDArray[np.bool_]:
    """Return which points lie between slices that are not neighbours."""
    inside = np.zeros(points.shape[:-1], np.bool_)
    if geometry.gaps:
        distance = (points - np.asarray(geometry.origin)) @ np.asarray(geometry.normal)
        for low, high in geometry.gaps:
            inside |= (distance > low + 1e-6) & (distance < high - 1e-6)
    return inside


def outline(labels: NDArray[Any]) -> NDArray[Any]:
    """Return the labels of those pixels only that lie at the edge of their segment: lines one pixel wide.

    Parameters
    ----------
    labels : array of integers or bool, (rows, columns)
        (0, 0) is the upper left pixel.

    Returns
    -------
    array of the labels' type, (rows, columns)
        The label where a pixel above, below, left or right has another one, else 0. Of a border between two segments
        both sides are shown. The edge of the picture is no border: the segment may go on beyond it.

    Notes
    -----
    Peak memory beside the result: one array of bool. Releases the GIL in numpy's loops.

    Examples
    --------
    >>> outline(np.uint8([[0, 5, 5, 5], [0, 5, 5, 5], [0, 5, 5, 5], [0, 0, 0, 0]])).tolist()
    [[0, 5, 0, 0], [0, 5, 0, 0], [0, 5, 5, 5], [0, 0, 0, 0]]
    """
    edge = np.zeros(labels.shape, np.bool_)
    below, beside = labels[1:] != labels[:-1], labels[:, 1:] != labels[:, :-1]
    edge[1:] |= below
    edge[:-1] |= below
    edge[:, 1:] |= beside
    edge[:, :-1] |= beside
    return np.where(edge, labels, np.zeros((), labels.dtype))


def overlay_labels(picture: Bytes, labels: NDArray[Any], colours: Bytes, opacity: Bytes) -> Bytes:
    """Lay the segments of a label map over a picture.

    Parameters
    ----------
    picture : array of uint8, (rows, columns, 3)
        (0, 0) is the upper left pixel.
    labels : array of integers or bool, (rows, columns)
        From `sample_labels`: filled segments; from `outline`: their edges.
    colours : array of uint8, (labels, 3)
        Row k is the colour of label k; row 0 is not looked at.
    opacity : array of uint8, (labels,)
        Of each label, in 255ths.

    Returns
    -------
    array of uint8, (rows, columns, 3)
        Blended as in `fusion.blend`.

    Raises
    ------
    FusionError
        Sizes differ, or there is a label without a colour.

    Notes
    -----
    Peak memory beside the result: five arrays like it. Releases the GIL in numpy's loops.

    Examples
    --------
    >>> picture, red = np.full((1, 2, 3), 100, np.uint8), np.uint8([[0, 0, 0], [200, 0, 0]])
    >>> overlay_labels(picture, np.uint8([[0, 1]]), red, np.uint8([255, 255])).tolist()
    [[[100, 100, 100], [200, 0, 0]]]
    """
    if labels.size and not (labels.min() >= 0 and labels.max() < min(len(colours), len(opacity))):
        raise FusionError("There is a segment without a colour or an opacity.")
    transparent = opacity.copy()
    transparent[0] = 0
    index = labels.astype(np.intp)
    return overlay_coverage(picture, np.uint8(255) * (index > 0), colours[index], transparent[index])


def overlay_coverage(picture: Bytes, coverage: NDArray[Any], colour: Any, opacity: Any) -> Bytes:
    """Lay one segment, of which a pixel may hold a part, over a picture.

    Parameters
    ----------
    picture : array of uint8, (rows, columns, 3)
        (0, 0) is the upper left pixel.
    coverage : array of uint8, (rows, columns), or of bool
        How much of a pixel belongs to the segment, or how probably it does, in 255ths (`coverage_of_fractions`);
        bool means not at all or wholly.
    colour : array of uint8, (3,) or (rows, columns, 3)
    opacity : uint8, or array of uint8, (rows, columns)
        Where coverage is whole, in 255ths.

    Returns
    -------
    array of uint8, (rows, columns, 3)
        Blended as in `fusion.blend`, with ``coverage * opacity / 255``, rounded, as opacity.

    Raises
    ------
    FusionError
        The sizes differ.

    Notes
    -----
    Peak memory beside the result: five arrays like it. Releases the GIL in numpy's loops.

    Examples
    --------
    >>> picture = np.full((1, 2, 3), 100, np.uint8)
    >>> overlay_coverage(picture, np.uint8([[0, 128]]), (200, 0, 0), 255)[0, 1].tolist()
    [150, 50, 50]
    """
    if picture.shape != (*coverage.shape, 3):
        raise FusionError("The segmentation and the picture are of different sizes.")
    parts = coverage * np.uint8(255) if coverage.dtype == np.bool_ else coverage
    alpha = blend(np.zeros(1, np.uint8), parts, np.asarray(opacity, np.uint8))
    return blend(picture, np.asarray(colour, np.uint8), alpha[..., None])


def overlay_segments(picture: Bytes, planes: Sequence[NDArray[Any]], colours: Bytes, opacity: Bytes) -> Bytes:
    """Lay segments that may overlap over a picture, the first one lowest.

    Parameters
    ----------
    picture : array of uint8, (rows, columns, 3)
        (0, 0) is the upper left pixel.
    planes : sequence of arrays of uint8 or bool, (rows, columns)
        One for each segment, as `overlay_coverage` takes it.
    colours : array of uint8, (segments, 3)
    opacity : array of uint8, (segments,)

    Returns
    -------
    array of uint8, (rows, columns, 3)

    Raises
    ------
    FusionError
        The sizes differ.
    ValueError
        There is not one colour and one opacity for each segment.

    Notes
    -----
    Peak memory beside the result: six arrays like it. Releases the GIL in numpy's loops.

    Examples
    --------
    >>> planes = [np.array([[True, True]]), np.array([[False, True]])]
    >>> picture, colours = np.zeros((1, 2, 3), np.uint8), np.uint8([[200, 0, 0], [0, 100, 0]])
    >>> overlay_segments(picture, planes, colours, np.uint8([255, 128])).tolist()
    [[[200, 0, 0], [100, 50, 0]]]
    """
    for plane, colour, alpha in zip(planes, colours, opacity, strict=True):
        picture = overlay_coverage(picture, plane, colour, alpha)
    return picture


def coverage_of_fractions(fractions: NDArray[Any], maximum: float) -> Bytes:
    """Scale the values of a fractional segmentation to 255ths.

    Parameters
    ----------
    fractions : array of numbers, any shape
        Stored or interpolated values of a segment; not-a-number is none.
    maximum : float
        Maximum Fractional Value (0062,000E), which is wholly or certainly the segment.

    Returns
    -------
    array of uint8
        Rounded as ``floor(x + 0.5)`` and limited to 0 and 255.

    Raises
    ------
    FusionError
        The maximum is not above 0.

    References
    ----------
    PS3.3 C.8.20.2.

    Notes
    -----
    Peak memory beside the result: three arrays in float64. Releases the GIL in numpy's loops.

    Examples
    --------
    >>> coverage_of_fractions(np.array([0, 50, 100, np.nan]), 100).tolist()
    [0, 128, 255, 0]
    """
    if not maximum > 0:
        raise FusionError("MaximumFractionalValue (0062,000E) is not above 0.")
    scaled = np.nan_to_num(np.asarray(fractions, np.float64) * (255.0 / maximum))
    return np.floor(np.clip(scaled, 0, 255) + (0.5 + 1e-9)).astype(np.uint8)
