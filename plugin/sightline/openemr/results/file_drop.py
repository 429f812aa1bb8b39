"""Results as files where OpenEMR looks for them, written so that it never reads half of one, nor one twice.

OpenEMR reads every file of the folder whose name has no dot in front, files what it understands and removes it. So a
file is written under a hidden name first; that it was is remembered; then it is renamed. Whoever goes on after a crash
knows what the hidden name's absence means: nothing was written yet, or the file was published, and has been taken in
since if it is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from typing import Protocol

from sightline.openemr.results.target import DeliveryError, Parcel
from sightline.state.delivery import DeliveryState

MARKER = ".sightline-results"
"""Lies in the folder from the first file on. Where it does not, this is another folder, such as an empty mount point:
that files are not in it does not mean that somebody took them."""
_PROBE = ".sightline-test"


class Place(Protocol):
    """A folder, here or elsewhere. All raise `DeliveryError`."""

    def names(self) -> frozenset[str]:
        """Return the names of all files."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Write a file, so that it outlives a power cut."""
        ...

    def rename(self, old: str, new: str) -> None:
        """Give a file another name, at once; one that has that name already is replaced."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file."""
        ...


def file_name(delivery_id: str) -> str:
    """Return what a delivery's file is called, once it is published."""
    return f"{delivery_id}.hl7"


def hidden_name(delivery_id: str) -> str:
    """Return what it is called before."""
    return f".{file_name(delivery_id)}.tmp"


class FileDrop:
    """A `Target` that is a folder.

    Parameters
    ----------
    open_place : callable
        Opens the folder for a while.
    """

    def __init__(self, open_place: Callable[[], AbstractContextManager[Place]]) -> None:
        self._open = open_place

    def deliver(self, parcel: Parcel) -> DeliveryState:
        """Put the file there, or go on where an earlier try ended."""
        name, hidden = file_name(parcel.id), hidden_name(parcel.id)
        with self._open() as place:
            names = place.names()
            if parcel.is_again and name not in names:  # taken in, after all
                _require_marker(names)
                if hidden in names:
                    place.remove(hidden)
                return DeliveryState.DELIVERED
            if name in names and not parcel.is_again:
                return DeliveryState.WAITING
            if parcel.is_again or not parcel.is_written:
                if MARKER not in names:
                    place.write(MARKER, b"Sightline puts results into this folder.\n")
                place.write(hidden, parcel.make_message().encode())
                parcel.note_written()
            elif hidden not in names:
                _require_marker(names)
                return DeliveryState.DELIVERED
            place.rename(hidden, name)
        return DeliveryState.WAITING

    def waiting(self, ids: Collection[str]) -> frozenset[str]:
        """Return whose files still lie there."""
        with self._open() as place:
            names = place.names()
        _require_marker(names)
        return frozenset(each for each in ids if file_name(each) in names)

    def check(self) -> str:
        """Write a hidden file and remove it."""
        with self._open() as place:
            place.write(_PROBE, b"Sightline has tried whether it may write here.\n")
            place.remove(_PROBE)
            waiting = sum(not name.startswith(".") for name in place.names())
        return f"A file was written and removed. {waiting} files wait to be taken in."


def _require_marker(names: frozenset[str]) -> None:
    if MARKER not in names:
        raise DeliveryError("other-folder")
