"""Which frames readers marked as key images, from the moment of marking, and what is stored of them as documents."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, insert, or_, select, update

from sightline.errors import TooLargeError
from sightline.state.database import Database
from sightline.state.tables import key_documents, key_images

MOST_OF_AUTHOR = 2000
"""Marks of one author in one study."""


@dataclass(frozen=True)
class Author:
    """Who marks: `subject` is that of the grant, `name` what people read."""

    subject: str
    name: str


@dataclass(frozen=True)
class KeyImage:
    """One frame that somebody marked. `frame` counts from 1, `title` is a code value of PS3.16 CID 7010."""

    series_instance_uid: str
    sop_instance_uid: str
    frame: int
    title: str
    author: Author
    marked: datetime


@dataclass(frozen=True)
class KeyDocument:
    """One author's key images of one title, as a document.

    `changed` is when they changed last; `is_saved` whether the document `sop_instance_uid` holds just that, or whether
    there never was anything to store. The UIDs are empty until one was stored.
    """

    study_instance_uid: str
    author: Author
    title: str
    changed: datetime
    is_saved: bool
    series_instance_uid: str = ""
    sop_instance_uid: str = ""


Frame = tuple[str, int]
"""SOP Instance UID and frame."""


class KeyImages(Protocol):
    """Remembers key images. Safe between threads."""

    def of(self, study_instance_uid: str) -> Sequence[KeyImage]:
        """Return all marks in a study, in the order in which they were made."""
        ...

    def change(
        self, study_instance_uid: str, author: Author, marks: Sequence[KeyImage], removed: Collection[Frame]
    ) -> None:
        """Make some marks of an author, and remove others: all or none. Raises `TooLargeError`."""
        ...

    def documents(self, study_instance_uid: str) -> Sequence[KeyDocument]:
        """Return what became of all marks in a study."""
        ...

    def due(self, before: datetime) -> Sequence[KeyDocument]:
        """Return what is not stored, and did not change since a moment."""
        ...

    def note_saved(self, document: KeyDocument, series_instance_uid: str, sop_instance_uid: str) -> None:
        """Remember that the state of `document` was stored; what changed meanwhile stays to be stored."""
        ...


class StoredKeyImages:
    """`KeyImages` in Sightline's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, study_instance_uid: str) -> Sequence[KeyImage]:
        """Return all marks in a study, in the order in which they were made."""
        order = (key_images.c.marked, key_images.c.sop_instance_uid, key_images.c.frame)
        query = select(key_images).where(key_images.c.study_instance_uid == study_instance_uid).order_by(*order)
        with self._database.read() as connection:
            return [_mark(row) for row in connection.execute(query)]

    def change(
        self, study_instance_uid: str, author: Author, marks: Sequence[KeyImage], removed: Collection[Frame]
    ) -> None:
        """Make some marks of an author, and remove others: all or none. Raises `TooLargeError`."""
        own = and_(key_images.c.study_instance_uid == study_instance_uid, key_images.c.author == author.subject)
        touched = [*removed, *((mark.sop_instance_uid, mark.frame) for mark in marks)]
        with self._database.write() as connection:
            before = {
                (row.sop_instance_uid, row.frame): row for row in connection.execute(select(key_images).where(own))
            }
            after = (before.keys() - set(removed)) | {(mark.sop_instance_uid, mark.frame) for mark in marks}
            if len(after) > MOST_OF_AUTHOR:
                raise TooLargeError(f"One reader marks at most {MOST_OF_AUTHOR} key images in a study.")
            for uid, frame in touched:
                place = and_(key_images.c.sop_instance_uid == uid, key_images.c.frame == frame)
                connection.execute(delete(key_images).where(own, place))
            rows = {(mark.sop_instance_uid, mark.frame): _row(study_instance_uid, author, mark) for mark in marks}
            if rows:
                connection.execute(insert(key_images), list(rows.values()))
            titles = {before[frame].title for frame in touched if frame in before} | {mark.title for mark in marks}
            for title in titles:
                self._note_change(connection, study_instance_uid, author, title)

    def _note_change(self, connection: Connection, study: str, author: Author, title: str) -> None:
        values = {"changed": self._database.clock(), "author_name": author.name}
        changed = connection.execute(update(key_documents).where(*_key(study, author, title)).values(values))
        if changed.rowcount == 0:
            key = {"study_instance_uid": study, "author": author.subject, "title": title}
            connection.execute(insert(key_documents).values({**key, **values}))

    def documents(self, study_instance_uid: str) -> Sequence[KeyDocument]:
        """Return what became of all marks in a study."""
        query = select(key_documents).where(key_documents.c.study_instance_uid == study_instance_uid)
        with self._database.read() as connection:
            return [_document(row) for row in connection.execute(query)]

    def due(self, before: datetime) -> Sequence[KeyDocument]:
        """Return what is not stored, and did not change since a moment."""
        changed, saved = key_documents.c.changed, key_documents.c.saved_change
        query = select(key_documents).where(changed <= before, or_(saved.is_(None), saved != changed))
        with self._database.read() as connection:
            return [_document(row) for row in connection.execute(query.order_by(changed))]

    def note_saved(self, document: KeyDocument, series_instance_uid: str, sop_instance_uid: str) -> None:
        """Remember that the state of `document` was stored; what changed meanwhile stays to be stored."""
        key = _key(document.study_instance_uid, document.author, document.title)
        values = {
            "saved_change": document.changed,
            "series_instance_uid": series_instance_uid or None,
            "sop_instance_uid": sop_instance_uid or None,
        }
        with self._database.write() as connection:
            connection.execute(update(key_documents).where(*key).values(values))


def _key(study: str, author: Author, title: str) -> tuple[ColumnElement[bool], ...]:
    columns = key_documents.c
    return columns.study_instance_uid == study, columns.author == author.subject, columns.title == title


def _row(study: str, author: Author, mark: KeyImage) -> dict[str, object]:
    return {
        "study_instance_uid": study,
        "author": author.subject,
        "author_name": author.name,
        "series_instance_uid": mark.series_instance_uid,
        "sop_instance_uid": mark.sop_instance_uid,
        "frame": mark.frame,
        "title": mark.title,
        "marked": mark.marked,
    }


def _mark(row: Row[tuple[object, ...]]) -> KeyImage:
    author = Author(row.author, row.author_name)
    return KeyImage(row.series_instance_uid, row.sop_instance_uid, row.frame, row.title, author, row.marked)


def _document(row: Row[tuple[object, ...]]) -> KeyDocument:
    return KeyDocument(
        row.study_instance_uid,
        Author(row.author, row.author_name),
        row.title,
        row.changed,
        row.saved_change == row.changed,
        row.series_instance_uid or "",
        row.sop_instance_uid or "",
    )
