"""`evidence.vault.Values` and `evidence.vault.WrappedKeys` in rows."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from evidence.errors import ObjectCorrupt, StorageFailed
from evidence.events import Commitment, Retention
from evidence.sql.database import Database
from evidence.sql.schema import disclosures, secrets, wrapped_keys
from evidence.sql.upsert import insert_new, milliseconds, upsert


class SqlValues:
    """Encrypted values and verifiers of short-lived secrets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, stream: str, rows: Sequence[tuple[Commitment, Retention, bytes]]) -> None:
        if not rows:
            return
        values = [
            {"stream": stream, "commitment": commitment, "retention": retention, "sealed": sealed}
            for commitment, retention, sealed in rows
        ]

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(disclosures.insert(), values)

        await self._database.writer.run(work)

    async def get(self, stream: str, commitments: Sequence[Commitment]) -> dict[Commitment, tuple[Retention, bytes]]:
        if not commitments:
            return {}
        wanted = disclosures.c.stream == stream, disclosures.c.commitment.in_(commitments)
        rows = await _fetch(self._database, select(disclosures).where(*wanted))
        return {row.commitment: (row.retention, bytes(row.sealed)) for row in rows}

    async def delete(self, stream: str, commitments: Iterable[Commitment]) -> int:
        wanted = tuple(commitments)
        if not wanted:
            return 0

        async def work(connection: AsyncConnection) -> int:
            gone = disclosures.c.stream == stream, disclosures.c.commitment.in_(wanted)
            return (await connection.execute(delete(disclosures).where(*gone))).rowcount

        return await self._database.writer.run(work)

    async def delete_class(self, stream: str, retention: Retention) -> int:
        async def work(connection: AsyncConnection) -> int:
            gone = disclosures.c.stream == stream, disclosures.c.retention == retention
            return (await connection.execute(delete(disclosures).where(*gone))).rowcount

        return await self._database.writer.run(work)

    async def remember(self, key: str, mac: bytes, expires: datetime) -> None:
        async def work(connection: AsyncConnection) -> None:
            row = {"key": key, "mac": mac, "expires_ms": milliseconds(expires)}
            await connection.execute(upsert(connection, secrets, ("key",)), row)

        await self._database.writer.run(work)

    async def recall(self, key: str, now: datetime) -> bytes | None:
        wanted = secrets.c.key == key, secrets.c.expires_ms > milliseconds(now)
        rows = await _fetch(self._database, select(secrets.c.mac).where(*wanted))
        return bytes(rows[0].mac) if rows else None

    async def forget(self, key: str) -> None:
        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(secrets).where(secrets.c.key == key))

        await self._database.writer.run(work)


class SqlKeys:
    """Wrapped data keys, in a database (`part="keys"`) apart from everything they open."""

    def __init__(self, database: Database) -> None:
        if database.part != "keys":
            raise ValueError("keys stand in a database of their own")
        self._database = database

    async def find(self, stream: str, name: str) -> bytes | None:
        return await self._find(stream, name)

    async def add(self, stream: str, name: str, wrapped: bytes) -> bytes:
        async def work(connection: AsyncConnection) -> None:
            row = {"stream": stream, "name": name, "wrapped": wrapped}
            await connection.execute(insert_new(connection, wrapped_keys), row)

        await self._database.writer.run(work)
        kept = await self._find(stream, name)
        if kept is None:
            raise ObjectCorrupt("a key was destroyed while it was made")
        return kept

    async def destroy(self, stream: str, names: Iterable[str]) -> int:
        wanted = tuple(names)

        async def work(connection: AsyncConnection) -> int:
            gone = wrapped_keys.c.stream == stream, wrapped_keys.c.name.in_(wanted)
            return (await connection.execute(delete(wrapped_keys).where(*gone))).rowcount

        count = await self._database.writer.run(work)
        if count and self._database.dialect == "sqlite":
            # Until the write-ahead log is folded back and cut, the key is still in a file.
            async with self._database.engine.connect() as connection:
                driver = (await connection.get_raw_connection()).driver_connection
                assert driver is not None
                await driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return count

    async def _find(self, stream: str, name: str) -> bytes | None:
        wanted = wrapped_keys.c.stream == stream, wrapped_keys.c.name == name
        rows = await _fetch(self._database, select(wrapped_keys.c.wrapped).where(*wanted))
        return bytes(rows[0].wrapped) if rows else None


async def _fetch(database: Database, statement: Any) -> Sequence[Any]:
    try:
        async with database.engine.connect() as connection:
            return (await connection.execute(statement)).all()
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        raise StorageFailed(type(error).__name__) from error
