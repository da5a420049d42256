"""Computes payout.csv and cash.csv from stated assumptions: `python -m products.catalogue.suihe_annuity.tables`.

Fictitious like the product. A death before the first payment returns about what was saved, so deaths before it do not
enter the price; afterwards annuitants live longer than the insured of a term life product.
"""

from collections.abc import Iterator
from decimal import Decimal, localcontext
from functools import cache
from pathlib import Path

from products.catalogue.actuarial import LAST_AGE, cent, csv, death, discount, write

AGES = range(30, 66)
SEXES = ("male", "female")
STARTS = (60, 65, 70)  # age of the first payment
PAY_YEARS = (5, 10)

GUARANTEE = 20  # years paid in any case, as 2.4 of the wording says
LIGHTER = Decimal("0.80")  # annuitants' mortality, per one of the insured
DISCOUNT = discount("2.0")
EXPENSE = Decimal("0.07")  # of each premium
SURRENDER = (Decimal("0.50"), Decimal("0.06"))  # share of the savings paid in year 1, and what each year adds, up to 1


@cache
def alive(age: int, sex: str, years: int) -> Decimal:
    """Probability that somebody of `age` is alive after `years`."""
    if years == 0:
        return Decimal(1)
    if age + years >= LAST_AGE:
        return Decimal(0)
    return alive(age, sex, years - 1) * (1 - death(age + years - 1, sex) * LIGHTER)


@cache
def pension(start: int, sex: str) -> Decimal:
    """Value, at the first payment, of 1 a year for life and for the guaranteed years in any case."""
    certain = sum((DISCOUNT**year for year in range(GUARANTEE)), Decimal(0))
    later = (DISCOUNT**year * alive(start, sex, year) for year in range(GUARANTEE, LAST_AGE - start))
    return certain + sum(later, Decimal(0))


def savings(pay: int, year: int) -> Decimal:
    """What premiums of 1 a year, less expenses, have grown to at the end of `year`."""
    paid = range(min(pay, year))
    return sum(((1 - EXPENSE) / DISCOUNT ** (year - number) for number in paid), Decimal(0))


def contracts() -> Iterator[tuple[int, str, int, int]]:
    for age in AGES:
        for sex in SEXES:
            for pay in PAY_YEARS:
                yield from ((age, sex, pay, start) for start in STARTS if age + pay <= start)


def payouts() -> Iterator[tuple[object, ...]]:
    """Yearly pension per 1,000 of yearly premium."""
    for age, sex, pay, start in contracts():
        yield age, sex, pay, start, cent(savings(pay, start - age) / pension(start, sex) * 1000)


def cash_values() -> Iterator[tuple[object, ...]]:
    """Cash value at the end of each year before the first payment, per 1,000 of yearly premium."""
    first, more = SURRENDER
    for age, sex, pay, start in contracts():
        for year in range(1, start - age):
            share = min(first + more * (year - 1), Decimal(1))
            yield age, sex, pay, start, year, cent(savings(pay, year) * share * 1000)


def tables() -> dict[str, bytes]:
    with localcontext(prec=34):
        return {
            "payout.csv": csv("age,sex,pay_years,start_age,value", payouts()),
            "cash.csv": csv("age,sex,pay_years,start_age,year,value", cash_values()),
        }


if __name__ == "__main__":
    write(Path(__file__).parent, tables())
