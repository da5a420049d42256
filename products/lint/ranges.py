"""What values an expression can take and how many decimal places they can have, without computing every one.

Intervals over the bounds of the inputs, the params and the table cells. They err on the wide side: a divisor that
might be zero is reported even where other inputs would forbid it; `if(x > 0, a / x, 0)` says that it cannot.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Context, Decimal

from products.compiled import Compiled
from products.definition import Input
from products.expression import ROUNDINGS, Node

BIG = Decimal(10) ** 60  # stands for "no bound"
MANY = 99  # decimal places without end

_CONTEXT = Context(prec=40)
_EXACT = Decimal(10) ** 24  # beyond it rounding moves nothing that matters here
_ROUND = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "down": ROUND_DOWN, "up": ROUND_UP}
_TURNED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_MIRROR = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


@dataclass(frozen=True)
class Span:
    """All values from `low` to `high`; `nonzero` when 0 is known not to be one of them. `places`: decimals at most."""

    low: Decimal
    high: Decimal
    places: int = 0
    nonzero: bool = False

    @property
    def holds_zero(self) -> bool:
        return not self.nonzero and self.low <= 0 <= self.high


ANY = Span(-BIG, BIG, MANY)


class ZeroDivisor(Exception):
    """Carries the text of a divisor that can be zero."""


def spans_of(compiled: Compiled) -> tuple[dict[str, Span], dict[str, str]]:
    """Span of every name, and for each formula that divides by what can be zero, that divisor."""
    spans = {name: _of_input(item) for name, item in compiled.product.inputs.items()}
    for name, number in compiled.params.items():
        spans[name] = Span(number, number, _places(number))
    tables = table_spans(compiled)
    problems: dict[str, str] = {}
    for formula in compiled.formulas:
        try:
            spans[formula.name] = span_of(formula.node, spans, tables, formula.text)
        except ZeroDivisor as problem:
            problems[formula.name] = str(problem)
            spans[formula.name] = ANY
    return spans, problems


def table_spans(compiled: Compiled) -> dict[str, Span]:
    found = {}
    for name, table in compiled.tables.items():
        cells = table.cells.values()
        found[name] = (
            Span(min(cells), max(cells), max(map(_places, cells)), 0 not in set(cells)) if cells else Span(*(BIG,) * 2)
        )
    return found


def of_facts(items: Mapping[str, Input]) -> dict[str, Span]:
    return {name: _of_input(item) for name, item in items.items()}


def span_of(node: Node, spans: Mapping[str, Span], tables: Mapping[str, Span], text: str) -> Span:
    """ZeroDivisor when somewhere in it a divisor can be zero."""
    return _Walk(tables, text).of(node, dict(spans))


class _Walk:
    def __init__(self, tables: Mapping[str, Span], text: str) -> None:
        self.tables = tables
        self.text = text

    def of(self, node: Node, spans: dict[str, Span]) -> Span:
        match node.op:
            case "number":
                number = Decimal(node.value)
                return Span(number, number, _places(number))
            case "text" | "not" | "and" | "or" | "==" | "!=" | "<" | "<=" | ">" | ">=":
                for arg in node.args:
                    self.of(arg, spans)
                return ANY
            case "name":
                return spans.get(str(node.value), ANY)
            case "call":
                return self._call(node, spans)
        inner = [self.of(arg, spans) for arg in node.args]
        match node.op:
            case "neg":
                one = inner[0]
                return Span(-one.high, -one.low, one.places, one.nonzero)
            case "/" if inner[1].holds_zero:
                divisor = node.args[1]
                raise ZeroDivisor(self.text[divisor.start : divisor.end])
            case _:
                return _combined(node.op, *inner)

    def _call(self, node: Node, spans: dict[str, Span]) -> Span:
        name, args = str(node.value), node.args
        match name:
            case "if":
                self.of(args[0], spans)
                yes = self.of(args[1], narrowed(args[0], True, spans))
                return _joined([yes, self.of(args[2], narrowed(args[0], False, spans))])
            case "total" | "carry" | "root":
                return self._bound(name, args, spans)
        inner = [self.of(arg, spans) for arg in args]
        match name:
            case "min":
                return Span(min(i.low for i in inner), min(i.high for i in inner), max(i.places for i in inner))
            case "max":
                return Span(max(i.low for i in inner), max(i.high for i in inner), max(i.places for i in inner))
            case "pow":
                return _power(*inner)
            case _ if name in ROUNDINGS:
                return _rounded(inner[0], int(inner[1].low), name)
        return self.tables.get(name, ANY)

    def _bound(self, name: str, args: tuple[Node, ...], spans: dict[str, Span]) -> Span:
        if name == "root":
            low, high = self.of(args[1], spans), self.of(args[2], spans)
            own = Span(low.low, high.high, 12)
            self.of(args[3], {**spans, str(args[0].value): own})
            return own
        at = 3 if name == "carry" else 1
        first, last = self.of(args[at], spans), self.of(args[at + 1], spans)
        counter = Span(first.low, max(last.high, first.low), 0)
        if name == "total":
            each = self.of(args[3], {**spans, str(args[0].value): counter})
            rounds = Span(max(last.low - first.high + 1, Decimal(0)), max(last.high - first.low + 1, Decimal(0)))
            whole = _combined("*", each, rounds)
            return Span(whole.low, whole.high, each.places)
        own = Span(-BIG, BIG, self.of(args[1], spans).places)
        inner = {**spans, str(args[2].value): counter}
        for _ in range(2):  # the places settle at once when each round states its rounding
            once = self.of(args[5], {**inner, str(args[0].value): own})
            if once.places <= own.places:
                return own
            own = Span(-BIG, BIG, once.places)
        return ANY


def narrowed(condition: Node, holds: bool, spans: dict[str, Span]) -> dict[str, Span]:
    """What is known of the names where the condition holds, or does not."""
    match condition.op:
        case "not":
            return narrowed(condition.args[0], not holds, spans)
        case "and" if holds:
            return narrowed(condition.args[1], True, narrowed(condition.args[0], True, spans))
        case "or" if not holds:
            return narrowed(condition.args[1], False, narrowed(condition.args[0], False, spans))
        case op if op in _TURNED:
            left, right = condition.args
            op = op if holds else _TURNED[op]
            if left.op == "name" and right.op == "number":
                return _against(str(left.value), op, Decimal(right.value), spans)
            if right.op == "name" and left.op == "number":
                return _against(str(right.value), _MIRROR[op], Decimal(left.value), spans)
    return spans


def _against(name: str, op: str, bound: Decimal, spans: dict[str, Span]) -> dict[str, Span]:
    own = spans.get(name, ANY)
    low, high, nonzero = own.low, own.high, own.nonzero
    if op in (">", ">=", "=="):
        low = max(low, bound)
    if op in ("<", "<=", "=="):
        high = min(high, bound)
    nonzero = nonzero or (bound == 0 and op in (">", "<", "!="))
    return {**spans, name: Span(low, max(low, high), own.places, nonzero)}


def _combined(op: str, one: Span, two: Span) -> Span:
    match op:
        case "+":
            return Span(_cut(one.low + two.low), _cut(one.high + two.high), max(one.places, two.places))
        case "-":
            return Span(_cut(one.low - two.high), _cut(one.high - two.low), max(one.places, two.places))
        case "*":
            ends = [_cut(_CONTEXT.multiply(a, b)) for a in (one.low, one.high) for b in (two.low, two.high)]
            return Span(min(ends), max(ends), min(one.places + two.places, MANY), one.nonzero and two.nonzero)
        case _:
            return _quotient(one, two)


def _quotient(one: Span, two: Span) -> Span:
    if two.low == two.high and two.low in (10, 100, 1000, 10_000) and one.places < MANY:
        by = two.low
        return Span(one.low / by, one.high / by, one.places + len(str(by)) - 1, one.nonzero)
    if not two.low > 0 and not two.high < 0:
        return ANY
    ends = [_cut(_CONTEXT.divide(a, b)) for a in (one.low, one.high) for b in (two.low, two.high)]
    return Span(min(ends), max(ends), MANY, one.nonzero)


def _power(base: Span, exponent: Span) -> Span:
    if base.low < 0 or exponent.low < 0 or exponent.high > 600 or base.high >= BIG:
        return ANY
    ends = [_cut(_CONTEXT.power(a, b)) for a in (base.low, base.high) for b in (exponent.low, exponent.high)]
    return Span(min(ends), max(ends), min(base.places * int(exponent.high), MANY), base.low > 0)


def _rounded(one: Span, places: int, name: str) -> Span:
    return Span(_end(one.low, places, name), _end(one.high, places, name), min(one.places, places))


def _end(value: Decimal, places: int, name: str) -> Decimal:
    return value if abs(value) > _EXACT else value.quantize(Decimal(1).scaleb(-places), _ROUND[name], _CONTEXT)


def _joined(spans: list[Span]) -> Span:
    return Span(
        min(span.low for span in spans),
        max(span.high for span in spans),
        max(span.places for span in spans),
        all(not span.holds_zero for span in spans),
    )


def _of_input(item: Input) -> Span:
    if item.one_of:
        return Span(Decimal(min(item.one_of)), Decimal(max(item.one_of)))
    low = Decimal(item.min) if item.min is not None else Decimal(0)
    high = Decimal(item.max) if item.max is not None else BIG
    if item.type in ("money", "percent", "number"):
        places = _places(Decimal(item.step)) if item.step is not None else 2
    else:
        places = 0
    return Span(low, high, places)


def _places(number: Decimal) -> int:
    return max(-int(number.as_tuple().exponent), 0)


def _cut(value: Decimal) -> Decimal:
    return max(min(value, BIG), -BIG)
