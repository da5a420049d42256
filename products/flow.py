"""Rules first, then ports, then the ledger: quoting, reading, answering. A case is opened in `opening`."""

from collections.abc import Mapping
from typing import Any

from evidence.case import Case
from evidence.errors import ObjectErased
from evidence.events import Commitment, Stamp
from evidence.events.reading import ScreenClause
from evidence.ports import new_id
from evidence.vault import b64
from products import rules
from products.commands import (
    Acknowledge,
    Answer,
    AssessSuitability,
    ReportReading,
    ServeScreen,
    SetQuote,
    WantedClause,
)
from products.compiled import Compiled
from products.formula import Value
from products.opening import Opener, open_case, publish
from products.ports import Ports
from products.quoting import Quote, compute_quote, given, values_of
from products.render import render, shows_personal

__all__ = [
    "Opener",
    "Ports",
    "acknowledge",
    "answer",
    "assess_suitability",
    "open_case",
    "publish",
    "quoted",
    "report_reading",
    "serve_screen",
    "set_quote",
    "values",
]

NONCE_BYTES = 32


async def set_quote(case: Case, command: SetQuote, stamp: Stamp, ports: Ports) -> Case:
    rules.admit(case, command, stamp)
    compiled = ports.catalogue.of(case)
    quote = compute_quote(compiled, command.inputs)
    before = await quoted(case, ports)
    hidden = await ports.vault.hide(
        case.id,
        "contract",
        {
            **{f"quote.inputs.{name}": value for name, value in quote.inputs.items()},
            **{f"quote.outputs.{name}": value for name, value in quote.outputs.items()},
            "quote.trace": [list(step) for step in quote.trace],
        },
    )
    facts = rules.HiddenQuote(
        inputs={name: hidden[f"quote.inputs.{name}"] for name in quote.inputs},
        outputs={name: hidden[f"quote.outputs.{name}"] for name in quote.outputs},
        trace=hidden["quote.trace"],
        basis=rules.Basis.of(case),
        changed=_changed(before, quote),
    )
    return await ports.ledger.record(case.id, lambda now: rules.set_quote(now, command, compiled, facts, stamp), stamp)


async def serve_screen(case: Case, command: ServeScreen, stamp: Stamp, ports: Ports) -> Case:
    rules.admit(case, command, stamp)
    compiled = ports.catalogue.of(case)
    rules.check_screen(command, compiled)
    known = await values(case, compiled, ports)
    rendered = tuple([await _render(case, compiled, item, command, known, ports) for item in command.clauses])
    screen, basis = new_id("scr", ports.random), rules.Basis.of(case)
    return await ports.ledger.record(
        case.id, lambda now: rules.serve_screen(now, command, compiled, screen, rendered, basis, stamp), stamp
    )


async def report_reading(case: Case, command: ReportReading, stamp: Stamp, ports: Ports) -> Case:
    rules.admit(case, command, stamp)
    return await ports.ledger.record(case.id, lambda now: rules.report_reading(now, command, stamp), stamp)


async def answer(case: Case, command: Answer, stamp: Stamp, ports: Ports) -> Case:
    rules.admit(case, command, stamp)
    compiled = ports.catalogue.of(case)
    question = rules.question_of(case, command, compiled)
    known = await values(case, compiled, ports)
    hidden: Commitment | None = None
    if not question.choices:
        name = f"answer.{question.id}"
        hidden = (await ports.vault.hide(case.id, "contract", {name: command.picked}))[name]
    basis = rules.Basis.of(case)
    return await ports.ledger.record(
        case.id, lambda now: rules.answer(now, command, compiled, known, hidden, basis, stamp), stamp
    )


async def acknowledge(case: Case, command: Acknowledge, stamp: Stamp, ports: Ports) -> Case:
    rules.admit(case, command, stamp)
    compiled = ports.catalogue.of(case)
    rules.disclosure_of(case, command, compiled)
    typed: Commitment | None = None
    if command.typed is not None:
        name = f"transcript.{command.disclosure}"
        typed = (await ports.vault.hide(case.id, "contract", {name: command.typed}))[name]
    return await ports.ledger.record(
        case.id, lambda now: rules.acknowledge(now, command, compiled, typed, stamp), stamp
    )


async def assess_suitability(case: Case, command: AssessSuitability, stamp: Stamp, ports: Ports) -> Case:
    rules.admit(case, command, stamp)
    compiled = ports.catalogue.of(case)
    facts = given(compiled.product.suitability.facts, command.facts)
    known = {**await values(case, compiled, ports), **facts}
    told: dict[str, Any] = {f"suitability.{name}": str(value) for name, value in facts.items()}
    if command.statement is not None:
        told["suitability_statement"] = command.statement
    hidden = await ports.vault.hide(case.id, "contract", told)
    commitments = {name: hidden[f"suitability.{name}"] for name in facts}
    override, basis = hidden.get("suitability_statement"), rules.Basis.of(case)
    return await ports.ledger.record(
        case.id,
        lambda now: rules.assess_suitability(now, command, compiled, known, commitments, override, basis, stamp),
        stamp,
    )


# --- the quote in the vault ------------------------------------------------------------------------------------------


async def quoted(case: Case, ports: Ports) -> Quote | None:
    """The case's present quote, opened. ObjectErased when it was deleted; None before the first."""
    reading = case.reading
    if reading.quoted_at is None:
        return None
    wanted = (*reading.inputs.values(), *reading.outputs.values(), *((reading.trace,) if reading.trace else ()))
    found = await ports.vault.reveal(case.id, wanted)
    if len(found) != len(set(wanted)):
        raise ObjectErased("the quote was deleted")
    return Quote(
        inputs={name: str(found[item].value) for name, item in reading.inputs.items()},
        outputs={name: str(found[item].value) for name, item in reading.outputs.items()},
        trace=tuple((str(expr), str(value)) for expr, value in found[reading.trace].value) if reading.trace else (),
    )


async def values(case: Case, compiled: Compiled, ports: Ports) -> dict[str, Value]:
    """Every value a text or expression of this case may use."""
    quote = await quoted(case, ports)
    return values_of(compiled, quote.inputs, quote.outputs) if quote else dict(compiled.params)


def _changed(before: Quote | None, after: Quote) -> frozenset[str]:
    if before is None:
        return frozenset()
    old, new = {**before.inputs, **before.outputs}, {**after.inputs, **after.outputs}
    return frozenset(name for name in new if old.get(name) != new[name])


async def _render(
    case: Case, compiled: Compiled, item: WantedClause, command: ServeScreen, known: Mapping[str, Value], ports: Ports
) -> ScreenClause:
    personal = shows_personal(compiled, compiled.clause(item.clause), item.level)
    nonce = b64(ports.random(NONCE_BYTES)) if personal else None
    rendered = render(compiled, item.clause, item.level, command.locale, known, nonce)
    media = await ports.vault.put(case.id, "contract", rendered.bytes, "application/json") if personal else None
    return ScreenClause(
        clause=item.clause,
        level=item.level,
        render_sha256=rendered.sha256,
        floor_ms=rendered.floor_ms * case.policy.dwell_percent // 100,
        media=media,
    )
