"""The PRC resident identity card, front (portrait side) and back: from rows of text to fields. Pure."""

import re
from collections.abc import Sequence

from kyc.idcard import ethnic_group, parse
from kyc.papers.lines import (
    FOREVER,
    ILLEGIBLE,
    Field,
    Line,
    Reading,
    address,
    date_of,
    day,
    legible,
    rows,
    unreadable,
)

FRONT_FIELDS = ("name", "sex", "ethnicity", "birth", "address", "number")
BACK_FIELDS = ("authority", "valid_from", "valid_to")
FIELDS = FRONT_FIELDS + BACK_FIELDS

_NUMBER = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_BIRTH = re.compile(r"(\d{4})\D{0,2}年(\d{1,2})月(\d{1,2})日?")
_SPAN = re.compile(r"(\d{4})[.\-]?(\d\d)[.\-]?(\d\d)[-—–至~一]+(?:(\d{4})[.\-]?(\d\d)[.\-]?(\d\d)|(长期|長期))")
_SEX = re.compile(r"性?别?(男|女)")
_GROUP = re.compile(r"民?族([^\W\d]+)$")
_NAME = re.compile(r"姓名")
_AUTHORITY = re.compile(r"签发机关|签发机|发机关")
_FRONT_WORDS = ("姓名", "公民身份号码", "住址")


def read_front(lines: Sequence[Line]) -> Reading:
    """Name, sex, ethnic group, birth date, address and number of the portrait side."""
    table = rows(lines)
    found: dict[str, Field] = {}
    for index, row in enumerate(table):
        if (match := row.match(_NAME)) and len(row.text) > match.end():
            found["name"] = legible(row, match.end())
        if match := row.match(_SEX):
            found["sex"] = row.field(*match.span(1))
        if match := row.match(_GROUP):
            group = ethnic_group(match[1])
            if group:
                found["ethnicity"] = row.field(*match.span(1), group, doubtful=group != match[1])
        if match := row.match(_BIRTH):
            found["birth"] = row.field(*match.span(), day(*match.groups()))
        if (at := row.text.find("住址")) >= 0:
            found["address"] = address(table, index, at + 2)
        if match := row.match(_NUMBER):
            found["number"] = row.field(*match.span(), match[0].upper())
    return settle_front(found)


def read_back(lines: Sequence[Line]) -> Reading:
    """Issuing authority and validity of the emblem side."""
    found: dict[str, Field] = {}
    for row in rows(lines):
        if (match := row.match(_AUTHORITY)) and len(row.text) > match.end():
            found["authority"] = row.field(match.end())
        if match := row.match(_SPAN):
            found["valid_from"] = row.field(match.start(1), match.end(3), day(*match.group(1, 2, 3)))
            until = FOREVER if match[7] else day(*match.group(4, 5, 6))
            last = match.span(7) if match[7] else (match.start(4), match.end(6))
            found["valid_to"] = row.field(*last, until)
    if not found:
        recognised = any(word in line.text for word in _FRONT_WORDS for line in lines)
        return Reading(findings=("WRONG_SIDE" if recognised else "PAPER_NOT_RECOGNISED",))
    return settle_back(found)


def mistakes(fields: dict[str, str]) -> tuple[str, ...]:
    """Names of the fields that cannot be true of any card: form, check character, and what the number itself says."""
    number = parse(fields["number"])
    until = fields["valid_to"]
    name = fields["name"]
    wrong = {
        "name": not 2 <= len(name) <= 40 or ILLEGIBLE in name or any(char.isdigit() for char in name),
        "number": number is None,
        "sex": fields["sex"] not in {"男", "女"} or (number is not None and number.sex != fields["sex"]),
        "birth": date_of(fields["birth"]) is None
        or (number is not None and number.birth.isoformat() != fields["birth"]),
        "ethnicity": ethnic_group(fields["ethnicity"]) != fields["ethnicity"],
        "address": not 4 <= len(fields["address"]) <= 120,
        "authority": not 4 <= len(fields["authority"]) <= 60,
        "valid_from": date_of(fields["valid_from"]) is None,
        "valid_to": until != FOREVER and (date_of(until) is None or until <= fields["valid_from"]),
    }
    return tuple(name for name in FIELDS if wrong[name])


def settle_back(fields: dict[str, Field]) -> Reading:
    return Reading(fields=fields, findings=unreadable(fields, BACK_FIELDS))


def settle_front(fields: dict[str, Field]) -> Reading:
    """Hold what was read against what the number says; the number wins where a single character got lost."""
    if len(fields.keys() & {"name", "birth", "address", "number"}) < 2:
        return Reading(fields, ("PAPER_NOT_RECOGNISED",))
    fields, findings = by_number(fields)
    number = parse(fields["number"].value) if "number" in fields else None
    if number is not None and not number.known:
        findings = (*findings, "REGION_UNKNOWN")
    return Reading(fields, (*findings, *unreadable(fields, FRONT_FIELDS)))


def by_number(fields: dict[str, Field]) -> tuple[dict[str, Field], tuple[str, ...]]:
    """Sex and birth date as a proven eighteen-digit number says them, and what disagreed."""
    if "number" not in fields:
        return fields, ()
    number = parse(fields["number"].value)
    if number is None:
        return fields, ("NUMBER_WRONG",)
    sure, settled, findings = fields["number"].confidence, dict(fields), []
    for name, said, code in (
        ("sex", number.sex, "SEX_DIFFERS"),
        ("birth", number.birth.isoformat(), "BIRTH_DIFFERS"),
    ):
        if name in fields and fields[name].value != said:
            findings.append(code)
            settled[name] = Field(said, sure, doubtful=True)
        settled.setdefault(name, Field(said, sure))
    return settled, tuple(findings)
