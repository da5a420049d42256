"""The same face under another number: found, told to a reviewer alone, refusing nobody; off by default (KYC-18)."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from bench import specimen
from evidence.case import Case
from evidence.erasure import flow as erasure
from evidence.errors import NotFound
from evidence.events import Erased, FaceSearched, ReviewRequested, RiskDecided
from evidence.log import Entry
from evidence.retention import table
from kyc import flow
from kyc.commands import DecideConsent
from kyc.signals import faces
from kyc.signals import flow as signals
from kyc.signals.commands import DecideSignals, ReadSignals
from kyc.signals.errors import RulesInvalid
from kyc.signals.gallery import Gallery, Open, Vector, packed, unpacked
from kyc.signals.rules import load
from tests.kyc.signals.test_rules import file
from tests.kyc.signals.test_stories import somebody
from tests.kyc.story import REVIEWER, Story

MODEL = "5e" * 32


def like(seed: int, other: Vector | None = None, share: float = 0.0) -> Vector:
    """A made-up description, of unit length; `share` of it is the other's."""
    made = _unit(np.random.default_rng(seed).standard_normal(128).astype(np.float32))
    return made if other is None else _unit(share * other + (1 - share) * made)


def _unit(vector: Vector) -> Vector:
    return (vector / np.linalg.norm(vector)).astype(np.float32)


FACE = like(1)


@pytest.fixture
def searching(story: Story) -> Story:
    """A tenant that switched it on before the case was opened."""
    story.face_search = True
    story.ports = replace(story.ports, signals=replace(story.ports.signals, gallery=_gallery(story)))
    return story


def _gallery(story: Story) -> Gallery:
    return Gallery(story.ports.vault, frozenset({"demo"}))


async def agreed(story: Story) -> Case:
    return await story.consent(await story.open(), "privacy", "face", "face_search")


async def seen(story: Story, case: Case, face: Vector, person: int, passed: bool = True) -> bool:
    fields = {"number": somebody(person).number}
    return await faces.seen(case, "proposer", fields, face, MODEL, passed, story.ports.signals)


async def of(story: Story, case: Case) -> list[object]:
    name = signals.stream(case, "proposer", story.ports.signals)
    return [event.body for event in await story.ports.ledger.events(name)]


async def searches(story: Story, case: Case) -> list[FaceSearched]:
    return [body for body in await of(story, case) if isinstance(body, FaceSearched)]


async def test_the_same_face_under_another_number_waits_for_a_person(searching: Story) -> None:  # KYC-18
    first, second = await agreed(searching), await agreed(searching)
    assert await seen(searching, first, FACE, 1)
    assert not await seen(searching, second, like(2, FACE, 0.7), 2)
    (found,) = await searches(searching, second)
    assert [(one.case, one.party) for one in found.alike] == [(first.id, "proposer")]
    assert found.alike[0].similarity_e4 >= found.threshold_e4
    (decision,) = [body for body in await of(searching, second) if isinstance(body, RiskDecided)]
    assert (decision.outcome, decision.reasons) == ("manual", ("FACE_UNDER_OTHER_NUMBER",))


async def test_the_same_person_again_and_another_face_are_no_signal(searching: Story) -> None:
    assert await seen(searching, await agreed(searching), FACE, 1)
    assert await seen(searching, await agreed(searching), FACE, 1)
    assert await seen(searching, await agreed(searching), like(2), 2)


async def test_without_the_setting_nothing_is_kept_and_nothing_is_asked(story: Story) -> None:
    case = await story.consent(await story.open(), "privacy", "face")
    assert await seen(story, case, FACE, 1)
    with pytest.raises(NotFound):
        await of(story, case)
    with pytest.raises(NotFound):
        await story.consent(case, "face_search")
    assert story.stored("risk_") == []


async def test_who_does_not_agree_goes_on_and_no_face_is_kept(searching: Story) -> None:
    case = await searching.consent(await searching.open(), "privacy", "face")
    assert await seen(searching, case, FACE, 1)
    assert await searches(searching, case) == []
    assert searching.stored("risk_") == []


async def test_a_face_that_did_not_pass_is_looked_for_and_not_kept(searching: Story) -> None:
    first, second = await agreed(searching), await agreed(searching)
    await seen(searching, first, FACE, 1)
    assert not await seen(searching, second, FACE, 2, passed=False)
    assert len(searching.stored("risk_")) == 1


@pytest.mark.parametrize("scope", ["face_search", "face"])
async def test_withdrawing_erases_the_face_with_a_certificate_and_ends_the_search(
    searching: Story, scope: str
) -> None:  # KYC-17
    first = await agreed(searching)
    await seen(searching, first, FACE, 1)
    name = signals.stream(first, "proposer", searching.ports.signals)
    first = await searching.withdraw(first, scope)  # type: ignore[arg-type]
    assert first.keeping.erasures[-1].basis == "KYC-17"
    assert any(isinstance(body, Erased) for body in await of(searching, first))
    assert await searching.ports.vault.keyring.existing(name, "biometric") is None
    assert searching.stored(name) == []
    assert await seen(searching, await agreed(searching), FACE, 2)


async def test_the_face_goes_with_the_identity_of_its_case_also_after_a_crash(searching: Story) -> None:
    case = await agreed(searching)
    await seen(searching, case, FACE, 1)
    name = signals.stream(case, "proposer", searching.ports.signals)
    ports = searching.ports
    ended = Erased(basis="EVD-08", retention="identity", fields=(), whole=True)
    case = await ports.ledger.record(case.id, lambda _: (ended,), searching.stamp())
    finishing = erasure.Ports(
        ports.ledger, ports.vault, ports.now, table(), faces=lambda case: faces.forget(case, ports.signals)
    )
    assert not await erasure.finish(case, finishing)
    assert await ports.vault.keyring.existing(name, "biometric") is None
    assert await erasure.finish(case, finishing)


async def test_the_frames_of_a_decision_go_and_the_face_stays(searching: Story) -> None:  # KYC-13
    case = await agreed(searching)
    await seen(searching, case, FACE, 1)
    frames = Erased(basis="KYC-13", retention="biometric", fields=(), whole=True)
    case = await searching.ports.ledger.record(case.id, lambda _: (frames,), searching.stamp())
    assert faces.due(case, searching.ports.signals) == []


async def test_of_one_party_one_face_is_kept(searching: Story) -> None:
    case = await agreed(searching)
    await seen(searching, case, FACE, 1)
    await seen(searching, case, like(3), 1)
    assert len(searching.stored("risk_")) == 1
    assert await seen(searching, await agreed(searching), FACE, 2)
    assert not await seen(searching, await agreed(searching), like(3), 4)


async def test_what_is_kept_is_rebuilt_from_the_log_and_forgotten_by_it(searching: Story) -> None:
    case = await agreed(searching)
    await seen(searching, case, FACE, 1)
    name = signals.stream(case, "proposer", searching.ports.signals)
    other = _gallery(searching)  # another process
    for stream in (name, case.id):
        other.learn(await entries(searching, stream))
    person = bytes(32)
    assert len((await other.search("demo", MODEL, person, FACE, 0.6)).alike) == 1
    assert (await other.search("demo", "00" * 32, person, FACE, 0.6)).known == 0  # seen by another network
    case = await searching.withdraw(case, "face_search")
    # Before it hears of it: what was destroyed is not told.
    assert (await other.search("demo", MODEL, person, FACE, 0.6)).alike == ()
    other.learn(await entries(searching, case.id))
    assert (len(other), (await other.search("demo", MODEL, person, FACE, 0.6)).known) == (0, 0)


async def test_memory_is_bounded_and_a_search_that_saw_less_is_no_yes(searching: Story) -> None:
    small = Gallery(searching.ports.vault, frozenset({"demo"}), most=1)
    searching.ports = replace(searching.ports, signals=replace(searching.ports.signals, gallery=small))
    await seen(searching, await agreed(searching), FACE, 1)
    await seen(searching, await agreed(searching), like(2), 2)
    case = await agreed(searching)
    assert not await seen(searching, case, like(3), 3)
    assert len(small) == 1
    decision = [body for body in await of(searching, case) if isinstance(body, RiskDecided)][-1]
    assert (decision.late, decision.outcome) == (True, "step_up")


async def test_neither_face_nor_number_stands_in_the_log_or_in_the_store_in_clear(searching: Story) -> None:
    case = await agreed(searching)
    await seen(searching, case, FACE, 1)
    number, name = somebody(1).number.encode(), signals.stream(case, "proposer", searching.ports.signals)
    for event in await searching.ports.ledger.events(name):
        assert number not in event.line
    plain = FACE.astype("<f4").tobytes()
    assert not any(plain[:16] in blob for blob in searching.objects.blobs.values())


async def test_a_reviewer_sees_which_cases_and_clears_a_look_alike(searching: Story) -> None:
    first, second = await agreed(searching), await agreed(searching)
    await seen(searching, first, FACE, 1)
    await seen(searching, second, FACE, 2)
    name = signals.stream(second, "proposer", searching.ports.signals)
    stamp, ports = searching.stamp(actor=REVIEWER), searching.ports.signals
    told = await signals.read_signals(name, "demo", ReadSignals(reason="例行核查"), stamp, ports)
    assert [one["case"] for one in told["faces"]] == [first.id]
    settled = DecideSignals(decision="cleared", reason="LOOK_ALIKE")
    await signals.decide_signals(name, "demo", settled, stamp, ports)
    assert await signals.may_go_on(second, "proposer", ports)


async def test_over_the_real_flow_a_second_identity_is_not_verified_by_the_machine(searching: Story) -> None:
    async def passes(person: specimen.Person) -> Case:
        case = await searching.read_before(await agreed(searching), person)
        return await searching.attempt(await searching.confirm(await searching.route(case, "face"), person), 7)

    first = await passes(somebody(1))
    assert first.identity_of("proposer").verified is not None
    second = await passes(somebody(2))
    identity = second.identity_of("proposer")
    assert (identity.attempts[-1].verdict, identity.verified, identity.review) == ("pass", None, "requested")
    events = await searching.ports.ledger.events(second.id)
    assert [event.body.reasons for event in events if isinstance(event.body, ReviewRequested)] == [("ROUTINE_CHECK",)]
    assert b"face_searched" not in b"".join(event.line for event in events)


@pytest.mark.parametrize("fact", ["faces_alike", "face_search_refused"])
def test_no_rule_refuses_somebody_by_a_face(fact: str) -> None:  # KYC-18
    with pytest.raises(RulesInvalid):
        load(file(when=[{"fact": fact, "over": 0}, {"fact": "persons_per_phone", "over": 9}], then="deny"))
    load(file(when=[{"fact": fact, "over": 0}], then="manual"))


async def test_a_consent_can_be_refused_and_is_sealed_so(searching: Story) -> None:
    case = await searching.consent(await searching.open(), "privacy", "face", "face_search")
    command = DecideConsent(
        scope="face_search", decision="refused", text_sha256=case.consents["face_search"].text_sha256
    )
    case = await flow.decide_consent(case, command, searching.stamp(), searching.ports)
    assert not faces.wanted(case)


def test_a_description_is_unpacked_as_it_was_packed() -> None:
    person, vector = unpacked(packed(b"p" * 32, FACE))
    assert person == b"p" * 32
    assert np.array_equal(vector, FACE)


def test_a_search_sees_every_face_whatever_was_dropped_before() -> None:
    held = Open(128)
    rows = [held.add(bytes([n]) * 32, f"risk_{n}", like(n)) for n in range(200)]
    for row in rows[::3]:
        held.drop(row)
    for n in range(200, 230):
        held.add(bytes([n]) * 32, f"risk_{n}", like(n))
    kept = [n for n in range(230) if n % 3 or n >= 200]
    for n in kept:
        assert held.alike(bytes(32), like(n), 0.99)[0][0] == f"risk_{n}"
    assert len(held) == len(kept)


async def entries(story: Story, stream: str) -> list[Entry]:
    events = await story.ports.ledger.events(stream)
    return [Entry(position=event.seq, stream=stream, seq=event.seq, line=event.line) for event in events]


async def test_searches_at_once_do_not_open_a_face_twice(searching: Story) -> None:
    for person in (1, 2, 3):
        await seen(searching, await agreed(searching), like(person), person)
    cold = _gallery(searching)
    for number in (1, 2, 3):
        case = await searching.ports.ledger.case(f"case_{number}")
        cold.learn(await entries(searching, signals.stream(case, "proposer", searching.ports.signals)))
    await asyncio.gather(*(cold.search("demo", MODEL, bytes(32), FACE, 0.6) for _ in range(5)))
    assert len(cold) == 3
