"""The way to an identity on real input: every refusal of the brief attacks, and the honest journey."""

import asyncio
from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from bench import specimen
from evidence.errors import Error, NotAllowed, ObjectErased
from evidence.events import (
    Actor,
    ChallengeIssued,
    DataChecked,
    Erased,
    FacesCompared,
    FrameCaptured,
    IdentityVerified,
    LivenessJudged,
    PaperRead,
    ReviewRequested,
    RouteLocked,
)
from evidence.vault import unb64
from kyc import flow, notices
from kyc.challenge import flow as live
from kyc.commands import DecideConsent, IssueChallenge, ShowNotice
from kyc.errors import (
    AuthorityUnavailable,
    ChallengeExpired,
    ConsentMissing,
    DeviceForeign,
    FieldsIncomplete,
    FieldsInvalid,
    FrameOutOfOrder,
    FrameReplayed,
    FramesMissing,
    FramesUnsigned,
    GuardianNeeded,
    LivenessReplayed,
    NothingToReview,
    NoticeChanged,
    NoticeNotShown,
    PictureInvalid,
    RouteClosed,
    StandInRefused,
)
from kyc.papers import flow as papers
from tests.kyc.story import AGENT, Story, bodies, present

K3 = {f"identity:proposer:{strength}" for strength in ("K1", "K2", "K3")}


# --- the honest way ---------------------------------------------------------------------------------------------------


async def test_a_customer_is_identified_from_papers_and_a_live_face(story: Story) -> None:  # KYC-04, KYC-08
    case = await story.consent(await story.open(), "privacy", "face")
    case = await story.paper(case, "cn_id_front", specimen.front())
    case = await story.paper(case, "cn_id_back", specimen.back())
    seen = await papers.read(case, "proposer", story.ports)
    assert {name: item["value"] for name, item in seen["fields"].items()} == specimen.DEFAULT.fields
    case = await story.confirm(await story.route(case, "face"))
    case = await story.attempt(case, seed=1)
    identity = case.identity_of("proposer")
    assert identity.attempts[-1].verdict == "pass"
    assert identity.comparisons == {"live_to_document": "pass", "live_to_authority": "not_run"}
    assert identity.verified is not None
    assert identity.verified.session == story.phone.session
    assert case.keys >= K3
    assert case.done("identity")


async def test_every_score_names_its_model_and_its_bar(story: Story) -> None:
    case = await story.attempt(await story.before_the_camera(), seed=2)
    (judged,) = await bodies(story, case, LivenessJudged)
    compared = [item.score for item in await bodies(story, case, FacesCompared) if item.score]
    assert [score.far_target_e6 for score in compared] == [250]
    for score in (*judged.scores, *compared):
        assert score.model is not None
        assert score.model.pack == "jianzheng-open-2"
        assert score.model.manifest == story.ports.faces.pack.sha256
        assert score.threshold_e4
    assert judged.basis == "screened"
    assert judged.assurance == "web"


async def test_raw_frames_are_destroyed_with_the_decision(story: Story) -> None:  # KYC-13
    case = await story.challenge(await story.before_the_camera())
    frames = await story.frames(case, seed=3)
    case = await story.capture(case, frames)
    assert len(story.stored("biometric")) == len(frames)
    media = present(case).frames[0]
    case = await story.decide(case, frames)
    assert story.stored("biometric") == []
    (erased,) = await bodies(story, case, Erased)
    assert erased.basis == "KYC-13"
    assert len(erased.fields) == len(frames)
    with pytest.raises(ObjectErased):
        await story.ports.vault.get(case.id, media)


async def test_the_device_signature_over_the_frames_can_be_checked_later(story: Story) -> None:  # KYC-04
    case = await story.attempt(await story.before_the_camera(), seed=4)
    (judged,) = await bodies(story, case, LivenessJudged)
    assert judged.statement is not None
    opened = await story.ports.vault.reveal(case.id, [judged.statement])
    statement = opened[judged.statement].value.encode()
    story.phone.key.public_key().verify(unb64(judged.signature), statement, ec.ECDSA(SHA256()))


async def test_the_way_without_a_face_reaches_the_same_result(story: Story) -> None:  # KYC-03
    case = await story.consent(await story.open(), "privacy")
    case = await story.read_before(await story.route(case, "assisted"))
    case = await story.confirm(case)
    (checked,) = await bodies(story, case, DataChecked)
    assert (checked.verdict, checked.basis) == ("pass", "sandbox")
    case = await story.review(case, "accept", "seen_by_video")
    verified = case.identity_of("proposer").verified
    assert verified is not None
    assert verified.route == "assisted"
    assert case.keys >= K3


# --- no consent, nothing stored ---------------------------------------------------------------------------------------


async def test_without_consent_no_byte_is_looked_at_and_nothing_is_stored(story: Story) -> None:  # KYC-01, KYC-02
    case = await story.open()
    with pytest.raises(NoticeNotShown):
        await story.paper(case, "cn_id_front", b"not even a picture")
    case = await story.consent(case, "privacy")
    case = await story.confirm(await story.read_before(await story.route(case, "face")))
    before = story.stored()
    with pytest.raises(NoticeNotShown):
        await story.challenge(case)
    sha256 = notices.text_sha256("face")
    shown = ShowNotice(scope="face", locale="en", text_sha256=sha256)
    case = await flow.show_notice(case, shown, story.stamp(), story.ports)
    refused = DecideConsent(scope="face", decision="refused", text_sha256=sha256)
    case = await flow.decide_consent(case, refused, story.stamp(), story.ports)
    with pytest.raises(ConsentMissing):
        await story.challenge(case)
    with pytest.raises(ConsentMissing):
        await story.frame(case, 0, b"not even a picture", challenge="chl_" + "a" * 26)
    assert story.stored() == before
    assert await bodies(story, case, FrameCaptured) == []


async def test_a_consent_is_to_the_text_that_was_shown(story: Story) -> None:  # KYC-02
    case = await story.open()
    given = DecideConsent(scope="face", decision="given", text_sha256=notices.text_sha256("face"))
    with pytest.raises(NoticeNotShown):
        await flow.decide_consent(case, given, story.stamp(), story.ports)
    old = ShowNotice(scope="face", locale="en", text_sha256="0" * 64)
    with pytest.raises(NoticeChanged):
        await flow.show_notice(case, old, story.stamp(), story.ports)


async def test_withdrawing_face_consent_destroys_frames_and_stops_the_capture(story: Story) -> None:  # KYC-17
    case = await story.challenge(await story.before_the_camera())
    frames = await story.frames(case, seed=5)
    case = await story.frame(case, 0, frames[0])
    case = await story.withdraw(case, "face")
    assert story.stored("biometric") == []
    assert "consent:face" not in case.keys
    assert [item.basis for item in await bodies(story, case, Erased)] == ["KYC-17"]
    with pytest.raises(ConsentMissing):
        await story.frame(case, 1, frames[1])


async def test_frames_nobody_came_back_for_are_destroyed(story: Story) -> None:  # KYC-13
    case = await story.challenge(await story.before_the_camera())
    case = await story.frame(case, 0, specimen.frames(["neutral"], seed=6)[0])
    case = await flow.discard_frames(case, "proposer", story.stamp(), story.ports)
    assert len(story.stored("biometric")) == 1
    story.clock.forward(61)
    case = await flow.discard_frames(case, "proposer", story.stamp(), story.ports)
    assert story.stored("biometric") == []


# --- attacks ----------------------------------------------------------------------------------------------------------


async def test_another_persons_card_is_refused(story: Story) -> None:
    front = specimen.front(portrait=specimen.other_person()[60:620, 130:600])
    case = await story.attempt(await story.before_the_camera(front=front), seed=7)
    identity = case.identity_of("proposer")
    assert identity.comparisons["live_to_document"] == "fail"
    assert identity.attempts[-1].verdict == "fail"
    assert "FACE_DIFFERS" in identity.attempts[-1].reasons
    assert identity.verified is None
    assert not case.keys & K3


async def test_a_printed_face_is_refused(story: Story) -> None:  # attack 5
    case = await story.attempt(await story.before_the_camera(), seed=8, printed=True)
    last = case.identity_of("proposer").attempts[-1]
    assert last.verdict == "fail"
    assert "SCREEN_SUSPECTED" in last.reasons
    assert not case.keys & K3


async def test_a_still_face_is_refused(story: Story) -> None:
    case = await story.attempt(await story.before_the_camera(), seed=9, still=True)
    assert case.identity_of("proposer").attempts[-1].verdict == "fail"
    assert "ACTION_NOT_PERFORMED" in case.identity_of("proposer").attempts[-1].reasons


async def test_a_captured_session_cannot_be_replayed(story: Story) -> None:  # KYC-04, attack 1
    case = await story.challenge(await story.before_the_camera())
    frames = await story.frames(case, seed=10)
    done = await story.decide(await story.capture(case, frames), frames)
    with pytest.raises(LivenessReplayed):
        await live.decide(done, story.signed(case, frames, story.phone), present(case).id, story.stamp(), story.ports)
    again = await story.challenge(done)
    with pytest.raises(FrameReplayed):
        await story.frame(again, 0, frames[0])
    with pytest.raises(LivenessReplayed):
        await story.frame(again, 0, specimen.frames(["neutral"], seed=11)[0], challenge=present(case).id)
    elsewhere = await story.challenge(await story.before_the_camera())
    with pytest.raises(FrameReplayed):
        await story.frame(elsewhere, 0, frames[0])
    assert story.stored("biometric") == []


async def test_a_stale_nonce_is_refused(story: Story) -> None:  # KYC-04: 60 s
    case = await story.challenge(await story.before_the_camera())
    frames = await story.frames(case, seed=12)
    case = await story.capture(case, frames)
    story.clock.forward(60.001)
    with pytest.raises(ChallengeExpired):
        await story.decide(case, frames)
    fresh = await story.challenge(case)
    assert present(fresh).nonce != present(case).nonce
    assert story.stored("biometric") == []


async def test_frames_come_in_order_and_all_of_them(story: Story) -> None:
    case = await story.challenge(await story.before_the_camera())
    frames = await story.frames(case, seed=13)
    with pytest.raises(FrameOutOfOrder):
        await story.frame(case, 1, frames[1])
    case = await story.frame(case, 0, frames[0])
    with pytest.raises(FrameOutOfOrder):
        await story.frame(case, 0, frames[1])
    with pytest.raises(FramesMissing):
        await story.decide(case, frames)


async def test_a_foreign_device_cannot_take_part(story: Story) -> None:
    case = await story.challenge(await story.before_the_camera())
    frames = await story.frames(case, seed=14)
    with pytest.raises(DeviceForeign):
        await story.frame(case, 0, frames[0], device=story.other_phone)
    case = await story.capture(case, frames)
    with pytest.raises(FramesUnsigned):
        await story.decide(case, frames, signer=story.other_phone)
    swapped = [frames[1], frames[0], *frames[2:]]
    with pytest.raises(FramesUnsigned):
        await story.decide(case, swapped)
    wrong_nonce = story.signed(case, frames, story.phone, nonce="another")
    with pytest.raises(FramesUnsigned):
        await live.decide(case, wrong_nonce, present(case).id, story.stamp(), story.ports)
    assert await bodies(story, case, LivenessJudged) == []


async def test_a_frame_that_is_no_picture_is_refused_and_not_kept(story: Story) -> None:
    case = await story.challenge(await story.before_the_camera())
    with pytest.raises(PictureInvalid):
        await story.frame(case, 0, b"<html>")
    assert story.stored("biometric") == []


async def test_three_failures_lock_the_face_route_and_leave_the_other_open(story: Story) -> None:  # KYC-09
    case = await story.before_the_camera()
    for seed in (15, 16, 17):
        case = await story.attempt(case, seed=seed, still=True)
    assert len(await bodies(story, case, RouteLocked)) == 1
    with pytest.raises(RouteClosed):
        await story.challenge(case)
    with pytest.raises(RouteClosed):
        await story.route(case, "face")
    case = await story.route(case, "assisted")
    case = await story.review(case, "accept", "seen_at_counter")
    assert case.keys >= K3


async def test_a_capture_that_cannot_be_judged_is_no_try(story: Story) -> None:
    case = await story.challenge(await story.before_the_camera())
    frames = await story.frames(case, seed=18)
    frames = [specimen.darkened(frame) for frame in frames]
    case = await story.decide(await story.capture(case, frames), frames)
    identity = case.identity_of("proposer")
    assert identity.attempts[-1].verdict == "not_run"
    assert identity.attempts[-1].reasons
    assert identity.tries == 0


async def test_failing_later_takes_the_identity_away(story: Story) -> None:
    case = await story.attempt(await story.before_the_camera(), seed=19)
    assert case.keys >= K3
    case = await story.attempt(case, seed=20, still=True)
    assert not case.keys & K3
    assert case.identity_of("proposer").verified is None


async def test_nobody_but_the_customer_acts_for_the_customer(story: Story) -> None:  # API-05
    case = await story.before_the_camera()
    for actor in (AGENT, Actor(id="cus_2", role="customer", session=story.phone.session)):
        with pytest.raises(NotAllowed):
            await live.issue_challenge(case, IssueChallenge(), story.stamp(actor=actor), story.ports)


# --- fields -----------------------------------------------------------------------------------------------------------


async def test_a_corrected_field_goes_to_a_person_before_anybody_is_verified(story: Story) -> None:  # KYC-11
    case = await story.consent(await story.open(), "privacy", "face")
    case = await story.confirm(await story.read_before(await story.route(case, "face")), name="林知厦")
    assert case.identity_of("proposer").corrected == ("name",)
    (asked,) = await bodies(story, case, ReviewRequested)
    assert asked.reasons == ("FIELDS_CORRECTED",)
    case = await story.attempt(case, seed=21)
    assert not case.keys & K3
    case = await story.review(case, "accept", "papers_agree")
    assert case.keys >= K3


async def test_a_correction_accepted_before_the_capture_still_needs_the_capture(story: Story) -> None:
    case = await story.consent(await story.open(), "privacy", "face")
    case = await story.confirm(await story.read_before(await story.route(case, "face")), name="林知厦")
    case = await story.review(case, "accept", "papers_agree")
    assert not case.keys & K3
    case = await story.attempt(case, seed=22)
    assert case.keys >= K3


async def test_impossible_fields_are_named(story: Story) -> None:  # KYC-11
    case = await story.consent(await story.open(), "privacy")
    case = await story.read_before(case)
    with pytest.raises(FieldsInvalid) as number:
        await story.confirm(case, number="999901197805200268")
    assert number.value.facts["fields"] == ("number",)
    with pytest.raises(FieldsInvalid) as sex:
        await story.confirm(case, sex="男")
    assert sex.value.facts["fields"] == ("sex",)
    with pytest.raises(FieldsInvalid) as until:
        await story.confirm(case, valid_to="2026-11-20")
    assert until.value.facts["fields"] == ("valid_to",)
    with pytest.raises(FieldsIncomplete):
        await story.confirm(case, address=" ")


async def test_a_new_picture_of_the_card_asks_for_a_new_confirmation(story: Story) -> None:
    case = await story.attempt(await story.before_the_camera(), seed=23)
    case = await story.paper(case, "cn_id_front", specimen.front())
    assert case.identity_of("proposer").confirmed == {}
    assert not case.keys & K3


async def test_an_expired_or_blank_card_is_sent_back(story: Story) -> None:  # KYC-11, KYC-12
    case = await story.consent(await story.open(), "privacy", "face")
    old = specimen.Person(valid_from=date(2006, 1, 1), valid_to=date(2026, 1, 1))
    case = await story.paper(case, "cn_id_back", specimen.back(old))
    assert case.identity_of("proposer").papers["cn_id_back"].reasons == ("PAPER_EXPIRED",)
    case = await story.paper(case, "cn_id_front", specimen.frames(["neutral"], seed=24)[0])
    read = (await bodies(story, case, PaperRead))[-1]
    assert (read.verdict, read.reasons[0]) == ("fail", "PAPER_NOT_RECOGNISED")


async def test_a_child_needs_a_guardian(story: Story) -> None:  # KYC-02
    child = specimen.Person(birth=date(2012, 11, 22), valid_from=date(2024, 1, 1), valid_to=date(2029, 1, 1))
    case = await story.consent(await story.open(), "privacy", "face")
    case = await story.read_before(await story.route(case, "face"), child)
    with pytest.raises(GuardianNeeded):
        await story.confirm(case, child)
    story.clock.forward(24 * 3600)
    case = await story.confirm(case, child)
    assert await bodies(story, await story.challenge(case), ChallengeIssued)


# --- the authority ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "reason"),
    [("999911", "NAME_NUMBER_MISMATCH"), ("999912", "NUMBER_NOT_FOUND"), ("999913", "PERSON_DECEASED")],
)
async def test_an_authority_that_says_no_leads_to_a_person(story: Story, region: str, reason: str) -> None:  # KYC-11
    person = specimen.Person(region=region)
    case = await story.consent(await story.open(), "privacy")
    case = await story.read_before(await story.route(case, "assisted"), person)
    case = await story.confirm(case, person)
    assert reason in (await bodies(story, case, ReviewRequested))[-1].reasons
    case = await story.review(case, "reject", "person_differs")
    assert case.identity_of("proposer").locked == ("assisted",)
    assert not case.keys & K3


async def test_an_authority_that_is_silent_is_never_taken_for_a_yes(story: Story) -> None:
    person = specimen.Person(region="999919")
    case = await story.consent(await story.open(), "privacy")
    case = await story.read_before(await story.route(case, "assisted"), person)
    case = await story.confirm(case, person)
    assert "AUTHORITY_SILENT" in (await bodies(story, case, ReviewRequested))[-1].reasons
    with pytest.raises(AuthorityUnavailable):
        await story.review(case, "accept", "papers_agree")
    assert not case.keys & K3


async def test_without_an_authority_the_record_says_nobody_was_asked(story: Story) -> None:  # KYC-08
    story.ask(None)
    case = await story.attempt(await story.before_the_camera(), seed=25)
    assert case.keys >= K3
    assert await bodies(story, case, DataChecked) == []
    pairs = {item.pair: (item.verdict, item.basis) for item in await bodies(story, case, FacesCompared)}
    assert pairs["live_to_authority"] == ("not_run", "screened")


async def test_production_refuses_the_sandbox_authority(story: Story) -> None:  # KYC-08
    case = await story.consent(await story.open(mode="production"), "privacy")
    case = await story.read_before(await story.route(case, "assisted"))
    with pytest.raises(StandInRefused):
        await story.confirm(case)


async def test_production_refuses_a_specimen(story: Story) -> None:
    case = await story.consent(await story.open(mode="production"), "privacy")
    case = await story.paper(case, "cn_id_front", specimen.front())
    paper = case.identity_of("proposer").papers["cn_id_front"]
    assert (paper.verdict, paper.reasons) == ("fail", ("NUMBER_UNASSIGNED",))


async def test_a_rejected_person_is_not_verified_by_another_way_alone(story: Story) -> None:
    case = await story.consent(await story.open(), "privacy", "face")
    case = await story.read_before(await story.route(case, "assisted"))
    case = await story.confirm(case)
    case = await story.review(case, "reject", "person_differs")
    case = await story.attempt(await story.route(case, "face"), seed=26)
    assert not case.keys & K3
    assert (await bodies(story, case, ReviewRequested))[-1].reasons == ("EARLIER_REJECTION",)


async def test_a_review_has_a_ground_a_reviewer_and_something_to_decide(story: Story) -> None:  # KYC-09, API-22
    case = await story.consent(await story.open(), "privacy")
    with pytest.raises(NothingToReview):
        await story.review(case, "accept", "seen_by_video")
    case = await story.confirm(await story.read_before(await story.route(case, "assisted")))
    with pytest.raises(NotAllowed):
        await story.review(case, "accept", "person_differs")
    with pytest.raises(NotAllowed):
        await story.review(case, "accept", "seen_by_video", actor=AGENT)
    seller = Actor(id=AGENT.id, role="reviewer")
    with pytest.raises(NotAllowed):
        await story.review(case, "accept", "seen_by_video", actor=seller)
    assert await bodies(story, case, IdentityVerified) == []


async def test_frames_that_arrived_meanwhile_are_destroyed_too(story: Story) -> None:  # KYC-13
    stale = await story.challenge(await story.before_the_camera())
    await story.frame(stale, 0, specimen.frames(["neutral"], seed=27)[0])
    await story.challenge(stale)
    assert story.stored("biometric") == []


async def test_of_two_decisions_at_once_one_counts(story: Story) -> None:
    case = await story.challenge(await story.before_the_camera())
    frames = await story.frames(case, seed=28)
    case = await story.capture(case, frames)
    answers = await asyncio.gather(story.decide(case, frames), story.decide(case, frames), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, Error)]
    assert len(refused) == 1
    assert refused[0].code in {"LIVENESS_REPLAYED", "OBJECT_ERASED"}
    assert len(await bodies(story, case, LivenessJudged)) == 1
