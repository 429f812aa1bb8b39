"""The standard display function against the standard's own tables and example, and by its properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.kernels.gsdf import driving_levels, jnd_of_luminance, luminance_of_jnd, luminance_of_p_values

# PS3.14 table B-1 (Barten's model, which the formula fits) and section D.1.2 (the range of a CRT with ambient light).
TABLE = {1: 0.0500, 2: 0.0547, 3: 0.0594, 4: 0.0643, 5: 0.0695, 1023: 3993.4040}


@pytest.mark.parametrize(("index", "luminance"), TABLE.items())
def test_luminances_are_those_of_the_standards_table(index: int, luminance: float) -> None:
    # The table has four decimals, and the fit is off by at most 0.3 % of the logarithm.
    assert luminance_of_jnd(index) == pytest.approx(luminance, rel=1e-3)


def test_the_formula_term_by_term() -> None:
    a, b, c, d, e = -1.3011877, -2.5840191e-2, 8.0242636e-2, -1.0320229e-1, 1.3646699e-1
    f, g, h, k, m = 2.8745620e-2, -2.5468404e-2, -3.1978977e-3, 1.2992634e-4, 1.3635334e-3
    for j in range(1, 1024, 73):
        x = float(np.log(j))
        above = a + c * x + e * x**2 + g * x**3 + m * x**4
        below = 1 + b * x + d * x**2 + f * x**3 + h * x**4 + k * x**5
        assert luminance_of_jnd(j) == pytest.approx(10 ** (above / below), rel=1e-12)


def test_the_example_of_the_standard() -> None:
    """Annex D.1.2: a CRT from JND 32.54 to 453.85, which are some 0.305 and 84.36 cd/m2."""
    np.testing.assert_allclose(jnd_of_luminance([0.3048, 84.3606]), [32.54, 453.85], atol=0.01)


@given(st.floats(1, 1023))
def test_one_is_the_inverse_of_the_other(index: float) -> None:
    assert jnd_of_luminance(luminance_of_jnd(index)) == pytest.approx(index, abs=1e-6)


def test_the_ends_as_the_standard_rounds_them_are_understood() -> None:
    assert jnd_of_luminance([0.05, 3993.404]).tolist() == pytest.approx([1, 1023], abs=0.01)


def test_equal_steps_of_p_values_are_equal_steps_of_jnd() -> None:
    steps = np.diff(jnd_of_luminance(luminance_of_p_values(64, 0.4, 350)))
    np.testing.assert_allclose(steps, steps.mean(), rtol=1e-6)


@pytest.mark.parametrize("ambient", [0.0, 1.5])
def test_a_display_of_gamma_2_2_is_driven_along_the_function(ambient: float) -> None:
    curve = 0.3 + 399.7 * (np.arange(1024) / 1023) ** 2.2
    levels = driving_levels(curve, 256, ambient)
    assert (levels[0], levels[-1]) == (0, 1023)
    assert np.all(np.diff(levels.astype(int)) >= 0)
    reached = jnd_of_luminance(curve + ambient)
    for p_value, level in enumerate(levels):
        wanted = reached[0] + p_value * (reached[-1] - reached[0]) / 255
        assert abs(reached[level] - wanted) == min(abs(other - wanted) for other in reached)


def test_levels_that_look_the_same_are_one() -> None:
    assert driving_levels([1.0, 1.0, 1.0, 200.0, 200.0], 2).tolist() == [0, 3]


@pytest.mark.parametrize("curve", [[1.0], [2.0, 1.0], [1.0, 1.0], [[1.0, 2.0]], [0.01, 1.0], [1.0, 9000.0]])
def test_what_is_no_display_is_refused(curve: list[float]) -> None:
    with pytest.raises(ValueError, match=r"curve|display|luminances"):
        driving_levels(curve)


def test_what_the_function_does_not_have_is_refused() -> None:
    for index in (0.9, 1023.1, np.nan):
        with pytest.raises(ValueError, match="JND"):
            luminance_of_jnd(index)
    with pytest.raises(ValueError, match="brighter"):
        luminance_of_p_values(2, 5.0, 5.0)
