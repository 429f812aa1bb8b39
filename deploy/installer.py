"""Installs a bundle beside an Orthanc that is there already: files, Python environment, configuration.

Nothing of the administrator's is changed unasked, and no service is restarted unasked.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy import environment, json_edit
from deploy.environment import EnvironmentProblem
from deploy.orthanc_configuration import ConfigurationFileError

BUNDLE = Path(__file__).resolve().parent.parent
DROP_IN = "sightline.json"
OFFICIAL_DICOMWEB = "libOrthancDicomWeb"
DEBIAN_SAMPLE = "/etc/orthanc/sample.py"
"""What Debian's package points `PythonScript` at: an example that does nothing."""


class Refusal(Exception):  # noqa: N818 - it is a sentence for a person
    """Why it was not installed. The message says what to do."""


@dataclass(frozen=True)
class Change:
    """One value that must be other than it is, in a file of the administrator's."""

    path: Path
    key: str
    found: Any
    wanted: Any

    def __str__(self) -> str:
        return f"{self.path}: {json.dumps(self.key)} is {json.dumps(self.found)}, must be {json.dumps(self.wanted)}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Install as the command line says. Exit code 0 when Orthanc only needs its restart."""
    options = _parser().parse_args(arguments)
    # Orthanc runs as a user of its own and has to read all of it.
    os.umask(0o022)
    try:
        install(options)
    except (Refusal, EnvironmentProblem, ConfigurationFileError) as problem:
        sys.exit(str(problem))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Install Sightline beside an Orthanc that is there already.")
    parser.add_argument("--prefix", type=Path, default=Path("/usr/share/sightline"), help="folder for Sightline itself")
    parser.add_argument(
        "--configuration", type=Path, default=Path("/etc/orthanc"), help="Orthanc's configuration folder or file"
    )
    parser.add_argument("--plugin", type=Path, help="libOrthancPython.so, if it is not where Debian puts it")
    parser.add_argument("--environment", type=Path, help="a Python environment that holds the requirements already")
    parser.add_argument(
        "--adjust", action="store_true", help="change the listed values in Orthanc's files (with backup)"
    )
    parser.add_argument("--restart", action="store_true", help="restart the service `orthanc` at the end")
    return parser


def install(options: argparse.Namespace) -> None:
    """Install files, environment and configuration, in this order, so that a refusal leaves Orthanc as it was.

    Raises
    ------
    Refusal, EnvironmentProblem, ConfigurationFileError
        It cannot be installed; Orthanc's configuration is as before.
    """
    plugin = options.plugin or environment.python_plugin()
    if plugin is None or not plugin.exists():
        raise Refusal("There is no libOrthancPython.so here: install orthanc-python, or name the file with --plugin.")
    version = environment.plugin_version(plugin.resolve())
    if version and version < (5, 0):
        raise Refusal(f"Orthanc's Python plugin is {version[0]}.{version[1]}; Sightline needs 5.0 or newer.")
    prefix = options.prefix.resolve()
    _copy_files(prefix)
    folder = options.environment or prefix / "environment"
    if options.environment is None:
        print(f"Python environment: {folder}", flush=True)
        environment.ensure(plugin.resolve(), prefix / "plugin" / "requirements.txt", folder)
    wanted = _wanted(prefix, folder)
    if options.configuration.is_dir():
        _configure(options.configuration, wanted, plugin, adjust=options.adjust)
    else:
        print(f"Add this to {options.configuration}, and name {plugin} in `Plugins`:\n{json.dumps(wanted, indent=2)}")
    if options.restart:
        subprocess.run(["systemctl", "restart", "orthanc"], check=True)
    else:
        print("Restart Orthanc to start Sightline, for example: systemctl restart orthanc")


def _copy_files(prefix: Path) -> None:
    """Put plugin and viewer in place, each whole: the old one is there until the new one is."""
    prefix.mkdir(parents=True, exist_ok=True)
    for name in ("plugin", "viewer"):
        new, old, target = prefix / f"{name}.new", prefix / f"{name}.old", prefix / name
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
        shutil.copytree(BUNDLE / name, new)
        if target.exists():
            target.rename(old)
        new.rename(target)
        shutil.rmtree(old, ignore_errors=True)


def _wanted(prefix: Path, environment_folder: Path) -> dict[str, Any]:
    """Return the options that Sightline needs; what the sections hold else is the administrator's."""
    return {
        "PythonScript": str(prefix / "plugin" / "sightline_plugin.py"),
        "Python": {"AllowThreads": True},
        "AuthenticationEnabled": False,
        "Sightline": {"Environment": str(environment_folder), "ViewerDirectory": str(prefix / "viewer")},
    }


def _configure(folder: Path, wanted: dict[str, Any], plugin: Path, *, adjust: bool) -> None:
    """Write the drop-in file, and change (or list) what other files say otherwise."""
    defined = _defined(folder)
    changes, drop_in = plan(defined, wanted, plugin)
    if changes and not adjust:
        listing = "\n".join(f"  {change}" for change in changes)
        raise Refusal(
            f"Orthanc's configuration must say otherwise in these places:\n{listing}\nChange them, or run this again "
            "with --adjust (each changed file is kept beside it). Orthanc refuses a key that two files define, and "
            "Sightline does the login of RegisteredUsers in place of the core: see docs/installation.md."
        )
    for change in changes:
        text = change.path.read_text(encoding="utf-8")
        backup = change.path.with_name(f"{change.path.name}.before-sightline")
        if not backup.exists():
            shutil.copy2(change.path, backup)
        change.path.write_text(json_edit.replaced(text, change.key, change.wanted), encoding="utf-8")
        print(f"Changed {change}")
    (folder / DROP_IN).write_text(json.dumps(drop_in, indent=2) + "\n", encoding="utf-8")
    print(f"Wrote {folder / DROP_IN}")


def _defined(folder: Path) -> dict[str, tuple[Path, Any]]:
    """Return every option that the other files of Orthanc's configuration folder define, and where."""
    found: dict[str, tuple[Path, Any]] = {}
    for path in sorted(folder.glob("*.json")):
        if path.name == DROP_IN:
            continue
        try:
            members = json_edit.members(path.read_text(encoding="utf-8"))
        except ConfigurationFileError as error:
            raise ConfigurationFileError(f"{path}: {error}") from error
        found.update({key: (path, member.value) for key, member in members.items()})
    return found


def plan(
    defined: dict[str, tuple[Path, Any]], wanted: dict[str, Any], plugin: Path
) -> tuple[list[Change], dict[str, Any]]:
    """Decide what must change where, and what goes into our own file: no key may be in two files.

    Raises
    ------
    Refusal
        Orthanc runs a Python script of its own already.
    """
    changes: list[Change] = []
    drop_in: dict[str, Any] = {}
    for key, value in {**wanted, "Plugins": _plugins(defined, plugin)}.items():
        if key not in defined:
            drop_in[key] = value
            continue
        path, found = defined[key]
        if key == "PythonScript" and found not in (value, DEBIAN_SAMPLE):
            raise Refusal(
                f"{path} runs {found}, and Orthanc runs one Python script only. Let that script import "
                f"{value}, or remove it."
            )
        value = {**found, **value} if isinstance(found, dict) and isinstance(value, dict) else value
        if found != value:
            changes.append(Change(path, key, found, value))
    return changes, drop_in


def _plugins(defined: dict[str, tuple[Path, Any]], plugin: Path) -> list[str]:
    """Name every plugin by its file, the Python plugin first.

    From a folder it could go missing unnoticed and leave everything open. And a route that two plugins register belongs
    to the one that was loaded first. The official DICOMweb plugin is left out, since Sightline takes its place: Orthanc
    would hand it what is stored at `/dicom-web` wherever it stands in the list.
    """
    others: list[str] = []
    for entry in defined.get("Plugins", (None, []))[1]:
        path = Path(entry)
        others += sorted(map(str, path.glob("*.so"))) if path.is_dir() else [entry]
    kept = [entry for entry in others if not Path(entry).name.startswith(OFFICIAL_DICOMWEB)]
    return [str(plugin), *(entry for entry in kept if Path(entry).resolve() != plugin.resolve())]
