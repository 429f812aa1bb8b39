"""The database opens safely, keeps what it acknowledged, and speaks SQL that PostgreSQL knows too."""

from __future__ import annotations

import stat
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.schema import CreateTable

from sightline.errors import UnavailableError
from sightline.state.database import Database, open_database, sqlite_url
from sightline.state.site_keys import site_key
from sightline.state.tables import UtcDateTime, audit_events, metadata, sessions
from tests.support.clock import Clock
from tests.support.small_stack import on_small_stack

MOMENT = datetime(2026, 3, 29, 2, 30, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path):
    database = open_database(sqlite_url(tmp_path), Clock())
    yield database
    database.close()


def event_row(sequence: int, recorded: datetime = MOMENT) -> dict[str, object]:
    return {"sequence": sequence, "recorded": recorded, "document": "{}", "previous_sha256": "0", "sha256": "1"}


def test_only_the_owner_can_read_the_file(tmp_path: Path) -> None:
    open_database(sqlite_url(tmp_path / "state"), Clock()).close()
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "state" / "sightline.db").stat().st_mode) == 0o600


def test_the_write_ahead_files_are_private_too(database: Database, tmp_path: Path) -> None:
    with database.write() as connection:
        connection.execute(insert(audit_events), event_row(1))
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert modes == {"sightline.db": 0o600, "sightline.db-wal": 0o600, "sightline.db-shm": 0o600}


@pytest.mark.parametrize(("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)])
def test_sqlite_is_set_up_for_threads_and_power_cuts(database: Database, pragma: str, value: object) -> None:
    with database.read() as connection:
        assert connection.execute(text(f"PRAGMA {pragma}")).scalar() == value


def test_migrations_make_exactly_the_tables_that_the_code_uses(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_opening_again_keeps_what_was_there(tmp_path: Path) -> None:
    first = open_database(sqlite_url(tmp_path), Clock())
    with first.write() as connection:
        connection.execute(insert(audit_events), event_row(1))
    first.close()
    second = open_database(sqlite_url(tmp_path), Clock())
    with second.read() as connection:
        assert connection.execute(select(audit_events.c.sequence)).scalars().all() == [1]
    second.close()


def test_opens_from_a_thread_with_orthancs_small_stack(tmp_path: Path) -> None:
    on_small_stack(lambda: open_database(sqlite_url(tmp_path), Clock())).close()


def test_times_come_back_in_utc(database: Database) -> None:
    berlin = timezone(timedelta(hours=2))
    with database.write() as connection:
        connection.execute(insert(audit_events), event_row(1, datetime(2026, 7, 1, 14, 0, tzinfo=berlin)))
    with database.read() as connection:
        recorded = connection.execute(select(audit_events.c.recorded)).scalar_one()
    assert recorded == datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    assert recorded.utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    naive = datetime(2026, 7, 1, 14, 0)
    with pytest.raises(UnavailableError) as caught, database.write() as connection:
        connection.execute(insert(audit_events), event_row(1, naive))
    assert isinstance(caught.value.__cause__, StatementError)


def test_nothing_is_kept_of_a_transaction_that_failed(database: Database) -> None:
    with pytest.raises(KeyError), database.write() as connection:
        connection.execute(insert(audit_events), event_row(1))
        raise KeyError
    with database.read() as connection:
        assert connection.execute(select(audit_events)).all() == []


def test_a_database_that_fails_is_answered_with_503(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("DROP TABLE audit_events"))
    with pytest.raises(UnavailableError) as caught, database.write() as connection:
        connection.execute(insert(audit_events), event_row(1))
    assert caught.value.status == 503
    assert "audit_events" not in caught.value.message


def test_a_session_needs_its_link(database: Database) -> None:
    row = {
        "id": "s", "secret_sha256": "0", "user_name": "", "link_id": "nowhere", "password_proof": "",
        "created": MOMENT, "last_used": MOMENT, "expires": MOMENT,
    }  # fmt: skip
    with pytest.raises(UnavailableError) as caught, database.write() as connection:
        connection.execute(insert(sessions), row)
    assert isinstance(caught.value.__cause__, IntegrityError)


def test_many_threads_read_and_then_write_in_one_transaction(database: Database) -> None:
    def add() -> None:
        for _ in range(25):
            with database.write() as connection:
                numbers = connection.execute(select(audit_events.c.sequence)).scalars().all()
                connection.execute(insert(audit_events), event_row(max(numbers, default=0) + 1))

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert sorted(connection.execute(select(audit_events.c.sequence)).scalars()) == list(range(1, 201))


def test_a_database_without_a_file_is_refused() -> None:
    with pytest.raises(ValueError, match="kept in a file"):
        open_database("sqlite://", Clock())


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_postgresql_can_make_the_tables(table) -> None:
    statement = str(CreateTable(table).compile(dialect=postgresql.dialect()))
    moments = [column for column in table.columns if isinstance(column.type, UtcDateTime)]
    assert statement.count("TIMESTAMP WITH TIME ZONE") == len(moments)


def test_a_site_makes_its_keys_once(database: Database, tmp_path: Path) -> None:
    key = site_key(database, "deidentification")
    assert len(key) == 32
    assert site_key(database, "another") != key
    again = open_database(sqlite_url(tmp_path), Clock())
    assert site_key(again, "deidentification") == key
    again.close()
