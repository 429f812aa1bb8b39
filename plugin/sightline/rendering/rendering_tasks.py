"""What workers do for volume renderings; arguments are as in `sightline.rendering.volume_tasks`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sightline.kernels.clipping import HalfSpace
from sightline.kernels.pyramid import Pyramid, build_pyramid
from sightline.kernels.transfer import TransferFunction
from sightline.kernels.transfer_presets import PRESETS
from sightline.kernels.volume_rendering import render
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.preparation import shared_pyramid, without_padding
from sightline.rendering.tasks import encoded_picture
from sightline.rendering.volume_sources import WITHOUT_UNIT
from sightline.rendering.volume_tasks import MappedVolume, mapped, refusing

# Making a pyramid takes longer than looking at it; a swivel looks at one some dozen times.
_pyramids: dict[str, Pyramid] = {}


def render_rendering(arguments: dict[str, Any], _buffers: Sequence[Buffer], fds: Sequence[int]) -> Reply:
    """Render a shared volume, the first descriptor, in colours before black; the second is that of its pyramid."""
    volume, source, view = mapped(arguments, fds), arguments["source"], arguments["view"]
    clip = [HalfSpace(tuple(point), tuple(direction)) for point, direction in source["clips"]]
    transfer = _transfer(source["preset"], view["window"]).over_stored_values(volume.slope, volume.intercept)
    pyramid = _pyramid(volume, arguments, fds)
    colours = render(pyramid, volume.plane, transfer, quality=source["detail"], clip=clip)
    # Colours are those of what holds light back, times how much it does: before black that is the picture.
    return encoded_picture(colours[..., :3], view, volume.plane.pixel_spacing, arguments["lossy"], None)


def _transfer(preset: str, window: Mapping[str, Any]) -> TransferFunction:
    """Return a preset in modality values; that for values without a unit is laid over the window."""
    if preset != WITHOUT_UNIT:
        return PRESETS[preset]
    half = window["width"] / 2
    return PRESETS[preset].stretched(window["center"] - half, window["center"] + half)


def _pyramid(volume: MappedVolume, arguments: Mapping[str, Any], fds: Sequence[int]) -> Pyramid:
    """Return the volume at all resolutions: from shared memory, or made here once while that is being filled."""
    if arguments["derived"] is not None:
        _pyramids.clear()
        return shared_pyramid(volume.voxels, volume.geometry, arguments["derived"], fds[1])
    if volume.identity not in _pyramids:
        _pyramids.clear()
        with refusing():
            voxels = without_padding(volume.voxels, arguments["volume"])
            _pyramids[volume.identity] = build_pyramid(voxels, volume.geometry)
    return _pyramids[volume.identity]
