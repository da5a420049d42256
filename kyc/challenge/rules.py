"""What may happen on the face route: a challenge, its frames, and the one decision on them."""

from datetime import timedelta
from typing import Literal

from evidence.case import Case, Session
from evidence.case.identity import Challenge
from evidence.events import (
    Body,
    ChallengeIssued,
    Commitment,
    FacesCompared,
    FrameCaptured,
    Frozen,
    LivenessJudged,
    Media,
    Party,
    ReviewRequested,
    RouteLocked,
    Stamp,
    instant,
    parse_instant,
)
from evidence.events.identity import Score, Verdict
from kyc.commands import CaptureFrame, DecideChallenge
from kyc.errors import (
    ChallengeExpired,
    DeviceForeign,
    FieldsUnconfirmed,
    FrameOutOfOrder,
    FramesMissing,
    FramesUnsigned,
    LivenessReplayed,
    RouteClosed,
    RouteNotChosen,
)
from kyc.guardian import rules as guardian
from kyc.liveness import worst
from kyc.papers.rules import document_of
from kyc.rules import DataFact, consented, customer, erasure, held, understood, verified

CAPTURES = 3  # captures that could not be judged are no tries, but nobody practises for ever: three times the tries


class JudgedFact(Frozen, frozen=True, kw_only=True):
    """What the models said of a capture, as it will be sealed."""

    verdict: Verdict
    reasons: tuple[str, ...]
    scores: tuple[Score, ...]
    match: Verdict
    match_reasons: tuple[str, ...]
    match_score: Score | None
    statement: Commitment
    parts: dict[str, Verdict]
    assurance: Literal["web", "native_attested"] = "web"
    data: DataFact | None
    authority: DataFact | None  # what a source said of the live face; None: not asked, and `not_asked` says why
    not_asked: str = "NO_ADAPTER"
    routine: bool = False  # a person has to look, for a reason that the case does not tell


def admit_challenge(case: Case, stamp: Stamp) -> tuple[Party, Session]:
    """Face route chosen and open, separate consent given, papers confirmed. Before any frame is asked for."""
    party, session = customer(case, stamp)
    consented(case, "face")
    understood(case)
    identity = case.identity_of(party)
    if "face" in identity.locked:
        raise RouteClosed(route="face")
    if identity.route != "face":
        raise RouteNotChosen()
    if not identity.confirmed:
        raise FieldsUnconfirmed()
    guardian.undisputed(case, party, "face")
    return party, session


class Drawn(Frozen, frozen=True, kw_only=True):
    """A challenge as chance made it. `colours`: commitment to one colour a step, or None where none is to be shown."""

    challenge: str
    nonce: str
    actions: tuple[str, ...]
    colours: Commitment | None = None


def issue_challenge(case: Case, drawn: Drawn, age: int, stamp: Stamp) -> tuple[Body, ...]:
    """A new challenge ends the one before: its frames are erased, judged or not (KYC-04, KYC-13)."""
    party, session = admit_challenge(case, stamp)
    guardian.needed(case, party, "face", age)
    issued = ChallengeIssued(
        challenge=drawn.challenge,
        party=party,
        nonce=drawn.nonce,
        actions=drawn.actions,
        paper=_paper(case, party),
        colour=drawn.colours is not None,
        colours=drawn.colours,
        thumbprint=session.thumbprint,
        expires=instant(stamp.at + timedelta(seconds=case.policy.challenge_ttl_s)),
    )
    return (*erasure(case, party, "KYC-13"), issued)


def open_challenge(case: Case, challenge: str, stamp: Stamp) -> tuple[Party, Challenge]:
    """The challenge, if this device may still answer it."""
    party, _ = admit_challenge(case, stamp)
    present = challenged(case, challenge, stamp.actor.session or "")
    if present.paper != _paper(case, party):  # another card was photographed and confirmed meanwhile
        raise LivenessReplayed()
    if stamp.at > parse_instant(present.expires):
        raise ChallengeExpired()
    return party, present


def challenged(case: Case, challenge: str, session: str) -> Challenge:
    """The challenge, for a reader on the device it was made for."""
    opened = case.sessions[session]
    present = case.identity_of(opened.party).challenge
    if present is None or present.id != challenge or present.judged:
        raise LivenessReplayed()
    if present.thumbprint != opened.thumbprint:
        raise DeviceForeign()
    return present


def _paper(case: Case, party: Party) -> Commitment | None:
    document = document_of(case, party)
    return None if document is None else case.identity_of(party).papers[document.portrait].media.commitment


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
    if len(command.frames) != len(present.frames) or len(command.at) != len(present.frames):
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
            assurance=judged.assurance,
            parts=judged.parts,
            # Somebody who fails now may have taken over the phone from the person who passed before.
            withdraws=held(case, party) if failed else (),
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
            _with_authority(party, judged),
        ]
    bodies += erasure(case, party, "KYC-13")
    if judged.data is not None:
        bodies.append(judged.data.event(party))
    return (*bodies, *_consequence(case, party, overall, judged, stamp))


def _with_authority(party: Party, judged: JudgedFact) -> FacesCompared:
    """KYC-08: apart from the comparison with the paper, and never said where no source was asked."""
    pair: Literal["live_to_authority"] = "live_to_authority"
    said = judged.authority
    if said is None:
        return FacesCompared(party=party, pair=pair, verdict="not_run", reasons=(judged.not_asked,))
    return FacesCompared(
        party=party, pair=pair, verdict=said.verdict, reasons=said.reasons, basis=said.basis, answer=said.answer
    )


def _consequence(case: Case, party: Party, overall: Verdict, judged: JudgedFact, stamp: Stamp) -> tuple[Body, ...]:
    identity = case.identity_of(party)
    if overall == "pass":
        doubts = list(judged.data.doubts) if judged.data else []
        if judged.authority is not None:
            doubts += judged.authority.doubts
        if identity.review == "reject":
            doubts.append("EARLIER_REJECTION")
        if judged.routine:
            doubts.append("ROUTINE_CHECK")
        if doubts:
            return (ReviewRequested(party=party, reasons=tuple(doubts)),)
        if identity.review == "requested":
            return ()  # a reviewer has the last word, on corrected fields or an earlier doubt
        return (verified(party, "face", stamp.actor.session or ""),)
    bodies: list[Body] = []
    if overall == "review":
        bodies.append(ReviewRequested(party=party, reasons=(*judged.reasons, *judged.match_reasons)))
    tries = identity.tries + (overall != "not_run")
    if tries >= case.policy.route_tries or len(identity.attempts) + 1 >= CAPTURES * case.policy.route_tries:
        bodies.append(RouteLocked(party=party, route="face"))
    return tuple(bodies)
