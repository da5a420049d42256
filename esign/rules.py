"""Who may prepare, view and sign which paper, decided from the case alone."""

from datetime import date, datetime, timedelta, timezone
from typing import Literal

from esign import acts, strokes
from esign.commands import PrepareDocument, SignDocument, SigningCommand, ViewDocument
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
from evidence.case import Case, Session
from evidence.case.identity import Verified
from evidence.case.signing import Document
from evidence.errors import CaseClosed, HeadMoved, NotAllowed, NotValid, StepsMissing
from evidence.events import (
    Body,
    Commitment,
    DocumentPrepared,
    DocumentShown,
    DocumentSigned,
    Frozen,
    Media,
    SigningDeclined,
    Stamp,
    instant,
    parse_instant,
)
from evidence.events.signing import Act, Certificate, Page, Place

HERE = timezone(timedelta(hours=8), "Asia/Shanghai")  # the day that birthdays fall on


class Basis(Frozen, frozen=True, kw_only=True):
    """What the paper was written from. The paper is void once the case holds something else."""

    inputs: dict[str, Commitment]
    outputs: dict[str, Commitment]
    confirmed: dict[str, Commitment]
    verified: Verified | None

    @classmethod
    def of(cls, case: Case, party: str) -> "Basis":
        identity = case.identity_of(party)
        return cls(
            inputs=case.reading.inputs,
            outputs=case.reading.outputs,
            confirmed=identity.confirmed,
            verified=identity.verified,
        )


class PreparedFile(Frozen, frozen=True, kw_only=True):
    """A paper whose bytes and pages are in the vault already."""

    document: str
    template: str
    template_sha256: str
    sha256: str
    sm3: str
    media: Media
    pages: tuple[Page, ...]
    basis: Basis


class SignedFile(Frozen, frozen=True, kw_only=True):
    """The finished paper, in the vault already, and how it was signed."""

    sha256: str
    sm3: str
    media: Media
    strokes: Media
    strokes_image: Media
    place: Place
    comment: Commitment | None
    certificate: Certificate
    level: Literal["B-B", "B-T", "B-LT", "B-LTA"]
    time_source: Literal["none", "local", "independent"]


# --- who may ---------------------------------------------------------------------------------------------------------


def session_of(case: Case, stamp: Stamp) -> Session:
    """The customer's own session, still open at the moment of the act."""
    session = case.sessions.get(stamp.actor.session or "")
    if stamp.actor.role != "customer" or session is None or session.customer != stamp.actor.id:
        raise NotAllowed("only the customer signs, in a session of their own")
    if instant(stamp.at) > session.expires:
        raise SignInAgain("the session has expired")
    return session


def admit(case: Case, command: SigningCommand, stamp: Stamp, document: str = "") -> None:
    """Before any port is touched. `document` is the path part of a view; a signature names its own."""
    party = session_of(case, stamp).party
    match command:
        case PrepareDocument():
            _admit_preparing(case, command, party)
        case ViewDocument():
            _open(case, _own(case, document, party))
        case SignDocument(opinion="disagree"):
            _open(case, _own(case, command.document, party))
        case SignDocument():
            _admit_signing(case, command, stamp)


def _admit_preparing(case: Case, command: PrepareDocument, party: str) -> None:
    if f"signed:{party}:{command.kind}" in case.keys:
        raise DocumentAlreadySigned(command.kind)
    if case.state != "open":
        raise CaseClosed(case.state)
    if not any((plan.party, plan.document) == (party, command.kind) for plan in case.policy.signatures):
        raise NotValid("this party signs no such document", field="kind")
    # The code is asked for when the paper is there to be signed, so it may come after.
    missing = tuple(key for key in case.missing("sign") if not key.startswith("code:sign:"))
    if missing:
        raise StepsMissing(missing=missing)


def _own(case: Case, document: str, party: str) -> Document:
    paper = case.signing.documents.get(document)
    if paper is None or paper.party != party:
        raise DocumentUnknown("no such document of this party")
    return paper


def _open(case: Case, paper: Document) -> None:
    """Asked before the state of the case: of two tabs the second is told that all is done, not that all is over."""
    if paper.signed_at is not None or f"signed:{paper.party}:{paper.kind}" in case.keys:
        raise DocumentAlreadySigned(paper.id)
    if case.state != "open":
        raise CaseClosed(case.state)
    if paper.withdrawn:
        raise DocumentChanged("a newer one was prepared")


def _admit_signing(case: Case, command: SignDocument, stamp: Stamp) -> None:
    session = session_of(case, stamp)
    paper = _own(case, command.document, session.party)
    _open(case, paper)
    missing = case.missing("sign")
    if missing:
        raise StepsMissing(missing=missing)
    verified = _check_identity(case, session, stamp)
    _check_paper(case, command, paper, verified)
    _check_act(case, command, session)


def _check_identity(case: Case, session: Session, stamp: Stamp) -> Verified:
    """ESG-01: this person, on this device, a short time ago."""
    verified = case.identity_of(session.party).verified
    if verified is None:
        raise StepsMissing(missing=(f"identity:{session.party}:{case.policy.identity.get(session.party, 'K2')}",))
    checked = case.sessions.get(verified.session)
    if checked is None or checked.thumbprint != session.thumbprint:
        raise IdentityElsewhere("checked with another device key")
    fresh = case.policy.identity_fresh_s
    if stamp.at - parse_instant(verified.at) > timedelta(seconds=fresh):
        raise IdentityStale(verified.at, fresh_s=fresh)
    return verified


def _check_paper(case: Case, command: SignDocument, paper: Document, verified: Verified) -> None:
    """ESG-02: the bytes shown, and written from what still holds: quote and identity of before."""
    if command.shown_sha256 != paper.sha256:
        raise DocumentChanged("not the bytes that were shown")
    if max(case.reading.quoted_at or "", verified.at) > paper.prepared_at:
        raise DocumentChanged("quoted or identified again since it was prepared")
    if not paper.end_seen:
        raise DocumentNotShown(paper.id)


def _check_act(case: Case, command: SignDocument, session: Session) -> None:
    if command.strokes is None:
        raise StrokesMissing()
    if command.act is None:
        raise ActMissing()
    strokes.check(command.strokes)
    if command.act.nonce in case.signing.nonces:
        raise ActReplayed("nonce used before in this case")
    signed = acts.message(
        case.id, command.shown_sha256, command.act.nonce, command.opinion, strokes_commitment(command)
    )
    acts.verify(session.key, command.act.signature, signed)


def strokes_commitment(command: SignDocument) -> Commitment:
    """What the browser committed to, recomputed from its salt and the strokes."""
    if command.strokes is None:
        raise StrokesMissing()
    return strokes.commitment(strokes_salt(command), command.strokes)


def strokes_salt(command: SignDocument) -> bytes:
    if command.act is None:
        raise ActMissing()
    try:
        return acts.unbase64url(command.act.strokes_salt)
    except ValueError:
        raise ActInvalid("salt is not exact base64url") from None


# --- the age that was quoted -----------------------------------------------------------------------------------------


def check_age(quoted: str | None, birth: str | None, at: datetime) -> None:
    """The quote's `age`, where it has one, is the age by the confirmed birth date (YYYY-MM-DD) on the day here."""
    if quoted is None or birth is None:
        return
    born, day = date.fromisoformat(birth), at.astimezone(HERE).date()
    age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    if quoted != str(age):
        raise AgeMismatch("quoted for another age", age=age)


# --- what happened ---------------------------------------------------------------------------------------------------


def prepare(case: Case, command: PrepareDocument, made: PreparedFile, stamp: Stamp) -> tuple[Body, ...]:
    admit(case, command, stamp)
    party = session_of(case, stamp).party
    if Basis.of(case, party) != made.basis:
        raise HeadMoved("the case changed while the paper was written")
    return (
        DocumentPrepared(
            document=made.document,
            kind=command.kind,
            party=party,
            template=made.template,
            template_sha256=made.template_sha256,
            sha256=made.sha256,
            sm3=made.sm3,
            media=made.media,
            pages=made.pages,
        ),
    )


def view(case: Case, command: ViewDocument, document: str, stamp: Stamp) -> tuple[Body, ...]:
    """Never more time than has passed on our clock since the paper was there to be seen."""
    admit(case, command, stamp, document)
    paper = case.signing.documents[document]
    passed = (stamp.at - parse_instant(paper.prepared_at)) // timedelta(milliseconds=1)
    counted = max(0, min(command.visible_ms, passed - paper.shown_ms))
    return (DocumentShown(document=document, sha256=paper.sha256, visible_ms=counted, end_seen=command.end_seen),)


def decline(case: Case, command: SignDocument, comment: Commitment | None, stamp: Stamp) -> tuple[Body, ...]:
    """ESG-07: ends the flow, without penalty."""
    admit(case, command, stamp)
    return (SigningDeclined(document=command.document, opinion="disagree", comment=comment),)


def sign(case: Case, command: SignDocument, signed: SignedFile, stamp: Stamp) -> tuple[Body, ...]:
    """Asked again of the fresh case, so of two tabs only one signs."""
    admit(case, command, stamp)
    if command.opinion != "agree" or command.act is None:
        raise ActMissing()
    session = session_of(case, stamp)
    paper = case.signing.documents[command.document]
    if signed.strokes.commitment != strokes_commitment(command):
        raise ActInvalid("the stored strokes are not the ones committed to")
    return (
        DocumentSigned(
            document=paper.id,
            kind=paper.kind,
            party=session.party,
            opinion="agree",
            comment=signed.comment,
            shown_sha256=paper.sha256,
            signed_sha256=signed.sha256,
            signed_sm3=signed.sm3,
            signed=signed.media,
            strokes=signed.strokes,
            strokes_image=signed.strokes_image,
            act=Act(nonce=command.act.nonce, thumbprint=session.thumbprint, signature=command.act.signature),
            place=signed.place,
            certificate=signed.certificate,
            level=signed.level,
            time_source=signed.time_source,
            satisfies=(f"signed:{session.party}:{paper.kind}",),
            withdraws=(f"code:sign:{session.party}",),
        ),
    )
