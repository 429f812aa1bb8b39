"""One worker process as its parent sees it."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from sightline.rendering.channel import Buffer, Message, receive, send

_KILL_SECONDS = 5.0


class WorkerGoneError(Exception):
    """The worker had ended before it could be given a task."""


class WorkerProcess:
    """A running ``sightline.rendering.worker`` and the socket to it.

    Must be made on a thread that lives as long as the worker shall: the system ends it with that thread.
    """

    def __init__(self, python: Path, plugin_directory: Path, memory_bytes: int, volume_bytes: int) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [
                        str(python),
                        "-P",
                        "-m",
                        "sightline.rendering.worker",
                        *map(str, (theirs.fileno(), os.getpid(), memory_bytes, volume_bytes)),
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    env=_environment(plugin_directory),
                    cwd="/",
                    # A Ctrl-C in the terminal is for the parent, which then ends its workers itself.
                    start_new_session=True,
                )
            except BaseException:
                ours.close()
                raise
        self._channel = ours

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def ask(self, header: Mapping[str, Any], buffers: Sequence[Buffer], fds: Sequence[int], until: float) -> Message:
        """Send a message and return the answer, before the moment `until` of the monotonic clock.

        Raises
        ------
        TimeoutError
            The moment has passed.
        WorkerGoneError
            The worker had ended before.
        ChannelError, OSError
            The worker ended while it worked, or answered nonsense.
        """
        try:
            send(self._channel, header, buffers, fds, until)
        except (BrokenPipeError, ConnectionResetError):
            raise WorkerGoneError from None
        return receive(self._channel, until)

    def hang_up(self) -> None:
        """Let it end by itself: it sees the end of the conversation, and so does whoever waits for its answer."""
        with suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)

    def kill(self) -> None:
        """End it now, and free what it took. May be called again."""
        with suppress(OSError):
            self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_KILL_SECONDS)
        self._channel.close()


def _environment(plugin_directory: Path) -> dict[str, str]:
    """Return what a worker needs of the environment: no secrets that Orthanc was started with."""
    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(plugin_directory),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        # One core for each worker: threads of their own would only fight over the same cores.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
