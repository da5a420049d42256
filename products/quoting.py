"""A customer's inputs to a quote: typed, bounded, computed, every step kept."""

import re
from collections.abc import Mapping
from decimal import Decimal

from evidence.events import Frozen
from products.compiled import Compiled
from products.definition import Input
from products.errors import InputInvalid, QuoteOutside
from products.expression import parse
from products.formula import Value, compute, evaluate, plain, settled

_NUMBER = re.compile(r"^\d{1,12}(?:\.\d{1,2})?$")


class Quote(Frozen, frozen=True, kw_only=True):
    """Inputs and outputs as text in the one written form of their units; `trace` in order of computing."""

    inputs: dict[str, str]
    outputs: dict[str, str]
    trace: tuple[tuple[str, str], ...] = ()


def compute_quote(compiled: Compiled, raw: Mapping[str, int | str]) -> Quote:
    """InputInvalid, QuoteOutside or FormulaFailed when these inputs give no quote."""
    inputs = given(compiled.product.inputs, raw)
    known: dict[str, Value] = {**compiled.params, **inputs}
    for check in compiled.product.checks:
        passed, _ = evaluate(check.require, parse(check.require), known, compiled.tables)
        if passed is not True:
            reason = check.reason
            raise QuoteOutside(
                f"check {check.id}", field=check.id, reason_zh=reason.get("zh-CN", ""), reason_en=reason.get("en", "")
            )
    outputs, trace = compute(compiled.formulas, known, compiled.tables)
    return Quote(
        inputs={name: plain(value) for name, value in inputs.items()},
        outputs={name: plain(value) for name, value in outputs.items()},
        trace=tuple((step.expr, step.value) for step in trace),
    )


def values_of(compiled: Compiled, inputs: Mapping[str, str], outputs: Mapping[str, str]) -> dict[str, Value]:
    """Every name a text or expression may use, from the stored texts of a quote."""
    found: dict[str, Value] = dict(compiled.params)
    for name, text in {**inputs, **outputs}.items():
        found[name] = text if compiled.units.get(name) == "choice" else Decimal(text)
    return found


def given(items: Mapping[str, Input], raw: Mapping[str, int | str]) -> dict[str, Value]:
    """`raw` within the bounds of `items`, defaults filled in. InputInvalid names the first field that is not."""
    for name in raw:
        if name not in items:
            raise InputInvalid("not asked", field=name if name.isascii() else "inputs")
    return {name: _one(name, item, raw.get(name, item.default)) for name, item in items.items()}


def _one(name: str, item: Input, raw: int | str | None) -> Value:
    if raw is None:
        raise InputInvalid("missing", field=name)
    if item.type == "choice":
        if raw not in {choice.value for choice in item.choices}:
            raise InputInvalid("not one of the choices", field=name)
        return str(raw)
    if isinstance(raw, bool) or not _NUMBER.match(str(raw)):
        raise InputInvalid("not a number", field=name)
    number = Decimal(str(raw))
    if item.type not in ("money", "percent", "number") and number != number.to_integral_value():
        raise InputInvalid("not a whole number", field=name)
    if (item.min is not None and number < Decimal(item.min)) or (item.max is not None and number > Decimal(item.max)):
        raise InputInvalid("out of range", field=name)
    if item.step is not None and number % Decimal(item.step) != 0:
        raise InputInvalid("not a multiple of the step", field=name)
    if item.one_of and number not in item.one_of:
        raise InputInvalid("not one of the values", field=name)
    return settled(number, item.type)
