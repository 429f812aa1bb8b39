"""How alike two pictures look."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def structural_similarity(one: Array, other: Array, span: float) -> float:
    """Return the mean structural similarity of two pictures, (rows, columns, ...), whose values span `span`.

    Wang, Bovik, Sheikh and Simoncelli (2004): Gaussian windows of 11 x 11 with sigma 1.5, K1 = 0.01, K2 = 0.03. Pixels
    whose window reaches beyond the picture do not count; further axes, such as colours, are averaged.
    """
    one, other = one.astype(np.float64), other.astype(np.float64)
    mean_one, mean_other = _blurred(one), _blurred(other)
    variance_one = _blurred(one * one) - mean_one**2
    variance_other = _blurred(other * other) - mean_other**2
    together = _blurred(one * other) - mean_one * mean_other
    c1, c2 = (0.01 * span) ** 2, (0.03 * span) ** 2
    found = (2 * mean_one * mean_other + c1) * (2 * together + c2)
    return float((found / ((mean_one**2 + mean_other**2 + c1) * (variance_one + variance_other + c2))).mean())


def _blurred(image: Array) -> Array:
    offsets = np.arange(-5, 6)
    kernel = np.exp(-0.5 * (offsets / 1.5) ** 2)
    kernel /= kernel.sum()
    for axis in range(2):
        length = image.shape[axis] - 10
        image = sum(weight * image.take(range(at, at + length), axis=axis) for at, weight in enumerate(kernel))
    return image
