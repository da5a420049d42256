"""The data page of a passport: the coded zone is what counts, the printed zone must not say otherwise. Pure."""

import re
from collections.abc import Sequence
from datetime import date

from kyc.papers import mrz
from kyc.papers.lines import ILLEGIBLE, Field, Line, Reading, date_of, legible, rows, unreadable

FIELDS = ("name", "name_latin", "sex", "birth", "nationality", "issuer", "number", "valid_to")
_NAMED = ("name", "name_latin", "issuer")
SEXES = {"M": "男", "F": "女"}

_HAN_NAME = re.compile(r"[\u3400-\u9fff·\U00020000-\U0003ffff]{2,}")
_CODED = re.compile(r"[<«‹]{2,}|^P[A-Z<][A-Z]{3}[A-Z<]{10,}")
_LABELS = (
    "护照",
    "姓名",
    "性别",
    "国籍",
    "出生",
    "签发",
    "有效",
    "机关",
    "公安",
    "管理",
    "中华",
    "持照",
    "类型",
    "国家",
    "地点",
)


def read(lines: Sequence[Line]) -> Reading:
    """CHECK_DIGIT_WRONG when the coded zone is there but proves false, ZONES_DIFFER when the printed one disagrees."""
    found = mrz.find([line.text for line in lines])
    if found is None:
        coded = any(_CODED.search(line.text) for line in lines)
        return Reading(findings=("CHECK_DIGIT_WRONG" if coded else "PAPER_NOT_RECOGNISED",))
    passport = mrz.parse(*found)
    if passport is None:
        return Reading(findings=("CHECK_DIGIT_WRONG",))
    fields = _fields(passport, _confidences(lines))
    printed = [line for line in lines if not _CODED.search(line.text)]
    if passport.issuer in {"CHN", "HKG", "MAC", "TWN"} and (han := _han_name(printed)) is not None:
        fields["name"] = han
    return Reading(fields, (*_differs(passport, printed), *unreadable(fields, FIELDS)))


def mistakes(fields: dict[str, str]) -> tuple[str, ...]:
    name = fields["name"]
    wrong = {
        "name": not 2 <= len(name) <= 80 or ILLEGIBLE in name or any(char.isdigit() for char in name),
        "name_latin": not re.fullmatch(r"[A-Z][A-Z ]{1,79}", fields["name_latin"]),
        "sex": fields["sex"] not in {"男", "女", "未注明"},
        "birth": date_of(fields["birth"]) is None,
        "nationality": not re.fullmatch(r"[A-Z]{1,3}", fields["nationality"]),
        "issuer": not re.fullmatch(r"[A-Z]{1,3}", fields["issuer"]),
        "number": not re.fullmatch(r"[A-Z0-9]{5,9}", fields["number"]),
        "valid_to": date_of(fields["valid_to"]) is None,
    }
    return tuple(name for name in FIELDS if wrong[name])


def _fields(passport: mrz.Passport, sure: tuple[float, float]) -> dict[str, Field]:
    latin = f"{passport.surname} {passport.given}".strip()
    first, second = sure
    found = {
        "name": (latin, first),
        "name_latin": (latin, first),
        "sex": (SEXES.get(passport.sex, "未注明"), second),
        "birth": (passport.birth.isoformat(), second),
        "nationality": (passport.nationality, second),
        "issuer": (passport.issuer, first),
        "number": (passport.number, second),
        "valid_to": (passport.expiry.isoformat(), second),
    }
    return {
        name: Field(value, confidence, doubtful=("names" if name in _NAMED else name) in passport.repaired)
        for name, (value, confidence) in found.items()
    }


def _confidences(lines: Sequence[Line]) -> tuple[float, float]:
    """Of the two coded lines. Fillers are proven by the digits or carry no meaning, so they do not count."""
    least = []
    for line in lines:
        if len(line.text) > 30 and _CODED.search(line.text):
            least.append(min((sure for one, sure, _ in line.characters() if one.isalnum()), default=0.0))
    both = (*least, 0.0, 0.0)
    return both[0], both[1] if len(least) > 1 else both[0]


def _han_name(lines: Sequence[Line]) -> Field | None:
    for row in rows(lines):
        match = row.match(_HAN_NAME)
        label = re.search("姓名", row.text)
        start = label.end() if label else 0
        rest = _HAN_NAME.search(row.text, start)
        if match and rest and 2 <= len(rest[0]) <= 15 and not any(word in rest[0] for word in _LABELS):
            field = legible(row, rest.start())
            return Field(rest[0], field.confidence, field.doubtful) if field.value.startswith(rest[0]) else field
    return None


def _differs(passport: mrz.Passport, printed: Sequence[Line]) -> tuple[str, ...]:
    """A document number in print that is nearly the coded one and not it; dates in print without the coded ones."""
    text = " ".join(line.text for line in printed).upper()
    compact = re.sub(r"[^A-Z0-9]", "", text)
    numbers = re.findall(r"\b[A-Z]{0,2}\d{7,9}\b", text)
    other = bool(numbers) and passport.number not in compact
    return ("ZONES_DIFFER",) if other or _dates_differ(text, (passport.birth, passport.expiry)) else ()


_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_PRINTED = re.compile(r"(\d{2})\s*(?:(\d{1,2})月\s*/?\s*)?(" + "|".join(_MONTHS) + r")[A-Z]*\s*(\d{4})")


def _dates_differ(text: str, coded: Sequence[date]) -> bool:
    found = {
        (int(year), _MONTHS.index(month) + 1, int(of_month)) for of_month, _, month, year in _PRINTED.findall(text)
    }
    return bool(found) and not {(day.year, day.month, day.day) for day in coded} <= found and len(found) >= 3
