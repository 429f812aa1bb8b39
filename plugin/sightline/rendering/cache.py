"""A cache bounded by size whose missing values are made once, however many ask."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Cache(Generic[K, V]):
    """Values by key, least recently used dropped first. Failures are not kept.

    Parameters
    ----------
    bound : int
        Largest sum of sizes.
    size : callable
        Size of a value; a value larger than the bound is handed out but not kept.
    """

    def __init__(self, bound: int, size: Callable[[V], int]) -> None:
        self._bound, self._size = bound, size
        self._lock = threading.Lock()
        self._values: OrderedDict[K, V] = OrderedDict()
        self._total = 0
        # Who waits for a value that another makes.
        self._making: dict[K, list[Future[V]]] = {}

    def get(self, key: K) -> V | None:
        """Return the value, None if it is not there."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key]

    def get_or_make(self, key: K, make: Callable[[], V]) -> V:
        """Return the value, made by `make` if it is not there; what that raises reaches all who wait for it."""
        mine: Future[V] | None = None
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
            if key in self._making:
                mine = Future()
                self._making[key].append(mine)
            else:
                self._making[key] = []
        if mine is not None:
            return mine.result()
        try:
            value = make()
        except BaseException as error:
            with self._lock:
                waiting = self._making.pop(key)
            for other in waiting:
                other.set_exception(error)
            raise
        with self._lock:
            waiting = self._making.pop(key)
            self._keep(key, value)
        for other in waiting:
            other.set_result(value)
        return value

    def forget(self, key: K) -> None:
        """Drop the value, if it is there."""
        with self._lock:
            if key in self._values:
                self._total -= self._size(self._values.pop(key))

    def _keep(self, key: K, value: V) -> None:
        size = self._size(value)
        if size > self._bound:
            return
        self._values[key] = value
        self._total += size
        while self._total > self._bound:
            _, dropped = self._values.popitem(last=False)
            self._total -= self._size(dropped)
