"""Runs the migrations on the connection that `evidence.sql.migrate` hands over; there is no other way in."""

from alembic import context

config = context.config
context.configure(
    connection=config.attributes["connection"],
    version_table=config.attributes["version_table"],
)
with context.begin_transaction():
    context.run_migrations()
