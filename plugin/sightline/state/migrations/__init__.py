"""Alembic's migrations of Sightline's own tables; they run by themselves when the database is opened."""
