"""Of a child under 14 nothing is collected before a guardian agreed, apart to papers and to the face (KYC-02)."""

from datetime import date

import pytest

from bench import specimen
from evidence.case import Case
from evidence.errors import NotAllowed, NotFound
from evidence.events import (
    Actor,
    CodeSent,
    GuardianDecided,
    IdentityVerified,
    LinkSent,
    PaperConfirmed,
    PartyNamed,
    RouteChosen,
    SessionOpened,
    Stamp,
    instant,
)
from kyc import flow as identity
from kyc import notices
from kyc.commands import DecideConsent, ShowNotice
from kyc.errors import ConsentNotGiven, GuardianNeeded, NoticeNotShown, RouteNotChosen
from kyc.guardian import flow
from kyc.guardian.commands import DecideAsGuardian
from kyc.guardian.errors import GuardianUnverified
from tests.kyc.story import COMMITMENT, Device, Story, bodies, present

CHILD = specimen.Person(birth=date(2015, 3, 1), valid_from=date(2024, 1, 1), valid_to=date(2029, 1, 1))
GUARDIAN = Actor(id="cus_2", role="customer", session="ses_guardian")
TEXT = notices.text_sha256("guardian")


def stamp(story: Story) -> Stamp:
    return Stamp(actor=GUARDIAN, at=story.clock.at)


async def family(story: Story, born: str = "1985-05-05", verified: bool = True) -> Case:
    """A child on `story.phone`, and an adult of the same case on a phone of their own."""
    case = await story.consent(await story.open(), "privacy", "face")
    device, later = Device("guardian"), instant(story.clock.at.replace(year=2030))
    hidden = await story.ports.vault.hide(case.id, "identity", {"birth": born})
    seal = [
        PartyNamed(party="insured", customer="cus_2", phone=COMMITMENT),
        LinkSent(link="lnk_g", party="insured", customer="cus_2", channel="sms", expires=later),
        CodeSent(code="otp_g", purpose="enter", party="insured", channel="sms", expires=later, link="lnk_g"),
        SessionOpened(
            session="ses_guardian",
            link="lnk_g",
            customer="cus_2",
            party="insured",
            key=device.jwk,
            thumbprint=device.thumbprint,
            ip=COMMITMENT,
            agent=COMMITMENT,
            factors=("link:sms", "code:sms"),
            independent_factors=1,
            expires=later,
        ),
        PaperConfirmed(party="insured", fields=hidden),
    ]
    if verified:
        seal.append(IdentityVerified(party="insured", strength="K3", route="face", session="ses_guardian"))
    case = await story.ports.ledger.record(case.id, lambda _: seal, story.stamp())
    shown = ShowNotice(scope="guardian", locale="zh-CN", text_sha256=TEXT)
    return await identity.show_notice(case, shown, stamp(story), story.ports)


async def says(story: Story, case: Case, scope: str, decision: str, text: str = TEXT) -> Case:
    command = DecideAsGuardian(
        party="proposer",
        scope=scope,  # type: ignore[arg-type]
        relation="mother",
        decision=decision,  # type: ignore[arg-type]
        text_sha256=text,
    )
    return await flow.decide(case, command, stamp(story), story.ports)


async def confirmed(story: Story, case: Case) -> Case:
    return await story.confirm(await story.read_before(await story.route(case, "face"), CHILD), CHILD)


async def test_a_childs_card_is_not_kept_before_the_guardian_agreed(story: Story) -> None:
    case = await family(story)
    with pytest.raises(GuardianNeeded):
        await story.paper(case, "cn_id_front", specimen.front(CHILD))
    assert story.stored(case.id) == []
    case = await says(story, case, "privacy", "given")
    case = await story.paper(case, "cn_id_front", specimen.front(CHILD))
    assert case.identity_of("proposer").papers["cn_id_front"].verdict == "pass"


async def test_a_birth_that_was_misread_is_found_when_it_is_confirmed(story: Story) -> None:
    case = await family(story)
    with pytest.raises(GuardianNeeded):
        await confirmed(story, case)
    assert not (await story.ports.ledger.case(case.id)).identity_of("proposer").confirmed


async def test_the_camera_waits_for_a_consent_of_its_own(story: Story) -> None:
    case = await confirmed(story, await says(story, await family(story), "privacy", "given"))
    with pytest.raises(GuardianNeeded):
        await story.challenge(case)
    case = await says(story, case, "face", "given")
    assert present(await story.challenge(case)).actions
    (first, second) = await bodies(story, case, GuardianDecided)
    assert (first.scope, second.scope, second.guardian, second.relation) == ("privacy", "face", "insured", "mother")


async def test_a_refusal_leads_to_the_way_without_a_face_and_to_the_same_result(story: Story) -> None:  # KYC-03
    case = await confirmed(story, await says(story, await family(story), "privacy", "given"))
    case = await says(story, case, "face", "refused")
    child = case.identity_of("proposer")
    assert (child.route, child.review) == ("assisted", "requested")
    case = await story.review(case, "accept", "seen_by_video")
    assert case.identity_of("proposer").verified is not None


async def test_a_refusal_before_the_papers_leaves_the_route_without_a_face(story: Story) -> None:
    case = await story.route(await says(story, await family(story), "privacy", "given"), "face")
    case = await says(story, case, "face", "refused")
    assert [body.route for body in await bodies(story, case, RouteChosen)] == ["face", "assisted"]
    with pytest.raises(GuardianNeeded):
        await story.challenge(await confirmed(story, case))


async def test_a_withdrawal_destroys_the_frames_and_ends_the_capture(story: Story) -> None:  # KYC-17
    case = await confirmed(story, await says(story, await family(story), "privacy", "given"))
    case = await story.challenge(await says(story, case, "face", "given"))
    frames = await story.frames(case, 3)
    case = await story.frame(case, 0, frames[0])
    assert len(story.stored("/biometric/")) == 1
    case = await says(story, case, "face", "withdrawn")
    assert story.stored("/biometric/") == []
    assert case.keeping.erasures[-1].basis == "KYC-17"
    with pytest.raises(RouteNotChosen):
        await story.frame(case, 1, frames[1])
    case = await story.route(case, "face")  # back to the camera, with the challenge still open
    with pytest.raises(GuardianNeeded):
        await story.frame(case, 1, frames[1])
    with pytest.raises(ConsentNotGiven):
        await says(story, case, "face", "withdrawn")


async def test_only_a_verified_adult_of_the_case_decides_and_only_for_somebody_else(story: Story) -> None:
    with pytest.raises(GuardianUnverified):
        await says(story, await family(story, verified=False), "face", "given")
    with pytest.raises(GuardianUnverified):
        await says(story, await family(story, born="2012-01-01"), "face", "given")
    case = await family(story)
    own = DecideAsGuardian(party="insured", scope="face", relation="mother", decision="given", text_sha256=TEXT)
    with pytest.raises(NotAllowed):
        await flow.decide(case, own, stamp(story), story.ports)
    for actor in (Actor(id="staff_agent", role="agent"), Actor(id="staff_reviewer", role="reviewer")):
        with pytest.raises(NotAllowed):
            await flow.decide(case, own, story.stamp(actor=actor), story.ports)


async def test_a_guardian_agrees_to_the_text_that_was_shown_and_in_no_other_place(story: Story) -> None:
    case = await family(story)
    with pytest.raises(NoticeNotShown):
        await says(story, case, "face", "given", text="00" * 32)
    plain = DecideConsent(scope="guardian", decision="given", text_sha256=TEXT)
    with pytest.raises(NotFound):
        await identity.decide_consent(case, plain, stamp(story), story.ports)


async def test_from_fourteen_on_nobody_else_is_asked(story: Story) -> None:
    grown = specimen.Person(birth=date(2010, 1, 1), valid_from=date(2024, 1, 1), valid_to=date(2029, 1, 1))
    assert present(await story.challenge(await story.before_the_camera(grown))).actions
