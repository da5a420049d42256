"""A product ready for use: parsed, typed, hashed. Pure look-ups over one exact version."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from evidence.events import Frozen, Sha256
from evidence.policy import ProductRef
from products.definition import Clause, Product, Text
from products.formula import Formula, Table
from products.template import names_in
from products.wording import Wording


class Hashes(Frozen, frozen=True, kw_only=True):
    """SHA-256 over canonical JSON; which one changed tells what kind of change it is. `full` covers all but status."""

    formal: Sha256
    numbers: Sha256
    plain: Sha256
    rules: Sha256
    full: Sha256


@dataclass(frozen=True)
class Placed:
    """A clause in its tree. `at`: path in the definition file."""

    clause: Clause
    parent: str | None
    at: str


@dataclass(frozen=True)
class Compiled:
    """`canonical`: the bytes `full` is the hash of. `files`: what it pins, by name: the wording and the tables."""

    product: Product
    hashes: Hashes
    canonical: bytes
    wording: Wording
    tables: Mapping[str, Table]
    formulas: tuple[Formula, ...]  # each after those it uses
    units: Mapping[str, str]  # of every input, param and formula
    clauses: Mapping[str, Placed]  # in reading order, parents before children
    files: Mapping[str, bytes]
    lines: Mapping[str, int]

    @property
    def ref(self) -> ProductRef:
        product = self.product
        return ProductRef(
            id=product.id,
            version=product.version,
            kind=product.kind,
            full=self.hashes.full,
            names={str(locale): name for locale, name in product.names.items()},
        )

    @cached_property
    def params(self) -> dict[str, Decimal]:
        return {name: Decimal(param.value) for name, param in self.product.params.items()}

    @cached_property
    def personal_names(self) -> frozenset[str]:
        """Inputs, and every formula that depends on one."""
        found = set(self.product.inputs)
        for formula in self.formulas:
            if formula.names & found:
                found.add(formula.name)
        return frozenset(found)

    @cached_property
    def must_read(self) -> tuple[str, ...]:
        return tuple(name for name, placed in self.clauses.items() if placed.clause.must_read)

    def clause(self, name: str) -> Clause:
        return self.clauses[name].clause

    def uses(self, clause: Clause) -> frozenset[str]:
        """Every value name in what a reader of this clause sees, its items included."""
        names: set[str] = set()
        for _, text in texts_of(clause):
            for template in text.values():
                names |= names_in(template)
        return frozenset(names)

    def is_personal(self, clause: Clause) -> bool:
        return bool(self.uses(clause) & self.personal_names)


def texts_of(clause: Clause) -> Iterator[tuple[str, Text]]:
    """Every authored text shown with a clause, its items included."""
    yield from own_texts(clause)
    for child in clause.children:
        yield from texts_of(child)


def own_texts(clause: Clause) -> Iterator[tuple[str, Text]]:
    """(path within the clause, text)."""
    if clause.title is not None:
        yield "title", clause.title
    yield "one", clause.one
    if clause.plain is not None:
        yield "plain", clause.plain
    if clause.explain is not None:
        yield "explain.what", clause.explain.what
        if isinstance(clause.explain.covers, dict):
            yield "explain.covers", clause.explain.covers
        yield "explain.effect", clause.explain.effect


def text_sha256(text: str) -> str:
    """What an acknowledgement names: SHA-256 of the UTF-8 of exactly the sentence shown."""
    return hashlib.sha256(text.encode()).hexdigest()
