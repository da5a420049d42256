"""From an author's folder to a `Compiled` product, or to a list of everything wrong with it, by line."""

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from products.compiled import Compiled, Placed
from products.contents import canonical_of, clause_references, expect, expressions, hashes, read_table, texts
from products.definition import Clause, Product
from products.errors import DefinitionInvalid, FormulaFailed, InputInvalid, QuoteOutside
from products.expression import RESERVED, names_of, parse
from products.findings import Finding
from products.formula import Formula, Table, in_order
from products.positions import Positioned, line_of, read_yaml, typed
from products.quoting import compute_quote, given
from products.suitability.questionnaire import problems
from products.template import names_in, parse_template, terms_in
from products.units import check
from products.wording import Wording, read_wording, uncovered

DEFINITION = "product.yaml"
MAX_FILE = 16_000_000  # bytes of one wording or table
_DECIMAL = re.compile(r"^-?\d+(?:\.\d+)?$")


def load(folder: Path) -> Compiled:
    """Read `product.yaml` and the files it pins from `folder`. DefinitionInvalid lists what is wrong."""
    definition = (folder / DEFINITION).read_bytes()
    names = {path.name for path in folder.iterdir() if path.is_file() and path.suffix in (".txt", ".csv")}
    return compile_product(definition, {name: _bounded(folder / name) for name in sorted(names)})


def compile_product(definition: bytes, files: Mapping[str, bytes]) -> Compiled:
    """Pure: the same bytes give the same hashes. DefinitionInvalid lists what is wrong, with rule and line."""
    source = read_yaml(definition)
    product = typed(source, Product)
    return _Compilation(source, product, files).run()


def _bounded(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_FILE + 1)


class _Compilation:
    """Steps in order; each reports all it finds, and a step never runs on what an earlier one refused."""

    def __init__(self, source: Positioned, product: Product, files: Mapping[str, bytes]) -> None:
        self.source = source
        self.product = product
        self.files = files
        self.findings: list[Finding] = []

    def run(self) -> Compiled:
        clauses = self._clauses()
        wording = self._wording(clauses)
        self._handouts()
        tables = self._tables()
        units = self._units()
        self._stop()
        formulas = self._formulas(units, tables)
        self._stop()
        self._expressions(units, tables)
        self._texts(units, clauses)
        self._references(clauses)
        self._stop()
        compiled = self._compiled(wording, tables, formulas, units, clauses)
        self._personal(compiled)
        self._examples(compiled)
        self._stop()
        return compiled

    # --- reporting -----------------------------------------------------------------------------------------------

    def _wrong(self, rule: str, path: str, message: str) -> None:
        line = line_of(self.source.lines, path)
        self.findings.append(Finding(rule=rule, path=path, line=line, message=message))

    def _stop(self) -> None:
        if self.findings:
            raise DefinitionInvalid(tuple(self.findings))

    def _try(self, rule: str, path: str, what: Callable[..., Any], *args: Any) -> Any:
        try:
            return what(*args)
        except (FormulaFailed, InputInvalid, QuoteOutside, ValueError) as error:
            self._wrong(rule, path, str(error))
            return None

    # --- steps ---------------------------------------------------------------------------------------------------

    def _clauses(self) -> dict[str, Placed]:
        found: dict[str, Placed] = {}

        def walk(clauses: tuple[Clause, ...], parent: str | None, path: str) -> None:
            for number, clause in enumerate(clauses):
                at = f"{path}[{number}]"
                if clause.id in found:
                    self._wrong("L00", at, f"clause {clause.id} stands twice")
                found[clause.id] = Placed(clause=clause, parent=parent, at=at)
                walk(clause.children, clause.id, f"{at}.children")

        walk(self.product.clauses, None, "clauses")
        return found

    def _pinned(self, path: str, name: str, sha256: str) -> bytes | None:
        data = self.files.get(name)
        if data is None:
            self._wrong("L00", path, f"file {name} is missing")
        elif len(data) > MAX_FILE:
            self._wrong("L00", path, f"{name} is larger than {MAX_FILE} bytes")
        elif hashlib.sha256(data).hexdigest() != sha256:
            self._wrong("L00", f"{path}.sha256", f"{name} hashes to {hashlib.sha256(data).hexdigest()}")
        return data

    def _wording(self, clauses: dict[str, Placed]) -> Wording:
        source = self.product.source
        data = self._pinned("source", source.file, source.sha256)
        wording = self._try("L01", "source", read_wording, data) if data is not None else None
        if not isinstance(wording, Wording):
            self._stop()
            raise AssertionError("a finding was recorded")
        by_number = {placed.clause.src: placed.at for placed in clauses.values()}
        for number, problem in uncovered(wording, [placed.clause.src for placed in clauses.values()], source.skip):
            self._wrong("L01", by_number.get(number, "source"), f"segment {number} is {problem}")
        self._stop()
        return wording

    def _handouts(self) -> None:
        for name, handout in self.product.handouts.items():
            data = self._pinned(f"handouts.{name}", handout.file, handout.sha256)
            if data is not None:
                self._try("L10", f"handouts.{name}", data.decode, "utf-8")

    def _tables(self) -> dict[str, Table]:
        tables: dict[str, Table] = {}
        for name, table in self.product.tables.items():
            path = f"tables.{name}"
            data = self._pinned(path, table.file, table.sha256)
            read = self._try("L13", path, read_table, name, table, data) if data else None
            if isinstance(read, Table):
                tables[name] = read
        return tables

    def _units(self) -> dict[str, str]:
        units: dict[str, str] = {}
        blocks: tuple[tuple[str, dict[str, str]], ...] = (
            ("inputs", {name: item.type for name, item in self.product.inputs.items()}),
            ("params", {name: item.unit for name, item in self.product.params.items()}),
            ("formulas", {name: item.unit for name, item in self.product.formulas.items()}),
        )
        for block, names in blocks:
            for name, unit in names.items():
                if name in units or name in RESERVED or name in self.product.tables:
                    self._wrong("L11", f"{block}.{name}", f"the name {name} is already used")
                units[name] = unit
        for name, param in self.product.params.items():
            if not _DECIMAL.match(str(param.value)):
                self._wrong("L09", f"params.{name}.value", "not a number")
        for name, item in self.product.inputs.items():
            self._input(f"inputs.{name}", name, item.default)
        for name, item in self.product.suitability.facts.items():
            if name in units:
                self._wrong("L11", f"suitability.facts.{name}", f"the name {name} is already used")
            self._input(f"suitability.facts.{name}", name, item.default)
        return units

    def _input(self, path: str, name: str, default: int | str | None) -> None:
        items = {**self.product.inputs, **self.product.suitability.facts}
        item = items[name]
        if (item.type == "choice") != bool(item.choices):
            self._wrong("L00", path, "choices belong to type choice, and only there")
        for bound in (item.min, item.max, item.step):
            if bound is not None and not _DECIMAL.match(str(bound)):
                self._wrong("L00", path, f"bound {bound} is not a number")
        if default is not None and not self.findings:
            self._try("L00", f"{path}.default", given, {name: item}, {name: default})

    def _formulas(self, units: Mapping[str, str], tables: Mapping[str, Table]) -> tuple[Formula, ...]:
        found: dict[str, Formula] = {}
        for name, item in self.product.formulas.items():
            node = self._try("L11", f"formulas.{name}.expr", parse, item.expr)
            if node is not None:
                found[name] = Formula(name=name, unit=item.unit, text=item.expr, node=node)
        for name, formula in found.items():
            self._try("L11", f"formulas.{name}.expr", check, formula, units, tables)
        ordered = self._try("L11", "formulas", in_order, found)
        return ordered or ()

    def _expressions(self, units: Mapping[str, str], tables: Mapping[str, Table]) -> None:
        for path, expr, extra, wanted in expressions(self.product):
            self._try("L11", path, expect, expr, {**units, **extra}, tables, wanted)
        inputs = set(self.product.inputs) | set(self.product.params)
        for number, item in enumerate(self.product.checks):
            for name in sorted(names_of(parse(item.require)) - inputs):
                self._wrong("L11", f"checks[{number}].require", f"{name} is not an input: checks come before formulas")

    def _texts(self, units: Mapping[str, str], clauses: Mapping[str, Placed]) -> None:
        for path, text, allowed in texts(self.product, clauses):
            for locale, template in text.items():
                at = f"{path}.{locale}"
                if self._try("L00", at, parse_template, template) is None:
                    continue
                for name in sorted(names_in(template) - set(units)):
                    self._wrong("L00", at, f"unknown value {{{name}}}")
                for term in sorted(terms_in(template) - set(self.product.glossary)):
                    self._wrong("L15", at, f"term {term} is not in the glossary")
                if not allowed:
                    for name in sorted(names_in(template) - set(self.product.params)):
                        self._wrong("L00", at, f"only params may stand here, not {{{name}}}")

    def _references(self, clauses: Mapping[str, Placed]) -> None:
        for path, name in clause_references(self.product, clauses):
            if name not in clauses:
                self._wrong("L00", path, f"no clause {name}")
        journey = self.product.journey
        if journey.hesitation is not None and journey.hesitation not in self.product.params:
            self._wrong("L00", "journey.hesitation", f"no param {journey.hesitation}")
        for number, rule in enumerate(self.product.suitability.rules):
            if sum(condition is not None for condition in (rule.deny, rule.escalate, rule.warn)) != 1:
                self._wrong("L00", f"suitability.rules[{number}]", "exactly one of deny, escalate and warn")
        for path, message in problems(self.product):
            self._wrong("L00", path, message)
        for number, question in enumerate(self.product.questions):
            values = [choice.value for choice in question.choices]
            if values and (question.answer not in values or question.wrong):
                self._wrong("L22", f"questions[{number}]", "the answer is one of the choices, and wrong stays empty")
            if not values and not question.wrong:
                self._wrong("L22", f"questions[{number}]", "no wrong answer")

    def _personal(self, compiled: Compiled) -> None:
        for placed in compiled.clauses.values():
            if compiled.is_personal(placed.clause) != placed.clause.personal:
                verb = "shows" if not placed.clause.personal else "shows none of"
                self._wrong("L00", placed.at, f"personal: the clause {verb} the customer's own numbers")

    def _examples(self, compiled: Compiled) -> None:
        for number, example in enumerate(self.product.examples):
            path = f"examples[{number}]"
            quote = self._try("L12", path, compute_quote, compiled, example.given)
            if quote is None:
                continue
            for name, wanted in example.out.items():
                if quote.outputs.get(name) != wanted:
                    self._wrong("L12", f"{path}.out.{name}", f"{wanted} expected, {quote.outputs.get(name)} computed")

    def _compiled(
        self,
        wording: Wording,
        tables: Mapping[str, Table],
        formulas: tuple[Formula, ...],
        units: Mapping[str, str],
        clauses: Mapping[str, Placed],
    ) -> Compiled:
        canonical = canonical_of(self.product)
        product = self.product
        pinned = [product.source.file, *(table.file for table in product.tables.values())]
        pinned += [handout.file for handout in product.handouts.values()]
        return Compiled(
            product=self.product,
            hashes=hashes(self.product, canonical),
            canonical=canonical,
            wording=wording,
            tables=tables,
            formulas=formulas,
            units=units,
            clauses=clauses,
            files={name: self.files[name] for name in pinned},
            lines=self.source.lines,
        )
