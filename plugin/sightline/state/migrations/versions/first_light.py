"""Links, sessions and the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the three tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "links",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("secret_sha256", sa.String(64), nullable=False),
        sa.Column("study_instance_uid", sa.String(64), nullable=False),
        sa.Column("verbs", sa.String(255), nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("created_by", sa.String(255), nullable=False),
        sa.Column("expires", moment, nullable=False),
        sa.Column("uses_left", sa.Integer),
        sa.Column("revoked", moment),
        sa.Column("purpose", sa.String(255), nullable=False),
        sa.Column("user_name", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_links"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("secret_sha256", sa.String(64), nullable=False),
        sa.Column("user_name", sa.String(255), nullable=False),
        sa.Column("link_id", sa.String(32)),
        sa.Column("password_proof", sa.String(64), nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("last_used", moment, nullable=False),
        sa.Column("expires", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("secret_sha256", name="uq_sessions_secret_sha256"),
        sa.ForeignKeyConstraint(["link_id"], ["links.id"], name="fk_sessions_link_id_links", ondelete="CASCADE"),
    )
    op.create_index("ix_sessions_link_id", "sessions", ["link_id"])
    op.create_table(
        "audit_events",
        sa.Column("sequence", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("recorded", moment, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("previous_sha256", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit_events"),
    )
    op.create_index("ix_audit_events_recorded", "audit_events", ["recorded"])


def downgrade() -> None:
    """Drop them, and everything in them."""
    op.drop_table("audit_events")
    op.drop_table("sessions")
    op.drop_table("links")
