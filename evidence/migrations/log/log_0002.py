"""The signed checkpoint beside the events it covers; claims that expired can go."""

import sqlalchemy as sa
from alembic import op

revision = "log_0002"
down_revision = "log_0001"
branch_labels = None
depends_on = None

_WRITER = "jianzheng_writer"
_BACK = "NEW.name <> OLD.name OR NEW.size < OLD.size"


def upgrade() -> None:
    op.create_index("claims_expires", "claims", ["expires_ms"])
    op.create_table(
        "checkpoints",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER checkpoints_only_forward BEFORE UPDATE ON checkpoints FOR EACH ROW "
            f"WHEN ({_BACK}) EXECUTE FUNCTION jianzheng_refuse()"
        )
        op.execute(
            "CREATE TRIGGER checkpoints_never_deleted BEFORE DELETE OR TRUNCATE ON checkpoints "
            "FOR EACH STATEMENT EXECUTE FUNCTION jianzheng_refuse()"
        )
        op.execute(
            f"""
            DO $$
            BEGIN
                IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{_WRITER}') THEN
                    GRANT SELECT, INSERT, UPDATE ON checkpoints TO {_WRITER};
                    GRANT DELETE ON claims TO {_WRITER};
                END IF;
            END $$
            """  # noqa: S608 - a constant
        )
        return
    op.execute(
        f"CREATE TRIGGER checkpoints_only_forward BEFORE UPDATE ON checkpoints WHEN {_BACK} "
        "BEGIN SELECT RAISE(ABORT, 'checkpoints only move forward'); END"
    )
    op.execute(
        "CREATE TRIGGER checkpoints_no_delete BEFORE DELETE ON checkpoints "
        "BEGIN SELECT RAISE(ABORT, 'checkpoints only move forward'); END"
    )
