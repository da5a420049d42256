"""Steps 4 to 7: every entry is the digest of its event, every tile is byte for byte what the entries make, and every
signed head stands over that very tree."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evidence.checkpoint import Checkpoint
from evidence.errors import ObjectErased
from evidence.fsck.lines import SLOT
from evidence.fsck.report import Bad
from evidence.fsck.source import Folder
from evidence.merkle import leaf_hash, root
from evidence.sequencer import HASH, HEIGHT, WIDTH, entry_of, framed, merge, tile_path

AHEAD = 64  # tiles looked for behind the checkpoint: more than a sequencer writes at once


@dataclass
class Grown:
    """A share of the lowest tiles: the hash over each full one, what was wrong, what lay there beside them."""

    hashes: list[bytes] = field(default_factory=list)
    bad: list[tuple[str, int, str, str]] = field(default_factory=list)  # step, tile, what, record
    partial: int = 0  # older partial tiles
    ahead: int = 0  # files behind the checkpoint

    def worse(self, step: str, tile: int, what: str, record: str) -> None:
        if not any(known[0] == step for known in self.bad):
            self.bad.append((step, tile, what, record))


async def grow_share(log: Folder, slots: Path, first: int, last: int, size: int, newest: int) -> Grown:
    """Tiles `first` … `last` - 1 of level 0 and of the entries, in a tree of `size` in a log of `newest` events."""
    grown = Grown()
    descriptor = os.open(slots, os.O_RDONLY)
    try:
        for number in range(first, last):
            await _lowest(log, descriptor, number, size, newest, grown)
    finally:
        os.close(descriptor)
    return grown


async def _lowest(log: Folder, descriptor: int, number: int, size: int, newest: int, grown: Grown) -> None:
    start = number * WIDTH
    known = min(WIDTH, newest - start)  # events; the tree may end before them
    width = max(0, min(WIDTH, size - start))
    data = os.pread(descriptor, known * SLOT, start * SLOT)
    entries = [entry_of(data[at : at + 32].hex()) for at in range(0, len(data), SLOT)]
    hashes = [leaf_hash(entry) for entry in entries]
    for step, level, parts in (("entries", "entries", [framed(entry) for entry in entries]), ("tiles", "0", hashes)):
        if width:
            path = tile_path(level, number, width)
            what = await differs(log, level, number, parts[:width])
            if what is not None:
                place, words = what
                grown.worse(step, number, words, f"{path}, position {start + place + 1}")
        await _others(log, step, level, number, width, parts, grown)
    if width == WIDTH:
        grown.hashes.append(merge(hashes))


async def _others(
    log: Folder, step: str, level: str, number: int, width: int, parts: Sequence[bytes], grown: Grown
) -> None:
    """Partial tiles from when the tree was smaller, and what a crash left behind the checkpoint: the same bytes."""
    widths = [int(name) for name in await log.names(f"{tile_path(level, number)}.p") if name.isdecimal()]
    if width < WIDTH and await log.has(tile_path(level, number)):
        widths.append(WIDTH)
    for count in widths:
        if count == width or not 0 < count <= WIDTH:
            continue
        grown.partial, grown.ahead = grown.partial + (count < width), grown.ahead + (count > width)
        if count > len(parts):  # of events that came while the check ran
            continue
        what = await differs(log, level, number, parts[:count])
        if what is not None:
            path = tile_path(level, number, count)
            grown.worse(step, number, what[1], f"{path}, position {number * WIDTH + what[0] + 1}")


async def differs(log: Folder, level: str, number: int, parts: Sequence[bytes]) -> tuple[int, str] | None:
    """(number of the first part that is another, what is wrong) in the tile of so many parts, or None.

    A partial tile may be gone, and the full one stand in its place: a service at work tidies up.
    """
    try:
        data = await log.get(tile_path(level, number, len(parts)))
    except ObjectErased:
        if len(parts) == WIDTH or not await log.has(tile_path(level, number)):
            return 0, "the file is missing"
        data = (await log.get(tile_path(level, number)))[: sum(map(len, parts))]
    if data == b"".join(parts):
        return None
    at = 0
    for place, part in enumerate(parts):
        if data[at : at + len(part)] != part:
            return place, "the file is cut" if at + len(part) > len(data) else "the file holds another hash"
        at += len(part)
    return len(parts) - 1, "the file is longer than it should be"


class Tree:
    """The whole tree over `size` entries: `hashes[0]` is over each full tile of level 0, and so on upwards."""

    def __init__(self, size: int, slots: Path, hashes: list[bytes]) -> None:
        self.size = size
        self._slots = slots
        self.levels = [hashes]
        while len(self.levels[-1]) >= WIDTH:
            below = self.levels[-1]
            self.levels.append([merge(below[at : at + WIDTH]) for at in range(0, len(below) - WIDTH + 1, WIDTH)])

    def root(self, size: int) -> bytes:
        """Over the first `size` entries."""
        return root(size, self._node)

    def check(self, head: Checkpoint, what: str) -> None:
        """Bad unless `head` is a head of this very tree."""
        if head.size > self.size:
            raise Bad(f"it covers {head.size} events, the log ends at {self.size}", what)
        if self.root(head.size) != head.root:
            raise Bad(f"its root is not that of the first {head.size} events", what)

    def _node(self, level: int, index: int) -> bytes:
        above, within = divmod(level, HEIGHT)
        first, count = index << within, 1 << within
        if above == 0:
            with self._slots.open("rb") as file:
                data = os.pread(file.fileno(), count * SLOT, first * SLOT)
            return merge([leaf_hash(entry_of(data[at : at + HASH].hex())) for at in range(0, len(data), SLOT)])
        return merge(self.levels[above - 1][first : first + count])


async def check_upper(log: Folder, tree: Tree, size: int) -> int:
    """Step 5, from level 1 up; how many tiles. Bad names the first that is another."""
    count = 0
    for level, hashes in enumerate(tree.levels, 1):
        held = size >> HEIGHT * level
        for number in range(-(-held // WIDTH)):
            parts = hashes[number * WIDTH : min(held, (number + 1) * WIDTH)]
            names = await log.names(f"{tile_path(level, number)}.p")
            older = [int(name) for name in names if name.isdecimal() and 0 < int(name) < len(parts)]
            for width in (len(parts), *older):
                what = await differs(log, str(level), number, parts[:width])
                if what is not None:
                    raise Bad(what[1], f"{tile_path(level, number, width)}, hash {what[0]}")
            count += 1
    return count
