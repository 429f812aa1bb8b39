"""Attributes of a data set as plain values, whatever is in the file. Runs in workers only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from pydicom import Dataset
from pydicom.multival import MultiValue


def numbers_of(dataset: Dataset, keyword: str, count: int) -> tuple[float, ...] | None:
    """Return that many finite values of an attribute, None where it has not."""
    try:
        values = tuple(float(value) for value in values_of(dataset.get(keyword)))
    except (TypeError, ValueError):
        return None
    return values if len(values) == count and all(map(math.isfinite, values)) else None


def number_of(dataset: Dataset, keyword: str) -> float | None:
    """Return the one finite value of an attribute, None where it has not exactly one."""
    values = numbers_of(dataset, keyword, 1)
    return values[0] if values else None


def integer_of(dataset: Dataset, keyword: str) -> int | None:
    """Return the one value of an attribute as a whole number, None where it has not exactly one."""
    value = number_of(dataset, keyword)
    return None if value is None else int(value)


def values_of(value: Any) -> Sequence[Any]:
    """Return the values of an attribute as a sequence, whatever its multiplicity."""
    if value is None or value == "":
        return ()
    return value if isinstance(value, MultiValue | list | tuple) else (value,)


def text_of(dataset: Dataset, keyword: str) -> str:
    """Return the first value of an attribute as text, empty where there is none."""
    values = values_of(dataset.get(keyword))
    return str(values[0]).strip() if values else ""


def item_of(dataset: Dataset, keyword: str) -> Dataset:
    """Return the first item of a sequence, an empty one where there is none."""
    items = dataset.get(keyword)
    return items[0] if items else Dataset()
