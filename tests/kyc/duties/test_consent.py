"""Duties around the consent to faces: told first, asked apart, not asked again, taken back with a certificate."""

from datetime import timedelta

import pytest

from api.view import view
from evidence.erasure import flow as erasure
from evidence.events import Erased, parse_instant
from evidence.retention import table
from kyc import flow, notices
from kyc.commands import DecideConsent
from kyc.errors import ConsentMissing, NoticeNotShown
from tests.kyc.story import Story


async def test_no_camera_before_the_notice_was_shown_and_none_before_its_consent(story: Story) -> None:  # KYC-01, 02
    case = await story.consent(await story.open(), "privacy")
    case = await story.route(await story.read_before(case), "face")
    case = await story.confirm(case)
    with pytest.raises(NoticeNotShown):
        await story.challenge(case)
    sha256 = notices.text_sha256("face")
    command = DecideConsent(scope="face", decision="given", text_sha256=sha256)
    with pytest.raises(NoticeNotShown):
        await flow.decide_consent(case, command, story.stamp(), story.ports)
    case = await story.consent(case, "recording")
    with pytest.raises(NoticeNotShown):
        await story.challenge(case)


async def test_after_a_refusal_the_page_is_told_how_long_not_to_ask(story: Story) -> None:  # KYC-02
    case = await story.consent(await story.open(), "privacy", "face")
    assert "ask_after" not in view(case, "customer", story.phone.session).consents["face"]  # type: ignore[index]
    command = DecideConsent(scope="face", decision="refused", text_sha256=notices.text_sha256("face"))
    case = await flow.decide_consent(case, command, story.stamp(), story.ports)
    told = view(case, "customer", story.phone.session).consents["face"]  # type: ignore[index]
    assert parse_instant(told["ask_after"]) - story.clock.at == timedelta(hours=48)
    # The other route is as open as before (KYC-03), and without consent no challenge is made.
    assert (await story.route(case, "assisted")).identity_of("proposer").route == "assisted"


async def test_who_refused_has_no_challenge(story: Story) -> None:  # KYC-02
    case = await story.before_the_camera()
    command = DecideConsent(scope="face", decision="refused", text_sha256=notices.text_sha256("face"))
    case = await flow.decide_consent(case, command, story.stamp(), story.ports)
    with pytest.raises(ConsentMissing):
        await story.challenge(case)


async def test_withdrawing_where_nothing_is_stored_still_ends_in_an_erasure_to_certify(story: Story) -> None:  # KYC-17
    case = await story.withdraw(await story.before_the_camera(), "face")
    erased = [event.body for event in await story.ports.ledger.events(case.id) if isinstance(event.body, Erased)]
    assert [(one.basis, one.retention, one.whole, one.fields) for one in erased] == [("KYC-17", "biometric", True, ())]
    assert await story.ports.vault.is_destroyed(case.id, "biometric", case.keeping.erasures[-1].seq)
    ports = erasure.Ports(story.ports.ledger, story.ports.vault, story.clock, table())
    assert await erasure.finish(case, ports)
