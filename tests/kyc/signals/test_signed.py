"""The places of what was signed, looked at after the signature: a follower that no signature waits for."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from api.health import Health
from api.signals import OpenSignals, SignalWatch
from evidence.case import Case
from evidence.events import Body, DocumentPrepared, DocumentSigned, Media, RiskDecided
from evidence.events.signing import Act, Certificate, Place
from evidence.log import Entry
from kyc.signals import flow as signals
from tests.evidence.fakes import Faults
from tests.kyc.signals.test_stories import decisions, settle, somebody
from tests.kyc.story import Story

FILE = Media(commitment="A" * 43, bytes=1, type="application/pdf", retention="contract")
HASH = "5e" * 32
BEIJING = {"lat_e7": 399_000_000, "lon_e7": 1_164_000_000, "accuracy_m": 50, "datum": "WGS-84"}
SHANGHAI = {"lat_e7": 312_000_000, "lon_e7": 1_214_700_000, "accuracy_m": 50, "datum": "WGS-84"}
CERTIFICATE = Certificate(
    serial="01",
    sha256=HASH,
    issuer="test",
    not_before="2026-11-21T00:00:00.000Z",
    not_after="2026-11-22T00:00:00.000Z",
    production=False,
)


async def signs(
    story: Story, case: Case, document: str, fix: dict[str, Any] | None = None, *flags: str, party: str = "proposer"
) -> Case:
    """A paper signed where `fix` says; None: the place was refused."""
    place = Place(state="refused")
    if fix is not None:
        hidden = await story.ports.vault.hide(case.id, "location", {"fix": fix})
        place = Place(state="consented", fix=hidden["fix"], flags=flags)
    prepared = DocumentPrepared(
        document=document,
        kind="application",
        party=party,  # type: ignore[arg-type]
        template="application/1",
        template_sha256=HASH,
        sha256=HASH,
        sm3=HASH,
        media=FILE,
        pages=(),
    )
    signed = DocumentSigned(
        document=document,
        kind="application",
        party=party,  # type: ignore[arg-type]
        opinion="agree",
        shown_sha256=HASH,
        signed_sha256=HASH,
        signed_sm3=HASH,
        signed=FILE,
        strokes=FILE,
        strokes_image=FILE,
        act=Act(nonce=document, thumbprint="t", signature="s"),
        place=place,
        certificate=CERTIFICATE,
        level="B-B",
        time_source="none",
    )
    bodies: Sequence[Body] = (prepared, signed)
    return await story.ports.ledger.record(case.id, lambda _: bodies, story.stamp())


async def of_signing(story: Story, case: Case) -> list[RiskDecided]:
    return [one for one in await decisions(story, case) if one.moment == "signed"]


async def entries(story: Story, *streams: str) -> list[Entry]:
    events = [event for stream in streams for event in await story.ports.ledger.events(stream)]
    return [Entry(position=at, stream=one.stream, seq=one.seq, line=one.line) for at, one in enumerate(events, 1)]


def watching(story: Story) -> SignalWatch:
    return SignalWatch(story.ports.signals, Health(story.clock))


async def test_two_cities_within_minutes_are_noted_and_hold_nobody_up(story: Story) -> None:  # attack 11
    case = await story.before_the_camera(somebody(1))
    case = await signs(story, case, "doc_1", BEIJING)
    story.clock.forward(600)
    case = await signs(story, case, "doc_2", SHANGHAI)
    await signals.signed(case, "proposer", "doc_2", story.ports.signals)
    (decision,) = await of_signing(story, case)
    assert decision.facts["place_speed_kmh"] > 5_000
    assert (decision.outcome, decision.reasons) == ("allow", ("PLACE_JUMPED",))
    assert await signals.may_go_on(case, "proposer", story.ports.signals)


async def test_each_paper_is_looked_at_once(story: Story) -> None:
    case = await signs(story, await story.before_the_camera(somebody(1)), "doc_1", BEIJING)
    assert await signals.signed(case, "proposer", "doc_1", story.ports.signals) is not None
    assert await signals.signed(case, "proposer", "doc_1", story.ports.signals) is None
    assert len(await of_signing(story, case)) == 1


async def test_a_made_up_place_on_a_phone_of_several_persons_is_for_a_person(story: Story) -> None:
    await story.before_the_camera(somebody(1))
    case = await story.before_the_camera(somebody(2))  # on the same phone
    case = await signs(story, case, "doc_1", BEIJING, "mock")
    await signals.signed(case, "proposer", "doc_1", story.ports.signals)
    (decision,) = await of_signing(story, case)
    assert (decision.outcome, decision.facts["persons_per_device"]) == ("manual", 2)
    assert "PLACE_MOCKED_SHARED" in decision.reasons
    assert not await signals.may_go_on(case, "proposer", story.ports.signals)
    waiting = OpenSignals()
    name = signals.stream(case, "proposer", story.ports.signals)
    waiting.learn(await entries(story, name))
    assert [one["case"] for one in waiting.waiting("demo")] == [case.id]
    assert waiting.waiting("another") == []
    await settle(story, case, "cleared", "SHARED_PLACE")
    waiting.learn((await entries(story, name))[-1:])
    assert waiting.waiting("demo") == []


async def test_a_place_that_cannot_be_opened_any_more_is_no_fact(story: Story) -> None:
    case = await signs(story, await story.before_the_camera(somebody(1)), "doc_1", BEIJING)
    await story.ports.vault.destroy_class(case.id, "location")
    await signals.signed(case, "proposer", "doc_1", story.ports.signals)
    (decision,) = await of_signing(story, case)
    assert not any(name.startswith("place_") for name in decision.facts)


async def test_the_watch_finds_what_was_signed_and_leaves_alone_where_no_place_was_given(story: Story) -> None:
    case = await signs(story, await story.before_the_camera(somebody(1)), "doc_1", BEIJING)
    case = await signs(story, case, "doc_2")
    watch = watching(story)
    watch.learn(await entries(story, case.id))
    await watch.look()
    await watch.look()
    assert len(await of_signing(story, case)) == 1
    other = watching(story)  # another process, or this one after a restart
    other.learn(await entries(story, case.id))
    await other.look()
    assert len(await of_signing(story, case)) == 1


async def test_what_could_not_be_looked_at_is_looked_at_later(story: Story) -> None:
    case = await signs(story, await story.before_the_camera(somebody(1)), "doc_1", BEIJING)
    faults = Faults()
    watch = SignalWatch(replace(story.ports.signals, vault=faults.on(story.ports.signals.vault)), Health(story.clock))
    watch.learn(await entries(story, case.id))
    faults.fail("reveal", "before")
    await watch.look()
    assert await of_signing(story, case) == []
    await watch.look()
    assert len(await of_signing(story, case)) == 1


async def test_the_watch_destroys_the_keys_of_days_that_are_over(story: Story) -> None:  # PIPL art. 47
    case = await story.before_the_camera(somebody(1))
    (decision,) = await decisions(story, case)
    assert decision.used is not None
    name = signals._day_stream("demo", decision.used.day, story.ports.signals)
    watch = watching(story)
    watch.learn(await entries(story, case.id))
    await watch.tidy()
    assert await story.ports.vault.keyring.existing(name, "command") is not None  # today's
    story.clock.forward(3 * 86_400)
    await watch.tidy()
    assert await story.ports.vault.keyring.existing(name, "command") is None
