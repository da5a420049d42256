"""What a definition consists of: its hashes, tables, expressions, sentences and references, each with its path."""

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from evidence import decode
from products.compiled import Hashes, Placed, own_texts
from products.definition import Clause, Product, TableDef, Text
from products.errors import FormulaFailed
from products.expression import parse
from products.formula import Table
from products.units import fits, unit_of

_DECIMAL = re.compile(r"^-?\d+(?:\.\d+)?$")


def canonical_of(product: Product) -> bytes:
    """Canonical JSON of all of it but `status`: approval and sale change the status, never what was approved."""
    whole: dict[str, Any] = msgspec.to_builtins(product)
    whole.pop("status")
    return decode.encode(whole)


def hashes(product: Product, canonical: bytes) -> Hashes:
    """The five hashes. The pinned files enter by the hashes the definition pins them with."""
    whole: dict[str, Any] = msgspec.to_builtins(product)

    def over(*blocks: str) -> str:
        return decode.digest({name: whole.get(name) for name in blocks})

    return Hashes(
        formal=decode.digest(
            {
                "source": whole["source"],
                "handouts": whole.get("handouts"),
                "clauses": [_spans(clause) for clause in product.clauses],
            }
        ),
        numbers=over("inputs", "params", "tables", "formulas", "checks", "examples"),
        plain=over("clauses", "glossary", "questions", "summary", "uncertainty", "kid"),
        rules=over("suitability", "journey", "disclosures", "grade", "sale", "provider", "waivers"),
        full=hashlib.sha256(canonical).hexdigest(),
    )


def read_table(name: str, table: TableDef, data: bytes) -> Table:
    """The cells of a CSV whose header is the key columns, then `value`. ValueError with the line of what is wrong."""
    rows = csv.reader(io.StringIO(data.decode("utf-8"), newline=""))
    header = [*(column.name for column in table.keys), "value"]
    if next(rows, None) != header:
        raise ValueError(f"{table.file}: the header must be {','.join(header)}")
    cells: dict[tuple[str, ...], Decimal] = {}
    for row in rows:
        if len(row) != len(header) or not _DECIMAL.match(row[-1]):
            raise ValueError(f"{table.file} line {rows.line_num}: a cell is missing or not a number")
        key = tuple(row[:-1])
        if key in cells:
            raise ValueError(f"{table.file} line {rows.line_num}: {','.join(key)} stands twice")
        cells[key] = Decimal(row[-1])
    return Table(name=name, units=tuple(column.type for column in table.keys), unit=table.value, cells=cells)


def expressions(product: Product) -> Iterator[tuple[str, str, dict[str, str], str]]:
    """(path, expression, units of further names, wanted unit) of everything computed outside `formulas`."""
    for number, item in enumerate(product.checks):
        yield f"checks[{number}].require", item.require, {}, "truth"
    facts: dict[str, str] = {name: item.type for name, item in product.suitability.facts.items()}
    for number, rule in enumerate(product.suitability.rules):
        for verb in ("deny", "escalate", "warn"):
            condition = getattr(rule, verb)
            if condition is not None:
                yield f"suitability.rules[{number}].{verb}", condition, facts, "truth"
    thinking = product.suitability.thinking
    if thinking is not None:
        yield "suitability.thinking.when", thinking.when, facts, "truth"
    for number, question in enumerate(product.questions):
        if not question.choices:
            yield f"questions[{number}].answer", question.answer, {}, question.unit
            for place, wrong in enumerate(question.wrong):
                yield f"questions[{number}].wrong[{place}]", wrong, {}, question.unit


def texts(product: Product, clauses: Mapping[str, Placed]) -> Iterator[tuple[str, Text, bool]]:
    """(path, text, whether the customer's own numbers may stand in it) of every authored sentence."""
    for placed in clauses.values():
        for part, text in own_texts(placed.clause):
            yield f"{placed.at}.{part}", text, True
    for name, term in product.glossary.items():
        yield f"glossary.{name}.plain", term.plain, False
    for number, disclosure in enumerate(product.disclosures):
        # An acknowledgement seals the plain hash of its text: a personal number could be guessed from it.
        yield f"disclosures[{number}].text", disclosure.text, False
    for number, question in enumerate(product.questions):
        yield f"questions[{number}].ask", question.ask, True
        for choice in question.choices:
            yield f"questions[{number}].choices", choice.label, False
    for number, rule in enumerate(product.suitability.rules):
        yield f"suitability.rules[{number}].reason", rule.reason, False
        if rule.declaration is not None:
            yield f"suitability.rules[{number}].declaration", rule.declaration, False
    yield from _questionnaires(product)
    for number, check_ in enumerate(product.checks):
        yield f"checks[{number}].reason", check_.reason, False
    for number, line in enumerate(product.summary):
        yield f"summary[{number}].text", line.text, False
    if product.uncertainty is not None:
        yield "uncertainty", product.uncertainty, False
    if product.kid is not None:
        yield "kid.audience", product.kid.audience, False
        yield "kid.holding", product.kid.holding, False


def _questionnaires(product: Product) -> Iterator[tuple[str, Text, bool]]:
    risk, health = product.suitability.risk, product.suitability.health
    for number, question in enumerate(risk.questions if risk else ()):
        yield f"suitability.risk.questions[{number}].ask", question.ask, False
        for place, choice in enumerate(question.choices):
            yield f"suitability.risk.questions[{number}].choices[{place}].label", choice.label, False
    for number, asked in enumerate(health.questions if health else ()):
        yield f"suitability.health.questions[{number}].ask", asked.ask, False
        yield f"suitability.health.questions[{number}].effect", asked.effect, False


def clause_references(product: Product, clauses: Mapping[str, Placed]) -> Iterator[tuple[str, str]]:
    for name, param in product.params.items():
        yield f"params.{name}.clause", param.clause
    for name, term in product.glossary.items():
        yield f"glossary.{name}.clause", term.clause
    for placed in clauses.values():
        for clause in placed.clause.applies_to:
            yield f"{placed.at}.applies_to", clause
    for number, disclosure in enumerate(product.disclosures):
        for clause in disclosure.clauses:
            yield f"disclosures[{number}].clauses", clause
    for number, question in enumerate(product.questions):
        yield f"questions[{number}].clause", question.clause
    for number, line in enumerate(product.summary):
        yield f"summary[{number}].clause", line.clause


def expect(expr: str, units: Mapping[str, str], tables: Mapping[str, Table], wanted: str) -> bool:
    found = unit_of(parse(expr), units, tables)
    if not (found == wanted or (wanted != "truth" and fits(found, wanted))):
        raise FormulaFailed(f"comes to {found}, {wanted} wanted")
    return True


def _spans(clause: Clause) -> list[Any]:
    return [clause.id, clause.src, [_spans(child) for child in clause.children]]
