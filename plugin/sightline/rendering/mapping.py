"""Shared volumes as a worker sees them: mapped once, kept while there is room. Runs in workers only."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from mmap import mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

_KEPT = 8

# A plane across the slices touches every page of a volume; mapping it anew each time would cost more than the cut.
_mapped: OrderedDict[str, NDArray[Any]] = OrderedDict()


def mapped_volume(identity: str, descriptor: int, shape: Sequence[int], dtype: str) -> NDArray[Any]:
    """Return the volume in shared memory behind a descriptor.

    Parameters
    ----------
    identity : str
        Never used again for another volume. The pool empties a volume that it drops, so what is kept mapped of old
        ones takes no memory; it must not be touched, and is not, because nobody asks for it.
    descriptor : int
        Need not stay open.
    shape : three int
        (slices, rows, columns).
    dtype : str
        numpy name of the type.
    """
    known = _mapped.get(identity)
    if known is None:
        while len(_mapped) >= _KEPT:
            _mapped.popitem(last=False)
        try:
            known = _map(descriptor, shape, dtype)
        except OSError:  # no address space left beside the old ones
            forget_all()
            known = _map(descriptor, shape, dtype)
        _mapped[identity] = known
    _mapped.move_to_end(identity)
    return known


def forget_all() -> None:
    """Unmap all volumes that nobody uses."""
    _mapped.clear()


def _map(descriptor: int, shape: Sequence[int], dtype: str) -> NDArray[Any]:
    return np.ndarray(tuple(shape), np.dtype(dtype), mmap(descriptor, 0))
