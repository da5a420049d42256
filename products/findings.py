"""One finding about a product definition, with the place an author has to look at and what to do there."""

from typing import Literal

from evidence.events import Frozen
from products.advice import ADVICE

Severity = Literal["E", "W"]


class Finding(Frozen, frozen=True, kw_only=True):
    """`rule` as in the lint table of docs/PRODUCTS.md; L00 is the format itself. `path` as `clauses[3].plain.en`.

    `E` stops a release; `W` wants a named person's reason.
    """

    rule: str
    severity: Severity = "E"
    path: str
    line: int
    message: str

    @property
    def fix_zh(self) -> str:
        return ADVICE[self.rule].fix_zh

    @property
    def fix_en(self) -> str:
        return ADVICE[self.rule].fix_en

    def __str__(self) -> str:
        return f"line {self.line}: {self.rule} {self.severity} {self.path}: {self.message}"
