"""Shared volumes as a worker sees them: mapped once, kept while there is room. Runs in workers only."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from mmap import MADV_HUGEPAGE, mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

_KEPT = 12

# A plane across the slices touches every page of a volume; mapping it anew each time would cost more than the cut.
_mapped: OrderedDict[str, mmap] = OrderedDict()


def shared_voxels(description: Mapping[str, Any], descriptor: int) -> NDArray[Any]:
    """Return the voxels, (slices, rows, columns), that `Volume.description` or `LoadedPart.description` tells of.

    Of a volume that is still loading these are the slices of the part only.
    """
    volume = mapped_volume(description["memory"], descriptor, description["shape"], description["dtype"])
    first, end = description.get("part") or (0, len(volume))
    return volume[first:end]


def derived_arrays(description: Mapping[str, Any], descriptor: int) -> list[NDArray[Any]]:
    """Return the arrays of derived memory, in the order of its recipe; to be filled by the recipe's task only."""
    memory = _mapping(description["memory"], descriptor)
    return [
        np.ndarray(tuple(array["shape"]), np.dtype(array["dtype"]), memory, array["offset"])
        for array in description["arrays"]
    ]


def mapped_volume(identity: str, descriptor: int, shape: Sequence[int], dtype: str) -> NDArray[Any]:
    """Return the volume in shared memory behind a descriptor.

    Parameters
    ----------
    identity : str
        Of the memory, which is of another size if it is called otherwise. What is given back is emptied, so what is
        kept mapped of it takes no memory; it must not be touched, and is not, because nobody asks for it.
    descriptor : int
        Need not stay open.
    shape : three int
        (slices, rows, columns).
    dtype : str
        numpy name of the type.
    """
    return np.ndarray(tuple(shape), np.dtype(dtype), _mapping(identity, descriptor))


def _mapping(identity: str, descriptor: int) -> mmap:
    """Return the mapping of that identity, made if it is not there."""
    known = _mapped.get(identity)
    if known is None:
        while len(_mapped) >= _KEPT:
            _mapped.popitem(last=False)
        try:
            known = _map(descriptor)
        except OSError:  # no address space left beside the old ones
            forget_all()
            known = _map(descriptor)
        _mapped[identity] = known
    _mapped.move_to_end(identity)
    return known


def _map(descriptor: int) -> mmap:
    """Map a memory file, in huge pages where the system's administrator lets programs ask for them.

    Most of the time of loading a volume into new memory passes in getting its pages one by one.
    """
    memory = mmap(descriptor, 0)
    with suppress(OSError):  # a system that has none
        memory.madvise(MADV_HUGEPAGE)
    return memory


def forget_all() -> None:
    """Unmap all volumes that nobody uses."""
    _mapped.clear()
