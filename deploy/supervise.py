"""The parent of what runs: makes the mounts of a private root, drops privileges, and ends with everything below it.

Standard input brings one line of JSON (see `deploy.process.Specification`) and then stays open. When it closes, because
the other side wants an end or has died, the program gets SIGTERM and, if need be, SIGKILL. Inside a new pid namespace
this process is the first one, so its end is the end of all.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PR_SET_CHILD_SUBREAPER = 36
HOST_NAME = "sightline"


def main() -> None:
    """Set up, start the program, and exit as it exits."""
    control = _detached_input()
    with os.fdopen(os.dup(control), buffering=1) as lines:
        specification = json.loads(lines.readline())
    if specification["root"]:
        _mount(specification)
        os.chroot(specification["root"])
    else:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    wakeup_read, wakeup_write = os.pipe()
    os.set_blocking(wakeup_write, False)
    signal.set_wakeup_fd(wakeup_write)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    child = _start(specification)
    sys.exit(_wait(child, control, wakeup_read, float(specification["patience"])))


def _detached_input() -> int:
    """Keep our own standard input for ourselves: the program gets an empty one."""
    control = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return control


def _mount(specification: dict[str, Any]) -> None:
    """Make the root's mounts. They are this namespace's own and go with it."""
    root = specification["root"]
    _command("mount", "-t", "proc", "proc", f"{root}/proc")
    _command("mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", f"{root}/dev/shm")
    for source, target, read_only in specification["binds"]:
        inside = Path(root + target)
        if Path(source).is_dir():
            inside.mkdir(parents=True, exist_ok=True)
        elif not inside.exists():
            inside.touch()
        _command("mount", "--rbind", source, str(inside))
        if read_only:
            _command("mount", "-o", "remount,bind,ro", str(inside))
    # Programs look their own name up for each UID that they make; this one is in the root's hosts file.
    socket.sethostname(HOST_NAME)


def _command(*words: str) -> None:
    subprocess.run(words, check=True)


def _start(specification: dict[str, Any]) -> int:
    """Start the program as the user it is meant for; return its process id."""
    user = _user(specification["user"])
    child = os.fork()
    if child:
        return child
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.setpgid(0, 0)
        if user:
            os.setgroups([])
            os.setgid(user[1])
            os.setuid(user[0])
        os.chdir(specification["directory"])
        os.execvpe(specification["argv"][0], specification["argv"], specification["environment"])  # noqa: S606
    except OSError as error:
        print(f"{specification['argv'][0]} cannot be started: {error}", file=sys.stderr)
    os._exit(127)


def _user(name: str) -> tuple[int, int] | None:
    """Return user and group id from the root's own list: the host's name service may not work in there."""
    for line in Path("/etc/passwd").read_text(encoding="utf-8").splitlines() if name else ():
        fields = line.split(":")
        if fields[0] == name:
            return int(fields[2]), int(fields[3])
    if name:
        sys.exit(f"There is no user {name} in the private root.")
    return None


def _wait(child: int, control: int, wakeup: int, patience: float) -> int:
    """Reap until the program has ended; end it when `control` closes. Return the exit code as a shell would."""
    watched = [control, wakeup]
    deadline: float | None = None
    while True:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        readable, _, _ = select.select(watched, [], [], left)
        received = os.read(wakeup, 64) if wakeup in readable else b""
        asked = bool({signal.SIGTERM, signal.SIGINT} & set(received))
        if control in readable or asked:
            watched = [wakeup]
            deadline = deadline or time.monotonic() + patience
            os.kill(child, signal.SIGTERM)
        elif deadline is not None and time.monotonic() >= deadline:
            os.kill(child, signal.SIGKILL)
        code = _reap(child)
        if code is not None:
            _end_rest(child)
            return code


def _reap(child: int) -> int | None:
    """Take the exit codes of all who ended; return that of `child` if it is among them."""
    while True:
        try:
            ended, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return None
        if ended == 0:
            return None
        if ended == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _end_rest(child: int) -> None:
    """End what the program left behind: its process group, and whatever was handed down to us."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    own = str(os.getpid())
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = status.read_text(encoding="utf-8").rpartition(")")[2].split()[1]
            if parent == own:
                os.kill(int(status.parent.name), signal.SIGKILL)


if __name__ == "__main__":
    main()
