"""What has to happen from time to time: sessions end, counts are written, findings are stored."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

_log = logging.getLogger("sightline.access")


class Housekeeping:
    """A thread that runs a few tasks at regular intervals.

    Parameters
    ----------
    tasks : sequence of callable
        Run one after the other; a failure is logged and the others go on.
    interval_seconds : float
        Time between two rounds.
    """

    def __init__(self, tasks: Sequence[Callable[[], None]], interval_seconds: float) -> None:
        self._tasks = tuple(tasks)
        self._interval = interval_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sightline-housekeeping", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the round that is running, if it was begun at all."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._stopping.wait(self._interval)
            for task in self._tasks:
                try:
                    task()
                except Exception:
                    _log.exception("Housekeeping failed; it will be tried again")
