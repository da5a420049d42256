"""What the phone fetches: the catalogue, the quote, the outline of the reading, and each screen as it was served."""

import hashlib
from datetime import timedelta
from typing import Any

from evidence import decode
from evidence.case import Case
from evidence.case.reading import Served
from evidence.errors import StepsMissing
from evidence.events import Locale, instant, parse_instant
from evidence.events.reading import ScreenClause
from products.compiled import Compiled, text_sha256
from products.definition import Input
from products.errors import RenderMismatch, ScreenUnknown
from products.formula import Value
from products.ports import Ports
from products.questions import is_asked, options, tries_of
from products.release import flow as release
from products.render import Block, Page, aloud, compose, render, sentence, show_value
from products.stored import quoted, values
from products.suitability.rules import declarations
from products.template import say

Shown = dict[str, Any]


# --- catalogue -------------------------------------------------------------------------------------------------------


async def listing(ports: Ports) -> list[Shown]:
    """Products on sale now, with the inputs a quote needs and the seven-line card."""
    return [_listed(compiled) for compiled in await release.all_for_sale(ports.now(), ports)]


def _listed(compiled: Compiled) -> Shown:
    product = compiled.product
    return {
        "id": product.id,
        "version": product.version,
        "kind": product.kind,
        "full": compiled.hashes.full,
        "names": product.names,
        "provider": {
            "name": product.provider.name,
            "filing_no": product.provider.filing_no,
            "intermediary": product.provider.intermediary,
        },
        "summary": {
            locale: [sentence(compiled, line.text, locale) for line in product.summary]
            for locale in product.languages.offered
        },
        "inputs": {name: _asked(item) for name, item in product.inputs.items()},
    } | ({"uncertainty": product.uncertainty} if product.uncertainty else {})


def _asked(item: Input) -> Shown:
    shown: Shown = {"type": item.type, "label": item.label}
    for name in ("min", "max", "step", "default"):
        value = getattr(item, name)
        if value is not None:
            shown[name] = value
    if item.choices:
        shown["choices"] = [{"value": choice.value, "label": choice.label} for choice in item.choices]
    if item.one_of:
        shown["choices"] = [
            {"value": value, "label": {locale: say(str(value), "plain", locale) for locale in item.label}}
            for value in item.one_of
        ]
    if item.slider:
        shown["slider"] = True
    return shown


# --- quote -----------------------------------------------------------------------------------------------------------


async def quote(case: Case, ports: Ports) -> Shown:
    """`{inputs, outputs: {name: {value, unit, label, text}}}`: the lines of the quote, in the order their author gave
    them (the bad case first). StepsMissing before the first quote."""
    compiled = ports.catalogue.of(case)
    found = await quoted(case, ports)
    if found is None:
        raise StepsMissing(missing=("quoted",))
    known = await values(case, compiled, ports)
    offered = compiled.product.languages.offered
    return {
        "inputs": found.inputs,
        "outputs": {
            name: {
                "value": found.outputs[name],
                "unit": compiled.units[name],
                "label": formula.label,
                "text": {locale: show_value(compiled, name, known[name], locale) for locale in offered},
            }
            for name, formula in compiled.product.formulas.items()
            if formula.label is not None
        },
    }


# --- outline ---------------------------------------------------------------------------------------------------------


async def outline(case: Case, locale: Locale, ports: Ports) -> Shown:
    """Everything there is to read, answer and confirm, and how far this case has come."""
    compiled = ports.catalogue.of(case)
    known = await values(case, compiled, ports)
    must = [f"read:{name}" for name in compiled.must_read]
    return {
        "uncertainty": sentence(compiled, compiled.product.uncertainty, locale)
        if compiled.product.uncertainty
        else None,
        "progress": {"read": sum(key in case.keys for key in must), "of": len(must)},
        "summary": [
            {"text": sentence(compiled, line.text, locale), "clause": line.clause} for line in compiled.product.summary
        ],
        "clauses": [_clause(case, compiled, name, locale, known) for name in compiled.clauses],
        "questions": _questions(case, compiled, locale, known),
        "disclosures": _disclosures(case, compiled, locale),
        "glossary": [
            {
                "id": name,
                "term": term.term[locale],
                "plain": sentence(compiled, term.plain, locale),
                "clause": term.clause,
            }
            for name, term in compiled.product.glossary.items()
        ],
        "suitability": _suitability(case, compiled, locale),
    }


def _clause(case: Case, compiled: Compiled, name: str, locale: Locale, known: dict[str, Value]) -> Shown:
    placed = compiled.clauses[name]
    clause = placed.clause
    ready = case.reading.quoted_at is not None or not clause.personal
    floor = compose(compiled, name, "plain", locale, known).floor_ms if ready else 0
    return {
        "id": name,
        "parent": placed.parent,
        "cat": clause.cat,
        "title": sentence(compiled, clause.title, locale, known, clause) if clause.title and ready else None,
        "must_read": clause.must_read,
        "limits_provider": clause.limits_provider,
        "style": clause.style,
        "levels": ["one", "plain", "formal"],
        "one": sentence(compiled, clause.one, locale, known, clause) if ready else None,
        "floor_ms": floor * case.policy.dwell_percent // 100,
        "read": f"read:{name}" in case.keys,
        "personal": clause.personal,
    }


def _questions(case: Case, compiled: Compiled, locale: Locale, known: dict[str, Value]) -> list[Shown]:
    """Only once there is a quote: options are the customer's own numbers."""
    if compiled.product.inputs and case.reading.quoted_at is None:
        return []
    return [
        {
            "id": item.id,
            "clause": item.clause,
            "ask": sentence(compiled, item.ask, locale, known),
            "options": [
                {"value": option.value, "text": option.text[locale]}
                for option in options(compiled, item, known, case.id)
            ],
            "tries_left": max(0, tries_of(item) - case.reading.attempts.get(item.id, 0)),
            "answered": case.reading.answered.get(item.id, False),
        }
        for item in compiled.product.questions
        if is_asked(case, item)
    ]


def _disclosures(case: Case, compiled: Compiled, locale: Locale) -> list[Shown]:
    shown: list[Shown] = []
    for item in compiled.product.disclosures:
        text = sentence(compiled, item.text, locale)
        shown.append(
            {
                "id": item.id,
                "when": item.when,
                "clauses": list(item.clauses),
                "text": text,
                "text_sha256": text_sha256(text),
                "acknowledge": item.acknowledge,
                "done": f"disclosed:{item.id}" in case.keys,
            }
        )
    return shown


def _suitability(case: Case, compiled: Compiled, locale: Locale) -> Shown:
    """`first`: asked before any quote. `needs`: asked with the decision. `declaration`: what is copied out to go on."""
    fit, spoke = compiled.product.suitability, set(case.reading.suitability_rules)
    warned = declarations(compiled, spoke) if case.reading.suitability == "warn" else ()
    said = compiled.product.languages.offered.index(locale) if warned else 0

    def ask(*names: str) -> list[Shown]:
        return [{"name": name, **_asked(fit.facts[name]), "label": fit.facts[name].label[locale]} for name in names]

    return {
        "first": ask(*fit.ask_first),
        "told": "needs" in case.keys,
        "needs": ask(*(name for name in fit.facts if name not in case.suitability.needs)),
        "outcome": case.reading.suitability,
        "reasons": [
            {"rule": rule.id, "text": sentence(compiled, rule.reason, locale)} for rule in fit.rules if rule.id in spoke
        ],
        "declaration": warned[said] if warned else None,
        "thinking": _thinking(case, compiled),
        "risk": _risk(case, compiled, locale),
        "health": _health(case, compiled, locale),
    }


def _thinking(case: Case, compiled: Compiled) -> Shown | None:
    """Only for whom the rules ask to wait: from when on they go on."""
    thinking, began = compiled.product.suitability.thinking, case.reading.assessed_at
    if thinking is None or began is None or "suitable" not in case.keys or "rested" in case.keys:
        return None
    return {"hours": thinking.hours, "until": instant(parse_instant(began) + timedelta(hours=thinking.hours))}


def _risk(case: Case, compiled: Compiled, locale: Locale) -> Shown | None:
    """No choice is filled in beforehand (PRD-08); points are not shown."""
    test, done = compiled.product.suitability.risk, case.suitability.risk
    if test is None:
        return None
    return {
        "level": test.level,
        "questions": [
            {
                "id": question.id,
                "ask": sentence(compiled, question.ask, locale),
                "choices": [
                    {"value": choice.value, "text": sentence(compiled, choice.label, locale)}
                    for choice in question.choices
                ],
            }
            for question in test.questions
        ],
        "done": None
        if done is None
        else {"fits": done.fits, "confirmed": done.confirmed, "at": done.at, "expires": done.expires},
    }


def _health(case: Case, compiled: Compiled, locale: Locale) -> Shown | None:
    health, done = compiled.product.suitability.health, case.suitability.health
    if health is None:
        return None
    return {
        "version": health.version,
        "questions": [
            {
                "id": question.id,
                "ask": sentence(compiled, question.ask, locale),
                "effect": sentence(compiled, question.effect, locale),
            }
            for question in health.questions
        ],
        "outcome": done.outcome if done else None,
    }


# --- screens ---------------------------------------------------------------------------------------------------------


async def screen(case: Case, screen_id: str, ports: Ports) -> Shown:
    """A served screen, its very bytes: made again, or from the vault where personal. RenderMismatch otherwise."""
    served = case.reading.screens.get(screen_id)
    if served is None:
        raise ScreenUnknown("no such screen in this case")
    return {
        "screen": screen_id,
        "locale": served.locale,
        "layout": served.layout,
        "clauses": [await _served(case, served, item, ports) for item in served.clauses.values()],
    }


async def _served(case: Case, served: Served, item: ScreenClause, ports: Ports) -> Shown:
    page = await page_of(case, served.locale, item, ports)
    return {
        "clause": page.clause,
        "level": page.level,
        "title": page.title,
        "blocks": [_block(block) for block in page.blocks],
        "aloud": aloud(page),
        "floor_ms": item.floor_ms,
        "render_sha256": item.render_sha256,
    }


async def page_of(case: Case, locale: Locale, item: ScreenClause, ports: Ports) -> Page:
    """What was shown of one clause, checked against the sealed hash."""
    if item.media is not None:
        data = await ports.vault.get(case.id, item.media)
    else:
        compiled = ports.catalogue.of(case)
        data = render(compiled, item.clause, item.level, locale).bytes
    if hashlib.sha256(data).hexdigest() != item.render_sha256:
        raise RenderMismatch(f"{item.clause} at {item.level}")
    return decode.decode(data, Page)


def _block(block: Block) -> Shown:
    return {
        "kind": block.kind,
        "label": block.label,
        "spans": [
            {
                name: value
                for name, value in (("text", span.text), ("term", span.term), ("number", span.number))
                if value
            }
            for span in block.spans
        ],
    }
