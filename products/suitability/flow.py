"""Rules first, then ports, then the ledger: needs, risk grade, health answers, the end of thinking."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from evidence.case import Case
from evidence.errors import ObjectErased
from evidence.events import Commitment, Stamp
from evidence.log import Claim
from products.commands import AnswerHealth, AssessSuitability, ConfirmRisk, EndThinking, GradeRisk, TellNeeds
from products.definition import Input
from products.errors import RiskTooOften, SlotTaken
from products.ports import Ports
from products.quoting import given
from products.rules import Basis, licensed
from products.stored import values
from products.suitability import rules
from products.suitability.questionnaire import grade_of, health_outcome

CHINA = timedelta(hours=8)  # whose day counts


async def tell_needs(case: Case, command: TellNeeds, stamp: Stamp, ports: Ports) -> Case:
    rules.admit(case, command, stamp)
    licensed(case.mode, ports.licence)
    facts = {name: str(value) for name, value in given(asked_first(case, ports), command.facts).items()}
    hidden = await _hide(case, "needs", facts, ports)
    return await ports.ledger.record(case.id, lambda now: rules.tell_needs(now, command, hidden, stamp), stamp)


async def grade_risk(case: Case, command: GradeRisk, stamp: Stamp, ports: Ports) -> Case:
    """RiskTooOften after two on one day or eight within twelve months, over all of this person's cases."""
    rules.admit(case, command, stamp)
    compiled = ports.catalogue.of(case)
    grade = grade_of(rules.risk_test(compiled), command.answers)
    before = await _grade_before(case, ports)
    hidden = await _hide(case, "risk", {**command.answers, "grade": grade}, ports)
    # Which of the slots is free is only known by taking it: two a day, eight in twelve months, each once at a time.
    for claims in await _slots(case, stamp, ports):
        try:
            return await ports.ledger.record(
                case.id, lambda now: rules.grade_risk(now, command, compiled, hidden, before, stamp), stamp, claims
            )
        except SlotTaken:
            continue
    raise RiskTooOften(f"{rules.PER_DAY} a day, {rules.PER_YEAR} in twelve months")


async def confirm_risk(case: Case, command: ConfirmRisk, stamp: Stamp, ports: Ports) -> Case:
    rules.admit(case, command, stamp)
    return await ports.ledger.record(case.id, lambda now: rules.confirm_risk(now, command, stamp), stamp)


async def answer_health(case: Case, command: AnswerHealth, stamp: Stamp, ports: Ports) -> Case:
    rules.admit(case, command, stamp)
    compiled = ports.catalogue.of(case)
    health_outcome(rules.health_of(compiled, command), command.answers)  # complete, before anything is kept
    answers = {name: "yes" if said else "no" for name, said in command.answers.items()}
    hidden = await _hide(case, "health", answers, ports)
    return await ports.ledger.record(
        case.id, lambda now: rules.answer_health(now, command, compiled, hidden, stamp), stamp
    )


async def end_thinking(case: Case, command: EndThinking, stamp: Stamp, ports: Ports) -> Case:
    rules.admit(case, command, stamp)
    compiled = ports.catalogue.of(case)
    return await ports.ledger.record(case.id, lambda now: rules.end_thinking(now, command, compiled, stamp), stamp)


async def assess_suitability(case: Case, command: AssessSuitability, stamp: Stamp, ports: Ports) -> Case:
    """What was told before the quote stands; the other facts come now."""
    rules.admit(case, command, stamp)
    licensed(case.mode, ports.licence)
    compiled = ports.catalogue.of(case)
    asked, needs = compiled.product.suitability.facts, case.suitability.needs
    told_before = await told_needs(case, ports)
    facts = given(asked, {**command.facts, **told_before})
    known = {**await values(case, compiled, ports), **facts}
    new = {name: value for name, value in facts.items() if name not in told_before}
    told: dict[str, Any] = {f"suitability.{name}": str(value) for name, value in new.items()}
    if command.statement is not None:
        told["suitability_statement"] = command.statement
    hidden = await ports.vault.hide(case.id, "contract", told)
    commitments = {name: hidden[f"suitability.{name}"] for name in new}
    override, basis = hidden.get("suitability_statement"), Basis.of(case)
    return await ports.ledger.record(
        case.id,
        lambda now: rules.assess_suitability(now, command, compiled, known, commitments, needs, override, basis, stamp),
        stamp,
    )


def asked_first(case: Case, ports: Ports) -> dict[str, Input]:
    """The facts that come before any quote."""
    suitability = ports.catalogue.of(case).product.suitability
    return {name: suitability.facts[name] for name in suitability.ask_first}


async def told_needs(case: Case, ports: Ports) -> dict[str, str]:
    """The needs as told, opened from the vault."""
    needs = case.suitability.needs
    found = await ports.vault.reveal(case.id, tuple(needs.values()))
    if len(found) != len(set(needs.values())):
        raise ObjectErased("the needs were deleted")
    return {name: str(found[commitment].value) for name, commitment in needs.items()}


async def _hide(case: Case, block: str, values: Mapping[str, Any], ports: Ports) -> dict[str, Commitment]:
    hidden = await ports.vault.hide(case.id, "contract", {f"{block}.{name}": value for name, value in values.items()})
    return {name: hidden[f"{block}.{name}"] for name in values}


async def _grade_before(case: Case, ports: Ports) -> int | None:
    risk = case.suitability.risk
    if risk is None:
        return None
    found = await ports.vault.reveal(case.id, (risk.grade,))
    return int(found[risk.grade].value) if risk.grade in found else None


async def _slots(case: Case, stamp: Stamp, ports: Ports) -> list[tuple[Claim, ...]]:
    """Every pair of a slot of this day (China's) and one of twelve months, each held by the person's phone."""
    phone = case.people["proposer"].phone
    found = await ports.vault.reveal(case.id, (phone,))
    person = str(found[phone].value)
    day = (stamp.at + CHINA).date()
    ends = {"risk_day": timedelta(days=2), "risk_year": rules.VALID}

    def claim(kind: str, name: str) -> Claim:
        digest = ports.vault.blind(case.tenant, kind, f"{person}/{name}".encode())
        return Claim(tenant=case.tenant, kind=kind, digest=digest, expires=stamp.at + ends[kind], taken=SlotTaken)

    return [
        (claim("risk_day", f"{day}/{n}"), claim("risk_year", str(m)))
        for n in range(rules.PER_DAY)
        for m in range(rules.PER_YEAR)
    ]
