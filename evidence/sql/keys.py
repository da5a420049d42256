"""`evidence.keyring.WrappedKeys` in rows, in a database (`part="keys"`) apart from everything they open."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from evidence.keyring import DataKey, Held, TenantKey
from evidence.sql.database import Database
from evidence.sql.schema import destroyed_keys, streams, tenant_keys, wrapped_keys
from evidence.sql.upsert import insert_new, upsert

# Made once: to build and to compare a statement costs more than to run it.
_one = select(wrapped_keys).where(
    wrapped_keys.c.stream == bindparam("stream"), wrapped_keys.c.name == bindparam("name")
)
_older = (
    select(wrapped_keys)
    .where(wrapped_keys.c.tenant == bindparam("tenant"), wrapped_keys.c.version < bindparam("version"))
    .order_by(wrapped_keys.c.stream, wrapped_keys.c.name)
    .limit(bindparam("limit"))
)
_destroyed = select(destroyed_keys).where(destroyed_keys.c.stream == bindparam("stream"))
_tenant_of = select(streams.c.tenant).where(streams.c.stream == bindparam("stream"))
_versions = select(tenant_keys).where(tenant_keys.c.tenant == bindparam("tenant"))
_newest = _versions.where(tenant_keys.c.newest == 1)
_version = _versions.where(tenant_keys.c.version == bindparam("version"))
_all_versions = select(tenant_keys).order_by(tenant_keys.c.tenant, tenant_keys.c.version)


class SqlKeys:
    """Whoever adds a data key and whoever adopts a tenant key wait for each other on the row of the newest version."""

    def __init__(self, database: Database) -> None:
        if database.part != "keys":
            raise ValueError("keys stand in a database of their own")
        self._database = database

    # --- data keys ---------------------------------------------------------------------------------------------------

    async def find(self, stream: str, name: str) -> DataKey | None:
        rows = await self._database.fetch(_one, {"stream": stream, "name": name})
        return _data_key(rows[0]) if rows else None

    async def add(self, stream: str, name: str, key: DataKey) -> DataKey | None:
        newest = tenant_keys.c.tenant == key.tenant, tenant_keys.c.newest == 1
        row = {"stream": stream, "name": name, "tenant": key.tenant, "version": key.version}
        row |= {"suite": key.suite, "wrapped": key.wrapped}

        async def work(connection: AsyncConnection) -> DataKey | None:
            # Shared: no rotation passes between this look and the commit.
            look = select(tenant_keys.c.version).where(*newest).with_for_update(read=True)
            if (await connection.execute(look)).scalar() != key.version:
                return None
            await connection.execute(insert_new(connection, wrapped_keys), row)
            return _data_key((await connection.execute(_one, {"stream": stream, "name": name})).one())

        return await self._database.writer.run(work)

    async def destroy(self, stream: str, names: Iterable[str], because: int = 0) -> int:
        wanted = tuple(names)

        async def work(connection: AsyncConnection) -> int:
            for name in wanted:
                kept = and_(destroyed_keys.c.stream == stream, destroyed_keys.c.name == name)
                before = (await connection.execute(select(destroyed_keys.c.because).where(kept))).scalar() or 0
                note = {"stream": stream, "name": name, "because": max(before, because)}
                await connection.execute(upsert(connection, destroyed_keys, ("stream", "name")), note)
            gone = wrapped_keys.c.stream == stream, wrapped_keys.c.name.in_(wanted)
            return (await connection.execute(delete(wrapped_keys).where(*gone))).rowcount

        count = await self._database.writer.run(work)
        await self._out_of_the_files()  # also when a try before this one came only as far as the line above
        return count

    async def destroyed(self, stream: str) -> dict[str, int]:
        rows = await self._database.fetch(_destroyed, {"stream": stream})
        return {row.name: row.because for row in rows}

    # --- whose -------------------------------------------------------------------------------------------------------

    async def place(self, stream: str, tenant: str) -> None:
        async def work(connection: AsyncConnection) -> None:
            await connection.execute(insert_new(connection, streams), {"stream": stream, "tenant": tenant})

        if await self.tenant_of(stream) is None:
            await self._database.writer.run(work)

    async def tenant_of(self, stream: str) -> str | None:
        rows = await self._database.fetch(_tenant_of, {"stream": stream})
        return rows[0].tenant if rows else None

    # --- tenant keys -------------------------------------------------------------------------------------------------

    async def newest(self, tenant: str) -> TenantKey | None:
        rows = await self._database.fetch(_newest, {"tenant": tenant})
        return _tenant_key(rows[0]) if rows else None

    async def tenant_key(self, tenant: str, version: int) -> TenantKey | None:
        rows = await self._database.fetch(_version, {"tenant": tenant, "version": version})
        return _tenant_key(rows[0]) if rows else None

    async def tenant_keys(self) -> list[TenantKey]:
        return [_tenant_key(row) for row in await self._database.fetch(_all_versions, {})]

    async def adopt(self, key: TenantKey) -> bool:
        of_tenant = tenant_keys.c.tenant == key.tenant

        async def work(connection: AsyncConnection) -> bool:
            last = select(func.max(tenant_keys.c.version)).where(of_tenant)
            if ((await connection.execute(last)).scalar() or 0) + 1 != key.version:
                return False
            before = and_(of_tenant, tenant_keys.c.newest == 1)
            await connection.execute(update(tenant_keys).where(before).values(newest=0))
            row = {"tenant": key.tenant, "version": key.version, "suite": key.suite, "wrapped": key.wrapped}
            row |= {"retired_ms": key.retired_ms, "newest": 1}
            return bool((await connection.execute(insert_new(connection, tenant_keys), row)).rowcount)

        return await self._database.writer.run(work)

    async def retire(self, tenant: str, version: int, retired_ms: int) -> None:
        under = wrapped_keys.c.tenant == tenant, wrapped_keys.c.version == version
        which = tenant_keys.c.tenant == tenant, tenant_keys.c.version == version, tenant_keys.c.newest == 0

        async def work(connection: AsyncConnection) -> bool:
            if (await connection.execute(select(func.count()).select_from(wrapped_keys).where(*under))).scalar():
                return False
            gone = update(tenant_keys).where(*which).values(wrapped=b"", retired_ms=retired_ms)
            return bool((await connection.execute(gone)).rowcount)

        if not await self._database.writer.run(work):
            raise ValueError("a tenant key in use is not retired")
        await self._out_of_the_files()

    async def older(self, tenant: str, version: int, limit: int) -> list[Held]:
        rows = await self._database.fetch(_older, {"tenant": tenant, "version": version, "limit": limit})
        return [Held(stream=row.stream, name=row.name, key=_data_key(row)) for row in rows]

    async def rewrap(self, held: Held, key: DataKey) -> bool:
        where = (
            wrapped_keys.c.stream == held.stream,
            wrapped_keys.c.name == held.name,
            wrapped_keys.c.wrapped == held.key.wrapped,
        )
        new = {"tenant": key.tenant, "version": key.version, "suite": key.suite, "wrapped": key.wrapped}

        async def work(connection: AsyncConnection) -> bool:
            return bool((await connection.execute(update(wrapped_keys).where(*where).values(**new))).rowcount)

        return await self._database.writer.run(work)

    async def _out_of_the_files(self) -> None:
        """Until the write-ahead log is folded back and cut, what was deleted is still in a file."""
        await self._database.fold()


def _data_key(row: Any) -> DataKey:
    return DataKey(tenant=row.tenant, version=row.version, suite=row.suite, wrapped=bytes(row.wrapped))


def _tenant_key(row: Any) -> TenantKey:
    return TenantKey(
        tenant=row.tenant,
        version=row.version,
        suite=row.suite,
        wrapped=bytes(row.wrapped),
        retired_ms=row.retired_ms,
    )
