"""Life-table arithmetic that the products' `tables.py` share: Makeham mortality, values now, how cells are written.

Every company and product of the catalogue is fictitious, and so is the mortality: constants chosen to look like an
insured population, not taken from any published table.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path

MAKEHAM = (Decimal("0.0003"), Decimal("0.00002"), Decimal("1.10"))  # a, b, c of a man's yearly a + b * c^age
FEMALE = Decimal("0.55")  # a woman's share of it
LAST_AGE = 105  # nobody of the table lives beyond


@cache
def death(age: int, sex: str) -> Decimal:
    """Probability of death within the year, at most 1."""
    a, b, c = MAKEHAM
    share = FEMALE if sex == "female" else Decimal(1)
    return Decimal(1) if age >= LAST_AGE else min((a + b * c**age) * share, Decimal(1))


def discount(percent: str) -> Decimal:
    """Value now of 1 due in a year, at `percent` a year."""
    return 1 / (1 + Decimal(percent) / 100)


def cent(value: Decimal) -> Decimal:
    """A cell of a table: two places, half up."""
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def csv(header: str, rows: Iterable[tuple[object, ...]]) -> bytes:
    return "\n".join([header, *(",".join(str(cell) for cell in row) for row in rows), ""]).encode()


def write(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).write_bytes(data)
