"""A folder of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sightline.openemr.results.file_drop import Place
from sightline.openemr.results.target import DeliveryError


@contextmanager
def open_folder(path: str) -> Iterator[Place]:
    """Open a folder. Whatever the machine refuses is told as `DeliveryError`."""
    try:
        yield _Folder(Path(path))
    except OSError as error:
        raise DeliveryError("folder", error.strerror or error) from error


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> frozenset[str]:
        """Return the names of all files."""
        return frozenset(path.name for path in self._path.iterdir())

    def write(self, name: str, content: bytes) -> None:
        """Write a file, so that it outlives a power cut."""
        with (self._path / name).open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def rename(self, old: str, new: str) -> None:
        """Give a file another name, at once; one that has that name already is replaced."""
        (self._path / old).rename(self._path / new)
        folder = os.open(self._path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def remove(self, name: str) -> None:
        """Remove a file."""
        (self._path / name).unlink()
