"""What Sightline itself must remember: links, sessions, what each user has opened or marked, and the audit log.

DICOM is not in here; Orthanc keeps that. Findings are, for as long as the study is: a report in Orthanc has them, too.

Everything is written in SQL that SQLite and PostgreSQL share. The tables are made by `state.migrations`; a test
compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
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
    Column("launch_id", String(32), index=True),
)
"""One row per live session; the row goes when the session ends. `link_id` and `launch_id` are NULL for people who
logged in."""

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

findings = Table(
    "findings",
    metadata,
    Column("study_instance_uid", String(64), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("document", Text, nullable=False),
    Column("author", String(255), nullable=False),
    Column("changed", UtcDateTime, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("removed", Boolean, nullable=False),
    Index("ix_findings_study_revision", "study_instance_uid", "revision"),
)
"""What is marked on images. What was removed keeps its row, so that who changes it meanwhile is told, and can undo."""

finding_studies = Table(
    "finding_studies",
    metadata,
    Column("study_instance_uid", String(64), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("frozen_revision", Integer, nullable=False),
    Column("subject", String(255), nullable=False),
    Column("author", String(255), nullable=False),
    Column("changed", UtcDateTime, nullable=False),
    Column("due", UtcDateTime, index=True),
    Column("retry", UtcDateTime, index=True),
    Column("attempts", Integer, nullable=False),
    Column("problem", Text, nullable=False),
    Column("predecessors", Text, nullable=False),
    Column("saved_revision", Integer),
    Column("saved_version", Integer),
    Column("saved_instance", String(64)),
    Column("saved_time", UtcDateTime),
    Column("holder", String(36)),
    Column("held_until", UtcDateTime),
)
"""One row per study with findings: how far its revisions count, who made those that are in no version yet and when
these become one (`due`), when what waits in `finding_versions` is stored (`retry`), which version was stored last, and
which node is storing now."""

finding_versions = Table(
    "finding_versions",
    metadata,
    Column("study_instance_uid", String(64), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("instance", String(64), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("author", String(255), nullable=False),
    Column("changed", UtcDateTime, nullable=False),
    Column("document", Text, nullable=False),
    Column("predecessors", Text, nullable=False),
)
"""All findings of a study as one reader left them, waiting to be stored as a report with that SOP Instance UID."""
key_images = Table(
    "key_images",
    metadata,
    Column("study_instance_uid", String(64), primary_key=True),
    Column("author", String(255), primary_key=True),
    Column("sop_instance_uid", String(64), primary_key=True),
    Column("frame", Integer, primary_key=True, autoincrement=False),
    Column("series_instance_uid", String(64), nullable=False),
    Column("title", String(16), nullable=False),
    Column("author_name", String(255), nullable=False),
    Column("marked", UtcDateTime, nullable=False),
)
"""One row per frame that somebody marked. `title` is a code value of PS3.16 CID 7010."""

key_documents = Table(
    "key_documents",
    metadata,
    Column("study_instance_uid", String(64), primary_key=True),
    Column("author", String(255), primary_key=True),
    Column("title", String(16), primary_key=True),
    Column("author_name", String(255), nullable=False),
    Column("changed", UtcDateTime, nullable=False, index=True),
    Column("saved_change", UtcDateTime),
    Column("series_instance_uid", String(64)),
    Column("sop_instance_uid", String(64)),
)
"""What became of each author's key images of one title: when they changed last, and which change was stored as which
document. The UIDs are NULL until a document was stored; `saved_change` then is the `changed` that is in it.
"""

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

launches = Table(
    "launches",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("issuer", String(512), nullable=False),
    Column("patient", Text, nullable=False),
    Column("user_name", String(255), nullable=False),
    Column("user_id", String(255), nullable=False),
    Column("encounter", String(64), nullable=False),
    Column("verbs", String(255), nullable=False),
    Column("studies", Text, nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("expires", UtcDateTime, nullable=False, index=True),
)
"""One row per launch from an EHR; it goes when the launch ends. `patient` and `studies` are JSON of the values in
`access.launch`, `verbs` are joined by spaces."""

single_use = Table(
    "single_use",
    metadata,
    Column("secret_sha256", String(64), primary_key=True),
    Column("purpose", String(32), nullable=False),
    Column("document", Text, nullable=False),
    Column("expires", UtcDateTime, nullable=False, index=True),
)
"""What is remembered until somebody comes back with a secret, once: JSON."""
report_drafts = Table(
    "report_drafts",
    metadata,
    Column("study_instance_uid", String(64), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("author", String(255), nullable=False),
    Column("document", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("changed", UtcDateTime, nullable=False),
)
"""What readers are writing: each reader's own, so that two never write over each other."""

signed_reports = Table(
    "signed_reports",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("report_id", String(36), nullable=False),
    Column("version", Integer, nullable=False),
    Column("study_instance_uid", String(64), nullable=False),
    Column("document", Text, nullable=False),
    Index("ix_signed_reports_report_version", "report_id", "version", unique=True),
    Index("ix_signed_reports_study_version", "study_instance_uid", "version", unique=True),
)
"""Every signed version, only ever added to. A study has one report; each further version is an addendum."""

waiting_reports = Table(
    "waiting_reports",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("study_instance_uid", String(64), nullable=False, index=True),
    Column("due", UtcDateTime, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("problem", Text, nullable=False),
    Column("held_until", UtcDateTime),
)
"""Signed versions that are not stored as DICOM objects yet: when they are tried again, and why it failed last."""
orders = Table(
    "orders",
    metadata,
    Column("accession_number", String(16), primary_key=True),
    Column("study_instance_uid", String(64), nullable=False, unique=True),
    Column("sender", String(255), nullable=False),
    Column("placer_key", String(255), nullable=False),
    Column("line", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("modality", String(16), nullable=False),
    Column("scheduled", UtcDateTime),
    Column("received", UtcDateTime, nullable=False),
    Column("changed", UtcDateTime, nullable=False),
    Column("sent", UtcDateTime),
    Column("is_looked_for", Boolean, nullable=False, index=True),
    Column("words", String(512), nullable=False),
    Column("document", Text, nullable=False),
    Index("uq_orders_line", "sender", "placer_key", "line", unique=True),
    Index("ix_orders_status", "status", "received"),
)
"""One row per line of an order. `document` has the rest of `ImagingOrder` as JSON; `sent` is when its sender wrote the
message that is in it; `is_looked_for` says that the archive is still to be asked for images that came before it;
`words` are searched by people."""

order_studies = Table(
    "order_studies",
    metadata,
    Column("study_instance_uid", String(64), primary_key=True),
    Column("accession_number", String(16), primary_key=True, index=True),
    Column("problem", String(32), nullable=False),
    Column("seen", UtcDateTime, nullable=False),
)
"""Which study answers which order. With a `problem` it does not: the two name each other, but something contradicts."""

order_codes = Table(
    "order_codes",
    metadata,
    Column("sender", String(255), primary_key=True),
    Column("code", String(64), primary_key=True),
    Column("modality", String(16), nullable=False),
    Column("station_aet", String(16), nullable=False),
    Column("station_name", String(16), nullable=False),
    Column("description", String(64), nullable=False),
)
"""What is done, and where, when a code is ordered. An empty sender stands for all, an empty code for all others."""

held_messages = Table(
    "held_messages",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("sha256", String(64), nullable=False, index=True),
    Column("source", String(16), nullable=False),
    Column("name", String(255), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("code", String(32), nullable=False),
    Column("reason", Text, nullable=False),
    Column("received", UtcDateTime, nullable=False),
    Column("settled", UtcDateTime, index=True),
)
"""Messages that could not be taken, with the reason; `settled` once they were, or somebody has put them aside."""

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("document", Text, nullable=False),
)
"""Private keys, as JSON Web Keys, by which the site proves to an EHR who it is; they never leave it."""
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("target", String(16), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("report_id", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("study_instance_uid", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("detail", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("is_written", Boolean, nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("changed", UtcDateTime, nullable=False),
    Column("tried", UtcDateTime),
    Column("next_try", UtcDateTime, index=True),
    Column("claimed_until", UtcDateTime),
    UniqueConstraint("target", "report_id", "version"),
    Index("ix_deliveries_target_sequence", "target", "sequence"),
)
"""One row per signed version of a report and kind of target. `id` is what the receiver knows it by (MSH-10)."""

emr_tokens = Table(
    "emr_tokens",
    metadata,
    Column("configured_sha256", String(64), primary_key=True),
    Column("refresh_token", Text, nullable=False),
    Column("changed", UtcDateTime, nullable=False),
)
"""The refresh token that an EHR has given in exchange for the configured one: each is good for once."""

chart_pulls = Table(
    "chart_pulls",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("patient_id", String(64), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("pulled", UtcDateTime, nullable=False, index=True),
    Column("undone", UtcDateTime),
)
"""One row per time that documents of a chart were pulled into the archive."""

chart_documents = Table(
    "chart_documents",
    metadata,
    Column("pull_id", String(22), ForeignKey("chart_pulls.id"), primary_key=True),
    Column("sop_instance_uid", String(64), primary_key=True),
    Column("series_instance_uid", String(64), nullable=False),
    Column("study_instance_uid", String(64), nullable=False),
    Column("file_uuid", String(64), nullable=False),
    Column("document", String(64), nullable=False),
    Column("is_new", Boolean, nullable=False),
)
"""What a pull has stored of which document. Only what is new, and still the same file, is taken back."""
