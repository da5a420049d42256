"""Computing a product's formulas: Decimal only, bounded, every step traced.

Functions: if(c, a, b), min, max, pow(x, n), half_up / half_even / down / up (x, places), and every table by its name;
over whole years or months, total(y, from, to, expr) is the sum, and carry(b, start, m, from, to, expr) what b comes to
when it begins at start and becomes expr each time: a loan's balance, rounded month by month as the bank rounds it.
root(i, low, high, expr) is the i between them at which expr is 0, to twelve places: a rate from what is paid.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import (
    ROUND_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    DecimalException,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)

from products.errors import FormulaFailed
from products.expression import Node, names_of

Value = Decimal | str | bool

MAX_STEPS = 20_000
MAX_ROUNDS = 120  # years or months of total and carry
MAX_GUESSES = 60  # of root
MAX_POWER = 600
MAX_PLACES = 8

_ROOT = Decimal("1e-12")
_ROUND = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "down": ROUND_DOWN, "up": ROUND_UP}
_CONTEXT = Context(prec=34, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])


@dataclass(frozen=True)
class Table:
    """Cells by the texts of their keys; `units` of the keys in order; `unit` of the value."""

    name: str
    units: tuple[str, ...]
    unit: str
    cells: Mapping[tuple[str, ...], Decimal]


@dataclass(frozen=True)
class Formula:
    name: str
    unit: str
    text: str
    node: Node

    @property
    def names(self) -> frozenset[str]:
        return names_of(self.node)


@dataclass(frozen=True)
class Step:
    """One traced step: the part of the expression and what it came to."""

    expr: str
    value: str


def in_order(formulas: Mapping[str, Formula]) -> tuple[Formula, ...]:
    """Formulas so that each follows those it uses. FormulaFailed on a cycle."""
    done: dict[str, Formula] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise FormulaFailed("cycle: " + " -> ".join((*path, name)))
        if name in done or name not in formulas:
            return
        for used in sorted(formulas[name].names):
            visit(used, (*path, name))
        done[name] = formulas[name]

    for name in formulas:
        visit(name, ())
    return tuple(done.values())


# --- evaluation ------------------------------------------------------------------------------------------------------


class _Evaluation:
    def __init__(self, text: str, values: Mapping[str, Value], tables: Mapping[str, Table]) -> None:
        self.text = text
        self.values = values
        self.tables = tables
        self.left = MAX_STEPS
        self.trace: list[Step] = []
        self.quiet = 0  # inside total(): the sum is traced, not each year

    def of(self, node: Node) -> Value:
        self.left -= 1
        if self.left < 0:
            raise FormulaFailed(f"more than {MAX_STEPS} steps")
        match node.op:
            case "number" | "text":
                return node.value
            case "name":
                return self._name(str(node.value))
            case _:
                value = self._compound(node)
        if not self.quiet:
            self.trace.append(Step(expr=self.text[node.start : node.end], value=plain(value)))
        return value

    def number(self, node: Node) -> Decimal:
        value = self.of(node)
        if not isinstance(value, Decimal):
            raise FormulaFailed("a number was expected")
        return value

    def truth(self, node: Node) -> bool:
        value = self.of(node)
        if not isinstance(value, bool):
            raise FormulaFailed("a condition was expected")
        return value

    def _name(self, name: str) -> Value:
        if name not in self.values:
            raise FormulaFailed(f"unknown name {name}")
        return self.values[name]

    def _compound(self, node: Node) -> Value:
        args = node.args
        match node.op:
            case "neg":
                return -self.number(args[0])
            case "not":
                return not self.truth(args[0])
            case "and":
                return self.truth(args[0]) and self.truth(args[1])
            case "or":
                return self.truth(args[0]) or self.truth(args[1])
            case "+":
                return _CONTEXT.add(self.number(args[0]), self.number(args[1]))
            case "-":
                return _CONTEXT.subtract(self.number(args[0]), self.number(args[1]))
            case "*":
                return _CONTEXT.multiply(self.number(args[0]), self.number(args[1]))
            case "/":
                return self._divide(args)
            case "==":
                return self.of(args[0]) == self.of(args[1])
            case "!=":
                return self.of(args[0]) != self.of(args[1])
            case "<":
                return self.number(args[0]) < self.number(args[1])
            case "<=":
                return self.number(args[0]) <= self.number(args[1])
            case ">":
                return self.number(args[0]) > self.number(args[1])
            case ">=":
                return self.number(args[0]) >= self.number(args[1])
        return self._call(str(node.value), args)

    def _divide(self, args: Sequence[Node]) -> Decimal:
        divisor = self.number(args[1])
        if divisor == 0:
            raise FormulaFailed("division by zero")
        return _CONTEXT.divide(self.number(args[0]), divisor)

    def _call(self, name: str, args: Sequence[Node]) -> Value:
        match name:
            case "if":
                return self.of(args[1]) if self.truth(args[0]) else self.of(args[2])
            case "min":
                return min(self.number(arg) for arg in args)
            case "max":
                return max(self.number(arg) for arg in args)
            case "pow":
                return _CONTEXT.power(self.number(args[0]), self._whole(args[1], MAX_POWER))
            case "total":
                return self._total(args)
            case "carry":
                return self._carry(args)
            case "root":
                return self._root(args)
            case _ if name in _ROUND:
                places = self._whole(args[1], MAX_PLACES)
                return self.number(args[0]).quantize(Decimal(1).scaleb(-places), _ROUND[name], _CONTEXT)
        return self._cell(name, args)

    def _whole(self, node: Node, most: int) -> int:
        number = self.number(node)
        if number != number.to_integral_value() or not 0 <= number <= most:
            raise FormulaFailed(f"a whole number from 0 to {most} was expected")
        return int(number)

    def _total(self, args: Sequence[Node]) -> Decimal:
        name, first, last = str(args[0].value), self._whole(args[1], MAX_ROUNDS), self._whole(args[2], MAX_ROUNDS)
        total = Decimal(0)
        for round_ in range(first, last + 1):
            total = _CONTEXT.add(total, self._with({name: Decimal(round_)}, args[3]))
        return total

    def _carry(self, args: Sequence[Node]) -> Decimal:
        name, counter, value = str(args[0].value), str(args[2].value), self.number(args[1])
        first, last = self._whole(args[3], MAX_ROUNDS), self._whole(args[4], MAX_ROUNDS)
        for round_ in range(first, last + 1):
            value = self._with({name: value, counter: Decimal(round_)}, args[5])
        return value

    def _root(self, args: Sequence[Node]) -> Decimal:
        """Regula falsi with the Illinois weight: the root stays between the bounds, and a bound never sticks."""
        name, low, high = str(args[0].value), self.number(args[1]), self.number(args[2])
        below, above = self._with({name: low}, args[3]), self._with({name: high}, args[3])
        if low >= high or _CONTEXT.multiply(below, above) > 0:
            raise FormulaFailed("root: the bounds do not enclose one")
        for _ in range(MAX_GUESSES):
            if below == above:
                break
            slope = _CONTEXT.divide(_CONTEXT.subtract(above, below), _CONTEXT.subtract(high, low))
            guess = _CONTEXT.subtract(high, _CONTEXT.divide(above, slope))
            found = self._with({name: guess}, args[3])
            if _CONTEXT.multiply(found, above) <= 0:
                low, below = high, above
            else:
                below = _CONTEXT.divide(below, Decimal(2))
            step, high, above = abs(_CONTEXT.subtract(guess, high)), guess, found
            if found == 0 or step < _ROOT:
                return high.quantize(_ROOT, ROUND_HALF_EVEN, _CONTEXT)
        raise FormulaFailed("root: not found")

    def _with(self, bound: Mapping[str, Value], node: Node) -> Decimal:
        """`node` with names of its own; the whole is traced, not each round."""
        outer = self.values
        self.values = {**outer, **bound}
        self.quiet += 1
        try:
            return self.number(node)
        finally:
            self.values = outer
            self.quiet -= 1

    def _cell(self, name: str, args: Sequence[Node]) -> Decimal:
        table = self.tables.get(name)
        if table is None:
            raise FormulaFailed(f"unknown function {name}")
        key = tuple(key_text(self.of(arg)) for arg in args)
        if key not in table.cells:
            raise FormulaFailed(f"table {name} has no cell for {', '.join(key)}")
        return table.cells[key]


def evaluate(
    text: str, node: Node, values: Mapping[str, Value], tables: Mapping[str, Table]
) -> tuple[Value, tuple[Step, ...]]:
    """The value of one expression and how it came about. FormulaFailed when there is none."""
    run = _Evaluation(text, values, tables)
    try:
        value = run.of(node)
    except (DecimalException, IndexError) as error:
        raise FormulaFailed(f"cannot compute: {type(error).__name__}") from None
    return value, tuple(run.trace)


def compute(
    formulas: Sequence[Formula], values: Mapping[str, Value], tables: Mapping[str, Table]
) -> tuple[dict[str, Value], tuple[Step, ...]]:
    """All formulas over `values`, in the order given; money must come out in whole fen."""
    known = dict(values)
    trace: list[Step] = []
    for formula in formulas:
        value, steps = evaluate(formula.text, formula.node, known, tables)
        known[formula.name] = settled(value, formula.unit)
        trace += [*steps, Step(expr=f"{formula.name} =", value=plain(known[formula.name]))]
    return {formula.name: known[formula.name] for formula in formulas}, tuple(trace)


def settled(value: Value, unit: str) -> Value:
    """`value` in the one written form of its unit: money with two places, whole units without any."""
    if not isinstance(value, Decimal) or unit in ("percent", "number"):
        return value
    places = Decimal("0.01") if unit == "money" else Decimal(1)
    rounded = value.quantize(places, ROUND_HALF_EVEN, _CONTEXT)
    if rounded != value:
        raise FormulaFailed(f"rounding of {unit} is not stated")
    return rounded


def key_text(value: Value) -> str:
    """How a value is written in a table's key column: whole numbers without a point."""
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return str(int(value))
    return plain(value)


def plain(value: Value) -> str:
    """The text of a value: never an exponent."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else value
