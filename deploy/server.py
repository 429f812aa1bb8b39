"""Which Orthanc runs, where, and as whom: one on this machine, or one in a private root."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy import environment, machine, process, root
from deploy.machine import Problem, Say
from deploy.process import Bind, Specification
from deploy.root import CHECKOUT, ENVIRONMENT

OLDEST_CORE, OLDEST_PLUGIN = (1, 12, 7), (5, 0)
REQUIREMENTS = CHECKOUT / "plugin" / "requirements.txt"
INSIDE_CHECKOUT, INSIDE_DATA, INSIDE_OUTPUT = "/opt/sightline", "/var/lib/sightline", "/mnt"
USER = "sightline"
"""Orthanc's user in a private root, where it would otherwise be root."""


@dataclass(frozen=True)
class Server:
    """One Orthanc, ready to start. Paths are as Orthanc sees them.

    Parameters
    ----------
    name : str
        For a person.
    checkout, data, environment, python_plugin : str
        Where the plugin, the data directory, the Python environment and ``libOrthancPython.so`` are.
    executable : str
        Orthanc itself.
    private_root : str
        The root that it runs in; empty on the machine itself.
    """

    name: str
    checkout: str
    data: str
    environment: str
    python_plugin: str
    executable: str
    private_root: str = ""

    def owner(self) -> tuple[int, int] | None:
        """Return user and group id that its files must belong to; None where they stay the caller's."""
        if not self.private_root:
            return None
        passwd = Path(self.private_root, "etc/passwd").read_text(encoding="utf-8")
        fields = next(line.split(":") for line in passwd.splitlines() if line.startswith(f"{USER}:"))
        return int(fields[2]), int(fields[3])

    def specification(self, data_directory: Path, configuration: str) -> Specification:
        """Describe Orthanc's process; `configuration` is a file below the data directory, relative to it."""
        argv = (self.executable, f"{self.data}/{configuration}")
        # The checkout is not ours to write into; compiled modules make later starts quicker.
        variables = {"PYTHONPYCACHEPREFIX": f"{self.data}/python-cache"}
        if not self.private_root:
            return Specification(argv=argv, environment={**os.environ, **variables}, directory=self.data)
        binds = (Bind(str(CHECKOUT), INSIDE_CHECKOUT), Bind(str(data_directory), INSIDE_DATA, read_only=False))
        return root.specification(
            Path(self.private_root), argv, binds=binds, variables=variables, directory=INSIDE_DATA, user=USER
        )

    def run_python(self, arguments: tuple[str, ...], output: Path) -> int:
        """Run the environment's Python in the checkout, with the folder `output` as its last argument."""
        python = f"{self.environment}/bin/python"
        if not self.private_root:
            argv = (python, *arguments, str(output))
            return process.run(Specification(argv=argv, environment=dict(os.environ), directory=str(CHECKOUT)))
        binds = (Bind(str(CHECKOUT), INSIDE_CHECKOUT), Bind(str(output), INSIDE_OUTPUT, read_only=False))
        inside = root.specification(
            Path(self.private_root), (python, *arguments, INSIDE_OUTPUT), binds=binds, directory=INSIDE_CHECKOUT
        )
        return process.run(inside)


@contextlib.contextmanager
def obtain(choice: str, data_directory: Path, say: Say) -> Iterator[Server]:
    """Give the server that ``ORTHANC=choice`` stands for, making what it needs.

    Raises
    ------
    Problem
        It cannot be had on this machine.
    """
    if choice == "host" or (choice == "auto" and not unfit()):
        yield _on_this_machine(data_directory, say)
        return
    suite = "trixie" if choice == "auto" else choice
    with root.obtain(suite, "base", say) as path:
        plugin = next(path.glob("usr/lib/orthanc/libOrthancPython.so.*"))
        yield Server(
            name=f"Orthanc of {root.SUITES[suite]} in a private root",
            checkout=INSIDE_CHECKOUT,
            data=INSIDE_DATA,
            environment=ENVIRONMENT,
            python_plugin=f"/{plugin.relative_to(path)}",
            executable="/usr/sbin/Orthanc",
            private_root=str(path),
        )


def executable() -> str | None:
    """Return this machine's own Orthanc."""
    return shutil.which("Orthanc", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def core_version(banner: str) -> tuple[int, ...] | None:
    """Return the version that ``Orthanc --version`` prints.

    >>> core_version("Orthanc 1.12.7")
    (1, 12, 7)
    """
    match = re.match(r"Orthanc (\d+(?:\.\d+)+)", banner)
    return tuple(int(part) for part in match[1].split(".")) if match else None


def unfit() -> str:
    """Say why this machine's own Orthanc cannot be used; empty if it can."""
    core = executable()
    if core is None:
        return "Orthanc is not installed"
    banner = subprocess.run([core, "--version"], capture_output=True, text=True, check=False).stdout
    version = core_version(banner)
    # A build from the development branch states no number; it is newer than any release.
    if version and version < OLDEST_CORE:
        return f"Orthanc {'.'.join(map(str, version))} is older than 1.12.7"
    plugin = environment.python_plugin()
    if plugin is None:
        return "Orthanc's Python plugin is not installed"
    if (environment.plugin_version(plugin) or OLDEST_PLUGIN) < OLDEST_PLUGIN:
        return f"Orthanc's Python plugin {plugin.name} is older than 5.0"
    try:
        environment.linked_python(plugin)
    except environment.EnvironmentProblem as problem:
        return str(problem)
    return ""


def _on_this_machine(data_directory: Path, say: Say) -> Server:
    reason = unfit()
    plugin, core = environment.python_plugin(), executable()
    if reason or plugin is None or core is None:
        raise Problem(f"ORTHANC=host cannot be used: {reason}. {machine.CONTAINER_WAY}")
    return _with_environment(plugin, core, data_directory, say)


def _with_environment(plugin: Path, core: str, data_directory: Path, say: Say) -> Server:
    """Describe this machine's Orthanc; make its environment unless one is named (an image brings its own)."""
    named = os.environ.get("SIGHTLINE_ENVIRONMENT")
    if named:
        folder = Path(named)
    else:
        python = environment.linked_python(plugin)
        digest = environment.fingerprint(python, REQUIREMENTS).split()[-1]
        folder = root.cache() / "environments" / f"{Path(python).name}-{digest[:16]}"
        if not (folder / "sightline-fingerprint").exists():
            say(f"Making the Python environment in {folder}")
        try:
            environment.ensure(plugin, REQUIREMENTS, folder)
        except environment.EnvironmentProblem as problem:
            raise Problem(str(problem)) from problem
    return Server(
        name="this machine's Orthanc",
        checkout=str(CHECKOUT),
        data=str(data_directory),
        environment=str(folder),
        python_plugin=str(plugin),
        executable=core,
    )
