"""Page headers, footers and page numbers: printed on every page, part of no clause."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from products.author.labels import labels_at
from products.author.layout import Unit

REPEATS = 3
LONGEST = 50  # characters
_PAGE = re.compile(
    r"^[\s\-—－–_·.|/\\(（\[【]*(?:第\s*[\dIlO一二三四五六七八九十]{1,4}\s*页?\s*[,，"
    r"/、]?\s*[（(]?\s*共\s*[\dIlO一二三四五六七八九十]{1,4}\s*页?"
    r"|第\s*[\dIlO]{1,4}\s*页|[Pp]age\s*\d+(?:\s*(?:of|/)\s*\d+)?|\d{1,3}\s*/\s*\d{1,3}"
    r"|[-—－–]\s*\d{1,3}\s*[-—－–]|P\.?\s?\d{1,3})[\s\-—－–_·.|)）\]】]*$"
)
_NUMBER = re.compile(r"^\d{1,3}$")
_END = re.compile(r"[。；;：:！？]$")


@dataclass(frozen=True)
class Furniture:
    start: int
    end: int
    reason: str  # page_number, page_header


def find_furniture(text: str, units: Sequence[Unit]) -> dict[int, Furniture]:
    """By index of the unit."""
    found: dict[int, Furniture] = {}
    by_unit: dict[int, str] = {}
    numbers: list[tuple[int, int]] = []
    for index, unit in enumerate(units):
        if unit.empty or unit.cell or unit.last - unit.first > LONGEST:
            continue
        words = text[unit.first : unit.last]
        if _PAGE.match(words):
            found[index] = Furniture(unit.start, unit.end, "page_number")
        elif _NUMBER.match(words):
            if not _opens(text, units, index, words):
                numbers.append((index, int(words)))
        else:
            shape = re.sub(r"\d+", "#", re.sub(r"\s+", "", words))
            by_unit[index] = shape
    places: dict[str, list[int]] = {}
    for index, shape in by_unit.items():
        places.setdefault(shape, []).append(index)
    headers = {shape for shape, found_at in places.items() if len(found_at) >= REPEATS and _far(shape, found_at)}
    for index, shape in by_unit.items():
        unit = units[index]
        if shape in headers and not labels_at(text, unit.first, unit.last):
            found[index] = Furniture(unit.start, unit.end, "page_header")
    for index in _page_numbers(numbers):
        found[index] = Furniture(units[index].start, units[index].end, "page_number")
    return found


def _opens(text: str, units: Sequence[Unit], index: int, number: str) -> bool:
    """4 alone on its line, its title below, then 4.1: a heading, not the number of a page."""
    return any(re.match(rf"{number}\s?[.．]\s?[1lI]", text[u.first : u.last]) for u in units[index + 1 : index + 6])


def _far(shape: str, places: Sequence[int]) -> bool:
    """Repeats of a header stand a page apart and evenly; a phrase of the contract comes in clusters."""
    gaps = sorted(b - a for a, b in pairwise(places))
    return (
        gaps[len(gaps) // 2] >= 8
        and not _END.search(shape)
        and bool(re.search(r"公司|条款|保险|合同|银行|理财|#|协议", shape))
        and len(shape) >= 6
    )


def _page_numbers(numbers: list[tuple[int, int]]) -> list[int]:
    """Lone numbers that count pages: 1, 2, 3 … each at least some lines after the one before. Needs three of them."""
    best: list[int] = []
    for begin in range(min(len(numbers), 12)):
        chain = [numbers[begin]]
        for index, value in numbers[begin + 1 :]:
            if value == chain[-1][1] + 1 and index - chain[-1][0] >= 6:
                chain.append((index, value))
        if len(chain) > len(best):
            best = [index for index, _ in chain]
    return best if len(best) >= REPEATS else []
