"""What the installer changes of an administrator's configuration, and what it does not dare to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploy import installer
from deploy.installer import Change, Refusal, plan

WANTED = {
    "PythonScript": "/prefix/plugin/sightline_plugin.py",
    "Python": {"AllowThreads": True},
    "AuthenticationEnabled": False,
}


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    """Make a plugin folder as Debian has it: links to the real files."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    for name in ("libOrthancDicomWeb", "libOrthancPython", "libServeFolders"):
        (tmp_path / f"{name}.so.1.0").touch()
        (folder / f"{name}.so").symlink_to(tmp_path / f"{name}.so.1.0")
    return folder


def test_what_nobody_defines_goes_into_our_own_file(plugins: Path) -> None:
    changes, drop_in = plan({}, WANTED, plugins / "libOrthancPython.so")
    assert changes == []
    assert drop_in == {**WANTED, "Plugins": [str(plugins / "libOrthancPython.so")]}


def test_a_plugin_folder_becomes_the_files_in_it_ours_first_and_official_dicomweb_left_out(plugins: Path) -> None:
    path = Path("/etc/orthanc/orthanc.json")
    changes, drop_in = plan({"Plugins": (path, [f"{plugins}/"])}, WANTED, plugins / "libOrthancPython.so")
    listed = [str(plugins / "libOrthancPython.so"), str(plugins / "libServeFolders.so")]
    assert changes == [Change(path, "Plugins", [f"{plugins}/"], listed)]
    assert "Plugins" not in drop_in


def test_the_plugin_is_listed_once_whatever_its_name(plugins: Path) -> None:
    real = (plugins / "libOrthancPython.so").resolve()
    changes, _ = plan({"Plugins": (Path("a.json"), ["/a.so", str(real)])}, WANTED, plugins / "libOrthancPython.so")
    assert [change.wanted for change in changes] == [[str(plugins / "libOrthancPython.so"), "/a.so"]]


def test_debians_sample_script_gives_way_and_another_script_does_not(plugins: Path) -> None:
    plugin, path = plugins / "libOrthancPython.so", Path("/etc/orthanc/python.json")
    changes, drop_in = plan({"PythonScript": (path, installer.DEBIAN_SAMPLE)}, WANTED, plugin)
    assert [(change.key, change.wanted) for change in changes] == [("PythonScript", WANTED["PythonScript"])]
    assert "PythonScript" not in drop_in
    with pytest.raises(Refusal, match="one Python script only"):
        plan({"PythonScript": (path, "/srv/own.py")}, WANTED, plugin)


def test_a_section_keeps_what_else_it_holds(plugins: Path) -> None:
    defined = {"Python": (Path("p.json"), {"Verbose": True})}
    changes, _ = plan(defined, WANTED, plugins / "libOrthancPython.so")
    assert [change.wanted for change in changes] == [{"Verbose": True, "AllowThreads": True}]


def _install(tmp_path: Path, plugins: Path, *arguments: str) -> None:
    bundle = tmp_path / "bundle"
    for name in ("plugin", "viewer"):
        (bundle / name).mkdir(parents=True, exist_ok=True)
        (bundle / name / "file").write_text(name)
    installer.BUNDLE, before = bundle, installer.BUNDLE
    try:
        installer.main(
            [
                f"--prefix={tmp_path / 'prefix'}",
                f"--configuration={tmp_path / 'etc'}",
                f"--plugin={plugins / 'libOrthancPython.so'}",
                f"--environment={tmp_path / 'environment'}",
                *arguments,
            ]
        )
    finally:
        installer.BUNDLE = before


def test_unasked_it_changes_nothing_and_lists_what_must_change(tmp_path: Path, plugins: Path) -> None:
    (tmp_path / "libOrthancPython.so.1.0").rename(tmp_path / "libOrthancPython.so.5.0")
    (plugins / "libOrthancPython.so").unlink()
    (plugins / "libOrthancPython.so").symlink_to(tmp_path / "libOrthancPython.so.5.0")
    (tmp_path / "etc").mkdir()
    original = '{\n // mine\n "AuthenticationEnabled" : true\n}\n'
    (tmp_path / "etc" / "orthanc.json").write_text(original)
    with pytest.raises(SystemExit, match='"AuthenticationEnabled" is true, must be false'):
        _install(tmp_path, plugins)
    assert [path.name for path in (tmp_path / "etc").iterdir()] == ["orthanc.json"]
    assert (tmp_path / "etc" / "orthanc.json").read_text() == original
    _install(tmp_path, plugins, "--adjust")
    assert (tmp_path / "etc" / "orthanc.json").read_text() == original.replace("true", "false")
    assert (tmp_path / "etc" / "orthanc.json.before-sightline").read_text() == original
    drop_in = json.loads((tmp_path / "etc" / "sightline.json").read_text())
    assert drop_in["Sightline"]["ViewerDirectory"] == str(tmp_path / "prefix" / "viewer")
    assert (tmp_path / "prefix" / "plugin" / "file").read_text() == "plugin"
    _install(tmp_path, plugins)
    assert (tmp_path / "etc" / "orthanc.json.before-sightline").read_text() == original


def test_an_old_plugin_is_refused(tmp_path: Path, plugins: Path) -> None:
    with pytest.raises(SystemExit, match=r"needs 5\.0 or newer"):
        _install(tmp_path, plugins)
