"""Computes rate.csv and cash.csv from stated assumptions: `python -m products.catalogue.anju_term_life.tables`.

The company and the product are fictitious, and so is the mortality: Makeham's law mu(x) = a + b * c^x with constants
chosen to look like an insured population, not taken from any published table.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import cache
from pathlib import Path

AGES = range(18, 51)
SEXES = ("male", "female")
TERMS = (10, 20)
PAY_YEARS = (5, 10, 20)

MAKEHAM = (Decimal("0.0003"), Decimal("0.00002"), Decimal("1.10"))  # a, b, c of a man's yearly mortality
FEMALE = Decimal("0.55")  # a woman's share of it
DISABILITY = Decimal("1.10")  # deaths and total disabilities together, per death
DISCOUNT = 1 / Decimal("1.02")  # 2.0 % a year
EXPENSE = Decimal("0.35")  # of each gross premium
SURRENDER = (Decimal("0.60"), Decimal("0.04"))  # share of the reserve paid in year 1, and what each year adds, up to 1


@cache
def claim(age: int, sex: str) -> Decimal:
    """Probability that the sum insured falls due within the year."""
    a, b, c = MAKEHAM
    share = FEMALE if sex == "female" else Decimal(1)
    return (a + b * c**age) * share * DISABILITY


@cache
def benefit(age: int, sex: str, years: int) -> Decimal:
    """Value now of 1 paid at the end of the year of claim, within `years`."""
    if years <= 0:
        return Decimal(0)
    q = claim(age, sex)
    return DISCOUNT * (q + (1 - q) * benefit(age + 1, sex, years - 1))


@cache
def annuity(age: int, sex: str, years: int) -> Decimal:
    """Value now of 1 paid at the start of each of `years` while no claim has come."""
    if years <= 0:
        return Decimal(0)
    return 1 + DISCOUNT * (1 - claim(age, sex)) * annuity(age + 1, sex, years - 1)


def net_premium(age: int, sex: str, term: int, pay_years: int) -> Decimal:
    return benefit(age, sex, term) / annuity(age, sex, pay_years)


def reserve(age: int, sex: str, term: int, pay_years: int, year: int) -> Decimal:
    """Net premium reserve at the end of `year`, per 1 of sum insured."""
    due = net_premium(age, sex, term, pay_years) * annuity(age + year, sex, pay_years - year)
    return benefit(age + year, sex, term - year) - due


def contracts() -> Iterator[tuple[int, str, int, int]]:
    for age in AGES:
        for sex in SEXES:
            for term in TERMS:
                yield from ((age, sex, term, pay) for pay in PAY_YEARS if pay <= term)


def rates() -> str:
    """Yearly premium per 1,000 of sum insured."""
    lines = ["age,sex,term,pay_years,value"]
    for age, sex, term, pay in contracts():
        lines.append(f"{age},{sex},{term},{pay},{_cent(net_premium(age, sex, term, pay) / (1 - EXPENSE) * 1000)}")
    return "\n".join(lines) + "\n"


def cash_values() -> str:
    """Cash value at the end of each year per 1,000 of sum insured; never below zero."""
    first, more = SURRENDER
    lines = ["age,sex,term,pay_years,year,value"]
    for age, sex, term, pay in contracts():
        for year in range(1, term + 1):
            share = min(first + more * (year - 1), Decimal(1))
            value = max(reserve(age, sex, term, pay, year) * share * 1000, Decimal(0))
            lines.append(f"{age},{sex},{term},{pay},{year},{_cent(value)}")
    return "\n".join(lines) + "\n"


def tables() -> dict[str, bytes]:
    with localcontext(prec=34):
        return {"rate.csv": rates().encode(), "cash.csv": cash_values().encode()}


def _cent(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


if __name__ == "__main__":
    for name, data in tables().items():
        (Path(__file__).parent / name).write_bytes(data)
