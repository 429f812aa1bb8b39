"""The values of one pixel, for whoever has not the frame itself. Runs in workers only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.errors import UnprocessableError
from sightline.kernels.grayscale import modality_values
from sightline.rendering.appearance import grey_transform
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.codecs import decode_frame
from sightline.rendering.files import open_file
from sightline.rendering.headers import read_header
from sightline.rendering.series_table import FrameEntry, Uptake
from sightline.rendering.tasks import frame_entry

SUV_UNIT = "g/ml"


def read_value(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Tell what is stored at a pixel, and what it means.

    Arguments: ``file``, ``entry`` and ``frame`` as `sightline.rendering.tasks:render_frame` has them; ``row`` and
    ``column`` from 0. The reply has ``stored``, a number, those of red, green and blue, or null for what is no finite
    number; ``padding``, whether that is no image; ``modality``, ``value`` and ``unit``, or null for colours and
    padding; ``suv``, ``value``, ``unit`` and ``reason`` why there is none, or null where it is no PET image.

    Raises
    ------
    UnprocessableError
        There is no such pixel.
    """
    with open_file(arguments["file"], buffers) as file:
        entry = frame_entry(arguments, file)
        pixels, _ = decode_frame(file, entry.instance, entry.frame)
        row, column = arguments["row"], arguments["column"]
        if row >= pixels.shape[0] or column >= pixels.shape[1]:
            raise UnprocessableError(
                f"The image has {pixels.shape[0]} rows and {pixels.shape[1]} columns, counted from 0.", "no-pixel"
            )
        stored = pixels[row, column]
        if not entry.instance.is_grey:
            return Reply({"stored": stored.tolist(), "padding": False, "modality": None, "suv": None})
        file.seek(0)
        value = _modality(stored, entry, read_header(file) if entry.instance.modality_lut else None)
    number = stored.item() if np.isfinite(stored) else None
    padding = entry.instance.padding
    if number is None or (padding is not None and padding[0] <= number <= padding[1]):
        return Reply({"stored": number, "padding": True, "modality": None, "suv": None})
    unit = "" if entry.instance.modality_lut else entry.rescale.unit
    suv = _suv(value, entry.instance.uptake)
    return Reply({"stored": number, "padding": False, "modality": {"value": value, "unit": unit}, "suv": suv})


def _modality(stored: Any, entry: FrameEntry, header: Any) -> float:
    values: NDArray[Any] = np.asarray([stored])
    if header is not None:
        return float(modality_values(values, grey_transform(entry, False, header))[0])
    return float(stored) * entry.rescale.slope + entry.rescale.intercept


def _suv(value: float, uptake: Uptake | None) -> dict[str, Any] | None:
    """Return the uptake value related to body weight, or why there is none."""
    if uptake is None:
        return None
    if uptake.factor is None:
        return {"value": None, "unit": "", "reason": uptake.reason}
    return {"value": value * uptake.factor, "unit": SUV_UNIT, "reason": ""}
