"""Formulas: exact, bounded, unit-checked, traced."""

from contextlib import suppress
from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from products.errors import FormulaFailed
from products.expression import names_of, parse
from products.formula import Table, Value, evaluate, settled
from products.units import unit_of

UNITS = {
    "a": "money",
    "b": "money",
    "n": "years",
    "months": "months",
    "age": "age",
    "p": "percent",
    "sex": "choice",
    "k": "number",
}
RATE = Table(name="rate", units=("age", "choice"), unit="number", cells={("30", "male"): Decimal("2.05")})
VALUES: dict[str, Value] = {
    "a": Decimal("0.1"),
    "b": Decimal("0.2"),
    "n": Decimal(3),
    "age": Decimal(30),
    "sex": "male",
}


def value(text: str, **more: Value) -> Value:
    return evaluate(text, parse(text), {**VALUES, **more}, {"rate": RATE})[0]


def test_tenths_add_up() -> None:
    assert value("a + b") == Decimal("0.3")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("half_up(2.345, 2)", "2.35"),
        ("half_up(-2.345, 2)", "-2.35"),
        ("half_even(2.345, 2)", "2.34"),
        ("down(2.349, 2)", "2.34"),
        ("up(2.341, 2)", "2.35"),
        ("min(3, 1, 2)", "1"),
        ("max(3, 1, 2) * 2 - 1", "5"),
        ("if(age >= 18 and not age > 60, 1, 2)", "1"),
        ('if(sex == "female" or sex == "male", 7, 8)', "7"),
        ("total(y, 1, n, y * 10)", "60"),
        ("total(y, 1, n, total(z, 1, y, z))", "10"),
        ("pow(1.02, 3)", "1.061208"),
        ("carry(b, 100, m, 1, 3, half_up(b * 1.01, 2))", "103.03"),
        ("carry(b, 7, m, 1, 0, b * 2)", "7"),
        ("carry(x, 0, m, 1, 4, x + m)", "10"),
        ("root(i, 0, 1, i * i - 0.25)", "0.500000000000"),
        ("root(i, 0, 1, 0.25 - i * i)", "0.500000000000"),
        ("half_up(root(i, 0.0001, 0.05, 1000 - 91.68 * (1 - 1 / pow(1 + i, 12)) / i) * 1200, 2)", "18.00"),
        ("rate(age, sex) * 1000", "2050.00"),
        ("2 - 3 - 4", "-5"),
        ("-(1 + 2) * 3", "-9"),
    ],
)
def test_each_function_computes_exactly(text: str, wanted: str) -> None:
    assert str(value(text)) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "1 / 0",
        "1 / (a - a)",
        "unknown",
        "rate(31, sex)",
        "pow(2, 601)",
        "pow(2, -1)",
        "half_up(1, 99)",
        "total(y, 0, 121, y)",
        "carry(b, 1, m, 1, 121, b)",
        "carry(b, 1, m, 1, 2)",
        "carry(b, 1, m, 1, 100, total(z, 1, 100, total(w, 1, 100, b)))",
        "root(i, 0, 1, i + 1)",
        "root(i, 1, 0, i - 0.5)",
        "total(y, 1, 100, total(z, 1, 100, total(w, 1, 100, 1)))",
        "(" * 60 + "1" + ")" * 60,
        "- " * 60 + "1",
        "not " * 60 + "1 == 1",
        "a.b",
        "__import__",
        "a ** 2",
        "1 +",
        "1 2",
        "if",
        "f(1",
        "1e5",
        "min()",
        '"a',
        "",
    ],
)
def test_what_cannot_be_computed_is_refused(text: str) -> None:
    with pytest.raises(FormulaFailed):
        value(text)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("a + b", "money"),
        ("a * n", "money"),
        ("a * p / 100", "money"),
        ("a / b", "number"),
        ("age + n", "age"),
        ("age - age", "years"),
        ("half_up(rate(age, sex) * a / 1000, 2)", "money"),
        ('a > b and sex == "male"', "truth"),
        ("max(a - b, 0)", "money"),
        ("total(y, 1, n, a)", "money"),
        ("total(m, 1, months, a)", "money"),
        ("a * pow(1 + k, months)", "money"),
        ("carry(x, a, m, 1, months - 1, x - half_up(x * k, 2))", "money"),
        ("root(i, 0, 1, a - b * i)", "literal"),
        ("root(i, k, 1, a - b * i)", "number"),
    ],
)
def test_units_follow_from_the_parts(text: str, unit: str) -> None:
    assert unit_of(parse(text), UNITS, {"rate": RATE}) == unit


@pytest.mark.parametrize(
    "text",
    [
        "a + n",
        "a * b",
        "n / a",
        "age + age",
        "a > n",
        "sex + 1",
        "sex == 1",
        "rate(sex, age)",
        "rate(age)",
        "if(a, 1, 2)",
        "if(a > b, a, n)",
        "half_up(a, n)",
        "min(a, n)",
        "not a",
        "total(n, 1, 2, a)",
        "total(y, 1, n, y + months)",
        "carry(a, 1, m, 1, 2, b)",
        "carry(x, a, m, 1, n, n)",
        "carry(x, x, m, 1, n, x)",
        "carry(x, a, m, 1, b, x)",
        "carry(x, a, m, 1, n, x + m)",
        "root(i, a, n, i)",
        "root(i, 0, 1, i > 0)",
        "pow(k, a)",
        "total(y, 1, a, 1)",
        "total(1, 1, 2, 1)",
        "total(y, 1, y, 1)",
        "half_up(a)",
        "nothing(1)",
        "a and b",
    ],
)
def test_units_that_do_not_agree_are_refused(text: str) -> None:
    with pytest.raises(FormulaFailed):
        unit_of(parse(text), UNITS, {"rate": RATE})


def test_every_step_is_traced_with_the_words_it_came_from() -> None:
    text = "half_up(rate(age, sex) * a / 3, 2)"
    _, trace = evaluate(text, parse(text), VALUES, {"rate": RATE})
    assert [step.expr for step in trace] == ["rate(age, sex)", "rate(age, sex) * a", "rate(age, sex) * a / 3", text]
    assert trace[-1].value == "0.07"


def test_bound_names_are_not_free() -> None:
    assert names_of(parse("total(y, 1, n, y * k) + y")) == {"n", "k", "y"}
    assert names_of(parse("total(y, 1, n, y * k)")) == {"n", "k"}
    assert names_of(parse("carry(b, a, m, 1, n, b - m * k) + m")) == {"a", "n", "k", "m"}
    assert names_of(parse("root(i, p, 1, i * k)")) == {"p", "k"}


money = st.decimals(min_value=0, max_value=10**9, places=2, allow_nan=False, allow_infinity=False)


@given(money, money, st.integers(1, 30))
def test_arithmetic_agrees_with_decimal(one: Decimal, two: Decimal, years: int) -> None:
    with localcontext(prec=60):
        wanted = ((one + two) * years / 1000).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert value("half_up((a + b) * n / 1000, 2)", a=one, b=two, n=Decimal(years)) == wanted


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader_otherwise_than_by_refusal(text: str) -> None:
    with suppress(FormulaFailed):
        evaluate(text, parse(text), VALUES, {"rate": RATE})


def test_money_that_is_not_in_whole_fen_needs_a_stated_rounding() -> None:
    assert str(settled(Decimal("1.5"), "money")) == "1.50"
    for number, unit in (("1.005", "money"), ("1.5", "years")):
        with pytest.raises(FormulaFailed):
            settled(Decimal(number), unit)
