"""Computes rate.csv, cash.csv and dividend.csv from stated assumptions:
`python -m products.catalogue.fuman_endowment.tables`.

Fictitious like the product. A death returns about what was saved (its surplus over that is a loading), so deaths enter
only through that loading. Dividends are an assumption for the illustration, never a promise.
"""

from collections.abc import Iterator
from decimal import Decimal, localcontext
from pathlib import Path

from products.catalogue.actuarial import cent, csv, death, discount, write

AGES = range(18, 66)
TERMS = (10, 15)
PAY_YEARS = (1, 3, 5)

GUARANTEED = "1.75"  # per cent a year: the rate of the price
ASSUMED = "3.5"  # per cent a year: what the illustration assumes the fund earns; the rule's ceiling is 4.5
SHARED = Decimal("0.70")  # of the surplus goes to policyholders, as 2.6 of the wording says
DISCOUNT = discount(GUARANTEED)
DEATH_SURPLUS = Decimal("0.45")  # what a death pays above the savings, per premium paid
EXPENSE = {1: Decimal("0.045"), 3: Decimal("0.065"), 5: Decimal("0.075")}  # of each premium
SURRENDER = {  # share of the savings paid in year 1, and what each year adds, up to 1
    1: (Decimal("0.86"), Decimal("0.03")),
    3: (Decimal("0.66"), Decimal("0.06")),
    5: (Decimal("0.58"), Decimal("0.06")),
}


def cost_of_death(age: int, term: int) -> Decimal:
    """Yearly cost of deaths per premium paid: mean mortality of both sexes over the term."""
    years = [(death(age + year, "male") + death(age + year, "female")) / 2 for year in range(term)]
    return sum(years, Decimal(0)) / term * DEATH_SURPLUS


def premium(age: int, term: int, pay: int) -> Decimal:
    """Yearly premium per 1 of maturity benefit."""
    saved = sum((DISCOUNT ** -(term - number) for number in range(pay)), Decimal(0))
    deaths = sum(((term - number) * cost_of_death(age, term) for number in range(pay)), Decimal(0))
    return 1 / (saved * (1 - EXPENSE[pay]) - deaths)


def savings(term: int, pay: int, year: int) -> Decimal:
    """What is saved at the end of `year` per 1 of maturity benefit, on the way to exactly 1 at the end."""
    part = sum((DISCOUNT ** -(year - number) for number in range(min(pay, year))), Decimal(0))
    whole = sum((DISCOUNT ** -(term - number) for number in range(pay)), Decimal(0))
    return part / whole


def years() -> Iterator[tuple[int, int, int]]:
    for term in TERMS:
        for pay in PAY_YEARS:
            yield from ((term, pay, year) for year in range(1, term + 1))


def rates() -> Iterator[tuple[object, ...]]:
    """Yearly premium per 1,000 of basic sum insured."""
    for age in AGES:
        for term in TERMS:
            yield from ((age, term, pay, cent(premium(age, term, pay) * 1000)) for pay in PAY_YEARS)


def cash_values() -> Iterator[tuple[object, ...]]:
    """Guaranteed cash value at the end of each year per 1,000 of basic sum insured."""
    for term, pay, year in years():
        first, more = SURRENDER[pay]
        share = min(first + more * (year - 1), Decimal(1))
        yield term, pay, year, cent(savings(term, pay, year) * share * 1000)


def dividends() -> Iterator[tuple[object, ...]]:
    """Assumed dividend of each year per 1,000 of basic sum insured: the margin over the guaranteed rate, shared."""
    margin = (Decimal(ASSUMED) - Decimal(GUARANTEED)) / 100 * SHARED
    for term, pay, year in years():
        yield term, pay, year, cent(savings(term, pay, year) * DISCOUNT * margin * 1000)


def tables() -> dict[str, bytes]:
    with localcontext(prec=34):
        return {
            "rate.csv": csv("age,term,pay_years,value", rates()),
            "cash.csv": csv("term,pay_years,year,value", cash_values()),
            "dividend.csv": csv("term,pay_years,year,value", dividends()),
        }


if __name__ == "__main__":
    write(Path(__file__).parent, tables())
