"""The database behind links, sessions and the audit log: SQLite in one file, or what the URL says."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError

from sightline.errors import UnavailableError

BUSY_TIMEOUT_SECONDS = 10
"""How long SQLite waits for another process that writes."""

_WRITES = "sightline_writes"


class Database:
    """Transactions on Sightline's own state. Safe to share between threads.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        Where the tables are; already migrated.
    clock : callable
        Returns the current time, timezone-aware.
    """

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self.engine = engine
        self.clock = clock

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that only reads.

        Raises
        ------
        UnavailableError
            The database does not answer.
        """
        with _unavailable("read"), self.engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that writes; it is durable once the block has ended without an exception.

        Raises
        ------
        UnavailableError
            The database cannot be written; nothing was.
        """
        with (
            _unavailable("write"),
            self.engine.connect().execution_options(**{_WRITES: True}) as connection,
            connection.begin(),
        ):
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def sqlite_url(directory: Path) -> str:
    """Return the URL of the default database, the file ``sightline.db`` in the state directory."""
    return URL.create("sqlite", database=str(directory / "sightline.db")).render_as_string(hide_password=False)


def open_database(url: str, clock: Callable[[], datetime]) -> Database:
    """Open the database and bring its tables up to date.

    Parameters
    ----------
    url : str
        SQLAlchemy's, such as ``sqlite:////var/lib/orthanc/db/sightline/sightline.db``. A missing SQLite file is made,
        readable by its owner only.
    clock : callable
        Returns the current time, timezone-aware.

    Raises
    ------
    sqlalchemy.exc.SQLAlchemyError, OSError
        The database cannot be opened; the start has to stop.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = _sqlite_engine(parsed)
    else:
        engine = create_engine(parsed, pool_pre_ping=True)
    try:
        _on_large_stack(lambda: _migrate(engine))
    except BaseException:
        engine.dispose()
        raise
    return Database(engine, clock)


def _sqlite_engine(url: URL) -> Engine:
    """Open a SQLite file with the settings that several threads and a sudden end of the process need."""
    if not url.database or url.database == ":memory:":
        raise ValueError("Sightline's state has to be kept in a file.")
    file = Path(url.database)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Made by hand for its mode: the audit log names patients, and the site keeps its keys here.
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    file.chmod(0o600)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_SECONDS})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver would open transactions by itself, and too late
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",  # WAL's NORMAL forgets the last commits at a power cut; the audit log may not
            "foreign_keys = ON",
            "trusted_schema = OFF",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer that starts as a reader fails at once when another wrote in between, however long the timeout is.
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _migrate(engine: Engine) -> None:
    """Run Alembic's migrations, which are shipped beside this module."""
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    with engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")


def _on_large_stack(work: Callable[[], None]) -> None:
    """Run on a thread of our own: the caller's may have 100 KB of C stack, too little to compile SQL or to import."""
    failure: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=run, name="sightline-migrations")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]


@contextlib.contextmanager
def _unavailable(what: str) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise UnavailableError(
            f"Sightline could not {what} its own database; try again.", "state-unavailable"
        ) from error
