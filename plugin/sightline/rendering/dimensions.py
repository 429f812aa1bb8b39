"""What tells images at one place apart: time, echo, diffusion weighting, and the like. Runs in workers only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pydicom import Dataset
from pydicom.multival import MultiValue

from sightline.rendering.numbers import plain

Macro = Callable[[str], Dataset]


@dataclass(frozen=True)
class Dimension:
    """One way in which images at one place differ.

    Parameters
    ----------
    name : str
        As it is kept in a series table.
    kind : str
        What a reader leafs through along it.
    macro : str
        The functional group macro (PS3.3 C.7.6.16.2, C.8.13.5) that may hold it.
    keywords : tuple of str
        Attributes there, or at the top: the first that has a value counts.
    label : str
        What a stack is called by it: ``value`` is as stored, ``rank`` of ``count`` counts the values from 1.
    """

    name: str
    kind: str
    macro: str
    keywords: tuple[str, ...]
    label: str


_TIME = "time {rank} of {count}"
DIMENSIONS = (
    Dimension("stack", "stack", "FrameContentSequence", ("StackID",), "stack {value}"),
    Dimension(
        "temporal position", "time", "FrameContentSequence", ("TemporalPositionIndex", "TemporalPositionIdentifier"),
        _TIME,
    ),
    Dimension(
        "phase (%)", "time", "CardiacSynchronizationSequence", ("NominalPercentageOfCardiacPhase",), "phase {value} %"
    ),
    Dimension(
        "trigger time (ms)", "time", "CardiacSynchronizationSequence",
        ("NominalCardiacTriggerDelayTime", "TriggerTime"), "trigger {value} ms",
    ),
    Dimension("reference time (ms)", "time", "", ("FrameReferenceTime",), _TIME),
    Dimension("echo time (ms)", "echo", "MREchoSequence", ("EffectiveEchoTime", "EchoTime"), "TE {value} ms"),
    Dimension("echo", "echo", "", ("EchoNumbers",), "echo {value}"),
    Dimension("b-value (s/mm2)", "b-value", "MRDiffusionSequence", ("DiffusionBValue",), "b = {value}"),
    Dimension(
        "diffusion direction", "direction", "MRDiffusionSequence", ("DiffusionGradientOrientation",), "direction {rank}"
    ),
    Dimension(
        "inversion time (ms)", "inversion", "MRModifierSequence", ("InversionTimes", "InversionTime"), "TI {value} ms"
    ),
    Dimension("component", "component", "MRImageFrameTypeSequence", ("ComplexImageComponent",), "{value}"),
    Dimension("kind", "component", "MRImageFrameTypeSequence", ("FrameType", "ImageType"), "{value}"),
    Dimension("acquisition", "acquisition", "", ("AcquisitionNumber",), "acquisition {value}"),
    Dimension(
        "acquisition time", "time", "FrameContentSequence", ("FrameAcquisitionDateTime", "AcquisitionTime"), _TIME
    ),
    Dimension("content time", "time", "", ("ContentTime",), _TIME),
)  # fmt: skip

_GE, _GE_FLAG = "GEMS_PARM_01", 100_000
_PRIVATE: Mapping[str, tuple[tuple[int, str, int], ...]] = MappingProxyType(
    {
        "b-value (s/mm2)": (
            (0x0019, "SIEMENS MR HEADER", 0x0C), (0x0043, _GE, 0x39), (0x2001, "Philips Imaging DD 001", 0x03),
        ),
        "diffusion direction": ((0x0019, "SIEMENS MR HEADER", 0x0E),),
    }
)  # fmt: skip
"""Group, creator and element of what scanners wrote before the standard knew of it."""

NAMES = tuple(dimension.name for dimension in DIMENSIONS)
STACK = NAMES[0]
WEAK_NAMES = NAMES[-3:]
"""They count whatever was scanned. What says why it was scanned is tried first."""


def dimensions_of(macro: Macro) -> tuple[tuple[str, str], ...]:
    """Return name and value of what one frame says of itself.

    Parameters
    ----------
    macro : callable
        Returns the item of a functional group macro of the frame, or the top of the data set where it has none.
    """
    pairs = []
    for dimension in DIMENSIONS:
        item = macro(dimension.macro)
        if dimension.name == "diffusion direction":
            item = (item.get("DiffusionGradientDirectionSequence") or [item])[0]
        if text := _first(item, dimension.keywords) or _private(macro(""), dimension.name):
            pairs.append((dimension.name, text))
    return tuple(pairs)


def _first(item: Dataset, keywords: Sequence[str]) -> str:
    """Return the first of these attributes that has a value, as text; empty where none has one that can be read."""
    for keyword in keywords:
        with suppress(Exception):  # anything can be in a file, and a picture can do without this
            if keyword in item and item[keyword].value not in (None, ""):
                return _text(item[keyword].value)
    return ""


def _private(top: Dataset, name: str) -> str:
    """Return what a scanner says in attributes of its own, where it does not use those of the standard."""
    for group, creator, element in _PRIVATE.get(name, ()):
        with suppress(Exception):  # most files have no such block
            value = top.private_block(group, creator)[element].value
            if creator == _GE:
                # The first of several numbers, with a flag above the weighting itself.
                return _text(int(value[0]) % _GE_FLAG)
            return _text(value)
    return ""


def _text(value: Any) -> str:
    values: Sequence[Any] = value if isinstance(value, MultiValue | list | tuple) else (value,)
    return " ".join(plain(float(item)) if isinstance(item, int | float) else str(item) for item in values)[:64]
