"""`evidence.log.Log` on SQLite and PostgreSQL.

Appends that wait together are written together. Positions are given out under one lock that is held until the commit,
so the order of positions is the order of commits: a follower with a saved position can never skip an event.
"""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, and_, any_, bindparam, delete, func, literal, select, text, tuple_
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from evidence.errors import ChainBroken, ClaimTaken, Error, HeadMoved, StorageFailed, TooBusy
from evidence.events import Head, line_hash
from evidence.log import Claim, Entry
from evidence.ports import Clock
from evidence.sql.database import Database
from evidence.sql.schema import claims, events, heads
from evidence.sql.upsert import insert_new, insert_rows, milliseconds
from evidence.sql.writer import Job

MAX_APPENDS = 500  # in one transaction
MAX_WAITING = 20_000  # appends; more than this means the disk stopped, and memory is no place to keep evidence
POLL_S = 0.5  # how late an event of another process may be noticed
POSITION_LOCK = 0x6A7A_706F  # "jzpo": of pg_advisory_xact_lock

PRUNED = 4  # expired claims that go for each one that comes
KEPT_MS = 5 * 60_000  # and how long after their end: clocks of two hosts differ

_ClaimKey = tuple[str, str, str]

_one = select(literal(1).label("one")).subquery()
_read = (
    select(heads.c.seq.label("last"), heads.c.hash, events.c.seq, events.c.line)
    .select_from(
        _one.outerjoin(heads, heads.c.stream == bindparam("stream")).outerjoin(
            events, and_(events.c.stream == bindparam("stream"), events.c.seq > bindparam("after"))
        )
    )
    .order_by(events.c.seq)
)
_scan = (
    select(events.c.position, events.c.stream, events.c.seq, events.c.line)
    .where(events.c.position > bindparam("after"))
    .order_by(events.c.position)
    .limit(bindparam("limit"))
)
_find = select(events.c.position, events.c.line).where(
    events.c.stream == bindparam("stream"), events.c.seq == bindparam("seq")
)
_newest = select(func.coalesce(func.max(events.c.position), 0))


class SqlLog:
    """The log, and the `evidence.follow.Feed` of its followers."""

    def __init__(self, database: Database, now: Clock) -> None:
        self._database = database
        self._now = now
        self._open: _Batch | None = None  # appends that wait for the writer
        self._waiting = 0  # appends that are not answered yet
        self._known = 0  # newest position this process committed
        self._grown = asyncio.Event()

    async def read(self, stream: str, after: int = 0) -> list[bytes]:
        rows = await self._fetch(_read, {"stream": stream, "after": after})
        return _checked(rows, after)

    async def append(self, stream: str, after: Head, lines: Sequence[bytes], claims: Sequence[Claim] = ()) -> Head:
        if not lines:
            raise ValueError("nothing to append")
        if self._waiting >= MAX_WAITING:
            raise TooBusy("too many appends wait")
        pending = _Append(stream, after, lines, claims)
        if self._open is None or len(self._open.appends) >= MAX_APPENDS:
            batch = _Batch(self, [])
            self._database.writer.submit(batch)
            self._open = batch
        self._open.appends.append(pending)
        self._waiting += 1
        return await pending.done

    async def scan(self, after: int, limit: int = 1000) -> list[Entry]:
        rows = await self._fetch(_scan, {"after": after, "limit": limit})
        for place, row in enumerate(rows, after + 1):
            if row.position != place:
                raise ChainBroken(f"position {place} is missing")
        return [Entry(position=row.position, stream=row.stream, seq=row.seq, line=bytes(row.line)) for row in rows]

    async def find(self, stream: str, seq: int) -> Entry | None:
        rows = await self._fetch(_find, {"stream": stream, "seq": seq})
        return Entry(position=rows[0].position, stream=stream, seq=seq, line=bytes(rows[0].line)) if rows else None

    async def claim_again(self, stream: str, seq: int, wanted: Sequence[Claim]) -> int:
        """Put back claims of an event that stands in the log already; how many were gone. For `api.reclaim`."""
        rows = [
            {
                "digest": claim.digest,
                "kind": claim.kind,
                "tenant": claim.tenant,
                "expires_ms": None if claim.expires is None else milliseconds(claim.expires),
                "stream": stream,
                "seq": seq,
            }
            for claim in wanted
        ]

        async def work(connection: AsyncConnection) -> int:
            done = [await connection.execute(insert_new(connection, claims), row) for row in rows]
            return sum(result.rowcount for result in done)

        return await self._database.writer.run(work) if rows else 0

    async def newest(self) -> int:
        return int((await self._fetch(_newest, {}))[0][0])

    async def wait(self, after: int) -> None:
        """As `evidence.follow.Feed.wait`: wakes at once for this process, by polling for others."""
        if self._known > after:
            return
        try:
            async with asyncio.timeout(POLL_S):
                await self._grown.wait()
        except TimeoutError:
            return

    async def _fetch(self, statement: Any, values: Mapping[str, Any]) -> Sequence[Any]:
        try:
            return await self._database.fetch(statement, values)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise StorageFailed(type(error).__name__) from error

    # --- what a batch needs of its log ---------------------------------------------------------------------------

    def started(self, batch: "_Batch") -> None:
        """From now on appends go to another batch."""
        if self._open is batch:
            self._open = None

    def now(self) -> datetime:
        return self._now()

    def settled(self, appends: int) -> None:
        self._waiting -= appends

    def committed(self, newest: int) -> None:
        self._known = max(self._known, newest)
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()


class _Append:
    """One call of `append`, until it is answered."""

    def __init__(self, stream: str, after: Head, lines: Sequence[bytes], wanted: Sequence[Claim]) -> None:
        self.stream, self.after, self.lines, self.claims = stream, after, lines, wanted
        self.head = Head(seq=after.seq + len(lines), hash=line_hash(lines[-1]))
        self.refusal: Error | None = None
        self.done: asyncio.Future[Head] = asyncio.get_running_loop().create_future()


class _Batch:
    """Many appends in one transaction: each is accepted or refused on its own, in the order they came."""

    def __init__(self, log: SqlLog, appends: list[_Append]) -> None:
        self._log = log
        self.appends = appends
        self._newest = 0

    async def execute(self, connection: AsyncConnection) -> None:
        self._log.started(self)
        if connection.dialect.name == "postgresql":
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({POSITION_LOCK})"))
        ends = await _heads(connection, {append.stream for append in self.appends})
        taken = await _claims(connection, {claim.digest for append in self.appends for claim in append.claims})
        position = int((await connection.execute(_newest)).scalar_one())
        rows: list[dict[str, Any]] = []
        moved: dict[str, Head] = {}
        claimed: dict[_ClaimKey, dict[str, Any]] = {}
        now = milliseconds(self._log.now())
        for append in self.appends:
            append.refusal = _refusal(append, ends.get(append.stream, Head()), taken, now)
            if append.refusal is not None:
                continue
            for seq, line in enumerate(append.lines, append.after.seq + 1):
                position += 1
                rows.append({"position": position, "stream": append.stream, "seq": seq, "line": line})
            ends[append.stream] = moved[append.stream] = append.head
            for claim in append.claims:
                expires = None if claim.expires is None else milliseconds(claim.expires)
                taken[_key(claim)] = expires
                claimed[_key(claim)] = {
                    "digest": claim.digest,
                    "kind": claim.kind,
                    "tenant": claim.tenant,
                    "expires_ms": expires,
                    "stream": append.stream,
                    "seq": append.after.seq + 1,
                }
        await _store(connection, rows, moved, list(claimed.values()))
        if claimed:
            await _prune(connection, now - KEPT_MS, PRUNED * len(claimed))
        self._newest = position

    def settle(self, failure: Exception | None) -> None:
        self._log.started(self)  # it may have failed before it could begin
        self._log.settled(len(self.appends))
        if failure is None:
            self._log.committed(self._newest)
        for append in self.appends:
            if append.done.done():  # whoever asked went away
                continue
            if failure is not None:
                append.done.set_exception(StorageFailed(str(failure)))
            elif append.refusal is not None:
                append.done.set_exception(append.refusal)
            else:
                append.done.set_result(append.head)

    def parts(self) -> Sequence[Job]:
        return [_Batch(self._log, [append]) for append in self.appends]


def _key(claim: Claim) -> _ClaimKey:
    return (claim.tenant, claim.kind, claim.digest)


def _refusal(append: _Append, end: Head, taken: Mapping[_ClaimKey, int | None], now: int) -> Error | None:
    if end != append.after:
        return HeadMoved(f"the stream ends at {end.seq}")
    seen: set[_ClaimKey] = set()
    for claim in append.claims:
        key = _key(claim)
        expires = taken.get(key, 0)
        if key in seen or expires is None or expires > now:
            return (claim.taken or ClaimTaken)(kind=claim.kind)
        seen.add(key)
    return None


async def _heads(connection: AsyncConnection, streams: set[str]) -> dict[str, Head]:
    statement = select(heads).where(_in(connection, heads.c.stream, streams))
    return {row.stream: Head(seq=row.seq, hash=row.hash) for row in await connection.execute(statement)}


async def _claims(connection: AsyncConnection, digests: set[str]) -> dict[_ClaimKey, int | None]:
    if not digests:
        return {}
    statement = select(claims).where(_in(connection, claims.c.digest, digests))
    return {(row.tenant, row.kind, row.digest): row.expires_ms for row in await connection.execute(statement)}


def _in(connection: AsyncConnection, column: ColumnElement[str], values: Iterable[str]) -> ColumnElement[bool]:
    filled = sorted(values)
    if connection.dialect.name == "postgresql":
        return column == any_(literal(filled, ARRAY(Text)))
    # Filled up to a power of two, so that a few prepared statements serve batches of every size.
    filled += filled[-1:] * ((1 << (len(filled) - 1).bit_length()) - len(filled))
    return column.in_(filled)


async def _store(
    connection: AsyncConnection, rows: list[dict[str, Any]], moved: Mapping[str, Head], claimed: list[dict[str, Any]]
) -> None:
    if not rows:
        return
    await insert_rows(connection, events, rows)
    ends = [{"stream": stream, "seq": head.seq, "hash": head.hash} for stream, head in moved.items()]
    await insert_rows(connection, heads, ends, ("stream",))
    if claimed:
        await insert_rows(connection, claims, claimed, ("digest", "kind", "tenant"))


async def _prune(connection: AsyncConnection, before: int, limit: int) -> None:
    """Forget claims that expired, a few with every few that are made: the table stays as large as what holds.

    Under the lock of the positions, so no append is deciding about one of them.
    """
    ended = select(claims.c.digest, claims.c.kind, claims.c.tenant).where(claims.c.expires_ms <= before)
    ended = ended.order_by(claims.c.expires_ms).limit(limit)
    key = tuple_(claims.c.digest, claims.c.kind, claims.c.tenant)
    await connection.execute(delete(claims).where(key.in_(ended)))


def _checked(rows: Sequence[Any], after: int) -> list[bytes]:
    """The lines of `_read`, or ChainBroken: that they follow without a hole and end where the stream does."""
    lines: list[bytes] = []
    last, end = rows[0].last, rows[0].hash
    for row in rows:
        if row.seq is None:
            break
        if row.seq != after + len(lines) + 1:
            raise ChainBroken("an event is missing", seq=after + len(lines) + 1)
        lines.append(bytes(row.line))
    if after + len(lines) != (last or 0):
        raise ChainBroken("the stream does not end where it should", seq=after + len(lines) + 1)
    if lines and hashlib.sha256(lines[-1]).hexdigest() != end:
        raise ChainBroken("the last event is not the one that was appended", seq=after + len(lines))
    return lines
