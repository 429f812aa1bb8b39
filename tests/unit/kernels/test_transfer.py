"""Opacity and colour by value, corrected for the step, and the presets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.kernels.transfer import Light, Point, TransferFunction
from sightline.kernels.transfer_presets import PRESETS

RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)
RAMP = TransferFunction((Point(0, 0.0, RED), Point(100, 0.5, BLUE), Point(200, 0.1, BLUE)))


def test_between_points_opacity_and_colour_are_linear_and_beyond_them_constant() -> None:
    opacity, colour = RAMP.sample(np.array([-50.0, 50.0, 150.0, 900.0]))
    assert opacity == pytest.approx([0, 0.25, 0.3, 0.1])
    assert colour.tolist() == [[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1], [0, 0, 1]]


@given(st.floats(-100, 400, width=32), st.floats(0.2, 5))
def test_a_table_gives_what_the_function_gives(value: float, step: float) -> None:
    rows, clear = RAMP.table(step).look_up(np.array([value], np.float32))
    opacity, colour = RAMP.sample(np.array([value]))
    expected = 1 - (1 - opacity) ** step
    assert rows[0, 3] == pytest.approx(expected[0], abs=2e-3)
    assert rows[0, :3] == pytest.approx(colour[0] * expected[0], abs=2e-3)
    assert clear[0] == pytest.approx([1 - rows[0, 3]] * 4, abs=1e-6)


def test_a_table_says_where_nothing_is_opaque() -> None:
    band = TransferFunction((Point(0, 0.0, RED), Point(10, 0.5, RED), Point(20, 0.0, RED), Point(40, 0.0, RED)))
    table = band.table(1.0)
    assert 0 < table.low < 0.1 and 19.9 < table.high < 20
    assert RAMP.table(1.0).high == np.inf
    empty = TransferFunction((Point(0, 0.0, RED), Point(10, 0.0, RED))).table(1.0)
    assert (empty.low, empty.high) == (np.inf, -np.inf)


@pytest.mark.parametrize(("slope", "intercept"), [(2.0, -1024.0), (-0.5, 10.0)])
def test_stored_values_have_the_opacity_of_their_modality_values(slope: float, intercept: float) -> None:
    stored = np.linspace(-500, 700, 25)
    expected = RAMP.sample(slope * stored + intercept)
    found = RAMP.over_stored_values(slope, intercept)
    assert found.sample(stored)[0] == pytest.approx(expected[0])
    assert found.sample(stored)[1] == pytest.approx(expected[1])
    assert found.light.surface == pytest.approx(RAMP.light.surface / abs(slope))


def test_a_function_over_parts_is_placed_on_a_range() -> None:
    placed = PRESETS["mr"].stretched(100, 1100)
    assert [point.value for point in placed.points] == pytest.approx([250, 500, 900, 1100])
    with pytest.raises(ValueError, match="empty"):
        PRESETS["mr"].stretched(5, 5)
    with pytest.raises(ValueError, match="slope"):
        PRESETS["mr"].over_stored_values(0, 5)


@pytest.mark.parametrize(
    "points",
    [
        (Point(0, 0.0, RED),),
        (Point(0, 0.0, RED), Point(0, 0.5, RED)),
        (Point(0, 0.0, RED), Point(1, 1.5, RED)),
        (Point(0, 0.0, RED), Point(1, 0.5, (0.0, -0.1, 0.0))),
    ],
)
def test_what_is_no_function_is_refused(points: tuple[Point, ...]) -> None:
    with pytest.raises(ValueError, match=r"transfer function|between"):
        TransferFunction(points)


def test_light_is_full_on_a_surface_that_faces_the_reader() -> None:
    table = Light(ambient=0.1, diffuse=0.6, specular=0.3).table()
    assert table[0] == pytest.approx([1, 1, 1, 1])
    assert table[-1] == pytest.approx([0.1, 0.1, 0.1, 1])
    assert np.all(np.diff(table[:, 0]) < 0)


@pytest.mark.parametrize("name", ["bone", "vessels", "lung", "skin", "muscle", "mr"])
def test_presets_are_there_and_say_where_they_come_from(name: str) -> None:
    preset = PRESETS[name]
    assert preset.origin
    assert max(point.opacity for point in preset.points) > 0
    light = preset.light
    assert light.ambient + light.diffuse + light.specular <= 1.06
    air = preset.sample(np.array([0.0 if name == "mr" else -1000.0]))[0]
    assert air == 0
