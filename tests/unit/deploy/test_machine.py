"""What is found out about the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy import machine


def test_the_mirror_is_the_one_of_the_machines_own_suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "release", lambda: {"VERSION_CODENAME": "bookworm"})
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d" / "debian.sources").write_text(
        "Types: deb\nURIs: http://security.example/debian-security\nSuites: bookworm-security\n\n"
        "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\n"
    )
    assert machine.debian_mirror(tmp_path) == "http://mirror.example/debian"


def test_the_mirror_in_a_one_line_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "release", lambda: {"VERSION_CODENAME": "trixie"})
    (tmp_path / "sources.list").write_text(
        "# deb http://old.example/debian trixie main\n"
        "deb cdrom:[Debian] trixie main\n"
        "deb http://security.example/debian-security trixie-security main\n"
        "deb [signed-by=/a.gpg] https://mirror.example/debian trixie main\n"
    )
    assert machine.debian_mirror(tmp_path) == "https://mirror.example/debian"


def test_no_mirror_is_no_error(tmp_path: Path) -> None:
    assert machine.debian_mirror(tmp_path) is None


def test_local_folders_of_pip_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "file:///opt/packages")
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    found = machine.network_environment()
    assert found["PIP_INDEX_URL"] == "https://index.example/simple"
    assert "PIP_EXTRA_INDEX_URL" not in found
    assert found["HTTPS_PROXY"] == "http://proxy.example:3128"


def test_another_system_is_pointed_to_the_container(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "release", lambda: {"ID": "fedora", "PRETTY_NAME": "Fedora 44"})
    with pytest.raises(machine.Problem, match=r"Fedora 44.*docker compose up"):
        machine.require_root_on_debian()


def test_without_root_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "release", lambda: {"ID": "debian", "VERSION_ID": "12"})
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(machine.Problem, match=r"needs root.*docker compose up"):
        machine.require_root_on_debian()


def test_a_missing_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(machine.Problem, match=r"`no-such-program` is missing.*apt-get install no-such-package"):
        machine.require_program("no-such-program", "no-such-package", lambda _: None)
