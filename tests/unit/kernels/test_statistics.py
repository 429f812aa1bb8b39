"""Statistics of regions against SciPy, SimpleITK, and sums by hand."""

from __future__ import annotations

from fractions import Fraction
from math import log2
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sightline.kernels.geometry import GeometryError
from sightline.kernels.statistics import Statistics, statistics

HU = "[hnsf'U]"


def of(values: Any, **more: Any) -> Statistics:
    values = np.asarray(values)
    return statistics(values, np.ones(values.shape, bool), unit=HU, **more)


def some(size: int = 500) -> Any:
    return np.random.default_rng(5).gamma(2.0, 80.0, size) - 300


def test_a_small_region_by_hand() -> None:
    found = of([[2, 4, 4], [4, 5, 5], [7, 9, 5]], pixel_area=0.25, voxel_volume=0.5, percents=(0, 25, 100), bins=7)
    assert (found.count, found.left_out, found.unit) == (9, 0, HU)
    assert found.mean == 5.0
    assert found.standard_deviation == pytest.approx((32 / 8) ** 0.5)
    assert (found.minimum, found.minimum_at, found.maximum, found.maximum_at) == (2, (0, 0), 9, (2, 1))
    assert found.median == 5
    assert found.percentiles == ((0.0, 2.0), (25.0, 4.0), (100.0, 9.0))
    assert found.histogram.counts == (1, 0, 3, 3, 0, 1, 1)
    assert found.histogram.edges == (2, 3, 4, 5, 6, 7, 8, 9)
    parts = [1 / 9, 3 / 9, 3 / 9, 1 / 9, 1 / 9]
    assert found.entropy == pytest.approx(-sum(p * log2(p) for p in parts))
    assert found.skewness == pytest.approx((42 / 9) / (32 / 9) ** 1.5)
    assert found.kurtosis == pytest.approx((356 / 9) / (32 / 9) ** 2 - 3)
    assert (found.area, found.volume) == (2.25, 4.5)


def test_nothing_is_said_of_sizes_that_are_not_known() -> None:
    assert of([1, 2]).area is None
    assert of([1, 2]).volume is None


def test_scipy_and_numpy_agree() -> None:
    stats = pytest.importorskip("scipy.stats", reason="SciPy is the second implementation")
    values = some()
    found = of(values, percents=(1, 37.5, 99), bins=20)
    described = stats.describe(values)
    assert found.mean == pytest.approx(described.mean, rel=1e-13)
    assert found.standard_deviation == pytest.approx(described.variance**0.5, rel=1e-12)
    assert found.skewness == pytest.approx(described.skewness, rel=1e-12)
    assert found.kurtosis == pytest.approx(described.kurtosis, rel=1e-12)
    assert [value for _, value in found.percentiles] == pytest.approx(np.percentile(values, (1, 37.5, 99)).tolist())
    counts, edges = np.histogram(values, 20)
    assert found.histogram.counts == tuple(counts)
    assert found.histogram.edges == pytest.approx(edges.tolist())
    assert found.entropy == pytest.approx(stats.entropy(counts, base=2))


def test_simpleitk_agrees() -> None:
    itk = pytest.importorskip("SimpleITK", reason="SimpleITK is a second implementation")
    image = np.random.default_rng(0).integers(-1024, 3071, (7, 40, 50)).astype(np.int16)
    work = itk.StatisticsImageFilter()
    work.Execute(itk.GetImageFromArray(image))
    found = of(image)
    assert (found.minimum, found.maximum) == (work.GetMinimum(), work.GetMaximum())
    assert found.mean == pytest.approx(work.GetMean(), rel=1e-12)
    assert found.standard_deviation == pytest.approx(work.GetSigma(), rel=1e-12)


def test_only_the_region_counts_and_padding_is_counted_apart() -> None:
    values = np.array([[1, 2, 3, 4], [-2000, 6, 7, 8], [-1999, 10, 11, 99]], np.int16)
    mask = np.array([[0, 1, 1, 0], [1, 1, 0, 0], [1, 0, 1, 0]], bool)
    found = statistics(values, mask, unit="1", padding=(-2000, -1999), pixel_area=2.0)
    assert (found.count, found.left_out) == (4, 2)
    assert found.mean == 5.5
    assert (found.minimum_at, found.maximum_at) == ((0, 1), (2, 2))
    assert found.area == 8.0
    floats = np.array([1.0, np.nan, np.inf, -np.inf, 3.0])
    assert (of(floats).count, of(floats).left_out, of(floats).mean) == (2, 3, 2.0)


def test_equal_values_have_no_shape() -> None:
    found = of(np.full(1000, 0.1))
    assert (found.mean, found.standard_deviation, found.skewness, found.kurtosis) == (0.1, 0.0, None, None)
    assert found.histogram.counts == (1000,) + (0,) * 63
    assert found.entropy == 0
    alone = of([7])
    assert (alone.mean, alone.standard_deviation, alone.median) == (7, None, 7)


def test_values_far_from_zero_lose_no_digits() -> None:
    values = 1e9 + np.array([4.0, 7.0, 13.0, 16.0])
    found = of(values)
    assert found.mean == 1e9 + 10
    assert found.standard_deviation == pytest.approx(30**0.5, rel=1e-14)
    exact = [Fraction(float(v)) for v in 1e6 + some(999)]
    mean = sum(exact) / 999
    variance = float(sum((v - mean) ** 2 for v in exact) / 998)
    assert of(1e6 + some(999)).standard_deviation == pytest.approx(variance**0.5, rel=1e-13)


@given(
    arrays(np.int16, st.integers(2, 40), elements=st.integers(-3000, 3000)), st.integers(-500, 500), st.integers(1, 9)
)
def test_shifts_and_scales_do_what_they_should(values: Any, shift: int, scale: int) -> None:
    assume(values.min() < values.max())
    found, other = of(values), of(values.astype(np.float64) * scale + shift)
    assert other.mean == pytest.approx(found.mean * scale + shift, abs=1e-8)
    assert other.standard_deviation == pytest.approx((found.standard_deviation or 0) * scale)
    assert other.median == pytest.approx(found.median * scale + shift)
    assert other.minimum_at == found.minimum_at
    assert other.skewness == pytest.approx(found.skewness, abs=1e-6)
    assert other.kurtosis == pytest.approx(found.kurtosis, abs=1e-6)
    assert sum(other.histogram.counts) == found.count
    mirrored = of(-values.astype(np.float64))
    assert mirrored.skewness == pytest.approx(-(found.skewness or 0), abs=1e-6)
    assert mirrored.maximum_at == found.minimum_at


@given(
    arrays(np.float64, 30, elements=st.floats(-1e3, 1e3, width=32)),
    arrays(np.bool_, 30),
)
def test_a_region_is_the_sum_of_its_parts(values: Any, part: Any) -> None:
    assume(0 < part.sum() < 30)
    one, other, all_of_it = (statistics(values, m, unit=HU) for m in (part, ~part, np.ones(30, bool)))
    assert one.count + other.count == all_of_it.count
    assert one.count * one.mean + other.count * other.mean == pytest.approx(30 * all_of_it.mean, abs=1e-6)
    assert min(one.minimum, other.minimum) == all_of_it.minimum
    assert max(one.maximum, other.maximum) == all_of_it.maximum
    squares = [
        (s.count - 1) * (s.standard_deviation or 0) ** 2 + s.count * (s.mean - all_of_it.mean) ** 2
        for s in (one, other)
    ]
    assert sum(squares) == pytest.approx(29 * (all_of_it.standard_deviation or 0) ** 2, rel=1e-6, abs=1e-6)


def test_regions_without_values_are_refused_with_the_reason() -> None:
    values = np.array([1.0, np.nan])
    with pytest.raises(GeometryError, match="contains no pixel"):
        statistics(values, np.zeros(2, bool), unit=HU)
    with pytest.raises(GeometryError, match="only padding"):
        statistics(values, np.array([False, True]), unit=HU)


@pytest.mark.parametrize(
    ("mask", "more", "reason"),
    [
        (np.ones(3, bool), {}, "shape"),
        (np.ones(2, int), {}, "boolean"),
        (np.ones(2, bool), {"bins": 0}, "intervals"),
        (np.ones(2, bool), {"percents": (101,)}, "0 to 100"),
    ],
)
def test_senseless_parameters_are_refused(mask: Any, more: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        statistics(np.zeros(2), mask, unit=HU, **more)
