"""Events nobody can change, the heads of their streams, claims, hidden values, followers and leases."""

import sqlalchemy as sa
from alembic import op

revision = "log_0001"
down_revision = None
branch_labels = None
depends_on = None

_WRITER = "jianzheng_writer"
_POSITION = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _tables()
    if op.get_bind().dialect.name == "postgresql":
        _postgresql_guards()
        _postgresql_role()
    else:
        _sqlite_guards()


def _tables() -> None:
    op.create_table(
        "events",
        sa.Column("position", _POSITION, primary_key=True, autoincrement=False),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("line", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("stream", "seq", name="events_stream_seq"),
    )
    op.create_table(
        "heads",
        sa.Column("stream", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )
    op.create_table(
        "claims",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("tenant", sa.Text, primary_key=True),
        sa.Column("expires_ms", sa.BigInteger),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
    )
    op.create_table(
        "disclosures",
        sa.Column("stream", sa.Text, primary_key=True),
        sa.Column("commitment", sa.Text, primary_key=True),
        sa.Column("retention", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "secrets",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("mac", sa.LargeBinary, nullable=False),
        sa.Column("expires_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "followers",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("term", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("term", sa.BigInteger, nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
    )


def _sqlite_guards() -> None:
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER events_no_{verb.lower()} BEFORE {verb} ON events "
            "BEGIN SELECT RAISE(ABORT, 'events are never changed'); END"
        )
    # INSERT OR REPLACE deletes the row in its way without asking the trigger above.
    op.execute(
        "CREATE TRIGGER events_no_replace BEFORE INSERT ON events "
        "WHEN EXISTS (SELECT 1 FROM events WHERE position = NEW.position) "
        "OR EXISTS (SELECT 1 FROM events WHERE stream = NEW.stream AND seq = NEW.seq) "
        "BEGIN SELECT RAISE(ABORT, 'events are never changed'); END"
    )
    op.execute(
        "CREATE TRIGGER heads_only_forward BEFORE UPDATE ON heads "
        "WHEN NEW.stream <> OLD.stream OR NEW.seq <= OLD.seq "
        "BEGIN SELECT RAISE(ABORT, 'heads only move forward'); END"
    )
    op.execute(
        "CREATE TRIGGER heads_no_delete BEFORE DELETE ON heads "
        "BEGIN SELECT RAISE(ABORT, 'heads only move forward'); END"
    )


def _postgresql_guards() -> None:
    op.execute(
        "CREATE FUNCTION jianzheng_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is never changed', TG_TABLE_NAME; END $$"
    )
    # For each statement, so that one that would touch no row is refused too.
    op.execute(
        "CREATE TRIGGER events_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON events "
        "FOR EACH STATEMENT EXECUTE FUNCTION jianzheng_refuse()"
    )
    op.execute(
        "CREATE TRIGGER heads_only_forward BEFORE UPDATE ON heads FOR EACH ROW "
        "WHEN (NEW.stream <> OLD.stream OR NEW.seq <= OLD.seq) EXECUTE FUNCTION jianzheng_refuse()"
    )
    op.execute(
        "CREATE TRIGGER heads_never_deleted BEFORE DELETE OR TRUNCATE ON heads "
        "FOR EACH STATEMENT EXECUTE FUNCTION jianzheng_refuse()"
    )


def _postgresql_role() -> None:
    """The role the application works as. Where roles may not be created, the triggers stand alone: say so to the DBA.

    CREATE ROLE jianzheng_writer NOLOGIN; GRANT jianzheng_writer TO <application user>; then the grants below.
    """
    op.execute(
        f"""
        DO $$
        BEGIN
            BEGIN
                CREATE ROLE {_WRITER} NOLOGIN;
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN NULL;
                WHEN insufficient_privilege THEN
                    RAISE WARNING 'role {_WRITER} cannot be created: only triggers protect the events';
            END;
            IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{_WRITER}') THEN
                IF NOT pg_has_role(current_user, '{_WRITER}', 'MEMBER') THEN
                    BEGIN
                        EXECUTE format('GRANT {_WRITER} TO %I', current_user);
                    EXCEPTION WHEN insufficient_privilege THEN
                        RAISE WARNING 'role {_WRITER} is not granted to %', current_user;
                    END;
                END IF;
                EXECUTE format('GRANT USAGE ON SCHEMA %I TO {_WRITER}', current_schema());
                GRANT SELECT, INSERT ON events TO {_WRITER};
                GRANT SELECT, INSERT, UPDATE ON heads, claims, followers, leases TO {_WRITER};
                GRANT SELECT, INSERT, UPDATE, DELETE ON disclosures, secrets TO {_WRITER};
            END IF;
        END $$
        """  # noqa: S608 - a constant
    )
