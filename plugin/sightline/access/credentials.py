"""Passwords and the link-service key, checked in constant time without hashing a password per request.

Orthanc holds its passwords in plain text in its configuration, so a slow hash would protect nothing here. We keep
fingerprints under a key that exists only in this process: a look-up tells nothing about near misses.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from sightline.configuration import ConfigurationError

SERVICE = "link-service"
"""Subject, and user name for Basic, of the link-service key."""

RESERVED = ("anonymous", SERVICE)
MAXIMUM_LENGTH = 1024
"""Longer credentials are refused unread."""


@dataclass(frozen=True)
class Identity:
    """Whom credentials belong to: a user, or the link service."""

    subject: str
    is_service: bool = False


class Credentials:
    """Everybody who can log in, and the link service.

    Parameters
    ----------
    users : Mapping[str, str]
        User name -> password, as Orthanc's ``RegisteredUsers`` has them. All are administrators.
    service_key_sha256 : str
        SHA-256 of the link-service key in hexadecimal; empty when there is none.

    Raises
    ------
    ConfigurationError
        A user's name or password cannot be used safely.
    """

    def __init__(self, users: Mapping[str, str], service_key_sha256: str = "") -> None:
        for name, password in users.items():
            _check_user(name, password)
        self._key = secrets.token_bytes(32)
        self._service_key_sha256 = service_key_sha256
        self._users = {self._fingerprint(_pair(name, password)): name for name, password in users.items()}
        self._digests = {name: _digest(_pair(name, password)) for name, password in users.items()}

    def check(self, user: str, password: str) -> str | None:
        """Return the user's name when the password is right."""
        if ":" in user or len(user) + len(password) > MAXIMUM_LENGTH:
            return None
        return self._users.get(self._fingerprint(_pair(user, password)))

    def knows(self, user: str) -> bool:
        """Whether there is such a user; for the audit log, never for an answer."""
        return user in self._digests

    def authorization(self, header: str) -> Identity | None:
        """Return whom an ``Authorization`` header (RFC 7617 Basic, RFC 6750 Bearer) belongs to, if it is right."""
        scheme, _, value = header.partition(" ")
        value = value.strip()
        if len(value) > 2 * MAXIMUM_LENGTH:
            return None
        if scheme.lower() == "bearer":
            return self._service(value.encode("utf-8", "replace"))
        if scheme.lower() != "basic":
            return None
        try:
            pair = binascii.a2b_base64(value.encode("ascii"), strict_mode=True)
        except ValueError:
            return None
        user, _, password = pair.partition(b":")
        if user == SERVICE.encode():
            return self._service(password)
        name = self._users.get(self._fingerprint(pair))
        return Identity(name) if name is not None else None

    def proof(self, user: str, session_secret: str) -> str:
        """Return what ties a session to the password it was made with; empty for somebody unknown.

        It is keyed by the session's secret, of which only a hash is stored: the database alone lets nobody guess
        passwords, yet a session made with a password that has been changed since is recognised and ended.
        """
        digest = self._digests.get(user)
        if digest is None:
            return ""
        return hashlib.blake2b(digest, key=session_secret.encode()[:64], digest_size=32).hexdigest()

    def _service(self, key: bytes) -> Identity | None:
        presented = hashlib.sha256(key).hexdigest()
        if self._service_key_sha256 and hmac.compare_digest(presented, self._service_key_sha256):
            return Identity(SERVICE, is_service=True)
        return None

    def _fingerprint(self, pair: bytes) -> bytes:
        return hashlib.blake2b(pair, key=self._key, digest_size=32).digest()


def is_signed_token(authorization: str) -> bool:
    """Whether an ``Authorization`` header looks as if it carried a JSON Web Token, which no key of ours is.

    >>> is_signed_token("Bearer a.b.c"), is_signed_token("Bearer 8d4f0a7c"), is_signed_token("Basic YTpi")
    (True, False, False)
    """
    scheme, _, token = authorization.partition(" ")
    return scheme.lower() == "bearer" and token.count(".") == 2


def _pair(user: str, password: str) -> bytes:
    return f"{user}:{password}".encode("utf-8", "surrogatepass")


def _digest(pair: bytes) -> bytes:
    return hashlib.blake2b(pair, digest_size=32).digest()


def _check_user(name: str, password: str) -> None:
    """Refuse users whom a header could not name, or whom a log would take for somebody else."""
    if not name or len(name) > 200 or not name.isprintable() or ":" in name or "+" in name:
        raise ConfigurationError(
            f"The user name {name!r} cannot be used: 1 to 200 printable characters without ':' or '+' are allowed."
        )
    if name in RESERVED:
        raise ConfigurationError(f'The user name "{name}" is reserved; choose another one.')
    if not password or len(name) + len(password) > MAXIMUM_LENGTH:
        raise ConfigurationError(f'The password of user "{name}" is empty or too long.')
