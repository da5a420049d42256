"""Computes rate.csv and cash.csv from stated assumptions: `python -m products.catalogue.kangyu_illness.tables`.

Fictitious like the product: incidence i(x) = a + b * c^x with constants chosen to look like an insured population. A
death returns the cash value, taken as the reserve, so deaths need not enter the price.
"""

from collections.abc import Iterator
from decimal import Decimal, localcontext
from functools import cache
from pathlib import Path

from products.catalogue.actuarial import cent, csv, discount, write

AGES = range(18, 51)
SEXES = ("male", "female")
UNTIL = 70  # age at which cover ends
PAY_YEARS = (10, 20)

INCIDENCE = {  # a, b, c of the yearly incidence of a severe illness
    "male": (Decimal("0.0003"), Decimal("0.000035"), Decimal("1.095")),
    "female": (Decimal("0.0004"), Decimal("0.000024"), Decimal("1.101")),
}
MILD = Decimal("0.35")  # mild illnesses per severe one
MILD_SHARE = Decimal("0.30")  # of the sum insured, as 2.4 of the wording says
WAIVER = Decimal("1.02")  # premiums not paid after a mild illness (2.5)
DISCOUNT = discount("2.0")
EXPENSE = Decimal("0.35")  # of each gross premium
SURRENDER = (Decimal("0.50"), Decimal("0.05"))  # share of the reserve paid in year 1, and what each year adds, up to 1


@cache
def severe(age: int, sex: str) -> Decimal:
    a, b, c = INCIDENCE[sex]
    return a + b * c**age


@cache
def benefit(age: int, sex: str) -> Decimal:
    """Value now of what 1 of sum insured pays until the end of cover."""
    if age >= UNTIL:
        return Decimal(0)
    q = severe(age, sex)
    return DISCOUNT * (q * (1 + MILD * MILD_SHARE) + (1 - q) * benefit(age + 1, sex))


@cache
def annuity(age: int, sex: str, years: int) -> Decimal:
    """Value now of 1 paid at the start of each of `years` while no severe illness has come."""
    if years <= 0:
        return Decimal(0)
    return 1 + DISCOUNT * (1 - severe(age, sex)) * annuity(age + 1, sex, years - 1)


def net_premium(age: int, sex: str, pay: int) -> Decimal:
    return benefit(age, sex) * WAIVER / annuity(age, sex, pay)


def reserve(age: int, sex: str, pay: int, year: int) -> Decimal:
    """Net premium reserve at the end of `year`, per 1 of sum insured."""
    due = net_premium(age, sex, pay) * annuity(age + year, sex, pay - year)
    return benefit(age + year, sex) * WAIVER - due


def contracts() -> Iterator[tuple[int, str, int]]:
    for age in AGES:
        for sex in SEXES:
            yield from ((age, sex, pay) for pay in PAY_YEARS if age + pay <= UNTIL)


def rates() -> Iterator[tuple[object, ...]]:
    """Yearly premium per 1,000 of sum insured."""
    for age, sex, pay in contracts():
        yield age, sex, pay, cent(net_premium(age, sex, pay) / (1 - EXPENSE) * 1000)


def cash_values() -> Iterator[tuple[object, ...]]:
    """Cash value at the end of each year per 1,000 of sum insured; never below zero, nothing at the end of cover."""
    first, more = SURRENDER
    for age, sex, pay in contracts():
        for year in range(1, UNTIL - age + 1):
            share = min(first + more * (year - 1), Decimal(1))
            yield age, sex, pay, year, cent(max(reserve(age, sex, pay, year) * share * 1000, Decimal(0)))


def tables() -> dict[str, bytes]:
    with localcontext(prec=34):
        return {
            "rate.csv": csv("age,sex,pay_years,value", rates()),
            "cash.csv": csv("age,sex,pay_years,year,value", cash_values()),
        }


if __name__ == "__main__":
    write(Path(__file__).parent, tables())
