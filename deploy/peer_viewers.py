"""Web viewers made by others, which Sightline is measured beside: fetched and built once, kept outside the checkout.

Each is a folder below `folder`; one that cannot be had today is left out, loudly.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from deploy import machine, ohif, process
from deploy.machine import Problem, Say
from deploy.process import Specification
from deploy.root import CHECKOUT, cache

SOURCES = CHECKOUT / "bench" / "viewer"
_DWV = SOURCES / "dwv"
_BUILD = SOURCES / "build.mjs"


def folder() -> Path:
    """Return where they are or will be: another folder for each way of building them."""
    digest = hashlib.sha256()
    for path in (ohif.PIN, _BUILD, *sorted(_DWV.glob("*.*")), Path(__file__)):
        digest.update(path.read_bytes())
    return cache() / "peer-viewers" / digest.hexdigest()[:16]


def ensure(say: Say) -> None:
    """Have all of them at hand that can be had."""
    for name, make in (("ohif", _ohif), ("dwv", _dwv), ("orthanc-web-viewer", _orthanc_web_viewer)):
        target = folder() / name
        if target.is_dir():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix="making-") as scratch:
            try:
                _make(make, Path(scratch), target, say)
            except Problem as problem:
                say(f"!!! LEFT OUT: {name}, which cannot be had today. {problem}")


def _make(make: Callable[[Path, Say], Path], scratch: Path, target: Path, say: Say) -> None:
    made = make(scratch, say)
    made.chmod(0o755)
    made.rename(target)


def _ohif(scratch: Path, say: Say) -> Path:
    """Minify what npm has of OHIF: 17 MB of script that nobody would put into production as they are."""
    ohif.ensure(say)
    say("Minifying OHIF (once)")
    _run(scratch, "node", str(_BUILD), "ohif", str(ohif.folder()), str(scratch / "pages"))
    return scratch / "pages"


def _dwv(scratch: Path, say: Say) -> Path:
    """Bundle the library with a page that does no more than read one series."""
    machine.require_program("npm", "nodejs npm", say)
    say("Building DWV (once)")
    shutil.copytree(_DWV, scratch / "source")
    _run(scratch / "source", "npm", "install", "--no-save", "--no-fund", "--no-audit", "--ignore-scripts")
    _run(scratch, "node", str(_BUILD), "dwv", str(scratch / "source"), str(scratch / "pages"))
    return scratch / "pages"


def _orthanc_web_viewer(scratch: Path, say: Say) -> Path:
    """Make a root of Debian 12, the last one that has it, with the Orthanc that it was made for."""
    machine.require_root_on_debian()
    machine.require_program("debootstrap", "debootstrap", say)
    say("Making a private Debian 12 with Orthanc Web Viewer (once; two minutes)")
    # The library is named since debootstrap does not look for who provides a package.
    packages = "--include=libboost-regex1.74.0,orthanc,orthanc-webviewer"
    bootstrap = ("unshare", "--mount", "debootstrap", "--variant=minbase", packages, "bookworm", str(scratch / "root"))
    mirror = machine.debian_mirror()
    _run(scratch, *bootstrap, *([mirror] if mirror else []))
    return scratch / "root"


def _run(directory: Path, *argv: str) -> None:
    """Run one step; its last lines are in the `Problem` if it fails."""
    with tempfile.TemporaryFile() as output:
        specification = Specification(argv=argv, environment=dict(os.environ), directory=str(directory), patience=3)
        if process.run(specification, output) != 0:
            output.seek(0)
            raise Problem(f"{' '.join(argv[:3])} failed:\n{machine.last_lines(output.read().decode(errors='replace'))}")
