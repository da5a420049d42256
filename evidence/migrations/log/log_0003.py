"""Alarms that all processes share."""

import sqlalchemy as sa
from alembic import op

revision = "log_0003"
down_revision = "log_0002"
branch_labels = None
depends_on = None

_WRITER = "jianzheng_writer"


def upgrade() -> None:
    op.create_table(
        "alarms",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("stops", sa.Integer, nullable=False),
        sa.Column("raised_ms", sa.BigInteger, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"""
            DO $$
            BEGIN
                IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{_WRITER}') THEN
                    GRANT SELECT, INSERT, UPDATE, DELETE ON alarms TO {_WRITER};
                END IF;
            END $$
            """  # noqa: S608 - a constant
        )
