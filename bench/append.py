"""How many durable events a second the log takes, and how soon they are published, beside what the disk alone can do.

Durable writes vary tenfold on the same disk within minutes, so a figure without the fsync floor of its own run says
nothing. Run alone: `python -m bench.append`.
"""

import asyncio
import hashlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.feed import Paced, Recent
from bench.table import Metric, rendered
from evidence.events import Head
from evidence.files import FileObjects
from evidence.follow import Handle, follow
from evidence.log import Entry
from evidence.sequencer import Sequencer
from evidence.sql import Database, SqlCheckpoints, SqlLeases, SqlLog, SqlPositions
from evidence.tiles import PublicNote
from tests import servers

LINE_BYTES = 700  # a usual event line
APPENDERS = 256  # streams that append at once
PACE = 120  # events/s of EVD-03


async def measure(*, seconds: float = 3.0) -> dict[str, Metric]:
    """SQLite in a new file, and a PostgreSQL of its own where there is one. The floor of a rate is the better of two
    fsync probes, before and after; the floor of a wait is the time of one fsync at that rate.
    """
    found: dict[str, Metric] = {}
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        probes = [await asyncio.to_thread(fsyncs_per_s, folder)]
        async with _log(f"sqlite:///{folder}/log.db") as (database, log):
            rate, crowded = await _crowded(log, seconds)
            paced = await _paced(log, seconds)
            lags = await _lags(database, log, folder / "log", seconds)
        probes.append(await asyncio.to_thread(fsyncs_per_s, folder))
        floor, fsync_ms = max(probes), 1000 / max(probes)
        found |= {
            "events_commit_per_s": Metric(value=rate, unit="events/s", floor=floor),
            f"append, {APPENDERS} at once, p99": Metric(value=_p99_ms(crowded), unit="ms", floor=fsync_ms),
            f"append, {PACE} events/s, p50": Metric(value=statistics.median(paced) * 1000, unit="ms", floor=fsync_ms),
            f"append, {PACE} events/s, p99": Metric(value=_p99_ms(paced), unit="ms", floor=fsync_ms),
            "checkpoint_lag_ms": Metric(value=_p99_ms(lags), unit="ms", floor=fsync_ms),
            "fsync, slower of two probes": Metric(value=min(probes), unit="fsyncs/s"),
        }
        with _postgres() as url:
            if url is not None:
                async with _log(url) as (_, log):
                    rate, _ = await _crowded(log, seconds)
                probes = [floor, await asyncio.to_thread(fsyncs_per_s, folder)]
                found["events_commit_postgres_per_s"] = Metric(value=rate, unit="events/s", floor=max(probes))
    return found


@asynccontextmanager
async def _log(url: str) -> AsyncIterator[tuple[Database, SqlLog]]:
    database = await Database.open(url)
    try:
        yield database, SqlLog(database, _now)
    finally:
        await database.close()


@contextmanager
def _postgres() -> Iterator[str | None]:
    """A server that really syncs, or None and a word about it."""
    try:
        server = servers.postgres(durable=True)
    except pytest.skip.Exception as missing:
        print(f"\n!!! events_commit_postgres_per_s is NOT measured: {missing}\n", file=sys.stderr)
        yield None
        return
    try:
        yield server.url
    finally:
        server.stop()


def _now() -> datetime:
    return datetime.now(UTC)


def fsyncs_per_s(folder: Path, seconds: float = 1.0) -> float:
    """4 KiB writes, each followed by fdatasync, one after another: the floor under a commit without grouping."""
    descriptor = os.open(folder / "probe", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        count, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            os.pwrite(descriptor, os.urandom(4096), (count % 256) * 4096)
            os.fdatasync(descriptor)
            count += 1
        return count / (time.perf_counter() - start)
    finally:
        os.close(descriptor)


async def _crowded(log: SqlLog, seconds: float) -> tuple[float, list[float]]:
    """Many appenders, each on a stream of its own, each waiting for its answer: events/s, and the waits in s."""
    waits: list[float] = []
    start = time.perf_counter()

    async def appender(stream: str) -> None:
        head = Head()
        while time.perf_counter() - start < seconds:
            begin = time.perf_counter()
            head = await log.append(stream, head, [_line(stream, head.seq)])
            waits.append(time.perf_counter() - begin)

    await asyncio.gather(*(appender(f"case_crowd{n}.{start:.0f}") for n in range(APPENDERS)))
    return len(waits) / (time.perf_counter() - start), waits


async def _paced(log: SqlLog, seconds: float, answered: dict[str, float] | None = None) -> list[float]:
    """EVD-03: events arrive at a fixed pace, whether or not the ones before were answered: the waits in s.

    `answered`: gets the moment of each answer by stream.
    """
    waits: list[float] = []

    async def one(stream: str) -> None:
        begin = time.perf_counter()
        await log.append(stream, Head(), [_line(stream, 0)])
        waits.append(time.perf_counter() - begin)
        if answered is not None:
            answered[stream] = begin + waits[-1]

    start = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for n in range(int(PACE * seconds)):
            await asyncio.sleep(max(0.0, start + n / PACE - time.perf_counter()))
            group.create_task(one(f"case_pace{n}.{start:.0f}"))
    return waits


class _Watched(PublicNote):
    """When which size was there for everybody to read."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.seen: list[tuple[float, int]] = []
        self._grown = asyncio.Event()

    async def publish(self, note: bytes) -> None:
        await super().publish(note)
        self.seen.append((time.perf_counter(), int(note.split(b"\n")[1])))
        self._grown.set()

    async def until(self, size: int) -> None:
        while self.seen[-1][1] < size:
            self._grown.clear()
            await self._grown.wait()


async def _lags(database: Database, log: SqlLog, folder: Path, seconds: float) -> list[float]:
    """From the answer to an append, that is its fsync, to the checkpoint that covers it, in s, at the pace of EVD-03.

    The sequencer follows as in the service: under a lease, from a saved position, at a walking pace.
    """
    public = _Watched(folder / "checkpoint")
    row = SqlCheckpoints(database, "signed", public)
    sequencer = Sequencer(log, FileObjects(folder), row, "jianzheng.bench/log", Ed25519PrivateKey.generate())
    before = await log.newest()
    await sequencer.catch_up()
    positions, leases = SqlPositions(database), SqlLeases(database)
    lease = await leases.take("proof", "bench", _now(), _now() + timedelta(minutes=1))
    assert lease is not None
    await positions.save("proof", before, lease)
    following = asyncio.create_task(
        follow("proof", Paced(Recent(log)), positions, leases, _taking(sequencer), holder="bench", now=_now)
    )
    answered: dict[str, float] = {}
    waits = await _paced(log, seconds, answered)
    await public.until(before + len(waits))
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    lags: list[float] = []
    for entry in [entry for start in range(before, before + len(waits), 500) for entry in await log.scan(start, 500)]:
        published = next(at for at, size in public.seen if size >= entry.position)
        lags.append(published - answered[entry.stream])
    return lags


def _taking(sequencer: Sequencer) -> Handle:
    async def take(entries: Sequence[Entry]) -> None:
        await sequencer.take(entries)

    return take


def _p99_ms(waits: list[float]) -> float:
    return statistics.quantiles(waits, n=100)[98] * 1000


def _line(stream: str, seq: int) -> bytes:
    seed = f'{{"seq":{seq},"stream":"{stream}"}}'.encode()
    return seed + hashlib.shake_256(seed).hexdigest((LINE_BYTES - len(seed)) // 2).encode()


if __name__ == "__main__":
    print(rendered(asyncio.run(measure())))
