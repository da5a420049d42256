"""Any past page of a case, made again from its record alone (PRD-06): what the customer saw, at which event.

Clause pages come back byte for byte against the sealed hash; so do acknowledged sentences, comparisons and changes.
Quotes, questions and questionnaires are made from the case as of that event and the exact product version.
"""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from evidence import decode
from evidence.case import Case
from evidence.errors import NotFound
from evidence.events import (
    Body,
    ChangesShown,
    Commitment,
    DisclosureAcknowledged,
    Event,
    HealthAnswered,
    Locale,
    NeedsTold,
    ProductsCompared,
    QuestionAnswered,
    QuoteShown,
    RiskGraded,
    ScreenServed,
    SuitabilityAssessed,
)
from products import views
from products.comparing import Changes, Comparison, changes, comparison, leaf_bytes
from products.compiled import Compiled, text_sha256
from products.errors import ProductMismatch, RenderMismatch
from products.ports import Ports
from products.questions import options
from products.render import sentence
from products.stored import values
from products.suitability.questionnaire import digest_of

Shown = dict[str, Any]


async def page_at(case_id: str, seq: int, ports: Ports) -> bytes:
    """Canonical JSON of the page behind event `seq`. NotFound for events that show none; RenderMismatch when what can
    be made now is not what was sealed then."""
    events = await ports.ledger.events(case_id, seq)
    if len(events) < seq or seq < 1:
        raise NotFound("no such event")
    event = events[-1]
    make = MADE.get(type(event.body))
    if make is None:
        raise NotFound("this event shows no page")
    found = await make(_as_of(events), event.body, ports)
    return found if isinstance(found, bytes) else decode.encode(found)


def leaf(body: ProductsCompared | ChangesShown, ports: Ports) -> Comparison | Changes:
    """The page of a comparison or of changes, checked against its sealed digest."""
    if isinstance(body, ProductsCompared):
        page: Comparison | Changes = comparison([_by_full(full, ports) for full in body.products], body.locale)
    else:
        page = changes(_by_full(body.older, ports), _by_full(body.newer, ports), body.locale)
    if hashlib.sha256(leaf_bytes(page)).hexdigest() != body.page_sha256:
        raise RenderMismatch("a page of products")
    return page


def leaf_of(case: Case, sha256: str, ports: Ports) -> Shown:
    """A comparison or a page of changes that this case was shown. NotFound for any other."""
    body = case.reading.leaves.get(sha256)
    if body is None:
        raise NotFound("no such page in this case")
    found: Shown = decode.parse(leaf_bytes(leaf(body, ports)))
    return found


# --- one kind of event each ------------------------------------------------------------------------------------------


async def _screen(case: Case, body: ScreenServed, ports: Ports) -> Shown:
    pages = [await views.page_of(case, body.locale, item, ports) for item in body.clauses]
    return {"clauses": [decode.parse(decode.encode(page)) for page in pages], "layout": body.layout}


async def _quote(case: Case, _: QuoteShown, ports: Ports) -> Shown:
    return await views.quote(case, ports)


async def _question(case: Case, body: QuestionAnswered, ports: Ports) -> Shown:
    """The options in the order they stood, and which one was picked."""
    compiled = ports.catalogue.of(case)
    question = next(item for item in compiled.product.questions if item.id == body.question)
    known = await values(case, compiled, ports)
    picked = body.picked
    if body.picked_value is not None:
        picked = await _opened(case, body.picked_value, ports)
    return {
        "question": body.question,
        "ask": {
            locale: sentence(compiled, question.ask, locale, known) for locale in compiled.product.languages.offered
        },
        "options": [
            {"value": item.value, "text": dict(item.text)} for item in options(compiled, question, known, case.id)
        ],
        "picked": picked,
        "correct": body.correct,
    }


async def _disclosure(case: Case, body: DisclosureAcknowledged, ports: Ports) -> Shown:
    compiled = ports.catalogue.of(case)
    item = next(item for item in compiled.product.disclosures if item.id == body.disclosure)
    text = sentence(compiled, item.text, body.locale)
    if text_sha256(text) != body.text_sha256:
        raise RenderMismatch(f"disclosure {body.disclosure}")
    typed = await _opened(case, body.typed, ports) if body.typed is not None else None
    return {"disclosure": body.disclosure, "text": text, "method": body.method, "typed": typed}


async def _suitability(case: Case, body: SuitabilityAssessed, ports: Ports) -> Shown:
    compiled = ports.catalogue.of(case)
    spoke = [rule for rule in compiled.product.suitability.rules if rule.id in body.rules]
    return {
        "facts": await _all_opened(case, body.facts, ports),
        "outcome": body.outcome,
        "reasons": [
            {locale: sentence(compiled, rule.reason, locale) for locale in compiled.product.languages.offered}
            for rule in spoke
        ],
        "statement": await _opened(case, body.override, ports) if body.override is not None else None,
    }


async def _needs(case: Case, body: NeedsTold, ports: Ports) -> Shown:
    return {"facts": await _all_opened(case, body.facts, ports)}


async def _risk(case: Case, body: RiskGraded, ports: Ports) -> Shown:
    compiled = ports.catalogue.of(case)
    test = compiled.product.suitability.risk
    if test is None or digest_of(test) != body.questionnaire:
        raise RenderMismatch("the risk questionnaire")
    grade = await _opened(case, body.grade, ports)
    return {**_asked(compiled, test.questions), "answers": await _all_opened(case, body.answers, ports), "grade": grade}


async def _health(case: Case, body: HealthAnswered, ports: Ports) -> Shown:
    compiled = ports.catalogue.of(case)
    health = compiled.product.suitability.health
    if health is None or digest_of(health) != body.questions:
        raise RenderMismatch("the health questions")
    answers = await _all_opened(case, body.answers, ports)
    return {**_asked(compiled, health.questions), "version": body.version, "answers": answers, "outcome": body.outcome}


async def _leaf(_: Case, body: ProductsCompared | ChangesShown, ports: Ports) -> bytes:
    return leaf_bytes(leaf(body, ports))


MADE: dict[type[Body], Callable[[Case, Any, Ports], Awaitable[Shown | bytes]]] = {
    ScreenServed: _screen,
    QuoteShown: _quote,
    QuestionAnswered: _question,
    DisclosureAcknowledged: _disclosure,
    SuitabilityAssessed: _suitability,
    NeedsTold: _needs,
    RiskGraded: _risk,
    HealthAnswered: _health,
    ProductsCompared: _leaf,
    ChangesShown: _leaf,
}


def _as_of(events: Sequence[Event]) -> Case:
    case = Case.start(events[0])
    for event in events[1:]:
        case = case.apply(event)
    return case


def _asked(compiled: Compiled, questions: Sequence[Any]) -> Shown:
    offered: tuple[Locale, ...] = compiled.product.languages.offered
    return {
        "questions": [
            {"id": item.id, "ask": {locale: sentence(compiled, item.ask, locale) for locale in offered}}
            for item in questions
        ]
    }


def _by_full(full: str, ports: Ports) -> Compiled:
    """The product version with this hash. ProductMismatch when none is kept."""
    for name in ports.catalogue.names():
        for compiled in ports.catalogue.versions(name):
            if compiled.hashes.full == full:
                return compiled
    raise ProductMismatch(f"no version {full[:12]}")


async def _opened(case: Case, commitment: Commitment, ports: Ports) -> Any:
    """The value behind a commitment; None once it was erased."""
    found = await ports.vault.reveal(case.id, (commitment,))
    return found[commitment].value if commitment in found else None


async def _all_opened(case: Case, named: dict[str, Commitment], ports: Ports) -> Shown:
    return {name: await _opened(case, commitment, ports) for name, commitment in named.items()}
