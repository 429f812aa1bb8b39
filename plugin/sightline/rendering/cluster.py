"""The connection to a `dask.distributed` cluster, made anew when it was lost, and what the cluster keeps for us."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import zip_longest
from types import ModuleType
from typing import TYPE_CHECKING

from sightline.configuration import ConfigurationError
from sightline.rendering.cache import Cache
from sightline.rendering.channel import Buffer
from sightline.rendering.cluster_tasks import Limits, Parcel, content_of, run_task

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


class Cluster:
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
