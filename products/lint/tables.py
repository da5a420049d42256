"""Tables: a cell for every customer who can ask for one, the wording's own ages, and a shape that can be right."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from itertools import product as combinations
from statistics import median

from products.compiled import Compiled
from products.definition import Input
from products.errors import FormulaFailed
from products.expression import Node, names_of, parse
from products.formula import Table, Value, evaluate, plain
from products.lint.figures import ages_in
from products.lint.places import Found, Rules

MOST_VALUES = 500  # of one input, and
MOST_CELLS = 400_000  # of one grid, that are walked
ODD = 12  # times the median bend of its row: a cell that stands out
PREMIUMS = ("rate", "premium")


def tables_are_whole(compiled: Compiled) -> Iterator[Found]:
    """L13: every combination of inputs that can be chosen has a cell; ages are those of the wording."""
    for name, table in compiled.tables.items():
        for call in _calls(compiled, name):
            missing = next(_missing(compiled, table, call), None)
            if missing is not None:
                yield f"tables.{name}", f"no cell for {missing}"
                break
        yield from _ages(compiled, name, table)
    stated = set(ages_in(compiled.wording.text))
    for name, item in compiled.product.inputs.items():
        if item.type == "age" and stated and (str(item.min), str(item.max)) not in stated:
            said = ", ".join(f"{low} to {high}" for low, high in sorted(stated))
            yield f"inputs.{name}", f"ages {item.min} to {item.max}, the wording has {said}"


def _calls(compiled: Compiled, table: str) -> Iterator[tuple[Node, ...]]:
    """The arguments of each look-up that always happens: what stands in a branch may be guarded."""
    waiting = [formula.node for formula in compiled.formulas]
    while waiting:
        node = waiting.pop()
        if node.op == "call" and node.value == "if":
            waiting.append(node.args[0])
            continue
        if node.op == "call" and node.value == table:
            yield node.args
        waiting += node.args


def _missing(compiled: Compiled, table: Table, args: tuple[Node, ...]) -> Iterator[str]:
    inputs = compiled.product.inputs
    axes = [(place, str(arg.value)) for place, arg in enumerate(args) if arg.op == "name" and arg.value in inputs]
    axes = [(place, name) for place, name in axes if domain(inputs[name])]
    names = list(dict.fromkeys(name for _, name in axes))
    size = 1
    for name in names:
        size *= len(domain(inputs[name]))
    if not axes or size > MOST_CELLS:
        return
    there = {tuple(key[place] for place, _ in axes) for key in table.cells}
    allowed = _allowed(compiled, names)
    for values in combinations(*(domain(inputs[name]) for name in names)):
        row = dict(zip(names, values, strict=True))
        if tuple(row[name] for _, name in axes) not in there and all(rule(row) for rule in allowed):
            yield ", ".join(f"{name} {value}" for name, value in row.items())


class _Rule:
    """A check over some of the inputs, each combination of them decided once."""

    def __init__(self, compiled: Compiled, expr: str, names: tuple[str, ...]) -> None:
        self.compiled, self.expr, self.names = compiled, expr, names
        self.node = parse(expr)
        self.known: dict[tuple[str, ...], bool] = {}

    def __call__(self, row: Mapping[str, str]) -> bool:
        key = tuple(row[name] for name in self.names)
        if key not in self.known:
            values: dict[str, Value] = dict(self.compiled.params)
            for name, text in zip(self.names, key, strict=True):
                values[name] = text if self.compiled.units[name] == "choice" else Decimal(text)
            try:
                self.known[key] = evaluate(self.expr, self.node, values, self.compiled.tables)[0] is True
            except FormulaFailed:
                self.known[key] = False
        return self.known[key]


def _allowed(compiled: Compiled, names: list[str]) -> list[_Rule]:
    found = []
    for item in compiled.product.checks:
        used = tuple(sorted(names_of(parse(item.require)) & set(compiled.product.inputs)))
        if set(used) <= set(names):
            found.append(_Rule(compiled, item.require, used))
    return found


def domain(item: Input) -> tuple[str, ...]:
    """Every value of an input, as a table's key writes it; empty when there are too many or no bounds."""
    if item.choices:
        return tuple(choice.value for choice in item.choices)
    if item.one_of:
        return tuple(map(str, item.one_of))
    if item.min is None or item.max is None:
        return ()
    low, high = Decimal(item.min), Decimal(item.max)
    step = Decimal(item.step) if item.step is not None else Decimal(1)
    if item.type in ("money", "percent", "number") or step <= 0 or (high - low) / step > MOST_VALUES:
        return ()
    return tuple(str(int(low + step * at)) for at in range(int((high - low) / step) + 1))


def _ages(compiled: Compiled, name: str, table: Table) -> Iterator[Found]:
    for args in _calls(compiled, name):
        for place, arg in enumerate(args):
            item = compiled.product.inputs.get(str(arg.value)) if arg.op == "name" else None
            if item is None or item.type != "age" or not domain(item):
                continue
            extra = {key[place] for key in table.cells} - set(domain(item))
            if extra:
                yield f"tables.{name}", f"cells for age {min(extra, key=int)}, which nobody can choose"
                return


def shapes_are_likely(compiled: Compiled) -> Iterator[Found]:
    """L14: no negative cell, no premium that falls with age, no cell that stands out of its row; back at most paid."""
    for name, table in compiled.tables.items():
        if any(cell < 0 for cell in table.cells.values()):
            yield f"tables.{name}", "a cell is negative"
        problem = next(_odd(name, table), None)
        if problem is not None:
            yield f"tables.{name}", problem
    if not compiled.product.kind.startswith(("insurance.term", "insurance.illness", "insurance.accident")):
        return
    for number, example in enumerate(compiled.product.examples):
        paid, back = example.out.get("paid"), example.out.get("back")
        if paid is not None and back is not None and Decimal(back) > Decimal(paid):
            yield f"examples[{number}]", f"back {back} is more than paid {paid}"


def _odd(name: str, table: Table) -> Iterator[str]:
    """Along age, which nature makes smooth: years of a contract have corners of their own."""
    for place, unit in enumerate(table.units):
        if unit != "age":
            continue
        rows: dict[tuple[str, ...], dict[int, Decimal]] = {}
        for key, cell in table.cells.items():
            rows.setdefault((*key[:place], *key[place + 1 :]), {})[int(key[place])] = cell
        for rest, row in rows.items():
            ages = sorted(row)
            if name.startswith(PREMIUMS):
                falls = next((age for one, age in pairwise(ages) if row[age] < row[one]), None)
                if falls is not None:
                    yield f"the premium falls at age {falls} ({', '.join(rest)})"
            bends = [abs(row[a] - 2 * row[b] + row[c]) for a, b, c in zip(ages, ages[1:], ages[2:], strict=False)]
            if len(bends) < 5:
                continue
            unit_ = Decimal(1).scaleb(min(int(cell.as_tuple().exponent) for cell in row.values()))
            limit = max(ODD * median(bends), 8 * unit_, max(row.values()) / 50)
            worst = max(range(len(bends)), key=lambda at: bends[at])
            if bends[worst] > limit:
                yield f"{plain(row[ages[worst + 1]])} at age {ages[worst + 1]} stands out ({', '.join(rest)})"


RULES: Rules = (
    ("L13", "E", tables_are_whole),
    ("L14", "W", shapes_are_likely),
)
