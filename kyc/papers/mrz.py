"""The machine readable zone of a passport: two lines of 44 characters, TD3 of ICAO Doc 9303 part 4. Pure and strict.

A character is repaired only where a check digit proves it: look-alikes are tried in the fields that have a digit of
their own, and a repair counts when exactly one of them fits. Names have no digit: where a figure stands among their
letters, they are told as unproven. What is repaired is always confirmed by the person.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

LENGTH = 44
WEIGHTS = (7, 3, 1)
VALUES = {character: value for value, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {"<": 0}
TO_DIGIT = str.maketrans("OQDIZSGB", "00012568")
TO_LETTER = str.maketrans("012568", "OIZSGB")
LOOK_ALIKE = {"0": "OQD", "O": "0", "Q": "0", "D": "0", "1": "I", "I": "1", "2": "Z", "Z": "2"} | {
    "5": "S",
    "S": "5",
    "8": "B",
    "B": "8",
}  # not 6 and G: their values are ten apart, so no digit tells them apart

_LINE_1 = re.compile(r"^P[A-Z<][A-Z<]{3}[A-Z<]{39}$")
_LINE_2 = re.compile(r"^[A-Z0-9<]{9}[0-9][A-Z<]{3}[0-9]{7}[MFX<][0-9]{7}[A-Z0-9<]{14}[0-9<][0-9]$")
_FILLERS = str.maketrans(
    {"«": "<<", "‹": "<", "〈": "<", "《": "<<", "＜": "<", "く": "<", "ㄑ": "<", "＞": "<", "|": "1"}
)


@dataclass(frozen=True, slots=True)
class Passport:
    """`repaired`: fields in which a look-alike was put right, `names` without proof. `sex`: M, F, or empty."""

    issuer: str
    surname: str
    given: str
    number: str
    nationality: str
    birth: date
    sex: str
    expiry: date
    repaired: tuple[str, ...] = ()


def check_digit(text: str) -> str:
    """ICAO Doc 9303 part 3, 4.9: weights 7, 3, 1, modulo 10. KeyError for a character of no value."""
    return str(sum(VALUES[character] * WEIGHTS[at % 3] for at, character in enumerate(text)) % 10)


def find(texts: Sequence[str]) -> tuple[str, str] | None:
    """The two lines among all lines that were read, brought to 44 characters where only fillers lack or abound."""
    plain = [re.sub(r"\s", "", text.translate(_FILLERS)).upper() for text in texts]
    first = [text for text in plain if re.match(r"^P[A-Z<][A-Z0-9<]{3}[A-Z0-9<]+$", text) and "<<" in text[5:]]
    second = [text for text in plain if text not in first and re.match(r"^[A-Z0-9<]{36,48}$", text)]
    if len(first) != 1 or not second:
        return None
    line_2 = next((found for text in second if (found := _middle_fitted(text))), None)
    line_1 = _tail_fitted(first[0])
    return None if line_1 is None or line_2 is None else (line_1, line_2)


def parse(line_1: str, line_2: str) -> Passport | None:
    """None when form, date or any check digit is wrong and no single repair puts it right."""
    mended, repaired = _mended(line_2)
    if line_1.translate(TO_LETTER) != line_1:  # only letters stand there, and nothing proves which
        line_1, repaired = line_1.translate(TO_LETTER), ("names", *repaired)
    if mended is None or not _LINE_1.match(line_1) or not _LINE_2.match(mended):
        return None
    # The composite digit covers all fields that have one: ICAO Doc 9303 part 4, 4.2.2.2.
    if check_digit(mended[0:10] + mended[13:20] + mended[21:43]) != mended[43]:
        return None
    expiry = _date(mended[21:27], 2000)
    birth = None if expiry is None else _birth(mended[13:19], expiry)
    surname, _, given = line_1[5:].rstrip("<").partition("<<")
    if expiry is None or birth is None or not surname:
        return None
    return Passport(
        issuer=line_1[2:5].rstrip("<"),
        surname=surname.replace("<", " "),
        given=given.replace("<", " ").strip(),
        number=mended[0:9].rstrip("<"),
        nationality=mended[10:13].rstrip("<"),
        birth=birth,
        sex=mended[20].strip("<X"),
        expiry=expiry,
        repaired=repaired,
    )


def _mended(line: str) -> tuple[str | None, tuple[str, ...]]:
    if len(line) != LENGTH:
        return None, ()
    repaired = []
    for name, start, end, numeric in (
        ("number", 0, 9, False),
        ("birth", 13, 19, True),
        ("valid_to", 21, 27, True),
        ("personal", 28, 42, False),
    ):
        digit = line[end].translate(TO_DIGIT)
        if name == "personal" and digit == "<" and line[start:end].strip("<") == "":
            continue
        found = {text for text in _readings(line[start:end], numeric) if _proven(text, digit)}
        as_read = line[start:end]
        if as_read in found:
            chosen = as_read
        elif len(found) == 1:
            chosen = found.pop()
        else:
            return None, ()
        if chosen + digit != line[start : end + 1]:
            repaired.append(name)
        line = line[:start] + chosen + digit + line[end + 1 :]
    last = line[43].translate(TO_DIGIT)
    return line[:43] + last, tuple(repaired)


def _readings(text: str, numeric: bool) -> Iterator[str]:
    """As it was read, and with one look-alike put the other way: two would fit by chance too often.

    Only digits where only digits stand.
    """
    if numeric:
        yield text.translate(TO_DIGIT)
        return
    yield text
    for at, character in enumerate(text):
        for other in LOOK_ALIKE.get(character, ""):
            yield text[:at] + other + text[at + 1 :]


def _proven(text: str, digit: str) -> bool:
    try:
        return check_digit(text) == digit
    except KeyError:
        return False


def _tail_fitted(line: str) -> str | None:
    """Fillers at the end of the names are all alike: recognition loses or adds some."""
    names = line.rstrip("<")
    return names.ljust(LENGTH, "<") if len(names) <= LENGTH and (line.endswith("<") or len(line) == LENGTH) else None


def _middle_fitted(line: str) -> str | None:
    """So are those of an empty personal number, between the 28th character and the last two."""
    if len(line) == LENGTH:
        return line
    head, middle, tail = line[:28], line[28:-2], line[-2:]
    if middle.strip("<") == "" and len(line) > 32:
        return head + "<" * 14 + tail
    body = middle.rstrip("<")
    return head + body.ljust(14, "<") + tail if len(body) < 14 and middle.endswith("<") else None


def _birth(text: str, expiry: date) -> date | None:
    """The last year with these two digits that is not after the expiry: a passport has no century."""
    born = _date(text, 2000)
    if born is not None and born < expiry.replace(day=1):
        return born
    return _date(text, 1900)


def _date(text: str, century: int) -> date | None:
    try:
        return date(century + int(text[0:2]), int(text[2:4]), int(text[4:6]))
    except ValueError:
        return None
