"""An outside source is believed only when it signed this very answer; silence, lies and stand-ins never pass."""

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench import specimen
from evidence.errors import Error
from evidence.events import DataChecked, FacesCompared, ReviewRequested
from evidence.events.identity import Check
from kyc.authority import REASONS as CLOSED
from kyc.authority import Authority, Question
from kyc.authority.http import REST_S, HttpAuthority
from kyc.authority.sandbox import FORCED, SILENT, SandboxAuthority
from kyc.errors import AuthorityUnavailable, StandInRefused
from tests.evidence.fakes import CountedRandom, FixedClock
from tests.kyc.gateway import SECRET, Gateway
from tests.kyc.story import Story, bodies

ALL: frozenset[Check] = frozenset(("person", "phone", "bank_card", "face"))
QUESTION = Question(check="person", name="林知夏", number="999901197805200264")


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    made = Gateway()
    yield made
    made.close()


@pytest.fixture
def source(gateway: Gateway, clock: FixedClock, random: CountedRandom) -> HttpAuthority:
    return HttpAuthority(
        "示例认证平台",
        ("示例认证平台", "Example source"),
        gateway.url,
        SECRET,
        gateway.key.public_key(),
        ALL,
        clock,
        random,
    )


async def test_a_signed_answer_is_believed_and_kept(gateway: Gateway, source: HttpAuthority) -> None:  # KYC-08
    answer = await source.ask(QUESTION)
    assert answer.verdict == "pass"
    assert json.loads(answer.signed)["payloadType"].startswith("application/vnd.jianzheng.authority-answer")
    assert gateway.asked[0]["name"] == "林知夏"
    gateway.verdict = {"verdict": "fail", "reasons": ["NAME_NUMBER_MISMATCH"]}
    assert (await source.ask(QUESTION)).reasons == ("NAME_NUMBER_MISMATCH",)


def _unsigned(envelope: bytes) -> bytes:
    return json.dumps({**json.loads(envelope), "signatures": []}).encode()


def _other_signer(envelope: bytes) -> bytes:
    said = json.loads(envelope)
    said["signatures"] = [{"sig": "AAAA" * 21 + "AA=="}]
    return json.dumps(said).encode()


LIES: dict[str, dict[str, Any]] = {
    "an answer to another question": {"lie": lambda said: {**said, "question": "ask_" + "a" * 26}},
    "an answer to other words": {"lie": lambda said: {**said, "question_sha256": "ab" * 32}},
    "an answer of yesterday": {"lie": lambda said: {**said, "at": "2020-01-01T00:00:00.000Z"}},
    "an unknown verdict": {"lie": lambda said: {**said, "verdict": "yes"}},
    "an unknown reason": {"lie": lambda said: {**said, "verdict": "fail", "reasons": ["BECAUSE"]}},
    "a pass with a reason against it": {"lie": lambda said: {**said, "reasons": ["NUMBER_NOT_FOUND"]}},
    "a failure without a reason": {"lie": lambda said: {**said, "verdict": "fail"}},
    "a field nobody agreed on": {"lie": lambda said: {**said, "score": 99}},
    "no signature": {"spoil": _unsigned},
    "a signature of somebody else": {"spoil": _other_signer},
    "no JSON": {"spoil": lambda _: b"<html>200 OK</html>"},
    "nothing": {"spoil": lambda _: b""},
    "too much": {"spoil": lambda body: body + b" " * 100_000},
    "an error": {"status": 500},
    "a redirect": {"status": 302},
}


@pytest.mark.parametrize("lie", LIES)
async def test_whatever_else_comes_back_is_no_answer(gateway: Gateway, source: HttpAuthority, lie: str) -> None:
    for name, value in LIES[lie].items():
        setattr(gateway, name, value)
    with pytest.raises(AuthorityUnavailable):
        await source.ask(QUESTION)


async def test_another_key_and_another_secret_are_refused(
    gateway: Gateway, clock: FixedClock, random: CountedRandom
) -> None:
    other = Ed25519PrivateKey.generate().public_key()
    for key, secret in ((other, SECRET), (gateway.key.public_key(), bytes(32))):
        asked = HttpAuthority("s", ("s", "s"), gateway.url, secret, key, ALL, clock, random)
        with pytest.raises(AuthorityUnavailable):
            await asked.ask(QUESTION)


async def test_a_dead_source_costs_one_customer_a_wait(
    gateway: Gateway, source: HttpAuthority, clock: FixedClock
) -> None:
    gateway.status = 500
    for _ in range(3):
        with pytest.raises(AuthorityUnavailable):
            await source.ask(QUESTION)
    assert len(gateway.asked) == 1
    gateway.status = 200
    clock.at += timedelta(seconds=REST_S[1])
    assert (await source.ask(QUESTION)).verdict == "pass"


async def test_what_was_not_agreed_is_not_asked(gateway: Gateway, clock: FixedClock, random: CountedRandom) -> None:
    only: frozenset[Check] = frozenset(("person",))
    source = HttpAuthority("s", ("s", "s"), gateway.url, SECRET, gateway.key.public_key(), only, clock, random)
    with pytest.raises(AuthorityUnavailable):
        await source.ask(Question(check="face", name="a", number="b", face=b"jpeg"))
    assert gateway.asked == []


# --- in a case --------------------------------------------------------------------------------------------------------


async def test_the_signed_answer_stands_in_the_evidence(story: Story, source: HttpAuthority) -> None:
    story.ask(source)
    case = await story.attempt(await story.before_the_camera(), seed=25)
    (checked,) = await bodies(story, case, DataChecked)
    assert (checked.source, checked.basis, checked.verdict) == ("示例认证平台", "authority", "pass")
    assert checked.answer is not None
    kept = await story.ports.vault.get(case.id, checked.answer)
    assert b"payloadType" in kept


async def test_a_face_leaves_only_with_a_consent_that_names_the_receiver(  # KYC-14
    story: Story, gateway: Gateway, source: HttpAuthority
) -> None:
    story.ask(source)
    case = await story.attempt(await story.before_the_camera(), seed=25)
    assert not any("face" in asked for asked in gateway.asked)
    compared = {body.pair: body for body in await bodies(story, case, FacesCompared)}
    assert compared["live_to_authority"].reasons == ("NO_TRANSFER_CONSENT",)

    case = await story.consent(await story.before_the_camera(), "transfer")
    case = await story.attempt(case, seed=26)
    assert any("face" in asked for asked in gateway.asked)
    compared = {body.pair: body for body in await bodies(story, case, FacesCompared)}
    assert (compared["live_to_authority"].verdict, compared["live_to_authority"].basis) == ("pass", "authority")


async def test_a_silent_source_leaves_the_case_with_a_person_and_is_asked_again(story: Story, gateway: Gateway) -> None:
    clock, random = story.clock, CountedRandom()
    source = HttpAuthority("s", ("s", "s"), gateway.url, SECRET, gateway.key.public_key(), ALL, clock, random)
    story.ask(source)
    gateway.status = 500
    case = await story.attempt(await story.before_the_camera(), seed=25)
    assert (await bodies(story, case, ReviewRequested))[-1].reasons == ("AUTHORITY_SILENT",)
    assert not any(key.startswith("identity:") for key in case.keys)
    with pytest.raises(AuthorityUnavailable):
        await story.review(case, "accept", "seen_by_video")
    gateway.status = 200
    clock.at += timedelta(seconds=REST_S[1])
    case = await story.review(case, "accept", "seen_by_video")
    assert [body.verdict for body in await bodies(story, case, DataChecked)] == ["not_run", "pass"]
    assert "identity:proposer:K3" in case.keys


async def test_a_source_that_says_no_after_all_is_heard(story: Story, gateway: Gateway) -> None:
    clock = story.clock
    source = HttpAuthority("s", ("s", "s"), gateway.url, SECRET, gateway.key.public_key(), ALL, clock, CountedRandom())
    story.ask(source)
    gateway.status = 500
    case = await story.attempt(await story.before_the_camera(), seed=25)
    gateway.status, gateway.verdict = 200, {"verdict": "fail", "reasons": ["PERSON_DECEASED"]}
    clock.at += timedelta(seconds=REST_S[1])
    case = await story.review(case, "accept", "seen_by_video")
    assert case.identity_of("proposer").review == "requested"
    assert not any(key.startswith("identity:") for key in case.keys)


# --- the sandbox ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("region", FORCED)
async def test_every_reason_can_be_forced(region: str) -> None:
    check, verdict, reason = FORCED[region]
    person = specimen.Person(region=region)
    question = Question(check=check, name=person.name, number=person.number)
    answer = await SandboxAuthority().ask(question)
    assert (answer.verdict, answer.reasons) == (verdict, (reason,))


def test_the_sandbox_knows_every_reason_of_the_closed_list() -> None:
    assert {reason for _, _, reason in FORCED.values()} == set(CLOSED)


async def test_the_sandbox_is_silent_when_told_so() -> None:
    with pytest.raises(AuthorityUnavailable):
        await SandboxAuthority().ask(Question(check="person", name="a", number=f"{SILENT}190001010001"))


# --- the state space --------------------------------------------------------------------------------------------------

SOURCES: dict[str, Authority | None] = {"nobody": None, "the sandbox": SandboxAuthority()}
STEPS = ("face", "assisted", "confirm", "attempt", "accept")


@pytest.mark.parametrize("source", SOURCES)
async def test_in_production_without_a_source_no_path_says_verified_by_authority(  # KYC-08
    story: Story, source: str
) -> None:
    """Every order of three acts after the papers, in either route, with faces that pass: whatever is refused on the
    way, nothing sealed has the basis `authority`, and with the sandbox nothing is verified at all."""
    story.ask(SOURCES[source])
    for steps in product(STEPS, repeat=3):
        case = await story.consent(await story.open(mode="production"), "privacy", "face")
        case = await story.read_before(await story.route(case, "face"))
        for step in ("confirm", *steps):
            try:
                match step:
                    case "face" | "assisted":
                        case = await story.route(case, step)
                    case "confirm":
                        case = await story.confirm(case)
                    case "attempt":
                        case = await story.passed(case)
                    case "accept":
                        case = await story.review(case, "accept", "papers_agree")
            except (StandInRefused, Error):
                case = await story.ports.ledger.case(case.id)
        for event in await story.ports.ledger.events(case.id):
            assert getattr(event.body, "basis", "") != "authority", steps
        if source == "the sandbox":
            assert not await bodies(story, case, DataChecked)
