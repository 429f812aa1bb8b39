"""A real Orthanc with the plugin, on free ports, in a folder of its own."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from deploy import orthanc_configuration

REPOSITORY = Path(__file__).resolve().parents[2]
PASSWORD = "a password for tests"
SERVICE_KEY = "a link-service key for tests"
AET = "SIGHTLINE"
CLIENT_AET = "TESTCLIENT"
START_SECONDS = 60


_CHOSEN: set[int] = set()
"""Ports that this process has given away: whoever got one may not listen on it yet."""


def free_port() -> int:
    """Return a TCP port that nobody listens on, from below those that outgoing connections take by themselves.

    Processes that test at the same time never choose the same one before either listens on it, nor one of them twice.
    """
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    for _ in range(1_000):
        port = random.randrange(20_000 + process, 32_000, processes)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in _CHOSEN:
                _CHOSEN.add(port)
                return port
    raise AssertionError("There is no free port.")


class OrthancServer:
    """Starts Orthanc as `make run` does and stops it again.

    Parameters
    ----------
    folder : Path
        For data, configuration and log; made by the caller.
    extra : Mapping
        Merged over the configuration.
    """

    program: tuple[str, ...] = ("Orthanc",)

    def __init__(self, folder: Path, extra: Mapping[str, Any] | None = None, plugins: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self.http_port = free_port()
        self.dicom_port = free_port()
        self.client_port = free_port()
        self.url = f"http://127.0.0.1:{self.http_port}"
        self.configuration = orthanc_configuration.build(
            orthanc_configuration.TEMPLATE,
            http_port=self.http_port,
            dicom_port=self.dicom_port,
            data_directory=folder / "data",
            script=REPOSITORY / "plugin" / "sightline_plugin.py",
            environment=Path(sys.prefix),
            python_plugin=python_plugin(),
            admin_password=PASSWORD,
            extra=orthanc_configuration.merged(self._defaults(), extra or {}),
        )
        self.configuration["Plugins"] = [*self.configuration["Plugins"], *plugins]
        self.process: subprocess.Popen[bytes] | None = None
        self.log_path = folder / "orthanc.log"

    def _defaults(self) -> dict[str, Any]:
        client = {"AET": CLIENT_AET, "Host": "127.0.0.1", "Port": self.client_port}
        allowed = dict.fromkeys(("AllowEcho", "AllowStore", "AllowFind", "AllowMove", "AllowGet"), True)
        service = {"ServiceKeySha256": hashlib.sha256(SERVICE_KEY.encode()).hexdigest()}
        # A test waits for a server's start more often than for its pictures.
        sightline = {"Links": service, "Workers": {"Count": 2}}
        return {"DicomModalities": {"client": {**client, **allowed}}, "Sightline": sightline}

    def start(self) -> Self:
        """Start and wait until it is healthy."""
        self.launch()
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self.process is not None
            if self.process.poll() is not None:
                break
            try:
                if requests.get(f"{self.url}/sightline/health", timeout=5).status_code == 200:
                    return self
            except requests.RequestException:
                pass
            time.sleep(0.1)
        self.stop()
        raise AssertionError(f"Orthanc did not become healthy:\n{self.log()[-6000:]}")

    def launch(self) -> subprocess.Popen[bytes]:
        """Start without waiting."""
        file = self.folder / "orthanc.json"
        file.write_text(json.dumps(self.configuration, indent=1))
        (self.folder / "data" / "orthanc").mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.program, str(file)],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=_environment(),
            )
        return self.process

    def stop(self, patience: float = 20) -> int:
        """Stop by SIGTERM and return the exit code; kill it where it does not end."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def log(self) -> str:
        """Return Orthanc's log so far."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def session(self, user: str | None = "admin", password: str = PASSWORD) -> requests.Session:
        """Return a client; of nobody when `user` is None."""
        client = requests.Session()
        client.trust_env = False
        if user is not None:
            client.auth = (user, password)
        return client

    def service(self) -> requests.Session:
        """Return a client with the link-service key."""
        client = self.session(None)
        client.headers["Authorization"] = f"Bearer {SERVICE_KEY}"
        return client

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _t: TracebackType | None
    ) -> None:
        self.stop()


def python_plugin() -> Path:
    """Return the real file of Orthanc's Python plugin."""
    return Path("/usr/share/orthanc/plugins/libOrthancPython.so").resolve()


def core_version() -> tuple[int, ...]:
    """Return the version of the Orthanc on this machine."""
    line = subprocess.run(["Orthanc", "--version"], capture_output=True, text=True, check=False).stdout.split()
    return tuple(int(part) for part in line[1].split("."))


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
