"""What the case knows of fitting the product to the person: needs told, risk grade, health answers, time to think."""

from typing import assert_never

from msgspec.structs import replace

from evidence.events import (
    Commitment,
    Event,
    Frozen,
    HealthAnswered,
    NeedsTold,
    RiskConfirmed,
    RiskGraded,
    ThinkingEnded,
)

SuitabilityBody = NeedsTold | RiskGraded | RiskConfirmed | HealthAnswered | ThinkingEnded


class Risk(Frozen, frozen=True, kw_only=True):
    """The last risk questionnaire. `confirmed`: nothing changed, or the customer confirmed the change."""

    questionnaire: str
    grade: Commitment
    fits: bool
    confirmed: bool
    at: str
    expires: str


class Health(Frozen, frozen=True, kw_only=True):
    version: int
    questions: str
    answers: dict[str, Commitment]
    outcome: str
    at: str


class Suitability(Frozen, frozen=True, kw_only=True):
    needs: dict[str, Commitment] = {}
    risk: Risk | None = None
    health: Health | None = None
    rested_at: str | None = None

    def apply(self, event: Event, body: SuitabilityBody) -> "Suitability":
        match body:
            case NeedsTold():
                return replace(self, needs=body.facts)
            case RiskGraded():
                risk = Risk(
                    questionnaire=body.questionnaire,
                    grade=body.grade,
                    fits=body.fits,
                    confirmed=not body.changed,
                    at=event.at,
                    expires=body.expires,
                )
                return replace(self, risk=risk)
            case RiskConfirmed():
                return replace(self, risk=replace(self.risk, confirmed=True) if self.risk else None)
            case HealthAnswered():
                health = Health(
                    version=body.version,
                    questions=body.questions,
                    answers=body.answers,
                    outcome=body.outcome,
                    at=event.at,
                )
                return replace(self, health=health)
            case ThinkingEnded():
                return replace(self, rested_at=event.at)
            case _:
                assert_never(body)
