"""Filters against loops over pixels, and against SciPy and OpenCV's kind of arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sightline.kernels.filters import (
    keep_range,
    sharpen,
    smooth_box,
    smooth_gaussian,
    sobel_magnitude,
    threshold,
    unsharp_mask,
)
from sightline.kernels.local_contrast import equalize_locally
from sightline.kernels.noise import median, reduce_noise

DTYPES = (np.uint8, np.uint16, np.int16, np.float32)
SHAPES = ((1, 1), (1, 7), (6, 1), (2, 2), (13, 9), (150, 700))
"""The last one needs several bands."""


def picture(dtype: Any, shape: tuple[int, int], span: tuple[int, int] = (-1000, 3000)) -> Any:
    random = np.random.default_rng(3)
    if dtype is np.float32:
        return (random.random(shape) * 4 - 2).astype(np.float32)
    limits = np.iinfo(dtype)
    return random.integers(max(span[0], limits.min), min(span[1], limits.max), shape, endpoint=True).astype(dtype)


def around(image: Any, row: int, column: int, radius: int) -> Any:
    """Return what lies around a pixel, in float64, the outermost pixels going on."""
    rows = np.clip(np.arange(row - radius, row + radius + 1), 0, image.shape[0] - 1)
    columns = np.clip(np.arange(column - radius, column + radius + 1), 0, image.shape[1] - 1)
    return image[np.ix_(rows, columns)].astype(np.float64)


def each(image: Any, radius: int, work: Any) -> Any:
    """Return what `work` makes of each pixel's surroundings."""
    return np.array([[work(around(image, r, c, radius)) for c in range(image.shape[1])] for r in range(image.shape[0])])


def held(values: Any, dtype: Any) -> Any:
    if dtype is np.float32:
        return values
    return np.clip(np.floor(values + 0.5), np.iinfo(dtype).min, np.iinfo(dtype).max)


def sharper(near: Any) -> float:
    return float(5 * near[1, 1] - near[0, 1] - near[2, 1] - near[1, 0] - near[1, 2])


def steepness(near: Any) -> float:
    weights = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
    return float(np.hypot((near * weights).sum(), (near * weights.T).sum()))


@pytest.mark.parametrize("dtype", DTYPES)
def test_threshold_holds_both_ends(dtype: Any) -> None:
    image = picture(dtype, (13, 9))
    low, high = (float(v) for v in np.sort(image.reshape(-1))[[20, 90]])
    expected = [[low <= float(v) <= high for v in row] for row in image]
    assert threshold(image, low, high).tolist() == expected
    assert threshold(image, -np.inf, np.inf).all()
    outside = keep_range(image, low, high, 7)
    assert outside.dtype == image.dtype
    assert outside.tolist() == [[v if low <= v <= high else 7 for v in row] for row in image.tolist()]


def test_threshold_takes_bounds_that_the_type_cannot_hold() -> None:
    image = np.array([[-32768, 0, 32767]], np.int16)
    assert threshold(image, -1e9, 0.5).tolist() == [[True, True, False]]
    assert threshold(image, 40000, 50000).tolist() == [[False, False, False]]
    assert threshold(image, 0.2, 0.8).tolist() == [[False, False, False]]
    assert threshold(np.array([[np.nan, 1]], np.float32), -np.inf, np.inf).tolist() == [[False, True]]


@pytest.mark.parametrize("shape", SHAPES[:-1])
@pytest.mark.parametrize("dtype", DTYPES)
def test_three_by_three_filters_are_what_loops_give(dtype: Any, shape: tuple[int, int]) -> None:
    image = picture(dtype, shape)
    exact = {"rtol": 0, "atol": 1e-5 if dtype is np.float32 else 0}
    sharpened = sharpen(image)
    assert sharpened.dtype == dtype
    np.testing.assert_allclose(sharpened, held(each(image, 1, sharper), dtype), **exact)
    edges = sobel_magnitude(image)
    assert edges.dtype == np.float32
    np.testing.assert_allclose(edges, each(image, 1, steepness), rtol=1e-6, atol=1e-5)
    np.testing.assert_array_equal(median(image), each(image, 1, np.median))
    np.testing.assert_allclose(smooth_box(image, 3), held(each(image, 1, np.mean), dtype), rtol=0, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.uint16, np.int16])
def test_the_whole_range_of_16_bits_does_not_wrap_around(dtype: Any) -> None:
    image = picture(dtype, (13, 9), (-32768, 65535))
    np.testing.assert_array_equal(sharpen(image), held(each(image, 1, sharper), dtype))
    np.testing.assert_allclose(sobel_magnitude(image), each(image, 1, steepness), rtol=1e-6)
    np.testing.assert_array_equal(median(image), each(image, 1, np.median))


@pytest.mark.parametrize("dtype", DTYPES)
def test_bands_leave_no_seam(dtype: Any) -> None:
    ndimage = pytest.importorskip("scipy.ndimage", reason="SciPy is the second implementation")
    image = picture(dtype, SHAPES[-1])
    wide = image.astype(np.float64)
    kernel = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
    expected = held(ndimage.correlate(wide, kernel, mode="nearest"), dtype)
    np.testing.assert_allclose(sharpen(image), expected, rtol=0, atol=1e-5)
    edges = np.hypot(*(ndimage.sobel(wide, axis, mode="nearest") for axis in (0, 1)))
    np.testing.assert_allclose(sobel_magnitude(image), edges, rtol=1e-6, atol=1e-5)
    np.testing.assert_array_equal(median(image), ndimage.median_filter(image, 3, mode="nearest"))
    for sigma in (0.4, 1.5, 4.0):
        smooth = ndimage.gaussian_filter(wide, sigma, mode="nearest", truncate=4.0)
        tolerance = 2e-6 if dtype is np.float32 else 1
        assert np.abs(smooth_gaussian(image, sigma) - held(smooth, dtype)).max() <= tolerance
        assert np.mean(np.abs(smooth_gaussian(image, sigma) - held(smooth, dtype)) > 2e-6) < 1e-3
        more = held(wide + 0.7 * (wide - smooth), dtype)
        assert np.mean(np.abs(unsharp_mask(image, sigma, 0.7) - more) > 4e-6) < 1e-3
    box = ndimage.uniform_filter(wide, 5, mode="nearest")
    assert np.mean(np.abs(smooth_box(image, 5) - held(box, dtype)) > 2e-6) < 2e-3


def test_larger_images_are_sharpened_in_more_bands() -> None:
    ndimage = pytest.importorskip("scipy.ndimage", reason="SciPy is the second implementation")
    image = picture(np.int16, (700, 701))
    kernel = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
    np.testing.assert_array_equal(sharpen(image), ndimage.correlate(image.astype(int), kernel, mode="nearest"))


@given(arrays(np.int16, (5, 6), elements=st.integers(-2000, 2000)), st.integers(-1000, 1000), st.integers(1, 3))
def test_filters_do_not_see_an_offset_and_follow_a_turned_image(image: Any, offset: int, radius: int) -> None:
    moved = (image + offset).astype(np.int16)
    np.testing.assert_array_equal(sharpen(moved), sharpen(image) + offset)
    np.testing.assert_array_equal(sobel_magnitude(moved), sobel_magnitude(image))
    np.testing.assert_array_equal(median(moved), median(image) + offset)
    np.testing.assert_array_equal(sharpen(image.T), sharpen(image).T)
    np.testing.assert_array_equal(sobel_magnitude(np.flip(image, 1)), np.flip(sobel_magnitude(image), 1))
    assert np.abs(smooth_gaussian(image[::-1].copy(), radius) - smooth_gaussian(image, radius)[::-1]).max() <= 1


def test_nothing_is_changed_in_place_and_views_are_taken() -> None:
    image = picture(np.int16, (20, 30))
    before = image.copy()
    for work in (sharpen, sobel_magnitude, median, lambda i: smooth_gaussian(i, 1), lambda i: reduce_noise(i, 50)):
        np.testing.assert_array_equal(work(image[::2, ::3]), work(image[::2, ::3].copy()))
        np.testing.assert_array_equal(image, before)


def test_what_is_not_a_number_reaches_its_neighbours_only() -> None:
    image = np.zeros((7, 9), np.float32)
    image[3, 0] = np.nan
    reached = np.zeros(image.shape, bool)
    reached[2:5, 0] = reached[3, 1] = True
    np.testing.assert_array_equal(np.isnan(sharpen(image)), reached)
    reached[2:5, 0:2] = True
    np.testing.assert_array_equal(np.isnan(sobel_magnitude(image)), reached)
    np.testing.assert_array_equal(np.isnan(reduce_noise(image, 1, 1)), reached)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("radius", [1, 2, 3])
def test_noise_reduction_is_what_the_loop_gives(dtype: Any, radius: int) -> None:
    image = picture(dtype, (9, 11), (0, 255))
    difference = 1.5 if dtype is np.float32 else 90.0
    away = np.arange(-radius, radius + 1)
    close = np.exp(-2 * (away[:, None] ** 2 + away**2) / (radius + 1) ** 2)

    def alike(near: Any) -> float:
        weight = close * np.maximum(0, 1 - ((near - near[radius, radius]) / difference) ** 2) ** 2
        return float((weight * near).sum() / weight.sum())

    found = reduce_noise(image, difference, radius)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, held(each(image, radius, alike), dtype), rtol=0, atol=1e-5)


def test_noise_becomes_less_and_an_edge_stays() -> None:
    random = np.random.default_rng(0)
    image = random.normal(0, 10, (200, 400))
    image[:, 200:] += 500
    less = reduce_noise(image.astype(np.float32), 40)
    assert less[:, 10:190].std() < 5
    assert abs(float(np.median(less[:, 200] - less[:, 199])) - 500) < 10


def naive_local_contrast(image: Any, low: float, high: float, tiles: tuple[int, int], limit: float) -> Any:
    """Equalize pixel by pixel, from the definition."""
    bins = np.clip((image.astype(np.float64) - low) / (high - low) * 1024, 0, 1023).astype(int)
    edges = [np.arange(n + 1) * size // n for n, size in zip(tiles, image.shape, strict=True)]
    tables = np.zeros((*tiles, 1024))
    for i, j in np.ndindex(*tiles):
        part = bins[edges[0][i] : edges[0][i + 1], edges[1][j] : edges[1][j + 1]]
        counts = np.array([(part == b).sum() for b in range(1024)], float)
        cut = np.minimum(counts, limit * part.size / 1024)
        cut += (part.size - cut.sum()) / 1024
        tables[i, j] = np.cumsum(cut) / part.size
    centres = [(e[:-1] + e[1:] - 1) / 2 for e in edges]
    result = np.zeros(image.shape)
    for r, c in np.ndindex(*image.shape):
        weights = [
            np.array([np.interp(x, m, np.eye(len(m))[k]) for k in range(len(m))])
            for x, m in zip((r, c), centres, strict=True)
        ]
        result[r, c] = low + (high - low) * (weights[0] @ tables[:, :, bins[r, c]] @ weights[1])
    return result


@pytest.mark.parametrize("dtype", DTYPES)
def test_local_contrast_is_what_the_definition_gives(dtype: Any) -> None:
    image = picture(dtype, (23, 31))
    low, high = (-1.5, 1.5) if dtype is np.float32 else (0, 250)
    expected = naive_local_contrast(image, low, high, (2, 3), 30.0)
    found = equalize_locally(image, low, high, (2, 3), 30.0)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, held(expected, dtype), rtol=0, atol=1e-4 if dtype is np.float32 else 1)
    assert np.mean(np.abs(found - held(expected, dtype)) > 1e-4) < 0.01


def test_local_contrast_spreads_what_is_narrow_and_keeps_what_is_no_number() -> None:
    random = np.random.default_rng(1)
    image = random.normal(500, 10, (64, 64)).astype(np.float32)
    image[:5, :5] = np.nan
    found = equalize_locally(image, 0, 1000, (4, 4), 50.0)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(image))
    assert np.nanstd(found) > 5 * np.nanstd(image)
    assert np.nanmin(found) >= 0
    assert np.nanmax(found) <= 1000
    nothing = np.full((8, 8), np.nan, np.float32)
    assert np.isnan(equalize_locally(nothing, 0, 1, (2, 2))).all()


@pytest.mark.parametrize(
    "work",
    [
        lambda: threshold(np.zeros((2, 2), np.int16), 2, 1),
        lambda: threshold(np.zeros((2, 2), np.int16), np.nan, 1),
        lambda: threshold(np.zeros(4, np.int16), 0, 1),
        lambda: sharpen(np.zeros((0, 4), np.int16)),
        lambda: keep_range(np.zeros((2, 2), np.uint8), 0, 1, -1),
        lambda: smooth_gaussian(np.zeros((2, 2), np.int16), 0),
        lambda: smooth_gaussian(np.zeros((2, 2), np.int16), 1000),
        lambda: smooth_box(np.zeros((2, 2), np.int16), 4),
        lambda: unsharp_mask(np.zeros((2, 2), np.int16), 1, -1),
        lambda: reduce_noise(np.zeros((2, 2), np.int16), 0),
        lambda: reduce_noise(np.zeros((2, 2), np.int16), 1, 9),
        lambda: equalize_locally(np.zeros((2, 2), np.int16), 1, 1),
        lambda: equalize_locally(np.zeros((2, 2), np.int16), 0, 1, (3, 1)),
        lambda: equalize_locally(np.zeros((2, 2), np.int16), 0, 1, (1, 1), 0.5),
    ],
)
def test_senseless_parameters_are_refused(work: Any) -> None:
    with pytest.raises(ValueError, match=r".+\."):
        work()


def test_other_types_are_refused() -> None:
    with pytest.raises(TypeError, match="float64"):
        sharpen(np.zeros((2, 2)))
