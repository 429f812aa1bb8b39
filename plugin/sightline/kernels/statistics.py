"""What the pixels or voxels of a region say: of stored or modality values, never of what is displayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import Floats, GeometryError

PERCENTILES = (5.0, 25.0, 75.0, 95.0)
BINS = 64
LARGEST_BINS = 65_536


@dataclass(frozen=True)
class Histogram:
    """How many values lie in each interval.

    Parameters
    ----------
    low, high : float
        Least and greatest value: the intervals between them are equally wide.
    counts : tuple of int
        An interval holds its lower end and not its upper one; the last holds both.
    """

    low: float
    high: float
    counts: tuple[int, ...]

    @property
    def edges(self) -> tuple[float, ...]:
        """Ends of the intervals, one more than there are counts."""
        return tuple(float(edge) for edge in np.linspace(self.low, self.high, len(self.counts) + 1))


@dataclass(frozen=True)
class Statistics:
    """Statistics of a region.

    Parameters
    ----------
    unit : str
        Of all values below that have no other unit.
    count : int
        Number of pixels that were counted.
    left_out : int
        Number of pixels of the region that are padding or not finite, and were not.
    mean : float
    standard_deviation : float or None
        Of a sample (divided by count - 1), since the pixels of a region stand for more tissue than was measured; None
        for one pixel.
    minimum, maximum : float
    minimum_at, maximum_at : tuple of int
        Index in the array; the first where there are several.
    median : float
    percentiles : tuple of (float, float)
        (percent, value): linear between the values in order, of which the first is at 0 and the last at 100 percent.
    histogram : Histogram
    entropy : float
        Bits: Shannon's, of the histogram's parts.
    skewness : float or None
        Third central moment divided by the 3/2 power of the second, both of the population (divided by count); no
        unit. None where all values are equal.
    kurtosis : float or None
        Excess: fourth central moment divided by the square of the second, less 3, so that a normal distribution has
        0; of the population, no unit. None where all values are equal.
    area : float or None
        mm2: pixels that were counted times the area of one.
    volume : float or None
        mm3: voxels that were counted times the volume of one.
    """

    unit: str
    count: int
    left_out: int
    mean: float
    standard_deviation: float | None
    minimum: float
    minimum_at: tuple[int, ...]
    maximum: float
    maximum_at: tuple[int, ...]
    median: float
    percentiles: tuple[tuple[float, float], ...]
    histogram: Histogram
    entropy: float
    skewness: float | None
    kurtosis: float | None
    area: float | None = None
    volume: float | None = None


def statistics(
    values: NDArray[Any],
    mask: NDArray[np.bool_],
    *,
    unit: str,
    padding: tuple[float, float] | None = None,
    pixel_area: float | None = None,
    voxel_volume: float | None = None,
    percents: Sequence[float] = PERCENTILES,
    bins: int = BINS,
) -> Statistics:
    """Return the statistics of the values of a region.

    Parameters
    ----------
    values : array of any shape
        Stored or modality values; not-a-number means padding.
    mask : array of bool, same shape
        The region.
    unit : str
        Of the values, in UCUM, such as ``[hnsf'U]``; ``1`` for stored values without a unit.
    padding : (low, high), optional
        Inclusive range of `values` that are no image.
    pixel_area, voxel_volume : float, optional
        mm2 of a pixel, mm3 of a voxel. Without them nothing is said of area or volume.
    percents : sequence of float
        From 0 to 100.
    bins : int
        Number of the histogram's intervals.

    Returns
    -------
    Statistics
        Computed in float64 in two passes: first the mean, then the moments about it.

    Raises
    ------
    GeometryError
        The region contains no pixel, or only padding.
    ValueError
        Shapes differ, the mask is not boolean, or a parameter is out of its range.

    References
    ----------
    Percentiles are type 7 of Hyndman and Fan, The American Statistician 1996;50:361-365.

    Notes
    -----
    Memory beside the result: 50 bytes per pixel of the region. The interpreter lock is held while values are sorted,
    some 10 ns for each.

    Examples
    --------
    >>> values = np.array([[1, 2, 3], [4, -2000, 10]], np.int16)
    >>> found = statistics(values, np.ones((2, 3), bool), unit="[hnsf'U]", padding=(-2000, -2000), bins=3, pixel_area=2)
    >>> found.count, found.left_out, found.mean, found.median, found.maximum_at, found.area
    (5, 1, 4.0, 3.0, (1, 2), 10)
    >>> round(found.standard_deviation, 4), found.histogram
    (3.5355, Histogram(low=1.0, high=10.0, counts=(3, 1, 1)))
    """
    _require(values, mask, percents, bins)
    chosen = values[mask]
    counted = np.isfinite(chosen)
    if padding is not None:
        counted &= (chosen < padding[0]) | (chosen > padding[1])
    sample = chosen[counted].astype(np.float64)
    if not sample.size:
        raise GeometryError("The region contains only padding." if chosen.size else "The region contains no pixel.")
    places = np.flatnonzero(mask)[counted]
    least, most = (_index(int(places[k]), values.shape) for k in (sample.argmin(), sample.argmax()))
    ordered = np.sort(sample)
    histogram = _histogram(ordered, bins)
    mean, deviation, skewness, kurtosis = _moments(sample)
    return Statistics(
        unit=unit,
        count=sample.size,
        left_out=chosen.size - sample.size,
        mean=mean,
        standard_deviation=deviation,
        minimum=float(ordered[0]),
        minimum_at=least,
        maximum=float(ordered[-1]),
        maximum_at=most,
        median=float(np.median(ordered)),
        percentiles=tuple(
            (float(p), float(v)) for p, v in zip(percents, np.percentile(ordered, percents), strict=True)
        ),
        histogram=histogram,
        entropy=_entropy(histogram),
        skewness=skewness,
        kurtosis=kurtosis,
        area=None if pixel_area is None else sample.size * pixel_area,
        volume=None if voxel_volume is None else sample.size * voxel_volume,
    )


def _require(values: NDArray[Any], mask: NDArray[np.bool_], percents: Sequence[float], bins: int) -> None:
    if values.shape != mask.shape or mask.dtype != np.bool_:
        raise ValueError("A region is a boolean mask of the shape of the values.")
    if not 1 <= bins <= LARGEST_BINS:
        raise ValueError(f"A histogram has from 1 to {LARGEST_BINS} intervals.")
    if not all(0 <= percent <= 100 for percent in percents):
        raise ValueError("Percentiles are from 0 to 100.")


def _index(place: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(place, shape))


def _moments(sample: Floats) -> tuple[float, float | None, float | None, float | None]:
    """Return mean, standard deviation, skewness and excess kurtosis."""
    mean = float(sample.mean())
    if sample.min() == sample.max():
        # Not the mean's rounding error, which moments of it would be made of.
        return float(sample[0]), 0.0 if sample.size > 1 else None, None, None
    away = sample - mean
    # What the rounding of the mean has left: without it, values far from 0 lose digits.
    away -= away.mean()
    square = away * away
    second = float(square.mean())
    deviation = float(np.sqrt(square.sum() / (sample.size - 1)))
    if second == 0:  # so small that squares vanish
        return mean, deviation, None, None
    third, fourth = float((square * away).mean()), float((square * square).mean())
    return mean, deviation, third / second**1.5, fourth / second**2 - 3


def _histogram(ordered: Floats, bins: int) -> Histogram:
    """Count sorted values; all in the first interval where they are equal."""
    low, high = float(ordered[0]), float(ordered[-1])
    if low == high:
        return Histogram(low, high, (ordered.size,) + (0,) * (bins - 1))
    below = np.searchsorted(ordered, np.linspace(low, high, bins + 1)[1:-1], side="left")
    counts = np.diff(np.concatenate([[0], below, [ordered.size]]))
    return Histogram(low, high, tuple(int(count) for count in counts))


def _entropy(histogram: Histogram) -> float:
    counts = np.array([count for count in histogram.counts if count], np.float64)
    parts = counts / counts.sum()
    return float(abs((parts * np.log2(parts)).sum()))
