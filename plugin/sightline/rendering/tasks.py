"""What workers do for the engine: read headers, render frames, load slices into a volume, cut planes out of it.

Everything here gets and gives plain JSON and buffers, see `sightline.rendering.worker.Task`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydicom import config

from sightline.errors import NotFoundError, SightlineError, UnprocessableError
from sightline.kernels.geometry import VolumeGeometry
from sightline.kernels.grayscale import (
    GreyTransform,
    LookUpTable,
    VoiWindow,
    grey_of_modality_values,
    grey_of_stored,
    modality_values,
    value_range,
)
from sightline.kernels.planes import PlaneGrid
from sightline.kernels.reformat import cut_plane, cut_voxels
from sightline.rendering import codecs
from sightline.rendering.annotations import Notes, annotated, notes_of
from sightline.rendering.appearance import grey_transform, picture_of_frame
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.colour_profiles import profiled
from sightline.rendering.encoding import MEDIA_TYPES, encode, loses
from sightline.rendering.files import open_file
from sightline.rendering.filtering import coloured, filtered
from sightline.rendering.headers import read_frames, read_header
from sightline.rendering.look import Look
from sightline.rendering.lookup_tables import voi_lut
from sightline.rendering.mapping import mapped_volume, shared_voxels
from sightline.rendering.provenance import ValueSteps, interpolation_of, steps_of_frame
from sightline.rendering.series_table import (
    FrameEntry,
    entry_from_argument,
    frame_to_json,
    instance_to_json,
    window_from_json,
)
from sightline.rendering.sizing import Spacing, sized
from sightline.rendering.view import ColourProfile, PictureFormat

codecs.register()
# Values that bend the standard are read as they are: they are not ours to judge, and judging them takes time.
config.settings.reading_validation_mode = config.IGNORE


def read_headers(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Read the headers of files.

    Arguments: ``files``, a list of ``{"file": ..., "uuid": str}``. The reply has ``files``, in that order, each with
    ``instance`` and ``frames`` (null and empty: no image), or ``unreadable``, the reason.
    """
    return Reply({"files": [_header(item, buffers) for item in arguments["files"]]})


def _header(item: Mapping[str, Any], buffers: Sequence[Buffer]) -> dict[str, Any]:
    try:
        with open_file(item["file"], buffers) as file:
            frames = read_frames(file, item["uuid"])
    except SightlineError as error:
        return {"unreadable": error.message}
    except RecursionError:
        return {"unreadable": "This file is nested too deeply."}
    return {
        "instance": instance_to_json(frames[0].instance) if frames else None,
        "frames": [frame_to_json(frame) for frame in frames],
    }


def render_frame(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Render one stored frame.

    Arguments: ``file``; ``entry`` or null, then the header is read; ``frame`` from 1; ``view`` with ``window``,
    ``invert``, ``max_size``, ``viewport``, ``format``, ``quality``, ``colour_profile``, ``annotations`` and ``look``.
    The reply is that of `encoded_picture`.
    """
    view = arguments["view"]
    with open_file(arguments["file"], buffers) as file:
        entry = frame_entry(arguments, file)
        pixels, photometric = codecs.decode_frame(file, entry.instance, entry.frame)
        window = window_from_json(view["window"]) if view["window"] else None
        look = Look.of(view["look"])
        picture, applied = picture_of_frame(pixels, photometric, entry, file, window, view["invert"], look)
        picture, profile = profiled(picture, file, ColourProfile(view["colour_profile"]))
        notes = notes_of(file, entry, view["annotations"], applied)
    applied_json, instance = dict(vars(applied)) if applied else None, entry.instance
    aspect, is_grey = instance.pixel_aspect_ratio, photometric.startswith("MONOCHROME")
    steps = steps_of_frame(entry, is_grey, applied, window is not None)
    return encoded_picture(
        picture, view, entry.pixel_spacing, instance.lossy, applied_json, profile, notes, aspect, steps
    )


def frame_entry(arguments: Mapping[str, Any], file: BinaryIO) -> FrameEntry:
    """Return what is known of the frame that a task is about, from its arguments or else from the header."""
    if arguments["entry"] is not None:
        return entry_from_argument(arguments["entry"])
    frames = read_frames(file, "")
    if not 1 <= arguments["frame"] <= len(frames):
        raise NotFoundError(f"The file has {len(frames)} frames.")
    entry: FrameEntry = frames[arguments["frame"] - 1]
    return entry


def encoded_picture(
    picture: NDArray[np.uint8],
    view: Mapping[str, Any],
    spacing: Spacing,
    lossy: bool,
    window: Any,
    profile: bytes | None = None,
    notes: Notes | None = None,
    aspect: Spacing = None,
    steps: ValueSteps | None = None,
) -> Reply:
    """Reduce, annotate and encode; the reply has what `Picture` tells of it, and the bytes."""
    shape = picture.shape
    picture, spacing = sized(picture, view, spacing, aspect)
    if notes is not None:
        picture = annotated(picture, notes)
    rows, columns = picture.shape[:2]
    picture_format = PictureFormat(view["format"])
    content = encode(picture, picture_format, view["quality"], profile)
    encoding_lossy = loses(picture, picture_format)
    return Reply(
        {
            "media_type": MEDIA_TYPES[picture_format],
            "rows": rows,
            "columns": columns,
            "lossy": lossy or encoding_lossy,
            "window": window,
            "pixel_spacing": spacing,
            "steps": steps.to_json() if steps else None,
            "interpolation": interpolation_of(shape, view, picture.shape),
            "stored_lossy": lossy,
            "encoding_lossy": encoding_lossy,
        },
        (content,),
    )


def load_slices(arguments: dict[str, Any], buffers: Sequence[Buffer], fds: Sequence[int]) -> Reply:
    """Decode slices into a shared volume, the only descriptor.

    Arguments: ``volume`` with ``id``, ``shape``, ``dtype`` and ``stored`` (else modality values with padding as
    not-a-number are kept); ``slices``, a list of ``{"index", "file", "frame", "layout"}``. The reply has ``range``, the
    least and most modality value without padding, or null.
    """
    description = arguments["volume"]
    volume = mapped_volume(description["memory"], fds[0], description["shape"], description["dtype"])
    ends: list[float] = []
    for item in arguments["slices"]:
        with open_file(item["file"], buffers) as file:
            entry, out = entry_from_argument(item["layout"]), volume[item["index"]]
            ends.extend(_load_slice(file, entry, item["frame"], out, description))
    return Reply({"range": [min(ends), max(ends)] if ends else None})


def _load_slice(
    file: BinaryIO, entry: FrameEntry, frame: int, out: NDArray[Any], description: Mapping[str, Any]
) -> Sequence[float]:
    """Decode one slice into its place, and return its least and most modality value, or nothing."""
    if description["stored"]:
        ends = codecs.decode_into(file, entry.instance, frame, out)
        return value_range(out, _plain_transform(entry), ends) or ()
    pixels, _ = codecs.decode_frame(file, entry.instance, frame)
    if pixels.shape != out.shape:
        raise UnprocessableError("The pixels of this image are of another size than it says.")
    header = read_header(_rewound(file)) if entry.instance.modality_lut else None
    transform = grey_transform(entry, False, header) if header else _plain_transform(entry)
    out[...] = _modality(pixels, transform)
    return value_range(pixels, transform) or ()


def _rewound(file: Any) -> Any:
    file.seek(0)
    return file


def _plain_transform(entry: FrameEntry) -> GreyTransform:
    return GreyTransform(VoiWindow(0, 1), entry.rescale.slope, entry.rescale.intercept, padding=entry.instance.padding)


def _modality(pixels: NDArray[Any], transform: GreyTransform) -> NDArray[np.float64]:
    values = modality_values(pixels, transform)
    if transform.padding is not None:
        low, high = transform.padding
        values[(pixels >= low) & (pixels <= high)] = np.nan
    return values


def render_plane(arguments: dict[str, Any], buffers: Sequence[Buffer], fds: Sequence[int]) -> Reply:
    """Cut one plane out of a shared volume, the only descriptor.

    Arguments: ``volume`` as in `load_slices`, with ``slope``, ``intercept``, ``padding`` and ``inverse``, and ``part``,
    the first slice and the end of what is there, or null; ``geometry`` of what is there, and ``grid``; ``index``;
    ``lossy``; ``view`` as in `render_frame`, its window given, unless ``voi_lut`` is the file whose VOI LUT is applied
    instead. The reply is `encoded_picture`'s.
    """
    description, view = arguments["volume"], arguments["view"]
    volume = shared_voxels(description, fds[0])
    geometry, grid = geometry_from_json(arguments["geometry"]), grid_from_json(arguments["grid"])
    transform = volume_transform(arguments, buffers)
    padding, window, look = transform.padding, view["window"], Look.of(view["look"])
    if grid.exact and not description["part"]:
        voxels = cut_voxels(volume, geometry, grid, arguments["index"])
        picture = coloured(grey_of_stored(filtered(voxels, transform, look.filter), transform), look)
    else:
        picture = grey_of_samples(cut_plane(volume, geometry, grid, arguments["index"], padding), transform, look)
    return encoded_picture(picture, view, grid.pixel_spacing, arguments["lossy"], window)


def grey_of_samples(stored: NDArray[Any], transform: GreyTransform, look: Look) -> NDArray[np.uint8]:
    """Return the picture of samples between voxels: real stored values, not-a-number where there is no image."""
    # Padding is not-a-number here, and a sample between others may well be of its value.
    values = filtered(stored, replace(transform, padding=None), look.filter)
    return coloured(grey_of_modality_values(modality_values(values, transform), transform), look)


def volume_transform(arguments: Mapping[str, Any], buffers: Sequence[Buffer]) -> GreyTransform:
    """Return what makes grey of the voxels of a volume, of the arguments of `render_plane`."""
    description, view = arguments["volume"], arguments["view"]
    return GreyTransform(
        voi=_plane_voi(view["window"], arguments["voi_lut"], buffers),
        slope=description["slope"],
        intercept=description["intercept"],
        inverse=description["inverse"] != view["invert"],
        padding=None if description["padding"] is None else tuple(description["padding"]),
    )


def _plane_voi(window: Any, file: Mapping[str, Any] | None, buffers: Sequence[Buffer]) -> VoiWindow | LookUpTable:
    if file is None:
        return VoiWindow(window["center"], window["width"], window["function"])
    with open_file(file, buffers) as opened:
        table = voi_lut(read_header(opened))
    if table is None:
        raise UnprocessableError("The VOI LUT of these images has gone.", "bad-lut")
    return table


def geometry_from_json(value: Mapping[str, Any]) -> VolumeGeometry:
    """Make a geometry of its ``dataclasses.asdict`` as JSON gives it back."""
    pairs: Any = {key: tuple(item) if isinstance(item, list) else item for key, item in value.items()}
    pairs["gaps"] = tuple((low, high) for low, high in value["gaps"])
    return VolumeGeometry(**pairs)


def grid_from_json(value: Mapping[str, Any]) -> PlaneGrid:
    """Make a grid of its ``dataclasses.asdict`` as JSON gives it back."""
    pairs: Any = {key: tuple(item) if isinstance(item, list) else item for key, item in value.items()}
    return PlaneGrid(**pairs)
