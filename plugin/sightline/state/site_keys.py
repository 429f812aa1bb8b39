"""Keys that a site makes for itself, once: whatever is derived from them is the same on every node and every day."""

from __future__ import annotations

import secrets

from sqlalchemy import insert, select

from sightline.state.database import Database
from sightline.state.tables import site_keys

BYTES = 32


def site_key(database: Database, name: str) -> bytes:
    """Return the key of that name, made if there is none yet.

    Raises
    ------
    UnavailableError
        The database cannot be read or written.
    """
    query = select(site_keys.c.key).where(site_keys.c.name == name)
    with database.read() as connection:
        found = connection.execute(query).scalar()
    if found is None:
        with database.write() as connection:
            found = connection.execute(query).scalar()  # another may have been faster
            if found is None:
                found = secrets.token_hex(BYTES)
                connection.execute(insert(site_keys).values(name=name, key=found))
    return bytes.fromhex(found)
