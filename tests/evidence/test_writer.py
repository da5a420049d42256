"""What the group commit does after a failure: nothing, until what is there is known to be on the disk."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from evidence.errors import HeadMoved, StorageFailed
from evidence.events import Head
from evidence.sql import Database, SqlLog
from evidence.sql.writer import Writer
from tests.evidence.cases import chain, head, notice, opened
from tests.evidence.fakes import FixedClock


class Ground:
    """Counts how often it was asked, and fails as often as it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.failures = 0

    async def __call__(self) -> None:
        self.asked += 1
        if self.failures:
            self.failures -= 1
            raise StorageFailed("the disk is gone")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(f"sqlite:///{tmp_path}/log.db")
    yield database
    await database.close()


async def one(connection: AsyncConnection) -> int:
    return int((await connection.execute(text("SELECT 1"))).scalar_one())


async def broken(connection: AsyncConnection) -> int:
    return int((await connection.execute(text("SELECT nothing"))).scalar_one())


async def test_the_ground_is_laid_before_the_first_write_and_not_again(database: Database) -> None:
    ground = Ground()
    writer = Writer(database.engine, ground)
    assert [await writer.run(one) for _ in range(3)] == [1, 1, 1]
    assert ground.asked == 1


async def test_after_a_failed_transaction_the_ground_is_laid_anew(database: Database) -> None:
    ground = Ground()
    writer = Writer(database.engine, ground)
    with pytest.raises(StorageFailed):
        await writer.run(broken)
    assert await writer.run(one) == 1
    assert ground.asked == 2


async def test_while_the_ground_fails_nothing_is_written_and_nothing_acknowledged(database: Database) -> None:
    ground = Ground()
    ground.failures = 3
    writer = Writer(database.engine, ground)
    ran = []

    async def work(connection: AsyncConnection) -> int:
        ran.append(await one(connection))
        return 1

    for _ in range(3):
        with pytest.raises(StorageFailed):
            await writer.run(work)
    assert ran == []
    assert await writer.run(work) == 1
    assert ran == [1]


async def test_a_lost_race_is_no_failure_of_the_disk(database: Database, clock: FixedClock) -> None:
    log, lines = SqlLog(database, clock), chain("case_a", opened(), notice())
    await log.append("case_a", Head(), lines[:1])
    ground = Ground()
    database.writer._ground = ground  # what would be asked from here on
    with pytest.raises(HeadMoved):
        await log.append("case_a", Head(), lines)
    await log.append("case_a", head(lines[:1]), lines[1:])
    assert ground.asked == 0


async def test_folding_empties_the_write_ahead_log_into_the_file(database: Database, tmp_path: Path) -> None:
    lines = chain("case_a", opened())
    await SqlLog(database, FixedClock()).append("case_a", Head(), lines)
    wal = tmp_path / "log.db-wal"
    assert wal.stat().st_size > 0
    await database.fold()
    assert wal.stat().st_size == 0
    assert lines[0] in (tmp_path / "log.db").read_bytes()


async def test_a_folder_whose_sync_fails_keeps_the_writer_from_beginning(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite itself goes on when the name of its write-ahead log could not be kept; with the name the log is lost."""

    def refuse(_: Path) -> None:
        raise OSError(5, "Input/output error")

    log, lines = SqlLog(database, FixedClock()), chain("case_a", opened())
    monkeypatch.setattr("evidence.sql.database.sync_folder", refuse)
    with pytest.raises(StorageFailed):
        await log.append("case_a", Head(), lines)
    monkeypatch.undo()
    assert (await log.append("case_a", Head(), lines)).seq == 1


async def test_a_reader_that_stays_holds_the_folding_up_and_is_named(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evidence.sql.database._PRAGMAS", ("busy_timeout = 10", "journal_mode = WAL"))
    await SqlLog(database, FixedClock()).append("case_a", Head(), chain("case_a", opened()))
    await database.engine.dispose()  # connections from here on wait for 10 ms only
    async with database.engine.connect() as reader, reader.begin():
        await reader.execute(text("SELECT count(*) FROM events"))
        await SqlLog(database, FixedClock()).append("case_b", Head(), chain("case_b", opened()))
        with pytest.raises(StorageFailed, match="in use"):
            await database.fold()
    await database.fold()


async def test_many_fold_at_once_and_nobody_is_turned_away(database: Database) -> None:
    await asyncio.gather(*(database.fold() for _ in range(20)))
