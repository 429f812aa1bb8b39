"""A series split into stacks, each of which may be a volume: a localiser beside the scan, phases, echoes, b-values.

Only what the images say of themselves splits them. What it does not tell apart stays together, and is then refused as a
volume with the reason.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations, count, product
from typing import Any

import numpy as np

from sightline.kernels.geometry import ORIENTATION_TOLERANCE, SMALLEST_VOLUME
from sightline.rendering.dimensions import NAMES, STACK, WEAK_NAMES
from sightline.rendering.series_table import FrameEntry, SeriesTable
from sightline.rendering.stack_labels import CLIP, RUN, Value, in_order, labels_of, sorting
from sightline.rendering.videos import EVERY_VIDEO_SYNTAX

MAXIMUM_STACKS = 1000
_SAME_PLACE_MM = 1e-3
_SAME_PLACE = 0.01
"""Images closer than this part of the usual distance lie at one place, as `plan_volume` has it."""
_SPACING_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Stack:
    """Some frames of a series; `label` says, for a reader, what is special about them.

    `table` is that of the series with these frames only, and an identity of its own except for the first stack.
    `values` are names and values of what tells it from the others of its `family`, which lie at the same places.
    """

    label: str
    table: SeriesTable
    values: tuple[Value, ...] = ()
    family: int = 0


@dataclass(frozen=True)
class Grid:
    """Stacks of the same places that differ in one or two dimensions, each combination being there.

    Parameters
    ----------
    dimensions : tuple of (str, tuple of str)
        Name, and its values in order.
    stacks : tuple of int
        Numbers of the stacks, the last dimension varying fastest.
    """

    dimensions: tuple[tuple[str, tuple[str, ...]], ...]
    stacks: tuple[int, ...]


def split(table: SeriesTable) -> tuple[Stack, ...]:
    """Split a series into stacks: the one with most images first, then by what tells them apart.

    There is always at least one. Frames that do not say where they lie are stacks too, no volumes though: each instance
    of many frames is one, and all others together. So are single frames, each with a direction of its own. Videos come
    last.
    """
    groups_alike = _alike(table.frames)
    single = [group for group in groups_alike if len(group.frames) == 1 and group.frames[0].image_position_patient]
    families = [_told_apart(group) for group in groups_alike if len(single) < 2 or group not in single]
    if len(single) > 1:  # a localiser along three planes, or radial images
        families.append([_Group(tuple(group.frames[0] for group in single), ())])
    groups = [(part, number) for number, family in enumerate(families) for part in family]
    groups = groups or [(_Group((), ()), 0)]
    place = {id(frame): number for number, frame in enumerate(table.frames)}

    def order(item: tuple[_Group, int]) -> tuple[Any, ...]:
        group = item[0]
        is_video = all(frame.instance.transfer_syntax_uid in EVERY_VIDEO_SYNTAX for frame in group.frames)
        return (
            is_video,
            -len(group.frames),
            [sorting(value) for _, value in group.values],
            [place[id(f)] for f in group.frames],
        )

    groups.sort(key=order)
    labels = labels_of([(group.frames, group.values, family) for group, family in groups])
    return tuple(
        Stack(
            labels[number],
            replace(table, identity=f"{table.identity}-{number}" if number else table.identity, frames=group.frames),
            group.values,
            family,
        )
        for number, (group, family) in enumerate(groups)
    )


def grids(stacks: Sequence[Stack]) -> tuple[Grid, ...]:
    """Return where stacks form a grid, as time points and echoes of the same places do."""
    families: dict[int, list[int]] = {}
    for number, stack in enumerate(stacks):
        families.setdefault(stack.family, []).append(number)
    found = (_grid(stacks, numbers) for numbers in families.values() if len(numbers) > 1)
    return tuple(grid for grid in found if grid is not None)


def _grid(stacks: Sequence[Stack], numbers: Sequence[int]) -> Grid | None:
    by_values = {stacks[number].values: number for number in numbers}
    names = [name for name, _ in stacks[numbers[0]].values]
    values = [in_order(dict(stacks[number].values)[name] for number in numbers) for name in names]
    combinations_of_all = [tuple(zip(names, chosen, strict=True)) for chosen in product(*values)]
    sizes = {len(stacks[number].table.frames) for number in numbers}
    if len(sizes) > 1 or CLIP in names or set(combinations_of_all) != set(by_values):
        return None
    axes = [(name, tuple(each)) for name, each in zip(names, values, strict=True) if len(each) > 1]
    return Grid(tuple(axes), tuple(by_values[combination] for combination in combinations_of_all))


@dataclass(frozen=True)
class _Group:
    """Frames, and the names and values that distinguish them from others of their kind."""

    frames: tuple[FrameEntry, ...]
    values: tuple[Value, ...]


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
    return _with_clips(
        [
            _Group(tuple(group), ((STACK, stack),) if named and stack else ())
            for group, stack in zip(found, stacks, strict=True)
        ]
    )


def _with_clips(groups: list[_Group]) -> list[_Group]:
    """Number instances of many frames without a place, where there is something else."""
    if len(groups) < 2:
        return groups
    numbers = count(1)
    return [
        replace(group, values=((CLIP, str(next(numbers))),)) if _is_clip(group.frames[0]) else group for group in groups
    ]


def _is_clip(frame: FrameEntry) -> bool:
    return frame.image_position_patient is None and frame.instance.number_of_frames > 1


def _is_alike(one: FrameEntry, other: FrameEntry) -> bool:
    if one.image_position_patient is None or other.image_position_patient is None:
        is_same_clip = one.sop_instance_uid == other.sop_instance_uid or not (_is_clip(one) or _is_clip(other))
        return one.image_position_patient == other.image_position_patient and is_same_clip
    return (
        (one.instance.rows, one.instance.columns) == (other.instance.rows, other.instance.columns)
        and one.spacing_origin == other.spacing_origin
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
    strong = [name for name in names if name not in WEAK_NAMES]
    best: list[_Group] = []
    for chosen in chain(_choices(strong), _choices(names)):
        parts = _parts(group, chosen)
        if (best and len(parts) >= len(best)) or len(parts) < most or len(parts) > MAXIMUM_STACKS:
            continue
        if any(_repetitions(part.frames) > 1 for part in parts):
            continue
        best = parts
        if len(parts) == most:
            break
    if max((len(part.frames) for part in best), default=0) >= SMALLEST_VOLUME:
        return best
    return _passes(group, most) or [group]


def _passes(group: _Group, times: int) -> list[_Group]:
    """Return the passes through all places in which images were numbered; nothing where they were not so numbered.

    Some scanners say of time points nothing but that: each run of Instance Numbers has one image of each place.
    """
    numbers = [frame.instance.instance_number for frame in group.frames]
    length, rest = divmod(len(numbers), times)
    if rest or length < SMALLEST_VOLUME or None in numbers or len(set(numbers)) < len(numbers):
        return []
    ordered = sorted(group.frames, key=lambda frame: frame.instance.instance_number or 0)
    runs = [set(map(id, ordered[start : start + length])) for start in range(0, len(ordered), length)]
    # In the order in which the group has them: that of their places.
    parts = [tuple(frame for frame in group.frames if id(frame) in run) for run in runs]
    if any(_repetitions(part) > 1 for part in parts):
        return []
    return [_Group(part, (*group.values, (RUN, str(number)))) for number, part in enumerate(parts, start=1)]


def _choices(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield each name, each two of them, and all."""
    return chain(combinations(names, 1), combinations(names, 2), [tuple(names)] if names else [])


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
