"""File-sets as pydicom reads them, without the folder that it leaves to the garbage collector."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydicom.fileset import FileSet


@contextmanager
def file_set(folder: Path) -> Iterator[FileSet]:
    """Open the file-set whose DICOMDIR is in that folder."""
    opened = FileSet(folder / "DICOMDIR")
    try:
        yield opened
    finally:
        opened._stage["t"].cleanup()
