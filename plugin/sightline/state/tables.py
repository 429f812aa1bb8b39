"""What Sightline itself must remember: links, sessions, what each user has opened, and the audit log.

DICOM is not in here; Orthanc keeps that.

Everything is written in SQL that SQLite and PostgreSQL share. The tables are made by `state.migrations`; a test
compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Integer, MetaData, String, Table, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. Timezone-aware in Python on every database; a naive time is refused, never guessed."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Convert to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a time zone cannot be stored.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Attach UTC where the database dropped the zone (SQLite)."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

links = Table(
    "links",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("secret_sha256", String(64), nullable=False),
    Column("study_instance_uid", String(64), nullable=False),
    Column("verbs", String(255), nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("created_by", String(255), nullable=False),
    Column("expires", UtcDateTime, nullable=False),
    Column("uses_left", Integer),
    Column("revoked", UtcDateTime),
    Column("purpose", String(255), nullable=False),
    Column("user_name", String(255), nullable=False),
)
"""One row per link ever made. `uses_left` is NULL where uses are not counted, `verbs` are joined by spaces."""

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("secret_sha256", String(64), nullable=False, unique=True),
    Column("user_name", String(255), nullable=False),
    Column("link_id", String(32), ForeignKey("links.id", ondelete="CASCADE"), index=True),
    Column("password_proof", String(64), nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("last_used", UtcDateTime, nullable=False),
    Column("expires", UtcDateTime, nullable=False),
)
"""One row per live session; the row goes when the session ends. `link_id` is NULL for people who logged in."""

site_keys = Table(
    "site_keys",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("key", String(64), nullable=False),
)
"""Keys that the site made for itself, hexadecimal; they never leave it."""

openings = Table(
    "openings",
    metadata,
    Column("user_name", String(255), primary_key=True),
    Column("study_instance_uid", String(64), primary_key=True),
    Column("opened", UtcDateTime, nullable=False),
)
"""When each user last opened a study; nobody but that user is told."""

audit_events = Table(
    "audit_events",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("recorded", UtcDateTime, nullable=False, index=True),
    Column("document", Text, nullable=False),
    Column("previous_sha256", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
)
"""The audit log, only ever added to. `sha256` covers `previous_sha256` and `document`, so that an edit shows."""
