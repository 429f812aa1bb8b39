"""A series table as compact JSON for the viewer: one short array per frame, what frames share said once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from os.path import commonprefix
from typing import Any

from sightline.kernels.planes import Edges, edge_letters
from sightline.rendering.calibration import calibration_json
from sightline.rendering.exact_frames import LARGEST_FRAME
from sightline.rendering.series_table import Cine, FrameEntry, InstanceEntry, SeriesTable, WindowPreset
from sightline.rendering.stack_labels import kind_of, phrase
from sightline.rendering.stacks import Stack, grids
from sightline.rendering.view import Window

OPPOSITE = str.maketrans("APLRHF", "PARLFH")


def stack_json(table: SeriesTable) -> dict[str, Any]:
    """Return the frames of `table` as the viewer's stack.

    Returns
    -------
    dict
        ``identity``: changes with the stored files. ``prefix``: what all SOP Instance UIDs begin with. ``kinds``: what
        frames share, see `kind_json`. ``windows``: the sets of windows that files propose. ``frames``: rest of the UID,
        frame, kind, windows or -1, Image Position (Patient) in mm to 0.001 or None; in display order. ``unreadable``:
        how many instances, and the first one's reason.
    """
    prefix = commonprefix([frame.sop_instance_uid for frame in table.frames])  # noqa: RUF071 - characters are meant
    kinds: dict[str, tuple[int, dict[str, Any]]] = {}
    windows: dict[tuple[WindowPreset, ...], int] = {}
    frames = []
    # Of several frames of reference none is that of the series: its positions can be compared with no other's.
    references = {frame.instance.frame_of_reference_uid for frame in table.frames}
    for frame in table.frames:
        kind = kind_json(frame)
        if len(references) > 1:
            kind.pop("frameOfReference", None)
        kind_index = kinds.setdefault(repr(kind), (len(kinds), kind))[0]
        window_index = windows.setdefault(frame.windows, len(windows)) if frame.windows else -1
        rest = frame.sop_instance_uid[len(prefix) :]
        frames.append([rest, frame.frame, kind_index, window_index, position_json(frame)])
    return {
        "identity": table.identity,
        "prefix": prefix,
        "kinds": [kind for _, kind in kinds.values()],
        "windows": [[preset_json(preset) for preset in presets] for presets in windows],
        "frames": frames,
        "unreadable": [len(table.unreadable), table.unreadable[0][1]] if table.unreadable else None,
    }


def kind_json(frame: FrameEntry) -> dict[str, Any]:
    """Return what many frames share: how large the picture is, how its pixels lie and what they mean.

    What is not known of a frame, and not needed to show it, is left out: most series have none of it.
    """
    instance, hanging = frame.instance, frame.instance.hanging
    edges, orientation = frame_edges(frame), frame.image_orientation_patient
    optional = {
        "inverse": instance.is_inverse,
        "orientation": [round(cosine, 6) for cosine in orientation] if orientation else None,
        "frameOfReference": instance.frame_of_reference_uid,
        "thickness": frame.slice_thickness,
        "laterality": hanging.laterality,
        "view": hanging.view_position,
        "intent": hanging.presentation_intent,
        "contrast": hanging.contrast,
        "cine": cine_json(instance.cine) if instance.cine else None,
        "calibration": calibration_json(
            instance.calibration, hanging.magnification, None if frame.pixel_spacing else instance.pixel_aspect_ratio
        ),
        "suv": {"factor": instance.uptake.factor, "reason": instance.uptake.reason} if instance.uptake else None,
    }
    return {
        "columns": instance.columns,
        "rows": instance.rows,
        "spacing": frame.pixel_spacing,
        "spacingOrigin": frame.spacing_origin,
        "letters": letters_json(edges) if edges else None,
        "colour": instance.samples_per_pixel > 1 or instance.photometric_interpretation == "PALETTE COLOR",
        "lossy": instance.lossy,
        "unit": frame.rescale.unit,
        "voiLut": instance.voi_lut,
        "exactBytes": exact_bytes(instance),
        **{name: value for name, value in optional.items() if value},
    }


def exact_bytes(instance: InstanceEntry) -> int:
    """Return the bytes of a sample of the exact frames from which a browser makes the very pictures that are sent.

    0 where it cannot: for colours, for values of more than 16 bits or with a Modality LUT, for masks, and where
    overlays or a shutter belong to the picture.
    """
    single = instance.is_grey and instance.pixel_keyword == "PixelData" and not instance.modality_lut
    covered = instance.overlays or instance.shutter
    if not single or covered or not 1 < instance.bits_stored <= 16 or instance.rows * instance.columns > LARGEST_FRAME:
        return 0
    return 1 if instance.bits_allocated <= 8 else 2


def cine_json(cine: Cine) -> dict[str, Any]:
    """Return how frames are played: ms between them, frames per second if recommended, and whether to and fro."""
    return {"frameTime": cine.frame_time, "displayRate": cine.display_rate, "sweeps": cine.sweeps}


def parts_json(table: SeriesTable, stacks: Sequence[Stack]) -> dict[str, Any]:
    """Return how a series that holds several stacks of images falls into them; nothing of a series of one.

    Returns
    -------
    dict
        ``stacks``: for each the ``label``, ``by`` what it is told from the others (time, echo, b-value and so on), and
        which ``frames`` of the whole it has, by their index. ``/planes?stack=`` and pictures of planes count them in
        this order. ``grids``: where they can be leafed through in one or two dimensions, each with its ``kind`` and
        ``labels``; ``stacks`` are their indices, the last dimension varying fastest.
    """
    if len(stacks) < 2:
        return {}
    places = {(frame.sop_instance_uid, frame.frame): index for index, frame in enumerate(table.frames)}
    return {
        "stacks": [
            {
                "label": stack.label,
                "by": list(dict.fromkeys(kind_of(name) for name, _ in stack.values)),
                "frames": [places[frame.sop_instance_uid, frame.frame] for frame in stack.table.frames],
            }
            for stack in stacks
        ],
        "grids": [
            {
                "dimensions": [
                    {"kind": kind_of(name), "labels": [phrase(name, value, values) for value in values]}
                    for name, values in grid.dimensions
                ],
                "stacks": list(grid.stacks),
            }
            for grid in grids(stacks)
        ],
    }


def frame_edges(frame: FrameEntry) -> Edges | None:
    """Return the letters at the picture's edges: by orientation, else as Patient Orientation (0020,0020) says."""
    if frame.image_orientation_patient is not None:
        return _letters(tuple(frame.image_orientation_patient))
    if frame.instance.patient_orientation is None:
        return None
    right, bottom = frame.instance.patient_orientation
    return Edges(left=right.translate(OPPOSITE), right=right, top=bottom.translate(OPPOSITE), bottom=bottom)


def position_json(frame: FrameEntry) -> list[float] | None:
    """Return where the centre of the first pixel lies in the patient, in mm; None where that is not known."""
    if frame.image_position_patient is None or frame.image_orientation_patient is None:
        return None
    return [_short(coordinate) for coordinate in frame.image_position_patient]


def _short(value: float) -> float:
    """Return a coordinate to 0.001, a whole one without a fraction: a series has three of them for each frame."""
    rounded = round(value, 3)
    return int(rounded) if rounded == int(rounded) else rounded


# All frames of a stack mostly lie one way, and the first page of a study waits for this.
@lru_cache(maxsize=256)
def _letters(orientation: tuple[float, ...]) -> Edges:
    return edge_letters(orientation)


def letters_json(edges: Edges) -> list[str]:
    """Return left, right, top, bottom."""
    return [edges.left, edges.right, edges.top, edges.bottom]


def preset_json(preset: WindowPreset) -> list[float | str]:
    """Return centre, width, function and explanation."""
    return [*window_json(preset.window), preset.explanation]


def window_json(window: Window) -> list[float | str]:
    """Return centre, width and function."""
    return [window.center, window.width, window.function.value]
