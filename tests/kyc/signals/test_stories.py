"""One phone for many customers: the fifth waits for a person, nobody is told why, every decision can be replayed."""

from dataclasses import replace

import pytest

from bench import specimen
from evidence.case import Case
from evidence.errors import NotFound
from evidence.events import Actor, ReviewRequested, RiskDecided, RiskRulesLoaded, Stamp
from evidence.log import Entry
from kyc import flow
from kyc.commands import ReviewIdentity
from kyc.errors import ChecksOpen
from kyc.signals import flow as signals
from kyc.signals.commands import DecideSignals, ReadSignals
from kyc.signals.errors import NoSignals
from kyc.signals.rules import decide as replayed
from kyc.signals.seen import Seen
from tests.kyc.story import AGENT, REVIEWER, Story


def somebody(number: int) -> specimen.Person:
    """Names and numbers differ, the rest is the specimen's."""
    birth = specimen.DEFAULT.birth.replace(day=number)
    return replace(specimen.DEFAULT, birth=birth)


async def confirmed_by(story: Story, people: int) -> list[Case]:
    return [await story.before_the_camera(somebody(number)) for number in range(1, people + 1)]


async def decisions(story: Story, case: Case) -> list[RiskDecided]:
    name = signals.stream(case, "proposer", story.ports.signals)
    events = await story.ports.ledger.events(name)
    return [event.body for event in events if isinstance(event.body, RiskDecided)]


async def settle(story: Story, case: Case, decision: str, reason: str) -> None:
    name = signals.stream(case, "proposer", story.ports.signals)
    command = DecideSignals(decision=decision, reason=reason)  # type: ignore[arg-type]
    await signals.decide_signals(name, "demo", command, story.stamp(actor=REVIEWER), story.ports.signals)


ACCEPT = ReviewIdentity(party="proposer", decision="accept", reason="papers_agree")


async def test_the_fourth_person_of_a_day_on_one_device_waits_for_a_person(story: Story) -> None:  # API-12, attack 8
    cases = await confirmed_by(story, 4)
    assert [case.identity_of("proposer").review for case in cases] == [None, None, None, "requested"]
    (decision,) = await decisions(story, cases[3])
    assert decision.outcome == "manual"
    assert decision.reasons == ("DEVICE_SHARED",)
    assert decision.facts["persons_per_device"] == 4


async def test_the_case_says_routine_check_and_nothing_else(story: Story) -> None:  # API-21
    case = (await confirmed_by(story, 4))[3]
    events = await story.ports.ledger.events(case.id)
    assert [event.body.reasons for event in events if isinstance(event.body, ReviewRequested)] == [("ROUTINE_CHECK",)]
    told = b"\n".join(event.line for event in events)
    assert b"risk" not in told
    assert b"DEVICE" not in told


async def test_the_same_person_again_is_not_counted_twice(story: Story) -> None:
    for _ in range(5):
        case = await story.before_the_camera(somebody(1))
    assert case.identity_of("proposer").review is None


async def test_every_decision_is_replayed_from_the_log_alone(story: Story) -> None:  # API-12
    cases = await confirmed_by(story, 4)
    loaded = {
        event.body.sha256: event.body.rules
        for event in await story.ports.ledger.events(signals.RULES)
        if isinstance(event.body, RiskRulesLoaded)
    }
    for case in cases:
        for decision in await decisions(story, case):
            again = replayed(decision.facts, loaded[decision.rules], decision.late)
            assert (again.outcome, again.reasons) == (decision.outcome, decision.reasons)


async def test_the_counts_are_rebuilt_from_the_log(story: Story) -> None:
    cases = await confirmed_by(story, 3)
    rebuilt = Seen()
    position = 0
    for case in cases:
        name = signals.stream(case, "proposer", story.ports.signals)
        for event in await story.ports.ledger.events(name):
            position += 1
            rebuilt.learn([Entry(position=position, stream=name, seq=event.seq, line=event.line)])
    story.ports = replace(story.ports, signals=replace(story.ports.signals, seen=rebuilt))
    case = await story.before_the_camera(somebody(4))
    assert case.identity_of("proposer").review == "requested"


async def test_facts_that_hang_are_a_step_up(story: Story) -> None:  # API-12
    story.ports = replace(story.ports, signals=replace(story.ports.signals, patience_s=0))
    case = await story.before_the_camera(somebody(1))
    assert case.identity_of("proposer").review == "requested"
    (decision,) = await decisions(story, case)
    assert (decision.outcome, decision.late, decision.used) == ("step_up", True, None)
    # Somebody who looked is the stronger check: nothing else stands in the way.
    after = await flow.review(case, ACCEPT, story.stamp(actor=REVIEWER), story.ports)
    assert after.identity_of("proposer").review == "accept"


async def test_an_acceptance_waits_until_the_signals_are_settled(story: Story) -> None:
    case = (await confirmed_by(story, 4))[3]
    with pytest.raises(ChecksOpen):
        await flow.review(case, ACCEPT, story.stamp(actor=REVIEWER), story.ports)
    await settle(story, case, "cleared", "SHARED_PLACE")
    with pytest.raises(NoSignals):
        await settle(story, case, "cleared", "SHARED_PLACE")
    after = await flow.review(case, ACCEPT, story.stamp(actor=REVIEWER), story.ports)
    assert after.identity_of("proposer").review == "accept"


async def test_confirmed_fraud_stays_in_the_way(story: Story) -> None:
    case = (await confirmed_by(story, 4))[3]
    await settle(story, case, "confirmed", "ACTED_FOR")
    with pytest.raises(ChecksOpen):
        await flow.review(case, ACCEPT, story.stamp(actor=REVIEWER), story.ports)


async def test_a_reviewer_reads_and_the_read_is_sealed_first(story: Story) -> None:  # EVD-13
    case = (await confirmed_by(story, 4))[3]
    name = signals.stream(case, "proposer", story.ports.signals)
    stamp = story.stamp(actor=REVIEWER)
    told = await signals.read_signals(name, "demo", ReadSignals(reason="例行核查"), stamp, story.ports.signals)
    assert told["decisions"][0]["reasons"] == ["DEVICE_SHARED"]
    assert (await story.ports.ledger.events(name))[-1].type == "risk.signals_read/1"


@pytest.mark.parametrize("actor", [AGENT, Actor(id="cus_1", role="customer"), Actor(id="staff_x", role="admin")])
async def test_for_anybody_else_there_are_no_signals(story: Story, actor: Actor) -> None:
    case = (await confirmed_by(story, 4))[3]
    name = signals.stream(case, "proposer", story.ports.signals)
    for who, tenant in ((actor, "demo"), (REVIEWER, "another")):
        stamp = Stamp(actor=who, at=story.clock.at)
        with pytest.raises(NotFound):
            await signals.read_signals(name, tenant, ReadSignals(reason="why"), stamp, story.ports.signals)


async def test_no_digest_can_be_tried_once_the_key_of_its_day_is_gone(story: Story) -> None:  # PIPL art. 47
    case = await story.before_the_camera(somebody(1))
    (decision,) = await decisions(story, case)
    assert decision.used is not None
    ports = story.ports.signals
    name = signals._day_stream("demo", decision.used.day, ports)
    said = f"device\0{story.phone.thumbprint}".encode()
    assert (await ports.vault.mac(name, said))[:32] == decision.used.device
    await signals.forget_days(story.clock.forward(3 * 86_400), "demo", ports)
    assert (await ports.vault.mac(name, said))[:32] != decision.used.device
