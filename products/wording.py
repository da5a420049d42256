"""The filed wording, cut at its own numbers. Formal text is always a span of this file, never retyped.

A number at the start of a line is the only boundary (layout only misleads): `第五条` and `5.1` open a clause,
`（三）` or `(3)` an item of the clause above it, `第二章` a chapter. All up to the next number belongs to it.
What a number looks like is declared once, in `products.author.labels`; damaged ones, which the segmenter mends for a
person to confirm, are text here.
"""

import re
import unicodedata
from collections.abc import Iterable

from evidence.events import Frozen
from products.author.contents import Contents, find_contents
from products.author.labels import Label, labels_at
from products.author.layout import units

TOC = "toc"
MAX_SKIPPED = 200  # characters; a longer skipped segment is text somebody should read

_LISTED = re.compile(r"^[^\S\n]*(?:条款|合同)?\s?目\s?[录錄次]", re.MULTILINE)


class Segment(Frozen, frozen=True, kw_only=True):
    """`number`: `0` before the first number, `toc` the wording's own contents, `ch2`, `5`, `5.1`, `5.1(3)`.
    Half-open character positions.
    """

    number: str
    start: int
    end: int
    title: str = ""


class Wording(Frozen, frozen=True, kw_only=True):
    """`contents`: number and title of each line of its own 目录: the segment `toc`, to `contents_end`."""

    text: str
    segments: dict[str, Segment]
    contents: tuple[tuple[str, str], ...] = ()
    contents_end: int = 0

    def cut(self, number: str) -> str:
        segment = self.segments[number]
        return self.text[segment.start : segment.end].strip("\n")


def read_wording(data: bytes) -> Wording:
    """The segments of a source file. ValueError when it is not NFC UTF-8 with LF ends, or a number stands twice."""
    text = data.decode("utf-8")
    if "\r" in text or text.startswith("\ufeff") or not unicodedata.is_normalized("NFC", text):
        raise ValueError("the wording must be NFC UTF-8 with LF line ends and no byte-order mark")
    contents = find_contents(text, units(text)) if _LISTED.search(text) else None
    marks = [("0", 0, "")]
    parent = "0"
    start = 0
    for line in text.split("\n"):
        listed = contents is not None and contents.start <= start < contents.end
        if listed and marks[-1][0] != TOC:
            marks.append((TOC, start, "目录"))
        label = None if listed else _opens(text, start, start + len(line))
        if label is not None:
            number, parent = _number(label, parent)
            marks.append((number, start, text[label.end : start + len(line)].strip()))
        start += len(line) + 1
    if len(marks) > 1 and marks[1][1] == 0:
        marks.pop(0)
    ends = [start for _, start, _ in marks[1:]] + [len(text)]
    segments: dict[str, Segment] = {}
    for (number, start, title), end in zip(marks, ends, strict=True):
        if number in segments:
            raise ValueError(f"number {number} stands twice in the wording")
        segments[number] = Segment(number=number, start=start, end=end, title=title)
    return Wording(
        text=text, segments=segments, contents=_listed(contents), contents_end=contents.end if contents else 0
    )


def _listed(contents: Contents | None) -> tuple[tuple[str, str], ...]:
    found = []
    parent = "0"
    for entry in contents.entries if contents else ():
        number, parent = _number(entry.label, parent)
        found.append((number, entry.title))
    return tuple(found)


def uncovered(wording: Wording, claimed: Iterable[str], skipped: Iterable[str]) -> list[tuple[str, str]]:
    """L01: every segment belongs to exactly one clause or is skipped. (number, what is wrong with it)."""
    taken = list(claimed)
    skip = set(skipped)
    problems = [(number, "claimed twice") for number in sorted({n for n in taken if taken.count(n) > 1})]
    problems += [(number, "both a clause and skipped") for number in sorted(skip & set(taken))]
    problems += [(number, "not in the wording") for number in sorted((skip | set(taken)) - set(wording.segments))]
    for number, segment in wording.segments.items():
        if number not in skip and number not in taken:
            problems.append((number, f"({segment.title[:12]}) belongs to no clause"))
        begins = max(segment.start, wording.contents_end) if number == TOC else segment.start
        if number in skip and segment.end - begins > MAX_SKIPPED:
            problems.append((number, f"skipped, but longer than {MAX_SKIPPED} characters"))
    return problems


def _opens(text: str, start: int, end: int) -> Label | None:
    """The number a line of a clean wording begins with: printed whole, and parted from the words by a blank or not at
    all where no other reading is possible.
    """
    label = next(iter(labels_at(text, start, end)), None)
    if label is None or label.damaged:
        return None
    if label.style in ("chapter", "article", "chinese_paren", "arabic_paren"):
        return label
    after = text[label.end - 1]
    return label if label.style == "dotted" and after in " \u3000" and text[label.end - 2].isdigit() else None


def _number(label: Label, parent: str) -> tuple[str, str]:
    """The segment's number, and the clause that items after it belong to."""
    if label.style in ("chinese_paren", "arabic_paren"):
        return f"{parent}({label.key[-1]})", parent
    number = f"ch{label.key[-1]}" if label.style == "chapter" else ".".join(map(str, label.key))
    return number, number
