"""`evidence.fsck.source` on SQLite and PostgreSQL: reads and nothing else, beside a running service or after a crash.

SQLite is opened read-only and each call is a statement of its own: a long read would keep the write-ahead log from
being folded back.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import bindparam, create_engine, exists, func, select, tuple_
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from evidence.errors import StorageFailed
from evidence.fsck.source import ClaimRow, KeyRow, Place, Value
from evidence.log import Entry
from evidence.sql.database import normal
from evidence.sql.schema import checkpoints, claims, destroyed_keys, disclosures, events, heads, wrapped_keys

_entries = (
    select(events.c.position, events.c.stream, events.c.seq, events.c.line)
    .where(events.c.position > bindparam("after"), events.c.position <= bindparam("upto"))
    .order_by(events.c.position)
    .limit(bindparam("limit"))
)
_places = (
    select(events.c.stream, events.c.seq, events.c.position, heads.c.seq.label("last"), heads.c.hash)
    .select_from(events.outerjoin(heads, heads.c.stream == events.c.stream))
    .where(
        tuple_(events.c.stream, events.c.seq) > tuple_(bindparam("stream"), bindparam("seq")),
        events.c.stream <= bindparam("upto"),
    )
    .order_by(events.c.stream, events.c.seq)
    .limit(bindparam("limit"))
)
_empty_heads = (
    select(heads.c.stream).where(~exists().where(events.c.stream == heads.c.stream)).limit(bindparam("limit"))
)
_rest = select(events.c.line).where(events.c.stream == bindparam("stream"), events.c.seq > bindparam("seq"))
_rest = _rest.order_by(events.c.seq)
_values = (
    select(disclosures.c.stream, disclosures.c.commitment, disclosures.c.retention)
    .where(tuple_(disclosures.c.stream, disclosures.c.commitment) > tuple_(bindparam("a"), bindparam("b")))
    .order_by(disclosures.c.stream, disclosures.c.commitment)
    .limit(bindparam("limit"))
)
_claims = (
    select(claims.c.tenant, claims.c.kind, claims.c.digest, claims.c.expires_ms, claims.c.stream, claims.c.seq)
    .where(
        tuple_(claims.c.digest, claims.c.kind, claims.c.tenant) > tuple_(bindparam("a"), bindparam("b"), bindparam("c"))
    )
    .order_by(claims.c.digest, claims.c.kind, claims.c.tenant)
    .limit(bindparam("limit"))
)


class _Reader:
    """One database, opened at the first question."""

    def __init__(self, url: str) -> None:
        """ValueError for a database we do not use."""
        self._url = url
        self._address = normal(url)
        self._sqlite: Engine | None = None
        self._server: AsyncEngine | None = None

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return type(self), (self._url,)

    async def close(self) -> None:
        if self._sqlite is not None:
            self._sqlite.dispose()
        if self._server is not None:
            await self._server.dispose()

    async def _fetch(self, statement: Any, values: Mapping[str, Any]) -> Sequence[Any]:
        try:
            if self._address.get_backend_name() == "sqlite":
                # Blocking: a check has its process for itself, and the way through a thread costs more than the read.
                if self._sqlite is None:
                    self._sqlite = _read_only(self._address)
                with self._sqlite.connect() as reading:
                    return reading.execute(statement, values).all()
            if self._server is None:
                settings = {"application_name": "jianzheng fsck", "default_transaction_read_only": "on"}
                self._server = create_async_engine(self._address, connect_args={"server_settings": settings})
            async with self._server.connect() as connection:
                return (await connection.execute(statement, values)).all()
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise StorageFailed(f"cannot read the database: {type(error).__name__}") from error


def _blob(stored: Any) -> bytes:
    """SQLite keeps in a row whatever somebody puts there; what is not bytes is nothing."""
    return bytes(stored) if isinstance(stored, bytes | memoryview) else b""


def _read_only(address: URL) -> Engine:
    path = quote(str(Path(address.database or "").absolute()))
    return create_engine(f"sqlite:///file:{path}?mode=ro&uri=true", isolation_level="AUTOCOMMIT")


class SqlAudit(_Reader):
    """`evidence.fsck.source.Source`."""

    async def newest(self) -> int:
        return int((await self._fetch(select(func.coalesce(func.max(events.c.position), 0)), {}))[0][0])

    async def entries(self, after: int, upto: int, limit: int) -> Sequence[Entry]:
        rows = await self._fetch(_entries, {"after": after, "upto": upto, "limit": limit})
        return [Entry(position=row[0], stream=row[1], seq=row[2], line=_blob(row[3])) for row in rows]

    async def places(self, after: tuple[str, int], upto: str, limit: int) -> Sequence[Place]:
        rows = await self._fetch(_places, {"stream": after[0], "seq": after[1], "upto": upto, "limit": limit})
        return [Place(*row) for row in rows]

    async def shares(self, count: int) -> Sequence[str]:
        last = (await self._fetch(select(func.max(events.c.stream)), {}))[0][0]
        if last is None:
            return []
        newest = await self.newest()
        marks = [newest * part // count for part in range(1, count)]
        among = select(events.c.stream).where(events.c.position.in_(marks), events.c.stream != last)
        return [*(row[0] for row in await self._fetch(among.distinct().order_by(events.c.stream), {})), last]

    async def empty_heads(self, limit: int) -> Sequence[str]:
        return [row[0] for row in await self._fetch(_empty_heads, {"limit": limit})]

    async def lines_after(self, stream: str, seq: int) -> Sequence[bytes]:
        return [_blob(row[0]) for row in await self._fetch(_rest, {"stream": stream, "seq": seq})]

    async def values(self, after: tuple[str, str], limit: int) -> Sequence[Value]:
        rows = await self._fetch(_values, {"a": after[0], "b": after[1], "limit": limit})
        return [Value(*row) for row in rows]

    async def claims(self, after: tuple[str, str, str], limit: int) -> Sequence[ClaimRow]:
        rows = await self._fetch(_claims, {"a": after[0], "b": after[1], "c": after[2], "limit": limit})
        return [ClaimRow(*row) for row in rows]

    async def checkpoint(self, name: str) -> bytes | None:
        rows = await self._fetch(select(checkpoints.c.note).where(checkpoints.c.name == name), {})
        return _blob(rows[0][0]) if rows else None


class SqlKeyAudit(_Reader):
    """`evidence.fsck.source.KeySource`."""

    async def keys(self, after: tuple[str, str], limit: int) -> Sequence[KeyRow]:
        columns = wrapped_keys.c.stream, wrapped_keys.c.name
        ordered = select(*columns).where(tuple_(*columns) > tuple_(*after)).order_by(*columns).limit(limit)
        return [KeyRow(row[0], row[1], None) for row in await self._fetch(ordered, {})]

    async def destroyed(self, after: tuple[str, str], limit: int) -> Sequence[KeyRow]:
        columns = destroyed_keys.c.stream, destroyed_keys.c.name
        wanted = select(*columns, destroyed_keys.c.because).where(tuple_(*columns) > tuple_(*after))
        return [KeyRow(*row) for row in await self._fetch(wanted.order_by(*columns).limit(limit), {})]
