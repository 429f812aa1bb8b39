"""What this machine is, what it lacks, and the settings that it uses to reach its package sources."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

Say = Callable[[str], None]
"""Shows one line of progress."""

CONTAINER_WAY = "Or use the container: docker compose up"
SUPPORTED = {"12": "bookworm", "13": "trixie"}


class Problem(Exception):  # noqa: N818 - it is a sentence for a person, who may have done nothing wrong
    """Why it cannot go on. The message says what to do."""


def release() -> Mapping[str, str]:
    """Return the fields of ``os-release``; nothing on a system without it."""
    path = Path("/etc/os-release")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    pairs = (line.split("=", 1) for line in lines if "=" in line)
    return {key: value.strip("\"'") for key, value in pairs}


def require_root_on_debian() -> None:
    """Refuse where no private root can be made.

    Raises
    ------
    Problem
        Another system, or not root.
    """
    system = release()
    if system.get("ID") != "debian" or system.get("VERSION_ID") not in SUPPORTED:
        raise Problem(
            f"This machine runs {system.get('PRETTY_NAME', 'another system')}; a private Orthanc is made on Debian 12 "
            f"or 13 only. Install Orthanc 1.12.7 or newer with its Python plugin and use ORTHANC=host. {CONTAINER_WAY}"
        )
    if os.geteuid() != 0:
        raise Problem(f"A private Orthanc needs root: sudo make run. {CONTAINER_WAY}")


def require_program(program: str, package: str, say: Say) -> None:
    """Install the Debian package of a missing program, if we may.

    Raises
    ------
    Problem
        It is missing and cannot be installed here.
    """
    if shutil.which(program):
        return
    if release().get("ID") != "debian" or os.geteuid() != 0:
        raise Problem(f"`{program}` is missing: install it (on Debian: apt-get install {package}). {CONTAINER_WAY}")
    say(f"Installing {package}, which this machine lacks")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "--yes", "--no-install-recommends", *package.split()]):
        done = subprocess.run(["apt-get", *words], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Problem(f"apt-get {words[0]} failed: {last_lines(done.stderr)}")
    if not shutil.which(program):
        raise Problem(f"`{program}` is missing even after installing {package}.")


def last_lines(text: str, count: int = 5) -> str:
    """Return the end of a program's output."""
    return "\n".join(text.strip().splitlines()[-count:])


def debian_mirror(folder: Path = Path("/etc/apt")) -> str | None:
    """Return the mirror that this machine's own packages come from; None where that cannot be told."""
    codename = release().get("VERSION_CODENAME", "")
    for path in sorted(folder.glob("sources.list.d/*.sources")):
        for stanza in path.read_text(encoding="utf-8").split("\n\n"):
            uri = re.search(r"^URIs:\s*(https?://\S+)", stanza, re.MULTILINE)
            suites = re.search(r"^Suites:\s*(.+)$", stanza, re.MULTILINE)
            if uri and suites and codename in suites[1].split():
                return uri[1]
    for path in (folder / "sources.list", *sorted(folder.glob("sources.list.d/*.list"))):
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        line = re.search(rf"^deb\s+(?:\[[^\]]*\]\s+)?(https?://\S+)\s+{re.escape(codename)}\s", text, re.MULTILINE)
        if line:
            return line[1]
    return None


def apt_transport() -> str:
    """Return this machine's proxy and certificate settings for apt, as a configuration file."""
    if not shutil.which("apt-config"):
        return ""
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=False).stdout
    wanted = re.compile(r'^Acquire::https?::\S+ "[^"]+";$', re.IGNORECASE)
    return "".join(f"{line}\n" for line in dump.splitlines() if wanted.match(line))


def network_environment() -> dict[str, str]:
    """Return the variables by which this machine reaches package indexes (not those that name local folders)."""
    names = ("http_proxy", "https_proxy", "no_proxy")
    found = {name: os.environ[name] for lower in names for name in (lower, lower.upper()) if name in os.environ}
    found.update({f"PIP_{key.replace('-', '_').upper()}": value for key, value in _pip_settings().items()})
    # The machine's certificates are shown inside every private root.
    found["PIP_CERT"] = "/etc/ssl/certs/ca-certificates.crt"
    return found


def _pip_settings() -> dict[str, str]:
    """Read where pip looks, from its files and variables; later ones win."""
    keys = ("index-url", "extra-index-url", "trusted-host", "proxy", "default-timeout")
    parser = configparser.ConfigParser(interpolation=None)
    home = Path(os.environ.get("HOME", "/root"))
    parser.read(["/etc/pip.conf", home / ".pip/pip.conf", home / ".config/pip/pip.conf"], encoding="utf-8")
    found = {key: parser.get("global", key) for key in keys if parser.has_option("global", key)}
    for key in keys:
        variable = os.environ.get(f"PIP_{key.replace('-', '_').upper()}")
        found.update({key: variable} if variable else {})
    return {key: value for key, value in found.items() if "file:" not in value and not value.startswith("/")}
