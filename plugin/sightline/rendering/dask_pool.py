"""A pool whose tasks run on a `dask.distributed` cluster: volumes as scattered data, views as tasks.

Who goes first, what is superseded, deadlines and second tries are the same as with local workers, because it is the
same pool with other workers: each of them gives one task at a time to the cluster and waits for its answer. Files and
shared memory are on this machine, so what writes there stays here, and so does everything while the cluster is away.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sightline.errors import SightlineError
from sightline.rendering.channel import Buffer, ChannelError, Message
from sightline.rendering.cluster import Cluster, Scheduler
from sightline.rendering.cluster_tasks import MEMORIES, Limits, answer_of
from sightline.rendering.files import carried
from sightline.rendering.jobs import Job
from sightline.rendering.pool import Pool, WorkerPool
from sightline.rendering.worker import refusal

if TYPE_CHECKING:
    from distributed import Future

_log = logging.getLogger(__name__)


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

    is_shallow = False

    def __init__(self, scheduler: Scheduler, local: WorkerPool, *, count: int, limits: Limits) -> None:
        self._local, self._cluster = local, Cluster(scheduler, limits)
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

    def __init__(self, cluster: Cluster, local: WorkerPool) -> None:
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
                raise ChannelError("the pool is closed")
            message = Message(*self._task.result(max(0.0, until - time.monotonic())))
            if "failed" in message.header:
                raise ChannelError(message.header["failed"])
            return message
        except TimeoutError:
            raise
        except (Exception, asyncio.CancelledError) as error:
            self._cluster.forget(_identities(arguments))
            if self._hung_up or self._cluster.is_there:
                reason = error if isinstance(error, ChannelError) else type(error).__name__
                _log.warning("The cluster failed: %s", reason)
                raise ChannelError(str(reason)) from None
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


def _identities(arguments: Mapping[str, Any]) -> list[str]:
    """Return what the memories are called that a task reads."""
    return [arguments[name]["id"] for name in MEMORIES if arguments.get(name)]
