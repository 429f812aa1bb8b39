"""Series are split into stacks by what their images say, and by nothing else."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.kernels.geometry import GeometryError
from sightline.rendering.series_table import FrameEntry, InstanceEntry, SeriesTable
from sightline.rendering.stacks import Stack, grids, split
from sightline.rendering.volume_plan import plan

AXIAL, CORONAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0), (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
INSTANCE = InstanceEntry(
    "uuid", "1.2", "1.3", 1, "1.2.840.10008.1.2.1", "PixelData", True, 0, 4, 5, 1, 1, "MONOCHROME2", 0, 16, 16, 0
)  # fmt: skip


def frame(number: int, z: float = 0, orientation: Any = AXIAL, spacing: float = 1, **dimensions: Any) -> FrameEntry:
    return FrameEntry(
        instance=replace(INSTANCE, sop_instance_uid=f"1.2.{number}"),
        frame=1,
        image_position_patient=(0, z if orientation == CORONAL else 0, z if orientation == AXIAL else 0),
        image_orientation_patient=orientation,
        pixel_spacing=(spacing, spacing),
        spacing_origin="PixelSpacing",
        dimensions=tuple((name.replace("_", " "), str(value)) for name, value in dimensions.items()),
    )


def stacks_of(frames: list[FrameEntry]) -> tuple[Stack, ...]:
    return split(SeriesTable("id", "1", "2", "MR", tuple(frames)))


def uids(stack: Stack) -> list[str]:
    return [frame.sop_instance_uid for frame in stack.table.frames]


def test_one_stack_is_the_series_itself() -> None:
    table = SeriesTable("id", "1", "2", "CT", tuple(frame(k, k, acquisition=k) for k in range(5)))
    assert split(table) == (Stack("Axial", table),)


def test_no_frames_are_one_empty_stack() -> None:
    (stack,) = stacks_of([])
    with pytest.raises(GeometryError, match="no images"):
        plan(stack.table)


def test_directions_sizes_and_spacings_are_stacks_largest_first() -> None:
    frames = [frame(k, k, CORONAL) for k in range(3)]
    frames += [frame(10 + k, k) for k in range(5)]
    frames += [frame(20 + k, k, spacing=2) for k in range(4)]
    frames.append(replace(frame(30), image_position_patient=None, image_orientation_patient=None))
    stacks = stacks_of(frames)
    assert [len(stack.table.frames) for stack in stacks] == [5, 4, 3, 1]
    assert [stack.label for stack in stacks] == ["Axial (1)", "Axial (2)", "Coronal", "Images without a place"]
    assert [stack.table.identity for stack in stacks] == ["id", "id-1", "id-2", "id-3"]
    assert [plan(stack.table).geometry.shape[0] for stack in stacks[:3]] == [5, 4, 3]
    with pytest.raises(GeometryError, match="At least 3"):
        plan(stacks[3].table)


def test_directions_within_the_tolerance_are_one_stack() -> None:
    frames = [frame(k, k, (1.0, 0.0, 4e-4 * (k % 2), 0.0, 1.0, 0.0)) for k in range(4)]
    frames = [replace(f, image_position_patient=(0, 0, k)) for k, f in enumerate(frames)]
    assert len(stacks_of(frames)) == 1


def test_the_dimension_that_tells_places_apart_splits_and_others_do_not() -> None:
    frames = [frame(10 * t + k, k, temporal_position=t, acquisition=7 * t + k) for t in (10, 9, 2) for k in range(4)]
    stacks = stacks_of(frames)
    assert [stack.label for stack in stacks] == [f"Time {k} of 3" for k in (1, 2, 3)]
    assert uids(stacks[0]) == [f"1.2.{20 + k}" for k in range(4)]


def test_two_dimensions_together() -> None:
    pairs = [(b, d) for b in ("0", "1000") for d in ("1 0 0", "0 1 0")]
    frames = [
        frame(100 * n + k, k, **{"b-value (s/mm2)": b, "diffusion direction": d})
        for n, (b, d) in enumerate(pairs)
        for k in range(3)
    ]
    stacks = stacks_of(frames)
    assert [stack.label for stack in stacks] == [f"b = {b}, direction {d}" for b in ("0", "1000") for d in (1, 2)]


def test_a_value_that_some_images_lack_is_a_value() -> None:
    frames = [frame(k, k) for k in range(3)] + [frame(10 + k, k, kind="DERIVED") for k in range(4)]
    assert [stack.label for stack in stacks_of(frames)] == ["Derived", "Kind not given"]


def test_stack_ids_split_whatever_the_places() -> None:
    frames = [frame(k, k, stack=1 + k // 3) for k in range(6)]
    assert [(stack.label, len(stack.table.frames)) for stack in stacks_of(frames)] == [("Stack 1", 3), ("Stack 2", 3)]


@pytest.mark.parametrize("dimensions", [{}, {"echo_time_(ms)": "5"}])
def test_what_nothing_tells_apart_stays_together_and_is_refused(dimensions: dict[str, str]) -> None:
    (stack,) = stacks_of([frame(10 * t + k, k, **dimensions) for t in range(2) for k in range(4)])
    with pytest.raises(GeometryError, match="same place"):
        plan(stack.table)


def test_numbers_of_single_images_tell_nothing_apart() -> None:
    (stack,) = stacks_of([frame(10 * t + k, k, acquisition=10 * t + k) for t in range(2) for k in range(4)])
    with pytest.raises(GeometryError, match="same place"):
        plan(stack.table)


def test_what_was_scanned_for_is_named_before_what_only_counts() -> None:
    pairs = [(b, d) for b in ("0", "1000") for d in ("1 0 0", "0 1 0")]
    frames = [
        frame(100 * n + k, k, acquisition=n, **{"b-value (s/mm2)": b, "diffusion direction": d})
        for n, (b, d) in enumerate(pairs)
        for k in range(3)
    ]
    assert [stack.label for stack in stacks_of(frames)] == [
        "b = 0, direction 1", "b = 0, direction 2", "b = 1000, direction 1", "b = 1000, direction 2",
    ]  # fmt: skip


def test_image_types_are_told_by_the_words_that_differ() -> None:
    kinds = ("ORIGINAL PRIMARY DIXON W", "ORIGINAL PRIMARY DIXON OPP_PHASE", "DERIVED PRIMARY DIXON F")
    frames = [frame(10 * n + k, k, kind=kind) for n, kind in enumerate(kinds) for k in range(3)]
    assert {stack.label for stack in stacks_of(frames)} == {"Original water", "Original opposed phase", "Derived fat"}


def test_images_with_a_direction_each_stay_together() -> None:
    scout = [replace(frame(n), image_orientation_patient=AXIAL[n:] + AXIAL[:n]) for n in range(2)]
    stacks = stacks_of([*scout, frame(9, 3, CORONAL), *(frame(10 + k, k, spacing=3) for k in range(4))])
    assert [(stack.label, len(stack.table.frames)) for stack in stacks] == [("Axial", 4), ("3 directions", 3)]


def test_every_clip_is_a_stack_and_still_images_are_one() -> None:
    def placeless(number: int, index: int, frames: int) -> FrameEntry:
        instance = replace(INSTANCE, sop_instance_uid=f"1.2.{number}", number_of_frames=frames, rows=4 + number)
        return FrameEntry(instance=instance, frame=index)

    frames = [placeless(n, index, 3) for n in (1, 2) for index in (1, 2, 3)] + [placeless(n, 1, 1) for n in (3, 4)]
    stacks = stacks_of(frames)
    assert [(stack.label, len(stack.table.frames)) for stack in stacks] == [
        ("Clip 1", 3), ("Clip 2", 3), ("Images without a place", 2),
    ]  # fmt: skip
    assert grids(stacks) == ()


def test_stacks_of_the_same_places_form_a_grid() -> None:
    frames = [
        frame(100 * t + 10 * e + k, k, **{"temporal position": t, "echo time (ms)": e})
        for t in (10, 9)
        for e in (5, 2)
        for k in range(4)
    ]
    stacks = stacks_of([*frames, *(frame(500 + k, k, CORONAL) for k in range(5))])
    (grid,) = grids(stacks)
    assert grid.dimensions == (("temporal position", ("9", "10")), ("echo time (ms)", ("2", "5")))
    assert [stacks[n].label for n in grid.stacks] == [
        f"Axial, time {t} of 2, TE {e} ms" for t in (1, 2) for e in (2, 5)
    ]


def test_an_incomplete_grid_is_none() -> None:
    pairs = ((0, 0), (1000, 1), (1000, 2))
    frames = [
        frame(100 * n + k, k, **{"b-value (s/mm2)": b, "diffusion direction": d})
        for n, (b, d) in enumerate(pairs)
        for k in range(3)
    ]
    assert grids(stacks_of(frames)) != ()
    twice = [frame(1000 + k, k, **{"b-value (s/mm2)": 0, "diffusion direction": 2}) for k in range(3)]
    assert grids(stacks_of([*frames, *twice])) == ()


def test_passes_are_told_apart_by_their_numbers_alone() -> None:
    def numbered(number: int, z: float) -> FrameEntry:
        found = frame(number, z)
        return replace(found, instance=replace(found.instance, instance_number=number))

    frames = [numbered(4 * t + k, k) for k in range(4) for t in range(3)]
    stacks = stacks_of(frames)
    assert [(stack.label, uids(stack)[0]) for stack in stacks] == [
        ("Pass 1 of 3", "1.2.0"), ("Pass 2 of 3", "1.2.4"), ("Pass 3 of 3", "1.2.8"),
    ]  # fmt: skip
    assert [grid.stacks for grid in grids(stacks)] == [(0, 1, 2)]
    # Numbered place by place, no run of numbers goes through all places.
    assert len(stacks_of([numbered(3 * k + t, k) for k in range(4) for t in range(3)])) == 1


def test_directions_are_named_with_their_weighting() -> None:
    pairs = (("0", None), ("1000", "1 0 0"), ("1000", "0 1 0"))
    frames = [
        frame(100 * n + k, k, **{"b-value (s/mm2)": b} | ({"diffusion direction": d} if d else {}))
        for n, (b, d) in enumerate(pairs)
        for k in range(3)
    ]
    assert {stack.label for stack in stacks_of(frames)} == {
        "b = 0, no direction", "b = 1000, direction 1", "b = 1000, direction 2",
    }  # fmt: skip


def test_mosaics_are_refused() -> None:
    frames = [replace(frame(k, k), instance=replace(INSTANCE, mosaic=True)) for k in range(4)]
    with pytest.raises(GeometryError, match="mosaic"):
        plan(stacks_of(frames)[0].table)


@given(st.integers(1, 4), st.integers(3, 6), st.integers(1, 3), st.randoms(use_true_random=False))
def test_every_frame_is_in_exactly_one_stack(phases: int, slices: int, echoes: int, shuffle: random.Random) -> None:
    frames = [
        frame(100 * p + 10 * e + k, k, **{"temporal position": p, "echo time (ms)": e})
        for p in range(phases)
        for e in range(echoes)
        for k in range(slices)
    ]
    shuffle.shuffle(frames)
    stacks = stacks_of(frames)
    assert len(stacks) == phases * echoes
    assert sorted(uid for stack in stacks for uid in uids(stack)) == sorted(f.sop_instance_uid for f in frames)
    assert all(plan(stack.table).geometry.shape[0] == slices for stack in stacks)
