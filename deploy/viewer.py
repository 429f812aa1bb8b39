"""The viewer's build: made by npm, made again only when its sources have changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from deploy import machine, process
from deploy.machine import Problem, Say
from deploy.process import Specification
from deploy.root import CHECKOUT

SOURCES = CHECKOUT / "viewer-assets"
DIST = SOURCES / "dist"
LOG = CHECKOUT / "build" / "viewer.log"
# As locked, and nothing written. Not `npm ci`: it refuses a lock that lacks the optional builds for platforms which the
# package mirror in use does not carry.
INSTALL = ("install", "--no-save", "--no-fund", "--no-audit")
_STAMP = CHECKOUT / "build" / "viewer-sources"
_NOT_SOURCES = {"node_modules", "dist"}


def fingerprint() -> str:
    """Return a text that changes with any of the viewer's sources."""
    digest = hashlib.sha256()
    for folder, names, files in os.walk(SOURCES):
        names[:] = sorted(name for name in names if name not in _NOT_SOURCES)
        for name in sorted(files):
            path = Path(folder, name)
            digest.update(f"{path.relative_to(SOURCES)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def ensure(say: Say) -> None:
    """Build the viewer unless it is there already.

    Raises
    ------
    Problem
        npm is missing, or the build failed.
    """
    if not (SOURCES / "package.json").exists():
        if not DIST.is_dir():
            raise Problem(f"The built viewer is missing: {DIST}")
        return
    wanted = fingerprint()
    if DIST.is_dir() and _STAMP.exists() and _STAMP.read_text(encoding="utf-8") == wanted:
        return
    say("Building the viewer")
    npm(INSTALL, ("run", "build"), say=say)
    _STAMP.write_text(wanted, encoding="utf-8")


def npm(*commands: Sequence[str], say: Say) -> None:
    """Run npm commands one after the other in the viewer's folder, output into the log.

    Raises
    ------
    Problem
        One failed.
    """
    machine.require_program("npm", "nodejs npm", say)
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("wb") as output:
        for command in commands:
            specification = Specification(
                argv=("npm", *command), environment=dict(os.environ), directory=str(SOURCES), patience=3
            )
            if process.run(specification, output) != 0:
                tail = machine.last_lines(LOG.read_text(errors="replace"), 20)
                raise Problem(f"npm {' '.join(command)} failed:\n{tail}\nAll of it: {LOG}")
