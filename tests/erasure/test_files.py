"""KYC-17: a destroyed key does not stay in the files of the database that held it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from api.health import Health
from api.keeper import OVERWRITE_EVERY, Keeper
from evidence.custody import rotate
from evidence.errors import StorageFailed
from evidence.ledger import Ledger
from evidence.sql import Database, SqlKeyFiles, SqlKeys, SqlLeases
from evidence.vault import Vault
from tests import servers
from tests.erasure.conftest import Finished
from tests.evidence.fakes import CountedRandom, FixedClock, MemoryLog, MemoryObjects, MemoryValues

STREAM = "case_wiped"
NEIGHBOURS = 40


class Rows:
    """A key database with a key to destroy among others, and its files."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder
        self.keys = SqlKeys(database)
        self.vault = Vault(MemoryObjects(), self.keys, MemoryValues(), b"m" * 32, CountedRandom("wipe"))

    async def plant(self) -> bytes:
        """The wrapped bytes of the key to destroy."""
        for number in range(NEIGHBOURS):
            await self.vault.hide(f"case_{number}", "identity", {"name": "李"})
        await self.vault.hide(STREAM, "identity", {"name": "欧阳建国"})
        found = await self.keys.find(STREAM, "identity")
        assert found is not None
        return found.wrapped

    async def holding(self, wanted: bytes) -> list[str]:
        """Table files that hold these bytes, once everything in memory was written out."""
        if self.database.dialect == "postgresql":
            engine = create_async_engine(self.database.url, isolation_level="AUTOCOMMIT")
            async with engine.connect() as connection:
                await connection.execute(text("CHECKPOINT"))
            await engine.dispose()
        return await asyncio.to_thread(_search, self.folder, wanted)


def _search(folder: Path, wanted: bytes) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if wanted in path.read_bytes()]


@pytest.fixture
async def rows(keys_url: str, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rows]:
    folder = tmp_path
    if keys_url.startswith("postgres"):
        server: servers.Server = request.getfixturevalue("postgres_server")
        if server.folder is None:
            pytest.skip("the files of a PostgreSQL of somebody else are out of reach")
        folder = server.folder / "data" / "base"
    database = await Database.open(keys_url, "keys")
    yield Rows(database, folder)
    await database.close()


async def test_a_destroyed_key_is_in_no_file_of_the_tables_after_they_were_written_anew(rows: Rows) -> None:
    wrapped = await rows.plant()
    assert await rows.holding(wrapped), "the search finds it while it is there"
    await rows.keys.destroy(STREAM, ("identity",), 7)
    if rows.database.dialect == "postgresql":
        assert await rows.holding(wrapped), "deleted from the table, and still in its file"
    assert await SqlKeyFiles(rows.database).overwrite() == (rows.database.dialect == "postgresql")
    assert await rows.holding(wrapped) == []
    assert await rows.vault.keyring.existing(STREAM, "identity") is None
    assert await rows.keys.destroyed(STREAM) == {"identity": 7}
    for number in range(NEIGHBOURS):
        assert await rows.vault.keyring.existing(f"case_{number}", "identity") is not None


async def test_a_plain_vacuum_would_not_be_enough(rows: Rows) -> None:
    """Why the tables are written anew; should a later PostgreSQL do better, this test says so."""
    if rows.database.dialect != "postgresql":
        return
    wrapped = await rows.plant()
    await rows.keys.destroy(STREAM, ("identity",), 7)
    engine = create_async_engine(rows.database.url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text("VACUUM wrapped_keys"))
    await engine.dispose()
    assert await rows.holding(wrapped)


async def test_the_bytes_of_a_retired_tenant_key_go_too(rows: Rows, clock: FixedClock) -> None:
    await rows.plant()
    (before,) = await rows.keys.tenant_keys()
    await rotate("operator", rows.vault.keyring, Ledger(MemoryLog()), clock)
    await SqlKeyFiles(rows.database).overwrite()
    assert await rows.holding(before.wrapped) == []


async def test_keys_are_read_and_made_while_the_tables_are_written_anew(rows: Rows) -> None:
    await rows.plant()
    over = asyncio.Event()

    async def work() -> int:
        done = 0
        while not over.is_set():
            done += 1
            await rows.vault.hide(f"case_new{done}", "identity", {"name": "李"})
            assert await rows.vault.keyring.existing(STREAM, "identity") is not None
        return done

    task = asyncio.create_task(work())
    for _ in range(5):
        await SqlKeyFiles(rows.database).overwrite()
        await asyncio.sleep(0.02)
    over.set()
    assert await task > 0


async def test_the_keeper_does_it_twice_a_day_in_one_process_and_again_where_it_failed(
    rows: Rows, finished: Finished, tmp_path: Path
) -> None:
    """In the product's own hands: the lease says when it was done last, whoever did it."""

    class Failing:
        times = 0

        async def overwrite(self) -> bool:
            self.times += 1
            raise StorageFailed("no quiet moment")

    log = await Database.open(f"sqlite:///{tmp_path}/leases.db")
    clock, leases, failing = finished.told.world.clock, SqlLeases(log), Failing()
    first, second, hindered = (
        Keeper(finished.ports, Health(clock), files, leases)
        for files in (SqlKeyFiles(rows.database), SqlKeyFiles(rows.database), failing)
    )
    for _ in range(2):
        with pytest.raises(StorageFailed):
            await hindered.overwrite_keys()
    assert failing.times == 2
    wrapped = await rows.plant()
    await rows.keys.destroy(STREAM, ("identity",), 7)
    needed = rows.database.dialect == "postgresql"
    assert await first.overwrite_keys() == needed
    assert await rows.holding(wrapped) == []
    for keeper in (first, second):
        assert await keeper.overwrite_keys() is False, "done a moment ago"
    clock.forward(OVERWRITE_EVERY.total_seconds() + 1)
    assert await second.overwrite_keys() == needed
    await log.close()
