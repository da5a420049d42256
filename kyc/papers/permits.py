"""Cards of residents of Hong Kong, Macau and Taiwan, and of foreigners with permanent residence. Pure.

Labels and values of these cards stand beside or under each other, depending on the issue; values are therefore known by
their own form: a number, two dates with a stroke between them, one date alone. What is read is confirmed as ever.
"""

import re
from collections.abc import Sequence

from kyc.document import by_number
from kyc.idcard import parse
from kyc.papers.lines import (
    FOREVER,
    ILLEGIBLE,
    Field,
    Line,
    Reading,
    Row,
    address,
    date_of,
    day,
    legible,
    rows,
    unreadable,
)

RESIDENCE_FRONT = ("name", "sex", "birth", "address", "number")
RESIDENCE_BACK = ("authority", "valid_from", "valid_to", "permit_number")
TRAVEL = ("name", "name_latin", "sex", "birth", "number", "valid_from", "valid_to")
FOREIGN = ("name", "sex", "birth", "nationality", "number", "valid_from", "valid_to")

_DAY = r"(\d{4})[.\-/年]?(\d{2})[.\-/月]?(\d{2})日?"
_SPAN = re.compile(_DAY + r"[-—–至~一]+(?:" + _DAY + r"|(长期|長期))")
_ALONE = re.compile(r"(?<![\d.\-])" + _DAY + r"(?![\d.])")
_BIRTH = re.compile(r"(\d{4})\D{0,2}年(\d{1,2})月(\d{1,2})日?")
_SEX = re.compile(r"(?:性别|Sex)?[^\u4e00-\u9fff]{0,4}(男|女)")
_LATIN = re.compile(r"[A-Z][A-Z'\-]*[,，]\s*[A-Z][A-Z' \-]*|[A-Z]{2,}(?:[ ][A-Z]{2,})+")
_LATIN_WORDS = re.compile("SPECIMEN|CHINA|PERMIT|CARD|REPUBLIC|RESIDENT|VALID|DATE")
_HAN = re.compile(r"[\u3400-\u9fff·\U00020000-\U0003ffff]{2,10}$")
_RESIDENT = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_COUNTRY = re.compile(
    r"(?:国籍|Nationality)[^\u4e00-\u9fff]*([\u4e00-\u9fff]{2,12})|^([\u4e00-\u9fff]{2,12})/[A-Z]{3}$"
)
_NOT_A_NAME = re.compile(
    "通行证|居住证|身份证|姓名|出生|性别|有效|签发|机关|证件|号码|管理|公安|港澳|台湾|居民|来往|大陆|内地|换证|次数|国籍|中华|永久"
)
_NUMBERS = {
    "hk_mo": re.compile(r"(?<![A-Z\d])([HM]\d{8})(?:\d{2})?(?!\d)"),  # the last two count the issues
    "tw": re.compile(r"(?<![A-Z\d.])(\d{8})(?:\d{2})?(?![\d.])"),
}
_TITLES = {"hk_mo": re.compile("港澳居民|来往内地"), "tw": re.compile("台湾居民|来往大陆")}


PLACES = {"810000": "香港", "820000": "澳门", "830000": "台湾"}  # GB 11643 as extended by 国办发〔2018〕81号


def read_hk_mo(lines: Sequence[Line]) -> Reading:
    """Mainland travel permit for Hong Kong and Macau residents, the card since 2013: H or M and eight digits."""
    return _travel(lines, "hk_mo")


def read_tw(lines: Sequence[Line]) -> Reading:
    """Mainland travel permit for Taiwan residents, the card since 2015: eight digits."""
    return _travel(lines, "tw")


def read_residence_front(lines: Sequence[Line]) -> Reading:
    table = rows(lines)
    found: dict[str, Field] = {}
    for index, row in enumerate(table):
        if (at := row.text.find("姓名")) >= 0 and len(row.text) > at + 2:
            found["name"] = legible(row, at + 2)
        if match := row.match(_SEX):
            found.setdefault("sex", row.field(*match.span(1)))
        if match := row.match(_BIRTH):
            found["birth"] = row.field(*match.span(), day(*match.groups()))
        if (at := row.text.find("住址")) >= 0:
            found["address"] = address(table, index, at + 2)
        if match := row.match(_RESIDENT):
            found["number"] = row.field(*match.span(), match[0].upper())
    return settle_residence(found)


def read_residence_back(lines: Sequence[Line]) -> Reading:
    found: dict[str, Field] = {}
    for row in rows(lines):
        if (at := row.text.find("签发机关")) >= 0 and len(row.text) > at + 4:
            found["authority"] = row.field(at + 4)
        _span(row, found)
        if match := re.search(r"通行证号码[:：]?([HM]\d{8}|\d{8})", row.text):
            found["permit_number"] = row.field(*match.span(1))
    if not found:
        recognised = any(word in line.text for word in ("姓名", "公民身份号码", "住址") for line in lines)
        return Reading(findings=("WRONG_SIDE" if recognised else "PAPER_NOT_RECOGNISED",))
    return Reading(found, unreadable(found, RESIDENCE_BACK))


def read_foreign(lines: Sequence[Line]) -> Reading:
    """Foreign permanent resident card, the issue since 2023: eighteen characters, the first of them 9."""
    found: dict[str, Field] = {}
    for row in rows(lines):
        _span(row, found)
        if match := row.match(_RESIDENT):
            found["number"] = row.field(*match.span(), match[0].upper())
        elif match := row.match(_BIRTH) or (row.match(_ALONE) if not row.match(_SPAN) else None):
            found["birth"] = row.field(*match.span(), day(*match.group(1, 2, 3)))
        if match := row.match(_SEX):
            found.setdefault("sex", row.field(*match.span(1)))
        if match := row.match(_COUNTRY):
            found["nationality"] = row.field(*match.span(match.lastindex or 0))
    if latin := _latin(lines):
        found["name"] = latin
    return _held_against_number(found, FOREIGN, ("9",))


def settle_residence(fields: dict[str, Field]) -> Reading:
    return _held_against_number(fields, RESIDENCE_FRONT, tuple(PLACES))


def _held_against_number(fields: dict[str, Field], wanted: Sequence[str], regions: tuple[str, ...]) -> Reading:
    if "number" not in fields and len(fields) < 2:
        return Reading(fields, ("PAPER_NOT_RECOGNISED",))
    fields, findings = by_number(fields)
    number = parse(fields["number"].value) if "number" in fields else None
    if number is not None and not number.region.startswith(regions):
        findings = (*findings, "NUMBER_WRONG")
    return Reading(fields, (*findings, *unreadable(fields, wanted)))


def _travel(lines: Sequence[Line], kind: str) -> Reading:
    found: dict[str, Field] = {}
    titled = False
    for row in rows(lines):
        titled = titled or bool(row.match(_TITLES[kind]))
        _span(row, found)
        spanned = row.match(_SPAN)
        if (match := row.match(_NUMBERS[kind])) and not spanned and not row.match(_BIRTH):
            found["number"] = row.field(*match.span(1))
        if not spanned and (match := row.match(_ALONE)) and "." in match[0]:
            found.setdefault("birth", row.field(*match.span(), day(*match.group(1, 2, 3))))
        if match := row.match(_SEX):
            found.setdefault("sex", row.field(*match.span(1)))
        _name(row, found)
    if latin := _latin(lines):
        found["name_latin"] = latin
    if not titled and "number" not in found:
        return Reading(found, ("PAPER_NOT_RECOGNISED",))
    return Reading(found, unreadable(found, TRAVEL))


def _name(row: Row, found: dict[str, Field]) -> None:
    label = row.text.find("姓名")
    start = label + 2 if label >= 0 else 0
    match = _HAN.match(row.text, start)
    if "name" not in found and match and not _NOT_A_NAME.search(match[0]):
        found["name"] = legible(row, start)


def _latin(lines: Sequence[Line]) -> Field | None:
    """A name in capitals, surname first; rows have no spaces any more, lines do."""
    for line in lines:
        if (match := _LATIN.fullmatch(line.text.strip())) and not _LATIN_WORDS.search(match[0]):
            sure = min((one for _, one, _ in line.characters()), default=0.0)
            return Field(re.sub(r"[,，\s]+", " ", match[0]), sure)
    return None


def _span(row: Row, found: dict[str, Field]) -> None:
    if match := row.match(_SPAN):
        found["valid_from"] = row.field(match.start(1), match.end(3), day(*match.group(1, 2, 3)))
        if match[7]:
            found["valid_to"] = row.field(*match.span(7), FOREVER)
        else:
            found["valid_to"] = row.field(match.start(4), match.end(6), day(*match.group(4, 5, 6)))


def mistakes(fields: dict[str, str], wanted: Sequence[str], number: re.Pattern[str]) -> tuple[str, ...]:
    """Names of the fields that cannot be true of such a card."""
    resident = parse(fields["number"]) if _RESIDENT.fullmatch(fields["number"]) else None
    until = fields["valid_to"]
    name = fields["name"]
    wrong = {
        "name": not 2 <= len(name) <= 80 or ILLEGIBLE in name or any(char.isdigit() for char in name),
        "sex": fields["sex"] not in {"男", "女"} or (resident is not None and resident.sex != fields["sex"]),
        "birth": date_of(fields["birth"]) is None
        or (resident is not None and resident.birth.isoformat() != fields["birth"]),
        "number": not number.fullmatch(fields["number"])
        or (resident is None and _RESIDENT.fullmatch(fields["number"]) is not None),
        "valid_from": date_of(fields["valid_from"]) is None,
        "valid_to": until != FOREVER and (date_of(until) is None or until <= fields["valid_from"]),
    }
    return tuple(one for one in wanted if wrong.get(one, not fields[one]))
