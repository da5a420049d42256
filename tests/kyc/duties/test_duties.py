"""Assess before faces are processed, count whose are stored, file in time (KYC-15, KYC-16)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import NotAllowed
from evidence.events import Actor, Erased, ErasedField, Stamp
from evidence.log import Entry
from evidence.workdays import working_day
from kyc.duties import flow
from kyc.duties.commands import ApproveAssessment, OutdateAssessment, RecordFiling, RegisterAssessment
from kyc.duties.count import StoredFaces
from kyc.duties.errors import AssessmentUnknown, FaceNotAssessed, NothingToFile, SecondPersonNeeded
from kyc.duties.rules import Command, Duties, Limits
from tests.kyc.story import AGENT, Story

ONE, TWO = Actor(id="staff_one", role="admin"), Actor(id="staff_two", role="admin")
REGISTER = RegisterAssessment(assessment="pia-1", dated="2026-11-20", owner="个人信息保护负责人", sha256="ab" * 32)
APPROVE = ApproveAssessment(assessment="pia-1")


async def record(story: Story, command: Command, actor: Actor = ONE, limits: Limits | None = None) -> Duties:
    ports = flow.Ports(story.ports.ledger, story.clock, limits or Limits())
    return await flow.record("demo", command, Stamp(actor=actor, at=story.clock.at), ports)


async def test_in_production_no_face_is_asked_for_before_an_assessment_counts(story: Story) -> None:  # KYC-16
    sandbox = await story.open()
    await flow.admit_face(sandbox, story.ports.ledger)
    case = await story.open("production")
    for command, actor in ((None, ONE), (REGISTER, ONE)):
        if command is not None:
            await record(story, command, actor)
        with pytest.raises(FaceNotAssessed):
            await flow.admit_face(case, story.ports.ledger)
    await record(story, APPROVE, TWO)
    await flow.admit_face(case, story.ports.ledger)
    await record(story, OutdateAssessment(assessment="pia-1", cause="incident"))
    with pytest.raises(FaceNotAssessed):
        await flow.admit_face(case, story.ports.ledger)


async def test_who_registered_an_assessment_does_not_approve_it(story: Story) -> None:  # KYC-16
    await record(story, REGISTER)
    with pytest.raises(SecondPersonNeeded):
        await record(story, APPROVE)
    held = await record(story, APPROVE, TWO)
    assert held.assessment is not None
    assert held.assessment.said.owner == "个人信息保护负责人"
    assert await record(story, APPROVE, TWO) == held


async def test_only_admins_record_and_only_what_there_is(story: Story) -> None:
    with pytest.raises(NotAllowed):
        await record(story, REGISTER, AGENT)
    with pytest.raises(AssessmentUnknown):
        await record(story, APPROVE, TWO)
    with pytest.raises(NothingToFile):
        await record(story, RecordFiling(reference="f-1"))


async def test_at_the_limit_one_filing_is_opened_with_its_day(story: Story) -> None:  # KYC-15
    ports = flow.Ports(story.ports.ledger, story.clock, Limits(warn=3, file=5, working_days=30))
    assert await flow.count("demo", 4, ports) is None
    filing = await flow.count("demo", 5, ports)
    assert filing is not None
    assert (filing.persons, filing.limit) == (5, 5)
    assert date.fromisoformat(filing.due) == working_day(story.clock.at.date(), 30)
    assert await flow.count("demo", 6, ports) == filing
    held = await record(story, RecordFiling(reference="沪网信备".encode().hex()))
    assert held.filing is None
    assert await flow.count("demo", 7, ports) is None


async def test_a_person_counts_while_a_picture_with_a_face_is_stored(story: Story) -> None:  # KYC-15
    faces = StoredFaces()
    case = await story.before_the_camera()
    await story.open()
    events = [event for number in (1, 2) for event in await story.ports.ledger.events(f"case_{number}")]
    entries = [Entry(position=at, stream=one.stream, seq=one.seq, line=one.line) for at, one in enumerate(events, 1)]
    faces.learn(entries)
    assert faces.persons() == {"demo": 1}
    faces.learn(entries)
    assert faces.persons() == {"demo": 1}
    front = case.identity_of("proposer").papers["cn_id_front"].media.commitment
    erased = Erased(basis="EVD-08", retention="identity", fields=(ErasedField(name="front", commitment=front),))
    after = await story.ports.ledger.record(case.id, lambda _: (erased,), story.stamp())
    line = (await story.ports.ledger.events(case.id))[-1].line
    faces.learn([Entry(position=len(entries) + 1, stream=case.id, seq=after.head.seq, line=line)])
    assert faces.persons() == {"demo": 0}


@given(st.dates(date(2026, 1, 1), date(2030, 1, 1)), st.integers(1, 60))
def test_a_working_day_is_never_a_weekend_and_as_many_weekdays_on(start: date, days: int) -> None:
    at = working_day(start, days)
    assert at.weekday() < 5
    between = sum(date.fromordinal(day).weekday() < 5 for day in range(start.toordinal() + 1, at.toordinal() + 1))
    assert between == days
