"""The Python environment: made with the very Python that Orthanc's plugin links, from the locked requirements.

Runs alone (``python3 environment.py PLUGIN REQUIREMENTS FOLDER``) inside a private root, an image or an administrator's
machine, so it knows the standard library only.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

PLUGIN_PATTERN = re.compile(r"libOrthancPython\.so\.(\d+)\.(\d+)")
PLUGIN_FOLDERS = (
    "/usr/share/orthanc/plugins",
    "/usr/local/share/orthanc/plugins",
    "/usr/lib/orthanc",
    "/usr/local/lib/orthanc",
)
OLDEST_PYTHON = (3, 11)


class EnvironmentProblem(Exception):  # noqa: N818 - what it says is for people
    """The environment cannot be made. The message says what to do."""


def python_plugin() -> Path | None:
    """Return the file of the installed ``libOrthancPython.so``, links resolved; None without one."""
    for folder in PLUGIN_FOLDERS:
        candidate = Path(folder, "libOrthancPython.so")
        if candidate.exists():
            return candidate.resolve()
    return None


def plugin_version(plugin: Path) -> tuple[int, int] | None:
    """Return the version that the plugin's file name states, None where it states none."""
    match = PLUGIN_PATTERN.fullmatch(plugin.name)
    return (int(match[1]), int(match[2])) if match else None


def linked_version(ldd_output: str) -> tuple[int, int]:
    """Return the version of Python among the libraries that ``ldd`` lists.

    Raises
    ------
    EnvironmentProblem
        None is listed.

    Examples
    --------
    >>> linked_version("libpython3.13.so.1.0 => /lib/libpython3.13.so.1.0 (0x7f)")
    (3, 13)
    """
    match = re.search(r"libpython(\d+)\.(\d+)\.so\S* => /", ldd_output)
    if match is None:
        raise EnvironmentProblem("Orthanc's Python plugin finds no Python library here: reinstall orthanc-python.")
    return int(match[1]), int(match[2])


def linked_python(plugin: Path) -> str:
    """Return the interpreter that belongs to the library which `plugin` links.

    Raises
    ------
    EnvironmentProblem
        It is too old, or its interpreter is not installed.
    """
    listing = subprocess.run(["ldd", str(plugin)], capture_output=True, text=True, check=True).stdout
    version = linked_version(listing)
    name = f"python{version[0]}.{version[1]}"
    if version < OLDEST_PYTHON:
        raise EnvironmentProblem(f"Orthanc's Python plugin links {name}; Sightline needs 3.11 or newer.")
    found = shutil.which(name)
    if found is None:
        raise EnvironmentProblem(f"Orthanc's Python plugin links {name}: install {name} and {name}-venv.")
    return found


def fingerprint(python: str, requirements: Path) -> str:
    """Return a text that changes with the interpreter or the locked requirements."""
    return f"{python} {hashlib.sha256(requirements.read_bytes()).hexdigest()}\n"


def ensure(plugin: Path, requirements: Path, environment: Path) -> bool:
    """Make the environment unless it is there already, complete and for the same Python and requirements.

    Returns
    -------
    bool
        Whether it had to be made.

    Raises
    ------
    EnvironmentProblem
        It cannot be made.
    """
    python = linked_python(plugin)
    stamp = environment / "sightline-fingerprint"
    wanted = fingerprint(python, requirements)
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return False
    _run([python, "-m", "venv", "--clear", str(environment)], f"install {Path(python).name}-venv")
    pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    locked = ["--only-binary", ":all:", "--require-hashes", "--requirement", str(requirements)]
    _run([*pip, *locked], "see the lines above; pip must reach its package index")
    # Written last: an environment without it was interrupted and is made again.
    stamp.write_text(wanted, encoding="utf-8")
    return True


def _run(command: list[str], remedy: str) -> None:
    """Run one step, or say what would make it work."""
    if subprocess.run(command, check=False).returncode != 0:
        raise EnvironmentProblem(f"`{' '.join(command[:4])} ...` failed: {remedy}.")


def main() -> None:
    """Make the environment named on the command line; ``auto`` stands for the installed plugin."""
    plugin_argument, requirements, environment = sys.argv[1:4]
    plugin = python_plugin() if plugin_argument == "auto" else Path(plugin_argument)
    if plugin is None:
        sys.exit("There is no libOrthancPython.so: install orthanc-python.")
    try:
        ensure(plugin, Path(requirements), Path(environment))
    except EnvironmentProblem as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
