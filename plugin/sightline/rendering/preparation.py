"""What is derived from a volume for its pictures: a copy by columns, and the pyramid of volume renderings.

`recipe_for` says what a picture would be quicker with; the tasks fill shared memory, and read it, in workers only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.errors import UnprocessableError
from sightline.kernels.geometry import VolumeGeometry
from sightline.kernels.occupancy import Occupancy, occupancy_shape
from sightline.kernels.projection import x_major_copy
from sightline.kernels.pyramid import Pyramid, build_pyramid, level_shapes, pyramid_of
from sightline.kernels.shear_warp import factorise
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.derived import Recipe
from sightline.rendering.mapping import derived_arrays, shared_voxels
from sightline.rendering.volume_plan import VolumePlan
from sightline.rendering.volume_sources import ProjectionOf, RenderingOf, VolumeSource

_COLUMN_AXIS = 2


def recipe_for(plan: VolumePlan, source: VolumeSource) -> Recipe | None:
    """Return what a picture is made of sooner than of the volume as it is, if there is such."""
    geometry = plan.geometry
    if not geometry.even:
        return None
    if isinstance(source, RenderingOf):
        levels = level_shapes(geometry.shape)
        ends = [shape for level in levels for shape in [occupancy_shape(level)] * 2]
        own = levels if _may_hold_padding(plan.description()) else levels[1:]
        arrays = tuple((shape, plan.dtype) for shape in (*own, *ends))
        return Recipe("pyramid", f"{__name__}:fill_pyramid", arrays)
    if isinstance(source, ProjectionOf) and factorise(geometry, source.plane).axis == _COLUMN_AXIS:
        slices, rows, columns = geometry.shape
        return Recipe("columns", f"{__name__}:fill_columns", (((columns, slices, rows), plan.dtype),))
    return None


def fill_columns(arguments: dict[str, Any], _: Sequence[Buffer], fds: Sequence[int]) -> Reply:
    """Copy a volume, the first descriptor, by columns."""
    (target,) = derived_arrays(arguments["derived"], fds[1])
    np.copyto(target, x_major_copy(shared_voxels(arguments["volume"], fds[0])))
    return Reply({})


def fill_pyramid(arguments: dict[str, Any], _: Sequence[Buffer], fds: Sequence[int]) -> Reply:
    """Make the pyramid of a volume, the first descriptor, without its padding. Level 0 may be the volume itself."""
    voxels = without_padding(shared_voxels(arguments["volume"], fds[0]), arguments["volume"])
    targets = derived_arrays(arguments["derived"], fds[1])
    # Where it lies does not matter to what its levels hold.
    levels = build_pyramid(voxels, _anywhere(voxels.shape)).levels
    own = levels if _may_hold_padding(arguments["volume"]) else levels[1:]
    ends = [end for level in levels for end in (level.occupancy.least, level.occupancy.greatest)]
    for target, source in zip(targets, [*(level.voxels for level in own), *ends], strict=True):
        np.copyto(target, source)
    return Reply({})


def shared_pyramid(
    voxels: NDArray[Any], geometry: VolumeGeometry, description: Mapping[str, Any], descriptor: int
) -> Pyramid:
    """Return the pyramid of a volume that `fill_pyramid` has left in shared memory."""
    arrays = derived_arrays(description, descriptor)
    count = len(level_shapes(voxels.shape))
    own, ends = arrays[: -2 * count], arrays[-2 * count :]
    occupancies = [Occupancy(ends[2 * index], ends[2 * index + 1]) for index in range(count)]
    return pyramid_of(own if len(own) == count else [voxels, *own], occupancies, geometry)


def _may_hold_padding(description: Mapping[str, Any]) -> bool:
    return description["padding"] is not None or np.dtype(description["dtype"]).kind == "f"


def without_padding(voxels: NDArray[Any], description: Mapping[str, Any]) -> NDArray[Any]:
    """Return voxels with what stands for the least modality value in place of padding, which would be seen as it is.

    Parameters
    ----------
    voxels : array, (slices, rows, columns)
    description : Mapping
        Of the volume, with ``padding`` and ``slope``.

    Raises
    ------
    UnprocessableError
        There is nothing but padding.
    """
    if not _may_hold_padding(description):
        return voxels
    padding = description["padding"]
    masks = (_is_padding(plane, padding) for plane in voxels)
    kept = [plane[~mask] for plane, mask in zip(voxels, masks, strict=True)]
    ends = [end for values in kept if values.size for end in (values.min(), values.max())]
    if not ends:
        raise UnprocessableError("These images hold nothing but padding.", "no-volume")
    filled = voxels.copy()
    for plane in filled:
        plane[_is_padding(plane, padding)] = min(ends) if description["slope"] > 0 else max(ends)
    return filled


def _is_padding(plane: NDArray[Any], padding: Sequence[int] | None) -> NDArray[np.bool_]:
    nothing = np.isnan(plane) if plane.dtype.kind == "f" else np.zeros(plane.shape, np.bool_)
    return nothing if padding is None else nothing | ((plane >= padding[0]) & (plane <= padding[1]))


def _anywhere(shape: tuple[int, ...]) -> VolumeGeometry:
    slices, rows, columns = shape
    axes = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    return VolumeGeometry(
        (slices, rows, columns), (0.0, 0.0, 0.0), *axes, (1.0, 1.0), tuple(float(k) for k in range(slices))
    )
