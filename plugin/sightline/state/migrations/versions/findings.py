"""What readers mark on images, and the versions of it that wait to be stored as reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "findings",
        sa.Column("study_instance_uid", sa.String(64), nullable=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("author", sa.String(255), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("removed", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("study_instance_uid", "id", name="pk_findings"),
    )
    op.create_index("ix_findings_study_revision", "findings", ["study_instance_uid", "revision"])
    op.create_table(
        "finding_studies",
        sa.Column("study_instance_uid", sa.String(64), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("frozen_revision", sa.Integer, nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("author", sa.String(255), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True)),
        sa.Column("retry", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("predecessors", sa.Text, nullable=False),
        sa.Column("saved_revision", sa.Integer),
        sa.Column("saved_version", sa.Integer),
        sa.Column("saved_instance", sa.String(64)),
        sa.Column("saved_time", sa.DateTime(timezone=True)),
        sa.Column("holder", sa.String(36)),
        sa.Column("held_until", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("study_instance_uid", name="pk_finding_studies"),
    )
    op.create_index("ix_finding_studies_due", "finding_studies", ["due"])
    op.create_index("ix_finding_studies_retry", "finding_studies", ["retry"])
    op.create_table(
        "finding_versions",
        sa.Column("study_instance_uid", sa.String(64), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("instance", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("author", sa.String(255), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("predecessors", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("study_instance_uid", "revision", name="pk_finding_versions"),
    )


def downgrade() -> None:
    """Drop them; what no report has yet is lost."""
    op.drop_table("finding_versions")
    op.drop_table("finding_studies")
    op.drop_table("findings")
