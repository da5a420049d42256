"""Somebody on a list stops at once, nobody is told why, and a person who does not sell decides (API-21)."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from bench import specimen
from evidence.errors import NotFound
from evidence.events import Actor, PartyScreened, ReviewRequested
from kyc import flow
from kyc.commands import ReviewIdentity
from kyc.errors import ChecksOpen
from kyc.screening import flow as screening
from kyc.screening.commands import DecideHits, ReadHits
from kyc.screening.errors import ListsMissing, NothingToDecide
from tests.kyc.story import AGENT, REVIEWER, Story

LISTED = replace(specimen.DEFAULT, name="邬测识", birth=date(1975, 5, 20))
PERSON = specimen.DEFAULT


async def hits(story: Story, name: str) -> dict[str, object]:
    command = ReadHits(reason="例行核查")
    return await screening.read_hits(name, "demo", command, story.stamp(actor=REVIEWER), story.ports.screening)


async def decide(story: Story, name: str, decision: str, reason: str) -> None:
    command = DecideHits(decision=decision, reason=reason)  # type: ignore[arg-type]
    await screening.decide(name, "demo", command, story.stamp(actor=REVIEWER), story.ports.screening)


async def before_confirming(story: Story, person: specimen.Person) -> object:
    case = await story.consent(await story.open(), "privacy", "face")
    return await story.route(await story.read_before(case, person), "face")


async def test_a_hit_stops_the_person_in_the_same_request_and_the_case_does_not_say_why(story: Story) -> None:  # API-21
    case = await story.before_the_camera(LISTED)
    assert case.identity_of("proposer").review == "requested"
    ledger = story.ports.ledger
    events = await ledger.events(case.id)
    assert [event.body.reasons for event in events if isinstance(event.body, ReviewRequested)] == [("ROUTINE_CHECK",)]
    told = b"\n".join(event.line for event in events)
    assert b"screen" not in told
    assert b'sandbox","made-up' not in told


async def test_everybody_is_screened_and_a_stranger_goes_on(story: Story) -> None:
    case = await story.before_the_camera(PERSON)
    assert case.identity_of("proposer").review is None
    stream = screening.stream(case, "proposer", story.ports.screening)
    (event,) = await story.ports.ledger.events(stream)
    assert isinstance(event.body, PartyScreened)
    assert event.body.hits == ()
    assert event.body.lists


async def test_a_reviewer_reads_the_hit_and_the_read_is_sealed_first(story: Story) -> None:  # EVD-13
    case = await story.before_the_camera(LISTED)
    name = screening.stream(case, "proposer", story.ports.screening)
    seen = await hits(story, name)
    assert [hit["entry"] for hit in seen["hits"]] == ["made-up-1"]  # type: ignore[attr-defined]
    assert seen["person"]["name"] == LISTED.name  # type: ignore[index]
    assert [event.type for event in await story.ports.ledger.events(name)][-1] == "screening.hits_read/1"


@pytest.mark.parametrize("actor", [AGENT, Actor(id="cus_1", role="customer"), Actor(id="staff_x", role="admin")])
async def test_for_anybody_else_there_is_no_screening(story: Story, actor: Actor) -> None:
    case = await story.before_the_camera(LISTED)
    name = screening.stream(case, "proposer", story.ports.screening)
    with pytest.raises(NotFound):
        await screening.read_hits(name, "demo", ReadHits(reason="why"), story.stamp(actor=actor), story.ports.screening)
    with pytest.raises(NotFound):
        await screening.read_hits(
            name, "another", ReadHits(reason="why"), story.stamp(actor=REVIEWER), story.ports.screening
        )


async def test_a_review_is_not_accepted_while_a_hit_is_open_nor_once_it_is_confirmed(story: Story) -> None:
    case = await story.before_the_camera(LISTED)
    accept = ReviewIdentity(party="proposer", decision="accept", reason="papers_agree")
    name = screening.stream(case, "proposer", story.ports.screening)
    with pytest.raises(ChecksOpen):
        await flow.review(case, accept, story.stamp(actor=REVIEWER), story.ports)
    await decide(story, name, "confirmed", "SAME_PERSON")
    with pytest.raises(ChecksOpen):
        await flow.review(case, accept, story.stamp(actor=REVIEWER), story.ports)


async def test_a_cleared_hit_lets_the_person_go_on_and_does_not_come_back(story: Story) -> None:
    case = await story.before_the_camera(LISTED)
    name = screening.stream(case, "proposer", story.ports.screening)
    await decide(story, name, "cleared", "OTHER_BIRTH_DATE")
    with pytest.raises(NothingToDecide):
        await decide(story, name, "cleared", "OTHER_BIRTH_DATE")
    accept = ReviewIdentity(party="proposer", decision="accept", reason="papers_agree")
    case = await flow.review(case, accept, story.stamp(actor=REVIEWER), story.ports)
    assert case.identity_of("proposer").review == "accept"
    assert await screening.onboard(case, "proposer", LISTED.fields, story.ports.screening)


async def test_a_new_list_stops_somebody_who_was_passed_before(story: Story, tmp_path: Path) -> None:  # API-21
    case = await story.before_the_camera(PERSON)
    listed = {"id": "n1", "names": [PERSON.name]}
    file = {"format": "screening-list/1", "list": "new", "publisher": "p", "dated": "2026-11-20", "entries": [listed]}
    (tmp_path / "new.json").write_text(json.dumps(file, ensure_ascii=False), encoding="utf-8")
    lists = screening.Lists(tmp_path)
    assert lists.refresh()
    assert not lists.refresh()
    ports = replace(story.ports, screening=replace(story.ports.screening, lists=lists))
    assert await screening.announce(ports.screening) == 1
    assert await screening.announce(ports.screening) == 0
    system = story.stamp(actor=screening.SYSTEM)
    after = await flow.screen_again(case, "proposer", system, ports)
    assert after.identity_of("proposer").review == "requested"
    # Asked again against the same lists, nothing more is recorded.
    again = await flow.screen_again(after, "proposer", system, ports)
    assert again.head == after.head


async def test_without_any_list_nobody_is_passed(story: Story, tmp_path: Path) -> None:
    empty = screening.Lists(tmp_path)
    empty.refresh()
    story.ports = replace(story.ports, screening=replace(story.ports.screening, lists=empty))
    with pytest.raises(ListsMissing):
        await story.before_the_camera(PERSON)


async def test_time_goes_on_between_tries(story: Story) -> None:
    case = await story.before_the_camera(LISTED)
    story.clock.at += timedelta(minutes=1)
    case = await story.confirm(case, LISTED)
    name = screening.stream(case, "proposer", story.ports.screening)
    recorded = [event.body for event in await story.ports.ledger.events(name)]
    assert [len(body.hits) for body in recorded if isinstance(body, PartyScreened)] == [1, 0]
