"""What another version of a product changed, clause by clause, and what an open journey must read again.

A changed filing is read again by everybody; a changed number by whoever read a clause that shows it; a changed plain
text only where it stands. What did not change stays read (PRD-06).
"""

from collections.abc import Iterator
from typing import Literal

from evidence.events import Frozen
from products.compiled import Compiled, own_texts, texts_of
from products.definition import Clause
from products.template import names_in, terms_in

Change = Literal["added", "removed", "formal", "numbers", "plain", "duty"]
"""`formal`: the filed words; `numbers`: a value it shows; `plain`: its texts; `duty`: must-read, limits or category."""

BLOCKS = ("formal", "numbers", "plain", "rules")


class ClauseChange(Frozen, frozen=True, kw_only=True):
    """`before`, `after`: the filed words where they changed. `values`: names of the numbers that did."""

    clause: str
    changes: tuple[Change, ...]
    values: tuple[str, ...] = ()
    before: str | None = None
    after: str | None = None


class Difference(Frozen, frozen=True, kw_only=True):
    """`hashes`: which of the four partial hashes moved. `read_again`: must-read clauses a journey opens once more."""

    product: str
    older: int
    newer: int
    hashes: tuple[str, ...]
    clauses: tuple[ClauseChange, ...]
    read_again: tuple[str, ...]
    requote: bool
    journey_again: bool


def difference(older: Compiled, newer: Compiled) -> Difference:
    """Two versions of one product, the newer one's clauses in reading order, removed ones last."""
    values = changed_values(older, newer)
    changes = tuple(_changes(older, newer, values))
    touched = {item.clause for item in changes if set(item.changes) - {"removed"}}
    return Difference(
        product=newer.product.id,
        older=older.product.version,
        newer=newer.product.version,
        hashes=tuple(name for name in BLOCKS if getattr(older.hashes, name) != getattr(newer.hashes, name)),
        clauses=changes,
        read_again=tuple(name for name in newer.must_read if _touches(newer.clause(name), touched)),
        requote=older.hashes.numbers != newer.hashes.numbers,
        journey_again=older.hashes.rules != newer.hashes.rules,
    )


def changed_values(older: Compiled, newer: Compiled) -> frozenset[str]:
    """Inputs, params and formulas that mean something else now, and every formula that depends on one of them."""
    found: set[str] = set()
    for one, two in (
        (older.product.inputs, newer.product.inputs),
        (older.product.params, newer.product.params),
        (older.product.formulas, newer.product.formulas),
    ):
        found |= {name for name in {*one, *two} if one.get(name) != two.get(name)}
    tables = {
        name
        for name in {*older.product.tables, *newer.product.tables}
        if older.product.tables.get(name) != newer.product.tables.get(name)
    }
    for compiled in (older, newer):
        for formula in compiled.formulas:
            if formula.names & found or any(f"{table}(" in formula.text.replace(" (", "(") for table in tables):
                found.add(formula.name)
    return frozenset(found)


def _changes(older: Compiled, newer: Compiled, values: frozenset[str]) -> Iterator[ClauseChange]:
    terms = {
        name
        for name in {*older.product.glossary, *newer.product.glossary}
        if older.product.glossary.get(name) != newer.product.glossary.get(name)
    }
    for name, placed in newer.clauses.items():
        after = newer.wording.cut(placed.clause.src)
        if name not in older.clauses:
            yield ClauseChange(clause=name, changes=("added",), after=after)
            continue
        clause = older.clause(name)
        before = older.wording.cut(clause.src)
        shown = _own_names(placed.clause) & values
        said = _said(clause) != _said(placed.clause) or bool(_terms(placed.clause) & terms)
        checks: tuple[tuple[Change, bool], ...] = (
            ("formal", before != after),
            ("numbers", bool(shown)),
            ("plain", said),
            ("duty", _duty(clause) != _duty(placed.clause)),
        )
        changes = tuple(kind for kind, differs in checks if differs)
        if changes:
            formal = before != after
            yield ClauseChange(
                clause=name,
                changes=changes,
                values=tuple(sorted(shown)),
                before=before if formal else None,
                after=after if formal else None,
            )
    for name, placed in older.clauses.items():
        if name not in newer.clauses:
            yield ClauseChange(clause=name, changes=("removed",), before=older.wording.cut(placed.clause.src))


def _touches(clause: Clause, touched: set[str]) -> bool:
    """A must-read page shows its items too."""
    return clause.id in touched or any(_touches(child, touched) for child in clause.children)


def _said(clause: Clause) -> list[tuple[str, dict[str, str]]]:
    return [(part, {str(locale): text for locale, text in texts.items()}) for part, texts in own_texts(clause)]


def _duty(clause: Clause) -> tuple[object, ...]:
    return (clause.cat, clause.must_read, clause.limits_provider, clause.dwell_s, clause.applies_to)


def _own_names(clause: Clause) -> frozenset[str]:
    return frozenset(name for _, text in own_texts(clause) for template in text.values() for name in names_in(template))


def _terms(clause: Clause) -> frozenset[str]:
    return frozenset(term for _, text in texts_of(clause) for template in text.values() for term in terms_in(template))
