"""What is remembered until a browser comes back with a secret: once, and not for long."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import delete, insert, select

from sightline.access.sessions import secret_digest
from sightline.state.database import Database
from sightline.state.tables import single_use

MOST = 10_000
"""Rows that are kept; whoever asks for more pushes out those that end first."""


class SingleUse:
    """Documents under secrets. Safe between threads and nodes: of many who take one, one gets it.

    Parameters
    ----------
    database : Database
        Where they are kept; of a secret only its hash.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, purpose: str, document: Mapping[str, str], lifetime: timedelta) -> str:
        """Remember a document and return its secret, 256 random bits."""
        secret, now = secrets.token_urlsafe(32), self._database.clock()
        with self._database.write() as connection:
            connection.execute(delete(single_use).where(single_use.c.expires <= now))
            newest = select(single_use.c.secret_sha256).order_by(single_use.c.expires.desc()).offset(MOST - 1).limit(1)
            if connection.execute(newest).first() is not None:
                kept = select(single_use.c.secret_sha256).order_by(single_use.c.expires.desc()).limit(MOST - 1)
                connection.execute(delete(single_use).where(single_use.c.secret_sha256.not_in(kept)))
            connection.execute(
                insert(single_use).values(
                    secret_sha256=secret_digest(secret),
                    purpose=purpose,
                    document=json.dumps(dict(document)),
                    expires=now + lifetime,
                )
            )
        return secret

    def take(self, purpose: str, secret: str) -> dict[str, str] | None:
        """Return the document of a secret and forget it; None for a secret that is unknown, used or too old."""
        row = single_use.c.secret_sha256 == secret_digest(secret)
        statement = delete(single_use).where(row, single_use.c.purpose == purpose)
        with self._database.write() as connection:
            found = connection.execute(statement.returning(single_use.c.document, single_use.c.expires)).one_or_none()
        if found is None or found.expires <= self._database.clock():
            return None
        document: dict[str, str] = json.loads(found.document)
        return document
