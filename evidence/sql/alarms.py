"""`evidence.alarms.Alarms` in rows."""

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from evidence.alarms import Alarm
from evidence.errors import StorageFailed
from evidence.sql.database import Database
from evidence.sql.schema import alarms
from evidence.sql.upsert import insert_new


class SqlAlarms:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, alarm: Alarm) -> None:
        row = {"name": alarm.name, "what": alarm.what, "stops": int(alarm.stops), "raised_ms": alarm.raised_ms}

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(insert_new(connection, alarms), row)

        await self._database.writer.run(work)

    async def standing(self) -> tuple[Alarm, ...]:
        try:
            rows = await self._database.fetch(select(alarms).order_by(alarms.c.raised_ms, alarms.c.name), {})
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise StorageFailed(type(error).__name__) from error
        return tuple(Alarm(row.name, row.what, bool(row.stops), row.raised_ms) for row in rows)

    async def take_away(self, name: str) -> bool:
        async def work(connection: AsyncConnection) -> bool:
            return bool((await connection.execute(delete(alarms).where(alarms.c.name == name))).rowcount)

        return await self._database.writer.run(work)
