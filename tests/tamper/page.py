"""docs/TAMPERING.md: what was tried and what came of it. No date and no machine: the same numbers every time."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from evidence.verify.edition import fill
from tests.tamper.changes import SEED
from tests.tamper.matrix import Result, Row
from tests.tamper.specimen import Specimen

TEMPLATE = Path(__file__).with_name("TAMPERING.md")
HEAD = (
    "class",
    "changes",
    "as is",
    "made to fit",
    "no change",
    "failed",
    "undecided",
    "declared",
    "undetected",
    "raised",
)


def table(result: Result) -> str:
    rows = [_cells(kind, row) for kind, row in result.rows.items()]
    rows.append(_cells("all", result.whole))
    lines = ["| " + " | ".join(HEAD) + " |", "|---|" + "---:|" * (len(HEAD) - 1)]
    return "\n".join((*lines, *("| " + " | ".join(cells) + " |" for cells in rows)))


def _cells(kind: str, row: Row) -> Sequence[str]:
    numbers = (
        row.changes,
        row.as_is,
        row.around,
        row.same,
        row.said["failed"],
        row.said["undecided"],
        row.said["withheld"] + row.said["allowed"],
        row.said["undetected"],
        row.said["exception"],
    )
    return (kind, *(f"{number:,}" for number in numbers))


def page(made: Specimen, result: Result) -> str:
    whole = result.whole
    values = {
        "changes": f"{whole.changes:,}",
        "both": f"{whole.around:,}",
        "undetected": str(whole.said["undetected"]),
        "raised": str(whole.said["exception"]),
        "declared": f"{whole.said['withheld']:,}",
        "allowed": f"{whole.said['allowed']:,}",
        "table": table(result),
        "seed": SEED,
        "files": str(len(made.files)),
        "bytes": f"{len(made.bundle):,}",
        "sha": hashlib.sha256(made.bundle).hexdigest(),
        "controls": f"{result.controls:,}",
    }
    return fill(TEMPLATE.read_text("utf-8"), values)
