"""Tasks that wait for a worker: who goes first, and who need not go any more."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from sightline.rendering.channel import Buffer, Reply


class Priority(IntEnum):
    """Who goes first when workers are busy. RETRY is the pool's own: what a dead worker left behind.

    INTERACTIVE is a picture that a person waits for, AWAITED what such a picture is made of, PREFETCH what one may want
    next, BACKGROUND what fills shared memory while nobody waits for it.
    """

    RETRY = 0
    INTERACTIVE = 1
    AWAITED = 2
    PREFETCH = 3
    BACKGROUND = 4


@dataclass(frozen=True)
class Asking:
    """Who waits for a picture, and with what they are content.

    Parameters
    ----------
    priority : Priority
    supersedes : str, optional
        Who asks, such as a session and its viewport: an older picture for them that is not begun is not made any more.
    wanted_until : float, optional
        A moment of the monotonic clock after which it is not begun.
    allow_partial : bool
        Of a volume that is still loading, show what is there.
    """

    priority: Priority = Priority.INTERACTIVE
    supersedes: str | None = None
    wanted_until: float | None = None
    allow_partial: bool = False

    def turn(self) -> dict[str, Any]:
        """Return what `Pool.run` wants to know of it."""
        return {"priority": self.priority, "supersedes": self.supersedes, "wanted_until": self.wanted_until}


ANYBODY = Asking()
"""Somebody of no name, who waits for the whole picture."""


class Turns:
    """Which request is the newest of each who asks; safe for threads."""

    def __init__(self) -> None:
        self._newest: dict[str, object] = {}
        self._lock = threading.Lock()

    @contextmanager
    def take(self, key: str | None) -> Iterator[Callable[[], bool]]:
        """Be the newest of that name; what it gives says whether that still holds. No name: it always does."""
        if key is None:
            yield lambda: True
            return
        mine = object()
        with self._lock:
            self._newest[key] = mine
        try:
            yield lambda: self._newest.get(key) is mine
        finally:
            with self._lock:
                if self._newest.get(key) is mine:
                    del self._newest[key]


@dataclass(order=True)
class Job:
    """A task that waits or runs. Jobs of equal priority run in the order of `number`.

    `wanted_until` is a moment of the monotonic clock after which it need not be started. `key` names who asked: a
    newer job with the same key takes its place.
    """

    priority: Priority
    number: int
    header: dict[str, Any] = field(compare=False)
    buffers: Sequence[Buffer] = field(compare=False)
    fds: Sequence[int] = field(compare=False)
    deadline: float = field(compare=False)
    wanted_until: float = field(compare=False)
    key: str | None = field(compare=False, default=None)
    future: Future[Reply] = field(compare=False, default_factory=Future)
    attempts: int = field(compare=False, default=0)


class WaitingJobs:
    """Jobs that no worker has taken yet. Whoever uses it from several threads holds a lock."""

    def __init__(self) -> None:
        self._heap: list[Job] = []
        self._by_key: dict[str, Job] = {}

    def __len__(self) -> int:
        return len(self._heap)

    def put(self, job: Job) -> Job | None:
        """Add a job, and return the one that it supersedes, which waits no more."""
        older = self._by_key.get(job.key) if job.key is not None else None
        if older is not None:
            self._heap.remove(older)
            heapq.heapify(self._heap)
        if job.key is not None:
            self._by_key[job.key] = job
        heapq.heappush(self._heap, job)
        return older

    def pop(self) -> Job | None:
        """Take out the job that is first in turn; None if there is none."""
        if not self._heap:
            return None
        job = heapq.heappop(self._heap)
        if job.key is not None:
            del self._by_key[job.key]
        return job
