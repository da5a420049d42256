"""Lines of recognised text, the rows they form, and the fields read from rows. Pure.

Rows are found first and anchors read within them: sorting boxes by height alone loses one name or address in three.
Every character keeps its own certainty: a field is as sure as its least sure character (KYC-10).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

CONFIDENT = 0.95  # below it the customer is pointed at the field (KYC-10); docs/PAPERS.md, "How sure is sure"
ILLEGIBLE = "□"  # stands for a character that is there and was not read; never accepted as a value
GUESSED = 0.5  # a character less sure than this is not shown as if it had been read
FOREVER = "长期"

_AFTER_ADDRESS = re.compile(r"公民|身份号|(?<!\d)\d{17}[\dXx](?!\d)")


@dataclass(frozen=True, slots=True)
class Line:
    """One recognised line and its upright box in pixels. `sure`, `at`: for each character, how sure and where."""

    text: str
    confidence: float
    left: float
    top: float
    right: float
    bottom: float
    sure: tuple[float, ...] = ()
    at: tuple[float, ...] = ()

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2

    def characters(self) -> Iterator[tuple[str, float, float]]:
        """Each character that is no space, with certainty and place."""
        count = max(1, len(self.text))
        for index, character in enumerate(self.text):
            if not character.isspace():
                sure = self.sure[index] if self.sure else self.confidence
                even = self.left + (index + 0.5) * (self.right - self.left) / count
                yield character, sure, self.at[index] if self.at else even


@dataclass(frozen=True, slots=True)
class Field:
    value: str
    confidence: float  # 0..1, of the least sure character
    doubtful: bool = False  # two sources disagree: always confirmed by the customer

    @property
    def confirm(self) -> bool:
        return self.doubtful or self.confidence < CONFIDENT


@dataclass(frozen=True, slots=True)
class Reading:
    """What one paper says. `findings`: fixed codes, none when all is well."""

    fields: dict[str, Field] = field(default_factory=dict)
    findings: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Nothing is wrong and nothing needs a second look."""
        return not self.findings and not any(item.confirm for item in self.fields.values())


@dataclass(frozen=True, slots=True)
class Row:
    """`sure`, `at`: as of a line. `height`: of its text, pixels."""

    text: str
    sure: tuple[float, ...]
    at: tuple[float, ...]
    height: float

    def field(self, start: int, end: int | None = None, value: str | None = None, doubtful: bool = False) -> Field:
        """Characters `start` to `end` as a field; `value` where they are written another way."""
        sure = self.sure[start:end]
        return Field(self.text[start:end] if value is None else value, min(sure, default=0.0), doubtful)

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        return pattern.search(self.text)


def rows(lines: Sequence[Line]) -> list[Row]:
    """Lines that stand side by side, joined left to right without spaces, from the top down."""
    grouped: list[list[Line]] = []
    for line in sorted(lines, key=lambda item: item.middle):
        last = grouped[-1] if grouped else []
        beside = last and line.middle - last[-1].middle < 0.5 * min(
            line.bottom - line.top, last[-1].bottom - last[-1].top
        )
        if beside:
            last.append(line)
        else:
            grouped.append([line])
    return [_joined(sorted(group, key=lambda item: item.left)) for group in grouped]


def legible(row: Row, start: int) -> Field:
    """A name: a character that was only guessed, or that left a gap where none should be, is asked for (KYC-11).

    Han characters stand at one distance; where two neighbours stand at nearly two, one between them was not read.
    """
    characters = row.text[start:]
    places, sure = row.at[start:], row.sure[start:]
    pairs = [index for index in range(1, len(characters)) if _han(characters[index - 1] + characters[index])]
    pitch = min((places[index] - places[index - 1] for index in pairs), default=0.0)
    value, missed = "", False
    for index, character in enumerate(characters):
        if index in pairs and pitch > 0.4 * row.height:
            gaps = int((places[index] - places[index - 1]) / pitch + 0.3) - 1
            value += ILLEGIBLE * min(gaps, 3)
            missed = missed or gaps > 0
        guessed = sure[index] < GUESSED
        value += ILLEGIBLE if guessed else character
        missed = missed or guessed
    return Field(value, min(sure, default=0.0), doubtful=missed)


def address(table: Sequence[Row], index: int, start: int) -> Field:
    """The rest of the row with the label, and every row below it down to the number."""
    parts = [table[index].field(start)]
    for row in table[index + 1 :]:
        if _AFTER_ADDRESS.search(row.text):
            break
        parts.append(row.field(0))
    return Field("".join(part.value for part in parts), min((p.confidence for p in parts if p.value), default=0.0))


def unreadable(fields: dict[str, Field], wanted: Sequence[str]) -> tuple[str, ...]:
    return () if all(name in fields for name in wanted) else ("FIELD_UNREADABLE",)


def day(year: str | None, month: str | None, of_month: str | None) -> str:
    return f"{year}-{int(month or 0):02d}-{int(of_month or 0):02d}"


def date_of(text: str) -> date | None:
    """A calendar date written YYYY-MM-DD, or None."""
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        return None


def validity(fields: dict[str, str], today: date) -> tuple[str, ...]:
    """Findings on the dates of a paper; `today` is the day where the customer is."""
    since, until = date_of(fields.get("valid_from", "")), date_of(fields.get("valid_to", ""))
    found = []
    if since and since > today:
        found.append("PAPER_NOT_YET_VALID")
    if until and until < today:
        found.append("PAPER_EXPIRED")
    return tuple(found)


def _joined(group: Sequence[Line]) -> Row:
    marks = [mark for line in group for mark in line.characters()]
    return Row(
        text="".join(character for character, _, _ in marks),
        sure=tuple(sure for _, sure, _ in marks),
        at=tuple(at for _, _, at in marks),
        height=min(line.bottom - line.top for line in group),
    )


def _han(text: str) -> bool:
    return all("\u3400" <= one <= "\u9fff" or "\U00020000" <= one <= "\U0003ffff" for one in text)
