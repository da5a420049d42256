"""The check of a whole store, step by step; the steps' numbers are those of docs/FSCK.md."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from evidence.checkpoint import (
    Checkpoint,
    NoteKey,
    open_checkpoint,
    read_cosignature,
    split_note,
    without_witnesses,
)
from evidence.errors import NotVerified, StorageFailed
from evidence.fsck import kept
from evidence.fsck.kept import Told
from evidence.fsck.lines import SLOT, Found, follow_share, read_share
from evidence.fsck.report import STEPS, Bad, NotEvaluated, Report, Step
from evidence.fsck.source import Folder, KeySource, Source
from evidence.fsck.spool import Spool
from evidence.fsck.tree import Grown, Tree, check_upper, grow_share
from evidence.sequencer import WIDTH

SHARE = 16_384  # events that a process takes at once; whole tiles
SMALL = 100_000  # events under which starting processes takes longer than they save

T = TypeVar("T")


@dataclass(frozen=True)
class Places:
    """Where the store lies. None: not given, and the steps that need it are not evaluated.

    `log`: the folder that is published (tiles, checkpoint). `signers`: public keys of the log, `witnesses` of others.
    """

    source: Source
    keys: KeySource | None
    objects: Folder | None
    log: Folder | None
    signers: tuple[NoteKey, ...] = ()
    witnesses: tuple[NoteKey, ...] = ()


@dataclass
class Run:
    """What the steps hand on to each other."""

    places: Places
    slots: Path
    spool: Spool
    public: dict[str, bytes] = field(default_factory=dict)
    rows: dict[str, bytes] = field(default_factory=dict)
    newest: int = 0
    size: int = 0
    bad: list[tuple[str, int, str, str]] = field(default_factory=list)
    grown: Grown = field(default_factory=Grown)
    tree: Tree | None = None
    told: Told = field(default_factory=Told)


async def check(
    places: Places, scratch: Path, *, processes: int | None = None, tell: Callable[[Step], None] = lambda _: None
) -> Report:
    """Every step. `scratch`: an empty folder for 64 bytes an event and the names of what is kept; `tell` hears of each
    step as it ends."""
    run = Run(places, scratch / "slots", Spool(scratch / "spool.db"))
    steps: list[Step] = []
    try:
        await _begin(run)
        async with _workers(run, processes) as work:
            for number, name in enumerate(STEPS, 1):
                steps.append(await _step(number, name, run, work))
                tell(steps[-1])
    finally:
        run.spool.close()
        await places.source.close()
        if places.keys is not None:
            await places.keys.close()
    return Report(tuple(steps), run.newest, run.size)


Work = Callable[[Callable[..., Awaitable[T]], Sequence[tuple[Any, ...]]], AsyncIterator[T]]


async def _begin(run: Run) -> None:
    """What is compared, in an order in which a store at work can only be ahead: what is public, the rows, the log."""
    log = run.places.log
    for name in ("unwitnessed", "checkpoint") if log else ():
        assert log is not None
        if await log.has(name):
            run.public[name] = await log.get(name)
    for name in ("cosigned", "signed"):
        if (note := await run.places.source.checkpoint(name)) is not None:
            run.rows[name] = note
    run.newest = await run.places.source.newest()
    with run.slots.open("wb") as file:
        file.truncate(run.newest * SLOT)
    if "signed" in run.rows:
        with contextlib.suppress(NotVerified):  # step 6 says what is wrong with it, and who signed it
            run.size = split_note(run.rows["signed"])[0].size


async def _step(number: int, name: str, run: Run, work: "_Workers") -> Step:
    started = time.monotonic()
    run.told = Told()
    try:
        detail = await _CHECKS[name](run, work)
        state, bad = "passed", ""
    except Bad as error:
        state, detail, bad = "failed", error.what, error.record
    except (NotEvaluated, StorageFailed) as error:
        state, detail, bad = "not_evaluated", str(error), ""
    seconds = time.monotonic() - started
    return Step(number, name, state, detail, bad, run.told.notes, run.told.warnings, seconds)  # type: ignore[arg-type]


# --- 1 to 3: events ---------------------------------------------------------------------------------------------------


async def _positions(run: Run, work: "_Workers") -> str:
    count = 0
    shares = [(run.places.source, run.slots, at, min(at + SHARE, run.newest)) for at in range(0, run.newest, SHARE)]
    async for found in work(read_share, shares):
        run.spool.take(found)
        run.bad += found.bad
        count += found.count
    _raise(run, "positions")
    return f"{count} events, positions 1 to {run.newest}"


async def _lines(run: Run, _: "_Workers") -> str:
    _raise(run, "lines")
    return "canonical, of known types, in their streams"


async def _chains(run: Run, work: "_Workers") -> str:
    source = run.places.source
    ends = await source.shares(max(1, run.newest // SHARE))
    shares = [(source, run.slots, start, end, run.newest) for start, end in pairwise(["", *ends])]
    count, streams = 0, 0
    async for found in work(follow_share, shares):
        run.bad += found.bad
        count, streams = count + found.count, streams + found.streams
    _raise(run, "chains")
    if count != run.newest:
        raise Bad(f"{count} events stand in streams, {run.newest} positions were given", "index events_stream_seq")
    for stream in await source.empty_heads(1):
        raise Bad("heads knows a stream that has no events: they were cut off", stream)
    return f"{streams} streams"


def _raise(run: Run, step: str) -> None:
    found = [item for item in run.bad if item[0] == step]
    if found:
        _, _, what, record = min(found, key=lambda item: item[1])
        raise Bad(what, record)


# --- 4 to 7: the published log ----------------------------------------------------------------------------------------


async def _entries(run: Run, work: "_Workers") -> str:
    log, size = _log(run)
    if size > run.newest:
        raise Bad(f"the log ends at {run.newest}, the signed checkpoint covers {size}", f"position {run.newest + 1}")
    tiles = -(-max(run.newest, size) // WIDTH)
    step = SHARE // WIDTH
    shares = [(log, run.slots, first, min(first + step, tiles), size, run.newest) for first in range(0, tiles, step)]
    async for grown in work(grow_share, shares):
        run.grown.hashes += grown.hashes
        run.grown.bad += grown.bad
        run.grown.partial += grown.partial
        run.grown.ahead += grown.ahead
    run.bad += run.grown.bad
    run.tree = Tree(size, run.slots, run.grown.hashes)
    _raise(run, "entries")
    if run.newest > size:
        run.told.note("events that wait to be published", f"{size + 1} to {run.newest}")
    if run.grown.ahead:
        run.told.note("files written ahead of the checkpoint", str(run.grown.ahead))
    return f"{size} entries"


async def _tiles(run: Run, _: "_Workers") -> str:
    log, size = _log(run)
    if run.tree is None:
        raise NotEvaluated("the entries could not be read")
    _raise(run, "tiles")
    upper = await check_upper(log, run.tree, size)
    return f"{-(-size // WIDTH) + upper} tiles, {run.grown.partial} older partial files"


async def _checkpoint(run: Run, _: "_Workers") -> str:
    public = run.public.get("unwitnessed", run.public.get("checkpoint"))
    if "signed" not in run.rows:
        if public is not None:
            raise Bad("something was published, and the row it was published from is gone", "checkpoint")
        return "nothing was published yet"
    if run.tree is None:
        raise NotEvaluated("the tree could not be read")
    head = _open(run, run.rows["signed"], "row signed")
    run.tree.check(head, "row signed")
    if public is None:
        run.told.note("the public file is missing (a crash came between; the next start writes it)", "checkpoint")
        return f"size {head.size}"
    published = _open(run, public, "public checkpoint")
    if published.size > head.size:
        raise Bad(f"it covers {published.size} events, the row {head.size}: an old copy", "public checkpoint")
    run.tree.check(published, "public checkpoint")
    if published != head:
        run.told.note("the public file is older than the row (the next start writes it)", f"size {published.size}")
    return f"size {head.size}, published {published.size}"


async def _witnessed(run: Run, _: "_Workers") -> str:
    found = {"row cosigned": run.rows.get("cosigned")}
    if "unwitnessed" in run.public:
        found["public checkpoint"] = run.public.get("checkpoint")
    notes = {name: note for name, note in found.items() if note is not None}
    if not notes:
        run.told.note("no witness cosigned this log", "nothing to compare")
        return "none"
    if run.tree is None:
        raise NotEvaluated("the tree could not be read")
    names: set[str] = set()
    for name, note in notes.items():
        head = _open(run, note, name)
        run.tree.check(head, name)
        names |= _cosigned(run, note, head, name)
    return f"by {', '.join(sorted(names)) or 'witnesses whose keys were not given'}"


def _log(run: Run) -> tuple[Folder, int]:
    if run.places.log is None:
        raise NotEvaluated("no folder of the published log: give --log")
    return run.places.log, run.size


def _open(run: Run, note: bytes, name: str) -> Checkpoint:
    if not run.places.signers:
        raise NotEvaluated("no public key of the log: give --keys-folder")
    wrong = ""
    for key in run.places.signers:
        try:
            return open_checkpoint(without_witnesses(note), key)[0]
        except NotVerified as error:
            wrong = error.detail
    raise Bad(wrong or "it does not verify", name)


def _cosigned(run: Run, note: bytes, head: Checkpoint, name: str) -> set[str]:
    """Whose cosignature stands under the note; lines of others are told."""
    found: set[str] = set()
    for line in split_note(note)[1][1:]:
        for witness in run.places.witnesses:
            with contextlib.suppress(NotVerified):
                found.add(read_cosignature(line, head, witness).witness)
                break
        else:
            run.told.warn("cosignatures of nobody whose key was given", f"{name}: {line.split(' ')[1]}")
    return found


# --- 8 to 11: what the events name ------------------------------------------------------------------------------------


async def _seals(run: Run, _: "_Workers") -> str:
    return await kept.check_seals(run.spool, _objects(run), run.told)


async def _vault(run: Run, _: "_Workers") -> str:
    await kept.gather(run.spool, run.places.source, _objects(run), run.told)
    return await kept.check_vault(run.spool, run.places.source, run.told)


async def _keys(run: Run, _: "_Workers") -> str:
    if run.places.keys is None:
        raise NotEvaluated("no key store: give --keys")
    _objects(run)
    await kept.gather_keys(run.spool, run.places.keys)
    return await kept.check_keys(run.spool, run.places.source, run.told)


async def _claims(run: Run, _: "_Workers") -> str:
    return await kept.check_claims(run.spool, run.places.source, run.told)


def _objects(run: Run) -> Folder:
    if run.places.objects is None:
        raise NotEvaluated("no folder of files: give --objects")
    return run.places.objects


_CHECKS: dict[str, Callable[[Run, "_Workers"], Awaitable[str]]] = {
    "positions": _positions,
    "lines": _lines,
    "chains": _chains,
    "entries": _entries,
    "tiles": _tiles,
    "checkpoint": _checkpoint,
    "witnessed": _witnessed,
    "seals": _seals,
    "vault": _vault,
    "keys": _keys,
    "claims": _claims,
}


# --- processes --------------------------------------------------------------------------------------------------------


class _Workers:
    """Runs a share after the other, here or in processes; answers come in the order of the shares."""

    def __init__(self, pool: Executor | None, processes: int) -> None:
        self._pool = pool
        self._ahead = 2 * processes  # shares under way: their answers are held in memory

    async def __call__(self, work: Callable[..., Awaitable[T]], shares: Sequence[tuple[Any, ...]]) -> AsyncIterator[T]:
        if self._pool is None:
            for share in shares:
                yield await work(*share)
            return
        loop = asyncio.get_running_loop()
        waiting: list[asyncio.Future[T]] = []
        for share in shares:
            waiting.append(loop.run_in_executor(self._pool, _in_process, work, share))
            if len(waiting) == self._ahead:
                yield await waiting.pop(0)
        while waiting:
            yield await waiting.pop(0)


@contextlib.asynccontextmanager
async def _workers(run: Run, processes: int | None) -> AsyncIterator[_Workers]:
    count = processes if processes is not None else len(os.sched_getaffinity(0))
    if count < 2 or run.newest < SMALL:
        yield _Workers(None, 1)
        return
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        yield _Workers(pool, count)


def _in_process(work: Callable[..., Awaitable[T]], share: tuple[Any, ...]) -> T:
    async def run() -> T:
        try:
            return await work(*share)
        finally:
            if isinstance(share[0], Source):  # it came as a copy, with a connection of its own
                await share[0].close()

    return asyncio.run(run())


__all__ = ["Found", "Places", "check"]
