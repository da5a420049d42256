"""Computes rate.csv and scale.csv from stated assumptions: `python -m products.catalogue.youan_travel.tables`.

The company and the product are fictitious, and so are the frequencies: chosen to look like short leisure trips, not
taken from any published table.
"""

from decimal import Decimal, localcontext
from pathlib import Path

from products.catalogue.actuarial import cent, csv, write

# Everything below is per 10,000 yuan of sum insured.
DAYS = range(1, 91)
DEATH = {"home": Decimal("0.0000010"), "asia": Decimal("0.0000016"), "world": Decimal("0.0000021")}  # a day
JOB = {"office": Decimal("1.0"), "field": Decimal("1.4"), "manual": Decimal("2.0")}  # times the frequency of an office
DISABILITY = Decimal("0.45")  # sums paid for disability, per sum paid for death
MEDICAL = {"home": Decimal("0.022"), "asia": Decimal("0.060"), "world": Decimal("0.095")}  # yuan a day
FIXED = Decimal("0.05")  # yuan a contract: policy, messages, hot line
NET = 1 - Decimal("0.35")  # of each premium; the rest is commission, tax, administration and margin
STEP = 10  # per cent of the sum that each grade of disability below the first pays less


def rates() -> bytes:
    """Premium of the whole trip per 10,000 of sum insured."""
    return csv(
        "job,dest,days,value",
        (
            (job, dest, days, cent((FIXED + (death * (1 + DISABILITY) * 10_000 + MEDICAL[dest]) * factor * days) / NET))
            for job, factor in JOB.items()
            for dest, death in DEATH.items()
            for days in DAYS
        ),
    )


def scale() -> bytes:
    """Per cent of the sum insured paid for each of the ten grades of disability, as 9.8 of the wording lists them."""
    return csv("level,value", ((level, 100 - STEP * (level - 1)) for level in range(1, 11)))


def tables() -> dict[str, bytes]:
    with localcontext(prec=34):
        return {"rate.csv": rates(), "scale.csv": scale()}


if __name__ == "__main__":
    write(Path(__file__).parent, tables())
