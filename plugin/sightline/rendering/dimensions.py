"""What tells images at one place apart: time, echo, diffusion weighting, and the like. Runs in workers only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from pydicom import Dataset
from pydicom.multival import MultiValue

from sightline.rendering.numbers import plain

_ROWS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("stack", "FrameContentSequence", ("StackID",)),
    ("temporal position", "FrameContentSequence", ("TemporalPositionIndex", "TemporalPositionIdentifier")),
    ("phase (%)", "CardiacSynchronizationSequence", ("NominalPercentageOfCardiacPhase",)),
    ("trigger time (ms)", "CardiacSynchronizationSequence", ("NominalCardiacTriggerDelayTime", "TriggerTime")),
    ("reference time (ms)", "", ("FrameReferenceTime",)),
    ("echo time (ms)", "MREchoSequence", ("EffectiveEchoTime", "EchoTime")),
    ("b-value (s/mm2)", "MRDiffusionSequence", ("DiffusionBValue",)),
    ("diffusion direction", "MRDiffusionSequence", ("DiffusionGradientOrientation",)),
    ("inversion time (ms)", "MRModifierSequence", ("InversionTimes", "InversionTime")),
    ("kind", "MRImageFrameTypeSequence", ("FrameType", "ImageType")),
    ("acquisition", "", ("AcquisitionNumber",)),
)
"""Name, functional group macro (PS3.3 C.7.6.16.2, C.8.13.5), and attributes there or at the top: the first that is."""

NAMES = tuple(name for name, _, _ in _ROWS)
STACK = NAMES[0]

Macro = Callable[[str], Dataset]


def dimensions_of(macro: Macro) -> tuple[tuple[str, str], ...]:
    """Return name and value of what one frame says of itself.

    Parameters
    ----------
    macro : callable
        Returns the item of a functional group macro of the frame, or the top of the data set where it has none.
    """
    pairs = []
    for name, sequence, keywords in _ROWS:
        item = macro(sequence)
        if name == "diffusion direction":
            item = (item.get("DiffusionGradientDirectionSequence") or [item])[0]
        if text := _first(item, keywords):
            pairs.append((name, text))
    return tuple(pairs)


def _first(item: Dataset, keywords: Sequence[str]) -> str:
    """Return the first of these attributes that has a value, as text; empty where none has one that can be read."""
    for keyword in keywords:
        with suppress(Exception):  # anything can be in a file, and a picture can do without this
            if keyword in item and item[keyword].value not in (None, ""):
                return _text(item[keyword].value)
    return ""


def _text(value: Any) -> str:
    values: Sequence[Any] = value if isinstance(value, MultiValue | list | tuple) else (value,)
    return " ".join(plain(float(item)) if isinstance(item, int | float) else str(item) for item in values)[:64]
