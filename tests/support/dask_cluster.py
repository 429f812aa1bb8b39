"""A `dask.distributed` cluster on this machine, started by the same programs as a real one."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from sightline.rendering.cluster import Scheduler
from tests.support.orthanc_server import free_port

_PATIENCE_SECONDS = 30


class DaskCluster:
    """A scheduler and one worker with two threads, with certificates of their own or without.

    Parameters
    ----------
    folder : Path
        For logs, certificates and what the worker writes.
    plugin_directory : Path
        Folder that holds the package `sightline`.
    tls : bool
    """

    def __init__(self, folder: Path, plugin_directory: Path, tls: bool = False) -> None:
        self._folder, self._plugin = folder, plugin_directory
        files = _certificates(folder) if tls else ()
        self.scheduler = Scheduler(f"{'tls' if tls else 'tcp'}://127.0.0.1:{free_port()}", *map(str, files))
        names = ("--tls-ca-file", "--tls-cert", "--tls-key")
        self._options = [word for pair in zip(names, files, strict=False) for word in map(str, pair)]
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        """Start ``scheduler`` and the worker, or just ``worker`` or ``second-worker``, and wait until it is ready."""
        if name == "scheduler":
            self._start_scheduler()
            name = "worker"
        if name in self._running:
            self.kill(name)
        self._start_worker(name)

    def _start_scheduler(self) -> None:
        """Start the scheduler and wait until it listens."""
        address = self.scheduler.address
        where = ("--host", address.rsplit(":", 1)[0], "--port", address.rsplit(":", 1)[1])
        self._start("scheduler", *where, "--no-show", "--no-dashboard", "--dashboard-address", "127.0.0.1:0")
        self._wait_for("scheduler", "Scheduler at:")

    def _start_worker(self, name: str) -> None:
        """Start the worker and wait until the scheduler knows it."""
        few = ("--nthreads", "2", "--no-nanny", "--memory-limit", "0")
        near = ("--host", self.scheduler.address.rsplit(":", 1)[0], "--local-directory", str(self._folder))
        self._start(name, self.scheduler.address, *few, *near, "--no-dashboard", "--dashboard-address", "127.0.0.1:0")
        self._wait_for(name, "Registered to:")

    def kill(self, name: str) -> None:
        """End one of them at once."""
        process = self._running.pop(name)
        process.kill()
        process.wait()

    def pid(self, name: str) -> int:
        """Return the process id of one of them."""
        return self._running[name].pid

    def log(self, name: str) -> str:
        """Return what one of them has said."""
        return (self._folder / f"{name}.log").read_text(errors="replace")

    def _start(self, name: str, *words: str) -> None:
        environment = {"PATH": os.environ["PATH"], "HOME": str(self._folder), "PYTHONPATH": str(self._plugin)}
        with (self._folder / f"{name}.log").open("wb") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", "dask", name.removeprefix("second-"), *words, *self._options],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=environment,
                cwd=self._folder,
            )

    def _wait_for(self, name: str, words: str) -> None:
        until = time.monotonic() + _PATIENCE_SECONDS
        while words not in self.log(name):
            if time.monotonic() > until or self._running[name].poll() is not None:
                raise AssertionError(f"The dask {name} does not start:\n{self.log(name)[-3000:]}")
            time.sleep(0.05)

    def __enter__(self) -> Self:
        try:
            self.start("scheduler")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _t: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End all of them."""
        for name in list(self._running):
            with contextlib.suppress(ProcessLookupError):
                self.kill(name)


def _certificates(folder: Path) -> tuple[Path, Path, Path]:
    """Make a certificate that vouches for itself; return the authority's, it and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, certificate, key
