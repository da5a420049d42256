"""Rules first, then ports, then the ledger: quoting, reading, answering. A case is opened in `opening`."""

from collections.abc import Mapping

from evidence.case import Case
from evidence.events import Commitment, Stamp
from evidence.events.reading import ScreenClause
from evidence.ports import new_id
from evidence.vault import b64
from products import rules
from products.answering import rules as answering
from products.commands import (
    Acknowledge,
    Answer,
    ReportReading,
    ServeScreen,
    SetQuote,
    WantedClause,
)
from products.compiled import Compiled
from products.formula import Value
from products.opening import Opener, open_case, publish
from products.ports import Ports
from products.quoting import Quote, compute_quote
from products.render import render, shows_personal
from products.stored import newer_version, quoted, values
from products.suitability.flow import assess_suitability
from products.views import listing, outline, quote, screen

__all__ = [
    "Opener",
    "Ports",
    "acknowledge",
    "answer",
    "assess_suitability",
    "listing",
    "open_case",
    "outline",
    "publish",
    "quote",
    "report_reading",
    "screen",
    "serve_screen",
    "set_quote",
]

NONCE_BYTES = 32


async def set_quote(case: Case, command: SetQuote, stamp: Stamp, ports: Ports) -> Case:
    rules.admit(case, command, stamp)
    rules.licensed(case.mode, ports.licence)
    compiled = ports.catalogue.of(case)
    computed = compute_quote(compiled, command.inputs)
    before = await quoted(case, ports)
    hidden = await ports.vault.hide(
        case.id,
        "contract",
        {
            **{f"quote.inputs.{name}": value for name, value in computed.inputs.items()},
            **{f"quote.outputs.{name}": value for name, value in computed.outputs.items()},
            "quote.trace": [list(step) for step in computed.trace],
        },
    )
    facts = rules.HiddenQuote(
        inputs={name: hidden[f"quote.inputs.{name}"] for name in computed.inputs},
        outputs={name: hidden[f"quote.outputs.{name}"] for name in computed.outputs},
        trace=hidden["quote.trace"],
        basis=rules.Basis.of(case),
        changed=_changed(before, computed),
    )
    newest = await newer_version(case, stamp.at, ports)
    return await ports.ledger.record(
        case.id, lambda now: rules.set_quote(now, command, compiled, facts, newest, stamp), stamp
    )


async def serve_screen(case: Case, command: ServeScreen, stamp: Stamp, ports: Ports) -> Case:
    rules.admit(case, command, stamp)
    compiled = ports.catalogue.of(case)
    rules.check_screen(command, compiled)
    known = await values(case, compiled, ports)
    rendered = tuple([await _render(case, compiled, item, command, known, ports) for item in command.clauses])
    name, basis = new_id("scr", ports.random), rules.Basis.of(case)
    newest = await newer_version(case, stamp.at, ports)
    return await ports.ledger.record(
        case.id, lambda now: rules.serve_screen(now, command, compiled, name, rendered, basis, newest, stamp), stamp
    )


async def report_reading(case: Case, command: ReportReading, stamp: Stamp, ports: Ports) -> Case:
    rules.admit(case, command, stamp)
    compiled = ports.catalogue.of(case)
    return await ports.ledger.record(case.id, lambda now: rules.report_reading(now, command, compiled, stamp), stamp)


async def answer(case: Case, command: Answer, stamp: Stamp, ports: Ports) -> Case:
    rules.admit(case, command, stamp)
    compiled = ports.catalogue.of(case)
    question = answering.question_of(case, command, compiled)
    known = await values(case, compiled, ports)
    hidden: Commitment | None = None
    if not question.choices:
        name = f"answer.{question.id}"
        hidden = (await ports.vault.hide(case.id, "contract", {name: command.picked}))[name]
    basis = rules.Basis.of(case)
    return await ports.ledger.record(
        case.id, lambda now: answering.answer(now, command, compiled, known, hidden, basis, stamp), stamp
    )


async def acknowledge(case: Case, command: Acknowledge, stamp: Stamp, ports: Ports) -> Case:
    rules.admit(case, command, stamp)
    compiled = ports.catalogue.of(case)
    answering.disclosure_of(case, command, compiled)
    typed: Commitment | None = None
    if command.typed is not None:
        name = f"transcript.{command.disclosure}"
        typed = (await ports.vault.hide(case.id, "contract", {name: command.typed}))[name]
    return await ports.ledger.record(
        case.id, lambda now: answering.acknowledge(now, command, compiled, typed, stamp), stamp
    )


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
