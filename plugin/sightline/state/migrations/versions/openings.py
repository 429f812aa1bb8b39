"""Which studies each user has opened."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "openings",
        sa.Column("user_name", sa.String(255), nullable=False),
        sa.Column("study_instance_uid", sa.String(64), nullable=False),
        sa.Column("opened", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_name", "study_instance_uid", name="pk_openings"),
    )


def downgrade() -> None:
    """Drop it; every study is new again."""
    op.drop_table("openings")
