"""What workers do for volume renderings; arguments are as in `sightline.rendering.volume_tasks`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.errors import UnprocessableError
from sightline.kernels.clipping import HalfSpace
from sightline.kernels.pyramid import Pyramid, build_pyramid
from sightline.kernels.transfer import TransferFunction
from sightline.kernels.transfer_presets import PRESETS
from sightline.kernels.volume_rendering import render
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.tasks import encoded_picture
from sightline.rendering.volume_sources import WITHOUT_UNIT
from sightline.rendering.volume_tasks import MappedVolume, mapped, refusing

# Making a pyramid takes longer than looking at it; a swivel looks at one some dozen times.
_pyramids: dict[str, Pyramid] = {}


def render_rendering(arguments: dict[str, Any], _buffers: Sequence[Buffer], fds: Sequence[int]) -> Reply:
    """Render a shared volume, the only descriptor, in colours before black."""
    volume, source, view = mapped(arguments, fds), arguments["source"], arguments["view"]
    clip = [HalfSpace(tuple(point), tuple(direction)) for point, direction in source["clips"]]
    transfer = _transfer(source["preset"], view["window"]).over_stored_values(volume.slope, volume.intercept)
    colours = render(_pyramid(volume), volume.plane, transfer, clip=clip)
    # Colours are those of what holds light back, times how much it does: before black that is the picture.
    return encoded_picture(colours[..., :3], view, volume.plane.pixel_spacing, arguments["lossy"], None)


def _transfer(preset: str, window: Mapping[str, Any]) -> TransferFunction:
    """Return a preset in modality values; that for values without a unit is laid over the window."""
    if preset != WITHOUT_UNIT:
        return PRESETS[preset]
    half = window["width"] / 2
    return PRESETS[preset].stretched(window["center"] - half, window["center"] + half)


def _pyramid(volume: MappedVolume) -> Pyramid:
    """Return the volume at all resolutions, made once."""
    if volume.identity not in _pyramids:
        _pyramids.clear()
        with refusing():
            _pyramids[volume.identity] = build_pyramid(_without_padding(volume), volume.geometry)
    return _pyramids[volume.identity]


def _without_padding(volume: MappedVolume) -> NDArray[Any]:
    """Return voxels with the least value in place of padding, which would be seen as what it happens to be."""
    voxels, is_float = volume.voxels, volume.voxels.dtype.kind == "f"
    if volume.padding is None and not is_float:
        return voxels
    masks = (_padding(plane, volume.padding) for plane in voxels)
    kept = [plane[~mask] for plane, mask in zip(voxels, masks, strict=True)]
    ends = [end for values in kept if values.size for end in (values.min(), values.max())]
    if not ends:
        raise UnprocessableError("These images hold nothing but padding.", "no-volume")
    filled = voxels.copy()
    for plane in filled:
        plane[_padding(plane, volume.padding)] = min(ends) if volume.slope > 0 else max(ends)
    return filled


def _padding(plane: NDArray[Any], padding: tuple[int, int] | None) -> NDArray[np.bool_]:
    nothing = np.isnan(plane) if plane.dtype.kind == "f" else np.zeros(plane.shape, np.bool_)
    return nothing if padding is None else nothing | ((plane >= padding[0]) & (plane <= padding[1]))
