"""What Alembic runs around the migrations: they use the connection, and the transaction, of `open_database`."""

from __future__ import annotations

from alembic import context

from sightline.state.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter a column in place
)
with context.begin_transaction():
    context.run_migrations()
