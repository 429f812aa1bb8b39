"""Private Debian roots: built once in a cache outside the checkout, reused, never half built.

A root holds a Debian suite with Orthanc, its Python plugin and the Python environment. Programs run inside it with
mounts and processes of their own, so that nothing of the machine is touched and nothing stays behind.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from deploy import machine, process
from deploy.machine import Problem, Say
from deploy.process import Bind, Specification

CHECKOUT = Path(__file__).resolve().parent.parent
ENVIRONMENT = "/opt/sightline-environment"
"""Where a root keeps its Python environment."""

SUITES = {"trixie": "Debian 13", "sid": "Debian sid"}
REQUIREMENTS = {
    "base": CHECKOUT / "plugin" / "requirements.txt",
    "test": CHECKOUT / "tests" / "requirements.txt",
    "bench": CHECKOUT / "bench" / "requirements.txt",
}
UNUSED_DAYS = 14
PATH = f"{ENVIRONMENT}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def cache() -> Path:
    """Return the folder that roots and other reusable things are kept in."""
    named = os.environ.get("SIGHTLINE_CACHE")
    if named:
        return Path(named).resolve()
    return Path("/var/cache/sightline") if os.geteuid() == 0 else Path.home() / ".cache" / "sightline"


def key(suite: str, profile: str) -> str:
    """Return the name of the root that fits what it is made of."""
    digest = hashlib.sha256()
    for path in (CHECKOUT / "deploy" / "provision.sh", CHECKOUT / "deploy" / "environment.py", REQUIREMENTS[profile]):
        digest.update(path.read_bytes())
    return f"{suite}-{profile}-{digest.hexdigest()[:16]}"


class Unbuildable(Problem):
    """A root cannot be built."""


@contextmanager
def obtain(suite: str, profile: str, say: Say) -> Iterator[Path]:
    """Give a root for use, building it if there is none. While in use it is not cleaned away.

    Raises
    ------
    Problem
        It cannot be made on this machine.
    Unbuildable
        The attempt failed; the message says why.
    """
    machine.require_root_on_debian()
    folder = cache() / "roots"
    folder.mkdir(parents=True, exist_ok=True)
    name = key(suite, profile)
    root = folder / name
    lock_path = folder / f"{name}.lock"
    with lock_path.open("w") as lock:
        while not root.is_dir():
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                # Another run builds it, and will keep a shared lock when it has: so look rather than queue.
                time.sleep(0.5)
                continue
            if not root.is_dir():
                _build(suite, profile, root, say)
        fcntl.flock(lock, fcntl.LOCK_SH)
        os.utime(lock_path)
        _forget_unused(folder)
        yield root


def _build(suite: str, profile: str, root: Path, say: Say) -> None:
    """Build under another name and give it the right one at the end: a broken-off attempt is never used."""
    machine.require_program("debootstrap", "debootstrap", say)
    attempt = root.with_name(f"building-{root.name}")
    shutil.rmtree(attempt, ignore_errors=True)
    log = root.with_suffix(".log")
    started = time.monotonic()
    say(f"Making a private {SUITES[suite]} in {root.parent} (once; one to three minutes; log: {log})")
    mirror = machine.debian_mirror()
    # Mounts of its own: what an interrupted attempt has mounted must not stay, least of all for the next one's removal.
    bootstrap = ("unshare", "--mount", "debootstrap", "--variant=minbase", "--include=ca-certificates")
    argv = (*bootstrap, suite, str(attempt), *([mirror] if mirror else []))
    with log.open("wb") as output:
        code = process.run(Specification(argv=argv, environment=dict(os.environ), patience=3), output)
        _require(code == 0, f"debootstrap {suite}", log)
        _prepare(attempt)
        say(f"Installing Orthanc and the Python environment in it ({time.monotonic() - started:.0f} s so far)")
        _require(_provision(attempt, profile, output) == 0, "provision.sh", log)
    attempt.rename(root)
    say(f"{SUITES[suite]} is ready after {time.monotonic() - started:.0f} s and will be reused")


def _require(success: bool, step: str, log: Path) -> None:
    if not success:
        raise Unbuildable(f"{step} failed: {machine.last_lines(log.read_text(errors='replace'))}\nAll of it: {log}")


def _prepare(root: Path) -> None:
    """Let the root reach what the machine reaches, and know its own name and those of sites that tests start."""
    (root / "etc/apt/apt.conf.d/90machine").write_text(machine.apt_transport(), encoding="utf-8")
    names = "localhost sightline emr.clinic.test pacs.imaging.test"
    (root / "etc/hosts").write_text(f"127.0.0.1 {names}\n::1 localhost\n", encoding="utf-8")


def _provision(root: Path, profile: str, output: IO[bytes]) -> int:
    """Run the provisioning script inside the root; return its exit code."""
    requirements = REQUIREMENTS[profile]
    inside = "/run/provision"
    binds = (
        Bind(str(CHECKOUT / "deploy"), inside),
        Bind(str(requirements), "/run/requirements.txt"),
    )
    argv = (f"{inside}/provision.sh", profile, "/run/requirements.txt", ENVIRONMENT)
    return process.run(specification(root, argv, binds=binds, variables=machine.network_environment()), output)


def specification(
    root: Path,
    argv: tuple[str, ...],
    *,
    binds: tuple[Bind, ...] = (),
    variables: dict[str, str] | None = None,
    directory: str = "/",
    user: str = "",
) -> Specification:
    """Describe a program inside `root`, with the machine's certificates, name service and time zone."""
    shared = [Bind("/etc/ssl", "/etc/ssl")]
    shared += [Bind(os.path.realpath(path), path) for path in ("/etc/resolv.conf", "/etc/localtime") if _is_file(path)]
    basic = {"HOME": "/root", "LANG": "C.UTF-8", "TERM": os.environ.get("TERM", "dumb"), "PATH": PATH}
    return Specification(
        argv=argv,
        environment={**basic, **(variables or {})},
        root=str(root),
        binds=(*shared, *binds),
        directory=directory,
        user=user,
    )


def _is_file(path: str) -> bool:
    return Path(os.path.realpath(path)).is_file()


def _forget_unused(folder: Path) -> None:
    """Remove roots that nobody used for a while: each change of the requirements leaves one behind."""
    for lock_path in folder.glob("*.lock"):
        root = lock_path.with_suffix("")
        if time.time() - lock_path.stat().st_mtime < UNUSED_DAYS * 86_400:
            continue
        with lock_path.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(root, ignore_errors=True)
            lock_path.unlink()
