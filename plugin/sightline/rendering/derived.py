"""What is prepared from a whole volume once, for all workers: other layouts, smaller copies, tables of what is where.

It lies in shared memory beside the volume, counts against the same bound and goes when the volume does. Nobody waits
for it: until it is ready, tasks do without.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate
from typing import Any

import numpy as np

from sightline.rendering.shared_memory import SharedMemory

_ALIGNMENT = 64


@dataclass(frozen=True)
class Recipe:
    """How something is derived from a volume.

    Parameters
    ----------
    name : str
        What it is called in `Volume.derived`.
    task : str
        Who fills it, as in `Pool.submit`: gets the descriptors of the volume and of the derived memory, and as
        arguments their descriptions, ``volume`` and ``derived``, see `sightline.rendering.mapping`. It may be run
        again after its worker died.
    arrays : tuple of (shape, dtype)
        Shapes, and numpy names of the types.
    """

    name: str
    task: str
    arrays: tuple[tuple[tuple[int, ...], str], ...]

    @property
    def offsets(self) -> tuple[int, ...]:
        """Where each array begins, and where the last one ends."""
        sizes = (math.prod(shape) * np.dtype(dtype).itemsize for shape, dtype in self.arrays)
        return tuple(accumulate((-(-size // _ALIGNMENT) * _ALIGNMENT for size in sizes), initial=0))


class State(Enum):
    """How far derived memory is."""

    FILLING = "filling"
    READY = "ready"
    FAILED = "failed"


class Derived:
    """Derived memory of one volume."""

    def __init__(self, recipe: Recipe) -> None:
        self.state = State.FILLING
        self._memory = SharedMemory("sightline-derived", recipe.offsets[-1])
        self._recipe = recipe

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return self._memory.size

    @property
    def descriptor(self) -> int:
        """Of its memory."""
        return self._memory.descriptor

    @property
    def identity(self) -> str:
        """What its memory is called in descriptions."""
        return self._memory.identity

    def description(self) -> dict[str, Any]:
        """Return what a task needs to map it."""
        pairs = zip(self._recipe.arrays, self._recipe.offsets, strict=False)
        arrays = [{"shape": shape, "dtype": dtype, "offset": offset} for (shape, dtype), offset in pairs]
        return {"id": self.identity, "memory": self.identity, "arrays": arrays}

    def fail(self) -> None:
        """Free it, and remember that it is not worth another try."""
        self.free()
        self.state = State.FAILED

    def free(self) -> None:
        """Give the memory back. May be called again."""
        self._memory.free()
