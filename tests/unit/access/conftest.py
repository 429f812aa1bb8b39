"""Access control over a database of its own, with a clock that tests move."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sightline.access.grant import Verb, administrator
from sightline.access.link import Link
from sightline.access.opening import Access, open_access
from sightline.access.sessions import NewSession
from sightline.configuration import Configuration
from sightline.state.database import Database, open_database, sqlite_url
from tests.support.clock import Clock

URL = "https://pacs.example"
SERVICE_KEY = "5f1dc3e2b8a94d6c"
USERS = {"ada": "engine: 1843", "grace": "Flow-Matic ☂"}
CONFIGURATION = Configuration.parse(
    {
        "Links": {"ServiceKeySha256": hashlib.sha256(SERVICE_KEY.encode()).hexdigest()},
        "TrustedProxies": ["10.9.0.0/24"],
    }
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path, clock: Clock) -> Iterator[Database]:
    database = open_database(sqlite_url(tmp_path), clock)
    yield database
    database.close()


@pytest.fixture
def start(database: Database) -> Iterator[Callable[..., Access]]:
    """Start access control on the same database, as often as a test restarts the server."""
    started: list[Access] = []

    def start(users: dict[str, str] = USERS) -> Access:
        started.append(open_access(CONFIGURATION, URL, database, users))
        return started[-1]

    yield start
    for access in started:
        access.housekeeping.stop()


@pytest.fixture
def access(start: Callable[..., Access]) -> Access:
    return start()


@pytest.fixture
def make_link(access: Access, clock: Clock) -> Callable[..., tuple[Link, str]]:
    def make(study: str = "1.2.3", uses: int | None = None, hours: float = 8, **more: object) -> tuple[Link, str]:
        expires = clock() + timedelta(hours=hours)
        return access.links.create(administrator("ada"), study, {Verb.VIEW}, expires, uses=uses, **more)

    return make


@pytest.fixture
def cookie() -> Callable[..., dict[str, str]]:
    """Return the headers of a browser that has these sessions' cookies."""

    def headers(*sessions: NewSession) -> dict[str, str]:
        return {"cookie": "; ".join(value.split(";")[0] for session in sessions for value in session.cookies)}

    return headers
