"""Units of a formula, checked before it ever runs: money plus years is an author's mistake, not a number."""

from collections.abc import Mapping

from products.errors import FormulaFailed
from products.expression import BINDS, RESERVED, ROUNDINGS, Node, names_of
from products.formula import Formula, Table

TIMES = frozenset({"years", "months", "days", "workdays", "hours", "minutes"})
# A plain number in the text takes the unit of its neighbour. Times, ages, counts and per cents may multiply money:
# money a year times years is money. A per cent is not divided by 100 for the author.
SCALARS = frozenset({"literal", "number", "percent", "count", "age"}) | TIMES
ARITY = {"if": 3, "pow": 2, "total": 4, "carry": 6, "root": 4, **dict.fromkeys(ROUNDINGS, 2)}
WHOLE = frozenset({"literal", "years", "months", "count"})


def unit_of(node: Node, units: Mapping[str, str], tables: Mapping[str, Table]) -> str:
    """The unit an expression comes to (`literal`: a bare number, `truth`: a condition); FormulaFailed otherwise."""
    match node.op:
        case "number":
            return "literal"
        case "text":
            return "choice"
        case "name":
            if node.value not in units:
                raise FormulaFailed(f"unknown name {node.value}")
            return units[str(node.value)]
        case "call":
            return _call(node, units, tables)
    inner = [unit_of(arg, units, tables) for arg in node.args]
    match node.op:
        case "neg":
            return _numeric(inner[0])
        case "not" | "and" | "or":
            for unit in inner:
                _same(unit, "truth")
            return "truth"
        case "+" | "-":
            return _added(node.op, _numeric(inner[0]), _numeric(inner[1]))
        case "*":
            return _multiplied(_numeric(inner[0]), _numeric(inner[1]))
        case "/":
            return _divided(_numeric(inner[0]), _numeric(inner[1]))
        case "==" | "!=":
            _same(inner[0], inner[1])
            return "truth"
        case _:
            _same(_numeric(inner[0]), _numeric(inner[1]))
            return "truth"


def check(formula: Formula, units: Mapping[str, str], tables: Mapping[str, Table]) -> None:
    """FormulaFailed unless the expression comes to the unit the formula declares."""
    found = unit_of(formula.node, units, tables)
    if not fits(found, formula.unit):
        raise FormulaFailed(f"comes to {found}, declared {formula.unit}")


def fits(found: str, declared: str) -> bool:
    return found in (declared, "literal") or (found == "number" and declared in SCALARS)


def _call(node: Node, units: Mapping[str, str], tables: Mapping[str, Table]) -> str:
    name, args = str(node.value), node.args
    if name in tables:
        _count(name, len(args), len(tables[name].units))
        for arg, wanted in zip(args, tables[name].units, strict=True):
            _same(unit_of(arg, units, tables), wanted)
        return tables[name].unit
    if name not in RESERVED:
        raise FormulaFailed(f"unknown function {name}")
    if name in ARITY:
        _count(name, len(args), ARITY[name])
    if name in BINDS:
        return _bound(name, args, units, tables)
    inner = [unit_of(arg, units, tables) for arg in args]
    if name == "if":
        _same(inner[0], "truth")
        return _joined(inner[1], inner[2])
    if name == "pow" or name in ROUNDINGS:
        if args[1].op != "number" and name in ROUNDINGS:
            raise FormulaFailed(f"{name} wants its places written out")
        if inner[1] not in WHOLE:
            raise FormulaFailed(f"{name} wants a whole number, not {inner[1]}")
        return _numeric(inner[0])
    unit = _numeric(inner[0])
    for other in inner[1:]:
        unit = _joined(unit, _numeric(other))
    return unit


def _bound(name: str, args: tuple[Node, ...], units: Mapping[str, str], tables: Mapping[str, Table]) -> str:
    """total, carry and root: a new name with a unit of its own in the last part, and nowhere else."""
    for at in BINDS[name]:
        if args[at].op != "name" or args[at].value in units:
            raise FormulaFailed(f"{name} wants a new name")
        if any(args[at].value in names_of(arg) for arg in args[:-1] if arg is not args[at]):
            raise FormulaFailed(f"only the last part of {name} may use its new name")
    if name == "root":
        ends = _joined(unit_of(args[1], units, tables), unit_of(args[2], units, tables))
        _numeric(unit_of(args[3], {**units, str(args[0].value): ends}, tables))
        return ends
    first = args[3] if name == "carry" else args[1]
    last = args[4] if name == "carry" else args[2]
    rounds = _joined(unit_of(first, units, tables), unit_of(last, units, tables))
    if rounds not in WHOLE:
        raise FormulaFailed(f"{name} goes over whole years or months, not {rounds}")
    inner = {**units, str(args[2 if name == "carry" else 0].value): "years" if rounds == "literal" else rounds}
    if name == "total":
        return _numeric(unit_of(args[3], inner, tables))
    start = _numeric(unit_of(args[1], units, tables))
    return _joined(start, unit_of(args[5], {**inner, str(args[0].value): start}, tables))


def _count(name: str, found: int, wanted: int) -> None:
    if found != wanted:
        raise FormulaFailed(f"{name} takes {wanted} values, not {found}")


def _numeric(unit: str) -> str:
    if unit in ("truth", "choice"):
        raise FormulaFailed(f"{unit} is not a number")
    return unit


def _same(one: str, other: str) -> None:
    _joined(one, other)


def _joined(one: str, other: str) -> str:
    if one == other or (other == "literal" and one not in ("truth", "choice")):
        return one
    if one == "literal" and other not in ("truth", "choice"):
        return other
    raise FormulaFailed(f"{one} beside {other}")


def _added(op: str, one: str, other: str) -> str:
    if one == "age" and other == "years":
        return "age"
    if one == other == "age":
        if op == "+":
            raise FormulaFailed("age plus age")
        return "years"
    return _joined(one, other)


def _multiplied(one: str, other: str) -> str:
    if one == other == "money":
        raise FormulaFailed("money times money")
    if "money" in (one, other):
        return "money"
    if one == "literal":
        return other
    return one if other == "literal" else "number"


def _divided(one: str, other: str) -> str:
    if other == "literal" or (other == "number" and one == "money"):
        return one
    if one == other:
        return "number"
    if other == "money":
        raise FormulaFailed(f"{one} divided by money")
    return "money" if one == "money" else "number"
