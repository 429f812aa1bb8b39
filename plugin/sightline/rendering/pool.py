"""Worker processes: who runs tasks that decode or render, and what happens when one of them fails.

A worker that dies costs its task one more try on a fresh worker; one that passes its deadline is killed. Callers see
the shape of `concurrent.futures`. Nothing here needs `multiprocessing`, signal handlers or ``sys.executable``, none of
which can be used inside Orthanc.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from functools import partial
from itertools import count as counter
from pathlib import Path
from queue import Empty, PriorityQueue
from typing import Any

from sightline import errors
from sightline.errors import SightlineError, UnavailableError
from sightline.rendering.channel import Buffer, ChannelError, Message, Reply
from sightline.rendering.process import WorkerGoneError, WorkerProcess

__all__ = ["Buffer", "Priority", "Reply", "WorkerPool"]

_log = logging.getLogger(__name__)

ATTEMPTS = 2
"""How often a task is tried when its worker dies."""
_CLOSING_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 5.0


class Priority(IntEnum):
    """Who goes first when workers are busy. RETRY is the pool's own: what a dead worker left behind."""

    RETRY = 0
    INTERACTIVE = 1
    BACKGROUND = 2


@dataclass(order=True)
class _Job:
    """A task that waits or runs. Jobs of equal priority run in the order of `number`."""

    priority: Priority
    number: int
    header: dict[str, Any] = field(compare=False)
    buffers: Sequence[Buffer] = field(compare=False)
    fds: Sequence[int] = field(compare=False)
    deadline: float = field(compare=False)
    submitted: float = field(compare=False)
    future: Future[Reply] = field(compare=False, default_factory=Future)
    attempts: int = field(compare=False, default=0)


class WorkerPool:
    """Some processes that run tasks, each in turn; the shape is that of `concurrent.futures`.

    Parameters
    ----------
    python : Path
        The interpreter to start. Inside Orthanc ``sys.executable`` is Orthanc itself, so it must be given.
    plugin_directory : Path
        Folder that holds the package `sightline`.
    count : int
        How many processes.
    memory_bytes : int
        What each may allocate for itself, beside volumes.
    volume_bytes : int
        What each may map of shared volumes.
    deadline_seconds : float
        How long a task may run that does not say.
    """

    def __init__(
        self,
        python: Path,
        plugin_directory: Path,
        *,
        count: int = 2,
        memory_bytes: int = 2 << 30,
        volume_bytes: int = 2 << 30,
        deadline_seconds: float = 30.0,
    ) -> None:
        self._start_worker = partial(WorkerProcess, python, plugin_directory, memory_bytes, volume_bytes)
        self.deadline_seconds = deadline_seconds
        self._jobs: PriorityQueue[_Job] = PriorityQueue()
        self._numbers = counter()
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._running: dict[int, WorkerProcess] = {}
        self._deaths = 0
        # Each thread starts and owns one worker: the system ends a worker with the thread that started it.
        self._threads = [
            threading.Thread(target=self._work, args=(slot,), name=f"sightline-worker-{slot}", daemon=True)
            for slot in range(count)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def count(self) -> int:
        """How many workers there are to be."""
        return len(self._threads)

    def submit(
        self,
        task: str,
        arguments: Mapping[str, Any],
        buffers: Sequence[Buffer] = (),
        fds: Sequence[int] = (),
        deadline: float | None = None,
        priority: Priority = Priority.INTERACTIVE,
    ) -> Future[Reply]:
        """Have a worker run a task, see `sightline.rendering.worker.Task`.

        Parameters
        ----------
        task : str
            ``sightline.room.module:function``.
        arguments : Mapping
            A JSON object.
        buffers : sequence of bytes-like
            Sent beside the arguments as they are.
        fds : sequence of int
            File descriptors that the worker gets copies of; they must stay open until the future is done.
        deadline : float, optional
            Seconds that it may run, and that it may wait before; the pool's own by default.
        priority : Priority
            Who goes first.

        Returns
        -------
        Future of Reply
            Raises the `SightlineError` that the task raised, or `UnavailableError` when the worker died on two tries,
            the deadline passed or the pool is closed.
        """
        job = _Job(
            priority=priority,
            number=next(self._numbers),
            header={"task": task, "arguments": dict(arguments)},
            buffers=buffers,
            fds=fds,
            deadline=deadline or self.deadline_seconds,
            submitted=time.monotonic(),
        )
        if self._closed.is_set():
            job.future.set_exception(_stopping())
        else:
            self._jobs.put(job)
        return job.future

    def statistics(self) -> dict[str, int]:
        """Return how many workers are alive, how many died or were killed so far, and how many tasks wait."""
        with self._lock:
            alive = sum(worker.alive for worker in self._running.values())
            return {"alive": alive, "deaths": self._deaths, "waiting": self._jobs.qsize()}

    def close(self) -> None:
        """End all workers, within 2 s; what was not answered gets `UnavailableError`. May be called again."""
        self._closed.set()
        with self._lock:
            workers = list(self._running.values())
        for worker in workers:
            worker.hang_up()
        until = time.monotonic() + _CLOSING_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        for worker in workers:
            worker.kill()
        while True:
            try:
                job = self._jobs.get_nowait()
            except Empty:
                return
            with suppress(InvalidStateError):  # it was cancelled
                job.future.set_exception(_stopping())

    def _work(self, slot: int) -> None:
        """Keep one worker running and hand it one job after the other."""
        failures = 0
        while not self._closed.is_set():
            try:
                worker = self._start_worker()
            except OSError as error:
                _log.error("A rendering worker cannot be started: %s", error)
                self._closed.wait(_LONGEST_PAUSE_SECONDS)
                continue
            with self._lock:
                self._running[slot] = worker
            done = self._serve(worker)
            worker.kill()
            if self._closed.is_set():
                return
            with self._lock:
                self._deaths += 1
            failures = 0 if done else failures + 1
            self._closed.wait(min(_LONGEST_PAUSE_SECONDS, 0.1 * 2**failures) if failures > 1 else 0)

    def _serve(self, worker: WorkerProcess) -> int:
        """Hand jobs to `worker` until it ends; return how many it answered."""
        done = 0
        while not self._closed.is_set() and worker.alive:
            try:
                job = self._jobs.get(timeout=0.25)
            except Empty:
                continue
            if not self._is_due(job):
                continue
            if not self._run(worker, job):
                break
            done += 1
        return done

    def _is_due(self, job: _Job) -> bool:
        """Whether the job is still wanted; if it has waited too long its caller is told so."""
        if not job.future.running() and not job.future.set_running_or_notify_cancel():
            return False
        waited = time.monotonic() - job.submitted
        if job.priority is Priority.INTERACTIVE and waited > job.deadline:
            job.future.set_exception(UnavailableError("Sightline is busy; please try again.", "busy"))
            return False
        return True

    def _run(self, worker: WorkerProcess, job: _Job) -> bool:
        """Run one job; return whether the worker can take another."""
        job.attempts += 1
        try:
            message = worker.ask(job.header, job.buffers, job.fds, time.monotonic() + job.deadline)
        except TimeoutError:
            _log.warning("A rendering worker passed the deadline of %g s and was ended.", job.deadline)
            job.future.set_exception(UnavailableError("This took too long; please try again.", "deadline-passed"))
            return False
        except WorkerGoneError:
            job.attempts -= 1  # the task had no part in it
            self._after_death(job)
            return False
        except (ChannelError, OSError):
            self._after_death(job)
            return False
        _settle(job.future, message)
        return not message.header.get("ends")

    def _after_death(self, job: _Job) -> None:
        """Try a job again whose worker died, or give up."""
        if self._closed.is_set():
            job.future.set_exception(_stopping())
        elif job.attempts < ATTEMPTS:
            _log.warning("A rendering worker died; its task is tried once more.")
            job.priority = Priority.RETRY
            self._jobs.put(job)
        else:
            _log.error("A rendering worker died again on the same task.")
            job.future.set_exception(UnavailableError("This could not be rendered; please try again.", "worker-died"))


def _settle(future: Future[Reply], message: Message) -> None:
    """Give the future what the worker answered."""
    header = message.header
    if "values" in header:
        future.set_result(Reply(header["values"], message.buffers))
        return
    if "trace" in header:
        _log.error("A task failed in a worker: %s", header["trace"])
    kind = getattr(errors, str(header.get("error")), SightlineError)
    if not (isinstance(kind, type) and issubclass(kind, SightlineError)):
        kind = SightlineError
    future.set_exception(kind(str(header.get("message", "")), str(header.get("code", "")) or None))


def _stopping() -> UnavailableError:
    return UnavailableError("Sightline is stopping.", "stopping")
