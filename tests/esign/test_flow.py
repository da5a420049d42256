"""A paper prepared, shown and signed, over real ledger, vault, typesetting and test authority."""

import asyncio
import hashlib
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from esign import acts, flow, strokes, views
from esign.commands import GivenPlace, PrepareDocument, SignDocument
from esign.errors import AgeMismatch, DocumentAlreadySigned, DocumentChanged, SignedFileBroken
from esign.signer import SignedDocument, SigningAuthority
from esign.strokes import StrokesReplayed
from evidence.errors import HeadMoved, NotFound, NotVerified, ObjectCorrupt, StorageFailed
from evidence.events import ConsentGiven, DocumentPrepared, DocumentShown, DocumentSigned, SigningDeclined
from evidence.ledger import Ledger
from evidence.vault import SALT_BYTES, b64
from evidence.verify import acts as verifier_acts
from evidence.verify import policy as verifier_policy
from evidence.verify.acts import message
from evidence.verify.chain import Chain, read_lines
from tests.esign.ink import signature
from tests.esign.signing_case import FACTS, NAME, NUMBER, PHONE, TEXT, Told, newest
from tests.evidence.fakes import Faults, MemoryLog, StoryLedger


async def happened(told: Told, kind: type[Any]) -> list[Any]:
    return [event.body for event in await told.ledger.events(told.stream) if isinstance(event.body, kind)]


# --- from paper to signature -----------------------------------------------------------------------------------------


async def test_the_bytes_shown_are_the_bytes_signed_and_kept(told: Told) -> None:
    # ESG-02, ESG-03
    case = await told.shown()
    shown = await views.document_bytes(case, newest(case), False, told.ports)
    case = await told.sign(await told.agreeing())
    (prepared,) = await happened(told, DocumentPrepared)
    (signed,) = await happened(told, DocumentSigned)
    assert prepared.sha256 == signed.shown_sha256 == hashlib.sha256(shown).hexdigest()
    final = await views.document_bytes(case, signed.document, True, told.ports)
    assert final[: len(shown)] == shown
    assert len(final) > len(shown)
    assert signed.signed_sha256 == hashlib.sha256(final).hexdigest()
    assert signed.signed_sm3 != prepared.sm3
    assert case.state == "completed"


async def test_a_signature_satisfies_its_key_and_uses_up_the_code(told: Told) -> None:
    await told.shown()
    case = await told.sign(await told.agreeing())
    assert "signed:proposer:application" in case.keys
    assert "code:sign:proposer" not in case.keys


async def test_the_stored_strokes_open_to_what_the_browser_committed_to(told: Told) -> None:
    # ESG-04, ESG-05: the auditor recomputes the browser's commitment from the file in the bundle
    await told.shown()
    command = await told.agreeing()
    await told.sign(command)
    (signed,) = await happened(told, DocumentSigned)
    salted = await told.vault.get_salted(told.stream, signed.strokes)
    assert b64(hashlib.sha256(salted).digest()) == signed.strokes.commitment
    assert command.act is not None
    assert b64(salted[:SALT_BYTES]) == command.act.strokes_salt
    assert salted[SALT_BYTES:] == strokes.canonical(signature())
    assert (await told.vault.get(told.stream, signed.strokes_image)).startswith(b"\x89PNG")


async def test_the_act_is_over_the_message_that_the_verifier_rebuilds(told: Told) -> None:
    await told.shown()
    await told.sign(await told.agreeing())
    (signed,) = await happened(told, DocumentSigned)
    data = b"".join(event.line + b"\n" for event in await told.ledger.events(told.stream))
    record = next(item for item in read_lines(data, told.stream, []) if item.type == DocumentSigned.TYPE)
    told_message = acts.message(told.stream, signed.shown_sha256, signed.act.nonce, "agree", signed.strokes.commitment)
    assert message(told.stream, record) == told_message
    acts.verify(told.phone.jwk, signed.act.signature, message(told.stream, record))


async def test_the_offline_verifier_accepts_act_and_policy_and_misses_what_is_taken_away(told: Told) -> None:
    # BUNDLE.md section 6: steps 10 and 11, by code that shares none of ours
    await told.shown()
    await told.sign(await told.agreeing())
    data = b"".join(event.line + b"\n" for event in await told.ledger.events(told.stream))
    records = tuple(read_lines(data, told.stream, []))
    chain = Chain(told.stream, records, ((1, len(records)),))
    assert verifier_acts.check(chain, ()) == (1, 0)
    assert verifier_policy.check(chain) == "1 signatures, each with 7 keys held"
    unseen = tuple(record for record in records if record.type != DocumentShown.TYPE)
    with pytest.raises(NotVerified):
        verifier_policy.check(Chain(told.stream, unseen, ((1, len(records)),)))


async def test_nothing_personal_reaches_the_chain(told: Told) -> None:
    await told.shown()
    command = msgspec.structs.replace(await told.agreeing(), comment="我同意，谢谢")
    await told.sign(command)
    lines = b"\n".join(event.line for event in await told.ledger.events(told.stream)).decode()
    assert not [text for text in (NAME, NUMBER, PHONE, "1990-03-07", "谢谢") if text in lines]


async def test_without_a_time_stamp_the_event_says_so_and_the_certificate_says_test(told: Told) -> None:
    # ESG-08, ESG-10
    await told.shown()
    await told.sign(await told.agreeing())
    (signed,) = await happened(told, DocumentSigned)
    assert (signed.level, signed.time_source, signed.certificate.production) == ("B-B", "none", False)


async def test_a_new_paper_withdraws_the_old_one(told: Told) -> None:
    await told.shown()
    old = await told.agreeing()
    await told.prepare()
    with pytest.raises(DocumentChanged):
        await told.sign(old)


async def test_two_papers_of_the_same_case_never_share_a_hash(told: Told) -> None:
    first = await told.prepare()
    second = await told.prepare()
    hashes = {paper.sha256 for paper in second.signing.documents.values()}
    assert len(hashes) == 2
    assert newest(first) != newest(second)


async def test_an_age_that_was_quoted_wrong_must_be_corrected_first(
    story_ledger: StoryLedger, test_authority: SigningAuthority
) -> None:
    told = await Told(story_ledger, test_authority).open(age="35")
    with pytest.raises(AgeMismatch) as refused:
        await told.prepare()
    assert refused.value.facts == {"age": 36}
    assert await happened(told, DocumentPrepared) == []


async def test_a_quote_that_changes_while_the_paper_is_written_voids_it(told: Told) -> None:
    case = await told.case()
    await told.quote("36")
    with pytest.raises(HeadMoved):
        await flow.prepare(case, PrepareDocument(kind="application"), FACTS, told.stamp(), told.ports)


async def test_time_in_view_is_bounded_by_our_clock(told: Told) -> None:
    await told.prepare()
    await told.view(visible_ms=60_000, end_seen=False)
    await told.view(visible_ms=60_000)
    assert [body.visible_ms for body in await happened(told, DocumentShown)] == [5_000, 5_000]


# --- only once -------------------------------------------------------------------------------------------------------


async def test_of_two_tabs_exactly_one_signs(told: Told) -> None:
    # CONVENTIONS section 3, row 14
    case = await told.shown()
    tabs = [await told.agreeing(seed=1, nonce=b"1" * 16), await told.agreeing(seed=2, nonce=b"2" * 16)]
    results = await asyncio.gather(
        *(flow.sign(case, tab, told.stamp(), told.ports) for tab in tabs), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["Case", "DocumentAlreadySigned"]
    assert len(await happened(told, DocumentSigned)) == 1


async def test_a_signed_paper_is_neither_signed_prepared_nor_viewed_again(told: Told) -> None:
    await told.shown()
    command = await told.agreeing()
    await told.sign(command)
    with pytest.raises(DocumentAlreadySigned):
        await told.sign(command)
    with pytest.raises(DocumentAlreadySigned):
        await told.prepare()
    with pytest.raises(DocumentAlreadySigned):
        await told.view()


async def test_strokes_of_another_case_are_refused_as_a_replay(
    story_ledger: StoryLedger, test_authority: SigningAuthority
) -> None:
    # ESG-05
    first = await Told(story_ledger, test_authority, "case_a").open()
    second = await Told(story_ledger, test_authority, "case_b").open()
    await first.shown()
    await first.sign(await first.agreeing(seed=7))
    await second.shown()
    with pytest.raises(StrokesReplayed):
        await second.sign(await second.agreeing(seed=7))
    assert await happened(second, DocumentSigned) == []
    await second.sign(await second.agreeing(seed=8))
    assert len(await happened(second, DocumentSigned)) == 1


async def test_a_signature_lost_by_storage_can_be_sent_again(test_authority: SigningAuthority) -> None:
    faults = Faults()
    told = await Told(Ledger(faults.on(MemoryLog())), test_authority).open()
    await told.shown()
    command = await told.agreeing()
    faults.fail("append", "before")
    with pytest.raises(StorageFailed):
        await told.sign(command)
    await told.sign(command)  # the same salt and strokes are in the vault already
    assert len(await happened(told, DocumentSigned)) == 1


# --- not agreeing ----------------------------------------------------------------------------------------------------


async def test_disagreeing_needs_neither_strokes_nor_act_and_ends_the_flow(told: Told) -> None:
    # ESG-07
    case = await told.prepare()
    paper = case.signing.documents[newest(case)]
    command = SignDocument(document=paper.id, shown_sha256=paper.sha256, opinion="disagree", comment="太贵了，不买了")
    case = await told.sign(command)
    assert case.state == "declined"
    (declined,) = await happened(told, SigningDeclined)
    opened = await told.vault.reveal(told.stream, (declined.comment,))
    assert opened[declined.comment].value == "太贵了，不买了"
    assert await happened(told, DocumentSigned) == []


# --- the place -------------------------------------------------------------------------------------------------------

FIX = GivenPlace(state="consented", lat_e7=399_042_001, lon_e7=1_164_074_003, accuracy_m=15)


async def test_a_place_is_kept_only_by_consent_and_only_coarse(told: Told) -> None:
    # EVD-10
    await told.shown()
    await told.happen(ConsentGiven(scope="location", text_sha256=TEXT))
    await told.sign(await told.agreeing(place=FIX))
    (signed,) = await happened(told, DocumentSigned)
    assert signed.place.state == "consented"
    fix = (await told.vault.reveal(told.stream, (signed.place.fix,)))[signed.place.fix]
    assert fix.retention == "location"
    assert fix.value["lat_e7"] != FIX.lat_e7
    assert abs(fix.value["lat_e7"] - 399_042_001) <= 45_000  # half a kilometre
    assert abs(fix.value["lon_e7"] - 1_164_074_003) <= 60_000
    assert fix.value["accuracy_m"] == 1_000


async def test_without_consent_no_place_is_kept_and_signing_goes_on(told: Told) -> None:
    # EVD-10
    await told.shown()
    await told.sign(await told.agreeing(place=FIX))
    (signed,) = await happened(told, DocumentSigned)
    assert (signed.place.state, signed.place.fix, signed.place.flags) == ("unavailable", None, ("no_consent",))


# --- what must never be served or sealed ------------------------------------------------------------------------------


class Rewriting(SigningAuthority):
    """An authority that does not keep what was shown."""

    async def sign_document(self, shown: bytes, **rest: Any) -> SignedDocument:
        done = await super().sign_document(shown, **rest)
        return replace(done, bytes=b"%PDF-1.4" + done.bytes)


async def test_a_signed_file_that_does_not_begin_with_the_shown_one_is_not_sealed(
    told: Told, test_authority: SigningAuthority
) -> None:
    # ESG-02
    await told.shown()
    told.authority = Rewriting(test_authority._signer, test_authority.root, None)
    with pytest.raises(SignedFileBroken):
        await told.sign(await told.agreeing())
    assert await happened(told, DocumentSigned) == []


async def test_pages_and_papers_are_served_as_sealed_or_not_at_all(told: Told) -> None:
    case = await told.prepare()
    paper = case.signing.documents[newest(case)]
    png = await views.page_png(case, paper.id, 1, told.ports)
    assert hashlib.sha256(png).hexdigest() == paper.pages[0].sha256
    for n in (0, len(paper.pages) + 1):
        with pytest.raises(NotFound):
            await views.page_png(case, paper.id, n, told.ports)
    with pytest.raises(NotFound):
        await views.document_bytes(case, "doc_other", False, told.ports)
    with pytest.raises(NotFound):
        await views.document_bytes(case, paper.id, True, told.ports)


async def test_a_file_that_is_not_the_sealed_one_is_not_served(told: Told) -> None:
    # CONVENTIONS section 1, row 19
    case = await told.prepare()
    paper = case.signing.documents[newest(case)]
    other = await told.vault.put(told.stream, "contract", b"%PDF another", "application/pdf")
    swapped = msgspec.structs.replace(paper, media=other)
    signing = msgspec.structs.replace(case.signing, documents={paper.id: swapped})
    with pytest.raises(ObjectCorrupt):
        await views.document_bytes(msgspec.structs.replace(case, signing=signing), paper.id, False, told.ports)
