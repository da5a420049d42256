"""The log at a million events: checking the whole store, proving one event, starting, and growing to that size.

Uses the store of `bench.million`, which is made on the first run and kept under build/.
"""

import asyncio
import hashlib
import json
import random
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from bench import million
from bench.table import Metric, rendered
from evidence.files import FileObjects
from evidence.merkle import node_hash
from evidence.sequencer import BATCH, Sequencer, tile_path
from evidence.sql import Database, SqlCheckpoints, SqlLog
from evidence.tiles import PublicNote

PROOFS = 500
FIRST = 100_000  # events after which the memory of a growing sequencer is looked at for the first time


async def measure(events: int = million.EVENTS) -> dict[str, Metric]:
    """Each figure with what the bare machine takes for the same bytes, in the same run."""
    folder = await million.store(events)
    reading = await asyncio.to_thread(read_and_hash, folder)
    before = _cpu_s()
    checking = await _command(("-m", "evidence.fsck", str(folder)))
    found = {
        "fsck_1m_s": Metric(value=checking, unit="s", floor=reading),
        "fsck_1m_s, processor": Metric(value=_cpu_s() - before, unit="s", floor=reading),
    }
    made = await million.Million.open(folder)
    try:
        started = time.perf_counter()
        await made.sequencer.check()
        starting = time.perf_counter() - started
        await made.sequencer.start()
        found["start_check_1m_s"] = Metric(value=starting, unit="s", floor=await asyncio.to_thread(hash_nodes, events))
        found |= await _proofs(made, events)
    finally:
        await made.close()
    return found | await _growth(folder, events)


def _cpu_s() -> float:
    """Of all commands that ended, in every process of theirs: what does not depend on who else is at work."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def read_and_hash(folder: Path) -> float:
    """Seconds for every line out of the database and once through SHA-256, in one process."""
    started = time.perf_counter()
    rows = sqlite3.connect(f"file:{folder}/jianzheng.db?mode=ro", uri=True)
    for (line,) in rows.execute("SELECT line FROM events ORDER BY position"):
        hashlib.sha256(line).digest()
    rows.close()
    return time.perf_counter() - started


def hash_nodes(events: int) -> float:
    """Seconds for as many node hashes as the tree has."""
    started, hashed = time.perf_counter(), b"x" * 32
    for _ in range(events):
        hashed = node_hash(hashed, hashed)
    return time.perf_counter() - started


async def _command(arguments: tuple[str, ...]) -> float:
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{arguments[1]} found something: {said.decode()[-500:]}")
    return time.perf_counter() - started


async def _proofs(made: million.Million, events: int) -> dict[str, Metric]:
    """Events and older sizes from all over the log, one at a time."""
    chosen = random.Random(1).sample(range(events), PROOFS)
    entries = [(await made.log.scan(position, 1))[0] for position in chosen]
    proving, showing, files = list[float](), list[float](), list[float]()
    for position, entry in zip(chosen, entries, strict=True):
        started = time.perf_counter()
        await made.sequencer.prove([(entry.stream, entry.seq)])
        proving.append(time.perf_counter() - started)
        started = time.perf_counter()
        await made.sequencer.consistency(position + 1)
        showing.append(time.perf_counter() - started)
        started = time.perf_counter()
        _read_tiles(made.folder, position, events)
        files.append(time.perf_counter() - started)
    floor = _p99_ms(files)
    return {
        "proof_p99_ms": Metric(value=_p99_ms(proving), unit="ms", floor=floor),
        "consistency_p99_ms": Metric(value=_p99_ms(showing), unit="ms", floor=floor),
    }


def _read_tiles(folder: Path, index: int, size: int) -> None:
    """The tiles that a proof needs, read and thrown away."""
    for level in range(3):
        number, held = index >> 8 * (level + 1), size >> 8 * level
        if number * 256 < held:
            (folder / "log" / tile_path(level, number, min(256, held - number * 256))).read_bytes()


async def _growth(folder: Path, events: int) -> dict[str, Metric]:
    """A sequencer of its own process takes in the same log from nothing."""
    with tempfile.TemporaryDirectory(dir="build") as scratch:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.fsck", "grow", str(folder), scratch, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await process.communicate()
        if process.returncode != 0:
            raise RuntimeError("the sequencer did not grow")
        grown = json.loads(said)
    rate = events / grown["seconds"]
    return {
        "sequencer_rss_growth_mb": Metric(value=grown["end_mb"] - grown["first_mb"], unit="MB"),
        "sequencer_events_per_s": Metric(value=rate, unit="events/s"),
    }


async def grow(folder: Path, scratch: Path) -> dict[str, Any]:
    """In a process of its own: resident memory after the first events, and at the end."""
    source, own = Database(f"sqlite:///{folder}/jianzheng.db"), await Database.open(f"sqlite:///{scratch}/own.db")
    row = SqlCheckpoints(own, "signed", PublicNote(scratch / "log" / "checkpoint"))
    log = SqlLog(source, lambda: million.START)
    sequencer = Sequencer(log, FileObjects(scratch / "log"), row, million.ORIGIN, million.KEY)
    first, started = 0.0, time.perf_counter()
    while entries := await log.scan(sequencer.head.size, BATCH):
        await sequencer.take(entries)
        if not first and sequencer.head.size >= FIRST:
            first = _resident_mb()
    seconds = time.perf_counter() - started
    await source.close()
    await own.close()
    return {"first_mb": first, "end_mb": _resident_mb(), "seconds": seconds}


def _resident_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6


def _p99_ms(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98] * 1000


if __name__ == "__main__":
    if sys.argv[1:2] == ["grow"]:
        print(json.dumps(asyncio.run(grow(Path(sys.argv[2]), Path(sys.argv[3])))))
    else:
        print(rendered(asyncio.run(measure(*map(int, sys.argv[1:2])))))
