"""Segmented palettes against tables worked out by hand and against a naive expansion."""

from __future__ import annotations

import struct
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.kernels.segmented_palette import expand_segments


def words(*numbers: int, bits: int = 16) -> bytes:
    return struct.pack(f"<{len(numbers)}{'BH'[bits == 16]}", *numbers)


@pytest.mark.parametrize("bits", [8, 16])
def test_discrete_linear_and_indirect_by_hand(bits: int) -> None:
    """The copy begins at the second segment, which is 5 numbers, and so 5 or 10 bytes, from the start."""
    offset = (5, 0, 0, 0) if bits == 8 else (10, 0)
    data = words(0, 3, 7, 0, 20, 1, 4, 60, 0, 1, 9, 2, 2, *offset, bits=bits)
    # The copied line starts from the 9 before it: 21.75, 34.5, 47.25, 60.
    expected = [7, 0, 20, 30, 40, 50, 60, 9, 22, 35, 47, 60, 9]
    found = expand_segments(data, len(expected), bits)
    assert found.tolist() == expected
    assert found.dtype.itemsize * 8 == bits


def test_a_line_may_begin_at_0_also_where_it_is_copied() -> None:
    data = words(0, 1, 0, 1, 2, 200, 0, 1, 0, 2, 1, 6, 0)
    assert expand_segments(data, 6, 16).tolist() == [0, 100, 200, 0, 100, 200]


@given(
    start=st.integers(0, 65535),
    ends=st.lists(st.tuples(st.integers(1, 300), st.integers(0, 65535)), min_size=1, max_size=6),
)
def test_lines_are_straight(start: int, ends: list[tuple[int, int]]) -> None:
    data = words(0, 1, start) + b"".join(words(1, *end) for end in ends)
    table = [start]
    for length, end in ends:
        begin = table[-1]
        table += [int(np.floor(begin + (end - begin) * step / length + 0.5 + 1e-9)) for step in range(1, length + 1)]
    found = expand_segments(data, len(table), 16)
    assert found.tolist() == table
    places = np.cumsum([0, *(length for length, _ in ends)])
    for (first, last), (_, end) in zip(pairwise(places), ends, strict=True):
        assert found[last] == end
        assert len(set(np.sign(np.diff(found[first : last + 1].astype(int)))) - {0}) <= 1, "rises or falls, not both"


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        ((0, 3, 1, 2, 3), "fewer"),
        ((0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9), "more"),
        ((0, 9, 1), "early"),
        ((1, 4, 7), "first"),
        ((3, 1, 7), "type"),
        ((0, 1, 7, 2, 1, 6, 0), "copies one that copies"),
        ((0, 1, 7, 2, 1, 600, 0), "outside"),
        ((0, 1, 7, 2, 1, 1, 0), "outside"),
        ((0, 0) * 5000, "fewer"),
        ((), "fewer"),
    ],
)
def test_damaged_segments_are_refused(numbers: tuple[int, ...], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        expand_segments(words(*numbers), 4, 16)


def test_other_sizes_of_entries_are_refused() -> None:
    with pytest.raises(ValueError, match="8 or 16"):
        expand_segments(b"", 1, 12)


@given(data=st.binary(max_size=80), bits=st.sampled_from([8, 16]))
def test_any_bytes_are_a_table_or_refused(data: bytes, bits: int) -> None:
    try:
        assert len(expand_segments(data, 32, bits)) == 32
    except ValueError as refusal:
        assert "palette" in str(refusal) or "segment" in str(refusal)
