"""Comprehension questions in the customer's own numbers."""

import hashlib
from collections.abc import Mapping

from evidence.case import Case
from evidence.events import Frozen, Locale
from products.compiled import Compiled
from products.definition import Question
from products.expression import names_of, parse
from products.formula import Value, evaluate, plain, settled
from products.render import sentence
from products.template import say


class Option(Frozen, frozen=True, kw_only=True):
    """`value` is what an answer names; it tells nothing of which one is right."""

    value: str
    text: dict[Locale, str]


def options(compiled: Compiled, question: Question, values: Mapping[str, Value], seed: str) -> tuple[Option, ...]:
    """Right and wrong answers, each once, in an order that follows from `seed` (the case id) and stays the same."""
    offered = compiled.product.languages.offered
    if question.choices:
        found = {
            choice.value: Option(
                value=choice.value, text={locale: sentence(compiled, choice.label, locale) for locale in offered}
            )
            for choice in question.choices
        }
    else:
        found = {}
        for expr in (question.answer, *question.wrong):
            value = computed(compiled, question, expr, values)
            found.setdefault(plain(value), _option(question, value, offered))
    ordered = sorted(found.values(), key=lambda item: _place(seed, question.id, item.value))
    return tuple(ordered)


def right(compiled: Compiled, question: Question, values: Mapping[str, Value]) -> str:
    """The value of the right option."""
    return question.answer if question.choices else plain(computed(compiled, question, question.answer, values))


def computed(compiled: Compiled, question: Question, expr: str, values: Mapping[str, Value]) -> Value:
    value, _ = evaluate(expr, parse(expr), values, compiled.tables)
    return settled(value, question.unit)


def is_asked(case: Case, question: Question) -> bool:
    """A spare question is only asked of who read in a rush."""
    rush = case.reading.rush
    return (
        not question.spare
        or question.id in case.reading.answered
        or (rush is not None and rush.question == question.id)
    )


def tries_of(question: Question) -> int:
    """Misses until the question is shut."""
    return 1 if question.on_wrong == "human" else question.tries


def uses(question: Question) -> frozenset[str]:
    """Every value name its answers depend on."""
    if question.choices:
        return frozenset()
    return frozenset().union(*(names_of(parse(expr)) for expr in (question.answer, *question.wrong)))


def _option(question: Question, value: Value, offered: tuple[Locale, ...]) -> Option:
    form = question.unit if question.unit in ("money", "percent") else "plain"
    texts: dict[Locale, str] = {}
    for locale in offered:
        said = plain(value) if isinstance(value, bool) else say(value, form, locale)
        suffix = question.suffix[locale] if question.suffix else ""
        texts[locale] = f"{said} {suffix}".strip() if locale == "en" else said + suffix
    return Option(value=plain(value), text=texts)


def _place(seed: str, question: str, value: str) -> bytes:
    return hashlib.sha256(f"{seed}/{question}/{value}".encode()).digest()
