"""Attack 27, EVD-02, EVD-03: what an insider changes in the stores, and the step of the monitor that names it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from evidence.checkpoint import Checkpoint, sign
from evidence.erasure import flow
from evidence.erasure.rules import Erase
from evidence.events import BODIES, Erased, Head, Stamp, line_hash, read_line
from evidence.ledger import Ledger
from evidence.log import Entry
from evidence.merkle import leaf_hash, nodes_of, root
from evidence.monitor import ContentWatch, LogWatch, Tampered
from evidence.retention import table
from evidence.sealer import seal_key
from evidence.sequencer import Sequencer, leaf
from evidence.verify.places import Place
from tests.erasure.conftest import ADMIN
from tests.proof.story import MemoryCheckpoint, Told, World, tell, world


async def nothing() -> None:
    await asyncio.sleep(0)


@pytest.fixture
async def told(tmp_path: Path) -> Told:
    made = world(tmp_path)
    await made.adopt_keys()
    story = await tell(made)
    await made.sequencer.catch_up()
    return story


def watch(made: World, cosigned: MemoryCheckpoint | None = None) -> LogWatch:
    return LogWatch(made.log, made.tiles, made.sequencer.public, made.checkpoint, cosigned or MemoryCheckpoint())


def contents(told: Told) -> ContentWatch:
    made = told.world
    return ContentWatch(Ledger(made.log), made.vault, made.objects, made.clock)


async def test_a_log_as_it_was_signed_is_walked_to_its_end(told: Told) -> None:
    found = watch(told.world)
    assert await found.look() == await found.walk(nothing) == len(told.world.log.entries)


async def test_an_empty_log_has_nothing_to_be_found(tmp_path: Path) -> None:
    assert await watch(world(tmp_path)).walk(nothing) == 0


def edited(entries: list[Entry], stream: str) -> None:
    """One word in one row."""
    at = next(number for number, entry in enumerate(entries) if entry.stream == stream and entry.seq == 3)
    entries[at] = replace(entries[at], line=entries[at].line.replace(b'"at":"2026', b'"at":"2025'))


def cut(entries: list[Entry], stream: str) -> None:
    del entries[-2:]


def rebuilt(entries: list[Entry], stream: str) -> None:
    """A line in the middle changed and every later one of the stream chained anew: the chain itself is flawless."""
    before: Head | None = None
    for number, entry in enumerate(entries):
        if entry.stream != stream or entry.seq < 3:
            continue
        line = entry.line.replace(b'"at":"2026', b'"at":"2025') if before is None else entry.line
        if before is not None:
            old = entry.line[entry.line.index(b'"prev":"') + 8 :][:64]
            line = line.replace(b'"prev":"' + old, b'"prev":"' + before.hash.encode())
            read_line(line, before, BODIES)
        before = Head(seq=entry.seq, hash=line_hash(line))
        entries[number] = replace(entry, line=line)


def refiled(entries: list[Entry], stream: str) -> None:
    """The row says another case than its line."""
    at = next(number for number, entry in enumerate(entries) if entry.stream == stream)
    entries[at] = replace(entries[at], stream="case_other")


@pytest.mark.parametrize(
    ("damage", "step"),
    [(edited, "line"), (cut, "end"), (rebuilt, "line"), (refiled, "line")],
)
async def test_what_is_changed_in_the_rows_is_found_and_the_first_named(
    told: Told, damage: Callable[[list[Entry], str], None], step: str
) -> None:  # attack 27
    before = list(told.world.log.entries)
    damage(told.world.log.entries, told.stream)
    with pytest.raises(Tampered) as found:
        await watch(told.world).walk(nothing)
    assert found.value.step == step
    first = next(
        (
            number
            for number, (old, new) in enumerate(zip(before, told.world.log.entries, strict=False), 1)
            if old != new
        ),
        len(told.world.log.entries) + 1,
    )
    assert found.value.record == f"position {first}"


async def test_rows_and_tiles_rebuilt_together_do_not_make_the_signed_root(told: Told) -> None:  # attack 27
    made = told.world
    rebuilt(made.log.entries, told.stream)
    for path in list(made.tiles.blobs):
        del made.tiles.blobs[path]
    forger = Sequencer(made.log, made.tiles, MemoryCheckpoint(), made.sequencer.public.name, made.log_key)
    await forger.catch_up()
    with pytest.raises(Tampered) as found:
        await watch(made).walk(nothing)
    assert found.value.step == "tree"


async def test_a_head_signed_anew_over_another_history_is_told_by_the_heads_of_before(told: Told) -> None:
    # attack 28: with the signing key in hand too; what was seen, and what witnesses cosigned, is not forgotten
    made = told.world
    standing, cosigned = watch(made), MemoryCheckpoint()
    await standing.walk(nothing)
    cosigned.row = made.checkpoint.row
    rebuilt(made.log.entries, told.stream)
    made.tiles.blobs.clear()
    made.checkpoint.row = None
    await Sequencer(made.log, made.tiles, made.checkpoint, made.sequencer.public.name, made.log_key).catch_up()
    for found_by in (standing, watch(made, cosigned)):
        with pytest.raises(Tampered) as found:
            await found_by.walk(nothing)
        assert found.value.step == "tree"
    await watch(made).walk(nothing)  # nobody else remembers: that is what witnesses are for


async def test_a_signed_head_that_went_back_is_found(told: Told) -> None:  # attack 28
    made = told.world
    standing = watch(made)
    await standing.walk(nothing)
    size = len(made.log.entries) - 1
    older = root(size, nodes_of([leaf_hash(leaf(entry.line)) for entry in made.log.entries[:size]]))
    made.checkpoint.row = sign(Checkpoint(made.sequencer.public.name, size, older), made.log_key)
    with pytest.raises(Tampered, match="went back"):
        await standing.look()


async def test_the_cheap_look_finds_a_cut_tail_and_another_last_event(told: Told) -> None:
    made = told.world
    last = made.log.entries[-1]
    made.log.entries[-1] = replace(last, line=last.line.replace(b'"at":"2026', b'"at":"2025'))
    with pytest.raises(Tampered) as found:
        await watch(made).look()
    assert found.value.step == "line"
    del made.log.entries[-1]
    with pytest.raises(Tampered) as found:
        await watch(made).look()
    assert found.value.step == "end"


# --- one case and what it commits to ----------------------------------------------------------------------------------


async def test_a_whole_case_is_opened_and_found_as_it_should_be(told: Told) -> None:
    assert await contents(told).check(told.stream) > 10


async def places(told: Told, *, media: bool) -> list[Place]:
    events = await Ledger(told.world.log).events(told.stream)
    erased = {field.commitment for event in events if isinstance(event.body, Erased) for field in event.body.fields}
    found = [item for item in flow.all_places(events) if item.commitment not in erased]
    return [item for item in found if (item.media is not None) == media]


async def test_two_files_exchanged_are_found_in_either_case(told: Told) -> None:  # attack 27: photos of two cases
    made = told.world
    other = await tell(made)
    keys = []
    for one in (told, other):
        photo = (await places(one, media=True))[0]
        assert photo.media is not None
        keys.append(f"{one.stream}/{photo.media['retention']}/{photo.commitment}")
    first, second = (made.objects.blobs[key] for key in keys)
    made.objects.blobs[keys[0]], made.objects.blobs[keys[1]] = second, first
    for one in (told, other):
        with pytest.raises(Tampered) as found:
            await contents(one).check(one.stream)
        assert found.value.step == "content"
        assert one.stream in found.value.record


async def test_a_value_taken_away_by_hand_is_found_and_an_erased_one_is_not_missed(told: Told) -> None:  # EVD-09
    made = told.world
    ports = flow.Ports(made.ledger, made.vault, made.clock, table())
    stamp = happened(made)
    await flow.erase(await made.ledger.case(told.stream), Erase(retention="location", basis="PIPL-47"), stamp, ports)
    made.clock.forward(3600)
    await contents(told).check(told.stream)
    value = (await places(told, media=False))[0]
    await made.vault.destroy(told.stream, values=(value.commitment,))
    with pytest.raises(Tampered, match="never erased") as found:
        await contents(told).check(told.stream)
    assert found.value.record == f"{told.stream}/{value.seq} {value.path}"


async def test_a_seal_exchanged_or_gone_is_found(told: Told) -> None:
    made, name = told.world, seal_key(told.stream, 1)
    made.objects.blobs[name] += b" "
    with pytest.raises(Tampered) as found:
        await contents(told).check(told.stream)
    assert (found.value.step, found.value.record) == ("seal", name)
    del made.objects.blobs[name]
    with pytest.raises(Tampered, match="missing"):
        await contents(told).check(told.stream)


async def test_an_erasure_in_this_very_moment_is_no_alarm(told: Told) -> None:
    """What was being hidden while its class went is accounted for by the keeper, minutes later."""
    made = told.world
    ports = flow.Ports(made.ledger, made.vault, made.clock, table())
    await flow.erase(
        await made.ledger.case(told.stream), Erase(retention="location", basis="PIPL-47"), happened(made), ports
    )
    value = (await places(told, media=False))[0]
    await made.vault.destroy(told.stream, values=(value.commitment,))
    await contents(told).check(told.stream)
    made.clock.forward(3600)
    with pytest.raises(Tampered):
        await contents(told).check(told.stream)


def happened(made: World) -> Stamp:
    return Stamp(actor=ADMIN, at=made.clock.forward(1))
