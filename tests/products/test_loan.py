"""The household loan: its formulas are the bookkeeping of its contract, to the fen, for any loan in bounds."""

from decimal import Decimal
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from products.catalogue.jiashi_loan import tables
from products.catalogue.jiashi_loan.tables import Period
from products.compiled import Compiled
from products.load import load
from products.quoting import compute_quote
from tests.products.conftest import CATALOGUE

FOLDER = CATALOGUE / "jiashi_loan"
FEN = Decimal("0.01")

asked = st.fixed_dictionaries(
    {
        "amount": st.integers(10, 200).map(lambda thousands: thousands * 1000),
        "months": st.sampled_from(tables.MONTHS),
        "use": st.sampled_from(tables.USES),
        "method": st.sampled_from(["level", "part"]),
        "late": st.integers(1, 5),
    }
)


@cache
def product() -> Compiled:
    """Not a fixture: a failing example would print all of it."""
    return load(FOLDER)


@pytest.fixture
def loan() -> Compiled:
    return product()


def periods(raw: dict[str, int | str]) -> tuple[Period, ...]:
    rate = tables.yearly(int(raw["months"]), str(raw["use"]))
    return tuple(tables.schedule(Decimal(raw["amount"]), rate, int(raw["months"]), str(raw["method"])))


def quoted(raw: dict[str, int | str], month: int = 1) -> dict[str, Decimal]:
    return {name: Decimal(value) for name, value in compute_quote(product(), {**raw, "month": month}).outputs.items()}


def test_the_rate_table_is_what_its_script_computes_and_what_the_contract_prints(loan: Compiled) -> None:
    assert tables.tables() == {"rate.csv": (FOLDER / "rate.csv").read_bytes()}
    printed = loan.wording.cut("36")
    names = {"home": "房屋装修", "goods": "家具家电", "study": "教育培训", "health": "医疗健康"}
    rows = [row for row in printed.split("\n") if row.startswith("借款期限")]
    for row, months in zip(rows, tables.MONTHS, strict=True):
        assert all(f"{names[use]}{tables.yearly(months, use)}%" in row for use in tables.USES)


HALVES: tuple[dict[str, int | str], ...] = (  # the interest ends in exactly half a fen
    {"amount": 183000, "months": 24, "use": "study", "method": "level", "late": 5},
    {"amount": 195000, "months": 24, "use": "goods", "method": "part", "late": 3},
)


@example(raw=HALVES[0], share=0)
@example(raw=HALVES[1], share=0.1)
@given(raw=asked, share=st.fractions(0, 1))
def test_every_payment_is_the_one_the_books_show(raw: dict[str, int | str], share: float) -> None:  # PRD-05
    rows = periods(raw)
    month = 1 + int(share * (len(rows) - 1))
    out, row = quoted(raw, month), rows[month - 1]
    assert sum(item.principal for item in rows) == Decimal(raw["amount"])
    assert rows[-1].left == 0
    assert (out["interest_then"], out["principal_then"], out["left_then"]) == (row.interest, row.principal, row.left)
    assert (out["pay_first"], out["pay_last"]) == (rows[0].due, rows[-1].due)
    assert out["total_interest"] == sum(item.interest for item in rows)
    assert out["early_saved"] == sum(item.interest for item in rows[month:])
    assert out["early_fee"] <= row.left * Decimal("0.01") + FEN
    assert month < 12 or out["early_fee"] == 0


@given(raw=asked)
def test_the_yearly_cost_is_the_rate_at_which_payments_are_worth_what_was_received(raw: dict[str, int | str]) -> None:
    out = quoted(raw)
    received = Decimal(raw["amount"]) - out["guarantee_fee"]
    worth = sum(row.due / (1 + out["month_rate"]) ** row.number for row in periods(raw))
    assert abs(worth - received) < Decimal("0.5")  # the payments are rounded to the fen, the closed form is not
    assert out["rate"] < out["apr"] < out["apr_compound"]


@example(raw=HALVES[0])
@example(raw=HALVES[1])
@given(raw=asked)
def test_lateness_costs_what_the_penalty_clause_says(raw: dict[str, int | str]) -> None:
    out, rows, late = quoted(raw), periods(raw), int(raw["late"])
    missed = rows[:late]
    assert out["late_overdue"] == sum(row.due for row in missed)
    yearly = tables.yearly(int(raw["months"]), str(raw["use"])) * Decimal("1.5") / 100
    exact = sum(row.due * yearly * 30 * (late - row.number + 1) / 360 for row in missed)
    assert abs(out["late_extra"] - exact) <= late * FEN
    assert out["called"] == Decimal(raw["amount"]) + sum(row.interest for row in missed) + out["late_extra"]
    assert out["late_due"] > out["late_overdue"]


def test_the_worked_example_of_the_contract_is_right(loan: Compiled) -> None:
    raw: dict[str, int | str] = {"amount": 100000, "months": 12, "use": "home", "method": "level", "late": 3}
    out, printed = quoted(raw, 6), loan.wording.cut("38")
    money = ("pay_first", "pay_last", "total_interest", "guarantee_fee", "total_cost", "late_overdue", "late_extra")
    for name in (*money, "late_due", "left_then", "early_fee"):
        assert f"{out[name]:,.2f}元" in printed, name
    assert all(f"{out[name]}%" in printed for name in ("rate", "apr", "apr_compound"))


def test_what_lateness_costs_stands_above_what_the_loan_costs(loan: Compiled) -> None:
    lines = [name for name, formula in loan.product.formulas.items() if formula.label is not None]
    assert lines[:5] == ["late_due", "late_overdue", "late_extra", "called", "rate"]
