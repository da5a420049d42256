"""What the parent was promised, and whether the store still keeps it. Reads the rows with tools of its own.

Counts, and never stops in the middle of a run: a table of what was tried, lost and forked says more than the first
failure. `Judge.wrong` says in words what was found.
"""

import asyncio
import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from copy import copy
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import asyncpg  # type: ignore[import-untyped]
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.clock import utc_now
from api.keys import master_key
from api.settings import Settings
from api.store import Store
from evidence.checkpoint import NoteKey, open_checkpoint
from evidence.errors import Error, NotVerified
from evidence.keyfile import open_key
from tests.faults.told import Alarm, Command, Done, Kept, Noted, NotNow, Refused, Told, Tried

GENESIS = "0" * 64
Row = tuple[int, str, int, bytes]  # position, stream, seq, line
Fault = Literal["lost", "forked", "doubled", "unsound"]


@dataclass
class Counts:
    """One class of faults. `lost`, `forked`, `doubled` and `unsound` should be 0."""

    tried: int = 0  # faults
    acknowledged: int = 0  # answers: each a promise
    refused: int = 0  # honest "not now"
    lost: int = 0
    forked: int = 0
    doubled: int = 0  # a command that happened twice, a claim that two hold
    unsound: int = 0  # a start check or a whole check that does not pass

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(**{name: value + getattr(other, name) for name, value in asdict(self).items()})

    @property
    def sound(self) -> bool:
        return not (self.lost or self.forked or self.doubled or self.unsound)


@dataclass
class There:
    """The rows of a log, judged as they come: no hole, each chain a chain, and the tree over all of them."""

    hashes: list[str] = field(default_factory=list)  # by position
    places: dict[tuple[str, int], str] = field(default_factory=dict)
    roots: list[bytes] = field(default_factory=list)  # of the tree of size index + 1 (RFC 6962)
    _ends: dict[str, tuple[int, str]] = field(default_factory=dict)
    _peaks: list[tuple[int, bytes]] = field(default_factory=list)  # leaves under it, hash; from the left

    def follow(self, found: Sequence[Row]) -> list[tuple[Fault, str]]:
        wrong: list[tuple[Fault, str]] = []
        for position, stream, seq, line in found:
            if position != len(self.hashes) + 1:
                wrong.append(("lost", f"position {len(self.hashes) + 1} is missing"))
            last, prev = self._ends.get(stream, (0, GENESIS))
            event, hashed = json.loads(line), hashlib.sha256(line).hexdigest()
            if (seq, event["seq"], event["prev"], event["stream"]) != (last + 1, last + 1, prev, stream):
                wrong.append(("forked", f"event {seq} of {stream} does not follow event {last}"))
            self._ends[stream] = (seq, hashed)
            self.places[stream, seq] = hashed
            self.hashes.append(hashed)
            self._grow(_sha256(b"\0", b'{"kind":"event","sha256":"%b","v":1}' % hashed.encode()))
        return wrong

    def _grow(self, hashed: bytes) -> None:
        self._peaks.append((1, hashed))
        while len(self._peaks) > 1 and self._peaks[-1][0] == self._peaks[-2][0]:
            (width, left), (_, right) = self._peaks[-2:]
            self._peaks[-2:] = [(2 * width, _sha256(b"\1", left, right))]
        root = self._peaks[-1][1]
        for _, left in reversed(self._peaks[:-1]):
            root = _sha256(b"\1", left, root)
        self.roots.append(root)


@dataclass
class Judge:
    """Everything known of one folder, over all its lives."""

    folder: Path
    database_url: str = ""
    counts: Counts = field(default_factory=Counts)
    wrong: list[str] = field(default_factory=list)
    open: dict[str, Command] = field(default_factory=dict)  # by key: tried, never answered
    won: dict[str, str] = field(default_factory=dict)  # claim -> key of the command that has it
    refused: set[str] = field(default_factory=set)  # claims that somebody was refused
    done: dict[str, Done] = field(default_factory=dict)  # by key
    kept: list[Kept] = field(default_factory=list)
    notes: dict[int, bytes] = field(default_factory=dict)  # checkpoints seen, by size
    promised: dict[tuple[str, int], str] = field(default_factory=dict)  # acknowledged event -> hash
    _new: list[tuple[str, int]] = field(default_factory=list)  # promised since the last look
    _there: There = field(default_factory=There)
    _key: NoteKey | None = None

    def learn(self, other: "Judge") -> None:
        """This folder is a copy of another: what was promised there is promised here."""
        for name in ("open", "won", "refused", "done", "kept", "notes", "promised"):
            setattr(self, name, copy(getattr(other, name)))

    # --- what was said -------------------------------------------------------------------------------------------

    def hear(self, told: Iterable[Told]) -> None:
        for item in told:
            match item:
                case Tried(command=command):
                    self.open[command.key] = command
                case Done():
                    self._answered(item, self.open.pop(item.key))
                case Noted():
                    self._promise(item.stream, item.seq, item.hash)
                case Refused():
                    self.open.pop(item.key)
                    self.refused.add(item.claim)
                    if self.won.get(item.claim) == item.key:
                        self.say("lost", f"{item.key} was refused the claim it had won")
                case Kept():
                    self.kept.append(item)
                case NotNow():
                    self.counts.refused += 1
                case Alarm():
                    self.say("unsound", item.what)
                case _:
                    pass

    def _answered(self, done: Done, command: Command) -> None:
        if self.done.setdefault(done.key, done) != done:
            self.say("doubled", f"{done.key} was answered twice, and not the same")
        self._promise(done.stream, done.seq, done.hash)
        if command.claim and self.won.setdefault(command.claim, done.key) != done.key:
            self.say("doubled", f"{command.claim} was won by {self.won[command.claim]} and by {done.key}")

    def _promise(self, stream: str, seq: int, line_hash: str) -> None:
        self.counts.acknowledged += 1
        self._new.append((stream, seq))
        if self.promised.setdefault((stream, seq), line_hash) != line_hash:
            self.say("forked", f"two events {seq} of {stream} were acknowledged")

    def see_checkpoint(self) -> None:
        """The public file, as anybody may fetch it at any moment."""
        try:
            note = (self.folder / "log" / "checkpoint").read_bytes()
            head, _ = open_checkpoint(note, self._log_key())
        except FileNotFoundError:
            return
        except NotVerified as error:
            self.say("forked", f"the public checkpoint does not verify: {error.detail}")
            return
        if self.notes.setdefault(head.size, note) != note:
            self.say("forked", f"there are two checkpoints of size {head.size}")
        if head.size < max(self.notes):
            self.say("lost", f"the public checkpoint went back from {max(self.notes)} to {head.size}")

    def _log_key(self) -> NoteKey:
        if self._key is None:
            settings = Settings(data=self.folder)
            pem = self.folder / "keys" / "log.pem"
            key = open_key(pem, master_key(settings), Ed25519PrivateKey.generate).public_key()
            self._key = NoteKey(settings.log_name, key.public_bytes_raw())
        return self._key

    def say(self, fault: Fault, what: str) -> None:
        setattr(self.counts, fault, getattr(self.counts, fault) + 1)
        self.wrong.append(f"{fault}: {what}")

    # --- what is there -------------------------------------------------------------------------------------------

    def look(self) -> None:
        """After each life: the new rows follow the old, and hold everything that was promised."""
        for fault, what in self._there.follow(rows(self.folder, self.database_url, len(self._there.hashes))):
            self.say(fault, what)
        for place in self._new:
            self._hold_to(place)
        self._new.clear()
        self.see_checkpoint()
        self._judge_checkpoints()

    def look_at_everything(self) -> None:
        """At the end: from the first row, against everything seen and promised in any life."""
        before, self._there = self._there, There()
        found = rows(self.folder, self.database_url)
        for fault, what in self._there.follow(found):
            self.say(fault, what)
        if self._there.hashes[: len(before.hashes)] != before.hashes:
            self.say("forked", "what was read once reads differently now")
        for place in self.promised:
            self._hold_to(place)
        self._judge_commands(found)
        self._judge_claims()
        self._judge_checkpoints()
        asyncio.run(self._judge_vault())

    def _hold_to(self, place: tuple[str, int]) -> None:
        found = self._there.places.get(place)
        if found is None:
            self.say("lost", f"event {place[1]} of {place[0]} was acknowledged and is not there")
        elif found != self.promised[place]:
            self.say("forked", f"event {place[1]} of {place[0]} is not the one that was acknowledged")

    def _judge_commands(self, found: Sequence[Row]) -> None:
        """Each command has one run of events or none, and an answered one the events its answer told of."""
        runs: dict[str, list[tuple[str, int]]] = {}
        for _, stream, seq, line in found:
            key = json.loads(line)["cmd"].partition(".")[0]
            if key:
                runs.setdefault(key, []).append((stream, seq))
        for key, run in runs.items():
            stream, first = run[0]
            length = self.length(key, first) or len(run)
            if run != [(stream, first + n) for n in range(length)]:
                self.say("doubled", f"{key} stands at {run}")
        for key, done in self.done.items():
            if key not in runs or runs[key][-1] != (done.stream, done.seq):
                self.say("lost", f"{key} was answered with event {done.seq}, the chain has {runs.get(key)}")

    def length(self, key: str, first: int) -> int:
        """How many events a command of our writer makes; 0 for one that we do not know."""
        if key not in self.done and key not in self.open:
            return 0
        return 3 if first == 1 else 1  # a case begins with three

    def _judge_claims(self) -> None:
        held = claims(self.folder, self.database_url)
        count, owner = Counter(digest for digest, _ in held), dict(held)
        for digest in self.won.keys() | self.refused:
            if count[digest] != 1:
                self.say("doubled" if count[digest] else "lost", f"the claim {digest} is held {count[digest]} times")
        for digest, key in self.won.items():
            if owner.get(digest) != self.done[key].stream:
                self.say("forked", f"the claim {digest} was won by {key} and belongs to {owner.get(digest)}")

    def _judge_checkpoints(self) -> None:
        """Each checkpoint ever seen is the root over the first rows of what is there: so each extends all before."""
        for size, note in self.notes.items():
            if size > len(self._there.roots):
                self.say("lost", f"a checkpoint of size {size} was seen, the log ends at {len(self._there.roots)}")
            elif size and open_checkpoint(note, self._log_key())[0].root != self._there.roots[size - 1]:
                self.say("forked", f"the checkpoint of size {size} is of another log")

    async def _judge_vault(self) -> None:
        """Every value and file that was promised opens to what was hidden."""
        async with Store.of(Settings(data=self.folder, database_url=self.database_url), utc_now).opened() as store:
            for kept in self.kept:
                try:
                    if kept.media is not None:
                        data = await store.vault.get(kept.stream, kept.media)
                    else:
                        opened = await store.vault.reveal(kept.stream, (kept.commitment,))
                        data = msgspec.json.encode(opened[kept.commitment].value)
                except (Error, KeyError) as error:
                    self.say("lost", f"something hidden in {kept.stream}: {type(error).__name__}")
                    continue
                if hashlib.sha256(data).hexdigest() != kept.sha256:
                    self.say("forked", f"something hidden in {kept.stream} opens to something else")


def _sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def rows(folder: Path, url: str = "", after: int = 0) -> list[Row]:
    """The events after a position, by a connection that changes nothing: not even the write-ahead log is folded in."""
    found = _ask(folder, url, f"SELECT position, stream, seq, line FROM events WHERE position > {after} ORDER BY 1")
    return [(position, stream, seq, bytes(line)) for position, stream, seq, line in found]


def claims(folder: Path, url: str = "") -> list[tuple[str, str]]:
    return [(digest, stream) for digest, stream in _ask(folder, url, "SELECT digest, stream FROM claims")]


def _ask(folder: Path, url: str, question: str) -> list[tuple[Any, ...]]:
    if url.startswith("postgresql"):
        return asyncio.run(_ask_postgres(url, question))
    path = folder / "jianzheng.db"
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'claims'").fetchone():
            return []
        return connection.execute(question).fetchall()


async def _ask_postgres(url: str, question: str) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(url)
    try:
        if not await connection.fetchval("SELECT to_regclass('claims')"):
            return []
        return [tuple(row) for row in await connection.fetch(question)]
    finally:
        await connection.close()
