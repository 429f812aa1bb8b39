"""Worker processes: who runs tasks that decode or render, and what happens when one of them fails.

A worker that dies costs its task one more try on a fresh worker; one that passes its deadline is killed. Callers see
the shape of `concurrent.futures`. Nothing here needs `multiprocessing`, signal handlers or ``sys.executable``, none of
which can be used inside Orthanc.

Each worker has a thread that starts it and owns it, because the system ends a worker with the thread that started it.
The conversation with a worker is had by whoever holds its seat: the owner, or, where a worker is idle, the caller of
`Pool.run` itself, which saves the way to another thread and back.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from functools import partial
from itertools import count as counter
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from sightline import errors
from sightline.errors import SightlineError, SupersededError, UnavailableError
from sightline.rendering.channel import Buffer, ChannelError, Message, Reply
from sightline.rendering.jobs import Job, Priority, WaitingJobs
from sightline.rendering.process import WorkerGoneError, WorkerProcess

__all__ = ["Buffer", "Pool", "Priority", "Reply", "WorkerPool"]

_log = logging.getLogger(__name__)

ATTEMPTS = 2
"""How often a task is tried when its worker dies."""
_CLOSING_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 5.0
_WATCH_SECONDS = 0.25


class Worker(Protocol):
    """Who runs one task at a time; `WorkerProcess` says what each of these does."""

    @property
    def alive(self) -> bool: ...

    def ask(
        self, header: Mapping[str, Any], buffers: Sequence[Buffer], fds: Sequence[int], until: float
    ) -> Message: ...

    def hang_up(self) -> None: ...

    def kill(self) -> None: ...


class _Seat:
    """A worker's place. Its owner waits at `inbox` for jobs; None there means that the worker is to be replaced."""

    def __init__(self) -> None:
        self.inbox: SimpleQueue[Job | None] = SimpleQueue()
        self.worker: Worker | None = None
        self.answered = 0


class Pool:
    """Some workers that run tasks, each in turn; the shape is that of `concurrent.futures`.

    Parameters
    ----------
    start_worker : callable
        Called on a thread that lives as long as the worker.
    count : int
        How many workers.
    deadline_seconds : float
        How long a task may run that does not say.
    """

    is_shallow = True
    """Whether `run` may be called on a small stack."""

    def __init__(self, start_worker: Callable[[], Worker], *, count: int, deadline_seconds: float) -> None:
        self._start_worker = start_worker
        self.deadline_seconds = deadline_seconds
        self._numbers = counter()
        self._closed = threading.Event()
        self._lock = threading.Lock()
        # Under the lock: nothing waits while a seat is idle.
        self._waiting = WaitingJobs()
        self._idle: list[_Seat] = []
        self._deaths = 0
        self._seats = [_Seat() for _ in range(count)]
        self._threads = [
            threading.Thread(target=self._own, args=(seat,), name=f"sightline-worker-{number}", daemon=True)
            for number, seat in enumerate(self._seats)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def count(self) -> int:
        """How many tasks that stay here run at the same time."""
        return len(self._threads)

    def submit(
        self,
        task: str,
        arguments: Mapping[str, Any],
        buffers: Sequence[Buffer] = (),
        fds: Sequence[int] = (),
        deadline: float | None = None,
        priority: Priority = Priority.INTERACTIVE,
        supersedes: str | None = None,
        wanted_until: float | None = None,
        stays: bool = False,
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
            File descriptors that the worker gets copies of; they must stay open until the future is done. They are
            those of the memories that the arguments describe, ``volume`` and ``derived``.
        deadline : float, optional
            Seconds that it may run; the pool's own by default.
        priority : Priority
            Who goes first.
        supersedes : str, optional
            Who asks, such as a session and its viewport: what waits with the same name is not started any more.
        wanted_until : float, optional
            A moment of the monotonic clock after which it is not started. An interactive task may by default wait as
            long as it may run, any other task for ever.
        stays : bool
            It must run on this machine because it writes into shared memory, or had better because it reads only a
            little of large files. Tasks that do not say so must not write.

        Returns
        -------
        Future of Reply
            Raises the `SightlineError` that the task raised, `SupersededError`, or `UnavailableError` when the worker
            died on two tries, the deadline passed or the pool is closed.
        """
        job = self._job(task, arguments, buffers, fds, deadline, priority, supersedes, wanted_until)
        self._pool_for(job, stays)._place(job)
        return job.future

    def run(
        self,
        task: str,
        arguments: Mapping[str, Any],
        buffers: Sequence[Buffer] = (),
        fds: Sequence[int] = (),
        deadline: float | None = None,
        priority: Priority = Priority.INTERACTIVE,
        supersedes: str | None = None,
        wanted_until: float | None = None,
        stays: bool = False,
    ) -> Reply:
        """Do what ``submit(...).result()`` does, in less time."""
        job = self._job(task, arguments, buffers, fds, deadline, priority, supersedes, wanted_until)
        self._pool_for(job, stays)._attend(job)
        return job.future.result()

    def forget(self, identities: Collection[str]) -> None:
        """Be told that volumes and what was derived from them have gone."""

    def statistics(self) -> dict[str, int]:
        """Return how many workers are alive, how many died or were killed so far, and how many tasks wait."""
        with self._lock:
            alive = sum(seat.worker is not None and seat.worker.alive for seat in self._seats)
            return {"alive": alive, "deaths": self._deaths, "waiting": len(self._waiting)}

    def close(self) -> None:
        """End all workers, within 2 s; what was not answered gets `UnavailableError`. May be called again."""
        with self._lock:
            self._closed.set()
        for seat in self._seats:
            seat.inbox.put(None)
            if seat.worker is not None:
                seat.worker.hang_up()
        until = time.monotonic() + _CLOSING_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        for seat in self._seats:
            if seat.worker is not None:
                seat.worker.kill()
            while not seat.inbox.empty():
                self._refuse(seat.inbox.get())
        while True:
            with self._lock:
                job = self._waiting.pop()
            if job is None:
                return
            self._refuse(job)

    def _pool_for(self, _job: Job, _stays: bool) -> Pool:
        """Say who runs a job."""
        return self

    def _attend(self, job: Job) -> None:
        """Have the conversation with an idle worker on this very thread, or let the job wait."""
        with self._lock:
            seat = self._idle.pop() if self._idle and not self._closed.is_set() else None
        if seat is None:
            self._place(job)
        else:
            self._converse(seat, job)

    def _job(
        self,
        task: str,
        arguments: Mapping[str, Any],
        buffers: Sequence[Buffer],
        fds: Sequence[int],
        deadline: float | None,
        priority: Priority,
        key: str | None,
        wanted_until: float | None,
    ) -> Job:
        deadline = deadline or self.deadline_seconds
        if wanted_until is None:
            wanted_until = time.monotonic() + deadline if priority is Priority.INTERACTIVE else math.inf
        header = {"task": task, "arguments": dict(arguments)}
        return Job(priority, next(self._numbers), header, buffers, fds, deadline, wanted_until, key)

    def _place(self, job: Job) -> None:
        """Give the job to an idle worker's owner, or let it wait."""
        older = None
        with self._lock:
            closed = self._closed.is_set()
            if self._idle and not closed:
                self._idle.pop().inbox.put(job)
            elif not closed:
                older = self._waiting.put(job)
        if closed:
            self._refuse(job)
        if older is not None and older.future.set_running_or_notify_cancel():
            older.future.set_exception(SupersededError("A newer picture was asked for instead."))

    def _refuse(self, job: Job | None) -> None:
        """Tell whoever still waits that nothing more is done."""
        if job is not None:
            with suppress(InvalidStateError):  # it was cancelled
                job.future.set_exception(_stopping())

    def _own(self, seat: _Seat) -> None:
        """Keep one worker running."""
        failures = 0
        while not self._closed.is_set():
            try:
                seat.worker = self._start_worker()
            except OSError as error:
                _log.error("A rendering worker cannot be started: %s", error)
                self._closed.wait(_LONGEST_PAUSE_SECONDS)
                continue
            seat.answered = 0
            self._give_back(seat, usable=True)
            self._serve(seat, seat.worker)
            seat.worker.kill()
            if self._closed.is_set():
                return
            with self._lock:
                self._deaths += 1
            failures = 0 if seat.answered else failures + 1
            self._closed.wait(min(_LONGEST_PAUSE_SECONDS, 0.1 * 2**failures) if failures > 1 else 0)

    def _serve(self, seat: _Seat, worker: Worker) -> None:
        """Run what is left at the seat, until the worker has to be replaced."""
        while True:
            try:
                job = seat.inbox.get(timeout=_WATCH_SECONDS)
            except Empty:
                if not worker.alive and self._withdraw(seat):
                    return
                continue
            if job is None:
                return
            self._converse(seat, job)

    def _withdraw(self, seat: _Seat) -> bool:
        """Take the seat from the idle ones; False if somebody has it, who will notice."""
        with self._lock:
            if seat not in self._idle:
                return False
            self._idle.remove(seat)
            return True

    def _converse(self, seat: _Seat, job: Job) -> None:
        """Run one job, holding the seat, and give the seat back."""
        usable = True
        try:
            if self._is_due(job):
                usable = False
                usable = self._run(seat, job)
        finally:
            self._give_back(seat, usable)

    def _give_back(self, seat: _Seat, usable: bool) -> None:
        """Let the worker take what waits, or be idle, or be replaced."""
        with self._lock:
            job = self._waiting.pop() if usable and not self._closed.is_set() else None
            if job is not None or not usable:
                seat.inbox.put(job)
            else:
                self._idle.append(seat)

    def _is_due(self, job: Job) -> bool:
        """Whether the job is still wanted; if it has waited too long its caller is told so."""
        if not job.future.running() and not job.future.set_running_or_notify_cancel():
            return False
        if job.priority is not Priority.RETRY and time.monotonic() > job.wanted_until:
            job.future.set_exception(UnavailableError("Sightline is busy; please try again.", "busy"))
            return False
        return True

    def _run(self, seat: _Seat, job: Job) -> bool:
        """Run one job; return whether the worker can take another."""
        assert seat.worker is not None  # noqa: S101 - a seat is given away only with a worker on it
        job.attempts += 1
        try:
            message = seat.worker.ask(job.header, job.buffers, job.fds, time.monotonic() + job.deadline)
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
        except Exception as error:  # the arguments cannot be sent; nobody shall wait for ever because of that
            job.future.set_exception(error)
            return False
        seat.answered += 1
        _settle(job.future, message)
        return not message.header.get("ends")

    def _after_death(self, job: Job) -> None:
        """Try a job again whose worker died, or give up."""
        if job.attempts < ATTEMPTS:
            _log.warning("A rendering worker died; its task is tried once more.")
            job.priority, job.key = Priority.RETRY, None  # begun already, it is not superseded and supersedes nothing
            self._place(job)
        else:
            _log.error("A rendering worker died again on the same task.")
            job.future.set_exception(UnavailableError("This could not be rendered; please try again.", "worker-died"))


class WorkerPool(Pool):
    """Processes on this machine.

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
        start = partial(WorkerProcess, python, plugin_directory, memory_bytes, volume_bytes)
        super().__init__(start, count=count, deadline_seconds=deadline_seconds)


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
