"""Contours of a structure (RTSTRUCT): closed flat polygons in the patient, where they meet a plane, how they look.

In their own planes contours are polygons, filled by the even-odd rule: a contour within another is a hole. For other
planes they are made a volume of distances to the structure's surface, which grows smoothly from slice to slice; any cut
through it shows the structure where it is at least 0 (shape-based interpolation), and its outline as the line of 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import Floats, GeometryError, SlicePlane, VolumeGeometry, plan_volume
from sightline.kernels.image_plane import ImagePlane

Mask = NDArray[np.bool_]
Bytes = NDArray[np.uint8]

FLATNESS = 0.1
"""mm by which a contour's points may lie beside its plane, and contours of one plane beside each other."""

REACH = 32
"""Pixels; distances are not followed farther, which matters only where a structure moves as far between two slices."""
LARGEST_SIDE = 2048
"""Pixels; a structure that would take more along a side is refused."""


def contours_in_plane(contours: Sequence[Floats], plane: ImagePlane, tolerance: float) -> tuple[Floats, ...]:
    """Return the contours that lie in a plane, in its pixels.

    Parameters
    ----------
    contours : sequence of arrays of float, (points, 3)
        Closed contours in LPS mm; the last point is joined to the first.
    plane : ImagePlane
    tolerance : float
        mm; a contour all of whose points lie at most this far from the plane is in it: half the distance of slices.

    Returns
    -------
    tuple of arrays of float64, (points, 2)
        (row, column); (0, 0) is the centre of the upper left pixel.

    Notes
    -----
    Peak memory beside the result: one array like a contour. Holds the GIL for some 20 microseconds for each contour.

    Examples
    --------
    >>> plane = ImagePlane((0.0, 0.0, 5.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (2.0, 0.5), 4, 6)
    >>> contours = [np.array([[1.0, 2.0, 5.2], [2.0, 2.0, 5.2], [2.0, 4.0, 5.2]]), np.array([[0.0, 0.0, 9.0]])]
    >>> [contour.tolist() for contour in contours_in_plane(contours, plane, 1.0)]
    [[[1.0, 2.0], [1.0, 4.0], [2.0, 4.0]]]
    """
    placed = [plane.to_pixel(contour) for contour in contours]
    return tuple(pixels[:, 1:] for pixels in placed if np.abs(pixels[:, 0]).max(initial=0.0) <= tolerance)


def crossing_points(contour: Floats, plane: ImagePlane) -> Floats:
    """Return where a contour goes through a plane.

    Parameters
    ----------
    contour : array of float, (points, 3)
        Closed, in LPS mm.
    plane : ImagePlane
        Through which it goes at an angle.

    Returns
    -------
    array of float64, (crossings, 2)
        (row, column) in the plane's pixels, in the contour's order; an even number of them.

    Notes
    -----
    Peak memory beside the result: two arrays like the contour. Holds the GIL for some microseconds.

    Examples
    --------
    >>> plane = ImagePlane((0.0, 1.0, 9.0), (1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (1.0, 1.0), 4, 6)
    >>> crossing_points(np.array([[1.0, 0.0, 7.0], [4.0, 0.0, 7.0], [4.0, 2.0, 7.0]]), plane).tolist()
    [[2.0, 4.0], [2.0, 2.5]]
    """
    here = plane.to_pixel(contour)
    there = np.roll(here, -1, axis=0)
    crosses = (here[:, 0] >= 0) != (there[:, 0] >= 0)
    here, there = here[crosses], there[crosses]
    part = here[:, :1] / (here[:, :1] - there[:, :1])
    return np.asarray(here[:, 1:] + part * (there[:, 1:] - here[:, 1:]))


def fill_polygons(polygons: Sequence[Floats], shape: tuple[int, int]) -> Mask:
    """Return the pixels whose centres are inside polygons, all of them together, by the even-odd rule.

    Parameters
    ----------
    polygons : sequence of arrays of float, (points, 2)
        (row, column); (0, 0) is the centre of the upper left pixel. The last point is joined to the first. A polygon
        within another is a hole, whichever way it turns; parts may lie outside of the picture.
    shape : (int, int)
        Rows and columns.

    Returns
    -------
    array of bool, (rows, columns)

    Notes
    -----
    Takes time by pixels and by crossings of rows, not by their product. Peak memory beside the result: one array of
    32 bits, and some 60 bytes for each crossing. Releases the GIL in part; the longest block is some milliseconds.

    Examples
    --------
    >>> square = np.array([[0, 0], [0, 4], [4, 4], [4, 0]]) - 0.5
    >>> hole = np.array([[1, 1], [3, 1], [3, 3], [1, 3]]) - 0.5
    >>> fill_polygons([square, hole], (4, 5)).astype(int).tolist()
    [[1, 1, 1, 1, 0], [1, 0, 0, 1, 0], [1, 0, 0, 1, 0], [1, 1, 1, 1, 0]]
    """
    rows, columns = shape
    toggles = np.zeros((rows, columns + 1), np.int32)
    for polygon in polygons:
        here, there = np.asarray(polygon, np.float64), np.roll(np.asarray(polygon, np.float64), -1, axis=0)
        upper = np.where((here[:, 0] <= there[:, 0])[:, None], here, there)
        lower = np.where((here[:, 0] <= there[:, 0])[:, None], there, here)
        # An edge crosses the rows from its upper end, which counts, to its lower end, which does not.
        first = np.clip(np.ceil(upper[:, 0]), 0, rows).astype(np.intp)
        counts = np.clip(np.ceil(lower[:, 0]), 0, rows).astype(np.intp) - first
        edge = np.repeat(np.arange(len(here)), counts)
        row = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts) + first[edge]
        slope = (lower[edge, 1] - upper[edge, 1]) / (lower[edge, 0] - upper[edge, 0])
        column = np.ceil(upper[edge, 1] + (row - upper[edge, 0]) * slope)
        np.add.at(toggles, (row, np.clip(column, 0, columns).astype(np.intp)), 1)
    return (np.cumsum(toggles[:, :-1], axis=1) & 1).astype(np.bool_)


def contour_volume(contours: Sequence[Floats], spacing: float) -> tuple[NDArray[np.float32], VolumeGeometry]:
    """Make a volume of distances to the surface of a structure, to be cut along any plane.

    Parameters
    ----------
    contours : sequence of arrays of float, (points, 3)
        All closed contours of one structure, LPS mm, in parallel planes. Those of one plane form areas by the even-odd
        rule.
    spacing : float
        mm between the pixels that the contours are filled at: about that of the images they were drawn on.

    Returns
    -------
    distances : array of float32, (slices, rows, columns)
        mm within each slice to the nearest pixel on the other side, less half a pixel, at most `REACH`
        pixels: above 0 inside. A cut is inside
        where the trilinearly interpolated value is at least 0, and `isodose.iso_lines` at 0 is its outline.
    geometry : VolumeGeometry
        One slice for each plane of contours. Planes much farther apart than the others leave a gap, in which nothing
        is shown: the structure is not known to go on there. Nor is it beyond the outermost contours.

    Raises
    ------
    GeometryError
        A contour has no area or is not flat; contours are not parallel, reach too far, or lie in fewer than 3 planes.

    References
    ----------
    Raya and Udupa, IEEE Trans Med Imaging 9 (1990) 32 (shape-based interpolation). PS3.3 C.8.8.6.

    Notes
    -----
    Peak memory beside the result: three volumes like it in float32. Takes time by voxels, for the largest
    areas some 50 ms for each slice. Releases the GIL in numpy's loops; the longest block is one slice.

    Examples
    --------
    >>> square = np.array([[0.0, 0.0, 0.0], [8.0, 0.0, 0.0], [8.0, 8.0, 0.0], [0.0, 8.0, 0.0]])
    >>> distances, geometry = contour_volume([square + (0.0, 0.0, z) for z in (0.0, 3.0, 6.0)], 1.0)
    >>> index = geometry.to_index((4.0, 4.0, 3.0)).round().astype(int)
    >>> geometry.shape, geometry.slice_spacing, float(distances[tuple(index)]) > 3
    ((3, 12, 12), 3.0, True)
    """
    if not spacing > 0:
        raise GeometryError("The distance of pixels must be above 0.")
    column, row, normal = _directions(contours)
    placed = [np.stack([c @ row, c @ column, c @ normal], axis=-1) for c in contours]
    for flat in placed:
        if np.ptp(flat[:, 2]) > 2 * FLATNESS:
            raise GeometryError("A contour is not flat, or not parallel to the others.")
    heights = _heights(placed)
    corner = np.asarray(np.min([flat[:, :2].min(axis=0) for flat in placed], axis=0) - 1.5 * spacing, np.float64)
    far = np.max([flat[:, :2].max(axis=0) for flat in placed], axis=0) + 1.5 * spacing
    rows, columns = (int(n) for n in np.ceil((far - corner) / spacing) + 1)
    if max(rows, columns) > LARGEST_SIDE:
        raise GeometryError("The contours reach too far for pixels of this size.")
    planes = [
        SlicePlane(_position(corner, height, (row, column, normal)), (*column, *row), (spacing, spacing), rows, columns)
        for height in heights
    ]
    geometry, _ = plan_volume(planes)
    distances = np.empty(geometry.shape, np.float32)
    for index, height in enumerate(heights):
        here = [(flat[:, :2] - corner) / spacing for flat in placed if abs(flat[:, 2].mean() - height) <= FLATNESS]
        distances[index] = _signed_distances(fill_polygons(here, (rows, columns))) * np.float32(spacing)
    return distances, geometry


def draw_lines(lines: Sequence[Floats], shape: tuple[int, int], width: float = 1.0) -> Bytes:
    """Draw lines, smooth at their edges.

    Parameters
    ----------
    lines : sequence of arrays of float, (points, 2)
        (row, column); (0, 0) is the centre of the upper left pixel. A closed line repeats its first point.
    shape : (int, int)
        Rows and columns.
    width : float
        Pixels.

    Returns
    -------
    array of uint8, (rows, columns)
        How much of each pixel is covered, in 255ths: whole up to half a pixel less than half the width from the line's
        middle, nothing from half a pixel more. To be laid over a picture by `label_maps.overlay_coverage`.

    Notes
    -----
    Peak memory beside the result: some 150 bytes for each pixel that a line comes near. Holds the GIL in part: some 0.1
    microseconds for each such pixel.

    Examples
    --------
    >>> draw_lines([np.array([[1.0, 0.0], [1.0, 1.0]])], (3, 3)).tolist()
    [[0, 0, 0], [255, 255, 0], [0, 0, 0]]
    """
    coverage = np.zeros(shape, np.float64)
    reach = int(np.ceil(width / 2 + 1))
    around = np.stack(np.meshgrid(*[np.arange(-reach, reach + 1)] * 2, indexing="ij"), axis=-1).reshape(-1, 2)
    for line in lines:
        starts, ways = line[:-1], np.diff(line, axis=0)
        lengths = np.linalg.norm(ways, axis=1)
        # Steps of at most a pixel: every pixel that the line touches is near one of them.
        steps = np.ceil(lengths).astype(np.intp) + 1
        piece = np.repeat(np.arange(len(starts)), steps)
        part = (np.arange(len(piece)) - np.repeat(np.cumsum(steps) - steps, steps)) / np.maximum(1, steps - 1)[piece]
        near = np.rint(starts[piece] + part[:, None] * ways[piece]).astype(np.intp)
        pixels = (near[:, None] + around).reshape(-1, 2)
        piece = np.repeat(piece, len(around))
        inside = np.all((pixels >= 0) & (pixels < shape), axis=1)
        pixels, piece = pixels[inside], piece[inside]
        offset = pixels - starts[piece]
        along = np.sum(offset * ways[piece], axis=1) / np.maximum(lengths[piece] ** 2, 1e-12)
        distance = np.linalg.norm(offset - np.clip(along, 0, 1)[:, None] * ways[piece], axis=1)
        np.maximum.at(coverage, tuple(pixels.T), np.clip(width / 2 + 0.5 - distance, 0, 1))
    return np.floor(coverage * 255 + 0.5).astype(np.uint8)


def _directions(contours: Sequence[Floats]) -> tuple[Floats, Floats, Floats]:
    """Return directions of columns and rows, and the normal, of the planes that contours lie in."""
    if not contours or any(len(contour) < 3 for contour in contours):
        raise GeometryError("A contour has fewer than three points.")
    # Newell's normal: twice the enclosed area, whatever the shape.
    areas = [0.5 * np.cross(c - c[0], np.roll(c, -1, axis=0) - c[0]).sum(axis=0) for c in contours]
    largest = areas[int(np.argmax([np.linalg.norm(area) for area in areas]))]
    length = float(np.linalg.norm(largest))
    if length < 1e-6:
        raise GeometryError("The contours enclose no area.")
    normal = largest / length
    # The same normal whichever way a contour was drawn, and columns along the patient's axis closest to the plane.
    normal = normal * np.sign(normal[np.argmax(np.abs(normal))])
    axis = np.eye(3)[int(np.argmin(np.round(np.abs(normal), 6)))]
    column = axis - (axis @ normal) * normal
    column /= np.linalg.norm(column)
    return column, np.cross(normal, column), normal


def _heights(placed: Sequence[Floats]) -> list[float]:
    """Return the places of the contours' planes along the normal, ascending, each once."""
    heights: list[float] = []
    for height in sorted(float(flat[:, 2].mean()) for flat in placed):
        if not heights or height - heights[-1] > FLATNESS:
            heights.append(height)
    return heights


def _position(corner: Floats, height: float, axes: tuple[Floats, Floats, Floats]) -> tuple[float, float, float]:
    x, y, z = (float(v) for v in corner[0] * axes[0] + corner[1] * axes[1] + height * axes[2])
    return x, y, z


def _signed_distances(mask: Mask) -> NDArray[np.float32]:
    """Return for each pixel how many pixels away the nearest across the border lies, less half; above 0 inside."""
    inside, outside = np.sqrt(_squared_distances(mask)), np.sqrt(_squared_distances(~mask))
    return np.where(mask, inside - 0.5, 0.5 - outside).astype(np.float32)


def _squared_distances(mask: Mask) -> NDArray[np.float32]:
    """Return the squared distance of each pixel of a mask to the nearest one outside of it, up to REACH; 0 outside.

    First along rows, by running from both ends; then, for every distance between rows, the least sum of squares.
    """
    rows, columns = mask.shape
    place = np.arange(columns, dtype=np.float32)
    far = np.float32(rows + columns)
    left = np.maximum.accumulate(np.where(mask, -far, place), axis=1)
    right = np.minimum.accumulate(np.where(mask, columns + far, place)[:, ::-1], axis=1)[:, ::-1]
    along = np.minimum(place - left, right - place) ** 2
    least = along.copy()
    for between in range(1, min(rows, REACH)):
        square = np.float32(between * between)
        if square >= least.max():
            break
        np.minimum(least[between:], along[:-between] + square, out=least[between:])
        np.minimum(least[:-between], along[between:] + square, out=least[:-between])
    return np.asarray(np.minimum(least, np.float32(REACH * REACH)))
