"""One alarm for all processes: raised once, heard by everybody, ended by a person."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from api import alarms as command
from api.alarms import AlarmBoard
from api.followers import _Learning
from api.health import Health
from evidence.alarms import Alarm
from evidence.errors import StorageFailed
from evidence.log import Entry
from evidence.sql import Database, SqlAlarms
from tests.evidence.fakes import FixedClock


@pytest.fixture(params=("sqlite", "postgresql"))
def log_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/log.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def shared(log_url: str) -> AsyncIterator[SqlAlarms]:
    database = await Database.open(log_url)
    yield SqlAlarms(database)
    await database.close()


async def test_what_one_process_finds_every_other_hears_and_only_a_person_ends(
    shared: SqlAlarms, clock: FixedClock, caplog: pytest.LogCaptureFixture
) -> None:
    finder, other = Health(clock), Health(clock)
    boards = [AlarmBoard(shared, health) for health in (finder, other)]
    for board in boards:
        await board.start()
    finder.alarm("monitor", "line, position 7: another event than the one that was signed")
    assert not finder.sound
    assert other.sound
    with caplog.at_level(logging.CRITICAL, "jianzheng.alarm"):
        for board in boards:
            await board.exchange()
    assert "monitor, of another process: line, position 7" in caplog.text
    assert not other.sound
    assert other.report()["alarms"] == finder.report()["alarms"]
    restarted = Health(clock)
    await AlarmBoard(shared, restarted).start()
    assert not restarted.sound, "a restart alone does not end it"
    assert await shared.take_away("monitor")
    assert not await shared.take_away("monitor")
    for board in boards:
        await board.exchange()
    assert other.sound
    assert not finder.sound, "who found it starts anew first"
    restarted = Health(clock)
    await AlarmBoard(shared, restarted).start()
    assert restarted.sound


async def test_an_alarm_about_one_case_is_shown_and_stops_nobody(shared: SqlAlarms, clock: FixedClock) -> None:
    health, other = Health(clock), Health(clock)
    health.alarm("contents", "content, case_a/3 media: stored value does not open", stops=False)
    await AlarmBoard(shared, health).exchange()
    await AlarmBoard(shared, other).exchange()
    assert health.sound
    assert other.sound
    assert set(other.report()["alarms"]) == {"contents"}


async def test_the_first_word_about_something_is_kept(shared: SqlAlarms) -> None:
    await shared.put(Alarm("log", "first", True, 1))
    await shared.put(Alarm("log", "second", False, 2))
    await shared.put(Alarm("witness", "third", True, 3))
    assert [(alarm.name, alarm.what, alarm.stops) for alarm in await shared.standing()] == [
        ("log", "first", True),
        ("witness", "third", True),
    ]


def test_a_person_sees_and_ends_an_alarm_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JIANZHENG_DATA", str(tmp_path))

    def run(*words: str) -> int:
        monkeypatch.setattr("sys.argv", ["alarms", *words])
        return command.main()

    async def raise_one() -> None:
        database = await Database.open(f"sqlite:///{tmp_path}/jianzheng.db")
        await SqlAlarms(database).put(Alarm("monitor", "line, position 7", True, 1))
        await database.close()

    assert run() == 0
    asyncio.run(raise_one())
    assert run() == 1
    assert capsys.readouterr().out == "monitor: line, position 7\n"
    assert run("clear", "other") == 1
    assert run("clear", "monitor") == 0
    assert run() == 0
    with pytest.raises(SystemExit):
        run("clear")


async def test_projections_go_on_after_storage_came_back() -> None:
    """A worker that learned nothing any more would answer from yesterday's lists for as long as it runs."""
    learned: list[int] = []

    class Failing:
        failing = True

        async def wait(self, after: int) -> None:
            await asyncio.sleep(0)

        async def newest(self) -> int:
            return 3

        async def scan(self, after: int, limit: int = 1000) -> list[Entry]:
            if self.failing:
                raise StorageFailed("away")
            return [Entry(position=after + 1, stream="case_a", seq=1, line=b"{}")] if after < 3 else []

    def learn(entries: Sequence[Entry]) -> None:
        learned.extend(entry.position for entry in entries)

    feed = Failing()
    learning = _Learning(feed, [learn], 0)
    with pytest.raises(StorageFailed):
        await learning.run()
    feed.failing = False
    task = asyncio.create_task(learning.run())
    for _ in range(20):
        await asyncio.sleep(0)
    task.cancel()
    assert learned == [1, 2, 3]
