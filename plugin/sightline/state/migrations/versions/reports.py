"""Drafts of reports, and what was signed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "report_drafts",
        sa.Column("study_instance_uid", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("author", sa.String(255), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("changed", moment, nullable=False),
        sa.PrimaryKeyConstraint("study_instance_uid", "subject", name="pk_report_drafts"),
    )
    op.create_table(
        "signed_reports",
        sa.Column("sequence", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("report_id", sa.String(36), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("study_instance_uid", sa.String(64), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_signed_reports"),
    )
    op.create_index("ix_signed_reports_report_version", "signed_reports", ["report_id", "version"], unique=True)
    op.create_index("ix_signed_reports_study_version", "signed_reports", ["study_instance_uid", "version"], unique=True)
    op.create_table(
        "waiting_reports",
        sa.Column("sequence", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("study_instance_uid", sa.String(64), nullable=False),
        sa.Column("due", moment, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("held_until", moment),
        sa.PrimaryKeyConstraint("sequence", name="pk_waiting_reports"),
    )
    op.create_index("ix_waiting_reports_study_instance_uid", "waiting_reports", ["study_instance_uid"])
    op.create_index("ix_waiting_reports_due", "waiting_reports", ["due"])


def downgrade() -> None:
    """Drop them; drafts and what was signed are lost, but for what Orthanc holds of the latter."""
    op.drop_table("waiting_reports")
    op.drop_table("signed_reports")
    op.drop_table("report_drafts")
