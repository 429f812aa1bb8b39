"""Worker processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

from sightline.rendering.channel import Buffer

__all__ = ["Buffer", "Priority", "Reply", "WorkerPool"]


class Priority(IntEnum):
    """Who goes first when workers are busy."""

    INTERACTIVE = 0
    BACKGROUND = 1


@dataclass(frozen=True)
class Reply:
    """What a task returned: a JSON object and raw buffers."""

    values: dict[str, Any]
    buffers: tuple[Buffer, ...] = ()


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
    ) -> None: ...

    def submit(
        self,
        task: str,
        arguments: Mapping[str, Any],
        buffers: Sequence[Buffer] = (),
        fds: Sequence[int] = (),
        deadline: float | None = None,
        priority: Priority = Priority.INTERACTIVE,
    ) -> Future[Reply]:
        """Have a worker run ``module:function`` of the package `sightline`; the future gives its `Reply`.

        `fds` must stay open until the future is done. The future raises the `SightlineError` that the task raised, or
        `UnavailableError` when the worker died twice, the deadline passed or the pool is closed.
        """
        raise NotImplementedError

    def close(self) -> None:
        """End all workers, within 2 s; what was not answered gets `UnavailableError`."""
