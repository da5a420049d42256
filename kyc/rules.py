"""What may happen on the way to an identity, decided from the case alone and the facts it is handed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from evidence.case import Case, Session
from evidence.case.identity import Challenge, Identity
from evidence.errors import CaseClosed, NotAllowed, StepsMissing
from evidence.events import (
    Body,
    ChallengeIssued,
    Commitment,
    ConsentGiven,
    ConsentRefused,
    ConsentWithdrawn,
    DataChecked,
    Erased,
    ErasedField,
    FacesCompared,
    FrameCaptured,
    Frozen,
    IdentityVerified,
    LivenessJudged,
    Media,
    NoticeShown,
    PaperCaptured,
    PaperConfirmed,
    PaperRead,
    Party,
    ReviewDecided,
    ReviewRequested,
    RouteChosen,
    RouteLocked,
    Stamp,
    instant,
    parse_instant,
)
from evidence.events.identity import ReadField, Route, Score, Verdict
from kyc.commands import (
    CaptureFrame,
    CapturePaper,
    ChooseRoute,
    DecideChallenge,
    DecideConsent,
    ReviewIdentity,
    ShowNotice,
)
from kyc.errors import (
    ChallengeExpired,
    ConsentMissing,
    ConsentNotGiven,
    DeviceForeign,
    FieldsUnconfirmed,
    FrameOutOfOrder,
    FramesMissing,
    FramesUnsigned,
    GuardianNeeded,
    LivenessReplayed,
    NothingToReview,
    NoticeChanged,
    NoticeNotShown,
    PaperMissing,
    PartyAbsent,
    RouteClosed,
    RouteNotChosen,
)
from kyc.liveness import worst
from kyc.reasons import ACCEPTING

STRENGTH: Literal["K3"] = "K3"  # paper, live face or a person who looked, and the device that did it
GUARDIAN_AGE = 14  # KYC-02
CAPTURES = 3  # captures that could not be judged are no tries, but nobody practises for ever: three times the tries
PAPERS = ("cn_id_front", "cn_id_back")
RETAKE = frozenset(
    (
        "PAPER_NOT_RECOGNISED",
        "WRONG_SIDE",
        "NUMBER_WRONG",
        "PORTRAIT_MISSING",
        "PAPER_EXPIRED",
        "PAPER_NOT_YET_VALID",
        "NUMBER_UNASSIGNED",
    )
)


class DataFact(Frozen, frozen=True, kw_only=True):
    """What an outside source answered; None in its place when nobody was asked."""

    source: str
    basis: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()

    def event(self, party: Party) -> DataChecked:
        return DataChecked(
            party=party,
            source=self.source,
            verdict=self.verdict,
            reasons=self.reasons,
            basis="authority" if self.basis == "authority" else "sandbox",
        )


class ReadFact(Frozen, frozen=True, kw_only=True):
    """What was read from a paper."""

    media: Media
    fields: dict[str, ReadField]
    findings: tuple[str, ...]
    scores: tuple[Score, ...]


class JudgedFact(Frozen, frozen=True, kw_only=True):
    """What the models said of a capture, as it will be sealed."""

    verdict: Verdict
    reasons: tuple[str, ...]
    scores: tuple[Score, ...]
    match: Verdict
    match_reasons: tuple[str, ...]
    match_score: Score | None
    statement: Commitment
    data: DataFact | None


# --- who --------------------------------------------------------------------------------------------------------------


def customer(case: Case, stamp: Stamp) -> tuple[Party, Session]:
    """The party this customer is, and the session. Nobody else acts for a customer (API-05)."""
    party, session = person(case, stamp)
    if case.state != "open":
        raise CaseClosed(case.state)
    return party, session


def person(case: Case, stamp: Stamp) -> tuple[Party, Session]:
    """As `customer`, also once the case is closed: for what a person may do with their own data at any time."""
    session = case.sessions.get(stamp.actor.session or "")
    if stamp.actor.role != "customer" or session is None or session.customer != stamp.actor.id:
        raise NotAllowed("customers only")
    return session.party, session


def _media(case: Case, identity: Identity) -> tuple[ErasedField, ...]:
    """Frames of the present challenge that are still stored."""
    if identity.challenge is None:
        return ()
    return tuple(
        ErasedField(name=f"frame_{index}", commitment=media.commitment)
        for index, media in sorted(identity.challenge.frames.items())
        if media.commitment not in case.erased
    )


def stored_frames(case: Case, party: Party) -> tuple[Media, ...]:
    """Files to destroy once their erasure is sealed."""
    challenge = case.identity_of(party).challenge
    kept = {field.commitment for field in _media(case, case.identity_of(party))}
    return tuple(media for media in challenge.frames.values() if media.commitment in kept) if challenge else ()


def _erasure(case: Case, party: Party, basis: str) -> tuple[Body, ...]:
    """`whole`, unless another party's frames wait for their own decision: then the class's key must live on."""
    fields = _media(case, case.identity_of(party))
    others = any(_media(case, identity) for name, identity in case.identity.items() if name != party)
    return (Erased(basis=basis, retention="biometric", fields=fields, whole=not others),) if fields else ()


def _keys(party: Party) -> tuple[str, ...]:
    return tuple(f"identity:{party}:{strength}" for strength in ("K1", "K2", "K3"))


def _held(case: Case, party: Party) -> tuple[str, ...]:
    return tuple(key for key in _keys(party) if key in case.keys)


# --- notice and consent -----------------------------------------------------------------------------------------------


def show_notice(case: Case, command: ShowNotice, current: str, stamp: Stamp) -> tuple[Body, ...]:
    """`current`: the hash of the text as it is now."""
    customer(case, stamp)
    if command.text_sha256 != current:
        raise NoticeChanged(scope=command.scope)
    return (NoticeShown(scope=command.scope, locale=command.locale, text_sha256=command.text_sha256),)


def decide_consent(case: Case, command: DecideConsent, current: str, stamp: Stamp) -> tuple[Body, ...]:
    """A consent is to a text that was shown (KYC-02). Withdrawing face consent erases what is stored (KYC-17).

    It can be withdrawn at any time; once the case is closed no key goes with it, because what was done stays valid.
    """
    party, _ = (person if command.decision == "withdrawn" else customer)(case, stamp)
    scope = command.scope
    key = f"consent:{scope}"
    if command.decision == "withdrawn":
        if not case.consented(scope):
            raise ConsentNotGiven(scope=scope)
        erased = _erasure(case, party, "KYC-17") if scope == "face" else ()
        withdraws = (key,) if case.state == "open" else ()
        return (ConsentWithdrawn(scope=scope, withdraws=withdraws), *erased)
    if case.notices.get(scope) != command.text_sha256:
        raise NoticeNotShown(scope=scope)
    if command.text_sha256 != current:
        raise NoticeChanged(scope=scope)
    if command.decision == "refused":
        held = (key,) if key in case.keys else ()
        return (ConsentRefused(scope=scope, text_sha256=command.text_sha256, withdraws=held),)
    return (ConsentGiven(scope=scope, text_sha256=command.text_sha256, satisfies=(key,)),)


def _understood(case: Case) -> None:
    """Nobody is identified for a product they have not been shown (PRODUCT-FORMAT 4, the gate before identity)."""
    missing = case.missing("identity")
    if missing:
        raise StepsMissing(missing=missing)


def _consented(case: Case, scope: str) -> None:
    if scope not in case.notices:
        raise NoticeNotShown(scope=scope)  # KYC-01
    if not case.consented(scope):
        raise ConsentMissing(scope=scope)  # KYC-02


# --- route ------------------------------------------------------------------------------------------------------------


def admit_route(case: Case, command: ChooseRoute, stamp: Stamp) -> None:
    party, _ = customer(case, stamp)
    if command.party != party:
        raise PartyAbsent("another party")
    if command.route in case.identity_of(party).locked:
        raise RouteClosed(route=command.route)


def choose_route(case: Case, command: ChooseRoute, data: DataFact | None, stamp: Stamp) -> tuple[Body, ...]:
    """Each way stays open until it is locked. The assisted one asks a reviewer once the fields are confirmed."""
    admit_route(case, command, stamp)
    identity = case.identity_of(command.party)
    if identity.route == command.route:
        return ()
    chosen = RouteChosen(party=command.party, route=command.route)
    if command.route == "assisted" and identity.confirmed:
        return (chosen, *_assisted(command.party, data, identity.corrected))
    return (chosen,)


def _assisted(party: Party, data: DataFact | None, corrected: tuple[str, ...]) -> tuple[Body, ...]:
    reasons = ["ASSISTED_ROUTE"]
    if corrected:
        reasons.append("FIELDS_CORRECTED")
    if data is None:
        return (ReviewRequested(party=party, reasons=(*reasons, "AUTHORITY_NOT_ASKED")),)
    return (data.event(party), ReviewRequested(party=party, reasons=(*reasons, *data.reasons)))


# --- papers -----------------------------------------------------------------------------------------------------------


def admit_paper(case: Case, stamp: Stamp) -> Party:
    """Before any byte of the picture is looked at."""
    party, _ = customer(case, stamp)
    _consented(case, "privacy")
    _understood(case)
    return party


def capture_paper(case: Case, command: CapturePaper, read: ReadFact, stamp: Stamp) -> tuple[Body, ...]:
    party = admit_paper(case, stamp)
    verdict: Verdict = "pass"
    if read.findings:
        verdict = "fail" if RETAKE & set(read.findings) else "review"
    return (
        PaperCaptured(
            party=party,
            paper=command.paper,
            media=read.media,
            source=command.source,
            withdraws=_held(case, party),
        ),
        PaperRead(
            party=party,
            paper=command.paper,
            verdict=verdict,
            reasons=read.findings,
            fields=read.fields,
            scores=read.scores,
        ),
    )


def admit_confirmation(case: Case, stamp: Stamp) -> Party:
    party = admit_paper(case, stamp)
    papers = case.identity_of(party).papers
    missing = tuple(name for name in PAPERS if name not in papers or papers[name].verdict not in {"pass", "review"})
    if missing:
        raise PaperMissing(papers=missing)
    return party


def confirm(
    case: Case,
    fields: Mapping[str, Commitment],
    corrected: tuple[str, ...],
    data: DataFact | None,
    stamp: Stamp,
) -> tuple[Body, ...]:
    """What the customer says of each field. A correction is seen by a person (KYC-11)."""
    party = admit_confirmation(case, stamp)
    confirmed = PaperConfirmed(party=party, fields=dict(fields), corrected=corrected, withdraws=_held(case, party))
    if case.identity_of(party).route == "assisted":
        return (confirmed, *_assisted(party, data, corrected))
    if corrected:
        return (confirmed, ReviewRequested(party=party, reasons=("FIELDS_CORRECTED",)))
    return (confirmed,)


# --- the challenge ----------------------------------------------------------------------------------------------------


def admit_challenge(case: Case, stamp: Stamp) -> tuple[Party, Session]:
    """Face route chosen and open, separate consent given, papers confirmed. Before any frame is asked for."""
    party, session = customer(case, stamp)
    _consented(case, "face")
    _understood(case)
    identity = case.identity_of(party)
    if "face" in identity.locked:
        raise RouteClosed(route="face")
    if identity.route != "face":
        raise RouteNotChosen()
    if not identity.confirmed:
        raise FieldsUnconfirmed()
    return party, session


def issue_challenge(
    case: Case, challenge: str, nonce: str, actions: tuple[str, ...], age: int, stamp: Stamp
) -> tuple[Body, ...]:
    """A new challenge ends the one before: its frames are erased, judged or not (KYC-04, KYC-13)."""
    party, session = admit_challenge(case, stamp)
    if age < GUARDIAN_AGE:
        raise GuardianNeeded()
    issued = ChallengeIssued(
        challenge=challenge,
        party=party,
        nonce=nonce,
        actions=actions,
        thumbprint=session.thumbprint,
        expires=instant(stamp.at + timedelta(seconds=case.policy.challenge_ttl_s)),
    )
    return (*_erasure(case, party, "KYC-13"), issued)


def open_challenge(case: Case, challenge: str, stamp: Stamp) -> tuple[Party, Challenge]:
    """The challenge, if this device may still answer it."""
    party, session = admit_challenge(case, stamp)
    present = case.identity_of(party).challenge
    if present is None or present.id != challenge or present.judged:
        raise LivenessReplayed()
    if present.thumbprint != session.thumbprint:
        raise DeviceForeign()
    if stamp.at > parse_instant(present.expires):
        raise ChallengeExpired()
    return party, present


def admit_frame(case: Case, command: CaptureFrame, stamp: Stamp) -> Challenge:
    _, challenge = open_challenge(case, command.challenge, stamp)
    if command.index != len(challenge.frames) or command.index >= len(challenge.actions):
        raise FrameOutOfOrder(expected=len(challenge.frames))
    return challenge


def capture_frame(case: Case, command: CaptureFrame, media: Media, stamp: Stamp) -> tuple[Body, ...]:
    admit_frame(case, command, stamp)
    return (FrameCaptured(challenge=command.challenge, index=command.index, media=media),)


def admit_decision(case: Case, command: DecideChallenge, challenge: str, stamp: Stamp) -> tuple[Party, Challenge]:
    party, present = open_challenge(case, challenge, stamp)
    if len(present.frames) != len(present.actions):
        raise FramesMissing(missing=len(present.actions) - len(present.frames))
    if len(command.frames) != len(present.frames):
        raise FramesUnsigned()
    return party, present


def decide(case: Case, command: DecideChallenge, challenge: str, judged: JudgedFact, stamp: Stamp) -> tuple[Body, ...]:
    """Seal the judgement, erase the frames, say what follows: verified, a review, another try or a locked route."""
    party, present = admit_decision(case, command, challenge, stamp)
    identity = case.identity_of(party)
    overall = worst(judged.verdict, judged.match)
    failed = overall == "fail"
    bodies: list[Body] = [
        LivenessJudged(
            challenge=present.id,
            party=party,
            attempt=len(identity.attempts) + 1,
            verdict=judged.verdict,
            reasons=judged.reasons,
            scores=judged.scores,
            frames=tuple(media.commitment for _, media in sorted(present.frames.items())),
            statement=judged.statement,
            signature=command.signature,
            # Somebody who fails now may have taken over the phone from the person who passed before.
            withdraws=_held(case, party) if failed else (),
        )
    ]
    if judged.match_reasons or judged.match_score:
        bodies += [
            FacesCompared(
                party=party,
                pair="live_to_document",
                verdict=judged.match,
                reasons=judged.match_reasons,
                score=judged.match_score,
            ),
            FacesCompared(party=party, pair="live_to_authority", verdict="not_run", reasons=("NO_ADAPTER",)),
        ]
    bodies += _erasure(case, party, "KYC-13")
    if judged.data is not None:
        bodies.append(judged.data.event(party))
    return (*bodies, *_consequence(case, party, overall, judged, stamp))


def _consequence(case: Case, party: Party, overall: Verdict, judged: JudgedFact, stamp: Stamp) -> tuple[Body, ...]:
    identity = case.identity_of(party)
    if overall == "pass":
        doubts = list(judged.data.reasons) if judged.data and judged.data.verdict in {"fail", "review"} else []
        if identity.review == "reject":
            doubts.append("EARLIER_REJECTION")
        if doubts:
            return (ReviewRequested(party=party, reasons=tuple(doubts)),)
        if identity.review == "requested":
            return ()  # a reviewer has the last word, on corrected fields or an earlier doubt
        return (_verified(party, "face", stamp.actor.session or ""),)
    bodies: list[Body] = []
    if overall == "review":
        bodies.append(ReviewRequested(party=party, reasons=(*judged.reasons, *judged.match_reasons)))
    tries = identity.tries + (overall != "not_run")
    if tries >= case.policy.route_tries or len(identity.attempts) + 1 >= CAPTURES * case.policy.route_tries:
        bodies.append(RouteLocked(party=party, route="face"))
    return tuple(bodies)


def _verified(party: Party, route: Route, session: str) -> IdentityVerified:
    return IdentityVerified(party=party, strength=STRENGTH, route=route, session=session, satisfies=_keys(party))


# --- a person decides -------------------------------------------------------------------------------------------------


def admit_review(case: Case, command: ReviewIdentity, stamp: Stamp) -> Identity:
    """A reviewer, never the seller of the case (API-22)."""
    if stamp.actor.role != "reviewer" or stamp.actor.id == case.opener:
        raise NotAllowed("reviewers only, and never their own cases")
    if (command.reason in ACCEPTING) != (command.decision == "accept"):
        raise NotAllowed("the reason does not support the decision")
    if case.state != "open":
        raise CaseClosed(case.state)
    if command.party not in case.people:
        raise PartyAbsent("no such party")
    identity = case.identity_of(command.party)
    if identity.review != "requested":
        raise NothingToReview()
    return identity


def review(case: Case, command: ReviewIdentity, stamp: Stamp) -> tuple[Body, ...]:
    """Accepting verifies when everything else is there; a face route still needs a live face that did not fail."""
    identity = admit_review(case, command, stamp)
    party = command.party
    decided = ReviewDecided(party=party, decision=command.decision, reason=command.reason)
    route: Route = "assisted" if identity.route == "assisted" else "face"
    if command.decision == "reject":
        locked = () if route in identity.locked else (RouteLocked(party=party, route=route),)
        return (decided, *locked)
    session = _last_session(case, party)
    judged = identity.attempts[-1].verdict if identity.attempts else "not_run"
    ready = bool(identity.confirmed) and (route == "assisted" or judged in {"pass", "review"})
    return (decided, _verified(party, route, session)) if ready and session else (decided,)


def _last_session(case: Case, party: Party) -> str:
    mine = [(session.opened_at, name) for name, session in case.sessions.items() if session.party == party]
    return max(mine)[1] if mine else ""


# --- frames nobody came back for --------------------------------------------------------------------------------------


def discard_frames(case: Case, party: Party, at: datetime) -> tuple[Body, ...]:
    """Frames of a challenge that ran out without a decision are erased too (KYC-13)."""
    challenge = case.identity_of(party).challenge
    if challenge is None or at <= parse_instant(challenge.expires):
        return ()
    return _erasure(case, party, "KYC-13")
