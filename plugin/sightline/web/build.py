"""The built viewer: which files there are.

`viewer-assets` writes ``manifest.json`` beside its files. Nothing else than what the manifest lists is ever opened, so
that no name in a URL can reach another file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sightline.errors import NotFoundError, UnavailableError


@dataclass(frozen=True)
class Entry:
    """What one page loads: its script, the chunks which that imports at once, and the style sheet."""

    script: str
    preloads: tuple[str, ...]


@dataclass(frozen=True)
class Build:
    """One build of the viewer.

    Parameters
    ----------
    media_types : Mapping[str, str]
        File name -> media type, for every file that may be sent.
    compressed : frozenset of str
        Those with a ``.gz`` beside them.
    entries : Mapping[str, Entry]
        Page name -> what it loads.
    style : str
        File name of the one style sheet.
    messages : Mapping[str, str]
        All interface text, English.
    sprite : str
        The icons in use as one SVG element, for inlining.
    """

    directory: Path
    media_types: Mapping[str, str]
    compressed: frozenset[str]
    entries: Mapping[str, Entry]
    style: str
    messages: Mapping[str, str]
    sprite: str

    def read(self, name: str, compressed: bool = False) -> bytes:
        """Return the content of a listed file.

        Raises
        ------
        NotFoundError
            The manifest does not list it.
        """
        if name not in self.media_types:
            raise NotFoundError("There is no such file. Reload the page: it may be from an older version.")
        return (self.directory / (f"{name}.gz" if compressed else name)).read_bytes()


def load_build(directory: Path) -> Build:
    """Return the build in `directory`, read once per state of its manifest.

    Raises
    ------
    UnavailableError
        The viewer was not built.
    """
    manifest = directory / "manifest.json"
    try:
        stamp = manifest.stat().st_mtime_ns
    except OSError:
        raise UnavailableError(
            "The viewer has not been built: run 'make viewer', or set ViewerDirectory.", "viewer-not-built", 30
        ) from None
    return _read_build(directory, stamp)


@lru_cache(maxsize=4)
def _read_build(directory: Path, _stamp: int) -> Build:
    """Read the manifest; `_stamp` is its modification time, so that a new build is seen."""
    manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    return Build(
        directory=directory,
        media_types={name: row["type"] for name, row in manifest["files"].items()},
        compressed=frozenset(name for name, row in manifest["files"].items() if row["gzip"]),
        entries={name: Entry(row["script"], tuple(row["preloads"])) for name, row in manifest["entries"].items()},
        style=manifest["style"],
        messages=json.loads((directory / "messages.en.json").read_text(encoding="utf-8")),
        sprite=(directory / "icons.svg").read_text(encoding="utf-8"),
    )
