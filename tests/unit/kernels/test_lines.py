"""Samples of lines within a box, against asking each sample."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sightline.kernels.lines import Places, reach

NUMBERS = st.integers(-8, 8).map(lambda n: n / 4)


@given(st.tuples(*[NUMBERS] * 3), st.tuples(*[NUMBERS] * 3), st.integers(1, 12))
def test_reach_is_what_asking_each_sample_tells(start: tuple[float, ...], step: tuple[float, ...], count: int) -> None:
    low, high = np.array([[-1.0, -1.0, 0.0], [5.0, 5.0, 5.0]]), np.array([[1.0, 2.0, 1.5], [6.0, 6.0, 6.0]])
    near, way = np.array(start)[:, None], np.array(step)[:, None]
    for box, found in enumerate(reach(near, way, count, low[..., None], high[..., None])):
        samples = (near + way * np.arange(count)).T
        inside = np.all((samples >= low[box]) & (samples <= high[box]), axis=1)
        assert np.array_equal(~found.beyond(0, count)[0], inside)
        assert found.covers(0, count) == inside.all()
        assert found.touches(0, count) or not inside.any()


def test_what_is_said_of_some_lines() -> None:
    start = np.array([[0.0, 2.0, 9.0], [0.0] * 3, [0.0] * 3])
    found = reach(start, np.array([[1.0], [0.0], [0.0]]), 6, np.zeros((1, 3, 1)), np.full((1, 3, 1), 4.0))[0]
    assert (found.first.tolist(), found.last.tolist()) == ([0, 0, 0], [4, 2, -1])
    assert found.of(slice(0, 2)).covers(0, 3)
    assert not found.of(slice(0, 2)).covers(0, 4)
    assert not found.of(slice(2, 3)).touches(0, 6)


def test_fixed_point_and_floating_point_say_the_same() -> None:
    start, step = np.random.default_rng(1).uniform(0, 90, (3, 5)), np.array([[0.3], [-0.1], [0.7]])
    places = Places.of(start, step, 7, 1 << 20)
    assert places.shape == (3, 5, 7)
    part = places.part(slice(1, 3), slice(2, 6))
    assert part.shape == (3, 2, 4)
    expected = start[:, 1:3, None] + step[..., None] * np.arange(2, 6)
    np.testing.assert_allclose(part.near + part.way, expected)
    np.testing.assert_allclose((part.fixed_near + part.fixed_way) / (1 << 20), expected, atol=2e-6)
