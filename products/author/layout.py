"""A text as units a number may open: lines, and the cells of tables left in it. Nothing is changed, only pointed at."""

import re
from dataclasses import dataclass

_BREAK = re.compile(r"\r\n|[\n\r\f\v\x1c-\x1e\x85\u2028\u2029]")
_CELL = re.compile(r"<(?:t[dhr]|p|div|li|h[1-6]|br|table)\b[^<>\n]{0,300}>", re.IGNORECASE)
_LEAD = re.compile(
    r"(?:[\s\u3000\ufeff\u200b\u00a0]|\|(?=[ \t|])|</?[a-zA-Z][^<>\n]{0,300}>|&nbsp;|#{1,6}(?=[\s\u3000])|\*{2,3}|__|>(?=\s)"
    r"|[-*+•·●○■□◆◇▪▲►▶➢✦★☆❖※?？“\"”](?=[\s\u3000])|\$\s?\\[a-z]+suit\s?\$)*"
)
_TAIL = re.compile(r"(?:[\s\u3000\u200b\u00a0]|</?[a-zA-Z][^<>\n]{0,300}>|&nbsp;|\*{2,3}|__)*$")
_TAGS = re.compile(r"</?[a-zA-Z][^<>\n]{0,300}>|&nbsp;|\*{2}")
_TITLE_MARK = re.compile(r"^\s*#{1,6}\s")
_GAP = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef])[ \u3000\t]+(?=[\u3000-\u9fff\uff00-\uffef])")


@dataclass(frozen=True, slots=True)
class Unit:
    """Half-open positions. `[first, last)` is what a reader sees: without indent, tags and marks of a heading."""

    start: int
    end: int
    first: int
    last: int
    cell: bool = False
    marked: bool = False  # a `#` or a cell of its own: somebody once saw a heading here

    @property
    def empty(self) -> bool:
        return self.first >= self.last


def units(text: str) -> list[Unit]:
    """Every character of the text in exactly one unit, in order."""
    found: list[Unit] = []
    start = 0
    ends = [match.end() for match in _BREAK.finditer(text)]
    for end in [*ends, len(text)]:
        if end > start:
            found += _cells(text, start, end)
        start = end
    return found


def shown(text: str, start: int, end: int) -> str:
    """The words of a stretch as one line: no tags, no blanks between Han characters."""
    words = " ".join(_TAGS.sub(" ", text[start:end]).split())
    return _GAP.sub("", words)


def _cells(text: str, start: int, end: int) -> list[Unit]:
    line = text[start:end]
    if line.startswith("| ") and line.count("|") > 2:
        cuts = [start, *(m.start() for m in re.finditer(r"\|", line[1:].rstrip()[:-1]))]
        cuts = [start, *(start + 1 + at for at in cuts[1:]), end]
        return [_unit(text, a, b, cell=True) for a, b in zip(cuts, cuts[1:], strict=False)]
    if "<" not in line:
        return [_unit(text, start, end, cell=False)]
    cuts = [start, *(m.start() for m in _CELL.finditer(text, start, end) if m.start() > start), end]
    return [_unit(text, a, b, cell=True) for a, b in zip(cuts, cuts[1:], strict=False)]


def _unit(text: str, start: int, end: int, cell: bool) -> Unit:
    lead = _LEAD.match(text, start, end)
    first = lead.end() if lead else start
    stretch = text[max(first, end - 400) : end]
    tail = _TAIL.search(stretch)
    last = end - (len(stretch) - tail.start()) if tail else end
    return Unit(
        start, end, first, max(first, last), cell, cell or _TITLE_MARK.match(text[start : start + 12]) is not None
    )
