"""Where a finding stands: the clause that claims a piece of wording, and the texts a reader sees."""

import re
from collections.abc import Callable, Iterator

from evidence.events import Locale
from products.compiled import Compiled
from products.contents import texts
from products.definition import Clause, Text
from products.findings import Severity
from products.template import parse_template

Found = tuple[str, str]
"""Path and message."""

Rules = tuple[tuple[str, Severity, Callable[[Compiled], Iterator[Found]]], ...]
"""Id, severity and the rule itself."""

_SENTENCE = re.compile(r"[。！？!?；;\n]+")


def at_segment(compiled: Compiled, number: str) -> str:
    """The path of the clause that claims a piece of wording; `source` for what is skipped."""
    return next((placed.at for placed in compiled.clauses.values() if placed.clause.src == number), "source")


def upward(compiled: Compiled, name: str | None) -> Iterator[Clause]:
    """A clause and all it stands below."""
    while name is not None:
        placed = compiled.clauses[name]
        yield placed.clause
        name = placed.parent


def sentences(text: str) -> list[str]:
    return [part for part in _SENTENCE.split(text) if part.strip()]


def typed(template: str) -> str:
    """A text as it reads without its values: terms stay, holes become one blank."""
    return "".join(part.text if part.kind in ("words", "term") else " " for part in parse_template(template))


def every_text(compiled: Compiled) -> Iterator[tuple[str, Text]]:
    """Path and text of everything authored in each language."""
    product = compiled.product
    yield "names", product.names
    yield "provider.name", product.provider.name
    for path, text, _ in texts(product, compiled.clauses):
        yield path, text
    for block, items in (("inputs", product.inputs), ("suitability.facts", product.suitability.facts)):
        for name, item in items.items():
            yield f"{block}.{name}.label", item.label
            for choice in item.choices:
                yield f"{block}.{name}.choices", choice.label
    for name, formula in product.formulas.items():
        if formula.label is not None:
            yield f"formulas.{name}.label", formula.label
    for name, term in product.glossary.items():
        yield f"glossary.{name}.term", term.term


def chinese(compiled: Compiled) -> Iterator[tuple[str, str]]:
    """Path and Chinese template of every sentence shown."""
    locale: Locale = "zh-CN"
    for path, text, _ in texts(compiled.product, compiled.clauses):
        if locale in text:
            yield f"{path}.{locale}", text[locale]
