"""The count is watched, warned about and filed; the filing says what is really set (KYC-15)."""

import json

from api.duties import FaceDuties, markdown
from api.health import Health
from evidence.log import Entry
from evidence.retention import table
from kyc import notices
from kyc.duties import flow
from kyc.duties.count import StoredFaces
from kyc.duties.rules import Limits
from tests.kyc.duties.test_duties import APPROVE, REGISTER, TWO, record
from tests.kyc.story import Story


async def watched(story: Story, people: int, limits: Limits) -> tuple[FaceDuties, Health]:
    faces, health = StoredFaces(), Health(story.clock)
    for number in range(1, people + 1):
        await story.read_before(await story.open())
        for at, event in enumerate(await story.ports.ledger.events(f"case_{number}"), 1):
            faces.learn([Entry(position=at, stream=event.stream, seq=event.seq, line=event.line)])
    return FaceDuties(flow.Ports(story.ports.ledger, story.clock, limits), faces, health), health


async def test_it_warns_early_and_changes_stay_allowed(story: Story) -> None:
    duties, health = await watched(story, 3, Limits(warn=3, file=5))
    await duties.look()
    assert list(health.alarms) == ["faces_stored_demo"]
    assert health.sound
    assert (await duties.state("demo"))["filing"] is None


async def test_at_the_limit_a_filing_waits_with_its_day_and_a_pack(story: Story) -> None:
    duties, health = await watched(story, 5, Limits(warn=3, file=5))
    await duties.look()
    await duties.look()
    assert list(health.alarms) == ["face_filing_demo"]
    state = await duties.state("demo")
    assert state["filing"]["persons"] == state["persons"] == 5
    assert not state["assessed"]
    missing = await duties.pack("demo", notices.DEMO, "chinese", table())
    assert missing["assessment"] is None
    assert "SM4-GCM" in markdown(missing, "zh-CN")
    await record(story, REGISTER)
    await record(story, APPROVE, TWO)
    pack = await duties.pack("demo", notices.DEMO, "international", table())
    assert json.loads(json.dumps(pack)) == pack
    for locale, name in (("zh-CN", notices.DEMO.zh), ("en", notices.DEMO.en)):
        text = markdown(pack, locale)
        assert text.count("\n## ") == 5
        assert name in text
        assert REGISTER.sha256 in text
        assert pack["rules"]["notice_sha256"] in text


async def test_a_missing_assessment_is_told_with_the_readiness_until_it_counts(story: Story) -> None:  # KYC-16
    duties, health = await watched(story, 1, Limits())
    await duties.look()
    assert list(health.report()["lacks"]) == ["face_assessment_demo"]
    assert health.sound
    await record(story, REGISTER)
    await duties.look()
    assert list(health.report()["lacks"]) == ["face_assessment_demo"]  # one person's word is not enough
    await record(story, APPROVE, TWO)
    await duties.look()
    assert health.report()["lacks"] == {}
