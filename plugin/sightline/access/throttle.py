"""Against guessing: after a few failures within a minute, an address is refused without being checked."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from math import ceil

from sightline.errors import TooManyRequestsError

FAILURES = 10
WINDOW = timedelta(minutes=1)
CAPACITY = 10_000
"""How many sources are remembered; the oldest is forgotten first, so that memory stays bounded."""


class Throttle:
    """Count failures per source. Memory only, safe between threads and on a small stack.

    Parameters
    ----------
    clock : callable
        Returns the current time, timezone-aware.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: dict[str, tuple[datetime, int]] = {}

    def failed(self, address: str) -> None:
        """Count one failure of that address."""
        source, now = _source(address), self._clock()
        with self._lock:
            start, count = self._failures.pop(source, (now, 0))
            if now - start >= WINDOW:
                start, count = now, 0
            while len(self._failures) >= CAPACITY:
                del self._failures[next(iter(self._failures))]
            self._failures[source] = (start, count + 1)

    def wait_seconds(self, address: str) -> int:
        """Return for how many seconds that address is refused; 0 when it is not."""
        start, count = self._failures.get(_source(address), (None, 0))
        if start is None or count < FAILURES:
            return 0
        return max(0, ceil((start + WINDOW - self._clock()).total_seconds()))

    def require(self, address: str) -> None:
        """Refuse an address that failed too often.

        Raises
        ------
        TooManyRequestsError
            With the time after which to try again.
        """
        seconds = self.wait_seconds(address)
        if seconds:
            raise TooManyRequestsError("Too many failed attempts. Wait a minute, then try again.", "throttled", seconds)


def _source(address: str) -> str:
    """Return the address, or the /64 network of an IPv6 one: whoever has one has them all."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network((address, 64), strict=False))
    except ValueError:
        return address
