"""What a series' volume will be, planned from its table before any pixel is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from sightline.errors import NotFoundError
from sightline.kernels.geometry import (
    GeometryError,
    SlicePlane,
    VolumeGeometry,
    plan_volume,
)
from sightline.kernels.planes import PlaneGrid, closest_axes, plan_planes
from sightline.rendering.series_table import FrameEntry, SeriesTable
from sightline.rendering.view import Orientation, Window
from sightline.rendering.volume_sources import Inputs

NORMAL_AXES = {Orientation.SAGITTAL: 0, Orientation.CORONAL: 1, Orientation.AXIAL: 2}
"""Which of x, y and z a plane is perpendicular to."""


@dataclass(frozen=True)
class VolumePlan:
    """A volume and the planes through it.

    Parameters
    ----------
    identity : str
        That of the table, so of the stored files.
    geometry : VolumeGeometry
    grids : Mapping of Orientation to PlaneGrid
    frames : tuple of FrameEntry
        Slice k is ``frames[k]``.
    dtype : str
        numpy type of the voxels.
    stored : bool
        Whether voxels are stored values, as they are where one rescale holds for all slices. Otherwise (PET with a
        slope per slice, Modality LUTs) they are float32 modality values, not-a-number where padding is.
    window : Window or None
        The first that the middle slice proposes.
    voi_lut : FrameEntry or None
        A frame whose VOI LUT all slices have; it is applied instead of `window`.
    """

    identity: str
    geometry: VolumeGeometry
    grids: Mapping[Orientation, PlaneGrid]
    frames: tuple[FrameEntry, ...]
    dtype: str
    stored: bool
    window: Window | None
    voi_lut: FrameEntry | None = None

    @property
    def size(self) -> int:
        """Bytes of all voxels."""
        slices, rows, columns = self.geometry.shape
        bits = {"float64": 64, "float32": 32}.get(self.dtype) or int("".join(filter(str.isdecimal, self.dtype)))
        return slices * rows * columns * bits // 8

    def slices_of(self, orientation: Orientation, index: int) -> tuple[int, ...] | None:
        """Return the slices that a plane is made of; None: of all."""
        grid, geometry = self.grids[orientation], self.geometry
        if not grid.exact or closest_axes(geometry)[NORMAL_AXES[orientation]] != 0:
            return None
        return (round(float(geometry.to_index(grid.to_patient((index, 0, 0)))[0])),)

    def geometry_of(self, part: range) -> VolumeGeometry:
        """Return the geometry of a run of slices, two or more."""
        whole = self.geometry
        distances = whole.distances[part.start : part.stop]
        start, end = distances[0], distances[-1]
        x, y, z = whole.to_patient((part.start, 0, 0)).tolist()
        return replace(
            whole,
            shape=(len(part), *whole.shape[1:]),
            origin=(x, y, z),
            distances=tuple(distance - start for distance in distances),
            gaps=tuple((low - start, high - start) for low, high in whole.gaps if start <= low and high <= end),
        )

    def warnings(self) -> tuple[str, ...]:
        """Return what a reader of the planes should know."""
        geometry = self.geometry
        found = []
        if geometry.tilt_degrees > 0.1:
            found.append(f"The gantry was tilted by {geometry.tilt_degrees:.1f} degrees; this is corrected.")
        if not geometry.even:
            steps = [b - a for a, b in zip(geometry.distances, geometry.distances[1:], strict=False)]
            found.append(f"Slices lie {min(steps):.2f} to {max(steps):.2f} mm apart; planes are interpolated.")
        if self.voi_lut is None and any(frame.instance.voi_lut for frame in self.frames):
            found.append("The images have different VOI LUTs, which planes do not show; a window is applied instead.")
        # A series has one frame of reference (PS3.3 C.7.4.1); de-identification breaks that for each file apart.
        if len({frame.instance.frame_of_reference_uid for frame in self.frames}) > 1:
            found.append("The images name different frames of reference; being of one series, they are taken as one.")
        found.extend(
            f"Slices are missing over {high - low:.1f} mm; nothing is shown there." for low, high in geometry.gaps
        )
        return tuple(found)

    def description(self) -> dict[str, Any]:
        """Return what the tasks that load and cut need to know of the voxels."""
        first = self.frames[0]
        return {
            "shape": self.geometry.shape,
            "dtype": self.dtype,
            "stored": self.stored,
            "slope": first.rescale.slope if self.stored else 1.0,
            "intercept": first.rescale.intercept if self.stored else 0.0,
            "padding": first.instance.padding if self.stored else None,
            "inverse": first.instance.is_inverse,
        }


def chosen(table: SeriesTable, inputs: Inputs) -> SeriesTable:
    """Return the part of a table that a volume is to be made of, with an identity of its own.

    Raises
    ------
    NotFoundError
        The series has no such instance or frame.
    """
    if not inputs.instances:
        return table
    wanted, numbers = set(inputs.instances), set(inputs.frames)
    unreadable = tuple((uid, reason) for uid, reason in table.unreadable if uid in wanted)
    frames = tuple(f for f in table.frames if f.sop_instance_uid in wanted and (not numbers or f.frame in numbers))
    there = {frame.sop_instance_uid for frame in frames} | {uid for uid, _ in unreadable} | set(table.other)
    if not wanted <= there or (numbers and len(frames) != len(numbers)):
        raise NotFoundError("There is no such instance or frame in this series.")
    identity = sha256(f"{table.identity}\n{sorted(wanted)}\n{sorted(numbers)}".encode()).hexdigest()[:32]
    return replace(table, identity=identity, frames=frames, unreadable=unreadable)


def plan(table: SeriesTable) -> VolumePlan:
    """Plan the volume of a series.

    Raises
    ------
    GeometryError
        The series is no volume; the reason is for the reader.
    """
    if table.unreadable:
        raise GeometryError(f"{len(table.unreadable)} of the images cannot be read.")
    if not table.frames:
        raise GeometryError("There are no images in this series.")
    if not all(frame.instance.is_grey for frame in table.frames):
        raise GeometryError("Colour images cannot be cut into other planes.")
    if any(frame.instance.mosaic for frame in table.frames):
        raise GeometryError("Each image is a mosaic of slices; where they lie only its private header says.")
    geometry, order = plan_volume([_slice(frame) for frame in table.frames])
    frames = tuple(table.frames[index] for index in order)
    dtype, stored = _voxels(frames)
    middle = frames[len(frames) // 2].windows
    grids = {Orientation(name): grid for name, grid in plan_planes(geometry).items()}
    window = middle[0].window if middle else None
    return VolumePlan(table.identity, geometry, grids, frames, dtype, stored, window, _shared_voi_lut(frames))


def _shared_voi_lut(frames: tuple[FrameEntry, ...]) -> FrameEntry | None:
    """Return a frame whose VOI LUT is that of all."""
    digests = {frame.instance.voi_lut_digest for frame in frames}
    return frames[len(frames) // 2] if len(digests) == 1 and digests != {""} else None


def _slice(frame: FrameEntry) -> SlicePlane:
    # The spacing at a detector is not that in the patient (PS3.3 10.7.1.3).
    spacing = frame.pixel_spacing if frame.spacing_origin == "PixelSpacing" else None
    return SlicePlane(
        position=frame.image_position_patient,
        orientation=frame.image_orientation_patient,
        pixel_spacing=spacing,
        rows=frame.instance.rows,
        columns=frame.instance.columns,
    )


def _voxels(frames: tuple[FrameEntry, ...]) -> tuple[str, bool]:
    """Return the type of the voxels, and whether they are stored values."""
    kinds = {
        (
            frame.rescale.slope,
            frame.rescale.intercept,
            frame.instance.padding,
            frame.instance.pixel_keyword,
            frame.instance.bits_allocated,
            frame.instance.pixel_representation,
        )
        for frame in frames
    }
    if len(kinds) > 1 or any(frame.instance.modality_lut for frame in frames):
        return "float32", False
    instance = frames[0].instance
    if instance.pixel_keyword != "PixelData":
        return ("float32" if instance.pixel_keyword == "FloatPixelData" else "float64"), True
    sign = "" if instance.pixel_representation else "u"
    return f"{sign}int{max(8, instance.bits_allocated)}", True
