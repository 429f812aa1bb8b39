"""Messages that could not be taken: kept whole with the reason, until they could, or somebody puts them aside."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import func, insert, select, update

from sightline.errors import NotFoundError
from sightline.state.database import Database
from sightline.state.tables import held_messages


@dataclass(frozen=True)
class HeldMessage:
    """One message in quarantine.

    Parameters
    ----------
    id : str
    source : str
        How it came: ``folder``, ``sftp``, ``mllp`` or ``fhir``.
    name : str
        Of the file, or the address that sent it.
    content : bytes
        As it came.
    code, reason : str
        Why it was not taken: machine-readable, and for a person.
    received : datetime
    """

    id: str
    source: str
    name: str
    content: bytes
    code: str
    reason: str
    received: datetime


class HeldMessages:
    """All of them in Sightline's database. Safe between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hold(self, source: str, name: str, content: bytes, code: str, reason: str) -> str:
        """Keep a message and return its id; one that is kept already, from the same place, is not kept twice."""
        digest = hashlib.sha256(content).hexdigest()
        columns = held_messages.c
        same = select(columns.id).where(
            columns.sha256 == digest, columns.source == source, columns.name == name[:255], columns.settled.is_(None)
        )
        with self._database.write() as connection:
            found: str | None = connection.execute(same).scalar()
            values: dict[str, Any] = {"code": code, "reason": reason}
            if found is not None:
                connection.execute(update(held_messages).where(columns.id == found).values(values))
                return found
            values |= {"id": str(uuid4()), "sha256": digest, "source": source, "name": name[:255], "content": content,
                       "received": self._database.clock()}  # fmt: skip
            connection.execute(insert(held_messages).values(values))
            return str(values["id"])

    def open(self, limit: int = 100) -> tuple[HeldMessage, ...]:
        """Return what is not settled, newest first."""
        columns = held_messages.c
        query = select(held_messages).where(columns.settled.is_(None)).order_by(columns.received.desc(), columns.id)
        with self._database.read() as connection:
            return tuple(_message(row) for row in connection.execute(query.limit(limit)))

    def count(self) -> int:
        """Return how many are not settled."""
        query = select(func.count()).select_from(held_messages).where(held_messages.c.settled.is_(None))
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def names(self, source: str) -> frozenset[str]:
        """Return the names of all that came that way and are not settled."""
        columns = held_messages.c
        query = select(columns.name).where(columns.source == source, columns.settled.is_(None))
        with self._database.read() as connection:
            return frozenset(connection.execute(query).scalars())

    def get(self, message_id: str) -> HeldMessage:
        """Return one that is not settled. Raises `NotFoundError`."""
        columns = held_messages.c
        with self._database.read() as connection:
            row = connection.execute(
                select(held_messages).where(columns.id == message_id, columns.settled.is_(None))
            ).one_or_none()
        if row is None:
            raise NotFoundError("This message is not held any more.", "message-unknown")
        return _message(row)

    def explain(self, message_id: str, code: str, reason: str) -> None:
        """Remember why it could not be taken this time."""
        with self._database.write() as connection:
            values = {"code": code, "reason": reason}
            connection.execute(update(held_messages).where(held_messages.c.id == message_id).values(values))

    def settle(self, message_id: str) -> None:
        """Put it aside: it was taken, or somebody says that it need not be."""
        with self._database.write() as connection:
            values = {"settled": self._database.clock()}
            connection.execute(update(held_messages).where(held_messages.c.id == message_id).values(values))


def _message(row: object) -> HeldMessage:
    names = ("id", "source", "name", "content", "code", "reason", "received")
    return HeldMessage(*(getattr(row, name) for name in names))
