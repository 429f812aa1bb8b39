"""Processes as the system lists them. Threads and processes end while one looks."""

from __future__ import annotations

import contextlib
from pathlib import Path


def children(pid: int | str = "self") -> set[int]:
    """Return the processes that any thread of a process has started and that have not been buried."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            found |= {int(child) for child in (task / "children").read_text().split()}
    return found
