"""Imaging orders, the map of codes, and what could not be read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "orders",
        sa.Column("accession_number", sa.String(16), nullable=False),
        sa.Column("study_instance_uid", sa.String(64), nullable=False),
        sa.Column("sender", sa.String(255), nullable=False),
        sa.Column("placer_key", sa.String(255), nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("modality", sa.String(16), nullable=False),
        sa.Column("scheduled", sa.DateTime(timezone=True)),
        sa.Column("received", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent", sa.DateTime(timezone=True)),
        sa.Column("is_looked_for", sa.Boolean, nullable=False),
        sa.Column("words", sa.String(512), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("accession_number", name="pk_orders"),
        sa.UniqueConstraint("study_instance_uid", name="uq_orders_study_instance_uid"),
    )
    op.create_index("uq_orders_line", "orders", ["sender", "placer_key", "line"], unique=True)
    op.create_index("ix_orders_status", "orders", ["status", "received"])
    op.create_index("ix_orders_is_looked_for", "orders", ["is_looked_for"])
    op.create_table(
        "order_studies",
        sa.Column("study_instance_uid", sa.String(64), nullable=False),
        sa.Column("accession_number", sa.String(16), nullable=False),
        sa.Column("problem", sa.String(32), nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("study_instance_uid", "accession_number", name="pk_order_studies"),
    )
    op.create_index("ix_order_studies_accession_number", "order_studies", ["accession_number"])
    op.create_table(
        "order_codes",
        sa.Column("sender", sa.String(255), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("modality", sa.String(16), nullable=False),
        sa.Column("station_aet", sa.String(16), nullable=False),
        sa.Column("station_name", sa.String(16), nullable=False),
        sa.Column("description", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("sender", "code", name="pk_order_codes"),
    )
    op.create_table(
        "held_messages",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("received", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_held_messages"),
    )
    op.create_index("ix_held_messages_sha256", "held_messages", ["sha256"])
    op.create_index("ix_held_messages_settled", "held_messages", ["settled"])
    op.create_table(
        "signing_keys",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_signing_keys"),
    )


def downgrade() -> None:
    """Drop them; orders that are open are lost to the worklist until they are sent again."""
    op.drop_table("signing_keys")
    op.drop_table("held_messages")
    op.drop_table("order_codes")
    op.drop_table("order_studies")
    op.drop_table("orders")
