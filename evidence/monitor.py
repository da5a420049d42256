"""Reads everything that is kept again, and compares it with what was signed (attack 27, EVD-03).

What someone with the database edits, cuts, rebuilds or puts back from yesterday agrees with itself; it does not agree
with the tiles and the signed heads, which stand elsewhere. `LogWatch` reads the log in its order against those;
`ContentWatch` reads one stream and everything its events commit to, so that two exchanged photographs show.

Each step that can find something has a name, the same in the alarm, the tests and docs/SECURITY.md.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Literal

import msgspec

from evidence.checkpoint import Checkpoint, NoteKey, open_checkpoint, without_witnesses
from evidence.erasure.flow import all_places
from evidence.erasure.rules import IN_FLIGHT
from evidence.errors import ChainBroken, NotFound, NotVerified, ObjectCorrupt, ObjectErased
from evidence.events import Erased, Event, Media, Sealed, parse_instant
from evidence.follow import Feed
from evidence.ledger import Ledger
from evidence.log import Entry
from evidence.merkle import EMPTY, leaf_hash, node_hash
from evidence.ports import Clock
from evidence.sealer import seal_key
from evidence.sequencer import HASH, WIDTH, Checkpoints, Tiles, leaf, read_tile, tile_path
from evidence.vault import Objects, Vault

Step = Literal["end", "line", "tree", "chain", "seal", "content"]
Pause = Callable[[], Awaitable[None]]
Note = Callable[[], Awaitable[bytes | None]]

RUN = 4 * WIDTH  # events read at once
VALUES = 500  # hidden values looked up at once


class Tampered(
    NotVerified, code="TAMPERED", zh="留存的记录与已签署的不一致。", en="What is stored is not what was signed."
):
    """`facts`: `step` and `record` (a position, or a stream and number)."""

    def __init__(self, step: Step, record: str, detail: str) -> None:
        super().__init__(detail, step=step, record=record)
        self.step, self.record = step, record

    def __str__(self) -> str:
        return f"{self.step}, {self.record}: {self.detail}"


class _Row(msgspec.Struct):
    """Of a line: where it says it stands."""

    stream: str
    seq: int


class LogWatch:
    """The log against its tiles and signed heads. Reads only; keeps the largest head it saw, so none may go back.

    `heads`: where signed notes of this log are kept, the sequencer's own and the one that witnesses cosigned.
    """

    def __init__(self, feed: Feed, tiles: Tiles, public: NoteKey, signed: Checkpoints, cosigned: Checkpoints) -> None:
        self._feed = feed
        self._tiles = tiles
        self._public = public
        self._signed = signed
        self._cosigned = cosigned
        self._seen = Checkpoint(public.name, 0, EMPTY)
        self._tile: tuple[int, bytes] = (-1, b"")

    async def look(self) -> int:
        """Cheap: does the log still reach what was signed, and end in it with the same event? The signed size."""
        head, self._tile = await self._head(), (-1, b"")
        # The head was there before the question, so whatever it covers must be found.
        if await self._feed.newest() < head.size:
            raise Tampered("end", f"position {head.size}", "the log ends before the signed head")
        if head.size:
            await self._compare(head.size - 1, await self._run(head.size - 1, head.size), head)
        return head.size

    async def walk(self, pause: Pause) -> int:
        """Every event under the signed head, in order; how many. Tampered names the first that is not as signed."""
        anchors, self._tile = await self._anchors(), (-1, b"")
        head, at, tree = anchors[-1], 0, _Peaks()
        for anchor in anchors:
            while at < anchor.size:
                end = min(anchor.size, at + RUN)
                hashes = await self._run(at, end)
                await self._compare(at, hashes, head)
                await asyncio.to_thread(tree.grow, hashes)
                at = end
                await pause()
            if tree.root() != anchor.root:
                raise Tampered("tree", f"size {anchor.size}", "the events do not make a root that was signed")
        self._seen = head
        return head.size

    async def _anchors(self) -> list[Checkpoint]:
        """Signed heads in order of size: what was seen before, what witnesses cosigned, and the newest."""
        head = await self._head()
        note = await self._cosigned.load()
        found = [self._seen, *([] if note is None else [self._open(without_witnesses(note))])]
        return [*sorted((item for item in found if item.size <= head.size), key=lambda item: item.size), head]

    async def _head(self) -> Checkpoint:
        note = await self._signed.load()
        head = Checkpoint(self._public.name, 0, EMPTY) if note is None else self._open(note)
        if head.size < self._seen.size:
            raise Tampered("end", f"size {head.size}", f"the signed head went back from {self._seen.size}")
        return head

    def _open(self, note: bytes) -> Checkpoint:
        try:
            return open_checkpoint(note, self._public)[0]
        except NotVerified as error:
            raise Tampered("end", "checkpoint", error.detail) from None

    async def _run(self, at: int, end: int) -> list[bytes]:
        """Leaf hashes of the events at positions `at` + 1 … `end`."""
        try:
            entries = await self._feed.scan(at, end - at)
        except ChainBroken as error:
            raise Tampered("line", f"position {at + 1} or after", error.detail) from None
        if len(entries) < end - at:
            raise Tampered("end", f"position {at + len(entries) + 1}", "the log ends before the signed head")
        return await asyncio.to_thread(_leaves, entries)

    async def _compare(self, at: int, hashes: Sequence[bytes], head: Checkpoint) -> None:
        """With the lowest tiles, to name the very event."""
        for place, hashed in enumerate(hashes, at):
            number, within = divmod(place, WIDTH)
            width = min(WIDTH, head.size - number * WIDTH)
            if self._tile[0] != number or len(self._tile[1]) != width * HASH:
                self._tile = number, await self._read_tile(number, width)
            if self._tile[1][within * HASH : (within + 1) * HASH] != hashed:
                raise Tampered("line", f"position {place + 1}", "another event than the one that was signed")

    async def _read_tile(self, number: int, width: int) -> bytes:
        path = tile_path(0, number, width)
        try:
            data = await read_tile(self._tiles, 0, number, width)
        except ObjectErased:
            raise Tampered("tree", path, "a tile is missing") from None
        if len(data) != width * HASH:
            raise Tampered("tree", path, "a tile has another size")
        return data


class ContentWatch:
    """One stream: its chain, its seals, and whatever its events commit to, opened and compared."""

    def __init__(self, ledger: Ledger, vault: Vault, objects: Objects, now: Clock) -> None:
        self._ledger = ledger
        self._vault = vault
        self._objects = objects
        self._now = now

    async def check(self, stream: str) -> int:
        """How many commitments were found as they should be. Tampered names the first that was not."""
        try:
            return await self._check(stream)
        except Tampered:
            # An erasure may have come between reading the chain and looking for what it names: once more, afresh.
            return await self._check(stream)

    async def _check(self, stream: str) -> int:
        try:
            events = await self._ledger.events(stream)
        except (ChainBroken, NotFound) as error:
            raise Tampered("chain", stream, error.detail) from None
        await self._seals(stream, events)
        return await self._contents(stream, events)

    async def _seals(self, stream: str, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event.body, Sealed):
                name = seal_key(stream, event.body.segment)
                try:
                    envelope = await self._objects.get(name)
                except ObjectErased:
                    raise Tampered("seal", name, "a seal is missing") from None
                if hashlib.sha256(envelope).hexdigest() != event.body.seal_sha256:
                    raise Tampered("seal", name, "another seal than the chain announces")

    async def _contents(self, stream: str, events: Sequence[Event]) -> int:
        erased = {field.commitment for event in events if isinstance(event.body, Erased) for field in event.body.fields}
        patient = self._erased_just_now(events)
        places = await asyncio.to_thread(all_places, events)
        wanted = [place for place in places if place.commitment not in erased]
        values = {place.commitment: place for place in wanted if place.media is None}
        found = 0
        for batch in _batches(list(values), VALUES):
            try:
                opened = await self._vault.reveal(stream, batch)
            except ObjectCorrupt as error:
                raise Tampered("content", stream, error.detail) from None
            for commitment in batch:
                if commitment not in opened and not patient:
                    place = values[commitment]
                    raise Tampered("content", f"{stream}/{place.seq} {place.path}", "a value is gone, never erased")
            found += len(opened)
        for place in wanted:
            if place.media is not None:
                found += await self._file(stream, f"{stream}/{place.seq} {place.path}", Media(**place.media), patient)
        return found

    async def _file(self, stream: str, record: str, media: Media, patient: bool) -> bool:
        try:
            await self._vault.get_salted(stream, media)
        except ObjectCorrupt as error:
            raise Tampered("content", record, error.detail) from None
        except ObjectErased:
            if not patient:
                raise Tampered("content", record, "a file is gone, never erased") from None
            return False
        return True

    def _erased_just_now(self, events: Sequence[Event]) -> bool:
        """What was hidden while its class was erased is accounted for by the keeper, within minutes."""
        since = self._now() - IN_FLIGHT - timedelta(minutes=1)
        return any(isinstance(event.body, Erased) and parse_instant(event.at) >= since for event in events)


class _Peaks:
    """The perfect subtrees over what was read so far, largest first."""

    def __init__(self) -> None:
        self._peaks: list[tuple[int, bytes]] = []  # (level, hash)

    def grow(self, hashes: Sequence[bytes]) -> None:
        for found in hashes:
            level, hashed = 0, found
            while self._peaks and self._peaks[-1][0] == level:
                level, hashed = level + 1, node_hash(self._peaks.pop()[1], hashed)
            self._peaks.append((level, hashed))

    def root(self) -> bytes:
        if not self._peaks:
            return EMPTY
        hashed = self._peaks[-1][1]
        for _, above in reversed(self._peaks[:-1]):
            hashed = node_hash(above, hashed)
        return hashed


def _leaves(entries: Sequence[Entry]) -> list[bytes]:
    found: list[bytes] = []
    for entry in entries:
        try:
            said = msgspec.json.decode(entry.line, type=_Row)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise Tampered("line", f"position {entry.position}", "not an event line") from None
        if (said.stream, said.seq) != (entry.stream, entry.seq):
            raise Tampered("line", f"position {entry.position}", "the row is filed under another name than its line")
        found.append(leaf_hash(leaf(entry.line)))
    return found


def _batches(items: list[str], size: int) -> list[list[str]]:
    return [items[at : at + size] for at in range(0, len(items), size)]
