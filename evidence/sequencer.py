"""The only one who may publish a checkpoint: takes events in commit order into a tree of tiles and signs its head.

Storage order is what keeps a crash harmless: tiles first, then the checkpoint row by compare-and-swap, then the public
file. A checkpoint is signed only over a tree that extends the last signed one; when the store turns out to be older
than the checkpoint (a restored backup), everything stops.

Leaf index = position - 1: the log's positions follow commit order from 1 without gaps, and every run of entries is
checked for that before it is taken in.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.checkpoint import Checkpoint, NoteKey, open_checkpoint, sign, write_proof
from evidence.errors import ChainBroken, HeadMoved, NotFound, NotVerified, ObjectErased, ReadOnly, StorageFailed
from evidence.events import line_hash
from evidence.log import Entry, Log
from evidence.merkle import EMPTY, Node, consistency, inclusion, leaf_hash, node_hash, verify_inclusion

WIDTH = 256  # hashes in a full tile (C2SP tlog-tiles)
HEIGHT = 8
BATCH = 1_000
HASH = 32
TOGETHER = 64  # tiles read and hashed at once when all of them are


class Tiles(Protocol):
    """Create-only files under the paths of tlog-tiles; `evidence.vault.Objects` has these verbs."""

    async def put(self, key: str, data: bytes) -> None:
        """Durable when it returns. The same bytes again are fine; others: ObjectCorrupt, for that is a fork."""
        ...

    async def get(self, key: str) -> bytes:
        """ObjectErased when it is not there."""
        ...

    async def keys(self, prefix: str) -> list[str]: ...

    async def delete(self, keys: Iterable[str]) -> int: ...


class Checkpoints(Protocol):
    """The last signed checkpoint. Kept apart from the tiles, so that an old copy of those is noticed."""

    async def load(self) -> bytes | None: ...

    async def swap(self, old: bytes | None, new: bytes) -> None:
        """Durable when it returns. HeadMoved, and nothing changed, when the row does not hold `old`."""
        ...

    async def publish(self, note: bytes) -> None:
        """Put it where everybody can read it."""
        ...


class StoreTooOld(
    ReadOnly,
    code="STORE_TOO_OLD",
    zh="系统正在核查数据是否完整，暂时不能办理。",
    en="The store does not reach the signed checkpoint. It is being checked and accepts no changes.",
):
    """Tiles or events end before the checkpoint, or are others: a restored backup or a rewritten log. An alarm."""


@dataclass(frozen=True)
class Proven:
    """An event's place: `index` in the tree, and the C2SP `.tlog-proof` bytes."""

    index: int
    proof: bytes


def leaf(line: bytes) -> bytes:
    """The log entry of an event line."""
    return entry_of(line_hash(line))


def entry_of(digest: str) -> bytes:
    """The log entry of the event with this line hash: canonical JSON of `kind`, `sha256` and `v`."""
    return b'{"kind":"event","sha256":"%b","v":1}' % digest.encode()


def framed(entry: bytes) -> bytes:
    """As it stands in an entry bundle: its length in two bytes before it."""
    return len(entry).to_bytes(2, "big") + entry


def tile_path(level: int | str, number: int, width: int = WIDTH) -> str:
    """`tile/<L>/<N>[.p/<W>]`; level `entries` for entry bundles."""
    parts = [f"{number % 1000:03d}"]
    while number >= 1000:
        number //= 1000
        parts.insert(0, f"x{number % 1000:03d}")
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(parts)}{partial}"


async def read_tile(tiles: Tiles, level: int, number: int, width: int) -> bytes:
    """`width` hashes of a tile. What was partial once is read from the full tile when that stands in its place.

    ObjectErased when neither is there; the bytes may be others than asked for, which is for the reader to notice.
    """
    try:
        return await tiles.get(tile_path(level, number, width))
    except ObjectErased:
        if width == WIDTH:
            raise
        return (await tiles.get(tile_path(level, number)))[: width * HASH]


async def read_entries(tiles: Tiles, number: int, width: int) -> list[bytes]:
    """The same of an entry bundle."""
    try:
        return _entries(await tiles.get(tile_path("entries", number, width)))
    except ObjectErased:
        if width == WIDTH:
            raise
        return _entries(await tiles.get(tile_path("entries", number)))[:width]


class Sequencer:
    """One at a time, under a follower's lease. `start` first; then `take` for every run of entries."""

    def __init__(self, log: Log, tiles: Tiles, checkpoints: Checkpoints, origin: str, key: Ed25519PrivateKey) -> None:
        self._log = log
        self._tiles = tiles
        self._checkpoints = checkpoints
        self._origin = origin
        self._key = key
        self.public = NoteKey(origin, key.public_key().public_bytes_raw())
        self._note: bytes | None = None
        self._head = Checkpoint(origin, 0, EMPTY)
        # The right edge: for each tile level the hashes of its last, not yet full tile; and the last entry bundle.
        self._edges: list[list[bytes]] = []
        self._bundle: list[bytes] = []
        self._started = False
        self._recomputed = 0  # size of the tree when this process last went through all of it, or grew it itself
        self._turn = asyncio.Lock()

    @property
    def head(self) -> Checkpoint:
        """The last signed tree head."""
        return self._head

    @property
    def note(self) -> bytes | None:
        """The last signed checkpoint as it is served."""
        return self._note

    async def start(self) -> Checkpoint:
        """Load the checkpoint, recompute the root from the tiles, compare the last entry with the log.

        StoreTooOld when they do not reach it or differ. Publishes the checkpoint again: a crash may have come between.
        """
        note = await self._load()
        if note is not None:
            await self._checkpoints.publish(note)
        self._started = True
        return self._head

    async def check(self) -> None:
        """What `start` checks, writing nothing: for every process as it starts, whoever holds the lease."""
        async with self._turn:
            if not self._started:
                await self._load()

    async def _load(self) -> bytes | None:
        note = await self._checkpoints.load()
        if note is None:
            self._head, self._edges, self._bundle = Checkpoint(self._origin, 0, EMPTY), [], []
        else:
            try:
                head, _ = open_checkpoint(note, self.public)
            except NotVerified as error:
                raise StoreTooOld(f"checkpoint: {error.detail}") from None
            await self._load_edges(head.size)
            if self._recomputed == 0:
                await self._recompute(head.size)
            if self._root() != head.root:
                raise StoreTooOld("the tiles do not make the signed root")
            await self._check_last(head.size)
            self._head, self._recomputed = head, head.size
        self._note = note
        return note

    async def take(self, entries: Sequence[Entry]) -> Checkpoint:
        """Take in the entries that are new, sign and publish. Entries seen before are passed over."""
        async with self._turn:
            if not self._started:
                await self.start()
            new = self._new(entries)
            if new and new[0].position != self._head.size + 1:
                await self.start()  # another process had the lease meanwhile, and went on from our head
                new = self._new(entries)
            if not new:
                return self._head
            expected = range(self._head.size + 1, self._head.size + 1 + len(new))
            if [entry.position for entry in new] != list(expected):
                raise ChainBroken("positions are not consecutive")
            self._started = False  # until the checkpoint has moved, what is in memory is ahead of it
            full = await self._write([leaf(entry.line) for entry in new])
            await self._publish(self._head.size + len(new))
            self._started = True
            await self._tidy(full)
            return self._head

    def _new(self, entries: Sequence[Entry]) -> list[Entry]:
        return [entry for entry in entries if entry.position > self._head.size]

    async def catch_up(self) -> Checkpoint:
        """Take in everything the log holds now."""
        if not self._started:
            async with self._turn:
                await self.start()
        while entries := await self._log.scan(self._head.size, BATCH):
            await self.take(entries)
        return self._head

    async def prove(
        self, places: Iterable[tuple[str, int]], under: tuple[Checkpoint, bytes] | None = None
    ) -> dict[tuple[str, int], Proven]:
        """Proofs for events, (stream, seq), under one checkpoint; each is verified before it leaves.

        `under`: an earlier head of this log with its note (the one witnesses cosigned); else the present one. NotFound
        when an event is not in that tree.
        """
        head, note = under or (self._head, self._note)
        tiles: _Held = {}
        proofs: dict[tuple[str, int], Proven] = {}
        for place in dict.fromkeys(places):
            entry = await self._log.find(*place)
            if entry is None or entry.position > head.size:
                raise NotFound(f"not in the signed tree yet: {place}")
            index = entry.position - 1
            hashes = await self._fetch(head.size, partial(inclusion, index, head.size), tiles)
            verify_inclusion(index, head.size, leaf_hash(leaf(entry.line)), hashes, head.root)
            assert note is not None
            proofs[place] = Proven(index, write_proof(index, hashes, note))
        return proofs

    async def consistency(self, old: int, new: int | None = None) -> tuple[bytes, ...]:
        """That the tree of size `new` (a signed one; else the present) extends the one of size `old`: what a witness
        asks for."""
        size = self._head.size if new is None else new
        return await self._fetch(size, partial(consistency, old, size))

    # --- writing -----------------------------------------------------------------------------------------------------

    async def _write(self, entries: Sequence[bytes]) -> list[str]:
        """Tiles of a longer tree, full ones and the new partial ones; the paths of the full ones. No tile changes that
        was written before."""
        size = self._head.size
        made: dict[str, bytes] = {}
        for number, entry in enumerate(entries):
            self._bundle.append(entry)
            if len(self._bundle) == WIDTH:
                self._close_bundle((size + number) // WIDTH, made)
                self._bundle = []
            self._push(0, leaf_hash(entry), size + number, made)
        size += len(entries)
        if self._bundle:
            self._close_bundle(size // WIDTH, made)
        for level, hashes in enumerate(self._edges):
            if hashes:
                made[tile_path(level, (size >> HEIGHT * level) // WIDTH, len(hashes))] = b"".join(hashes)
        # Together: each waits for the disk several times, and none for another; the checkpoint waits for all of them.
        written = await asyncio.gather(
            *(self._tiles.put(path, data) for path, data in made.items()), return_exceptions=True
        )
        for failed in filter(None, written):  # only now: nothing is still being written when the next try begins
            raise failed
        return [path for path in made if ".p/" not in path]

    async def _tidy(self, full: Sequence[str]) -> None:
        """A full tile stands in for the partial ones it grew from, as tlog-tiles allows: else a checkpoint a second
        would leave hundreds of thousands of files a day. What a crash leaves does no harm."""
        for path in full:
            with contextlib.suppress(StorageFailed):
                await self._tiles.delete(await self._tiles.keys(f"{path}.p/"))

    def _push(self, level: int, hashed: bytes, index: int, made: dict[str, bytes]) -> None:
        if level == len(self._edges):
            self._edges.append([])
        self._edges[level].append(hashed)
        if len(self._edges[level]) == WIDTH:
            full, self._edges[level] = self._edges[level], []
            made[tile_path(level, index // WIDTH)] = b"".join(full)
            self._push(level + 1, merge(full), index // WIDTH, made)

    def _close_bundle(self, number: int, made: dict[str, bytes]) -> None:
        made[tile_path("entries", number, len(self._bundle))] = b"".join(map(framed, self._bundle))

    async def _publish(self, size: int) -> None:
        # The edges began as those of the last signed tree (checked against its root at the start, and grown by us
        # since), so what they make now extends it.
        head = Checkpoint(self._origin, size, self._root())
        note = sign(head, self._key)
        await self._checkpoints.swap(self._note, note)
        self._head, self._note, self._recomputed = head, note, size
        await self._checkpoints.publish(note)

    # --- reading -----------------------------------------------------------------------------------------------------

    async def _load_edges(self, size: int) -> None:
        self._edges, self._bundle = [], []
        level = 0
        while size >> HEIGHT * level:
            whole, width = divmod(size >> HEIGHT * level, WIDTH)
            data = await self._tile(level, whole, width) if width else b""
            self._edges.append([data[at : at + HASH] for at in range(0, len(data), HASH)])
            level += 1
        if size % WIDTH:
            self._bundle = await self._last_entries(size // WIDTH, size % WIDTH)
            if [leaf_hash(entry) for entry in self._bundle] != self._edges[0]:
                raise StoreTooOld("the last entries are not those of the last tile")

    async def _recompute(self, size: int) -> None:
        """Every hash of the tree, from the leaf hashes up, against the tiles: once in the life of a process.

        Memory does not grow with the tree; the hashing is done in a thread. Which event a leaf stands for is not asked
        here but by `evidence.fsck` and the monitor, who read every event.
        """
        pending: list[list[bytes]] = [[] for _ in range(1, len(self._edges))]

        async def push(level: int, hashed: bytes, number: int) -> None:
            pending[level - 1].append(hashed)
            if len(pending[level - 1]) == WIDTH:
                full, pending[level - 1] = pending[level - 1], []
                if await self._tile(level, number // WIDTH, WIDTH) != b"".join(full):
                    raise StoreTooOld(f"{tile_path(level, number // WIDTH)} is not over the tiles below it")
                await push(level + 1, merge(full), number // WIDTH)

        for start in range(0, size // WIDTH, TOGETHER):
            numbers = range(start, min(start + TOGETHER, size // WIDTH))
            tiles = await asyncio.gather(*(self._tile(0, number, WIDTH) for number in numbers))
            for number, hashed in zip(numbers, await asyncio.to_thread(_over, tiles), strict=True):
                await push(1, hashed, number)
        if pending != self._edges[1:]:
            raise StoreTooOld("the last tiles are not over the tiles below them")

    def _root(self) -> bytes:
        """From the right edge alone: everything left of it is in the full tiles' hashes on higher levels."""
        hashed: bytes | None = None
        for hashes in self._edges:
            for part in _peaks(hashes):
                hashed = part if hashed is None else node_hash(part, hashed)
        return hashed if hashed is not None else EMPTY

    async def _check_last(self, size: int) -> None:
        last = await self._log.scan(size - 1, 1)
        if not last or last[0].position != size:
            raise StoreTooOld("the log ends before the signed checkpoint")
        hashes = await self._fetch(size, lambda node: (node(0, size - 1),))
        if hashes[0] != leaf_hash(leaf(last[0].line)):
            raise StoreTooOld("the log holds another event than the tree")

    async def _fetch(
        self, size: int, ask: Callable[[Node], tuple[bytes, ...]], tiles: "_Held | None" = None
    ) -> tuple[bytes, ...]:
        """Answer `ask` from tiles: run it once to learn which hashes it wants, read their tiles, run it again.

        `tiles`: what was read for this size already, and what is read now.
        """
        tiles = {} if tiles is None else tiles
        wanted: dict[tuple[int, int], bytes] = {}

        def note_down(level: int, index: int) -> bytes:
            return wanted.setdefault((level, index), bytes(HASH))

        ask(note_down)
        for level, index in wanted:
            above, within = divmod(level, HEIGHT)
            first = index << within
            number = first // WIDTH
            if (above, number) not in tiles:
                width = min(WIDTH, (size >> HEIGHT * above) - number * WIDTH)
                tiles[above, number] = await self._tile(above, number, width)
            start = (first % WIDTH) * HASH
            part = tiles[above, number][start : start + (HASH << within)]
            wanted[level, index] = merge([part[at : at + HASH] for at in range(0, len(part), HASH)])
        return ask(lambda level, index: wanted[level, index])

    async def _tile(self, level: int, number: int, width: int) -> bytes:
        try:
            data = await read_tile(self._tiles, level, number, width)
        except ObjectErased:
            raise StoreTooOld(f"{tile_path(level, number, width)} is missing") from None
        if len(data) != width * HASH:
            raise StoreTooOld("a tile has another size")
        return data

    async def _last_entries(self, number: int, width: int) -> list[bytes]:
        try:
            return await read_entries(self._tiles, number, width)
        except ObjectErased:
            raise StoreTooOld(f"{tile_path('entries', number, width)} is missing") from None


_Held = dict[tuple[int, int], bytes]


def merge(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of sibling hashes."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def _over(tiles: Sequence[bytes]) -> list[bytes]:
    return [merge([tile[at : at + HASH] for at in range(0, len(tile), HASH)]) for tile in tiles]


def _peaks(hashes: Sequence[bytes]) -> list[bytes]:
    """The perfect subtrees of a partial tile, smallest (rightmost) first."""
    found: list[bytes] = []
    end = len(hashes)
    while end:
        width = end & -end
        found.append(merge(hashes[end - width : end]))
        end -= width
    return found


def _entries(bundle: bytes) -> list[bytes]:
    found: list[bytes] = []
    at = 0
    while at < len(bundle):
        length = int.from_bytes(bundle[at : at + 2], "big")
        found.append(bundle[at + 2 : at + 2 + length])
        at += 2 + length
    return found


__all__ = [
    "Checkpoints",
    "HeadMoved",
    "Proven",
    "Sequencer",
    "StoreTooOld",
    "Tiles",
    "entry_of",
    "framed",
    "leaf",
    "merge",
    "read_entries",
    "read_tile",
    "tile_path",
]
