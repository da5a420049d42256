"""Tenant keys between the master key and the data keys; whose stream is whose; what was destroyed, and why."""

import sqlalchemy as sa
from alembic import op

revision = "keys_0002"
down_revision = "keys_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Version 0: wrapped by the master key itself, until the next rotation.
    op.add_column("wrapped_keys", sa.Column("tenant", sa.Text, nullable=False, server_default="operator"))
    op.add_column("wrapped_keys", sa.Column("version", sa.Integer, nullable=False, server_default="0"))
    op.add_column("wrapped_keys", sa.Column("suite", sa.Text, nullable=False, server_default="international"))
    op.create_index("wrapped_keys_tenant_version", "wrapped_keys", ["tenant", "version"])
    op.create_table(
        "tenant_keys",
        sa.Column("tenant", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("suite", sa.Text, nullable=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("retired_ms", sa.BigInteger),
        sa.Column("newest", sa.Integer, nullable=False),
    )
    op.create_table(
        "streams",
        sa.Column("stream", sa.Text, primary_key=True),
        sa.Column("tenant", sa.Text, nullable=False),
    )
    op.create_table(
        "destroyed_keys",
        sa.Column("stream", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("because", sa.Integer, nullable=False),
    )
