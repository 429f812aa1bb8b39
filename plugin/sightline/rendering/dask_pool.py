"""A pool whose tasks run on a `dask.distributed` cluster: volumes as scattered data, views as tasks.

Who goes first, what is superseded, deadlines and second tries are the same as with local workers, because it is the
same pool with other workers: each of them gives one task at a time to the cluster and waits for its answer. Files and
shared memory are on this machine, so what writes there stays here, and so does everything while the cluster is away.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import zip_longest
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sightline.configuration import ConfigurationError
from sightline.errors import SightlineError
from sightline.rendering.cache import Cache
from sightline.rendering.channel import Buffer, ChannelError, Message
from sightline.rendering.cluster_tasks import MEMORIES, Limits, Parcel, answer_of, content_of, run_task
from sightline.rendering.files import carried
from sightline.rendering.jobs import Job
from sightline.rendering.pool import Pool, WorkerPool
from sightline.rendering.worker import refusal

if TYPE_CHECKING:
    from distributed import Client, Future

_log = logging.getLogger(__name__)

_CONNECT_SECONDS = 10.0
_WATCH_SECONDS = 2.0
_SENT_APART = 1 << 20
"""Buffers that are larger go to the cluster's workers past the scheduler's list of tasks."""


@dataclass(frozen=True)
class Scheduler:
    """Where the cluster's scheduler is, and the files by which both sides know each other, if there are such."""

    address: str
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""


class DaskPool(Pool):
    """Runs tasks on a cluster; `local` runs those that stay here, or all while the cluster cannot be reached.

    Parameters
    ----------
    scheduler : Scheduler
    local : WorkerPool
        Is closed with this pool.
    count : int
        How many tasks the cluster is given at the same time.
    limits : Limits
        What a process on the cluster may take. Of the contents of volumes the cluster keeps at most ``volume_bytes``.

    Raises
    ------
    ConfigurationError
        The scheduler cannot be reached, or the package is missing.
    """

    def __init__(self, scheduler: Scheduler, local: WorkerPool, *, count: int, limits: Limits) -> None:
        self._local, self._cluster = local, _Cluster(scheduler, limits)
        super().__init__(
            lambda: _ClusterWorker(self._cluster, local), count=count, deadline_seconds=local.deadline_seconds
        )

    @property
    def count(self) -> int:
        """How many tasks that stay here run at the same time."""
        return self._local.count

    def statistics(self) -> dict[str, int]:
        """Return the local pool's statistics, and whether the cluster is there and how many tasks wait for it."""
        there = {"cluster": int(self._cluster.is_there), "waiting_for_cluster": super().statistics()["waiting"]}
        return self._local.statistics() | there

    def forget(self, identities: Collection[str]) -> None:
        """Have the cluster drop its copies."""
        self._cluster.forget(identities)

    def close(self) -> None:
        """Leave the cluster and end the local workers; may be called again."""
        super().close()
        self._cluster.close()
        self._local.close()

    def _pool_for(self, job: Job, stays: bool) -> Pool:
        volume = job.header["arguments"].get("volume")
        # A part of a volume that is still loading changes with every slice.
        is_part = isinstance(volume, dict) and volume.get("part") is not None
        return self._local if stays or is_part or not self._cluster.is_there else self


class _ClusterWorker:
    """A worker as `Pool` knows it: one task at a time, wherever the cluster runs it."""

    alive = True

    def __init__(self, cluster: _Cluster, local: WorkerPool) -> None:
        self._cluster, self._local = cluster, local
        self._task: Future | None = None
        self._hung_up = False

    def ask(self, header: Mapping[str, Any], buffers: Sequence[Buffer], fds: Sequence[int], until: float) -> Message:
        """Return the cluster's answer, or that of this machine if the cluster is not there any more."""
        try:
            arguments, everything = carried(header["arguments"], buffers)
        except SightlineError as error:
            return Message(refusal(error))
        text = json.dumps({**header, "arguments": arguments})
        try:
            self._task = self._cluster.submit(text, _identities(arguments), everything, fds, until)
            if self._hung_up:
                raise ChannelError("The pool is closed.")
            return Message(*self._task.result(max(0.0, until - time.monotonic())))
        except TimeoutError:
            raise
        except (Exception, asyncio.CancelledError) as error:
            self._cluster.forget(_identities(arguments))
            if self._hung_up or self._cluster.is_there:
                _log.warning("The cluster failed: %s", type(error).__name__)
                raise ChannelError("The cluster failed.") from None
        finally:
            self._task = None
        return answer_of(self._local, header, buffers, fds, max(0.1, until - time.monotonic()))

    def hang_up(self) -> None:
        """Let whoever waits for an answer go; what runs on the cluster ends at its deadline."""
        self._hung_up = True
        task = self._task
        if task is not None:
            with suppress(Exception):
                task.cancel()

    def kill(self) -> None:
        """Do the same."""
        self.hang_up()


class _Cluster:
    """The connection to a scheduler, made anew when it was lost, and what the cluster has been given to keep."""

    def __init__(self, scheduler: Scheduler, limits: Limits) -> None:
        self._scheduler, self._limits = scheduler, limits
        self._package = _package()
        self._sent: Cache[str, tuple[Future, int]] = Cache(limits.volume_bytes, lambda pair: pair[1])
        self._closed = threading.Event()
        try:
            self._client = self._connect()
        except (OSError, RuntimeError, TypeError, ValueError) as error:
            raise ConfigurationError(
                f'No dask scheduler answers at "{scheduler.address}" (Sightline.Workers.DaskScheduler): {error}'
            ) from None
        self._has_workers = self._look()
        if not self._has_workers:
            _log.warning("The dask scheduler %s has no workers yet.", scheduler.address)
        self._watcher = threading.Thread(target=self._watch, name="sightline-cluster", daemon=True)
        self._watcher.start()

    @property
    def is_there(self) -> bool:
        """Whether tasks can be given to it."""
        return self._has_workers and self._client.status == "running" and not self._closed.is_set()

    def submit(
        self, header: str, identities: Sequence[str], buffers: Sequence[Buffer], fds: Sequence[int], until: float
    ) -> Future:
        """Give the cluster a task; raises whatever its client raises."""
        client, left = self._client, max(0.1, until - time.monotonic())
        memories = [self._memory(client, *pair, left) for pair in zip_longest(identities, fds)]
        parts = [bytes(buffer) for buffer in buffers]
        sent = [client.scatter(part, hash=False, timeout=left) if len(part) > _SENT_APART else part for part in parts]
        left = max(0.1, until - time.monotonic())
        return client.submit(run_task, header, sent, memories, left, self._limits, pure=False)

    def forget(self, identities: Collection[str]) -> None:
        """Have those contents dropped."""
        for identity in identities:
            self._sent.forget(identity)

    def close(self) -> None:
        """Disconnect. May be called again."""
        self._closed.set()
        self._watcher.join(_WATCH_SECONDS)
        self._sent = Cache(0, lambda pair: pair[1])
        self._drop()

    def _memory(self, client: Client, identity: str | None, descriptor: int, seconds: float) -> Future:
        def send() -> tuple[Future, int]:
            content = content_of(descriptor)
            return client.scatter(Parcel(content), hash=False, timeout=seconds), len(content)

        return send()[0] if identity is None else self._sent.get_or_make(identity, send)[0]

    def _connect(self) -> Client:
        where, security = self._scheduler, None
        if where.ca_file:
            security = self._package.Security(
                tls_ca_file=where.ca_file,
                tls_client_cert=where.certificate_file,
                tls_client_key=where.key_file,
                require_encryption=True,
            )
        client: Client = self._package.Client(
            where.address, timeout=_CONNECT_SECONDS, security=security, set_as_default=False, name="sightline"
        )
        return client

    def _look(self) -> bool:
        """Ask the scheduler whether it has workers."""
        with suppress(Exception, asyncio.CancelledError):
            return bool(self._client.scheduler_info(n_workers=1)["workers"])
        return False

    def _watch(self) -> None:
        """Notice that the cluster goes or comes back, on a thread of its own."""
        while not self._closed.wait(_WATCH_SECONDS):
            before, self._has_workers = self._has_workers, self._client.status == "running" and self._look()
            if before and not self._has_workers and not self._closed.is_set():
                _log.error("The dask scheduler %s has gone, or has no workers; pictures are made here.", self._address)
                self._drop()  # whoever waits for an answer is told
            elif self._has_workers and not before:
                _log.warning("The dask scheduler %s has workers again.", self._address)
            if self._client.status != "running":
                self._reconnect()

    @property
    def _address(self) -> str:
        return self._scheduler.address

    def _reconnect(self) -> None:
        self._drop()
        self._sent = Cache(self._limits.volume_bytes, lambda pair: pair[1])
        with suppress(OSError, RuntimeError):
            self._client = self._connect()
        if self._closed.is_set():
            self._drop()

    def _drop(self) -> None:
        with suppress(Exception, asyncio.CancelledError):
            self._client.close(timeout=1)


def _identities(arguments: Mapping[str, Any]) -> list[str]:
    """Return what the memories are called that a task reads."""
    return [arguments[name]["id"] for name in MEMORIES if arguments.get(name)]


def _package() -> ModuleType:
    try:
        import distributed
    except ImportError:
        raise ConfigurationError(
            "Sightline.Workers.DaskScheduler is set, but Sightline's environment lacks the package distributed: "
            "install it there with pip."
        ) from None
    # It tells of every lost connection with a trace, where this module says what follows from it.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    package: ModuleType = distributed
    return package
