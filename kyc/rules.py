"""What may happen on the way to an identity, decided from the case alone and the facts it is handed."""

from datetime import datetime, timedelta
from typing import Literal

from evidence.case import Case, Session
from evidence.case.identity import Identity
from evidence.errors import CaseClosed, NotAllowed, NotFound, StepsMissing
from evidence.events import (
    Body,
    ConsentGiven,
    ConsentRefused,
    ConsentWithdrawn,
    DataChecked,
    Erased,
    ErasedField,
    Frozen,
    IdentityVerified,
    Media,
    NoticeShown,
    Party,
    ReviewDecided,
    ReviewRequested,
    RouteChosen,
    RouteLocked,
    Stamp,
    parse_instant,
)
from evidence.events.identity import Check, Route, Verdict
from kyc.authority import Basis
from kyc.commands import ChooseRoute, DecideConsent, ReviewIdentity, ShowNotice
from kyc.errors import (
    ConsentMissing,
    ConsentNotGiven,
    NothingToReview,
    NoticeChanged,
    NoticeNotShown,
    PartyAbsent,
    RouteClosed,
)
from kyc.reasons import ACCEPTING

SILENT = "AUTHORITY_SILENT"
ASK_AGAIN = timedelta(hours=48)  # after a refusal the same question is not put again for this long (KYC-02)
STRENGTH: Literal["K3"] = "K3"  # paper, live face or a person who looked, and the device that did it


class DataFact(Frozen, frozen=True, kw_only=True):
    """What an outside source answered; None in its place when nobody was asked."""

    source: str
    basis: Basis
    check: Check = "person"
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    answer: Media | None = None

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why a person has to look; a source that was asked and is silent is a doubt too."""
        return self.reasons if self.verdict in {"fail", "review"} or SILENT in self.reasons else ()

    def event(self, party: Party) -> DataChecked:
        return DataChecked(
            party=party,
            source=self.source,
            verdict=self.verdict,
            reasons=self.reasons,
            basis=self.basis,
            check=self.check,
            answer=self.answer,
        )


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


def erasure(case: Case, party: Party, basis: str) -> tuple[Body, ...]:
    """`whole`, unless another party's frames wait for their own decision: then the class's key must live on."""
    fields = _media(case, case.identity_of(party))
    others = any(_media(case, identity) for name, identity in case.identity.items() if name != party)
    return (Erased(basis=basis, retention="biometric", fields=fields, whole=not others),) if fields else ()


def withdrawn_faces(case: Case, party: Party) -> tuple[Body, ...]:
    """As `erasure`; where nothing is stored any more the key goes too, and the certificate says so (KYC-17)."""
    if any(_media(case, identity) for name, identity in case.identity.items() if name != party):
        return erasure(case, party, "KYC-17")
    fields = _media(case, case.identity_of(party))
    return (Erased(basis="KYC-17", retention="biometric", fields=fields, whole=True),)


def keys(party: Party) -> tuple[str, ...]:
    return tuple(f"identity:{party}:{strength}" for strength in ("K1", "K2", "K3"))


def held(case: Case, party: Party) -> tuple[str, ...]:
    return tuple(key for key in keys(party) if key in case.keys)


# --- notice and consent -----------------------------------------------------------------------------------------------


def show_notice(case: Case, command: ShowNotice, current: str, stamp: Stamp) -> tuple[Body, ...]:
    """`current`: the hash of the text as it is now."""
    customer(case, stamp)
    if command.scope != "guardian":
        _asked_for(case, command.scope)
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
        erased: tuple[Body, ...] = withdrawn_faces(case, party) if scope == "face" else ()
        if scope == "face_search":  # what was kept stands in no event of the case; the certificate says that it went
            erased = (Erased(basis="KYC-17", retention="biometric", fields=()),)
        withdraws = (key,) if case.state == "open" else ()
        return (ConsentWithdrawn(scope=scope, withdraws=withdraws), *erased)
    if case.notices.get(scope) != command.text_sha256:
        raise NoticeNotShown(scope=scope)
    if command.text_sha256 != current:
        raise NoticeChanged(scope=scope)
    _asked_for(case, scope)
    if command.decision == "refused":
        held = (key,) if key in case.keys else ()
        return (ConsentRefused(scope=scope, text_sha256=command.text_sha256, withdraws=held),)
    return (ConsentGiven(scope=scope, text_sha256=command.text_sha256, satisfies=(key,)),)


def _asked_for(case: Case, scope: str) -> None:
    """NotFound where the frozen policy of the case does not have what this consent would be for."""
    if scope == "guardian":
        raise NotFound("a guardian decides elsewhere, for somebody")
    if scope == "face_search" and not case.policy.face_search:
        raise NotFound("faces are not searched for in this case")


def understood(case: Case) -> None:
    """Nobody is identified for a product they have not been shown (PRODUCT-FORMAT 4, the gate before identity)."""
    missing = case.missing("identity")
    if missing:
        raise StepsMissing(missing=missing)


def consented(case: Case, scope: str) -> None:
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
        return (chosen, *to_a_reviewer(command.party, data, doubts(identity.corrected)))
    return (chosen,)


def doubts(corrected: tuple[str, ...], passed: bool = True) -> tuple[str, ...]:
    """Why a person has to look at the fields: some were corrected (KYC-11), or a check did not pass them."""
    return (*(("FIELDS_CORRECTED",) if corrected else ()), *(() if passed else ("ROUTINE_CHECK",)))


def to_a_reviewer(party: Party, data: DataFact | None, doubts: tuple[str, ...]) -> tuple[Body, ...]:
    reasons = ["ASSISTED_ROUTE", *doubts]
    if data is None:
        return (ReviewRequested(party=party, reasons=(*reasons, "AUTHORITY_NOT_ASKED")),)
    return (data.event(party), ReviewRequested(party=party, reasons=(*reasons, *data.reasons)))


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


def review(case: Case, command: ReviewIdentity, data: DataFact | None, stamp: Stamp) -> tuple[Body, ...]:
    """Accepting verifies when everything else is there; a face route still needs a live face that did not fail.

    `data`: what a source answered now that was silent before.
    """
    identity = admit_review(case, command, stamp)
    party = command.party
    decided = ReviewDecided(party=party, decision=command.decision, reason=command.reason)
    answered = () if data is None else (data.event(party),)
    if data is not None and data.doubts:  # the reviewer decides again, knowing this
        return answered
    route: Route = "assisted" if identity.route == "assisted" else "face"
    if command.decision == "reject":
        locked = () if route in identity.locked else (RouteLocked(party=party, route=route),)
        return (decided, *locked)
    session = _last_session(case, party)
    judged = identity.attempts[-1].verdict if identity.attempts else "not_run"
    ready = bool(identity.confirmed) and (route == "assisted" or judged in {"pass", "review"})
    return (*answered, decided, *((verified(party, route, session),) if ready and session else ()))


def hold(case: Case, party: Party) -> tuple[Body, ...]:
    """Somebody has to look before this person goes on; what was verified does not count meanwhile."""
    identity = case.identity_of(party)
    if case.state != "open" or (identity.review == "requested" and not held(case, party)):
        return ()
    return (ReviewRequested(party=party, reasons=("ROUTINE_CHECK",), withdraws=held(case, party)),)


def _last_session(case: Case, party: Party) -> str:
    mine = [(session.opened_at, name) for name, session in case.sessions.items() if session.party == party]
    return max(mine)[1] if mine else ""


def verified(party: Party, route: Route, session: str) -> IdentityVerified:
    return IdentityVerified(party=party, strength=STRENGTH, route=route, session=session, satisfies=keys(party))


# --- frames nobody came back for --------------------------------------------------------------------------------------


def discard_frames(case: Case, party: Party, at: datetime) -> tuple[Body, ...]:
    """Frames of a challenge that ran out without a decision are erased too (KYC-13)."""
    challenge = case.identity_of(party).challenge
    if challenge is None or at <= parse_instant(challenge.expires):
        return ()
    return erasure(case, party, "KYC-13")
