"""Demo studies: made once, kept in the cache, stored only into an empty archive."""

from __future__ import annotations

import hashlib
import http.client
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from deploy.client import LINKS, Client
from deploy.machine import Problem, Say
from deploy.root import CHECKOUT, cache

Run = Callable[[tuple[str, ...], Path], int]
"""Runs ``python ARGUMENTS`` with Sightline's environment in the checkout; the folder may be written to. Exit code."""


def ensure(run: Run, say: Say) -> Path:
    """Return the folder of the demo files, making them if need be.

    Raises
    ------
    Problem
        The generator failed.
    """
    digest = hashlib.sha256()
    for path in sorted((CHECKOUT / "demo").glob("*.py")):
        digest.update(path.read_bytes())
    folder = cache() / "demo" / digest.hexdigest()[:16]
    if folder.is_dir():
        return folder
    say("Making the demo studies (once; about half a minute)")
    attempt = folder.with_name(f"making-{folder.name}")
    shutil.rmtree(attempt, ignore_errors=True)
    attempt.mkdir(parents=True)
    if run(("-m", "demo"), attempt) != 0:
        raise Problem("The demo studies could not be made; the lines above say why. DEMO=0 starts without them.")
    attempt.rename(folder)
    return folder


def is_empty(administrator: Client) -> bool:
    """Whether the archive holds nothing at all."""
    status, body = administrator.request("GET", "/statistics")
    if status != 200:
        raise Problem(f"GET /statistics as administrator answered {status}: is the password of `admin` right?")
    return bool(json.loads(body)["CountInstances"] == 0)


def store(administrator: Client, folder: Path, say: Say) -> None:
    """Store every file below `folder`; say how many, and how many were refused."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    refused = 0
    for number, path in enumerate(paths, start=1):
        try:
            status, _ = administrator.request("POST", "/instances", path.read_bytes(), "application/dicom")
        except (OSError, http.client.HTTPException) as error:
            raise Problem(f"Storing {path} failed: {error}") from error
        refused += status != 200
        if number % 100 == 0 or number == len(paths):
            say(f"Stored {number - refused} of {len(paths)} files" + (f", {refused} refused" if refused else ""))


def link(administrator: Client, study_instance_uid: str) -> str | None:
    """Ask for a link to that study; None if the archive does not hold it."""
    status, body = administrator.post_json(LINKS, {"studyInstanceUID": study_instance_uid, "purpose": "demo"})
    return str(json.loads(body)["url"]) if status == 201 else None
