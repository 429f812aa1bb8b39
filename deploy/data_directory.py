"""The data directory: one Orthanc's archive, Sightline's state, the password, the log. Closed to all others."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deploy import orthanc_configuration
from deploy.machine import Problem
from deploy.server import Server
from deploy.settings import Settings

CONFIGURATION = "orthanc.json"
LOG = "orthanc.log"
_ORTHANCS_OWN = ("orthanc", "sightline", "python-cache")
"""Folders that Orthanc writes into."""


@contextlib.contextmanager
def locked(data: Path) -> Iterator[None]:
    """Make the data directory, closed to others, and keep a second Orthanc out of it."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        lock = (data / "lock").open("w")
    except PermissionError as error:
        raise Problem(f"{data} belongs to another user: choose another DATA_DIR, or be that user.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Problem(f"Another Sightline runs on {data}: stop it, or choose another DATA_DIR.") from error
        yield


def admin_password(wanted: Settings) -> str:
    """Return the password of `admin`: the one that was set, else the generated one, made at the first start."""
    if wanted.admin_password:
        return wanted.admin_password
    path = wanted.data_directory / "admin-password"
    if not path.exists():
        _write_private(path, secrets.token_urlsafe(18) + "\n")
    return path.read_text(encoding="utf-8").strip()


def write_configuration(wanted: Settings, orthanc: Server) -> dict[str, Any]:
    """Write Orthanc's configuration into the data directory, and hand its folders to the user it runs as."""
    data = wanted.data_directory
    configuration = orthanc_configuration.build(
        orthanc_configuration.TEMPLATE,
        http_port=wanted.http_port,
        dicom_port=wanted.dicom_port,
        data_directory=orthanc.data,
        script=f"{orthanc.checkout}/plugin/sightline_plugin.py",
        environment=orthanc.environment,
        python_plugin=orthanc.python_plugin,
        admin_password=admin_password(wanted),
        extra=wanted.extra,
    )
    _write_private(data / CONFIGURATION, json.dumps(configuration, indent=2))
    for name in _ORTHANCS_OWN:
        (data / name).mkdir(exist_ok=True, mode=0o700)
    owner = orthanc.owner()
    if owner:
        os.chown(data, *owner)
        os.chown(data / CONFIGURATION, *owner)
        for name in _ORTHANCS_OWN:
            _hand_over(data / name, owner)
    return configuration


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read; it is there whole or not at all."""
    attempt = path.with_name(f".{path.name}")
    attempt.unlink(missing_ok=True)
    with os.fdopen(os.open(attempt, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    attempt.rename(path)


def _hand_over(folder: Path, owner: tuple[int, int]) -> None:
    """Give a folder and all below to a user, unless it is that user's already."""
    if folder.stat().st_uid == owner[0]:
        return
    for below, _, files in os.walk(folder):
        for path in (below, *(f"{below}/{name}" for name in files)):
            os.chown(path, *owner, follow_symlinks=False)


@contextlib.contextmanager
def new_log(path: Path) -> Iterator[Any]:
    """Open a new log; the one before is kept beside it."""
    if path.exists():
        shutil.move(path, path.with_suffix(".log.1"))
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as log:
        yield log
