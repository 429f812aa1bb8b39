"""``make run``: from a bare machine to a study list, a password and a link, and back to nothing at Ctrl-C."""

from __future__ import annotations

import errno
import os
import re
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from demo.identity import STUDY_INSTANCE_UID
from deploy import client, data_directory, demo_studies, orthanc_configuration, server, settings, viewer
from deploy.client import Client
from deploy.data_directory import CONFIGURATION, LOG
from deploy.machine import Problem
from deploy.process import Process
from deploy.server import Server
from deploy.settings import Settings

_CHATTER = re.compile(r"[WIT]\d{4} ")
"""How Orthanc begins a line that is not an error."""


class Stopped(BaseException):
    """Somebody asked for the end. Not an error, and nothing may catch it as one."""


class Progress:
    """Lines with the time that has passed."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def __call__(self, text: str) -> None:
        print(f"[{time.monotonic() - self._started:5.1f} s] {text}", flush=True)


def main() -> None:
    """Run until the end is asked for. Exit code 0 then; 1 with one sentence where something is wrong."""
    _heed_signals()
    try:
        start(settings.read(os.environ), Progress())
    except Stopped:
        print("Stopped.", flush=True)
    except Problem as problem:
        sys.exit(str(problem))


def _heed_signals() -> None:
    """Turn SIGINT and SIGTERM into `Stopped`, once: the way out is not to be interrupted."""

    def stop(*_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        raise Stopped

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def start(wanted: Settings, say: Progress) -> None:
    """Get everything, start Orthanc, and stay until it ends or `Stopped` is raised.

    Raises
    ------
    Problem
        Something is wrong or missing; Orthanc does not run any more.
    """
    data = wanted.data_directory
    with data_directory.locked(data):
        _require_free_ports(wanted)
        with server.obtain(wanted.orthanc, data, say) as orthanc:
            viewer.ensure(say)
            configuration = data_directory.write_configuration(wanted, orthanc)
            say(f"Starting {orthanc.name}; its log: {data / LOG}")
            with (
                data_directory.new_log(data / LOG) as log,
                Process(orthanc.specification(data, CONFIGURATION), log) as process,
            ):
                try:
                    _welcome(wanted, orthanc, configuration, process, say)
                    code = process.wait()
                except Problem as problem:
                    process.stop()
                    raise Problem(f"{problem}\n{_errors(data / LOG)}") from problem
                except Stopped:
                    say("Stopping")
                    _require_clean_end(process.stop(), data)
                    raise
            raise Problem(f"Orthanc ended by itself (exit code {code}).\n{_errors(data / LOG)}")


def _require_clean_end(code: int, data: Path) -> None:
    if code != 0:
        raise Problem(f"Orthanc ended with exit code {code}.\n{_errors(data / LOG)}")


def _errors(log: Path) -> str:
    """Return what the log says is wrong, tracebacks included; else how it ends."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    telling = [line for line in lines if line and not _CHATTER.match(line)]
    return "\n".join((telling or lines)[-20:]) + f"\nAll of it: {log}"


def _require_free_ports(wanted: Settings) -> None:
    for name, port in (("HTTP_PORT", wanted.http_port), ("DICOM_PORT", wanted.dicom_port)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", port))
            except OSError as error:
                reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
                raise Problem(
                    f"Port {port} {reason}: choose another one, as in `make run {name}={port + 1}`."
                ) from error


def _welcome(wanted: Settings, orthanc: Server, configuration: dict[str, Any], process: Process, say: Progress) -> None:
    """Wait until it is well and closed, load the demo, and print how to come in."""
    port, tls = configuration["HttpPort"], bool(configuration.get("SslEnabled"))
    anonymous = Client(port, tls=tls)
    client.wait_until_healthy(anonymous, lambda: process.poll() is not None)
    client.require_closed(anonymous)
    anonymous.close()
    say("Healthy, and closed to strangers")
    user = orthanc_configuration.ADMINISTRATOR
    administrator = Client(port, tls=tls, user=user, password=configuration["RegisteredUsers"][user])
    _load_demo(wanted, orthanc, administrator, say)
    address = configuration["Sightline"].get("PublicUrl") or f"http{'s' if tls else ''}://127.0.0.1:{port}"
    link = demo_studies.link(administrator, STUDY_INSTANCE_UID)
    administrator.close()
    print(f"\n  Study list     {address}/sightline/\n  User           {user}\n  Password       {_where(wanted)}")
    if link:
        print(f"  Demo link      {link}")
    print("\n  Not a cleared medical device: not for primary diagnosis unless your site has validated it.")
    print("  Ctrl-C stops it.\n", flush=True)


def _where(wanted: Settings) -> str:
    """Say where the password is to be found; never say the password."""
    user = orthanc_configuration.ADMINISTRATOR
    if user in wanted.extra.get("RegisteredUsers", {}):
        return "the one in ORTHANC_CONFIG"
    if wanted.admin_password:
        return "the one in SIGHTLINE_ADMIN_PASSWORD"
    return f"in {wanted.data_directory / 'admin-password'}"


def _load_demo(wanted: Settings, orthanc: Server, administrator: Client, say: Progress) -> None:
    """Store the demo into an empty archive, or go on with a demo whose storing was broken off."""
    unfinished = wanted.data_directory / "demo-unfinished"
    if wanted.demo == "0" or not (unfinished.exists() or demo_studies.is_empty(administrator)):
        return
    folder = demo_studies.ensure(orthanc.run_python, say) if wanted.demo == "1" else Path(wanted.demo)
    unfinished.touch()
    demo_studies.store(administrator, folder, say)
    unfinished.unlink()


if __name__ == "__main__":
    main()
