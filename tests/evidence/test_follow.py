"""Followers: at least once, in commit order, one worker at a time, whatever fails."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from evidence.errors import StorageFailed
from evidence.events import Head
from evidence.follow import Leases, Positions, Progress, follow
from evidence.log import Entry
from evidence.sql import Database, SqlLeases, SqlLog, SqlPositions
from tests.evidence.cases import chain, notice, opened
from tests.evidence.fakes import FixedClock, MemoryLeases, MemoryLog, MemoryPositions

AnyLog = MemoryLog | SqlLog
SOON = (0.001, 0.002)  # s between tries


@pytest.fixture
def positions(store: Database | None) -> Positions:
    return MemoryPositions() if store is None else SqlPositions(store)


@pytest.fixture
def leases(store: Database | None) -> Leases:
    return MemoryLeases() if store is None else SqlLeases(store)


class Seen:
    """A handler that remembers, and fails when told to."""

    def __init__(self) -> None:
        self.positions: list[int] = []
        self.failures = 0
        self.inside = 0
        self.most_inside = 0
        self.grown = asyncio.Event()

    async def __call__(self, entries: Sequence[Entry]) -> None:
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        try:
            await asyncio.sleep(0)
            if self.failures:
                self.failures -= 1
                raise RuntimeError("the outside is down")
            self.positions += [entry.position for entry in entries]
            self.grown.set()
        finally:
            self.inside -= 1

    async def until(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.positions) < count:
                self.grown.clear()
                await self.grown.wait()


class Told(list[Progress]):
    """Everything that was reported."""

    def __init__(self) -> None:
        super().__init__()
        self.grown = asyncio.Event()

    def __call__(self, progress: Progress) -> None:
        self.append(progress)
        self.grown.set()

    async def until(self, enough: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not enough():
                self.grown.clear()
                await self.grown.wait()


@asynccontextmanager
async def running(*workers: "asyncio.Task[None]") -> AsyncIterator[None]:
    try:
        yield
    finally:
        for worker in workers:
            worker.cancel()
        results = await asyncio.gather(*workers, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results)


def worker(
    log: AnyLog, positions: Positions, leases: Leases, seen: Seen, clock: FixedClock, **rest: object
) -> "asyncio.Task[None]":
    given: dict[str, object] = {"holder": "w1", "now": clock, "backoff_s": SOON, **rest}
    return asyncio.create_task(follow("index", log, positions, leases, seen, **given))  # type: ignore[arg-type]


async def grow(log: AnyLog, stream: str, count: int) -> None:
    await log.append(stream, Head(), chain(stream, opened(), *(notice(f"n{n}") for n in range(count - 1))))


async def test_everything_is_seen_once_in_commit_order(
    log: AnyLog, positions: Positions, leases: Leases, clock: FixedClock
) -> None:
    seen = Seen()
    await grow(log, "case_a", 7)
    async with running(worker(log, positions, leases, seen, clock, batch=3)):
        await seen.until(7)
        await grow(log, "case_b", 2)
        await seen.until(9)
    assert seen.positions == list(range(1, 10))


async def test_a_new_worker_goes_on_where_the_last_one_saved(
    log: AnyLog, positions: Positions, leases: Leases, clock: FixedClock
) -> None:
    seen, told = Seen(), Told()
    await grow(log, "case_a", 5)
    async with running(worker(log, positions, leases, seen, clock, report=told)):
        await told.until(lambda: bool(told) and told[-1].position == 5)
    await grow(log, "case_b", 1)
    async with running(worker(log, positions, leases, seen, clock, holder="w2")):
        await seen.until(6)
    assert seen.positions == [1, 2, 3, 4, 5, 6]


async def test_a_handler_that_fails_gets_the_same_events_again_and_the_failure_is_told(
    log: AnyLog, positions: Positions, leases: Leases, clock: FixedClock
) -> None:
    seen, told = Seen(), Told()
    seen.failures = 3
    await grow(log, "case_a", 4)
    async with running(worker(log, positions, leases, seen, clock, report=told)):
        await seen.until(4)
        await told.until(lambda: told[-1].position == 4)
    assert seen.positions == [1, 2, 3, 4]
    assert [progress.failures for progress in told if progress.state == "failing"] == [1, 2, 3]
    failing = next(progress for progress in told if progress.state == "failing")
    assert (failing.position, failing.newest) == (0, 4)  # the lag
    assert (told[-1].state, told[-1].failures) == ("following", 0)


async def test_two_workers_never_work_at_the_same_time(
    log: AnyLog, positions: Positions, leases: Leases, clock: FixedClock
) -> None:
    seen = Seen()
    tasks = [worker(log, positions, leases, seen, clock, holder=f"w{n}", batch=1, lease_s=0.05) for n in range(3)]
    async with running(*tasks):
        for n in range(10):
            await grow(log, f"case_{n}", 2)
        await seen.until(20)
    assert seen.most_inside == 1
    assert seen.positions == list(range(1, 21))


async def test_a_worker_that_dies_is_replaced_when_its_lease_runs_out(
    log: AnyLog, positions: Positions, leases: Leases, clock: FixedClock
) -> None:
    until = clock() + timedelta(seconds=15)
    assert await leases.take("index", "dead", clock(), until) is not None
    seen, told = Seen(), Told()
    await grow(log, "case_a", 2)
    async with running(worker(log, positions, leases, seen, clock, lease_s=0.05, report=told)):
        await told.until(lambda: len(told) >= 2)
        assert {progress.state for progress in told} == {"standby"}
        assert seen.positions == []
        clock.forward(15)
        await seen.until(2)


async def test_a_worker_that_slept_through_its_lease_cannot_move_the_position(
    positions: Positions, leases: Leases, clock: FixedClock
) -> None:
    """The fencing token: the earlier term saves after the later one did."""
    late = await leases.take("index", "slow", clock(), clock() + timedelta(seconds=1))
    clock.forward(2)
    now = await leases.take("index", "fast", clock(), clock() + timedelta(seconds=1))
    assert late is not None
    assert now is not None
    assert now.term > late.term
    assert await positions.save("index", 9, now)
    assert not await positions.save("index", 3, late)
    assert await positions.load("index") == 9
    await leases.release(late)  # not its own any more
    assert await leases.take("index", "third", clock(), clock() + timedelta(seconds=1)) is None


async def test_a_lease_is_renewed_by_its_holder_and_by_nobody_else(leases: Leases, clock: FixedClock) -> None:
    minute = timedelta(minutes=1)
    mine = await leases.take("index", "w1", clock(), clock() + minute)
    assert mine is not None
    again = await leases.take("index", "w1", clock(), clock() + 2 * minute)
    assert again is not None
    assert again.term == mine.term
    assert await leases.take("index", "w2", clock(), clock() + minute) is None
    assert await leases.take("other", "w2", clock(), clock() + minute) is not None
    await leases.release(again)
    assert await leases.take("index", "w2", clock(), clock() + minute) is not None


async def test_losing_the_lease_stops_the_work_in_the_middle(clock: FixedClock) -> None:
    log, positions, leases = MemoryLog(clock), MemoryPositions(), MemoryLeases()
    started, stopped = asyncio.Event(), asyncio.Event()

    async def handle(entries: Sequence[Entry]) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    await grow(log, "case_a", 1)
    async with running(worker(log, positions, leases, handle, clock, lease_s=0.03)):  # type: ignore[arg-type]
        await started.wait()
        clock.forward(60)
        assert await leases.take("index", "w2", clock(), clock() + timedelta(minutes=1)) is not None
        async with asyncio.timeout(20):
            await stopped.wait()
    assert await positions.load("index") == 0


async def test_storage_that_fails_for_a_while_only_delays(clock: FixedClock) -> None:
    class Shaky(MemoryLog):
        failures = 4

        async def scan(self, after: int, limit: int = 1000) -> list[Entry]:
            if self.failures:
                self.failures -= 1
                raise StorageFailed("gone for a moment")
            return await super().scan(after, limit)

    log, seen = Shaky(clock), Seen()
    await grow(log, "case_a", 3)
    async with running(worker(log, MemoryPositions(), MemoryLeases(), seen, clock)):
        await seen.until(3)
    assert seen.positions == [1, 2, 3]
