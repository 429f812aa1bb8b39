"""By what EHRs know Sightline itself: the site's key, and refresh tokens, each good for once, so the newest is kept."""

from __future__ import annotations

import json
from hashlib import sha256

from joserfc.jwk import RSAKey
from sqlalchemy import insert, select, update

from sightline.state.database import Database
from sightline.state.tables import emr_tokens, signing_keys

BITS = 3072
_KEY = "ehr"


class BackendCredentials:
    """What has to survive a restart, the same on every node."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def key(self) -> RSAKey:
        """Return the RSA key pair by which EHRs know this site (private_key_jwt), made if there is none yet.

        Raises
        ------
        UnavailableError
            The database cannot be read or written.
        """
        query = select(signing_keys.c.document).where(signing_keys.c.name == _KEY)
        with self._database.read() as connection:
            found = connection.execute(query).scalar()
        if found is None:
            made = RSAKey.generate_key(BITS, {"use": "sig", "alg": "RS384"}, private=True, auto_kid=True)
            text = json.dumps(made.as_dict(private=True))
            with self._database.write() as connection:
                found = connection.execute(query).scalar()  # another may have been faster
                if found is None:
                    found = text
                    connection.execute(insert(signing_keys).values(name=_KEY, document=found))
        return RSAKey.import_key(json.loads(found))

    def refresh_token(self, configured: str) -> str:
        """Return the refresh token that has come in the place of a configured one, or that one."""
        own = emr_tokens.c.configured_sha256 == _digest(configured)
        with self._database.read() as connection:
            found: str | None = connection.execute(select(emr_tokens.c.refresh_token).where(own)).scalar()
        return found or configured

    def replace(self, configured: str, token: str) -> None:
        """Remember the refresh token that is good from now on."""
        key = _digest(configured)
        values = {"refresh_token": token, "changed": self._database.clock()}
        with self._database.write() as connection:
            statement = update(emr_tokens).where(emr_tokens.c.configured_sha256 == key).values(values)
            if connection.execute(statement).rowcount == 0:
                connection.execute(insert(emr_tokens).values(configured_sha256=key, **values))


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
