"""How many durable events a second the log takes, beside what the disk alone can do in the same minutes.

Durable writes vary tenfold on the same disk within minutes, so a figure without the fsync floor of its own run says
nothing. Run alone: `python -m bench.append [URL]`.
"""

import asyncio
import hashlib
import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.table import Metric, rendered
from evidence.events import Head
from evidence.sql import Database, SqlLog

LINE_BYTES = 700  # a usual event line
APPENDERS = 256  # streams that append at once
PACE = 120  # events/s of EVD-03


async def measure(url: str | None = None, *, seconds: float = 3.0) -> dict[str, Metric]:
    """`url` None: a new SQLite file, beside the fsync probe. The floor of a rate is the better of two probes, before
    and after; the floor of a wait is the time of one fsync at that rate.
    """
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        database = await Database.open(url or f"sqlite:///{folder}/log.db")
        log = SqlLog(database, now=lambda: datetime.now(UTC))
        try:
            probes = [await asyncio.to_thread(fsyncs_per_s, Path(folder))]
            rate, crowded = await _crowded(log, seconds)
            paced = await _paced(log, seconds)
            probes.append(await asyncio.to_thread(fsyncs_per_s, Path(folder)))
        finally:
            await database.close()
    floor, fsync_ms = max(probes), 1000 / max(probes)
    return {
        f"append, {APPENDERS} at once": Metric(value=rate, unit="events/s", floor=floor),
        f"append, {APPENDERS} at once, p99": Metric(value=_p99_ms(crowded), unit="ms", floor=fsync_ms),
        f"append, {PACE} events/s, p50": Metric(value=statistics.median(paced) * 1000, unit="ms", floor=fsync_ms),
        f"append, {PACE} events/s, p99": Metric(value=_p99_ms(paced), unit="ms", floor=fsync_ms),
        "fsync, slower of two probes": Metric(value=min(probes), unit="fsyncs/s"),
    }


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


async def _paced(log: SqlLog, seconds: float) -> list[float]:
    """EVD-03: events arrive at a fixed pace, whether or not the ones before were answered: the waits in s."""
    waits: list[float] = []

    async def one(stream: str) -> None:
        begin = time.perf_counter()
        await log.append(stream, Head(), [_line(stream, 0)])
        waits.append(time.perf_counter() - begin)

    start = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for n in range(int(PACE * seconds)):
            await asyncio.sleep(max(0.0, start + n / PACE - time.perf_counter()))
            group.create_task(one(f"case_pace{n}.{start:.0f}"))
    return waits


def _p99_ms(waits: list[float]) -> float:
    return statistics.quantiles(waits, n=100)[98] * 1000


def _line(stream: str, seq: int) -> bytes:
    seed = f'{{"seq":{seq},"stream":"{stream}"}}'.encode()
    return seed + hashlib.shake_256(seed).hexdigest((LINE_BYTES - len(seed)) // 2).encode()


if __name__ == "__main__":
    print(rendered(asyncio.run(measure(*sys.argv[1:2]))))
