"""The log's tree on disk: what C2SP tlog-tiles asks for, and what happens when storage fails or goes back in time."""

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence import decode
from evidence.checkpoint import Checkpoint, open_checkpoint, read_proof, sign
from evidence.errors import ChainBroken, HeadMoved, NotFound, ObjectCorrupt, StorageFailed
from evidence.events import Head
from evidence.files import FileObjects
from evidence.log import Entry
from evidence.merkle import leaf_hash, nodes_of, root, verify_consistency, verify_inclusion
from evidence.sequencer import Checkpoints, Sequencer, StoreTooOld, leaf, tile_path
from evidence.sql import Database, SqlCheckpoints
from evidence.tiles import PublicNote
from tests.evidence.fakes import MemoryLog, MemoryObjects
from tests.proof.story import MemoryCheckpoint

ORIGIN = "jianzheng.test/log"
KEY = Ed25519PrivateKey.from_private_bytes(b"s" * 32)


async def filled(size: int) -> MemoryLog:
    """A log with `size` lines of one stream; the sequencer never looks into them."""
    log = MemoryLog()
    await grow(log, size)
    return log


async def grow(log: MemoryLog, size: int) -> None:
    """More lines of the same stream, whatever was done to the entries meanwhile."""
    have = len(log._streams.get("case_x", []))
    lines = [f'{{"n":{number}}}'.encode() for number in range(have, size)]
    last = hashlib.sha256(log._streams["case_x"][-1]).hexdigest() if have else Head().hash
    await log.append("case_x", Head(seq=have, hash=last), lines)


def expected(log: MemoryLog, size: int) -> bytes:
    return root(size, nodes_of([leaf_hash(leaf(entry.line)) for entry in log.entries[:size]]))


class Store:
    """One tile store and one checkpoint row; `open` gives a sequencer on them, as after a restart."""

    def __init__(self, log: MemoryLog) -> None:
        self.log, self.tiles, self.checkpoint = log, MemoryObjects(), MemoryCheckpoint()

    def open(self, checkpoints: Checkpoints | None = None) -> Sequencer:
        return Sequencer(self.log, self.tiles, checkpoints or self.checkpoint, ORIGIN, KEY)


@pytest.mark.parametrize(
    ("number", "width", "path"),
    [
        (0, 256, "tile/0/000"),
        (1234067, 256, "tile/0/x001/x234/067"),
        (999, 12, "tile/0/999.p/12"),
        (1000, 256, "tile/0/x001/000"),
    ],
)
def test_tiles_are_named_as_the_specification_names_them(number: int, width: int, path: str) -> None:
    assert tile_path(0, number, width) == path


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 600])
async def test_the_checkpoint_signs_the_root_over_all_entries(size: int) -> None:
    store = Store(await filled(size))
    head = await store.open().catch_up()
    assert (head.size, head.root) == (size, expected(store.log, size))
    assert store.checkpoint.published == store.checkpoint.row is not None


async def test_a_tree_of_600_is_exactly_the_tiles_the_specification_lists() -> None:
    store = Store(await filled(600))
    await store.open().catch_up()
    assert set(store.tiles.blobs) == {
        "tile/0/000",
        "tile/0/001",
        "tile/0/002.p/88",
        "tile/1/000.p/2",
        "tile/entries/000",
        "tile/entries/001",
        "tile/entries/002.p/88",
    }
    assert len(store.tiles.blobs["tile/0/000"]) == 8192
    entries = store.tiles.blobs["tile/entries/000"]
    length = int.from_bytes(entries[:2], "big")
    assert entries[2 : 2 + length] == leaf(store.log.entries[0].line)


async def test_a_full_tile_stands_in_for_the_partial_ones_it_grew_from() -> None:
    """Else a log that is published every second keeps hundreds of thousands of files for ever."""
    log = await filled(200)
    store = Store(log)
    sequencer = store.open()
    old, older = await sequencer.catch_up(), sequencer.note
    late = store.open()
    await late.start()
    assert older is not None
    await grow(log, 250)
    await sequencer.catch_up()
    assert {path for path in store.tiles.blobs if ".p/" in path} == {
        f"tile/{level}/000.p/{width}" for level in ("0", "entries") for width in (200, 250)
    }
    await grow(log, 700)
    head = await sequencer.catch_up()
    assert {path for path in store.tiles.blobs if ".p/" in path} == {
        "tile/0/002.p/188",
        "tile/1/000.p/2",
        "tile/entries/002.p/188",
    }
    # Whoever still stands at an older head reads the same from the full tiles: proofs, and the way on.
    (proven,) = (await sequencer.prove([("case_x", 150)], under=(old, older))).values()
    verify_inclusion(149, 200, leaf_hash(leaf(log.entries[149].line)), read_proof(proven.proof)[1], old.root)
    verify_consistency(200, 700, old.root, head.root, await late.consistency(200, 700))
    store.checkpoint.row = older
    assert (await store.open().start()).size == 200


async def test_growing_step_by_step_gives_the_same_tree_as_growing_at_once() -> None:
    log = await filled(1)
    store = Store(log)
    sequencer = store.open()
    for size in (2, 3, 100, 256, 257, 513):
        await grow(log, size)
        head = await (store.open() if size % 2 else sequencer).catch_up()
        assert head.root == expected(log, size)
        sequencer = store.open()


@pytest.mark.parametrize("size", [1, 7, 256, 300, 600])
async def test_proofs_from_tiles_hold(size: int) -> None:  # EVD-04
    store = Store(await filled(size))
    sequencer = store.open()
    head = await sequencer.catch_up()
    places = {("case_x", seq) for seq in {1, size // 2 + 1, size}}
    for (_, seq), proven in (await sequencer.prove(places)).items():
        index, hashes, note = read_proof(proven.proof)
        assert index == proven.index == seq - 1
        assert open_checkpoint(note, sequencer.public)[0] == head
        verify_inclusion(index, size, leaf_hash(leaf(store.log.entries[index].line)), hashes, head.root)


async def test_a_later_tree_is_shown_to_extend_an_earlier_one() -> None:  # EVD-02
    log = await filled(300)
    store = Store(log)
    sequencer = store.open()
    old = await sequencer.catch_up()
    await grow(log, 700)
    new = await sequencer.catch_up()
    verify_consistency(old.size, new.size, old.root, new.root, await sequencer.consistency(old.size))


@pytest.mark.slow
async def test_a_tree_of_three_levels_is_recomputed_and_proven_to_the_last_hash() -> None:
    size = 65_536 + 300
    store = Store(await filled(size))
    head = await store.open().catch_up()
    assert head.root == expected(store.log, size)
    again = store.open()
    assert await again.start() == head
    for seq in (1, 300, 65_536, 65_537, size):
        (proven,) = (await again.prove([("case_x", seq)])).values()
        verify_inclusion(
            seq - 1, size, leaf_hash(leaf(store.log.entries[seq - 1].line)), read_proof(proven.proof)[1], head.root
        )
    tile = bytearray(store.tiles.blobs["tile/1/000"])
    tile[-1] ^= 1
    store.tiles.blobs["tile/1/000"] = bytes(tile)
    with pytest.raises(StoreTooOld, match="tile/1/000 is not over"):
        await store.open().check()


async def test_an_entry_is_exactly_the_canonical_json_the_format_names() -> None:
    line = b'{"n":1}'
    assert leaf(line) == decode.encode({"kind": "event", "sha256": hashlib.sha256(line).hexdigest(), "v": 1})


async def test_what_the_tree_does_not_hold_yet_is_not_proven() -> None:
    log = await filled(5)
    sequencer = Store(log).open()
    await sequencer.catch_up()
    await grow(log, 6)
    with pytest.raises(NotFound):
        await sequencer.prove([("case_x", 6)])


async def test_entries_seen_before_are_passed_over_and_gaps_are_refused() -> None:
    log = await filled(9)
    sequencer = Store(log).open()
    await sequencer.take(log.entries[:5])
    assert (await sequencer.take(log.entries[2:9])).size == 9
    gap = Entry(position=11, stream="case_x", seq=11, line=b"{}")
    with pytest.raises(ChainBroken, match="consecutive"):
        await sequencer.take([gap])
    assert (await sequencer.take([])).size == 9


async def test_a_second_sequencer_cannot_fork_the_log() -> None:  # attack 28
    log = await filled(3)
    store = Store(log)
    first, second = store.open(), store.open()
    await first.start()
    await second.start()
    await first.take(log.entries[:3])
    with pytest.raises(HeadMoved):
        await second.take(log.entries[:2])
    await grow(log, 4)
    assert (await second.catch_up()).root == expected(log, 4), "it reads the row again and goes on from there"


class Failing(MemoryCheckpoint):
    """A row whose next swap fails, before or after it landed."""

    def __init__(self, when: Literal["before", "after"]) -> None:
        super().__init__()
        self.when: str | None = when

    async def swap(self, old: bytes | None, new: bytes) -> None:
        when, self.when = self.when, None
        if when == "before":
            raise StorageFailed("the disk is gone")
        await super().swap(old, new)
        if when == "after":
            raise StorageFailed("the answer is gone")


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_swap_that_failed_or_only_seemed_to_is_survived(when: Literal["before", "after"]) -> None:  # EVD-03
    log = await filled(300)
    store = Store(log)
    row = Failing(when)
    sequencer = store.open(row)
    with pytest.raises(StorageFailed):
        await sequencer.catch_up()
    await grow(log, 310)
    head = await sequencer.catch_up()
    assert head.root == expected(log, 310)
    assert row.published == row.row


def without_last_tile(store: Store) -> None:
    del store.tiles.blobs["tile/0/001.p/44"]


def with_other_tile(store: Store) -> None:
    tile = bytearray(store.tiles.blobs["tile/1/000.p/1"])
    tile[5] ^= 1
    store.tiles.blobs["tile/1/000.p/1"] = bytes(tile)


def with_other_inner_hash(store: Store) -> None:
    """Far from the right edge: only who goes through the whole tree sees it."""
    tile = bytearray(store.tiles.blobs["tile/0/000"])
    tile[5] ^= 1
    store.tiles.blobs["tile/0/000"] = bytes(tile)


def without_inner_tile(store: Store) -> None:
    del store.tiles.blobs["tile/0/000"]


def with_other_entries(store: Store) -> None:
    store.tiles.blobs["tile/entries/001.p/44"] = store.tiles.blobs["tile/entries/001.p/44"][:-70]


def with_short_log(store: Store) -> None:
    store.log.entries = store.log.entries[:299]


def with_other_event(store: Store) -> None:
    last = store.log.entries[-1]
    store.log.entries[-1] = Entry(position=last.position, stream=last.stream, seq=last.seq, line=b'{"n":"forged"}')


def with_foreign_checkpoint(store: Store) -> None:
    store.checkpoint.row = sign(Checkpoint(ORIGIN, 300, b"x" * 32), Ed25519PrivateKey.generate())


@pytest.mark.parametrize(
    "damage",
    [
        without_last_tile,
        with_other_tile,
        with_other_inner_hash,
        without_inner_tile,
        with_other_entries,
        with_short_log,
        with_other_event,
        with_foreign_checkpoint,
    ],
)
async def test_a_store_that_does_not_reach_its_checkpoint_stops_everything(damage: Callable[[Store], None]) -> None:
    """Attack 28: last week's backup, and going on as if nothing were."""
    store = Store(await filled(300))
    await store.open().catch_up()
    assert (await store.open().start()).size == 300
    damage(store)
    with pytest.raises(StoreTooOld):
        await store.open().start()
    signed = store.checkpoint.row
    await grow(store.log, 301)
    with pytest.raises((StoreTooOld, ObjectCorrupt)):
        await store.open().catch_up()
    assert store.checkpoint.row == signed, "nothing more is signed"


async def test_a_crash_between_row_and_public_file_is_mended_at_the_start() -> None:
    store = Store(await filled(3))
    await store.open().catch_up()
    store.checkpoint.published = None
    await store.open().start()
    assert store.checkpoint.published == store.checkpoint.row


async def test_tiles_and_checkpoint_live_in_files(tmp_path: Path) -> None:
    log = await filled(258)
    tiles = FileObjects(tmp_path / "log")
    database = await Database.open(f"sqlite:///{tmp_path}/log.db")
    row = SqlCheckpoints(database, "signed", PublicNote(tmp_path / "log" / "checkpoint"))
    head = await Sequencer(log, tiles, row, ORIGIN, KEY).catch_up()
    assert (tmp_path / "log/tile/0/001.p/2").stat().st_size == 64
    public = (tmp_path / "log/checkpoint").read_bytes()
    assert base64.b64decode(public.split(b"\n")[2]) == head.root
    assert (await Sequencer(log, tiles, row, ORIGIN, KEY).start()).size == 258
    with pytest.raises(HeadMoved):
        await row.swap(None, b"other")
    assert await row.load() == public
    await database.close()


async def test_whoever_gets_the_lease_back_goes_on_from_where_another_left_off() -> None:
    store = Store(await filled(3))
    mine, theirs = store.open(), store.open()
    await mine.catch_up()
    await grow(store.log, 5)
    await theirs.catch_up()
    await grow(store.log, 7)
    head = await mine.take(store.log.entries[5:])  # the follower's position is that of whoever worked last
    assert (head.size, head.root) == (7, expected(store.log, 7))


async def test_a_look_at_the_start_finds_an_old_store_and_writes_nothing() -> None:  # attack 28
    store = Store(await filled(3))
    await store.open().check()
    assert store.checkpoint.row is None
    await store.open().catch_up()
    store.checkpoint.published = None
    await store.open().check()
    assert store.checkpoint.published is None
    store.log.entries = store.log.entries[:2]
    with pytest.raises(StoreTooOld):
        await store.open().check()
