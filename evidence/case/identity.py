"""What the case knows about who each party is."""

from typing import assert_never

from msgspec.structs import replace

from evidence.events import (
    ChallengeIssued,
    Commitment,
    DataChecked,
    Event,
    FacesCompared,
    FrameCaptured,
    Frozen,
    IdentityVerified,
    LivenessJudged,
    Media,
    PaperCaptured,
    PaperConfirmed,
    PaperRead,
    PictureApproved,
    PictureAsked,
    PictureRead,
    ReviewDecided,
    ReviewRequested,
    RouteChosen,
    RouteLocked,
)
from evidence.events.identity import PaperKind

IdentityBody = (
    RouteChosen
    | PaperCaptured
    | PaperRead
    | PaperConfirmed
    | ChallengeIssued
    | FrameCaptured
    | LivenessJudged
    | FacesCompared
    | DataChecked
    | RouteLocked
    | ReviewRequested
    | ReviewDecided
    | PictureAsked
    | PictureApproved
    | PictureRead
    | IdentityVerified
)


SUPPORTING: tuple[PaperKind, ...] = ("bank_card", "image")  # beside the document that says who somebody is
_RANKS = ("pass", "review", "not_run", "fail")


class Paper(Frozen, frozen=True, kw_only=True):
    media: Media
    verdict: str | None = None
    reasons: tuple[str, ...] = ()
    fields: dict[str, Commitment] = {}
    doubtful: tuple[str, ...] = ()  # fields the customer must confirm
    confidence_e4: dict[str, int] = {}


class Challenge(Frozen, frozen=True, kw_only=True):
    id: str
    nonce: str
    actions: tuple[str, ...]
    thumbprint: str
    expires: str
    issued: str
    paper: Commitment | None = None
    colour: bool = False
    colours: Commitment | None = None
    frames: dict[int, Media] = {}
    last: str = ""  # when the newest frame arrived
    judged: bool = False


class Attempt(Frozen, frozen=True, kw_only=True):
    seq: int
    at: str
    verdict: str
    reasons: tuple[str, ...]


class Verified(Frozen, frozen=True, kw_only=True):
    strength: str
    route: str
    at: str
    session: str


class Ask(Frozen, frozen=True, kw_only=True):
    """Who wants to look at the pictures of the papers, and who agreed. `reads`: how often one was handed out."""

    by: str
    reason: str = ""
    approved_by: str | None = None
    approved_at: str | None = None
    reads: int = 0


class Reviewed(Frozen, frozen=True, kw_only=True):
    by: str
    at: str
    decision: str
    reason: str


class Identity(Frozen, frozen=True, kw_only=True):
    """One party's identification so far."""

    route: str | None = None
    papers: dict[str, Paper] = {}
    confirmed: dict[str, Commitment] = {}
    corrected: tuple[str, ...] = ()
    challenge: Challenge | None = None
    attempts: tuple[Attempt, ...] = ()
    comparisons: dict[str, str] = {}  # pair -> verdict
    data_checked: str | None = None
    authority_silent: bool = False  # the last source asked did not answer
    locked: tuple[str, ...] = ()
    review: str | None = None  # requested | accept | reject
    doubts: tuple[str, ...] = ()  # why a person has to look, all of them
    reviewed: Reviewed | None = None  # the last decision
    verified: Verified | None = None
    asks: dict[str, Ask] = {}

    @property
    def tries(self) -> int:
        """Attempts that were judged and did not pass: what the route's limit counts."""
        return sum(attempt.verdict in {"review", "fail"} for attempt in self.attempts)

    def apply(self, event: Event, body: IdentityBody) -> "Identity":
        if any(key.startswith("identity:") for key in body.withdraws):
            return replace(self, verified=None)._apply(event, body)
        return self._apply(event, body)

    def _apply(self, event: Event, body: IdentityBody) -> "Identity":
        match body:
            case RouteChosen():
                return replace(self, route=body.route)
            case PaperCaptured():
                return replace(self, papers={**self.papers, body.paper: Paper(media=body.media)})
            case PaperRead():
                paper = replace(
                    self.papers[body.paper],
                    verdict=body.verdict,
                    reasons=body.reasons,
                    fields={name: field.value for name, field in body.fields.items()},
                    doubtful=tuple(name for name, field in body.fields.items() if field.confirm),
                    confidence_e4={name: field.confidence_e4 for name, field in body.fields.items()},
                )
                if body.paper in SUPPORTING:
                    return replace(self, papers={**self.papers, body.paper: paper})
                # What was confirmed before was confirmed about another picture.
                return replace(self, papers={**self.papers, body.paper: paper}, confirmed={}, corrected=())
            case PaperConfirmed():
                return replace(self, confirmed=body.fields, corrected=body.corrected)
            case ChallengeIssued():
                challenge = Challenge(
                    id=body.challenge,
                    nonce=body.nonce,
                    actions=body.actions,
                    thumbprint=body.thumbprint,
                    expires=body.expires,
                    issued=event.at,
                    paper=body.paper,
                    colour=body.colour,
                    colours=body.colours,
                )
                return replace(self, challenge=challenge)
            case FrameCaptured():
                assert self.challenge is not None
                frames = {**self.challenge.frames, body.index: body.media}
                return replace(self, challenge=replace(self.challenge, frames=frames, last=event.at))
            case LivenessJudged():
                attempt = Attempt(seq=body.attempt, at=event.at, verdict=body.verdict, reasons=body.reasons)
                challenge_done = replace(self.challenge, judged=True) if self.challenge else None
                return replace(self, challenge=challenge_done, attempts=(*self.attempts, attempt))
            case FacesCompared():
                comparisons = {**self.comparisons, body.pair: body.verdict}
                if body.pair != "live_to_document" or not self.attempts:
                    return replace(self, comparisons=comparisons)
                # Alive but somebody else is not a success: the attempt is as good as its worse half.
                last = self.attempts[-1]
                verdict = max(last.verdict, body.verdict, key=_RANKS.index)
                last = replace(last, verdict=verdict, reasons=(*last.reasons, *body.reasons))
                return replace(self, comparisons=comparisons, attempts=(*self.attempts[:-1], last))
            case DataChecked():
                silent = "AUTHORITY_SILENT" in body.reasons
                return replace(self, data_checked=body.verdict, authority_silent=silent)
            case RouteLocked():
                return replace(self, locked=(*self.locked, body.route))
            case ReviewRequested():
                doubts = dict.fromkeys((*self.doubts, *body.reasons))
                return replace(self, review="requested", doubts=tuple(doubts))
            case ReviewDecided():
                reviewed = Reviewed(by=event.actor.id, at=event.at, decision=body.decision, reason=body.reason)
                return replace(self, review=body.decision, reviewed=reviewed)
            case PictureAsked():
                return replace(self, asks={**self.asks, body.ask: Ask(by=event.actor.id, reason=body.reason)})
            case PictureApproved():
                agreed = replace(self.asks[body.ask], approved_by=event.actor.id, approved_at=event.at)
                return replace(self, asks={**self.asks, body.ask: agreed})
            case PictureRead():
                ask = self.asks[body.ask]
                return replace(self, asks={**self.asks, body.ask: replace(ask, reads=ask.reads + 1)})
            case IdentityVerified():
                verified = Verified(strength=body.strength, route=body.route, at=event.at, session=body.session)
                return replace(self, verified=verified)
            case _:
                assert_never(body)
