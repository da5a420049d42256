"""Computes outcome.csv from stated assumptions: `python -m products.catalogue.zhiqiu_wealth.tables`.

What one yuan is worth after whole years, fees taken, in a bad and in a middling run of the markets. Both are made up
to be understood, no forecast; the wording states them (2.2), and losing everything needs no table.
"""

from decimal import ROUND_DOWN, Decimal, localcontext
from itertools import accumulate
from pathlib import Path

SHARES = Decimal("0.20")  # of the assets, the most the wording allows; the rest is bonds, evened out each year
FEES = Decimal("0.0053")  # a year: sale 0.30 %, management 0.20 %, custody 0.03 %
YEARS = (1, 2, 3)
RUNS = {  # each year's gain on shares, on bonds
    "bad": (("-0.45", "-0.05"), ("0", "0.01"), ("0", "0.02")),
    "mid": (("0.04", "0.032"), ("0.04", "0.032"), ("0.04", "0.032")),
}
PLACES = Decimal("0.00001")


def worth(scene: str) -> tuple[Decimal, ...]:
    """Of one yuan, at the end of each year."""
    growth = (1 + SHARES * Decimal(share) + (1 - SHARES) * Decimal(bond) - FEES for share, bond in RUNS[scene])
    return tuple(value.quantize(PLACES, ROUND_DOWN) for value in accumulate(growth, lambda one, two: one * two))


def tables() -> dict[str, bytes]:
    with localcontext(prec=34):
        lines = [f"{scene},{year},{value}" for scene in RUNS for year, value in zip(YEARS, worth(scene), strict=True)]
    return {"outcome.csv": "\n".join(["scene,years,value", *lines, ""]).encode()}


if __name__ == "__main__":
    for name, data in tables().items():
        (Path(__file__).parent / name).write_bytes(data)
