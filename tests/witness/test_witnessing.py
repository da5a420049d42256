"""The log's side: shows every head, publishes what the quorum cosigned, and stops when a witness contradicts it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.checkpoint import open_checkpoint
from evidence.outbound import NoAnswerError
from evidence.sequencer import Sequencer
from evidence.witness.book import Book
from evidence.witness.policy import Policy
from evidence.witness.protocol import SIZE_TYPE, Answer
from evidence.witnessing import LogInDoubt, QuorumMissing, Witnessing
from tests.evidence.fakes import MemoryLog, MemoryObjects
from tests.proof.story import MemoryCheckpoint
from tests.proof.test_sequencer import KEY, ORIGIN, filled, grow

NOW = datetime(2026, 11, 21, 19, 19, tzinfo=UTC)
NAMES = ("a", "b", "c")


@dataclass
class World:
    """A log, its sequencer, three witnesses that answer by function call."""

    log: MemoryLog
    folder: Path
    tiles: MemoryObjects = field(default_factory=MemoryObjects)
    signed: MemoryCheckpoint = field(default_factory=MemoryCheckpoint)
    cosigned: MemoryCheckpoint = field(default_factory=MemoryCheckpoint)
    alarms: list[tuple[str, str]] = field(default_factory=list)
    answers: dict[str, Callable[[bytes], Answer]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sequencer = self.restart()
        self.books = {
            name: Book(self.folder / name, [self.sequencer.public], lambda: int(NOW.timestamp()), f"{name}.test/w")
            for name in NAMES
        }
        self.answers = {name: book.submit for name, book in self.books.items()}

    def restart(self) -> Sequencer:
        self.sequencer = Sequencer(self.log, self.tiles, self.signed, ORIGIN, KEY)
        return self.sequencer

    def policy(self, quorum: int = 2) -> Policy:
        lines = [f"witness {name} {book.public.vkey} http://{name}" for name, book in self.books.items()]
        return Policy.parse("\n".join([*lines, f"group all {quorum} a b c", "quorum all", ""]).encode())

    def witnessing(self, quorum: int = 2) -> Witnessing:
        return Witnessing(
            self.policy(quorum),
            self.sequencer,
            self.signed,
            self.cosigned,
            lambda: NOW,
            lambda name, what: self.alarms.append((name, what)),
            every_s=0.0,
            pauses_s=(0.0, 0.0),
            ask=self.ask,
        )

    def ask(self, url: str, body: bytes) -> Answer:
        name = url.removeprefix("http://").removesuffix("/add-checkpoint")
        self.asked.append(name)
        return self.answers[name](body)

    async def until(self, size: int) -> None:
        if len(self.log.entries) < size:
            await grow(self.log, size)
        await self.sequencer.catch_up()

    def seen(self) -> tuple[int, list[str]]:
        """What everybody can read: the size, and who cosigned."""
        assert self.cosigned.published is not None
        head, seen = open_checkpoint(self.cosigned.published, self.sequencer.public, self.policy().keys)
        return head.size, [item.witness for item in seen]


@pytest.fixture
async def world(tmp_path: Path):  # type: ignore[no-untyped-def]
    found = World(await filled(5), tmp_path)
    await found.sequencer.catch_up()
    yield found
    for book in found.books.values():
        book.close()


def silent(_: bytes) -> Answer:
    raise NoAnswerError("ConnectionRefusedError")


async def test_every_new_head_is_cosigned_by_all_and_published_in_the_order_of_the_policy(world: World) -> None:
    witnessing = world.witnessing()
    for size in (5, 6, 256, 300, 601):
        await world.until(size)
        await witnessing.settle(size)
        assert world.seen() == (size, ["a.test/w", "b.test/w", "c.test/w"])
        found = await witnessing.head()
        assert found is not None
        assert found[0] == world.sequencer.head
    assert world.alarms == []


async def test_what_is_covered_already_is_not_asked_for_again(world: World) -> None:
    witnessing = world.witnessing()
    await witnessing.settle(5)
    await witnessing.settle(3)
    assert sorted(world.asked) == ["a", "b", "c"]


async def test_a_restart_asks_the_witnesses_before_anything_new_happens(world: World) -> None:
    await world.witnessing().settle(5)
    world.answers["a"] = world.answers["b"] = silent
    world.asked.clear()
    await world.witnessing().start()
    assert sorted(world.asked) == ["a", "b", "c"]
    assert world.seen() == (5, ["a.test/w", "b.test/w", "c.test/w"])


async def test_a_silent_witness_is_not_missed_while_the_quorum_stands(world: World) -> None:
    world.answers["b"] = silent
    await world.witnessing().settle(5)
    assert world.seen() == (5, ["a.test/w", "c.test/w"])


async def test_without_the_quorum_nothing_is_published_and_it_is_tried_again(world: World) -> None:
    # conventions 3, row 30: witness 500
    world.answers["b"], world.answers["c"] = silent, lambda _: Answer(500, b"")
    witnessing = world.witnessing()
    for _ in range(2):
        with pytest.raises(QuorumMissing):
            await witnessing.settle(5)
    assert world.cosigned.published is None
    assert await witnessing.head() is None
    world.answers["b"] = world.books["b"].submit
    await witnessing.settle(5)
    assert world.seen() == (5, ["a.test/w", "b.test/w"])
    assert world.alarms == []


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b""),
        Answer(200, b"\xff\n"),
        Answer(200, "\u2014 b.test/w AAAA\n".encode()),
        Answer(404, b""),
        Answer(409, b"5\n"),
        Answer(409, b"0\n", SIZE_TYPE),
        Answer(302, b""),
    ],
)
async def test_nonsense_from_a_witness_counts_as_silence_and_is_no_alarm(world: World, answer: Answer) -> None:
    world.answers["b"] = lambda _: answer
    await world.witnessing().settle(5)
    assert world.seen() == (5, ["a.test/w", "c.test/w"])
    assert world.alarms == []


async def test_a_witness_with_a_wrong_clock_does_not_count(world: World, tmp_path: Path) -> None:
    world.books["b"].close()
    world.books["b"] = Book(tmp_path / "b", [world.sequencer.public], lambda: int(NOW.timestamp()) + 3600)
    world.answers["b"] = world.books["b"].submit
    await world.witnessing().settle(5)
    assert world.seen() == (5, ["a.test/w", "c.test/w"])


async def test_after_a_restart_it_goes_on_from_what_each_witness_knows(world: World) -> None:
    world.answers["b"] = silent
    await world.witnessing().settle(5)  # b has never seen the log, c is restarted from another state
    world.answers["b"] = world.books["b"].submit
    await world.until(9)
    await world.witnessing().settle(9)
    world.cosigned = MemoryCheckpoint()  # our own memory of it is gone: the witnesses' 409 tells
    await world.until(12)
    await world.witnessing().settle(12)
    assert world.seen() == (12, ["a.test/w", "b.test/w", "c.test/w"])
    assert world.alarms == []


async def test_a_restored_older_log_is_told_by_the_witness_and_stops_everything(world: World) -> None:
    # conventions 3, rows 27 and 28
    await world.until(9)
    await world.witnessing().settle(9)
    old = World(await filled(7), world.folder / "old")
    await old.sequencer.catch_up()
    old.answers = world.answers
    old.books = world.books
    witnessing = old.witnessing()
    with pytest.raises(LogInDoubt, match="an old copy"):
        await witnessing.settle(7)
    assert old.alarms
    assert "cosigned size 9, the log ends at 7" in old.alarms[0][1]
    with pytest.raises(LogInDoubt):
        witnessing.check()
    with pytest.raises(LogInDoubt):
        await witnessing.settle(7)
    assert old.cosigned.published is None


async def test_a_rewritten_log_that_grew_past_the_witness_is_two_histories(world: World) -> None:
    await world.witnessing().settle(5)
    log = await filled(9)
    log.entries[2] = type(log.entries[2])(position=3, stream="case_x", seq=3, line=b'{"n":"changed"}')
    forged = World(log, world.folder / "forged")
    await forged.sequencer.catch_up()
    forged.answers, forged.books = world.answers, world.books
    with pytest.raises(LogInDoubt, match="two histories"):
        await forged.witnessing().settle(9)
    assert forged.alarms


async def test_a_rewritten_log_of_the_same_size_is_two_histories(world: World) -> None:
    await world.witnessing().settle(5)
    log = await filled(5)
    log.entries[2] = type(log.entries[2])(position=3, stream="case_x", seq=3, line=b'{"n":"changed"}')
    forged = World(log, world.folder / "forged")
    await forged.sequencer.catch_up()
    forged.answers, forged.books = world.answers, world.books
    with pytest.raises(LogInDoubt, match="two histories"):
        await forged.witnessing().settle(5)


async def test_our_own_cosigned_head_tells_of_an_old_store_before_any_witness_is_asked(world: World) -> None:
    await world.until(9)
    await world.witnessing().settle(9)
    old = World(await filled(7), world.folder / "old")
    await old.sequencer.catch_up()
    old.books, old.cosigned = world.books, world.cosigned
    with pytest.raises(LogInDoubt, match="ends before"):
        await old.witnessing().start()
    assert old.asked == []
    assert old.alarms


async def test_another_policy_than_yesterdays_starts_over(world: World) -> None:
    await world.witnessing(3).settle(5)
    world.answers["c"] = silent
    await world.until(6)
    with pytest.raises(QuorumMissing):
        await world.witnessing(3).settle(6)
    strict = world.witnessing(2)
    assert (await strict.head()) is not None
    await strict.settle(6)
    assert world.seen() == (6, ["a.test/w", "b.test/w"])
    assert await world.witnessing(3).head() is None  # two of three are not enough for that policy
