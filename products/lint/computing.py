"""Formulas, examples and questions: they compute for every customer, and somebody has shown that they do."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from products.compiled import Compiled
from products.contents import expressions
from products.definition import Input, Question
from products.errors import FormulaFailed, InputInvalid, QuoteOutside
from products.expression import parse
from products.formula import Value, plain
from products.lint.places import Found, Rules, sentences, typed
from products.lint.ranges import MANY, ZeroDivisor, of_facts, span_of, spans_of, table_spans
from products.questions import computed, options
from products.quoting import compute_quote, values_of
from products.template import han

DECADE = 10
YEARLY = 10  # 一年期以上人身保险产品信息披露规则: the first ten years are shown one by one
ASK_MOST = 40  # Han characters of one sentence of a question


def formulas_are_sound(compiled: Compiled) -> Iterator[Found]:
    """L11: no divisor can be zero, and money is rounded by a stated rule."""
    spans, problems = spans_of(compiled)
    for name, divisor in problems.items():
        yield f"formulas.{name}.expr", f"{divisor} can be zero: guard it with if()"
    for name, formula in compiled.product.formulas.items():
        if formula.unit == "money" and spans[name].places > 2 and name not in problems:
            said = "without end" if spans[name].places >= MANY else str(spans[name].places)
            yield f"formulas.{name}.expr", f"money with decimals {said}: state the rounding"
    known = {**spans, **of_facts(compiled.product.suitability.facts)}
    tables = table_spans(compiled)
    for path, expr, _, _ in expressions(compiled.product):
        try:
            span_of(parse(expr), known, tables, expr)
        except ZeroDivisor as problem:
            yield path, f"{problem} can be zero: guard it with if()"


def formulas_have_examples(compiled: Compiled) -> Iterator[Found]:
    """L12: each labelled line, each decade of age, each period offered and each of the first ten years has a row."""
    product = compiled.product
    shown = {name for name, formula in product.formulas.items() if formula.label is not None}
    proven = {name for example in product.examples for name in example.out}
    for name in sorted(shown - proven):
        yield f"formulas.{name}", "no example gives its value"
    if not shown:
        return
    for name, item in product.inputs.items():
        given = {
            Decimal(str(example.given.get(name, item.default)))
            for example in product.examples
            if _has(example.given, name, item)
        }
        missing = [
            band for band in _bands(item) if not any(low <= value <= high for value in given for low, high in [band])
        ]
        if missing:
            said = ", ".join(f"{low}" if low == high else f"{low} to {high}" for low, high in missing)
            yield f"inputs.{name}", f"no example with {name} {said}"


def _has(given: Mapping[str, int | str], name: str, item: Input) -> bool:
    return item.type != "choice" and (name in given or item.default is not None)


def _bands(item: Input) -> list[tuple[int, int]]:
    """Ranges of an input of which each wants an example."""
    if item.one_of:
        return [(value, value) for value in item.one_of]
    if item.min is None or item.max is None:
        return []
    low, high = int(Decimal(item.min)), int(Decimal(item.max))
    if item.type == "age":
        return [(at, min(at + DECADE - 1, high)) for at in range(low, high + 1, DECADE)]
    if item.type == "years" and item.slider:
        return [(year, year) for year in range(low, min(high, YEARLY) + 1)]
    return []


def questions_can_be_answered(compiled: Compiled) -> Iterator[Found]:
    """L22: about a must-read clause, short, and right and wrong answers differ for every customer tried."""
    for number, question in enumerate(compiled.product.questions):
        path = f"questions[{number}]"
        if question.clause not in compiled.must_read:
            yield path, f"{question.clause} is not must-read"
        if any(han(part) > ASK_MOST for part in sentences(typed(question.ask.get("zh-CN", "")))):
            yield f"{path}.ask", f"a sentence of more than {ASK_MOST} characters"
        problem = next(_unanswerable(compiled, question), None)
        if problem is not None:
            yield path, problem


def _unanswerable(compiled: Compiled, question: Question) -> Iterator[str]:
    if question.choices:
        if len({choice.label.get("zh-CN") for choice in question.choices}) < max(2, len(question.choices)):
            yield "two choices read the same"
        return
    for example in compiled.product.examples:
        try:
            quote = compute_quote(compiled, example.given)
            options(compiled, question, values_of(compiled, quote.inputs, quote.outputs), "lint")
        except (FormulaFailed, InputInvalid, QuoteOutside) as error:
            yield str(error)
            return
    for values in samples(compiled):
        try:
            right = plain(computed(compiled, question, question.answer, values))
            wrong = {plain(computed(compiled, question, expr, values)) for expr in question.wrong}
        except FormulaFailed as error:
            yield str(error)
            return
        if right in wrong:
            told = ", ".join(f"{name} {plain(values[name])}" for name in compiled.product.inputs)
            yield f"a wrong answer is the right one for {told}"
            return


def samples(compiled: Compiled) -> Iterator[dict[str, Value]]:
    """Customers to try: every example, and each example with one input at each of its ends or listed values."""
    seen: set[tuple[tuple[str, int | str], ...]] = set()
    for example in compiled.product.examples[:4]:
        rows = [dict(example.given)]
        for name, item in compiled.product.inputs.items():
            rows += [{**example.given, name: value} for value in _ends(item)]
        for row in rows:
            key = tuple(sorted(row.items()))
            if key in seen:
                continue
            seen.add(key)
            try:
                quote = compute_quote(compiled, row)
            except (FormulaFailed, InputInvalid, QuoteOutside):
                continue  # a combination nobody can choose; L13 says where a table lacks a cell
            yield values_of(compiled, quote.inputs, quote.outputs)


def _ends(item: Input) -> tuple[int | str, ...]:
    if item.choices:
        return tuple(choice.value for choice in item.choices)
    return item.one_of or tuple(bound for bound in (item.min, item.max) if bound is not None)


RULES: Rules = (
    ("L11", "E", formulas_are_sound),
    ("L12", "E", formulas_have_examples),
    ("L22", "E", questions_can_be_answered),
)
