"""DICOM documents pulled from an EHR's charts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "chart_pulls",
        sa.Column("id", sa.String(22), nullable=False),
        sa.Column("patient_id", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("pulled", moment, nullable=False),
        sa.Column("undone", moment),
        sa.PrimaryKeyConstraint("id", name="pk_chart_pulls"),
    )
    op.create_index("ix_chart_pulls_pulled", "chart_pulls", ["pulled"])
    op.create_table(
        "chart_documents",
        sa.Column("pull_id", sa.String(22), nullable=False),
        sa.Column("sop_instance_uid", sa.String(64), nullable=False),
        sa.Column("series_instance_uid", sa.String(64), nullable=False),
        sa.Column("study_instance_uid", sa.String(64), nullable=False),
        sa.Column("file_uuid", sa.String(64), nullable=False),
        sa.Column("document", sa.String(64), nullable=False),
        sa.Column("is_new", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("pull_id", "sop_instance_uid", name="pk_chart_documents"),
        sa.ForeignKeyConstraint(["pull_id"], ["chart_pulls.id"], name="fk_chart_documents_pull_id_chart_pulls"),
    )


def downgrade() -> None:
    """Drop them; what was pulled stays in the archive and cannot be taken back any more."""
    op.drop_table("chart_documents")
    op.drop_table("chart_pulls")
