"""OHIF, a viewer made by others, which the tests open studies with: fetched once, kept outside the checkout."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import tarfile
from pathlib import Path

from deploy import machine, process
from deploy.kept import keep
from deploy.machine import Problem, Say
from deploy.process import Specification
from deploy.root import CHECKOUT, cache

PIN = CHECKOUT / "tests" / "browser" / "ohif" / "package.json"
"""Which package of npm, and what it must consist of."""
_PAGES = "package/dist/"


def folder() -> Path:
    """Return where its pages are or will be: another folder for each version."""
    pin = _pin()
    return cache() / "ohif" / f"{pin['version']}-{hashlib.sha256(pin['integrity'].encode()).hexdigest()[:16]}"


def ensure(say: Say) -> None:
    """Fetch it unless it is there already.

    Raises
    ------
    Problem
        npm is missing or cannot reach it, or what it fetched is not what was pinned.
    """

    def fetch(fetched: Path, scratch: Path) -> None:
        pin = _pin()
        say(f"Fetching {pin['name']} {pin['version']} (once; 50 MB)")
        _unpack(_fetch(scratch, say), pin["integrity"], fetched)

    keep(folder(), fetch)


def _pin() -> dict[str, str]:
    found: dict[str, str] = json.loads(PIN.read_text(encoding="utf-8"))
    return found


def _fetch(scratch: Path, say: Say) -> Path:
    """Have npm fetch the package as it was published, without anything that it depends on; return the file."""
    machine.require_program("npm", "nodejs npm", say)
    pin = _pin()
    log = scratch / "npm.log"
    argv = ("npm", "pack", f"{pin['name']}@{pin['version']}", "--pack-destination", str(scratch))
    with log.open("wb") as output:
        code = process.run(
            Specification(argv=argv, environment=dict(os.environ), directory=str(scratch), patience=3), output
        )
    archives = list(scratch.glob("*.tgz"))
    if code != 0 or len(archives) != 1:
        raise Problem(f"{' '.join(argv[:3])} failed:\n{machine.last_lines(log.read_text(errors='replace'))}")
    return archives[0]


def _unpack(archive: Path, integrity: str, target: Path) -> None:
    """Write the built pages below `target`, but not the maps of their sources.

    Raises
    ------
    Problem
        The archive is not the pinned one. Nothing of it is unpacked then.
    """
    with archive.open("rb") as file:
        found = "sha512-" + base64.b64encode(hashlib.file_digest(file, "sha512").digest()).decode()
    if found != integrity:
        raise Problem(f"What npm fetched is not what {PIN.relative_to(CHECKOUT)} pins: {found}")
    with tarfile.open(archive) as content:
        for member in content:
            if not member.isfile() or not member.name.startswith(_PAGES) or member.name.endswith(".map"):
                continue
            path = target / member.name.removeprefix(_PAGES)
            if ".." in path.parts:
                raise Problem(f"The archive names a file outside itself: {member.name}")
            path.parent.mkdir(parents=True, exist_ok=True)
            source = content.extractfile(member)
            assert source is not None  # noqa: S101 - it is a regular file
            with source, path.open("wb") as file:
                shutil.copyfileobj(source, file)
            path.chmod(0o644)
