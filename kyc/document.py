"""From lines of recognised text to the fields of a paper, and what is wrong with them. Pure.

Rows are found first and anchors read within them: sorting boxes by height alone loses one name or address in three.
Supported papers: the PRC resident identity card, front (portrait side) and back.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from kyc.idcard import ethnic_group, parse

FRONT_FIELDS = ("name", "sex", "ethnicity", "birth", "address", "number")
BACK_FIELDS = ("authority", "valid_from", "valid_to")
FIELDS = FRONT_FIELDS + BACK_FIELDS
FOREVER = "长期"
CONFIDENT = 0.95  # below it the customer is pointed at the field (KYC-10)

_NUMBER = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_BIRTH = re.compile(r"(\d{4})\D{0,2}年(\d{1,2})月(\d{1,2})日?")
_SPAN = re.compile(r"(\d{4})[.\-]?(\d\d)[.\-]?(\d\d)[-—–至~]+(?:(\d{4})[.\-]?(\d\d)[.\-]?(\d\d)|(长期))")


@dataclass(frozen=True, slots=True)
class Line:
    """One recognised line and its upright box in pixels."""

    text: str
    confidence: float
    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class Field:
    value: str
    confidence: float  # 0..1, the least of the lines it was read from
    doubtful: bool = False  # two sources disagree: always confirmed by the customer

    @property
    def confirm(self) -> bool:
        return self.doubtful or self.confidence < CONFIDENT


@dataclass(frozen=True, slots=True)
class Reading:
    """What one side says. `findings`: fixed codes, none when all is well."""

    fields: dict[str, Field] = field(default_factory=dict)
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    text: str
    confidence: float


def rows(lines: Sequence[Line]) -> list[_Row]:
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
    joined = []
    for group in grouped:
        group.sort(key=lambda item: item.left)
        text = re.sub(r"\s+", "", "".join(item.text for item in group))
        joined.append(_Row(text, min(item.confidence for item in group)))
    return joined


def read_front(lines: Sequence[Line]) -> Reading:
    """Name, sex, ethnic group, birth date, address and number of the portrait side."""
    table = rows(lines)
    found: dict[str, Field] = {}
    for index, row in enumerate(table):
        if (at := row.text.find("姓名")) >= 0 and len(row.text) > at + 2:
            found["name"] = Field(row.text[at + 2 :], row.confidence)
        if match := re.search(r"性别?(男|女)", row.text):
            found["sex"] = Field(match[1], row.confidence)
        if match := re.search(r"民族?([^\W\d]+)$", row.text):
            group = ethnic_group(match[1])
            if group:
                found["ethnicity"] = Field(group, row.confidence, doubtful=group != match[1])
        if match := _BIRTH.search(row.text):
            found["birth"] = Field(_day(*match.groups()), row.confidence)
        if (at := row.text.find("住址")) >= 0:
            found["address"] = _address(table, index, row.text[at + 2 :])
        if match := _NUMBER.search(row.text):
            found["number"] = Field(match[0].upper(), row.confidence)
    return _agree(replace(Reading(), fields=found))


def read_back(lines: Sequence[Line]) -> Reading:
    """Issuing authority and validity of the emblem side."""
    found: dict[str, Field] = {}
    for row in rows(lines):
        if (at := row.text.find("签发机关")) >= 0 and len(row.text) > at + 4:
            found["authority"] = Field(row.text[at + 4 :], row.confidence)
        if match := _SPAN.search(row.text):
            found["valid_from"] = Field(_day(*match.group(1, 2, 3)), row.confidence)
            until = FOREVER if match[7] else _day(*match.group(4, 5, 6))
            found["valid_to"] = Field(until, row.confidence)
    if not found:
        recognised = any("姓名" in line.text or "公民身份号码" in line.text for line in lines)
        return Reading(findings=("WRONG_SIDE" if recognised else "PAPER_NOT_RECOGNISED",))
    return Reading(fields=found, findings=_unreadable(found, BACK_FIELDS))


def validity(fields: dict[str, str], day: date) -> tuple[str, ...]:
    """Findings on the dates of the back; `day` is today where the customer is."""
    since, until = _date(fields.get("valid_from", "")), _date(fields.get("valid_to", ""))
    found = []
    if since and since > day:
        found.append("PAPER_NOT_YET_VALID")
    if until and until < day:
        found.append("PAPER_EXPIRED")
    return tuple(found)


def mistakes(fields: dict[str, str]) -> tuple[str, ...]:
    """Names of the fields that cannot be true of any card: form, check character, and what the number itself says."""
    number = parse(fields["number"])
    until = fields["valid_to"]
    wrong = {
        "name": not 2 <= len(fields["name"]) <= 40 or any(char.isdigit() for char in fields["name"]),
        "number": number is None,
        "sex": fields["sex"] not in {"男", "女"} or (number is not None and number.sex != fields["sex"]),
        "birth": _date(fields["birth"]) is None or (number is not None and number.birth.isoformat() != fields["birth"]),
        "ethnicity": ethnic_group(fields["ethnicity"]) != fields["ethnicity"],
        "address": not 4 <= len(fields["address"]) <= 120,
        "authority": not 4 <= len(fields["authority"]) <= 60,
        "valid_from": _date(fields["valid_from"]) is None,
        "valid_to": until != FOREVER and (_date(until) is None or until <= fields["valid_from"]),
    }
    return tuple(name for name in FIELDS if wrong[name])


def _address(table: Sequence[_Row], index: int, first: str) -> Field:
    parts, confidence = [first], table[index].confidence
    for row in table[index + 1 :]:
        if "公民" in row.text or "身份号" in row.text or _NUMBER.search(row.text):
            break
        parts.append(row.text)
        confidence = min(confidence, row.confidence)
    return Field("".join(parts), confidence)


def _agree(reading: Reading) -> Reading:
    """Hold what was read against what the number says; the number wins where a single character got lost."""
    fields = dict(reading.fields)
    if len(fields.keys() & {"name", "birth", "address", "number"}) < 2:
        return Reading(fields, ("PAPER_NOT_RECOGNISED",))
    findings = []
    number = parse(fields["number"].value) if "number" in fields else None
    if "number" in fields and number is None:
        findings.append("NUMBER_WRONG")
    if number is not None:
        sure = fields["number"].confidence
        for name, said, code in (
            ("sex", number.sex, "SEX_DIFFERS"),
            ("birth", number.birth.isoformat(), "BIRTH_DIFFERS"),
        ):
            if name in fields and fields[name].value != said:
                findings.append(code)
                fields[name] = Field(said, sure, doubtful=True)
            fields.setdefault(name, Field(said, sure))
    return Reading(fields, (*findings, *_unreadable(fields, FRONT_FIELDS)))


def _unreadable(fields: dict[str, Field], wanted: Sequence[str]) -> tuple[str, ...]:
    return () if all(name in fields for name in wanted) else ("FIELD_UNREADABLE",)


def _day(year: str | None, month: str | None, day: str | None) -> str:
    return f"{year}-{int(month or 0):02d}-{int(day or 0):02d}"


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        return None
