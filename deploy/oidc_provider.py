"""oidc-provider, a certified OpenID provider made by others, which the tests are launched from: fetched once."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path

from deploy import machine, process
from deploy.machine import Problem, Say
from deploy.process import Specification
from deploy.root import CHECKOUT, UNUSED_DAYS, cache

PIN = CHECKOUT / "tests" / "integration" / "oidc"
"""Which packages of npm, and what each must consist of: `package-lock.json`."""
_FILES = ("package.json", "package-lock.json")


def folder() -> Path:
    """Return where its packages are or will be: another folder for each lock file."""
    digest = hashlib.sha256((PIN / "package-lock.json").read_bytes()).hexdigest()
    return cache() / "oidc-provider" / digest[:16]


def ensure(say: Say) -> None:
    """Fetch it unless it is there already; npm refuses what is not as the lock file says, and runs nothing of it.

    Raises
    ------
    Problem
        npm is missing or cannot reach it, or what it fetched is not what was pinned.
    """
    target = folder()
    if target.is_dir():
        os.utime(target)
        return
    machine.require_program("npm", "nodejs npm", say)
    say("Fetching oidc-provider (once; 4 MB)")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="fetching-") as name:
        scratch = Path(name) / "fetched"
        scratch.mkdir(mode=0o755)
        for file in _FILES:
            shutil.copy(PIN / file, scratch / file)
        log = Path(name) / "npm.log"
        argv = ("npm", "ci", "--ignore-scripts", "--no-fund", "--no-audit")
        with log.open("wb") as output:
            code = process.run(
                Specification(argv=argv, environment=dict(os.environ), directory=str(scratch), patience=3), output
            )
        if code != 0:
            raise Problem(f"{' '.join(argv[:2])} failed:\n{machine.last_lines(log.read_text(errors='replace'))}")
        try:
            scratch.rename(target)
        except OSError:
            # Another run was faster; it has fetched the same.
            if not target.is_dir():
                raise
    for other in target.parent.iterdir():
        if time.time() - other.stat().st_mtime > UNUSED_DAYS * 86_400:
            shutil.rmtree(other, ignore_errors=True)
