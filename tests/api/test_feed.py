"""Followers of one process read the log together, in runs, and none of them misses an event."""

import asyncio

import pytest

from api import feed
from api.feed import Paced, Recent
from evidence.log import Entry


class CountingFeed:
    """A log that grows by hand and counts how often it was read."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.reads = 0
        self._grown = asyncio.Event()

    def grow(self, count: int) -> None:
        for _ in range(count):
            position = len(self.entries) + 1
            self.entries.append(Entry(position=position, stream="case_a", seq=position, line=b""))
        self._grown.set()
        self._grown = asyncio.Event()

    async def scan(self, after: int, limit: int = 1000) -> list[Entry]:
        self.reads += 1
        await asyncio.sleep(0)
        return self.entries[after : after + limit]

    async def newest(self) -> int:
        return len(self.entries)

    async def wait(self, after: int) -> None:
        if len(self.entries) <= after:
            await self._grown.wait()


async def follow(paced: Paced, upto: int, limit: int) -> tuple[list[int], int]:
    """The positions in the order they came, and in how many runs."""
    seen: list[int] = []
    runs = 0
    while len(seen) < upto:
        entries = await paced.scan(len(seen), limit)
        if not entries:
            await paced.wait(len(seen))
            continue
        seen += [entry.position for entry in entries]
        runs += 1
    return seen, runs


async def test_followers_see_every_event_once_in_order_and_read_the_log_together() -> None:
    log = CountingFeed()
    recent = Recent(log)
    limits = (3, 7, 500, 1000)
    followers = [asyncio.create_task(follow(Paced(recent), 100, limit)) for limit in limits]
    for count in (1, 9, 40, 50):
        log.grow(count)
        await asyncio.sleep(0.01)
    done = await asyncio.gather(*followers)
    assert [seen for seen, _ in done] == [list(range(1, 101))] * len(limits)


async def test_who_is_as_far_gets_what_another_read() -> None:
    log = CountingFeed()
    log.grow(10)
    recent = Recent(log)
    first, second, behind = Paced(recent), Paced(recent), Paced(recent)
    assert await first.scan(4) == await second.scan(4) == log.entries[4:]
    assert log.reads == 1
    assert await behind.scan(8) == log.entries[8:]
    assert log.reads == 1
    assert await behind.scan(0) == log.entries
    assert await first.scan(10) == []  # there may be more by now: the log is asked
    assert log.reads == 3


async def test_what_comes_in_between_is_taken_in_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "PACE_S", 0.2)
    log = CountingFeed()
    follower = asyncio.create_task(follow(Paced(Recent(log)), 31, 1000))
    await asyncio.sleep(0)
    log.grow(1)  # after a pause: at once
    for _ in range(30):
        await asyncio.sleep(0)
        log.grow(1)
    seen, runs = await follower
    assert len(seen) == 31
    assert runs < 6


async def test_a_backlog_is_worked_off_without_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "PACE_S", 3600.0)
    log = CountingFeed()
    log.grow(1000)
    seen, runs = await asyncio.wait_for(follow(Paced(Recent(log)), 1000, 10), 60)
    assert (len(seen), runs) == (1000, 100)
