"""Who may sign what: every refusal, on cases told by hand, without storage and without a PDF."""

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from esign import rules
from esign.commands import GivenAct, GivenPlace, PrepareDocument, SignDocument, SigningCommand, ViewDocument
from esign.errors import (
    ActInvalid,
    ActMissing,
    ActReplayed,
    AgeMismatch,
    DocumentAlreadySigned,
    DocumentChanged,
    DocumentNotShown,
    DocumentUnknown,
    IdentityElsewhere,
    IdentityStale,
    SignInAgain,
    StrokesMissing,
)
from esign.place import coarsen
from esign.signer import SigningAuthority
from esign.strokes import StrokesStraight, commitment
from evidence.case import Case
from evidence.errors import CaseClosed, NotAllowed, NotValid, StepsMissing
from evidence.events import (
    Actor,
    DocumentPrepared,
    DocumentShown,
    DocumentSigned,
    IdentityVerified,
    Media,
    RouteChosen,
    SigningDeclined,
    Stamp,
)
from evidence.events.signing import Act, Certificate, Place
from evidence.vault import b64
from tests.esign.ink import of, signature
from tests.esign.signing_case import AGENT, NEEDS, TEXT, Phone, Told
from tests.evidence.fakes import StoryLedger

PREPARE = PrepareDocument(kind="application")
VIEW = ViewDocument(visible_ms=1_000, end_seen=True)
FILE = Media(commitment="c" * 43, bytes=1, type="application/pdf", retention="contract")
CERTIFICATE = Certificate(
    serial="1",
    sha256=TEXT,
    issuer="test",
    not_before="2026-01-01T00:00:00.000Z",
    not_after="2027-01-01T00:00:00.000Z",
    production=False,
)


def prepared(document: str = "doc_1", party: Any = "proposer", sha256: str = TEXT) -> DocumentPrepared:
    return DocumentPrepared(
        document=document,
        kind="application",
        party=party,
        template="application/1",
        template_sha256=TEXT,
        sha256=sha256,
        sm3=TEXT,
        media=FILE,
        pages=(),
    )


def seen(document: str = "doc_1", *, end_seen: bool = True) -> DocumentShown:
    return DocumentShown(document=document, sha256=TEXT, visible_ms=1_000, end_seen=end_seen)


def done(document: str, party: Any, nonce: str, **other: Any) -> DocumentSigned:
    return DocumentSigned(
        document=document,
        kind="application",
        party=party,
        opinion="agree",
        shown_sha256=TEXT,
        signed_sha256=TEXT,
        signed_sm3=TEXT,
        signed=FILE,
        strokes=FILE,
        strokes_image=FILE,
        act=Act(nonce=nonce, thumbprint="t", signature="s"),
        place=Place(state="refused"),
        certificate=CERTIFICATE,
        level="B-B",
        time_source="none",
        **other,
    )


@pytest.fixture
async def ready(story_ledger: StoryLedger, test_authority: SigningAuthority) -> Told:
    """Everything done but the signature; the paper is `doc_1`."""
    told = await Told(story_ledger, test_authority).open()
    await told.happen(prepared())
    await told.happen(seen())
    return told


def agreeing(told: Told, **changes: Any) -> SignDocument:
    strokes = signature()
    command = SignDocument(
        document="doc_1", shown_sha256=TEXT, opinion="agree", strokes=strokes, act=told.phone.act(TEXT, strokes)
    )
    return msgspec.structs.replace(command, **changes)


def admitted(case: Case, command: Any, stamp: Stamp, document: str = "doc_1") -> bool:
    rules.admit(case, command, stamp, document)
    return True


async def test_a_case_in_which_all_is_done_may_be_signed(ready: Told) -> None:
    assert admitted(await ready.case(), agreeing(ready), ready.stamp())


# --- who -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "actor",
    [
        AGENT,
        Actor(id="cus_zhang", role="agent", session="ses_1"),
        Actor(id="cus_other", role="customer", session="ses_1"),
        Actor(id="cus_zhang", role="customer", session="ses_none"),
        Actor(id="cus_zhang", role="customer"),
    ],
)
@pytest.mark.parametrize("kind", ["prepare", "view", "sign"])
async def test_only_the_customer_in_a_session_of_their_own_may_act(ready: Told, actor: Actor, kind: str) -> None:
    commands: dict[str, SigningCommand] = {"prepare": PREPARE, "view": VIEW, "sign": agreeing(ready)}
    command = commands[kind]
    case = await ready.case()
    with pytest.raises(NotAllowed):
        rules.admit(case, command, ready.stamp(actor), "doc_1")


async def test_an_expired_session_must_be_opened_again(ready: Told) -> None:
    ready.clock.forward(3_700)
    case = await ready.case()
    with pytest.raises(SignInAgain):
        rules.admit(case, agreeing(ready), ready.stamp())


async def test_the_paper_of_another_party_is_unknown(ready: Told) -> None:
    await ready.happen(prepared("doc_2", "insured"))
    case = await ready.case()
    for command, document in ((VIEW, "doc_2"), (VIEW, "doc_none"), (agreeing(ready, document="doc_2"), "")):
        with pytest.raises(DocumentUnknown):
            rules.admit(case, command, ready.stamp(), document)


# --- when ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("need", NEEDS)
async def test_every_need_must_be_held_to_sign(ready: Told, need: str) -> None:
    # ESG-01: also those withdrawn after the paper was shown
    await ready.happen(RouteChosen(party="proposer", route="face", withdraws=(need,)))
    case = await ready.case()
    with pytest.raises(StepsMissing) as refused:
        rules.admit(case, agreeing(ready), ready.stamp())
    assert refused.value.facts == {"missing": (need,)}


@pytest.mark.parametrize("need", NEEDS)
async def test_every_need_but_the_code_must_be_held_to_prepare(ready: Told, need: str) -> None:
    await ready.happen(RouteChosen(party="proposer", route="face", withdraws=(need,)))
    case = await ready.case()
    if need.startswith("code:"):
        assert admitted(case, PREPARE, ready.stamp())
        return
    with pytest.raises(StepsMissing):
        rules.admit(case, PREPARE, ready.stamp())


async def test_a_party_without_a_planned_paper_prepares_none(ready: Told) -> None:
    other = Phone(ready.stream, session="ses_9", customer="cus_son", party="insured")
    await ready.enter(other)
    case = await ready.case()
    with pytest.raises(NotValid):
        rules.admit(case, PREPARE, ready.stamp(other.actor))


async def test_after_declining_nothing_is_prepared_viewed_or_signed(ready: Told) -> None:
    case = await ready.case()
    command = SignDocument(document="doc_1", shown_sha256=TEXT, opinion="disagree")
    await ready.happen(*rules.decline(case, command, None, ready.stamp()))
    closed = await ready.case()
    for later in (PREPARE, VIEW, agreeing(ready), command):
        with pytest.raises(CaseClosed):
            rules.admit(closed, later, ready.stamp(), "doc_1")


# --- identity (ESG-01) -----------------------------------------------------------------------------------------------


async def test_a_signature_comes_soon_after_the_identity_check(ready: Told) -> None:
    case = await ready.case()
    verified = case.identity_of("proposer").verified
    assert verified is not None
    at = datetime.strptime(verified.at, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC).timestamp()

    def after(seconds: int) -> Stamp:
        return Stamp(actor=ready.phone.actor, at=datetime.fromtimestamp(at + seconds, UTC))

    assert admitted(case, agreeing(ready), after(600))
    with pytest.raises(IdentityStale) as refused:
        rules.admit(case, agreeing(ready), after(601))
    assert refused.value.facts == {"fresh_s": 600}


async def test_a_signature_comes_from_the_device_that_was_checked(ready: Told) -> None:
    other = Phone(ready.stream, session="ses_2")
    await ready.enter(other)
    case = await ready.case()
    strokes = signature()
    command = agreeing(ready, act=other.act(TEXT, strokes))
    with pytest.raises(IdentityElsewhere):
        rules.admit(case, command, ready.stamp(other.actor))


async def test_a_new_session_of_the_same_device_may_sign(ready: Told) -> None:
    again = Phone(ready.stream, session="ses_3", key=ready.phone.key)
    await ready.enter(again)
    assert admitted(await ready.case(), agreeing(ready), ready.stamp(again.actor))


# --- the paper (ESG-02) ----------------------------------------------------------------------------------------------


async def test_another_hash_than_the_one_shown_is_refused(ready: Told) -> None:
    # CONVENTIONS section 3, row 15
    strokes, other = signature(), "1f" * 32
    command = agreeing(ready, shown_sha256=other, act=ready.phone.act(other, strokes))
    case = await ready.case()
    with pytest.raises(DocumentChanged):
        rules.admit(case, command, ready.stamp())


async def test_a_withdrawn_paper_is_neither_viewed_nor_signed(ready: Told) -> None:
    await ready.happen(prepared("doc_2"))
    case = await ready.case()
    for command in (VIEW, agreeing(ready)):
        with pytest.raises(DocumentChanged):
            rules.admit(case, command, ready.stamp(), "doc_1")


async def test_a_newer_quote_voids_the_paper(ready: Told) -> None:
    await ready.quote("36")
    case = await ready.case()
    with pytest.raises(DocumentChanged):
        rules.admit(case, agreeing(ready), ready.stamp())


async def test_a_newer_identity_check_voids_the_paper(ready: Told) -> None:
    verified = IdentityVerified(party="proposer", strength="K3", route="assisted", session="ses_1")
    await ready.happen(verified)
    case = await ready.case()
    with pytest.raises(DocumentChanged):
        rules.admit(case, agreeing(ready), ready.stamp())


async def test_a_paper_must_be_seen_to_its_end(story_ledger: StoryLedger, test_authority: SigningAuthority) -> None:
    told = await Told(story_ledger, test_authority).open()
    await told.happen(prepared())
    await told.happen(seen(end_seen=False))
    case = await told.case()
    with pytest.raises(DocumentNotShown):
        rules.admit(case, agreeing(told), told.stamp())


async def test_a_signed_paper_says_so_even_when_the_case_is_complete(ready: Told) -> None:
    # CONVENTIONS section 3, row 14
    body = done("doc_1", "proposer", "n" * 22, satisfies=("signed:proposer:application",))
    await ready.happen(body)
    case = await ready.case()
    assert case.state == "completed"
    for command in (PREPARE, VIEW, agreeing(ready)):
        with pytest.raises(DocumentAlreadySigned):
            rules.admit(case, command, ready.stamp(), "doc_1")


# --- the act ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lie",
    [
        {"case": "case_b"},
        {"document": "1f" * 32},
        {"nonce": "m" * 22},
        {"opinion": "disagree"},
        {"strokes": "s" * 43},
    ],
    ids=lambda lie: next(iter(lie)),
)
async def test_the_act_covers_each_member_of_the_message(ready: Told, lie: dict[str, str]) -> None:
    strokes = signature()
    case = await ready.case()
    with pytest.raises(ActInvalid):
        rules.admit(case, agreeing(ready, act=ready.phone.act(TEXT, strokes, lies=lie)), ready.stamp())


async def test_other_strokes_than_the_ones_committed_to_are_refused(ready: Told) -> None:
    # ESG-05: strokes pasted under somebody's act
    case = await ready.case()
    with pytest.raises(ActInvalid):
        rules.admit(case, agreeing(ready, strokes=signature(5)), ready.stamp())


async def test_an_act_by_another_key_is_refused(ready: Told) -> None:
    stranger = Phone(ready.stream)
    case = await ready.case()
    with pytest.raises(ActInvalid):
        rules.admit(case, agreeing(ready, act=stranger.act(TEXT, signature())), ready.stamp())


def padded(der: bytes) -> bytes:
    """The same two numbers, the first with a zero byte more: valid BER, not DER."""
    r, s = (number.to_bytes(34, "big") for number in decode_dss_signature(der))
    body = b"\x02\x22" + r + b"\x02\x22" + s
    return b"\x30" + bytes([len(body)]) + body


@pytest.mark.parametrize(
    "rewrite",
    [padded, lambda der: der + b"\x00", lambda der: der[:-1], lambda der: b"\x30" + b"\x00" * 20],
    ids=["not minimal", "bytes after", "cut", "empty"],
)
async def test_only_one_way_of_writing_a_signature_is_accepted(ready: Told, rewrite: Any) -> None:
    act = ready.phone.act(TEXT, signature())
    der = base64.urlsafe_b64decode(act.signature + "=" * (-len(act.signature) % 4))
    bad = msgspec.structs.replace(act, signature=b64(rewrite(der)))
    case = await ready.case()
    with pytest.raises(ActInvalid):
        rules.admit(case, agreeing(ready, act=bad), ready.stamp())


async def test_spare_bits_in_the_salt_are_refused(ready: Told) -> None:
    strokes = signature()
    act = ready.phone.act(TEXT, strokes)
    case = await ready.case()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = letters[letters.index(act.strokes_salt[-1]) ^ 1]  # the same 32 bytes for a lax reader
    bad = GivenAct(nonce=act.nonce, strokes_salt=act.strokes_salt[:-1] + last, signature=act.signature)
    with pytest.raises(ActInvalid):
        rules.admit(case, agreeing(ready, act=bad), ready.stamp())


async def test_a_nonce_counts_once_in_a_case(ready: Told) -> None:
    nonce = b64(b"n" * 16)
    await ready.happen(prepared("doc_2", "insured"))
    await ready.happen(done("doc_2", "insured", nonce))
    case = await ready.case()
    with pytest.raises(ActReplayed):
        rules.admit(case, agreeing(ready), ready.stamp())
    strokes = signature()
    assert admitted(case, agreeing(ready, act=ready.phone.act(TEXT, strokes, b"m" * 16)), ready.stamp())


async def test_agreeing_needs_strokes_an_act_and_real_handwriting(ready: Told) -> None:
    # ESG-04
    case = await ready.case()
    line = of(tuple((x * 30, 500, x * 20, 5_000) for x in range(60)))
    for command, refusal in (
        (agreeing(ready, strokes=None), StrokesMissing),
        (agreeing(ready, act=None), ActMissing),
        (agreeing(ready, strokes=line, act=ready.phone.act(TEXT, line)), StrokesStraight),
    ):
        with pytest.raises(refusal):
            rules.admit(case, command, ready.stamp())


async def test_disagreeing_needs_no_step_at_all(ready: Told) -> None:
    # ESG-07: leaving is never made hard
    await ready.happen(RouteChosen(party="proposer", route="face", withdraws=NEEDS))
    command = SignDocument(document="doc_1", shown_sha256=TEXT, opinion="disagree")
    case = await ready.case()
    (declined,) = rules.decline(case, command, None, ready.stamp())
    assert declined == SigningDeclined(document="doc_1", opinion="disagree")


async def test_the_sealed_strokes_are_the_ones_the_browser_committed_to(ready: Told) -> None:
    command = agreeing(ready)
    case = await ready.case()
    signed = rules.SignedFile(
        sha256=TEXT,
        sm3=TEXT,
        media=FILE,
        strokes=FILE,
        strokes_image=FILE,
        place=Place(state="refused"),
        comment=None,
        certificate=CERTIFICATE,
        level="B-B",
        time_source="none",
    )
    with pytest.raises(ActInvalid):
        rules.sign(case, command, signed, ready.stamp())
    salt = hashlib.sha256(b"salt" + b"n" * 16).digest()
    kept = msgspec.structs.replace(FILE, commitment=commitment(salt, signature()))
    signed = msgspec.structs.replace(signed, strokes=kept)
    (body,) = rules.sign(case, command, signed, ready.stamp())
    assert body.satisfies == ("signed:proposer:application",)
    assert body.withdraws == ("code:sign:proposer",)


# --- the age ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quoted", "birth", "at"),
    [
        ("36", "1990-03-07", "2026-11-21T04:00:00+00:00"),
        ("36", "1990-03-07", "2026-03-06T16:00:00+00:00"),  # midnight of the birthday in Shanghai
        ("35", "1990-03-07", "2026-03-06T15:59:59+00:00"),
        ("17", "2008-02-29", "2026-02-28T04:00:00+00:00"),
        ("18", "2008-02-29", "2026-03-01T04:00:00+00:00"),
        (None, "1990-03-07", "2026-11-21T04:00:00+00:00"),  # a product without an age
    ],
)
def test_age_is_counted_in_full_years_on_the_day_here(quoted: str | None, birth: str, at: str) -> None:
    rules.check_age(quoted, birth, datetime.fromisoformat(at))
    if quoted is not None:
        with pytest.raises(AgeMismatch):
            rules.check_age(str(int(quoted) + 1), birth, datetime.fromisoformat(at))


# --- the place (EVD-10) ----------------------------------------------------------------------------------------------


def given(state: Any = "consented", **other: Any) -> GivenPlace:
    return GivenPlace(**{"state": state, "lat_e7": 399_042_001, "lon_e7": 1_164_074_003, "accuracy_m": 15, **other})


@pytest.mark.parametrize(
    ("place", "state", "flags"),
    [
        (None, "unavailable", ()),
        (given("refused"), "refused", ()),
        (given("unavailable"), "unavailable", ()),
        (given(lat_e7=None), "unavailable", ("incomplete",)),
        (given(accuracy_m=None), "unavailable", ("incomplete",)),
        (given(lat_e7=900_000_001), "unavailable", ("out_of_range",)),
        (given(lon_e7=-1_800_000_001), "unavailable", ("out_of_range",)),
        (given(accuracy_m=-1), "unavailable", ("out_of_range",)),
        (given(), "consented", ()),
        (given(lat_e7=0, lon_e7=0), "consented", ("implausible",)),
        (given(accuracy_m=200_000), "consented", ("imprecise",)),
        (given(lat_e7=900_000_000), "consented", ()),
        (given(lat_e7=-900_000_000, lon_e7=-1_800_000_000), "consented", ()),
    ],
)
def test_a_place_is_said_as_it_is_and_never_invented(
    place: GivenPlace | None, state: str, flags: tuple[str, ...]
) -> None:
    coarse = coarsen(place, consented=True)
    assert (coarse.state, coarse.flags) == (state, flags)
    assert (coarse.fix is not None) == (state == "consented")
    if coarse.fix is not None:
        assert abs(int(coarse.fix["lat_e7"])) <= 900_000_000
        assert abs(int(coarse.fix["lon_e7"])) <= 1_800_000_000


def test_neighbours_within_a_cell_become_the_same_place() -> None:
    corner_lat = 399_042_001 // 90_000 * 90_000
    cell = {str(coarsen(given(lat_e7=corner_lat + d), consented=True).fix) for d in (0, 1, 45_000, 89_999)}
    assert len(cell) == 1
    assert str(coarsen(given(lat_e7=corner_lat + 90_000), consented=True).fix) not in cell


def test_without_consent_the_fix_is_dropped() -> None:
    coarse = coarsen(given(), consented=False)
    assert (coarse.state, coarse.fix, coarse.flags) == ("unavailable", None, ("no_consent",))
