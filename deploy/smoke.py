"""``make run`` as a person runs it: start, look, stop, and see that nothing is left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import urllib.request
from pathlib import Path

from deploy.machine import Problem, Say
from deploy.root import CHECKOUT

LAST_LINE = "Ctrl-C stops it."


def run(say: Say) -> None:
    """Start from this checkout in a private root, follow the printed link, stop by SIGTERM.

    Raises
    ------
    Problem
        It did not start, did not show the link's page, or did not end as it should.
    """
    with tempfile.TemporaryDirectory(prefix="sightline-run-") as data:
        port = _free_port()
        variables = {"HTTP_PORT": str(port), "DICOM_PORT": str(_free_port()), "DATA_DIR": data, "ORTHANC": "trixie"}
        environment = {**os.environ, **variables, "DEMO": "1", "ORTHANC_CONFIG": "", "SIGHTLINE_ADMIN_PASSWORD": ""}
        with subprocess.Popen(
            ["make", "run"], cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            try:
                link = _link(process)
                with urllib.request.urlopen(link, timeout=30) as answer:
                    _require(answer.status == 200, f"{link} answered {answer.status}")
            finally:
                process.send_signal(signal.SIGTERM)
            code = process.wait(60)
        _require(code in (0, -signal.SIGTERM, 2), f"make run ended with exit code {code}")
        with socket.socket() as probe:
            _require(probe.connect_ex(("127.0.0.1", port)) != 0, f"something still listens on port {port}")
        _require("Orthanc has stopped" in Path(data, "orthanc.log").read_text(), "Orthanc was not stopped in order")
    say("make run starts, shows the demo and stops")


def _link(process: subprocess.Popen[str]) -> str:
    """Read what it prints up to the last line of the welcome; return the demo link."""
    assert process.stdout is not None  # noqa: S101 - it was asked for
    printed: list[str] = []
    for line in process.stdout:
        print(f"    {line}", end="", flush=True)
        printed.append(line)
        if LAST_LINE in line:
            break
    links = [line.split()[-1] for line in printed if "Demo link" in line]
    _require(len(links) == 1, "make run did not print a demo link")
    return links[0]


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise Problem(otherwise)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
