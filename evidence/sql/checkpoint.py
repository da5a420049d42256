"""`evidence.sequencer.Checkpoints`: the row beside the events, and the public file that stands outside the database."""

from typing import Protocol

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from evidence.checkpoint import split_note
from evidence.errors import HeadMoved, NotVerified
from evidence.sql.database import Database
from evidence.sql.schema import checkpoints
from evidence.sql.upsert import insert_new


class Public(Protocol):
    """Where everybody reads the note: `evidence.tiles.PublicNote`."""

    async def load(self) -> bytes | None: ...

    async def publish(self, note: bytes) -> None: ...


class SqlCheckpoints:
    """Swaps in one transaction, so of two sequencers on one database exactly one publishes.

    What counts is the newer of row and public file. A database put back to last week brings its row with it; the file
    stays, the log does not reach it, and nothing more is signed.
    """

    def __init__(self, database: Database, name: str, public: Public) -> None:
        self._database = database
        self._name = name
        self._public = public

    async def load(self) -> bytes | None:
        public = await self._public.load()
        rows = await self._database.fetch(select(checkpoints.c.note).where(checkpoints.c.name == self._name), {})
        return _newer(bytes(rows[0].note) if rows else None, public)

    async def swap(self, old: bytes | None, new: bytes) -> None:
        public = await self._public.load()
        row = {"name": self._name, "size": _size(new), "note": new}
        mine = checkpoints.c.name == self._name

        async def work(connection: AsyncConnection) -> bool:
            found = (await connection.execute(select(checkpoints.c.note).where(mine).with_for_update())).scalar()
            if _newer(None if found is None else bytes(found), public) != old:
                return False
            if found is None:
                return bool((await connection.execute(insert_new(connection, checkpoints), row)).rowcount)
            return bool((await connection.execute(update(checkpoints).where(mine).values(row))).rowcount)

        if not await self._database.writer.run(work):
            raise HeadMoved("another sequencer moved the checkpoint")

    async def publish(self, note: bytes) -> None:
        await self._public.publish(note)


def _newer(row: bytes | None, public: bytes | None) -> bytes | None:
    return public if _size(public) > _size(row) else row


def _size(note: bytes | None) -> int:
    """-1 for none, and for what is no note: whoever opens it says what is wrong with it."""
    try:
        return -1 if note is None else split_note(note)[0].size
    except NotVerified:
        return -1
