"""Which root fits, and what a private root is shown of the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy import bundle, root


def test_another_lock_file_means_another_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = root.key("trixie", "base")
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("something==1\n")
    monkeypatch.setitem(root.REQUIREMENTS, "base", requirements)
    assert root.key("trixie", "base") != before
    assert root.key("sid", "base").startswith("sid-base-")


def test_the_cache_is_outside_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIGHTLINE_CACHE", raising=False)
    assert root.CHECKOUT not in root.cache().parents
    monkeypatch.setenv("SIGHTLINE_CACHE", str(tmp_path))
    assert root.cache() == tmp_path


def test_a_root_gets_an_environment_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTLINE_ADMIN_PASSWORD", "secret")
    specification = root.specification(Path("/root-of-it"), ("true",), variables={"A": "b"})
    assert specification.environment["A"] == "b"
    assert "SIGHTLINE_ADMIN_PASSWORD" not in specification.environment
    assert all(bind.read_only for bind in specification.binds)


def test_everything_that_the_bundle_names_is_in_the_checkout() -> None:
    missing = [source for source, _ in bundle.FILES if not (root.CHECKOUT / source).exists()]
    assert set(missing) <= {"viewer-assets/dist"}
