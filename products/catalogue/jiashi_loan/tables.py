"""Computes rate.csv from stated assumptions: `python -m products.catalogue.jiashi_loan.tables`.

Bank, guarantor and product are fictitious, and so are these costs. `schedule` is the plain bookkeeping of one loan,
period by period: what the closed forms and sums of the definition are compared with.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal, localcontext
from itertools import product
from pathlib import Path
from typing import NamedTuple

MONTHS = (6, 12, 24, 36)
USES = ("home", "goods", "study", "health")

FUNDING = (Decimal("1.60"), Decimal("0.15"))  # per cent a year, and what each year of term adds
HANDLING = (Decimal(240), Decimal(60000))  # yuan to grant and run one loan, and the principal it is spread over
DEFAULTS = {"home": Decimal("0.70"), "goods": Decimal("1.40"), "study": Decimal("0.90"), "health": Decimal("1.15")}
LOST = Decimal("0.60")  # of a loan in default; the shares above are per cent of loans a year
MARGIN = Decimal("1.05")  # per cent a year: capital and profit
STEP = Decimal("0.05")  # rates are quoted in steps of this

CENT = Decimal("0.01")


def yearly(months: int, use: str) -> Decimal:
    """Nominal rate in per cent a year."""
    years = Decimal(months) / 12
    lent = HANDLING[1] * (Decimal(months) + 1) / (2 * months)  # on average over the term, repaid evenly
    handling = HANDLING[0] / lent / years * 100
    whole = FUNDING[0] + FUNDING[1] * years + handling + DEFAULTS[use] * LOST + MARGIN
    return (whole / STEP).quantize(Decimal(1), ROUND_HALF_UP) * STEP


def tables() -> dict[str, bytes]:
    with localcontext(prec=34):
        lines = [f"{months},{use},{yearly(months, use)}" for months, use in product(MONTHS, USES)]
    return {"rate.csv": "\n".join(["months,use,value", *lines, ""]).encode()}


class Period(NamedTuple):
    number: int
    interest: Decimal
    principal: Decimal
    left: Decimal  # afterwards

    @property
    def due(self) -> Decimal:
        return self.interest + self.principal


def schedule(amount: Decimal, rate: Decimal, months: int, method: str) -> Iterator[Period]:
    """Articles 10 and 12: every period's interest on what is left, rounded to the fen; the last one takes the rest."""
    with localcontext(prec=34):
        monthly = rate / 1200
        grown = (1 + monthly) ** months
        level = (amount * monthly * grown / (grown - 1)).quantize(CENT, ROUND_HALF_UP)
        part = (amount / months).quantize(CENT, ROUND_HALF_UP)
    left = amount
    for number in range(1, months + 1):
        interest = (left * rate / 1200).quantize(CENT, ROUND_HALF_UP)
        principal = left if number == months else part if method == "part" else level - interest
        left -= principal
        yield Period(number, interest, principal, left)


if __name__ == "__main__":
    for name, data in tables().items():
        (Path(__file__).parent / name).write_bytes(data)
