"""Reports on their way to the EHR."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(20), nullable=False),
        sa.Column("target", sa.String(16), nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("report_id", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("study_instance_uid", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("is_written", sa.Boolean, nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("changed", moment, nullable=False),
        sa.Column("tried", moment),
        sa.Column("next_try", moment),
        sa.Column("claimed_until", moment),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("target", "report_id", "version", name="uq_deliveries_target"),
    )
    op.create_index("ix_deliveries_next_try", "deliveries", ["next_try"])
    op.create_index("ix_deliveries_target_sequence", "deliveries", ["target", "sequence"])
    op.create_table(
        "emr_tokens",
        sa.Column("configured_sha256", sa.String(64), nullable=False),
        sa.Column("refresh_token", sa.Text, nullable=False),
        sa.Column("changed", moment, nullable=False),
        sa.PrimaryKeyConstraint("configured_sha256", name="pk_emr_tokens"),
    )


def downgrade() -> None:
    """Drop them; what was not delivered is not known any more."""
    op.drop_table("emr_tokens")
    op.drop_table("deliveries")
