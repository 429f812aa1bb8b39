"""``make bundle``: one archive with everything that an administrator who has Orthanc needs, and nothing else."""

from __future__ import annotations

import gzip
import io
import os
import sys
import tarfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

from deploy import viewer
from deploy.machine import Problem
from deploy.root import CHECKOUT

FILES = (
    ("deploy/install.py", "install.py"),
    ("deploy/__init__.py", "deploy/__init__.py"),
    ("deploy/installer.py", "deploy/installer.py"),
    ("deploy/environment.py", "deploy/environment.py"),
    ("deploy/json_edit.py", "deploy/json_edit.py"),
    ("deploy/orthanc_configuration.py", "deploy/orthanc_configuration.py"),
    ("plugin", "plugin"),
    ("viewer-assets/dist", "viewer"),
    ("orthanc-config", "orthanc-config"),
    ("docs/installation.md", "docs/installation.md"),
    ("docs/configuration.md", "docs/configuration.md"),
    ("docs/operations.md", "docs/operations.md"),
    ("docs/security.md", "docs/security.md"),
    ("docs/conformance.md", "docs/conformance.md"),
    ("docs/fhir.md", "docs/fhir.md"),
    ("openemr-module", "openemr-module"),
    ("README.md", "README.md"),
    ("CHANGELOG.md", "CHANGELOG.md"),
    ("LICENSE", "LICENSE"),
)
"""File or folder of the checkout, and its place in the bundle."""


def version() -> str:
    """Return Sightline's version."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])


def write(folder: Path) -> Path:
    """Write the archive into `folder` and return its path. The same sources give the same bytes."""
    name = f"sightline-{version()}"
    path = folder / f"{name}.tar.gz"
    folder.mkdir(parents=True, exist_ok=True)
    moment = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    with (
        path.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=moment) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for source, target in contents():
            content = source.read_bytes()
            entry = tarfile.TarInfo(f"{name}/{target}")
            entry.size, entry.mtime = len(content), moment
            entry.mode = 0o755 if target == "install.py" else 0o644
            archive.addfile(entry, io.BytesIO(content))
    return path


def contents() -> Iterator[tuple[Path, str]]:
    """Give each file of the bundle and its place."""
    for source, target in FILES:
        start = CHECKOUT / source
        if start.is_file():
            yield start, target
            continue
        for path in sorted(start.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path, f"{target}/{path.relative_to(start)}"


def main() -> None:
    """Build the viewer if need be, and write the archive into ``build/``."""
    try:
        viewer.ensure(print)
    except Problem as problem:
        sys.exit(str(problem))
    print(write(CHECKOUT / "build"))


if __name__ == "__main__":
    main()
