"""What workers do for volume renderings; arguments are as in `sightline.rendering.volume_tasks`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.clipping import HalfSpace
from sightline.kernels.pyramid import Pyramid, build_pyramid
from sightline.kernels.transfer import TransferFunction
from sightline.kernels.transfer_presets import PRESETS
from sightline.kernels.volume_rendering import render
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.preparation import shared_pyramid, without_padding
from sightline.rendering.tasks import encoded_picture
from sightline.rendering.volume_sources import WITHOUT_UNIT, plane_from_argument
from sightline.rendering.volume_tasks import MappedVolume, mapped, refusing

# Making a pyramid takes longer than looking at it; a swivel looks at one some dozen times.
_pyramids: dict[str, Pyramid] = {}


def render_rendering(arguments: dict[str, Any], _buffers: Sequence[Buffer], fds: Sequence[int]) -> Reply:
    """Render a shared volume, the first descriptor, in colours before black; the second is that of its pyramid."""
    return _encoded(_rendered(arguments, fds), arguments)


def render_band(arguments: dict[str, Any], _buffers: Sequence[Buffer], fds: Sequence[int]) -> Reply:
    """Render some rows of a picture, with arguments as if they were all of it: the reply has their bytes."""
    return Reply({}, (_rendered(arguments, fds).tobytes(),))


def encode_rendering(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Encode the rows that `render_band` has made, one after the other in one buffer."""
    plane = plane_from_argument(arguments["source"]["plane"])
    colours = np.frombuffer(buffers[0], np.uint8).reshape(plane.rows, plane.columns, 3)
    return _encoded(colours, arguments)


def _rendered(arguments: Mapping[str, Any], fds: Sequence[int]) -> NDArray[np.uint8]:
    """Return red, green and blue, (rows, columns, 3)."""
    volume, source = mapped(arguments, fds), arguments["source"]
    clip = [HalfSpace(tuple(point), tuple(direction)) for point, direction in source["clips"]]
    window = arguments["view"]["window"]
    transfer = _transfer(source["preset"], window).over_stored_values(volume.slope, volume.intercept)
    pyramid = _pyramid(volume, arguments, fds)
    # Colours are those of what holds light back, times how much it does: before black that is the picture.
    return render(pyramid, volume.plane, transfer, quality=source["detail"], clip=clip)[..., :3]


def _encoded(colours: NDArray[np.uint8], arguments: Mapping[str, Any]) -> Reply:
    plane = plane_from_argument(arguments["source"]["plane"])
    return encoded_picture(colours, arguments["view"], plane.pixel_spacing, arguments["lossy"], None)


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
