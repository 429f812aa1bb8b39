"""From where a volume is looked at, and the pixels of the picture that is seen (PS3.18 section 8.3.5.3, PS3.3 C.11.30).

Projection is parallel, so the distance of the camera changes nothing: what it looks at is the middle of the picture,
and the picture is as wide as the volume needs to fit, whatever the frame of an animation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, cos, radians, sin

import numpy as np

from sightline.errors import BadRequestError
from sightline.kernels.geometry import Floats, Vector, VolumeGeometry
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.viewport import fitted_shape
from sightline.rendering.viewport import Viewport

LARGEST_NATURAL_SIDE = 1024
"""Pixels along a side of a picture that nobody gave a size."""
_ANTERIOR, _SUPERIOR = (0.0, -1.0, 0.0), (0.0, 0.0, 1.0)
SIDES: dict[str, tuple[Vector, Vector]] = {
    "a": ((0.0, 1.0, 0.0), _SUPERIOR),
    "p": ((0.0, -1.0, 0.0), _SUPERIOR),
    "r": ((1.0, 0.0, 0.0), _SUPERIOR),
    "l": ((-1.0, 0.0, 0.0), _SUPERIOR),
    "h": ((0.0, 0.0, -1.0), _ANTERIOR),
    "f": ((0.0, 0.0, 1.0), _ANTERIOR),
}
"""Side of the patient that is seen -> LPS directions of looking and of up (PS3.18 section 8.3.5.3.4)."""
_SMALLEST_LENGTH = 1e-6
_SMALLEST_SINE = 1e-3


@dataclass(frozen=True)
class Camera:
    """Where a picture is taken from.

    Parameters
    ----------
    position : (float, float, float)
        LPS mm of the Viewpoint Position.
    look_at : (float, float, float)
        LPS mm of the Viewpoint LookAt Point.
    up : (float, float, float)
        LPS direction of the Viewpoint Up Direction, of any length; it need not be at right angles to looking.

    Raises
    ------
    BadRequestError
        The camera looks at itself, or up is nowhere or where it looks; the sentence names the query parameter.

    Examples
    --------
    >>> Camera((0.0, -100.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 2.0)).axes.tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]
    """

    position: Vector
    look_at: Vector
    up: Vector

    def __post_init__(self) -> None:
        forward, up = np.subtract(self.look_at, self.position), np.asarray(self.up)
        if np.linalg.norm(forward) < _SMALLEST_LENGTH:
            raise BadRequestError("'viewpointlookat' is another point than 'viewpointposition'.", "bad-viewpointlookat")
        if np.linalg.norm(up) < _SMALLEST_LENGTH:
            raise BadRequestError("'viewpointup' is a direction, of a length above 0.", "bad-viewpointup")
        sine = np.linalg.norm(np.cross(forward, up)) / np.linalg.norm(forward) / np.linalg.norm(up)
        if sine < _SMALLEST_SINE:
            raise BadRequestError("'viewpointup' is another direction than that of looking.", "bad-viewpointup")

    @property
    def axes(self) -> Floats:
        """Unit vectors, shape (3, 3): to the right of the picture, down, and forward."""
        forward = np.subtract(self.look_at, self.position)
        forward = forward / np.linalg.norm(forward)
        right = np.cross(forward, self.up)
        right = right / np.linalg.norm(right)
        return np.stack([right, np.cross(forward, right), forward]) + 0.0

    def moved_to(self, point: Vector) -> Camera:
        """Return the camera that looks at another point, in the same direction."""
        offset = np.subtract(point, self.look_at)
        return replace(self, position=_vector(np.asarray(self.position) + offset), look_at=point)

    def turned(self, degrees: float) -> Camera:
        """Return the camera that has gone around what it looks at, about the axis of up, to the right."""
        axis = np.asarray(self.up) / np.linalg.norm(self.up)
        arm, angle = np.subtract(self.position, self.look_at), radians(degrees)
        arm = arm * cos(angle) + np.cross(axis, arm) * sin(angle) + axis * (axis @ arm) * (1 - cos(angle))
        return replace(self, position=_vector(np.asarray(self.look_at) + arm))


def middle(geometry: VolumeGeometry) -> Vector:
    """Return LPS mm of the voxel in the middle of a volume."""
    return _vector(geometry.to_patient([size // 2 for size in geometry.shape]))


def camera_at(side: str, look_at: Vector) -> Camera:
    """Return the camera that sees a side of the patient, one of `SIDES`."""
    direction, up = SIDES[side]
    return Camera(_vector(np.subtract(look_at, direction)), look_at, up)


def upright(direction: Vector) -> Vector:
    """Return up for a camera without one: to the head, or to the front where it looks along the body."""
    return _ANTERIOR if np.linalg.norm(np.cross(direction, _SUPERIOR)) < np.linalg.norm(direction) / 2 else _SUPERIOR


def swivel(camera: Camera, degrees: float, step: float) -> list[Camera]:
    """Return the cameras of a swivel, of which the given one is the middle (PS3.3 C.11.29.1).

    They are ``degrees / step``, rounded, and a step apart: so many the standard wants (PS3.18 section 8.3.5.3.9).

    >>> len(swivel(camera_at("a", (0.0, 0.0, 0.0)), 180, 5))
    36
    """
    count = max(1, round(degrees / step))
    return [camera.turned((number - (count - 1) / 2) * step) for number in range(count)]


def along(camera: Camera, points: Sequence[Vector], step: float) -> list[Camera]:
    """Return the cameras that look at the points of a polyline one after another, a step in mm apart.

    They keep the direction of looking, and are as many as steps fit into the length (PS3.18 section 8.3.5.3.11).

    Parameters
    ----------
    points : sequence of (float, float, float)
        At least two, LPS mm, not all at one place.
    """
    corners = np.asarray(points, np.float64)
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=1))])
    distances = np.arange(max(1, round(float(lengths[-1]) / step))) * float(step)
    places = np.stack([np.interp(distances, lengths, corners[:, axis]) for axis in range(3)], axis=-1)
    return [camera.moved_to(_vector(place)) for place in places]


def curve_length(points: Sequence[Vector]) -> float:
    """Return the length of a polyline in mm."""
    return float(np.linalg.norm(np.diff(np.asarray(points, np.float64), axis=0), axis=1).sum())


def planes_of(cameras: Sequence[Camera], geometry: VolumeGeometry, viewport: Viewport | None) -> list[ImagePlane]:
    """Return the pixels of the pictures that cameras see, all of one size and spacing.

    Without a viewport a pixel is as large as the smallest side of a voxel, or larger where the picture would have too
    many; a viewport is filled, so that the whole volume fits into it in every picture. A region of the viewport is
    counted in the pixels of the picture without one, and fits into the viewport in its own aspect ratio.

    Raises
    ------
    BadRequestError
        The viewport names a region outside of the picture.
    """
    half = np.max([_reach(camera, geometry) for camera in cameras], axis=0)
    smallest = min(*geometry.spacing, geometry.slice_spacing)
    spacing = max(smallest, float(2 * half.max()) / LARGEST_NATURAL_SIDE)
    rows, columns = (max(1, ceil(2 * float(reach) / spacing - 1e-6)) for reach in half)
    if viewport is None:
        return [
            _plane(camera, (0.0, 0.0, columns, rows), (rows, columns), spacing, (rows, columns)) for camera in cameras
        ]
    if viewport.is_whole:
        spacing = max(2 * float(half[0]) / viewport.rows, 2 * float(half[1]) / viewport.columns)
        rows, columns = viewport.rows, viewport.columns
    region = viewport.region(rows, columns)
    shape = (
        (rows, columns) if viewport.is_whole else fitted_shape(region[3], region[2], viewport.rows, viewport.columns)
    )
    return [_plane(camera, region, shape, spacing, (rows, columns)) for camera in cameras]


def meets(camera: Camera, geometry: VolumeGeometry, thickness: float) -> bool:
    """Whether the plane through what the camera looks at, at right angles to looking, meets a volume.

    Parameters
    ----------
    thickness : float
        mm of a slab around the plane.
    """
    depths = (_outline(geometry) - np.asarray(camera.look_at)) @ camera.axes[2]
    return bool(depths.min() <= thickness / 2 and depths.max() >= -thickness / 2)


def _outline(geometry: VolumeGeometry) -> Floats:
    """Return LPS mm, shape (8, 3), of the outer corners of the corner voxels."""
    ends = [(-0.5, size - 0.5) for size in geometry.shape]
    return geometry.to_patient([(s, r, c) for s in ends[0] for r in ends[1] for c in ends[2]])


def _reach(camera: Camera, geometry: VolumeGeometry) -> Floats:
    """Return how far the volume goes from the middle of the picture: mm up or down, and to a side."""
    seen = np.abs((_outline(geometry) - np.asarray(camera.look_at)) @ camera.axes[:2].T).max(axis=0)
    return np.asarray(seen[::-1])


def _plane(
    camera: Camera,
    region: tuple[float, float, float, float],
    shape: tuple[int, int],
    spacing: float,
    whole: tuple[int, int],
) -> ImagePlane:
    """Return the pixels of a region, in pixels of `spacing`, of the picture of `whole` rows and columns."""
    left, top, width, height = region
    right, down, _ = camera.axes
    pixel = spacing * height / shape[0], spacing * width / shape[1]
    across = (left - whole[1] / 2) * spacing + pixel[1] / 2
    along_rows = (top - whole[0] / 2) * spacing + pixel[0] / 2
    origin = np.asarray(camera.look_at) + across * right + along_rows * down
    return ImagePlane(_vector(origin), _vector(right), _vector(down), pixel, *shape)


def _vector(values: Floats) -> Vector:
    x, y, z = (float(value) + 0.0 for value in values)
    return x, y, z
