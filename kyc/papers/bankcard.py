"""A bank card: its number is read, proven, turned into a token and its last four, and forgotten (API-20)."""

import re
from collections.abc import Sequence

import cv2
import numpy as np

from kyc.intake import Pixels
from kyc.papers.lines import Field, Line, Reading, rows

FIELDS = ("card_token", "card_last4")
NUMBER = "card_number"  # only between reader and flow, never further
LENGTHS = range(13, 20)  # ISO/IEC 7812-1: at most 19; UnionPay issues 16 to 19
MAJOR = frozenset("3456")  # travel, banking and petroleum: nothing else is a payment card; UnionPay is 62
THUMBNAIL = 96  # pixels across: a digit is then two or three wide, and nobody reads it


def luhn(number: str) -> bool:
    """ISO/IEC 7812-1, annex B: the last digit proves the others."""
    doubled = (int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(number)))
    return number.isdigit() and sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def valid(number: str) -> bool:
    return len(number) in LENGTHS and number[0] in MAJOR and luhn(number)


def read(lines: Sequence[Line]) -> Reading:
    """The number, for the flow to hide at once. NUMBER_WRONG when digits are there and do not prove themselves."""
    digits = False
    for row in rows(lines):
        match = re.search(r"\d{12,20}", row.text)
        if match is None:
            continue
        digits = True
        if valid(match[0]):
            return Reading({NUMBER: row.field(*match.span())})
    return Reading(findings=("NUMBER_WRONG" if digits else "PAPER_NOT_RECOGNISED",))


def hidden(fields: dict[str, Field], token: str) -> dict[str, Field]:
    """The fields as they may be kept. `token`: keyed, the same for the same card of one tenant."""
    number = fields[NUMBER]
    return {
        "card_token": Field(token, number.confidence),
        "card_last4": Field(number.value[-4:], number.confidence),
    }


def illegible(picture: Pixels) -> Pixels:
    """What may be kept of the picture: that there was a card, and nothing that can be read from it."""
    share = THUMBNAIL / max(picture.shape[:2])
    return np.asarray(cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.uint8)
