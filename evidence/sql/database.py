"""One database: its engine, its one writer, and its migrations."""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal, Self

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from evidence.durable import Folders, one_at_a_time, sync_folder
from evidence.errors import StorageFailed
from evidence.sql.writer import Writer

Part = Literal["log", "keys"]

FOLDS = 5  # tries at the write-ahead log
READERS = 4  # threads that read; SQLite in WAL mode lets them go on beside the writer

_MIGRATIONS = Path(__file__).parent.parent / "migrations"
_MIGRATION_LOCK = 0x6A7A_6D69  # "jzmi": of pg_advisory_xact_lock

_PRAGMAS = (
    "busy_timeout = 10000",  # ms; first, because the next one may have to wait for another process
    "journal_mode = WAL",
    "synchronous = FULL",  # an answer leaves only after the fsync
    "fullfsync = ON",  # macOS: plain fsync does not reach the disk there
    "foreign_keys = ON",
    "recursive_triggers = ON",  # else REPLACE deletes without asking the triggers
    "secure_delete = ON",  # what was erased is overwritten in the file
)

# Gives up the owner's rights for the whole session, where the migrations could make the role.
_TAKE_ROLE = """
    SELECT set_config('role', rolname, false) FROM pg_roles
    WHERE rolname = 'jianzheng_writer' AND pg_has_role(session_user, oid, 'MEMBER')
"""


class Database:
    """An engine and the one writer of this process. Adapters of one database share it.

    `url`: `sqlite:///path` or `postgresql://…`, with or without a driver. `part`: which tables stand in it.
    """

    def __init__(self, url: str, part: Part = "log") -> None:
        self.url = normal(url)
        self.part = part
        self.engine = _engine(self.url, as_writer=part == "log")
        self.writer = Writer(self.engine, self.fold)
        self._reader = _sqlite_reader(self.url) if self.dialect == "sqlite" else None
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reads")
        self._folding = asyncio.Lock()

    @classmethod
    async def open(cls, url: str, part: Part = "log") -> Self:
        """Bring the tables up to date, then open. StorageFailed when the database cannot be reached."""
        await migrate(url, part)
        return cls(url, part)

    @property
    def dialect(self) -> str:
        return self.engine.dialect.name

    async def fetch(self, statement: Any, values: Mapping[str, Any]) -> Sequence[Any]:
        """Rows of one read; StorageFailed when it cannot be done. SQLite answers from a thread of ours: through the
        asynchronous driver the same row takes four hops between threads and four times the CPU (490 µs against 130).
        """
        try:
            if self._reader is None:
                async with self.engine.connect() as connection:
                    return (await connection.execute(statement, values)).all()
            return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, statement, values)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            # The class alone: the text of a database error quotes the row.
            raise StorageFailed(type(error).__name__) from error

    def _read(self, statement: Any, values: Mapping[str, Any]) -> Sequence[Any]:
        assert self._reader is not None
        with self._reader.connect() as connection:
            return connection.execute(statement, values).all()

    async def fold(self) -> None:
        """SQLite: put the write-ahead log into the file, sync it, cut the log, and keep the names of both.

        StorageFailed when a reader held it up for too long. PostgreSQL stops by itself when a sync fails.
        """
        if self.dialect != "sqlite":
            return
        # One at a time: a second checkpoint beside the first is told "busy" at once, however patient it is.
        async with self._folding:
            for _ in range(FOLDS):
                if not await self._fold():
                    return
                await asyncio.sleep(0.02)  # a write that folds by itself holds the same lock for a moment
        raise StorageFailed("the write-ahead log is in use")

    async def _fold(self) -> bool:
        """Whether somebody was in the way."""
        try:
            async with self.engine.connect() as connection:
                driver = (await connection.get_raw_connection()).driver_connection
                assert driver is not None
                # SQLite syncs the folder too, but goes on when that fails: so it must not be the first.
                await asyncio.to_thread(sync_folder, Path(self.url.database or "").parent)
                async with driver.execute("PRAGMA wal_checkpoint(TRUNCATE)") as cursor:
                    busy, _, _ = await cursor.fetchone()
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise StorageFailed(f"cannot fold the write-ahead log: {type(error).__name__}") from error
        return bool(busy)

    async def close(self) -> None:
        """Finish what was submitted, then let go of the connections."""
        await self.writer.close()
        self._readers.shutdown()
        if self._reader is not None:
            self._reader.dispose()
        await self.engine.dispose()


async def migrate(url: str, part: Part = "log") -> None:
    """Run the migrations that are missing, in one transaction; processes that start together wait for each other."""
    address = normal(url)
    engine = _engine(address, as_writer=False)
    with ExitStack() as held:
        try:
            if address.get_backend_name() == "sqlite":
                path = Path(address.database or "")
                await asyncio.to_thread(_make_file, path)
                # Where two meet while one of them turns the write-ahead log on, SQLite says "locked" and does not wait.
                await asyncio.to_thread(held.enter_context, one_at_a_time(path.parent))
            async with engine.connect() as connection:
                await connection.execution_options(immediate=True)
                async with connection.begin():
                    if engine.dialect.name == "postgresql":
                        await connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
                    await connection.run_sync(_upgrade, part)
        except (SQLAlchemyError, OSError) as error:
            raise StorageFailed(f"cannot migrate: {type(error).__name__}") from error
        finally:
            await engine.dispose()


def normal(url: str) -> URL:
    """The address with the asynchronous driver we use. ValueError for a database we do not."""
    address = make_url("postgresql://" + url.removeprefix("postgres://") if url.startswith("postgres://") else url)
    match address.get_backend_name():
        case "sqlite" if address.database and address.database != ":memory:":
            return address.set(drivername="sqlite+aiosqlite")
        case "postgresql":
            return address.set(drivername="postgresql+asyncpg")
        case other:
            raise ValueError(f"{other}: give sqlite:///<path> or postgresql://…")


def _upgrade(connection: Connection, part: Part) -> None:
    config = Config()
    config.set_main_option("path_separator", "newline")
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("version_locations", str(_MIGRATIONS / part).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["version_table"] = f"{part}_version"
    command.upgrade(config, "head")


def _make_file(path: Path) -> None:
    Folders().make(path.parent)
    path.touch(mode=0o600)  # SQLite gives its journal the rights of the file


def _engine(url: URL, *, as_writer: bool) -> AsyncEngine:
    if url.get_backend_name() == "sqlite":
        engine = create_async_engine(url, pool_size=4, max_overflow=4)
        event.listen(engine.sync_engine, "connect", _sqlite_connected)
        event.listen(engine.sync_engine, "begin", _sqlite_begin)
        return engine
    engine = create_async_engine(
        url,
        pool_size=8,
        max_overflow=8,
        pool_pre_ping=True,
        connect_args={
            "timeout": 10,  # s
            "command_timeout": 30,  # s
            "server_settings": {
                "application_name": "jianzheng",
                "synchronous_commit": "on",
                "lock_timeout": "10000",  # ms
                "idle_in_transaction_session_timeout": "30000",  # ms
            },
        },
    )
    if as_writer:
        event.listen(engine.sync_engine, "connect", _become_writer)
    return engine


def _sqlite_reader(url: URL) -> Engine:
    """Connections that only read: each statement is its own moment, so there is no transaction to begin or end."""
    engine = create_engine(
        url.set(drivername="sqlite"), isolation_level="AUTOCOMMIT", pool_size=READERS, max_overflow=0
    )
    event.listen(engine, "connect", _sqlite_reads_only)
    return engine


def _sqlite_reads_only(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("query_only=1", *(pragma for pragma in _PRAGMAS if pragma.startswith("busy_timeout"))):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_connected(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves; the driver's own moment is too late
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    # A transaction that reads first and writes later can lose its place; a writer takes the lock at once.
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _become_writer(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(_TAKE_ROLE)
    cursor.close()
    connection.commit()
