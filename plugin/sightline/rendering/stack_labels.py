"""What stacks of one series are called, so that a reader can tell them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from sightline.rendering.dimensions import DIMENSIONS
from sightline.rendering.series_table import FrameEntry

Value = tuple[str, str]
"""Name of a dimension and its value, empty where images do not say."""

CLIP = "clip"
"""The dimension of instances of many frames that do not say where they lie."""

RUN = "pass"
"""The dimension of passes through all places, of which the images say nothing but their number."""

_BY_NAME = {dimension.name: dimension for dimension in DIMENSIONS}
_WEIGHTING, _DIRECTION = "b-value (s/mm2)", "diffusion direction"
_PLANES = ("sagittal", "coronal", "axial")
_NOT_GIVEN = "{name} not given"
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "M": "magnitude", "MAGNITUDE": "magnitude", "P": "phase", "PHASE": "phase", "R": "real", "REAL": "real",
        "I": "imaginary", "IMAGINARY": "imaginary", "W": "water", "WATER": "water", "F": "fat", "FAT": "fat",
        "IP": "in phase", "IN_PHASE": "in phase", "OP": "opposed phase", "OPP_PHASE": "opposed phase",
        "OUT_PHASE": "opposed phase",
    }
)  # fmt: skip
"""Values of Image Type and Complex Image Component as people say them (PS3.3 C.8.13.3.1; Dixon words of scanners)."""


def kind_of(name: str) -> str:
    """Return what a reader leafs through along a dimension."""
    return _BY_NAME[name].kind if name in _BY_NAME else name


def plane_of(frames: Sequence[FrameEntry]) -> str:
    """Return the plane of the patient that frames are closest to; empty where that is unknown, or there are several."""
    planes = {_nearest_plane(frame.image_orientation_patient) for frame in frames[:64]}
    return planes.pop() if len(planes) == 1 else ""


def labels_of(
    stacks: Sequence[tuple[Sequence[FrameEntry], tuple[Value, ...], int]],
) -> tuple[str, ...]:
    """Return one label for each stack, all different.

    Parameters
    ----------
    stacks : sequence
        Frames, values that tell the stack from others of its family, and the number of the family.
    """
    planes = [plane_of(frames) for frames, _, _ in stacks]
    with_plane = len(set(planes)) > 1 or len(stacks) == 1
    known: dict[tuple[int, str], list[str]] = {}
    for _, values, family in stacks:
        for name, value in values:
            known.setdefault((family, name), []).append(value)
    ordered = {key: in_order(values) for key, values in known.items()}
    known_weightings: dict[int, set[str]] = {}
    for frames, _, family in stacks:
        known_weightings.setdefault(family, set()).update(_values_of(frames, _WEIGHTING))
    texts = []
    for (frames, values, family), plane in zip(stacks, planes, strict=True):
        parts = [plane] if with_plane and plane else []
        parts += _weighting(frames, values, known_weightings[family])
        parts += [phrase(name, value, ordered[family, name]) for name, value in values]
        texts.append(", ".join(parts) or _otherwise(frames))
    return _different(texts)


def phrase(name: str, value: str, values: Sequence[str]) -> str:
    """Return a value of a dimension as a reader says it, `values` being all there are of it, in order.

    What is a name of many words is told by those that differ.
    """
    if name == CLIP:
        return f"clip {value}"
    if name == RUN:
        return f"pass {value} of {len(values)}"
    if not value:
        return "no direction" if name == _DIRECTION else _NOT_GIVEN.format(name=name)
    dimension = _BY_NAME[name]
    shown = value
    if dimension.kind == "component":
        common = set.intersection(*(set(each.split()) for each in values if each))
        words = dict.fromkeys(word for word in value.split() if word not in common)
        shown = " ".join(_WORDS.get(word, word.lower().replace("_", " ")) for word in words) or value.lower()
    given = [each for each in values if each]
    return dimension.label.format(value=shown, rank=given.index(value) + 1, count=len(given))


def in_order(values: Iterable[str]) -> list[str]:
    """Return different values, numbers by their size and other texts after them."""
    return sorted(set(values), key=sorting)


def sorting(value: str) -> tuple[float, str]:
    """Return what sorts numbers by their size, and other values after them."""
    try:
        return float(value), value
    except ValueError:
        return np.inf, value


def _weighting(frames: Sequence[FrameEntry], values: Sequence[Value], known: set[str]) -> list[str]:
    """Return the b-value of a stack that only its gradient direction tells from others of other b-values."""
    names = {name for name, _ in values}
    own = _values_of(frames, _WEIGHTING)
    if _DIRECTION not in names or _WEIGHTING in names or len(known) < 2 or len(own) != 1:
        return []
    return [phrase(_WEIGHTING, own.pop(), in_order(known))]


def _values_of(frames: Sequence[FrameEntry], name: str) -> set[str]:
    return {value for frame in frames for key, value in frame.dimensions if key == name}


def _otherwise(frames: Sequence[FrameEntry]) -> str:
    if any(frame.image_position_patient is None for frame in frames) or not frames:
        return "images without a place"
    directions = {frame.image_orientation_patient for frame in frames}
    return f"{len(directions)} directions" if len(directions) > 1 else plane_of(frames) or "images"


def _different(texts: Sequence[str]) -> tuple[str, ...]:
    """Begin each with a capital, unless it is a formula, and number those that are equal."""
    counts, seen, result = Counter(texts), Counter[str](), []
    for text in texts:
        seen[text] += 1
        shown = text if " = " in text.split(",")[0] else f"{text[0].upper()}{text[1:]}"
        result.append(f"{shown} ({seen[text]})" if counts[text] > 1 else shown)
    return tuple(result)


def _nearest_plane(cosines: Sequence[float] | None) -> str:
    if cosines is None:
        return ""
    return _PLANES[int(np.argmax(np.abs(np.cross(cosines[:3], cosines[3:]))))]
