"""Computes post.csv and days.csv from stated assumptions: `python -m products.catalogue.card_loss.tables`.

What it costs and how long it takes to bring a new card. Distances, speeds and prices are made up for a fictitious bank.
"""

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal
from pathlib import Path

KM = {"city": 30, "province": 250, "country": 1500, "abroad": 6000}  # from the card factory
CUSTOMS = ("abroad",)
CUSTOMS_DAYS, CUSTOMS_FEE = 3, Decimal(80)  # working days, yuan

SPEED = {"post": 400, "express": 1000, "branch": 800}  # kilometres a working day, after one to sort and hand over
EXPRESS = (Decimal(12), Decimal("0.009"))  # yuan, and yuan a kilometre; the bank pays ordinary post within the country
ABROAD_POST = (Decimal(40), Decimal("0.005"))


def ways() -> Iterator[tuple[str, str]]:
    """Every way that is offered: there is no branch abroad."""
    yield from ((how, place) for how in SPEED for place in KM if not (how == "branch" and place == "abroad"))


def fee(how: str, place: str) -> Decimal:
    """Yuan, in whole yuan."""
    if how == "branch" or (how == "post" and place not in CUSTOMS):
        return Decimal(0)
    start, each = EXPRESS if how == "express" else ABROAD_POST
    whole = start + each * KM[place] + (CUSTOMS_FEE if place in CUSTOMS and how == "express" else 0)
    return whole.to_integral_value(ROUND_CEILING)


def days(how: str, place: str) -> int:
    """Working days on the way."""
    return 1 - -KM[place] // SPEED[how] + (CUSTOMS_DAYS if place in CUSTOMS else 0)


def tables() -> dict[str, bytes]:
    def lines(column: list[tuple[str, str, object]]) -> bytes:
        return "\n".join(["how,place,value", *(f"{how},{place},{value}" for how, place, value in column), ""]).encode()

    return {
        "post.csv": lines([(how, place, fee(how, place)) for how, place in ways()]),
        "days.csv": lines([(how, place, days(how, place)) for how, place in ways()]),
    }


if __name__ == "__main__":
    for name, data in tables().items():
        (Path(__file__).parent / name).write_bytes(data)
