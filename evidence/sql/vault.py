"""`evidence.vault.Values` in rows."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from evidence.errors import StorageFailed
from evidence.events import Commitment, Retention
from evidence.sql.database import Database
from evidence.sql.schema import disclosures, secrets
from evidence.sql.upsert import milliseconds, upsert


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
        rows = await fetch(self._database, select(disclosures).where(*wanted))
        return {row.commitment: (row.retention, bytes(row.sealed)) for row in rows}

    async def delete(self, stream: str, commitments: Iterable[Commitment]) -> int:
        wanted = tuple(commitments)
        if not wanted:
            return 0

        async def work(connection: AsyncConnection) -> int:
            gone = disclosures.c.stream == stream, disclosures.c.commitment.in_(wanted)
            return (await connection.execute(delete(disclosures).where(*gone))).rowcount

        return await self._database.writer.run(work)

    async def commitments(self, stream: str, retention: Retention) -> list[Commitment]:
        wanted = disclosures.c.stream == stream, disclosures.c.retention == retention
        return [row.commitment for row in await fetch(self._database, select(disclosures.c.commitment).where(*wanted))]

    async def remember(self, key: str, mac: bytes, expires: datetime) -> None:
        async def work(connection: AsyncConnection) -> None:
            row = {"key": key, "mac": mac, "expires_ms": milliseconds(expires)}
            await connection.execute(upsert(connection, secrets, ("key",)), row)

        await self._database.writer.run(work)

    async def recall(self, key: str, now: datetime) -> bytes | None:
        wanted = secrets.c.key == key, secrets.c.expires_ms > milliseconds(now)
        rows = await fetch(self._database, select(secrets.c.mac).where(*wanted))
        return bytes(rows[0].mac) if rows else None

    async def forget(self, key: str) -> None:
        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(secrets).where(secrets.c.key == key))

        await self._database.writer.run(work)


async def fetch(database: Database, statement: Any) -> Sequence[Any]:
    try:
        async with database.engine.connect() as connection:
            return (await connection.execute(statement)).all()
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        raise StorageFailed(type(error).__name__) from error
