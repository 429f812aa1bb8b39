"""Which frames readers marked as key images, and the documents in which they are stored."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "key_images",
        sa.Column("study_instance_uid", sa.String(64), nullable=False),
        sa.Column("author", sa.String(255), nullable=False),
        sa.Column("sop_instance_uid", sa.String(64), nullable=False),
        sa.Column("frame", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("series_instance_uid", sa.String(64), nullable=False),
        sa.Column("title", sa.String(16), nullable=False),
        sa.Column("author_name", sa.String(255), nullable=False),
        sa.Column("marked", moment, nullable=False),
        sa.PrimaryKeyConstraint("study_instance_uid", "author", "sop_instance_uid", "frame", name="pk_key_images"),
    )
    op.create_table(
        "key_documents",
        sa.Column("study_instance_uid", sa.String(64), nullable=False),
        sa.Column("author", sa.String(255), nullable=False),
        sa.Column("title", sa.String(16), nullable=False),
        sa.Column("author_name", sa.String(255), nullable=False),
        sa.Column("changed", moment, nullable=False),
        sa.Column("saved_change", moment),
        sa.Column("series_instance_uid", sa.String(64)),
        sa.Column("sop_instance_uid", sa.String(64)),
        sa.PrimaryKeyConstraint("study_instance_uid", "author", "title", name="pk_key_documents"),
    )
    op.create_index("ix_key_documents_changed", "key_documents", ["changed"])


def downgrade() -> None:
    """Drop them; what was not stored as a document is lost."""
    op.drop_table("key_documents")
    op.drop_table("key_images")
