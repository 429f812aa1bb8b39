"""A series table as compact JSON for the viewer: one short array per frame, what frames share said once."""

from __future__ import annotations

from os.path import commonprefix
from typing import Any

import numpy as np

from sightline.kernels.planes import Edges, edge_letters
from sightline.rendering.series_table import FrameEntry, SeriesTable, WindowPreset
from sightline.rendering.view import Window

OPPOSITE = str.maketrans("APLRHF", "PARLFH")


def stack_json(table: SeriesTable) -> dict[str, Any]:
    """Return the frames of `table` as the viewer's stack.

    Returns
    -------
    dict
        ``identity``: changes with the stored files. ``prefix``: what all SOP Instance UIDs begin with. ``kinds``: size,
        pixel spacing in mm (rows, columns) and its origin, orientation letters, colour, loss, unit. ``windows``: the
        sets of windows that files propose. ``frames``: rest of the UID, frame, kind, windows or -1, location in mm or
        None; in display order. ``unreadable``: how many instances, and the first one's reason.
    """
    prefix = commonprefix([frame.sop_instance_uid for frame in table.frames])  # noqa: RUF071 - characters are meant
    kinds: dict[str, tuple[int, dict[str, Any]]] = {}
    windows: dict[tuple[WindowPreset, ...], int] = {}
    frames = []
    for frame in table.frames:
        kind = kind_json(frame)
        kind_index = kinds.setdefault(repr(kind), (len(kinds), kind))[0]
        window_index = windows.setdefault(frame.windows, len(windows)) if frame.windows else -1
        rest = frame.sop_instance_uid[len(prefix) :]
        frames.append([rest, frame.frame, kind_index, window_index, slice_location(frame)])
    return {
        "identity": table.identity,
        "prefix": prefix,
        "kinds": [kind for _, kind in kinds.values()],
        "windows": [[preset_json(preset) for preset in presets] for presets in windows],
        "frames": frames,
        "unreadable": [len(table.unreadable), table.unreadable[0][1]] if table.unreadable else None,
    }


def kind_json(frame: FrameEntry) -> dict[str, Any]:
    """Return what many frames share: how large the picture is, how its pixels lie and what they mean."""
    instance = frame.instance
    edges = frame_edges(frame)
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
    }


def frame_edges(frame: FrameEntry) -> Edges | None:
    """Return the letters at the picture's edges: by orientation, else as Patient Orientation (0020,0020) says."""
    if frame.image_orientation_patient is not None:
        return edge_letters(frame.image_orientation_patient)
    if frame.instance.patient_orientation is None:
        return None
    right, bottom = frame.instance.patient_orientation
    return Edges(left=right.translate(OPPOSITE), right=right, top=bottom.translate(OPPOSITE), bottom=bottom)


def slice_location(frame: FrameEntry) -> float | None:
    """Return where the frame lies along its normal, in mm of the patient; None where that is not known."""
    if frame.image_position_patient is None or frame.image_orientation_patient is None:
        return None
    normal = np.cross(frame.image_orientation_patient[:3], frame.image_orientation_patient[3:])
    return round(float(np.dot(normal, frame.image_position_patient)), 2)


def letters_json(edges: Edges) -> list[str]:
    """Return left, right, top, bottom."""
    return [edges.left, edges.right, edges.top, edges.bottom]


def preset_json(preset: WindowPreset) -> list[float | str]:
    """Return centre, width, function and explanation."""
    return [*window_json(preset.window), preset.explanation]


def window_json(window: Window) -> list[float | str]:
    """Return centre, width and function."""
    return [window.center, window.width, window.function.value]
