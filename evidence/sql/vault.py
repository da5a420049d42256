"""`evidence.vault.Values` in rows."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from evidence.events import Commitment, Retention
from evidence.sql.database import Database
from evidence.sql.schema import disclosures, secrets
from evidence.sql.upsert import milliseconds, upsert

# Made once: to build and to compare a statement costs more than to run it.
_of_stream = disclosures.c.stream == bindparam("stream")
_found = select(disclosures).where(_of_stream, disclosures.c.commitment.in_(bindparam("wanted", expanding=True)))
_of_class = select(disclosures.c.commitment).where(_of_stream, disclosures.c.retention == bindparam("retention"))
_secret = select(secrets.c.mac).where(secrets.c.key == bindparam("key"), secrets.c.expires_ms > bindparam("now_ms"))


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
        rows = await self._database.fetch(_found, {"stream": stream, "wanted": list(commitments)})
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
        rows = await self._database.fetch(_of_class, {"stream": stream, "retention": retention})
        return [row.commitment for row in rows]

    async def remember(self, key: str, mac: bytes, expires: datetime) -> None:
        async def work(connection: AsyncConnection) -> None:
            row = {"key": key, "mac": mac, "expires_ms": milliseconds(expires)}
            await connection.execute(upsert(connection, secrets, ("key",)), row)

        await self._database.writer.run(work)

    async def recall(self, key: str, now: datetime) -> bytes | None:
        rows = await self._database.fetch(_secret, {"key": key, "now_ms": milliseconds(now)})
        return bytes(rows[0].mac) if rows else None

    async def forget(self, key: str) -> None:
        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(secrets).where(secrets.c.key == key))

        await self._database.writer.run(work)
