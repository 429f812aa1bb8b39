"""A folder that an EHR drops orders into, here or on another machine, and its subfolders."""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

TAKING, DONE, QUARANTINE = "taking", "done", "quarantine"
"""Subfolders: what is being read, what was taken, and what could not be. The folder itself is the empty name."""
SUBFOLDERS = (TAKING, DONE, QUARANTINE)
REASON = ".reason.txt"
"""What the name of the file beside one in quarantine ends in."""


@dataclass(frozen=True)
class DroppedFile:
    """A file as it was seen: the same name, size and time again means that nobody wrote into it meanwhile."""

    name: str
    size: int
    modified: float


class Drop(Protocol):
    """A folder. Its methods raise `OSError` where it cannot be reached."""

    source: str
    """How what comes from it is called: ``folder`` or ``sftp``."""

    def prepare(self) -> None:
        """Make the subfolders, and connect where that is needed."""
        ...

    def files(self, subfolder: str = "") -> list[DroppedFile]:
        """Return the regular files in it, by name; those that begin with a dot are still being written."""
        ...

    def read(self, subfolder: str, name: str) -> bytes:
        """Return a file's content."""
        ...

    def move(self, name: str, old: str, new: str) -> str:
        """Move a file to another subfolder, over no other, and return how it is called there."""
        ...

    def explain(self, name: str, reason: str) -> None:
        """Write the reason beside a file in quarantine; an empty one takes it away."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class LocalDrop:
    """A folder on this machine."""

    source = "folder"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prepare(self) -> None:
        """Make the subfolders."""
        for name in SUBFOLDERS:
            (self._folder / name).mkdir(mode=0o770, exist_ok=True)

    def files(self, subfolder: str = "") -> list[DroppedFile]:
        """Return the regular files in it, by name. A symbolic link could lead anywhere, and is none."""
        found = []
        for path in (self._folder / subfolder).iterdir():
            try:
                state = path.lstat()
            except FileNotFoundError:  # gone meanwhile
                continue
            if stat.S_ISREG(state.st_mode) and not path.name.startswith("."):
                found.append(DroppedFile(path.name, state.st_size, state.st_mtime))
        return sorted(found, key=lambda file: file.name)

    def read(self, subfolder: str, name: str) -> bytes:
        """Return a file's content."""
        return (self._folder / subfolder / name).read_bytes()

    def move(self, name: str, old: str, new: str) -> str:
        """Move a file to another subfolder, over no other, and return how it is called there."""
        free = free_name(name, lambda one: any((self._folder / folder / one).exists() for folder in SUBFOLDERS
                                               if (folder, one) != (old, name)))  # fmt: skip
        (self._folder / old / name).rename(self._folder / new / free)
        return free

    def explain(self, name: str, reason: str) -> None:
        """Write the reason beside a file in quarantine; an empty one takes it away."""
        file = self._folder / QUARANTINE / f"{name}{REASON}"
        if reason:
            file.write_text(f"{reason}\n", encoding="utf-8")
        else:
            file.unlink(missing_ok=True)

    def close(self) -> None:
        """Nothing is held."""


def free_name(name: str, is_taken: Callable[[str], bool]) -> str:
    """Return the name, or with a number behind it, as it is not taken in any subfolder.

    >>> free_name("42.txt", {"42.txt", "42-2.txt"}.__contains__)
    '42-3.txt'
    """
    path, number, free = PurePosixPath(name), 1, name
    while is_taken(free):
        number += 1
        free = f"{path.stem}-{number}{path.suffix}"
    return free
