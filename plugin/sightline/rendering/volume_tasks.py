"""What workers do for pictures of volumes: cuts in any plane, and projections.

Everything here gets and gives plain JSON and buffers, see `sightline.rendering.worker.Task`. Arguments are those of
`tasks.render_plane`, with ``source`` (what `volume_sources.source_argument` gave) in place of a grid and an index;
``derived`` describes the second descriptor, see `sightline.rendering.preparation`, or is null; ``range`` is the least
and most modality value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sightline.errors import UnprocessableError
from sightline.kernels.geometry import GeometryError, VolumeGeometry
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.oblique import cut
from sightline.kernels.projection import project
from sightline.kernels.slab import cut_slab
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.fusion_tasks import laid_over
from sightline.rendering.look import GREY, Look
from sightline.rendering.mapping import derived_arrays, shared_voxels
from sightline.rendering.tasks import encoded_picture, geometry_from_json, grey_of_samples, volume_transform
from sightline.rendering.volume_sources import plane_from_argument

Mode = Literal["max", "min", "mean"]
_OPPOSITE: dict[Mode, Mode] = {"max": "min", "min": "max"}


@dataclass(frozen=True)
class MappedVolume:
    """The voxels of a shared volume, what they mean, and the picture that is wanted of them."""

    identity: str
    voxels: NDArray[Any]
    geometry: VolumeGeometry
    slope: float
    intercept: float
    padding: tuple[int, int] | None
    plane: ImagePlane


def mapped(arguments: Mapping[str, Any], fds: Sequence[int]) -> MappedVolume:
    """Map the volume that a task is about, the first descriptor."""
    description = arguments["volume"]
    return MappedVolume(
        identity=description["id"],
        voxels=shared_voxels(description, fds[0]),
        geometry=geometry_from_json(arguments["geometry"]),
        slope=description["slope"],
        intercept=description["intercept"],
        padding=None if description["padding"] is None else tuple(description["padding"]),
        plane=plane_from_argument(arguments["source"]["plane"]),
    )


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what a kernel says of a volume that it cannot use into `UnprocessableError`."""
    try:
        yield
    except GeometryError as refusal:
        raise UnprocessableError(refusal.reason, "no-volume") from None


def render_cut(arguments: dict[str, Any], buffers: Sequence[Buffer], fds: Sequence[int]) -> Reply:
    """Cut any plane, or a slab around it, out of a shared volume. The reply is `encoded_picture`'s.

    ``overlay`` describes what is laid over it, the last descriptor, or is null; ``fusion`` says how, see
    `overlay_volume.Overlay.arguments`.
    """
    volume, source = mapped(arguments, fds), arguments["source"]
    values = _cut(volume, source)
    if arguments["overlay"] is None:
        return _grey(arguments, buffers, values, volume)
    view, look = arguments["view"], Look.of(arguments["view"]["look"])
    base = grey_of_samples(values, volume_transform(arguments, buffers), replace(look, colour_map=GREY))
    fusion = arguments["fusion"]
    upper = {"volume": arguments["overlay"], "geometry": fusion["geometry"], "source": source}
    stored = _cut(mapped(upper, fds[-1:]), source)
    picture = laid_over(base, stored, arguments["overlay"], fusion, look.colour_map)
    return encoded_picture(picture, view, volume.plane.pixel_spacing, arguments["lossy"], view["window"])


def _cut(volume: MappedVolume, source: Mapping[str, Any]) -> NDArray[np.float32]:
    """Return stored values in the plane or the slab of a source, not-a-number where there is no image."""
    place, padding = (volume.voxels, volume.geometry, volume.plane), volume.padding
    with refusing():
        if source["slab"]:
            return cut_slab(*place, source["slab"], _mode(volume, source), padding=padding)
        return cut(*place, padding=padding)


def render_projection(arguments: dict[str, Any], buffers: Sequence[Buffer], fds: Sequence[int]) -> Reply:
    """Project a shared volume onto a plane. The reply is `encoded_picture`'s.

    Raises
    ------
    UnprocessableError
        Its slices are unevenly spaced.
    """
    volume = mapped(arguments, fds)
    place, mode = (volume.voxels, volume.geometry, volume.plane), _mode(volume, arguments["source"])
    with refusing():
        columns = derived_arrays(arguments["derived"], fds[1])[0] if arguments["derived"] else None
        values = project(
            *place,
            mode,
            interpolation="bilinear",
            padding=volume.padding,
            value_range=_stored_range(volume, arguments["range"]),
            x_major=columns,
        )
    return _grey(arguments, buffers, values, volume)


def _stored_range(volume: MappedVolume, ends: Sequence[float]) -> tuple[float, float] | None:
    """Return the least and greatest voxel, of modality values; None where padding may lie beyond."""
    if volume.padding is not None or volume.slope == 0:
        return None
    low, high = sorted((end - volume.intercept) / volume.slope for end in ends)
    # Rounding must not make the range too small.
    return floor(low - 0.01), ceil(high + 0.01)


def _mode(volume: MappedVolume, source: Mapping[str, Any]) -> Mode:
    """Return how stored values are combined, so that modality values are as the source says."""
    blend: Mode = source["blend"]
    return _OPPOSITE.get(blend, blend) if volume.slope < 0 else blend


def _grey(
    arguments: Mapping[str, Any], buffers: Sequence[Buffer], stored: NDArray[np.float32], volume: MappedVolume
) -> Reply:
    transform, view = volume_transform(arguments, buffers), arguments["view"]
    picture = grey_of_samples(stored, transform, Look.of(view["look"]))
    return encoded_picture(picture, view, volume.plane.pixel_spacing, arguments["lossy"], view["window"])
