"""`evidence.follow.Positions` and `evidence.follow.Leases` in rows."""

from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from evidence.errors import StorageFailed
from evidence.follow import Lease
from evidence.sql.database import Database
from evidence.sql.schema import followers, leases
from evidence.sql.upsert import insert_new, milliseconds


class SqlPositions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, name: str) -> int:
        try:
            async with self._database.engine.connect() as connection:
                found = await connection.execute(select(followers.c.position).where(followers.c.name == name))
                return int(found.scalar_one_or_none() or 0)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise StorageFailed(type(error).__name__) from error

    async def save(self, name: str, position: int, lease: Lease) -> bool:
        async def work(connection: AsyncConnection) -> bool:
            await connection.execute(insert_new(connection, followers), {"name": name, "position": 0, "term": 0})
            mine = followers.c.name == name, followers.c.term <= lease.term
            done = await connection.execute(update(followers).where(*mine).values(position=position, term=lease.term))
            return done.rowcount == 1

        return await self._database.writer.run(work)


class SqlLeases:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, name: str, holder: str, now: datetime, until: datetime) -> Lease | None:
        async def work(connection: AsyncConnection) -> Lease | None:
            fresh = {"name": name, "holder": "", "term": 0, "until_ms": 0}
            await connection.execute(insert_new(connection, leases), fresh)
            row = (await connection.execute(select(leases).where(leases.c.name == name).with_for_update())).one()
            free = row.until_ms <= milliseconds(now)
            if not free and row.holder != holder:
                return None
            term = row.term + 1 if free else row.term
            taken = {"holder": holder, "term": term, "until_ms": milliseconds(until)}
            await connection.execute(update(leases).where(leases.c.name == name).values(taken))
            return Lease(name=name, holder=holder, term=term, until=until.astimezone(UTC))

        return await self._database.writer.run(work)

    async def release(self, lease: Lease) -> None:
        async def work(connection: AsyncConnection) -> None:
            mine = leases.c.name == lease.name, leases.c.term == lease.term
            await connection.execute(update(leases).where(*mine).values(holder="", until_ms=0))

        await self._database.writer.run(work)
