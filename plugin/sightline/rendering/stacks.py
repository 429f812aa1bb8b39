"""A series split into stacks, each of which may be a volume: a localiser beside the scan, phases, echoes, b-values.

Only what the images say of themselves splits them. What it does not tell apart stays together, and is then refused as a
volume with the reason.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations

import numpy as np

from sightline.kernels.geometry import ORIENTATION_TOLERANCE, SMALLEST_VOLUME
from sightline.rendering.dimensions import NAMES, STACK
from sightline.rendering.series_table import FrameEntry, SeriesTable

MAXIMUM_STACKS = 1000
_PLANES = ("sagittal", "coronal", "axial")
_SAME_PLACE_MM = 1e-3
_SAME_PLACE = 0.01
"""Images closer than this part of the usual distance lie at one place, as `plan_volume` has it."""
_SPACING_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Stack:
    """Some frames of a series; `label` says, for a reader, what is special about them.

    `table` is that of the series with these frames only, and an identity of its own except for the first stack.
    """

    label: str
    table: SeriesTable


def split(table: SeriesTable) -> tuple[Stack, ...]:
    """Split a series into stacks: the one with most images first, then by what tells them apart.

    There is always at least one. Frames that do not say where they lie are stacks too, no volumes though.
    """
    groups = [part for group in _alike(table.frames) for part in _told_apart(group)] or [_Group((), ())]
    place = {id(frame): number for number, frame in enumerate(table.frames)}
    groups.sort(key=lambda group: (-len(group.frames), _sorted_values(group), [place[id(f)] for f in group.frames[:1]]))
    several = len({_plane(group.frames) for group in groups}) > 1 or len(groups) == 1
    return tuple(
        Stack(
            _label(group, several),
            replace(table, identity=f"{table.identity}-{number}" if number else table.identity, frames=group.frames),
        )
        for number, group in enumerate(groups)
    )


@dataclass(frozen=True)
class _Group:
    """Frames, and the names and values that distinguish them from others of their kind."""

    frames: tuple[FrameEntry, ...]
    values: tuple[tuple[str, str], ...]


def _alike(frames: Iterable[FrameEntry]) -> list[_Group]:
    """Group frames of one size, direction, pixel spacing and Stack ID (PS3.3 C.7.6.16.2.2)."""
    found: list[list[FrameEntry]] = []
    for frame in frames:
        for group in found:
            if _is_alike(group[0], frame):
                group.append(frame)
                break
        else:
            found.append([frame])
            if len(found) > MAXIMUM_STACKS:
                return [_Group(tuple(frames), ())]
    stacks = [_value(group[0], STACK) for group in found]
    named = len(set(stacks)) > 1
    return [
        _Group(tuple(group), ((STACK, stack),) if named and stack else ())
        for group, stack in zip(found, stacks, strict=True)
    ]


def _is_alike(one: FrameEntry, other: FrameEntry) -> bool:
    return (
        (one.instance.rows, one.instance.columns) == (other.instance.rows, other.instance.columns)
        and one.spacing_origin == other.spacing_origin
        and (one.image_position_patient is None) == (other.image_position_patient is None)
        and _close(one.image_orientation_patient, other.image_orientation_patient, 0, ORIENTATION_TOLERANCE)
        and _close(one.pixel_spacing, other.pixel_spacing, _SPACING_TOLERANCE, 0)
        and _value(one, STACK) == _value(other, STACK)
    )


def _close(one: Sequence[float] | None, other: Sequence[float] | None, relative: float, absolute: float) -> bool:
    if one is None or other is None or one == other:
        return one == other
    return all(abs(a - b) <= absolute + relative * abs(b) for a, b in zip(one, other, strict=True))


def _told_apart(group: _Group) -> list[_Group]:
    """Split a group that has several frames at one place, by as little as tells them apart."""
    most = _repetitions(group.frames)
    if most <= 1:
        return [group]
    names = [name for name in NAMES if len({_value(frame, name) for frame in group.frames}) > 1]
    best: list[_Group] = []
    for chosen in chain(combinations(names, 1), combinations(names, 2), [tuple(names)]):
        parts = _parts(group, chosen)
        if (best and len(parts) >= len(best)) or len(parts) < most or len(parts) > MAXIMUM_STACKS:
            continue
        if any(_repetitions(part.frames) > 1 for part in parts):
            continue
        best = parts
        if len(parts) == most:
            break
    return best if max((len(part.frames) for part in best), default=0) >= SMALLEST_VOLUME else [group]


def _parts(group: _Group, names: Sequence[str]) -> list[_Group]:
    found: dict[Hashable, list[FrameEntry]] = {}
    for frame in group.frames:
        found.setdefault(tuple((name, _value(frame, name)) for name in names), []).append(frame)
    return [_Group(tuple(frames), group.values + key) for key, frames in found.items() if isinstance(key, tuple)]


def _repetitions(frames: Sequence[FrameEntry]) -> int:
    """Return the largest number of frames at one place; 1 where places are not known."""
    cosines = frames[0].image_orientation_patient if frames else None
    positions = [frame.image_position_patient for frame in frames]
    if cosines is None or None in positions:
        return 1
    along = np.sort(np.array(positions, np.float64) @ np.cross(cosines[:3], cosines[3:]))
    steps = np.diff(along)
    apart = steps[steps > _SAME_PLACE_MM]
    same = max(_SAME_PLACE_MM, _SAME_PLACE * float(np.median(apart))) if apart.size else np.inf
    borders = np.flatnonzero(np.concatenate([[True], steps > same, [True]]))
    return int(np.diff(borders).max())


def _value(frame: FrameEntry, name: str) -> str:
    return next((value for key, value in frame.dimensions if key == name), "")


def _sorted_values(group: _Group) -> list[tuple[float, str]]:
    """Return what sorts numbers by their size, and other values after them."""
    return [(_number(value), value) for _, value in group.values]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.inf


def _plane(frames: Sequence[FrameEntry]) -> str:
    """Return the plane of the patient that frames are closest to; empty where that is unknown."""
    cosines = frames[0].image_orientation_patient if frames else None
    if cosines is None:
        return ""
    return _PLANES[int(np.argmax(np.abs(np.cross(cosines[:3], cosines[3:]))))]


def _label(group: _Group, with_plane: bool) -> str:
    parts = [_plane(group.frames)] if with_plane else []
    parts += [f"{name} {value or 'not given'}" for name, value in group.values]
    text = ", ".join(part for part in parts if part) or "images without a place"
    return f"{text[0].upper()}{text[1:]}"
