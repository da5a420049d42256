"""Seals: a pure function of the events, made once, and never a reason to lose one."""

import hashlib
import json
from base64 import b64decode
from pathlib import Path

import pytest

from evidence import seal
from evidence.errors import Unavailable
from evidence.events import GENESIS, Sealed
from evidence.sealer import SealPorts, handle, seal_key, seal_new, stamp_missing
from tests.proof.story import Teller, Told, World, stream_of, world


class SilentAuthority:
    """A time-stamping authority that does not answer until it is `back`."""

    def __init__(self, world: World) -> None:
        self.back = False
        self._tsa = world.tsa

    async def stamp(self, digest: bytes) -> bytes:
        if not self.back:
            raise TimeAuthorityGone
        return await self._tsa.stamp(digest)


class TimeAuthorityGone(Unavailable, code="TEST_TSA_GONE", zh="没有应答", en="no answer"):
    pass


@pytest.fixture
def fresh(tmp_path: Path) -> World:
    return world(tmp_path)


async def test_segments_end_with_milestones_and_with_nothing_else(told: Told) -> None:
    events = await told.world.ledger.events(told.stream)
    closed, tail = seal.segments(events)
    assert [part.events[-1].type for part in closed] == [
        "privacy.erased/1",
        "esign.document_signed/1",
        "evidence.export_requested/1",
    ]
    assert [event.type for event in tail] == ["evidence.sealed/1", "evidence.sealed/1"]
    assert [part.first_seq for part in closed] == [1, closed[0].last_seq + 1, closed[1].last_seq + 1]
    assert seal.announced(events) == {1, 2, 3}


async def test_the_same_events_give_the_same_seal_again(told: Told) -> None:  # EVD-02
    events = await told.world.ledger.events(told.stream)
    previous = GENESIS
    for part in seal.segments(events)[0]:
        pages = {path: await told.world.vault.get(told.stream, media) for path, media in part.pages().items()}
        payload = seal.statement(events, part, previous, {path: seal.sm3(data) for path, data in pages.items()})
        stored = await told.world.objects.get(seal_key(told.stream, part.number))
        assert seal.sign(payload, told.world.seal_key) == stored
        previous = hashlib.sha256(stored).hexdigest()


async def test_a_statement_says_how_the_case_stands(told: Told) -> None:
    outcomes = []
    for number in (1, 2, 3):
        stored = json.loads(await told.world.objects.get(seal_key(told.stream, number)))
        predicate = json.loads(b64decode(stored["payload"]))["predicate"]
        outcomes.append((predicate["milestone"], predicate["outcome"], predicate["mode"]))
    assert outcomes == [
        ("privacy.erased/1", "open", "sandbox"),
        ("esign.document_signed/1", "completed", "sandbox"),
        ("evidence.export_requested/1", "completed", "sandbox"),
    ]


async def test_sealing_again_changes_nothing(told: Told) -> None:
    before = dict(told.world.objects.blobs)
    assert await seal_new(told.stream, told.world.seals) == 0
    assert told.world.objects.blobs == before


async def test_a_silent_time_authority_never_blocks_a_seal(fresh: World) -> None:  # attack 30
    authority = SilentAuthority(fresh)
    ports = SealPorts(fresh.ledger, fresh.vault, fresh.objects, fresh.seal_key, fresh.clock, authority)
    teller = Teller(fresh, stream_of(fresh))
    await teller.opening()
    await teller.reading()
    await teller.identity()
    assert await seal_new(teller.stream, ports) == 1
    assert await fresh.objects.keys(f"seals/{teller.stream}/") == [seal_key(teller.stream, 1)]
    assert await stamp_missing(teller.stream, ports) == 1
    authority.back = True
    assert await stamp_missing(teller.stream, ports) == 0
    assert len(await fresh.objects.keys(f"seals/{teller.stream}/")) == 2


async def test_the_follower_seals_cases_in_which_a_milestone_happened(fresh: World) -> None:
    teller = Teller(fresh, stream_of(fresh))
    await teller.opening()
    await handle(fresh.log.entries, fresh.seals)
    assert not (await fresh.ledger.case(teller.stream)).seals
    await teller.reading()
    await teller.identity()
    await handle(fresh.log.entries, fresh.seals)
    await handle(fresh.log.entries, fresh.seals)
    assert [item.segment for item in (await fresh.ledger.case(teller.stream)).seals] == [1]


async def test_pages_erased_before_the_seal_stay_named_by_their_sha256(fresh: World) -> None:  # EVD-09
    teller = Teller(fresh, stream_of(fresh))
    await teller.opening()
    await teller.reading()
    await teller.identity()
    await teller.signing()
    events = await fresh.ledger.events(teller.stream)
    part = seal.segments(events)[0][1]
    await fresh.vault.destroy(teller.stream, media=part.pages().values())
    assert await seal_new(teller.stream, fresh.seals) == 2
    stored = json.loads(await fresh.objects.get(seal_key(teller.stream, 2)))
    statement = json.loads(b64decode(stored["payload"]))
    page = "data/pages/doc_1-01.png"
    assert page in [subject["name"] for subject in statement["subject"]]
    assert page not in statement["predicate"]["sm3"]


async def test_the_announcement_names_the_seal_that_is_kept(told: Told) -> None:
    for event in await told.world.ledger.events(told.stream):
        if isinstance(event.body, Sealed):
            stored = await told.world.objects.get(seal_key(told.stream, event.body.segment))
            assert event.body.seal_sha256 == hashlib.sha256(stored).hexdigest()
