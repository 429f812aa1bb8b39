"""The data directory: closed, one at a time, and a password that is made once."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from deploy import data_directory, settings
from deploy.machine import Problem
from deploy.server import Server


def wanted(folder: Path, **variables: str) -> settings.Settings:
    """Read settings for a data directory."""
    return settings.read({"DATA_DIR": str(folder), **variables})


def mode(path: Path) -> int:
    """Return the permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def test_the_password_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    first = data_directory.admin_password(wanted(tmp_path))
    assert len(first) >= 22
    assert data_directory.admin_password(wanted(tmp_path)) == first
    assert mode(tmp_path / "admin-password") == 0o600
    other = tmp_path / "other"
    other.mkdir()
    assert data_directory.admin_password(wanted(other)) != first


def test_a_given_password_is_not_written_down(tmp_path: Path) -> None:
    assert data_directory.admin_password(wanted(tmp_path, SIGHTLINE_ADMIN_PASSWORD="mine")) == "mine"
    assert list(tmp_path.iterdir()) == []


def test_only_one_may_use_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with data_directory.locked(folder):
        assert mode(folder) == 0o700
        with pytest.raises(Problem, match="Another Sightline runs on"), data_directory.locked(folder):
            pass
    with data_directory.locked(folder):
        pass


def test_the_configuration_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    server = Server("test", "/checkout", str(tmp_path), "/environment", "/plugin.so", "/Orthanc")
    written = data_directory.write_configuration(wanted(tmp_path), server)
    path = tmp_path / data_directory.CONFIGURATION
    assert mode(path) == 0o600
    assert json.loads(path.read_text()) == written
    assert written["RegisteredUsers"] == {"admin": (tmp_path / "admin-password").read_text().strip()}
    assert written["PythonScript"] == "/checkout/plugin/sightline_plugin.py"
    assert {mode(tmp_path / name) for name in ("orthanc", "sightline", "python-cache")} == {0o700}


def test_the_log_of_the_run_before_is_kept(tmp_path: Path) -> None:
    path = tmp_path / data_directory.LOG
    for text in (b"first", b"second"):
        with data_directory.new_log(path) as log:
            log.write(text)
    assert path.read_bytes() == b"second"
    assert (tmp_path / "orthanc.log.1").read_bytes() == b"first"
