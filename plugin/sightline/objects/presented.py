"""Pictures of images as a presentation state shows them: PS3.4 N.2, step by step. Runs in workers only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread

from sightline.errors import SightlineError, UnprocessableError
from sightline.kernels.grayscale import GreyTransform, LookUpTable, VoiWindow, full_range_window, grey_of_stored
from sightline.kernels.overlays import Mask
from sightline.kernels.presentation import (
    Point,
    oriented,
    oriented_point,
)
from sightline.kernels.resize import reduced_shape
from sightline.kernels.viewport import fitted_shape, resample_region
from sightline.objects import drawing
from sightline.objects.annotations import WHITE
from sightline.objects.presentation_state import (
    PRESENTATION_STATES,
    DisplayedArea,
    Presentation,
    check_supported,
    read_presentation,
    read_references,
)
from sightline.rendering import codecs
from sightline.rendering.annotations import notes_of
from sightline.rendering.appearance import masks_of_frame
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.files import open_file
from sightline.rendering.overlays import overlay_masks, overlay_plane
from sightline.rendering.provenance import Interpolation, Modality, ValueSteps, Voi, VoiOrigin, interpolation_of
from sightline.rendering.series_table import FrameEntry, Rescale
from sightline.rendering.shutters import behind_shutter
from sightline.rendering.sizing import LARGEST_PICTURE
from sightline.rendering.tasks import encoded_picture, frame_entry
from sightline.rendering.view import VoiFunction, Window
from sightline.rendering.viewport import Viewport

Bytes = NDArray[np.uint8]


def list_references(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Say which images a presentation state is for.

    Arguments: ``file``. The reply has ``images``, a list of ``series``, ``instance`` and ``frames`` (empty: all); null
    if the file is no presentation state.

    Raises
    ------
    UnprocessableError
        It is one that cannot be shown.
    """
    with open_file(arguments["file"], buffers) as file:
        dataset = _read(file)
    return Reply({"images": _understood(lambda: _images(dataset))})


def _images(dataset: Dataset) -> list[dict[str, Any]] | None:
    if not str(dataset.get("SOPClassUID", "")).startswith(PRESENTATION_STATES):
        return None
    check_supported(dataset)
    return [
        {"series": found.series_instance_uid, "instance": found.sop_instance_uid, "frames": list(found.frames)}
        for found in read_references(dataset)
    ]


def render_presented(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Render one stored frame as a presentation state shows it.

    Arguments are those of `sightline.rendering.tasks:render_frame`, and ``presentation``, the file of the presentation
    state; the view has no window. The reply is the same.
    """
    view = arguments["view"]
    with open_file(arguments["presentation"], buffers) as file:
        dataset = _read(file)
    with open_file(arguments["file"], buffers) as file:
        entry = frame_entry(arguments, file)
        presentation = _understood(lambda: read_presentation(dataset, entry.instance.sop_instance_uid, entry.frame))
        pixels, photometric = codecs.decode_frame(file, entry.instance, entry.frame)
        if not photometric.startswith("MONOCHROME"):
            raise UnprocessableError("A grayscale presentation state cannot be applied to a colour image.")
        transform = _transform(presentation, entry)
        picture = grey_of_stored(pixels, transform)
        masks = _masks(presentation, dataset, entry, file)
        picture = _covered(picture, presentation, masks, _shutter_plane(presentation, dataset, entry))
        picture, view, drawn = _displayed(picture, presentation, view)
        window = _window(transform.voi) if presentation.voi is not None else None
        notes = notes_of(file, entry, view["annotations"], None)
    steps = _steps(presentation, transform)
    reply = encoded_picture(picture, view, None, entry.instance.lossy, window, None, notes, steps=steps)
    return Reply({**reply.values, "interpolation": [*drawn, *reply.values["interpolation"]]}, reply.buffers)


def _read(file: BinaryIO) -> Dataset:
    try:
        return dcmread(file, force=True)
    except (MemoryError, RecursionError):
        raise
    except Exception as error:
        raise UnprocessableError("This file cannot be read.", "unreadable") from error


def _understood(read: Any) -> Any:
    """Call what parses values, in which anything can be."""
    try:
        return read()
    except (MemoryError, RecursionError, SightlineError):
        raise
    except Exception as error:
        raise UnprocessableError("This presentation state is damaged.", "bad-state") from error


def _transform(presentation: Presentation, entry: FrameEntry) -> GreyTransform:
    """Return all steps from stored value to grey; the image's own photometric interpretation takes no part."""
    voi = presentation.voi
    if voi is None:
        voi = full_range_window(_modality_range(presentation, entry))
    return GreyTransform(
        voi=voi,
        slope=presentation.slope,
        intercept=presentation.intercept,
        modality_lut=presentation.modality_lut,
        inverse=presentation.inverse,
        padding=entry.instance.padding,
        presentation_lut=presentation.presentation_lut,
    )


def _steps(presentation: Presentation, transform: GreyTransform) -> ValueSteps:
    """Return the steps as a picture's provenance tells them: the presentation state says all of them."""
    rescale = Rescale(presentation.slope, presentation.intercept)
    modality = Modality.NONE if rescale == Rescale() else Modality.RESCALE
    if presentation.modality_lut is not None:
        modality = Modality.LUT
    window = Window(**_window(transform.voi)) if isinstance(transform.voi, VoiWindow) else None
    origin = VoiOrigin.FULL_RANGE if presentation.voi is None else VoiOrigin.PRESENTATION_STATE
    kept = rescale if modality is Modality.RESCALE else None
    return ValueSteps(modality, kept, Voi.WINDOW if window else Voi.LUT, origin, window)


def _modality_range(presentation: Presentation, entry: FrameEntry) -> tuple[float, float]:
    """Return the modality values that are possible: without a VOI LUT they are shown as they are, from end to end."""
    if presentation.modality_lut is not None:
        return 0.0, float((1 << presentation.modality_lut.bits) - 1)
    instance = entry.instance
    if instance.pixel_keyword != "PixelData":
        raise UnprocessableError("This presentation state has no window for pixels that are real numbers.")
    low = -(1 << (instance.bits_stored - 1)) if instance.pixel_representation else 0
    ends = [low, low + (1 << instance.bits_stored) - 1]
    first, last = sorted(end * presentation.slope + presentation.intercept for end in ends)
    return first, last


def _window(voi: VoiWindow | LookUpTable) -> Any:
    return asdict(Window(voi.center, voi.width, VoiFunction(voi.function))) if isinstance(voi, VoiWindow) else None


def _masks(
    presentation: Presentation, dataset: Dataset, entry: FrameEntry, file: BinaryIO
) -> list[tuple[Mask, tuple[int, int, int]]]:
    """Return the overlay planes that are active, and the colours of their layers."""
    if not presentation.overlays:
        return []
    found = {**masks_of_frame(entry, file), **_own_masks(dataset, entry)}
    colours = presentation.annotations.colours
    return [
        (found[group], colours.get(layer, WHITE)) for group, layer in presentation.overlays.items() if group in found
    ]


def _own_masks(dataset: Dataset, entry: FrameEntry) -> Mapping[int, Mask]:
    return overlay_masks(dataset, entry.instance, entry.frame, _no_cells)


def _no_cells() -> NDArray[Any]:
    """Return the pixels of a presentation state, which has none."""
    return np.zeros((0, 0), np.uint8)


def _shutter_plane(presentation: Presentation, dataset: Dataset, entry: FrameEntry) -> Mask | None:
    group = presentation.shutter.overlay if presentation.shutter else None
    if group is None:
        return None
    found = overlay_plane(dataset, group, entry.instance, entry.frame, _no_cells)
    if found is None:
        raise UnprocessableError("The shutter of this presentation state is missing.", "bad-state")
    return found


def _covered(
    picture: Bytes, presentation: Presentation, masks: Sequence[tuple[Mask, tuple[int, int, int]]], plane: Mask | None
) -> Bytes:
    """Return the picture behind its shutter, with the active overlays over both."""
    if presentation.shutter is not None:
        picture = behind_shutter(picture, presentation.shutter, plane)
    if any(len(set(colour)) > 1 for _, colour in masks) or drawing.is_coloured(presentation.annotations):
        picture = np.repeat(picture[..., None], 3, axis=-1)
    for mask, colour in masks:
        picture = picture.copy()
        picture[mask] = colour if picture.ndim == 3 else colour[0]
    return picture


def _displayed(
    picture: Bytes, presentation: Presentation, view: Mapping[str, Any]
) -> tuple[Bytes, dict[str, Any], tuple[Interpolation, ...]]:
    """Return the displayed area, turned, in square pixels and with its annotations, what the view still wants, and how
    pixels were made of others.

    Where the view wants a size and no region, the picture is made in that size at once, so that letters and lines stay
    sharp.
    """
    area, (rotation, flip) = presentation.area, (presentation.rotation, presentation.flip)
    part, (left, top) = _cut(picture, area)
    rows, columns = part.shape[:2]
    turned = oriented(part, rotation, flip)
    shape, rest = _target(*area.size(rotation), view)
    if shape[0] * shape[1] > max(LARGEST_PICTURE, turned.shape[0] * turned.shape[1]):
        raise UnprocessableError("The displayed area of this presentation state is too large.", "too-large")
    region = (0.0, 0.0, float(turned.shape[1]), float(turned.shape[0]))
    scaled = turned if shape == turned.shape[:2] else resample_region(np.ascontiguousarray(turned), region, *shape)

    def of_image(point: Point) -> Point:
        x, y = oriented_point((point[0] - left, point[1] - top), (columns, rows), rotation, flip)
        return x * shape[1] / turned.shape[1], y * shape[0] / turned.shape[0]

    mapping = drawing.Mapping(of_image, (shape[1], shape[0]))
    drawn = interpolation_of(turned.shape, {"viewport": None}, shape)
    return drawing.drawn(scaled, presentation.annotations, mapping), rest, drawn


def _cut(picture: Bytes, area: DisplayedArea) -> tuple[Bytes, tuple[int, int]]:
    """Return the displayed area, black where it is outside of the image, and its left and upper edge."""
    (first_column, first_row), (last_column, last_row) = area.corners
    left, right = sorted((first_column, last_column))
    top, bottom = sorted((first_row, last_row))
    rows, columns = bottom - top + 1, right - left + 1
    if rows * columns > max(LARGEST_PICTURE, picture.shape[0] * picture.shape[1]):
        raise UnprocessableError("The displayed area of this presentation state is too large.", "too-large")
    result = np.zeros((rows, columns, *picture.shape[2:]), np.uint8)
    up, low = max(0, top - 1), min(picture.shape[0], bottom)
    near, far = max(0, left - 1), min(picture.shape[1], right)
    if up < low and near < far:
        result[up - top + 1 : low - top + 1, near - left + 1 : far - left + 1] = picture[up:low, near:far]
    return result, (left - 1, top - 1)


def _target(height: float, width: float, view: Mapping[str, Any]) -> tuple[tuple[int, int], dict[str, Any]]:
    """Return the size (rows, columns) to draw in, and the view without what that takes care of."""
    viewport = Viewport(*view["viewport"]) if view["viewport"] is not None else None
    natural = max(1, round(height)), max(1, round(width))
    if viewport is not None and viewport == replace(viewport, left=0.0, top=0.0, width=None, height=None):
        return fitted_shape(height, width, viewport.rows, viewport.columns), {**view, "viewport": None}
    if viewport is None and view["max_size"] is not None:
        return reduced_shape(*natural, view["max_size"]), {**view, "max_size": None}
    return natural, dict(view)
