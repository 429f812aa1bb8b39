"""The corpus of real DICOM files, where there is one: `SIGHTLINE_CORPUS` names its folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file


def corpus_folder() -> Path | None:
    """Return the folder of the corpus, or None where there is none."""
    folder = Path(os.environ.get("SIGHTLINE_CORPUS", "/nonexistent"))
    return folder if folder.is_dir() else None


def corpus_files(*topics: str) -> list[Path]:
    """Return all files of the corpus, or those below some of its folders; nothing where there is no corpus."""
    root = corpus_folder()
    if root is None:
        return []
    folders = [root / topic for topic in topics] or [root]
    found = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if path.suffix not in (".json", ".md"))


def real_file(name: str) -> Path:
    """Return a file of pydicom's own, or of the corpus, by its name; skip the test where there is neither."""
    found = get_testdata_file(name, download=False)
    if isinstance(found, str):
        return Path(found)
    root = corpus_folder()
    path = next(root.rglob(name), None) if root else None
    if path is None:
        pytest.skip(f"{name} is not here: pydicom does not ship it and there is no corpus")
    return path
