"""The other viewer is unpacked only when it is, byte for byte, the pinned one."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from deploy import ohif
from deploy.machine import Problem


def archive(path: Path, **files: bytes) -> str:
    """Write a package of npm; return its integrity."""
    with tarfile.open(path, "w:gz") as target:
        for name, content in files.items():
            member = tarfile.TarInfo(name.replace("__", "/"))
            member.size = len(content)
            target.addfile(member, io.BytesIO(content))
    return "sha512-" + base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()


def test_pages_are_unpacked_and_nothing_else(tmp_path: Path) -> None:
    integrity = archive(
        tmp_path / "a.tgz",
        **{"package__dist__index.html": b"page", "package__dist__a__b.js": b"script", "package__README": b"no"},
        **{"package__dist__a__b.js.map": b"no"},
    )
    ohif._unpack(tmp_path / "a.tgz", integrity, tmp_path / "pages")
    found = {str(path.relative_to(tmp_path / "pages")) for path in (tmp_path / "pages").rglob("*") if path.is_file()}
    assert found == {"index.html", "a/b.js"}
    assert (tmp_path / "pages" / "a" / "b.js").read_bytes() == b"script"


def test_another_package_is_refused(tmp_path: Path) -> None:
    integrity = archive(tmp_path / "a.tgz", **{"package__dist__index.html": b"page"})
    archive(tmp_path / "b.tgz", **{"package__dist__index.html": b"another"})
    with pytest.raises(Problem, match="not what"):
        ohif._unpack(tmp_path / "b.tgz", integrity, tmp_path / "pages")
    assert not (tmp_path / "pages").exists()


def test_no_file_goes_elsewhere(tmp_path: Path) -> None:
    integrity = archive(tmp_path / "a.tgz", **{"package__dist__..__..__evil": b"x"})
    with pytest.raises(Problem, match="outside"):
        ohif._unpack(tmp_path / "a.tgz", integrity, tmp_path / "pages")
    assert not (tmp_path / "evil").exists()


def test_the_pin_names_a_version_and_its_content() -> None:
    pin = json.loads(ohif.PIN.read_text(encoding="utf-8"))
    assert pin["version"].count(".") == 2
    assert pin["integrity"].startswith("sha512-")
    assert "://" not in ohif.PIN.read_text(encoding="utf-8"), "no address of a registry: each machine has its own"
