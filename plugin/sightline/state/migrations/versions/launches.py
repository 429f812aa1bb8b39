"""Launches from an EHR, the sessions that came of them, and what can be used once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    moment = sa.DateTime(timezone=True)
    op.add_column("sessions", sa.Column("launch_id", sa.String(32)))
    op.create_index("ix_sessions_launch_id", "sessions", ["launch_id"])
    op.create_table(
        "launches",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("issuer", sa.String(512), nullable=False),
        sa.Column("patient", sa.Text, nullable=False),
        sa.Column("user_name", sa.String(255), nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("encounter", sa.String(64), nullable=False),
        sa.Column("verbs", sa.String(255), nullable=False),
        sa.Column("studies", sa.Text, nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("expires", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_launches"),
    )
    op.create_index("ix_launches_expires", "launches", ["expires"])
    op.create_table(
        "single_use",
        sa.Column("secret_sha256", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("expires", moment, nullable=False),
        sa.PrimaryKeyConstraint("secret_sha256", name="pk_single_use"),
    )
    op.create_index("ix_single_use_expires", "single_use", ["expires"])


def downgrade() -> None:
    """Drop them; launches end."""
    op.drop_table("single_use")
    op.drop_table("launches")
    op.execute("DELETE FROM sessions WHERE launch_id IS NOT NULL")
    op.drop_index("ix_sessions_launch_id", "sessions")
    op.drop_column("sessions", "launch_id")
