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

from evidence.events import Head
from evidence.sql import Database, SqlLog

LINE_BYTES = 700  # a usual event line
APPENDERS = 256  # streams that append at once
PACE = 120  # events/s of EVD-03


async def measure(url: str | None = None, *, seconds: float = 3.0) -> dict[str, float]:
    """Metrics by name: `…_per_s`, `…_ms`, `…_count`. `url` None: a new SQLite file beside the fsync probe."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        database = await Database.open(url or f"sqlite:///{folder}/log.db")
        log = SqlLog(database, now=lambda: datetime.now(UTC))
        try:
            before = await asyncio.to_thread(fsyncs_per_s, Path(folder))
            crowded = await _crowded(log, seconds)
            paced = await _paced(log, seconds)
            after = await asyncio.to_thread(fsyncs_per_s, Path(folder))
        finally:
            await database.close()
    return {"fsync_floor_before_per_s": before, **crowded, **paced, "fsync_floor_after_per_s": after}


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


async def _crowded(log: SqlLog, seconds: float) -> dict[str, float]:
    """Many appenders, each on a stream of its own, each waiting for its answer before it appends again."""
    waits: list[float] = []
    start = time.perf_counter()

    async def appender(stream: str) -> None:
        head = Head()
        while time.perf_counter() - start < seconds:
            begin = time.perf_counter()
            head = await log.append(stream, head, [_line(stream, head.seq)])
            waits.append(time.perf_counter() - begin)

    await asyncio.gather(*(appender(f"case_crowd{n}.{start:.0f}") for n in range(APPENDERS)))
    return {
        "append_per_s": len(waits) / (time.perf_counter() - start),
        "append_appenders_count": APPENDERS,
        **_percentiles("append_crowded", waits),
    }


async def _paced(log: SqlLog, seconds: float) -> dict[str, float]:
    """EVD-03: events arrive at a fixed pace, whether or not the ones before were answered."""
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
    return {"append_pace_per_s": PACE, **_percentiles("append_paced", waits)}


def _percentiles(name: str, waits: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(waits, n=100)
    return {f"{name}_p50_ms": cuts[49] * 1000, f"{name}_p99_ms": cuts[98] * 1000}


def _line(stream: str, seq: int) -> bytes:
    seed = f'{{"seq":{seq},"stream":"{stream}"}}'.encode()
    return seed + hashlib.shake_256(seed).hexdigest((LINE_BYTES - len(seed)) // 2).encode()


if __name__ == "__main__":
    for metric, value in asyncio.run(measure(*sys.argv[1:2])).items():
        print(f"{metric:28} {value:10.1f}")
