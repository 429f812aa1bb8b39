"""Finding the Python that belongs to the plugin."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy import environment, server
from deploy.environment import EnvironmentProblem


def test_the_linked_python_is_read_from_the_libraries() -> None:
    listing = (
        "\tlinux-vdso.so.1 (0x1)\n\tlibpython3.14.so.1.0 => /usr/lib/x86_64-linux-gnu/libpython3.14.so.1.0 (0x2)\n"
    )
    assert environment.linked_version(listing) == (3, 14)


@pytest.mark.parametrize("listing", ["", "\tlibpython3.13.so.1.0 => not found\n"])
def test_a_missing_library_is_explained(listing: str) -> None:
    with pytest.raises(EnvironmentProblem, match="reinstall orthanc-python"):
        environment.linked_version(listing)


@pytest.mark.parametrize(
    ("name", "version"),
    [("libOrthancPython.so.5.0", (5, 0)), ("libOrthancPython.so.7.1", (7, 1)), ("libOrthancPython.so", None)],
)
def test_the_plugins_version_is_in_its_file_name(name: str, version: tuple[int, int] | None) -> None:
    assert environment.plugin_version(Path("/usr/lib/orthanc", name)) == version


def test_an_environment_is_made_again_when_the_requirements_change(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("a==1\n")
    before = environment.fingerprint("/usr/bin/python3.13", requirements)
    requirements.write_text("a==2\n")
    assert environment.fingerprint("/usr/bin/python3.13", requirements) != before
    assert environment.fingerprint("/usr/bin/python3.14", requirements) != before


@pytest.mark.parametrize(
    ("banner", "version"),
    [("Orthanc 1.12.7\nCopyright", (1, 12, 7)), ("Orthanc 1.13.0", (1, 13, 0)), ("Orthanc mainline", None)],
)
def test_the_cores_version_is_in_its_banner(banner: str, version: tuple[int, ...] | None) -> None:
    assert server.core_version(banner) == version
