"""Programs that end when we do: inside a private root, or on the machine itself."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

SUPERVISOR = Path(__file__).resolve().parent / "supervise.py"
STOPPED_BY_FORCE = 128 + 9


@dataclass(frozen=True)
class Bind:
    """A file or folder of the machine that a private root shows at `target`."""

    source: str
    target: str
    read_only: bool = True


@dataclass(frozen=True)
class Specification:
    """What to run, and where.

    Parameters
    ----------
    argv : tuple of str
        Program and arguments, as named inside `root`.
    environment : Mapping[str, str]
        All of its environment variables.
    root : str
        Private root; empty runs on the machine itself.
    binds : tuple of Bind
        What the root shows of the machine; only with `root`.
    directory : str
        Working directory inside `root`.
    user : str
        User of the root's own list that the program runs as; empty keeps the caller's.
    patience : float
        Seconds between SIGTERM and SIGKILL.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    root: str = ""
    binds: tuple[Bind, ...] = ()
    directory: str = "/"
    user: str = ""
    patience: float = 20

    def to_json(self) -> str:
        """Return the form that `supervise.py` reads."""
        return json.dumps(
            {
                "argv": self.argv,
                "environment": dict(self.environment),
                "root": self.root,
                "binds": [(bind.source, bind.target, bind.read_only) for bind in self.binds],
                "directory": self.directory,
                "user": self.user,
                "patience": self.patience,
            }
        )


class Process:
    """A running program. It is told to stop by `stop`, and by our own end, however that comes about."""

    def __init__(self, specification: Specification, output: IO[bytes] | int | None = None) -> None:
        supervise = [sys.executable, str(SUPERVISOR)]
        # Mounts and processes of their own: both vanish with the supervisor, whatever happens to it.
        isolate = ["unshare", "--mount", "--pid", "--uts", "--fork", "--kill-child=SIGKILL"]
        self._popen = subprocess.Popen(
            [*isolate, *supervise] if specification.root else supervise,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            # A Ctrl-C in the terminal is for us to act on, in our order.
            start_new_session=True,
        )
        assert self._popen.stdin is not None  # noqa: S101 - it was asked for
        self._control = self._popen.stdin
        # By this way, since what is in a command line is for everybody to read.
        with contextlib.suppress(BrokenPipeError):
            self._control.write(specification.to_json().encode() + b"\n")
            self._control.flush()
        self._patience = specification.patience

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        return self._popen.poll()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit code. Raises `subprocess.TimeoutExpired`."""
        return self._popen.wait(timeout)

    def stop(self) -> int:
        """Ask for the end, wait for it, and return the exit code."""
        with contextlib.suppress(BrokenPipeError):
            self._control.close()
        try:
            return self._popen.wait(self._patience + 5)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
            return STOPPED_BY_FORCE

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def run(specification: Specification, output: IO[bytes] | int | None = None) -> int:
    """Run to the end and return the exit code; an interrupt of ours ends it too."""
    with Process(specification, output) as process:
        return process.wait()
