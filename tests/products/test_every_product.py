"""For any customer and any product: the same bytes again, every number from the trace, every value within its span."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from products.compiled import Compiled
from products.definition import Input
from products.errors import QuoteOutside
from products.lint.ranges import spans_of
from products.load import load
from products.quoting import Quote, compute_quote, values_of
from products.render import compose, counted, render, shows_personal
from products.template import FORMATS, say
from products.versions import Catalogue
from tests.products.conftest import CATALOGUE

LEVELS: tuple[Any, ...] = ("one", "plain", "formal")
NAMES = sorted(path.parent.name for path in CATALOGUE.glob("*/product.yaml"))


def values(item: Input) -> st.SearchStrategy[int | str]:
    """Every value the phone could send for an input."""
    if item.choices:
        return st.sampled_from([choice.value for choice in item.choices])
    if item.one_of:
        return st.sampled_from(item.one_of)
    low = Decimal(item.min if item.min is not None else 0)
    high = Decimal(item.max if item.max is not None else 10**9)
    step = Decimal(item.step if item.step is not None else 1)
    first = -(-low // step)
    return st.integers(int(first), int(high // step)).map(lambda at: format(step * at, "f"))


def customers(compiled: Compiled) -> Any:
    return st.fixed_dictionaries({name: values(item) for name, item in compiled.product.inputs.items()})


def quoted(compiled: Compiled, raw: dict[str, int | str]) -> Quote:
    try:
        return compute_quote(compiled, raw)  # FormulaFailed would be a customer nobody can serve
    except QuoteOutside:
        assume(False)
        raise


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_customer_gets_the_same_numbers_and_the_same_pages_again(
    catalogue: Catalogue, name: str, data: st.DataObject
) -> None:
    compiled = catalogue.get(name)
    quote = quoted(compiled, data.draw(customers(compiled)))
    again = compute_quote(compiled, quote.inputs)
    assert again == quote
    known = values_of(compiled, quote.inputs, quote.outputs)
    for clause_id in data.draw(st.lists(st.sampled_from(sorted(compiled.clauses)), min_size=1, max_size=4)):
        for level in LEVELS:
            nonce = "n" * 43 if shows_personal(compiled, compiled.clause(clause_id), level) else None
            pages = {render(compiled, clause_id, level, "zh-CN", known, nonce).bytes for _ in range(2)}
            assert len(pages) == 1


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_every_number_on_a_page_is_a_param_an_input_or_in_the_trace(
    catalogue: Catalogue, name: str, data: st.DataObject
) -> None:
    compiled = catalogue.get(name)
    quote = quoted(compiled, data.draw(customers(compiled)))
    traced = {expr.removesuffix(" ="): value for expr, value in quote.trace if expr.endswith(" =")}
    assert traced == quote.outputs
    known = values_of(compiled, quote.inputs, quote.outputs)
    locale: Any = data.draw(st.sampled_from(compiled.product.languages.offered))
    for clause_id in compiled.clauses:
        blocks = compose(compiled, clause_id, "plain", locale, known).blocks
        for span in (span for block in blocks for span in block.spans):
            if span.number is None:
                assert not re.search(r"\d", span.text), (clause_id, span)
            elif span.number in known:
                value = known[span.number]
                told = Decimal(traced[span.number]) if span.number in traced else value
                assert value == told
                if isinstance(value, Decimal):
                    assert span.text in {say(value, form, locale) for form in FORMATS}
            else:
                assert (span.number, span.text) == ("count", str(counted(compiled.clause(clause_id))))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_value_lies_within_the_span_the_lint_works_out(
    catalogue: Catalogue, name: str, data: st.DataObject
) -> None:
    compiled = catalogue.get(name)
    spans, problems = spans_of(compiled)
    assert not problems
    quote = quoted(compiled, data.draw(customers(compiled)))
    for formula, value in quote.outputs.items():
        if compiled.units[formula] == "choice" or value in ("true", "false"):
            continue
        span = spans[formula]
        assert span.low <= Decimal(value) <= span.high, (formula, value, span)
        assert -int(Decimal(value).normalize().as_tuple().exponent) <= span.places, (formula, value, span)


def test_a_folder_gives_the_same_hashes_wherever_it_stands(tmp_path: Path) -> None:
    for name in NAMES:
        source = CATALOGUE / name
        copy = tmp_path / name
        copy.mkdir()
        for file in source.iterdir():
            if file.is_file():
                (copy / file.name).write_bytes(file.read_bytes())
        assert load(copy).hashes == load(source).hashes
