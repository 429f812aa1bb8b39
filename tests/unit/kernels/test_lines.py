"""Samples of lines within a box, against asking each sample."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sightline.kernels.lines import Bundles, reach

NUMBERS = st.integers(-8, 8).map(lambda n: n / 4)


@given(st.tuples(*[NUMBERS] * 3), st.tuples(*[NUMBERS] * 3), st.integers(1, 12))
def test_reach_is_what_asking_each_sample_tells(start: tuple[float, ...], step: tuple[float, ...], count: int) -> None:
    low, high = np.array([[-1.0, -1.0, 0.0], [5.0, 5.0, 5.0]]), np.array([[1.0, 2.0, 1.5], [6.0, 6.0, 6.0]])
    near, way = np.array(start)[:, None], np.array(step)[:, None]
    for box, found in enumerate(reach(near, way, count, low[..., None], high[..., None])):
        samples = (near + way * np.arange(count)).T
        inside = np.all((samples >= low[box]) & (samples <= high[box]), axis=1)
        (ends,) = found.split(1)
        assert np.array_equal(~found.beyond(slice(None), 0, count)[0], inside)
        assert ends.covers(0, count) == inside.all()
        assert ends.touches(0, count) or not inside.any()


def test_what_is_said_of_some_lines() -> None:
    start = np.array([[0.0, 2.0, 9.0], [0.0] * 3, [0.0] * 3])
    found = reach(start, np.array([[1.0], [0.0], [0.0]]), 6, np.zeros((1, 3, 1)), np.full((1, 3, 1), 4.0))[0]
    assert (found.first.tolist(), found.last.tolist()) == ([0, 0, 0], [4, 2, -1])
    first, rest = found.split(2)
    assert first.covers(0, 3)
    assert not first.covers(0, 4)
    assert not rest.touches(0, 6)
    assert first.touches(4, 5)


def test_fixed_point_and_floating_point_say_the_same() -> None:
    random = np.random.default_rng(1)
    start, step, beside = (
        random.uniform(0, 90, (3, 5)),
        np.array([[0.3], [-0.1], [0.7]]),
        random.uniform(0, 9, (3, 1, 4)),
    )
    samples = np.arange(2, 6)
    expected = start[:, 1:3, None, None] + beside[..., None] + step[:, :, None, None] * samples
    steps, besides = np.repeat(step, 5, axis=1), np.repeat(beside, 5, axis=1)
    for ways in ((step, beside), (steps, beside), (step, besides)):
        places = Bundles.of(start, *ways, 1 << 20).places(2, 6)
        assert places.shape == (3, 5, 4, 4)
        part = places.of(slice(1, 3))
        assert part.shape == (3, 2, 4, 4)
        np.testing.assert_allclose(part.near + part.way, expected)
        np.testing.assert_allclose((part.fixed_near + part.fixed_way) / (1 << 20), expected, atol=2e-6)


def test_lines_beside_others_reach_as_if_they_were_alone() -> None:
    random = np.random.default_rng(2)
    start, step, beside = (random.uniform(-3, 9, (3, size)) for size in (5, 1, 4))
    low, high = np.zeros((1, 3, 1)), np.full((1, 3, 1), 6.0)
    alone = reach((start[:, :, None] + beside[:, None]).reshape(3, -1), step, 8, low, high)[0]
    for own in (step, np.repeat(step, 5, axis=1)):
        together = Bundles.of(start, own, beside[:, None], 1 << 20).reach(8, low, high)[0]
        assert all(np.array_equal(*pair) for pair in zip(alone, together, strict=True))
