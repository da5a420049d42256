"""Events of fitting a product to a person: needs, the risk questionnaire, health questions, time to think."""

from typing import ClassVar, Literal

from evidence.events.envelope import Body, Commitment, Instant, Sha256


class NeedsTold(Body, frozen=True, kw_only=True):
    """What the customer needs and can pay, told before anything was recommended (PRD-10)."""

    TYPE: ClassVar[str] = "reading.needs_told/1"
    facts: dict[str, Commitment]


class RiskGraded(Body, frozen=True, kw_only=True):
    """The risk questionnaire as the customer filled it in (PRD-11). The grade is theirs and stays closed."""

    TYPE: ClassVar[str] = "reading.risk_graded/1"
    questionnaire: Sha256  # of its questions, answers and points
    answers: dict[str, Commitment]
    grade: Commitment
    fits: bool  # the product's level is not above the customer's
    changed: bool = False  # another grade than the time before: confirmed apart
    expires: Instant


class RiskConfirmed(Body, frozen=True, kw_only=True):
    """The customer confirmed a grade that is not the one of the time before."""

    TYPE: ClassVar[str] = "reading.risk_confirmed/1"
    grade: Commitment


class HealthAnswered(Body, frozen=True, kw_only=True):
    """The health questions of one version and the customer's answers to all of them (PRD-13)."""

    TYPE: ClassVar[str] = "reading.health_answered/1"
    version: int
    questions: Sha256
    answers: dict[str, Commitment]
    outcome: Literal["accept", "refer", "decline"]


class ThinkingEnded(Body, frozen=True, kw_only=True):
    """The customer came back after the time to think that their age or the product asks for (PRD-12)."""

    TYPE: ClassVar[str] = "reading.thinking_ended/1"
    began: Instant
    hours: int
