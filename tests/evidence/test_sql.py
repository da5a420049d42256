"""What only a real database can get wrong: its guards, its order of commits, its migrations, its disk."""

import asyncio
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from evidence.checkpoint import Checkpoint, sign
from evidence.durable import one_at_a_time
from evidence.errors import ChainBroken, ClaimTaken, HeadMoved, StorageFailed, TooBusy
from evidence.events import Head
from evidence.files import FileObjects
from evidence.ledger import Ledger
from evidence.log import Claim
from evidence.sequencer import Sequencer
from evidence.sql import Database, SqlCheckpoints, SqlLog, migrate
from evidence.sql.database import Part, normal
from evidence.sql.log import POSITION_LOCK, PRUNED
from evidence.sql.schema import KEYS, LOG
from evidence.tiles import PublicNote
from tests.evidence.cases import chain, consent, head, notice, opened, stamp
from tests.evidence.fakes import FixedClock, verify_everything

START = Head()
LOG_KEY = Ed25519PrivateKey.from_private_bytes(b"l" * 32)
ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def owner(url: str) -> AsyncIterator[AsyncConnection]:
    """A connection with every right: the insider with the administrator's password (CONVENTIONS row 27)."""
    engine = create_async_engine(normal(url), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()


@asynccontextmanager
async def unguarded(url: str) -> AsyncIterator[AsyncConnection]:
    """The same, after the triggers were taken away."""
    async with owner(url) as connection:
        if connection.dialect.name == "sqlite":
            names = (await connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))).scalars()
            for name in names.all():
                await connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            await connection.execute(text("ALTER TABLE events DISABLE TRIGGER ALL"))
            await connection.execute(text("ALTER TABLE heads DISABLE TRIGGER ALL"))
        yield connection


@pytest.fixture
async def sql(database: Database, clock: FixedClock) -> SqlLog:
    log = SqlLog(database, clock)
    await log.append("case_a", START, chain("case_a", opened(), notice(), consent()))
    return log


# --- the guards -------------------------------------------------------------------------------------------------------

CHANGES = (
    "UPDATE events SET line = 'forged'",
    "UPDATE events SET line = line WHERE position = 99",
    "DELETE FROM events",
    "DELETE FROM events WHERE position = 99",
    "DELETE FROM heads",
    "UPDATE heads SET seq = 1",
    "UPDATE heads SET stream = 'case_b', seq = 9",
)


@pytest.mark.parametrize("change", CHANGES)
async def test_not_even_the_owner_changes_an_event_or_turns_a_head_back(
    sql: SqlLog, database_url: str, change: str
) -> None:  # EVD-03
    before = await sql.scan(0)
    async with owner(database_url) as connection:
        if "99" in change and connection.dialect.name == "sqlite":
            await connection.execute(text(change))  # touches no row: SQLite has only row triggers
        else:
            with pytest.raises(DBAPIError, match=r"never changed|only move forward"):
                await connection.execute(text(change))
    assert await sql.scan(0) == before


async def test_replacing_an_event_is_refused_too(sql: SqlLog, database_url: str) -> None:  # EVD-03
    if not database_url.startswith("sqlite"):
        async with owner(database_url) as connection:
            with pytest.raises(DBAPIError, match="never changed"):
                await connection.execute(text("TRUNCATE events"))
        return
    for column, value in (("position, stream, seq", "1, 'case_z', 1"), ("position, stream, seq", "9, 'case_a', 1")):
        async with owner(database_url) as connection:
            with pytest.raises(DBAPIError, match="never changed"):
                await connection.execute(text(f"INSERT OR REPLACE INTO events ({column}, line) VALUES ({value}, 'x')"))


async def test_the_application_has_no_right_to_change_events(
    database: Database, sql: SqlLog, database_url: str
) -> None:  # EVD-03
    if database_url.startswith("sqlite"):
        expected = "never changed"
    else:
        expected = "permission denied"
        async with database.engine.connect() as connection:
            assert (await connection.execute(text("SELECT current_user"))).scalar_one() == "jianzheng_writer"
    for change in ("UPDATE events SET line = 'forged'", "DELETE FROM events"):
        async with database.engine.connect() as connection:
            with pytest.raises(DBAPIError, match=expected):
                await connection.execute(text(change))
    if expected == "permission denied":
        for change in ("TRUNCATE events", "DELETE FROM heads", "ALTER TABLE events DISABLE TRIGGER ALL"):
            async with database.engine.connect() as connection:
                with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
                    await connection.execute(text(change))


# --- the insider who took the guards away -----------------------------------------------------------------------------


async def test_an_edited_row_is_found_by_the_next_cold_read(sql: SqlLog, database_url: str) -> None:  # EVD-02
    (line,) = (await sql.read("case_a"))[1:2]
    async with unguarded(database_url) as connection:
        forged = line.replace(b"privacy", b"piracy_")
        await connection.execute(text("UPDATE events SET line = :line WHERE seq = 2"), {"line": forged})
    with pytest.raises(ChainBroken) as found:
        await Ledger(sql).case("case_a")
    assert found.value.facts["seq"] == 3  # the first record that no longer follows


async def test_a_rewritten_last_event_is_found(sql: SqlLog, database_url: str) -> None:  # EVD-02
    lines = await sql.read("case_a")
    forged = chain("case_a", consent("face"), after=head(lines[:2]))[0]
    async with unguarded(database_url) as connection:
        await connection.execute(text("UPDATE events SET line = :line WHERE seq = 3"), {"line": forged})
    with pytest.raises(ChainBroken, match="not the one that was appended"):
        await sql.read("case_a")


async def test_a_tail_cut_off_the_events_is_found(sql: SqlLog, database_url: str) -> None:  # EVD-02
    async with unguarded(database_url) as connection:
        await connection.execute(text("DELETE FROM events WHERE seq = 3"))
    with pytest.raises(ChainBroken, match="does not end where it should"):
        await sql.read("case_a")


async def test_a_tail_cut_off_events_and_head_is_found_by_whoever_knew_it(sql: SqlLog, database_url: str) -> None:
    ledger = Ledger(sql)
    known = await ledger.case("case_a")
    lines = await sql.read("case_a")
    async with unguarded(database_url) as connection:
        await connection.execute(text("DELETE FROM events WHERE seq = 3"))
        cut = {"hash": head(lines[:2]).hash}
        await connection.execute(text("UPDATE heads SET seq = 2, hash = :hash"), cut)
    with pytest.raises(ChainBroken):
        await ledger.record("case_a", lambda _: (notice("late"),), stamp())
    with pytest.raises(HeadMoved):
        await sql.append("case_a", known.head, chain("case_a", notice("late"), after=known.head))


async def test_a_hole_is_found_by_reader_and_follower(sql: SqlLog, database_url: str) -> None:  # EVD-02
    async with unguarded(database_url) as connection:
        await connection.execute(text("DELETE FROM events WHERE seq = 2"))
    with pytest.raises(ChainBroken, match="missing"):
        await sql.read("case_a")
    with pytest.raises(ChainBroken, match="position 2 is missing"):
        await sql.scan(0)


async def test_two_whole_chains_swapped_are_found(sql: SqlLog, database_url: str) -> None:
    await sql.append("case_b", START, chain("case_b", opened()))
    async with unguarded(database_url) as connection:
        for table in ("events", "heads"):
            for old, new in (("case_a", "case_x"), ("case_b", "case_a"), ("case_x", "case_b")):
                await connection.execute(text(f"UPDATE {table} SET stream = '{new}' WHERE stream = '{old}'"))
    with pytest.raises(ChainBroken, match="another stream"):
        await Ledger(sql).case("case_a")


async def test_an_append_that_cannot_be_stored_takes_no_other_with_it(sql: SqlLog, database_url: str) -> None:
    async with unguarded(database_url) as connection:
        await connection.execute(text("DELETE FROM heads"))  # its events are still there and stand in the way
    results = await asyncio.gather(
        sql.append("case_b", START, chain("case_b", opened())),
        sql.append("case_a", START, chain("case_a", opened())),
        sql.append("case_c", START, chain("case_c", opened(), notice())),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [Head, StorageFailed, Head]
    assert len(await sql.read("case_c")) == 2


# --- claims -----------------------------------------------------------------------------------------------------------


async def claimed(database: Database) -> set[str]:
    return {row.digest for row in await database.fetch(text("SELECT digest FROM claims"), {})}


async def test_expired_claims_go_a_few_with_every_few_that_come(
    database: Database, sql: SqlLog, clock: FixedClock
) -> None:
    """Else every refusal ever sealed would stay in the table that each append asks."""

    async def claim(number: int, lasting: bool = False) -> None:
        expires = None if lasting else clock() + timedelta(minutes=2)
        wanted = Claim(tenant="", kind="refusal", digest=f"d{number}", expires=expires)
        await sql.append(f"case_{number}", START, chain(f"case_{number}", opened()), [wanted])

    await claim(0, lasting=True)
    for number in range(1, 11):
        await claim(number)
    clock.forward(6 * 60)  # over, but not for as long as clocks may differ
    await claim(11)
    assert len(await claimed(database)) == 12
    clock.forward(2 * 60)
    await claim(12)
    assert len(await claimed(database)) == 13 - PRUNED, "bounded: nobody waits for a cleaning of everything"
    for number in range(13, 16):
        await claim(number)
    assert await claimed(database) == {"d0", "d11", "d12", "d13", "d14", "d15"}


async def test_claims_are_put_back_once(database: Database, sql: SqlLog) -> None:
    lost = [Claim(tenant="demo", kind="frame", digest="d1"), Claim(tenant="demo", kind="strokes", digest="d2")]
    assert await sql.claim_again("case_a", 2, lost) == 2
    assert await sql.claim_again("case_a", 2, lost) == 0
    with pytest.raises(ClaimTaken):
        await sql.append("case_b", START, chain("case_b", opened()), lost[1:])


# --- several processes ------------------------------------------------------------------------------------------------


async def test_a_lower_position_that_commits_late_is_never_skipped(
    database: Database, sql: SqlLog, database_url: str, clock: FixedClock
) -> None:
    """A second writer holds position 4 without committing: nobody may see position 5 before it."""
    (line,) = chain("case_slow", opened())
    slow = create_async_engine(normal(database_url))
    async with slow.connect() as connection:
        if database.dialect == "postgresql":
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({POSITION_LOCK})"))
        insert = text("INSERT INTO events (position, stream, seq, line) VALUES (4, 'case_slow', 1, :line)")
        await connection.execute(insert, {"line": line})
        await connection.execute(
            text("INSERT INTO heads (stream, seq, hash) VALUES ('case_slow', 1, :hash)"), {"hash": head([line]).hash}
        )
        fast = asyncio.create_task(sql.append("case_fast", START, chain("case_fast", opened())))
        done, _ = await asyncio.wait({fast}, timeout=0.2)
        assert not done
        assert await sql.scan(3) == []
        await connection.commit()
    await fast
    assert [entry.stream for entry in await sql.scan(3)] == ["case_slow", "case_fast"]
    await slow.dispose()


async def test_two_processes_never_fork_a_stream_or_share_a_position(
    database: Database, database_url: str, clock: FixedClock
) -> None:  # EVD-03
    other = Database(database_url)
    logs = SqlLog(database, clock), SqlLog(other, clock)
    results = await asyncio.gather(
        *(
            logs[n % 2].append(f"case_{n // 4}", START, chain(f"case_{n // 4}", opened(), notice(f"n{n}")))
            for n in range(80)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Head) for result in results) == 20
    assert sum(isinstance(result, HeadMoved) for result in results) == 60
    assert len(await verify_everything(logs[0])) == 20
    await other.close()


async def test_an_event_of_another_process_is_noticed_without_being_told(
    database: Database, sql: SqlLog, database_url: str, clock: FixedClock
) -> None:
    other = Database(database_url)
    await SqlLog(other, clock).append("case_b", START, chain("case_b", opened()))
    await sql.wait(3)  # comes back by itself
    assert [entry.stream for entry in await sql.scan(3)] == ["case_b"]
    await other.close()


# --- the checkpoint's row ---------------------------------------------------------------------------------------------


def note(size: int) -> bytes:
    return sign(Checkpoint("jianzheng.test/log", size, bytes([size]) * 32), LOG_KEY)


class Meeting(SqlCheckpoints):
    """Two that swap wait for each other first: both have written their tiles and signed."""

    barrier: asyncio.Barrier

    async def swap(self, old: bytes | None, new: bytes) -> None:
        await self.barrier.wait()
        await super().swap(old, new)


async def test_of_two_sequencers_on_one_database_exactly_one_publishes(
    database: Database, database_url: str, clock: FixedClock, tmp_path: Path
) -> None:  # attack 28
    """Each with the database of its own process, over one folder of tiles, and a log that grows under both."""
    bases = [database, Database(database_url)]
    logs = [SqlLog(base, clock) for base in bases]
    rows = [Meeting(base, "signed", PublicNote(tmp_path / "checkpoint")) for base in bases]
    rows[0].barrier = rows[1].barrier = asyncio.Barrier(2)
    tiles = FileObjects(tmp_path / "log")
    sequencers = [
        Sequencer(log, tiles, row, "jianzheng.test/log", LOG_KEY) for log, row in zip(logs, rows, strict=True)
    ]
    for round_ in range(5):
        await logs[0].append(f"case_{round_}", START, chain(f"case_{round_}", opened(), notice(), consent()))
        entries = await logs[1].scan(3 * round_)
        both = await asyncio.gather(*(one.take(entries) for one in sequencers), return_exceptions=True)
        assert sorted(type(item).__name__ for item in both) == ["Checkpoint", "HeadMoved"]
        for sequencer in sequencers:
            assert (await sequencer.catch_up()).size == 3 * (round_ + 1)
    assert (tmp_path / "checkpoint").read_bytes() == await rows[0].load() == await rows[1].load()
    await bases[1].close()


async def test_a_checkpoints_row_only_moves_forward(database: Database, database_url: str, tmp_path: Path) -> None:
    row = SqlCheckpoints(database, "signed", PublicNote(tmp_path / "checkpoint"))
    assert await row.load() is None
    await row.swap(None, note(3))
    for old in (None, note(2)):
        with pytest.raises(HeadMoved):
            await row.swap(old, note(4))
    await row.swap(note(3), note(5))
    assert await row.load() == note(5)
    with pytest.raises(StorageFailed):
        await row.swap(note(5), note(4))
    async with owner(database_url) as connection:
        for change in ("DELETE FROM checkpoints", "UPDATE checkpoints SET size = 1"):
            with pytest.raises(DBAPIError, match=r"never changed|only move forward"):
                await connection.execute(text(change))


async def test_a_row_put_back_to_last_week_does_not_count(database: Database, tmp_path: Path) -> None:  # attack 28
    """The public file stands outside the database: it knows more, and nothing is signed over what it does not know."""
    public = PublicNote(tmp_path / "checkpoint")
    row = SqlCheckpoints(database, "signed", public)
    await row.swap(None, note(3))
    await public.publish(note(7))
    assert await row.load() == note(7)
    with pytest.raises(HeadMoved):
        await row.swap(note(3), note(8))
    await row.swap(note(7), note(8))
    assert await row.load() == note(8)


async def test_the_public_file_of_an_older_head_or_of_nothing_is_no_reason(database: Database, tmp_path: Path) -> None:
    public = PublicNote(tmp_path / "checkpoint")
    row = SqlCheckpoints(database, "signed", public)
    await row.swap(None, note(3))
    for seen in (note(2), b"not a checkpoint"):
        await public.publish(seen)
        assert await row.load() == note(3)


# --- the disk ---------------------------------------------------------------------------------------------------------


async def test_a_full_disk_is_an_error_for_everyone_who_waited_and_loses_nothing_answered(
    tmp_path: Path, clock: FixedClock
) -> None:  # row 30
    database = await Database.open(f"sqlite:///{tmp_path}/log.db")
    log = SqlLog(database, clock)
    await log.append("case_a", START, chain("case_a", opened()))

    async def limit(pages: int) -> None:
        async def work(connection: AsyncConnection) -> None:
            await connection.execute(text(f"PRAGMA max_page_count = {pages}"))

        await database.writer.run(work)

    await database.engine.dispose()  # the limit belongs to a connection: from here on there is one
    await limit(1)
    appends = [log.append(f"case_{n}", START, chain(f"case_{n}", opened())) for n in range(20)]
    results = await asyncio.gather(*appends, return_exceptions=True)
    assert {type(result) for result in results} == {StorageFailed}
    assert await log.newest() == 1
    await limit(1_000_000)
    await log.append("case_b", START, chain("case_b", opened()))
    assert set(await verify_everything(log)) == {"case_a", "case_b"}
    await database.close()


async def test_a_disk_that_stands_still_makes_new_appends_wait_outside(
    tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evidence.sql.log.MAX_WAITING", 30)
    url = f"sqlite:///{tmp_path}/log.db"
    database = await Database.open(url)
    log = SqlLog(database, clock)
    async with owner(url) as connection:
        await connection.execute(text("BEGIN IMMEDIATE"))  # somebody else holds the file
        tasks = [asyncio.create_task(log.append(f"case_{n}", START, chain(f"case_{n}", opened()))) for n in range(30)]
        await asyncio.sleep(0)
        with pytest.raises(TooBusy):
            await log.append("case_late", START, chain("case_late", opened()))
        await connection.execute(text("ROLLBACK"))
    await asyncio.gather(*tasks)
    await log.append("case_late", START, chain("case_late", opened()))  # room again
    assert len(await verify_everything(log)) == 31
    await database.close()


async def test_closing_finishes_what_was_submitted_and_refuses_the_rest(tmp_path: Path, clock: FixedClock) -> None:
    url = f"sqlite:///{tmp_path}/log.db"
    database = await Database.open(url)
    log = SqlLog(database, clock)
    tasks = [asyncio.create_task(log.append(f"case_{n}", START, chain(f"case_{n}", opened()))) for n in range(30)]
    await asyncio.sleep(0)
    await database.close()
    assert [head.seq for head in await asyncio.gather(*tasks)] == [1] * 30
    with pytest.raises(StorageFailed):
        await log.append("case_late", START, chain("case_late", opened()))
    again = await Database.open(url)
    assert len(await verify_everything(SqlLog(again, clock))) == 30
    await again.close()


CRASH = """
import asyncio, sys
from datetime import UTC, datetime
from evidence.events import Head
from evidence.sql import Database, SqlLog
from tests.evidence.cases import chain, notice, opened

async def appender(log, name):
    lines = chain(name, opened(), *(notice(f"n{n}") for n in range(400)))
    head = Head()
    for line in lines:
        head = await log.append(name, head, [line])
        print(name, head.seq, head.hash, flush=True)

async def main():
    log = SqlLog(await Database.open(sys.argv[1]), lambda: datetime.now(UTC))
    await asyncio.gather(*(appender(log, f"case_{n}.{sys.argv[2]}") for n in range(8)))

asyncio.run(main())
"""


def _killed_while_appending(url: str, turn: str) -> list[str]:
    """What a writer had answered when it was killed, one line each; the last may be cut."""
    command = [sys.executable, "-c", CRASH, url, turn]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(60)]
        process.kill()
        return told + process.stdout.readlines()


async def test_after_kill_9_every_answered_event_is_there_and_no_chain_forked(
    database_url: str, clock: FixedClock
) -> None:  # EVD-03
    for turn in range(2):
        told = await asyncio.to_thread(_killed_while_appending, database_url, str(turn))
        database = await Database.open(database_url)
        log = SqlLog(database, clock)
        stored = await verify_everything(log)
        for answer in told:
            if answer.endswith("\n"):
                stream, seq, hash_ = answer.split()
                assert stored[stream][int(seq) - 1].hash == hash_
        assert len(told) >= 60
        await database.close()


# --- migrations -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["log", "keys"])
async def test_migrations_end_at_the_tables_the_adapters_use(database_url: str, part: Part) -> None:
    await asyncio.gather(*(migrate(database_url, part) for _ in range(3)))  # processes that start together
    await migrate(database_url, part)  # and once more, for nothing

    def differences(connection: Connection) -> list[object]:
        options = {
            "compare_type": True,
            "include_object": lambda _1, name, kind, _2, _3: not str(name).endswith("_version"),
        }
        return list(
            compare_metadata(MigrationContext.configure(connection, opts=options), LOG if part == "log" else KEYS)
        )

    async with owner(database_url) as connection:
        assert await connection.run_sync(differences) == []


async def test_a_first_start_waits_while_another_is_starting(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'log.db'}"  # SQLite says "locked" at once to who comes while its journal changes
    with one_at_a_time(tmp_path):
        second = asyncio.create_task(migrate(url))
        assert await asyncio.wait([second], timeout=0.3) == (set(), {second})
        assert (tmp_path / "log.db").read_bytes() == b""
    await second
    assert (tmp_path / "log.db").read_bytes() != b""


def test_the_command_line_migrates_and_says_what_is_wrong(tmp_path: Path) -> None:
    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "evidence.sql", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    file = tmp_path / "new folder" / "50% log.db"
    done = run("upgrade", f"sqlite:///{file}")
    assert (done.returncode, done.stderr) == (0, "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    wrong = run("upgrade", "mysql://x/y")
    assert wrong.returncode == 1
    assert "sqlite:///<path> or postgresql://" in wrong.stderr


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://x/y"])
def test_a_database_that_cannot_keep_evidence_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="give sqlite"):
        Database(url)


async def test_a_commit_reaches_the_disk_before_its_answer(database: Database) -> None:
    """The settings that make it so; the disk itself is the operating system's word."""
    async with database.engine.connect() as connection:
        if database.dialect == "sqlite":
            assert (await connection.execute(text("PRAGMA journal_mode"))).scalar_one() == "wal"
            assert (await connection.execute(text("PRAGMA synchronous"))).scalar_one() == 2  # FULL
            assert (await connection.execute(text("PRAGMA secure_delete"))).scalar_one() == 1
        else:
            assert (await connection.execute(text("SHOW synchronous_commit"))).scalar_one() == "on"
