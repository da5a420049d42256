"""The wealth product: the worst comes first, and its cases are what its wording assumes."""

from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.events import Locale
from products.catalogue.zhiqiu_wealth import tables
from products.compiled import Compiled
from products.load import load
from products.quoting import compute_quote, values_of
from products.render import compose
from tests.products.conftest import CATALOGUE

FOLDER = CATALOGUE / "zhiqiu_wealth"


@cache
def product() -> Compiled:
    """Not a fixture: a failing example would print all of it."""
    return load(FOLDER)


@pytest.fixture
def wealth() -> Compiled:
    return product()


def test_the_table_is_what_its_script_computes_from_the_assumptions_of_the_wording(wealth: Compiled) -> None:
    assert tables.tables() == {"outcome.csv": (FOLDER / "outcome.csv").read_bytes()}
    assumed = wealth.wording.cut("2.2")
    said = {
        "第一年股票下跌百分之四十五，债券亏损百分之五": tables.RUNS["bad"][0] == ("-0.45", "-0.05"),
        "股票不涨不跌，债券在第二年和第三年分别上涨百分之一和百分之二": tables.RUNS["bad"][1:]
        == (("0", "0.01"), ("0", "0.02")),
        "股票每年上涨百分之四，债券每年上涨3.2%": set(tables.RUNS["mid"]) == {("0.04", "0.032")},
        "股票占百分之二十、债券占百分之八十": Decimal("0.20") == tables.SHARES,
    }
    assert all(words in assumed and holds for words, holds in said.items())
    params = wealth.params
    assert (params["sale_fee"] + params["manage_fee"] + params["custody_fee"]) / 100 == tables.FEES


def test_the_printed_cases_are_those_of_the_table(wealth: Compiled) -> None:
    printed = wealth.wording.cut("11.1").split("\n")
    for scene, words in (("bad", "不利情景"), ("mid", "一般情景")):
        row = next(line for line in printed if line.startswith(words))
        assert all(f"{100_000 * value:,.2f}元" in row for value in tables.worth(scene))
    order = [next(at for at, line in enumerate(printed) if line.startswith(word)) for word in ("最坏", "不利", "一般")]
    assert order == sorted(order)


@given(amount=st.integers(10, 3000).map(lambda n: n * 1000), years=st.sampled_from(tables.YEARS))
def test_the_worst_case_is_first_and_nothing_is_left_in_it(amount: int, years: int) -> None:
    quote = compute_quote(product(), {"amount": amount, "years": years})
    assert next(iter(quote.outputs)) == "worst_back"
    assert quote.outputs["worst_back"] == "0.00"
    assert Decimal(quote.outputs["worst_loss"]) == amount
    assert Decimal(quote.outputs["bad_back"]) < amount < Decimal(quote.outputs["mid_back"])
    values = values_of(product(), quote.inputs, quote.outputs)
    said: dict[Locale, tuple[str, ...]] = {"zh-CN": ("最坏", "不好", "一般"), "en": ("At worst", "bad", "middling")}
    for locale, words in said.items():
        blocks = compose(product(), "c2.1", "plain", locale, values).blocks
        text = "\n".join(span.text for block in blocks for span in block.spans)
        assert [text.index(word) for word in words] == sorted(text.index(word) for word in words)


def test_no_sentence_shows_the_benchmark_as_money(wealth: Compiled) -> None:
    """A percentage that is no promise is never multiplied with what the customer puts in."""
    assert not any(formula.names & {"bench_low", "bench_high"} for formula in wealth.formulas)


def test_only_who_can_bear_a_loss_reaches_the_grade_of_the_product(wealth: Compiled) -> None:  # PRD-11
    risk = wealth.product.suitability.risk
    assert risk is not None
    assert risk.level == wealth.params["level"]
    worst = sum(min(choice.points for choice in question.choices) for question in risk.questions)
    best = sum(max(choice.points for choice in question.choices) for question in risk.questions)
    assert worst < risk.from_points[0]
    assert best >= risk.from_points[3]
    by_id = {question.id: {choice.value: choice.points for choice in question.choices} for question in risk.questions}
    afraid = best - by_id["r_loss"]["half"] - by_id["r_plan"]["grow"]
    assert afraid < risk.from_points[risk.level - 2], "no loss at all, and yet sold"
