"""Needs first, a risk grade that expires, health answers that are frozen, time to think; then the decision."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Literal, cast

from evidence.case import Case
from evidence.errors import HeadMoved
from evidence.events import (
    Body,
    Commitment,
    HealthAnswered,
    NeedsTold,
    RiskConfirmed,
    RiskGraded,
    Stamp,
    SuitabilityAssessed,
    ThinkingEnded,
    instant,
    parse_instant,
)
from products.answering.rules import bare
from products.commands import AnswerHealth, AssessSuitability, ConfirmRisk, EndThinking, GradeRisk, TellNeeds
from products.compiled import Compiled
from products.definition import Health, RiskTest
from products.errors import (
    HealthDeclined,
    HealthOutdated,
    NothingToConfirm,
    QuestionnaireUnknown,
    RiskTooHigh,
    StillThinking,
    TranscriptDiffers,
)
from products.expression import parse
from products.formula import Value, evaluate
from products.render import sentence
from products.rules import Basis, admit, same_basis
from products.suitability.questionnaire import digest_of, grade_of, health_outcome

__all__ = ["admit", "answer_health", "assess_suitability", "confirm_risk", "end_thinking", "grade_risk", "tell_needs"]

VALID = timedelta(days=365)
"""How long a risk grade holds (适当性办法 art. 22)."""
PER_DAY, PER_YEAR = 2, 8


def tell_needs(case: Case, command: TellNeeds, facts: dict[str, Commitment], stamp: Stamp) -> tuple[Body, ...]:
    """Other needs than before: what was judged by them is judged again."""
    admit(case, command, stamp)
    return (NeedsTold(facts=facts, satisfies=("needs",), withdraws=("suitable",)),)


# --- risk ------------------------------------------------------------------------------------------------------------


def risk_test(compiled: Compiled) -> RiskTest:
    found = compiled.product.suitability.risk
    if found is None:
        raise QuestionnaireUnknown("this product asks for no risk grade")
    return found


def grade_risk(
    case: Case,
    command: GradeRisk,
    compiled: Compiled,
    hidden: dict[str, Commitment],
    before: int | None,
    stamp: Stamp,
) -> tuple[Body, ...]:
    """`hidden`: the answers by question, and `grade`. `before`: the grade of the time before in this case."""
    admit(case, command, stamp)
    test = risk_test(compiled)
    grade = grade_of(test, command.answers)
    changed = before is not None and before != grade
    fits = grade >= test.level
    return (
        RiskGraded(
            questionnaire=digest_of(test),
            answers={name: hidden[name] for name in command.answers},
            grade=hidden["grade"],
            fits=fits,
            changed=changed,
            expires=instant(stamp.at + VALID),
            satisfies=("risk",) if fits and not changed else (),
            withdraws=() if fits and not changed else ("risk",),
        ),
    )


def confirm_risk(case: Case, command: ConfirmRisk, stamp: Stamp) -> tuple[Body, ...]:
    """A changed grade counts only when its owner said that they saw the change (PRD-11)."""
    admit(case, command, stamp)
    risk = case.suitability.risk
    if risk is None or risk.confirmed:
        raise NothingToConfirm("no changed grade")
    if not risk.fits:
        raise RiskTooHigh("the product's level is above the customer's grade")
    return (RiskConfirmed(grade=risk.grade, satisfies=("risk",)),)


# --- health ----------------------------------------------------------------------------------------------------------


def health_of(compiled: Compiled, command: AnswerHealth) -> Health:
    found = compiled.product.suitability.health
    if found is None:
        raise QuestionnaireUnknown("this product asks nothing about health")
    if found.version != command.version:
        raise HealthOutdated(f"version {found.version} is asked now")
    return found


def answer_health(
    case: Case, command: AnswerHealth, compiled: Compiled, hidden: dict[str, Commitment], stamp: Stamp
) -> tuple[Body, ...]:
    """Every answer set is kept; the last one before signing is the one that is signed. A decline is final here."""
    admit(case, command, stamp)
    health = health_of(compiled, command)
    if case.suitability.health is not None and case.suitability.health.outcome == "decline":
        raise HealthDeclined("declined before")
    outcome = cast(Literal["accept", "refer", "decline"], health_outcome(health, command.answers))
    return (
        HealthAnswered(
            version=health.version,
            questions=digest_of(health),
            answers=hidden,
            outcome=outcome,
            satisfies=("health",) if outcome == "accept" else (),
            withdraws=() if outcome == "accept" else ("health",),
        ),
    )


# --- time to think ---------------------------------------------------------------------------------------------------


def end_thinking(case: Case, command: EndThinking, compiled: Compiled, stamp: Stamp) -> tuple[Body, ...]:
    """The clock runs from the suitability decision; coming back early is told when to come again."""
    admit(case, command, stamp)
    thinking, began = compiled.product.suitability.thinking, case.reading.assessed_at
    if thinking is None or began is None or "suitable" not in case.keys or "rested" in case.keys:
        raise NothingToConfirm("nobody is asked to wait")
    until = parse_instant(began) + timedelta(hours=thinking.hours)
    if stamp.at < until:
        raise StillThinking(f"until {instant(until)}", until=instant(until))
    return (ThinkingEnded(began=began, hours=thinking.hours, satisfies=("rested",)),)


# --- the decision ----------------------------------------------------------------------------------------------------


def assess_suitability(
    case: Case,
    command: AssessSuitability,
    compiled: Compiled,
    values: Mapping[str, Value],
    facts: Mapping[str, Commitment],
    needs: Mapping[str, Commitment],
    override: Commitment | None,
    basis: Basis,
    stamp: Stamp,
) -> tuple[Body, ...]:
    """The gravest rule that speaks decides. A warning is overridden only by the customer's own recorded words; where a
    rule asks for a declaration, by that sentence copied out (PRD-10). `needs`: what `values` was computed with."""
    admit(case, command, stamp)
    same_basis(case, basis)
    if case.suitability.needs != dict(needs):
        raise HeadMoved("the needs changed meanwhile")
    spoke: dict[str, list[str]] = {"deny": [], "escalate": [], "warn": []}
    for rule in compiled.product.suitability.rules:
        for verb, said in spoke.items():
            condition = getattr(rule, verb)
            if condition is not None and evaluate(condition, parse(condition), values, compiled.tables)[0] is True:
                said.append(rule.id)
    outcome = gravest(spoke)
    declared = declarations(compiled, spoke["warn"]) if outcome == "warn" and command.statement is not None else ()
    if declared and not any(bare(command.statement or "") == bare(text) for text in declared):
        raise TranscriptDiffers("the declaration differs")
    suitable = outcome == "allow" or (outcome == "warn" and override is not None)
    thinks = compiled.product.suitability.thinking is not None
    rests = thinks and suitable and not must_think(compiled, values)
    return (
        SuitabilityAssessed(
            facts=dict(facts),
            outcome=outcome,
            rules=tuple(name for said in spoke.values() for name in said),
            override=override if outcome == "warn" else None,
            satisfies=(("suitable",) if suitable else ()) + (("rested",) if rests else ()),
            withdraws=(() if suitable else ("suitable",))
            + (("rested",) if thinks and not rests and not _rested(case) else ()),
        ),
    )


def declarations(compiled: Compiled, rules: Iterable[str]) -> tuple[str, ...]:
    """What has to be copied out to go on against these warnings, in each language; empty where own words will do."""
    texts = [rule.declaration for rule in compiled.product.suitability.rules if rule.id in rules and rule.declaration]
    offered = compiled.product.languages.offered
    return tuple("".join(sentence(compiled, text, locale) for text in texts) for locale in offered) if texts else ()


def must_think(compiled: Compiled, values: Mapping[str, Value]) -> bool:
    thinking = compiled.product.suitability.thinking
    if thinking is None:
        return False
    return evaluate(thinking.when, parse(thinking.when), values, compiled.tables)[0] is True


def _rested(case: Case) -> bool:
    """Whoever has thought it over once does not begin again."""
    return case.suitability.rested_at is not None


def gravest(spoke: Mapping[str, list[str]]) -> Literal["allow", "warn", "escalate", "deny"]:
    if spoke["deny"]:
        return "deny"
    if spoke["escalate"]:
        return "escalate"
    return "warn" if spoke["warn"] else "allow"
