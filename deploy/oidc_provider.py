"""oidc-provider, a certified OpenID provider made by others, which the tests are launched from: fetched once."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from deploy import machine, process
from deploy.kept import keep
from deploy.machine import Problem, Say
from deploy.process import Specification
from deploy.root import CHECKOUT, cache

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

    def fetch(fetched: Path, scratch: Path) -> None:
        machine.require_program("npm", "nodejs npm", say)
        say("Fetching oidc-provider (once; 4 MB)")
        for file in _FILES:
            shutil.copy(PIN / file, fetched / file)
        log = scratch / "npm.log"
        argv = ("npm", "ci", "--ignore-scripts", "--no-fund", "--no-audit")
        with log.open("wb") as output:
            code = process.run(
                Specification(argv=argv, environment=dict(os.environ), directory=str(fetched), patience=3), output
            )
        if code != 0:
            raise Problem(f"{' '.join(argv[:2])} failed:\n{machine.last_lines(log.read_text(errors='replace'))}")

    keep(folder(), fetch)
