"""Which region of an ultrasound image counts, against the rule told point by point."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.kernels.ultrasound import Axis, RegionError, UltrasoundRegion, region_of

TISSUE = UltrasoundRegion(1, 1, 1, 0, 0, 49, 49, 3, 3, 0.02, 0.02)
FLOW = UltrasoundRegion(1, 2, 0, 10, 10, 19, 19, 3, 3, -0.02, 0.02)
MOTION = UltrasoundRegion(2, 1, 0, 50, 0, 99, 49, 4, 3, 0.01, 0.05)
BAR = UltrasoundRegion(0, 13, 0, 30, 0, 34, 9, 0, 0, 0.0, 0.0)


def at(*points: tuple[float, float]) -> Any:
    return np.array(points, np.float64)


def refused(points: Any, regions: list[UltrasoundRegion]) -> str:
    with pytest.raises(RegionError) as caught:
        region_of(points, regions)
    return caught.value.reason


def test_a_pixel_belongs_to_its_region_up_to_its_outer_edge() -> None:
    assert region_of(at((0, 0), (50, 50)), [TISSUE]) == TISSUE
    assert refused(at((0, 0), (50.1, 50)), [TISSUE]) == "across"
    assert refused(at((50.1, 0), (60, 50)), [TISSUE]) == "outside"


def test_flow_over_tissue_is_of_one_scale_and_a_bar_of_grey_hides_nothing() -> None:
    for points in (at((12, 12), (18, 18)), at((12, 12), (40, 40)), at((31, 5), (12, 12))):
        assert region_of(points, [TISSUE, FLOW, MOTION, BAR]) in (TISSUE, FLOW)
    assert region_of(at((1, 1)), [BAR]) is None
    assert region_of(at((1, 1)), []) is None


def test_what_overwrites_a_region_counts_where_it_lies() -> None:
    inset = replace(MOTION, min_x=20, min_y=20, max_x=39, max_y=39)
    assert region_of(at((21, 21), (30, 30)), [TISSUE, inset]) == inset
    assert region_of(at((1, 1), (10, 10)), [TISSUE, inset]) == TISSUE
    assert refused(at((1, 1), (30, 30)), [TISSUE, inset]) == "overlap"
    assert refused(at((21, 21), (30, 30)), [replace(TISSUE, flags=0), inset]) == "overlap"


def test_units_are_those_of_the_standard() -> None:
    axes = [UltrasoundRegion(3, 3, 0, 4, 6, 9, 9, code, code, -0.5, 2.0, 1, 2, 0.0, 1.0) for code in range(13)]
    units = {code: region.across for code, region in enumerate(axes) if region.across.unit}
    assert units == {
        3: Axis("mm", 5.0, 5.5), 4: Axis("s", 0.5, 5.5), 5: Axis("Hz", 0.5, 5.5), 7: Axis("cm/s", 0.5, 5.5),
    }  # fmt: skip
    # Away from a value of 0 the base line would depend on the sign of the step.
    assert axes[7].down == Axis("cm/s", 2.0)
    assert replace(axes[3], delta_x=None).across == Axis("", 0.0)


bounds = st.tuples(*[st.integers(0, 8)] * 4).map(
    lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3]))
)
scales = st.sampled_from([(1, 3, 3, 0.1), (1, 3, 3, 0.2), (2, 4, 3, 0.1), (3, 4, 7, 0.1)])


@st.composite
def regions(draw: st.DrawFn) -> UltrasoundRegion:
    (form, unit_x, unit_y, delta), box = draw(scales), draw(bounds)
    return UltrasoundRegion(form, 1, draw(st.integers(0, 1)), *box, unit_x, unit_y, delta, delta)


@given(
    st.lists(regions(), min_size=1, max_size=4), st.lists(st.tuples(*[st.integers(0, 9)] * 2), min_size=1, max_size=3)
)
def test_the_region_that_counts_is_the_one_of_every_point(
    all_regions: list[UltrasoundRegion], places: list[tuple[int, int]]
) -> None:
    def holds(region: UltrasoundRegion, place: tuple[int, int]) -> bool:
        column, row = place
        return region.min_x <= column <= region.max_x + 1 and region.min_y <= row <= region.max_y + 1

    def scale(region: UltrasoundRegion) -> tuple[Any, ...]:
        return region.spatial_format, region.unit_x, region.unit_y, region.delta_x

    try:
        found = region_of(at(*places), all_regions)
    except RegionError:
        found = None
    if found is None:
        # No region holds all of it without another one that may count as well at some point.
        for region in all_regions:
            assert not all(holds(region, place) for place in places) or any(
                holds(other, place) and other != region and (scale(other) != scale(region) or other.spatial_format != 1)
                and not (other.flags and not region.flags)
                for other in all_regions
                for place in places
            )  # fmt: skip
        return
    for place in places:
        assert holds(found, place)
        for other in all_regions:
            if holds(other, place) and scale(other) != scale(found):
                assert other.flags
                assert not found.flags
