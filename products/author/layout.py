"""A text as units a number may open: lines, and the cells of tables left in it. Nothing is changed, only pointed at."""

import re
from dataclasses import dataclass
from itertools import pairwise

_BREAK = re.compile(r"\r\n|[\n\r\f\v\x1c-\x1e\x85\u2028\u2029]")
_CELL = re.compile(r"<(?:t[dhr]|p|div|li|h[1-6]|br|table)\b[^<>\n]{0,300}>", re.IGNORECASE)
_LEAD = re.compile(
    r"(?:[\s\u3000\ufeff\u200b\u00a0]|\|(?=[ \t|])|</?[a-zA-Z][^<>\n]{0,300}>|&nbsp;"
    r"|#{1,6}(?=[\s\u3000])|\*{2,3}|__|>(?=\s)"
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


_REFERS = "见依照据按到至、和及与或反同的第遵于为以达超《“(（"
_NAMED = (
    r"[第笫][ ]?(?:[零〇一二三四五六七八九十百两\d][ ]?){1,7}(?:条|章|节|部分)(?![的"
    r"、，,；;和或及与至到规约所第中项款之下]|[ ]?[（(][一二三四五六七八九十\d]+[）"
    r")][ ]?[项款])"
)
_DEEP = (
    r"(?<![\d.．A-Za-z%])\d{1,2}(?:[.．]\d{1,2}){1,3}(?=[ ]?[\u4e00-\u9fff“（(])(?![ ]?(?:万"
    r"?元|亿元|倍|周岁|个月|个?工作日|%|级|米|公里|厘米|mm))"
)
_TOP = (
    r"(?<![\d.．A-Za-z%])\d{1,2}[.．、][ ]?(?=[\u4e00-\u9fff])|(?<=[ ])\d{1,2}[ ](?=[\u4e00"
    r"-\u9fff])(?!\d+[ ](?:日|年|月|周|岁|元|个|次|种|天|万|亿|倍|份|人|小时|分|项"
    r"|款|条|岁|级|期|名|位|类|处|页|号))"
)
_LISTS = r"(?:条款|合同|本合同)?目[ ]?录(?:[ ]?一览)?"
_FLAT = re.compile(f"(?P<named>{_NAMED})|(?P<deep>{_DEEP})|(?P<top>{_TOP})|(?P<list>{_LISTS})")
FLAT = 400  # characters of a line that is a page or a whole document
CROWDED, CROWD = 60, 5  # a shorter line with so many numbers is many lines too: a 目录 run together


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
        return [_unit(text, a, b, cell=True) for a, b in pairwise(cuts)]
    if "<" not in line:
        inner = _flat(text, start, end) if end - start > CROWDED else []
        cuts = [start, *inner, end] if end - start > FLAT or len(inner) >= CROWD else [start, end]
        return [_unit(text, a, b, cell=False) for a, b in pairwise(cuts) if b > a]
    cuts = [start, *(m.start() for m in _CELL.finditer(text, start, end) if m.start() > start), end]
    return [_unit(text, a, b, cell=True) for a, b in pairwise(cuts)]


def _unit(text: str, start: int, end: int, cell: bool) -> Unit:
    lead = _LEAD.match(text, start, end)
    first = lead.end() if lead else start
    stretch = text[max(first, end - 400) : end]
    tail = _TAIL.search(stretch)
    last = end - (len(stretch) - tail.start()) if tail else end
    return Unit(
        start, end, first, max(first, last), cell, cell or _TITLE_MARK.match(text[start : start + 12]) is not None
    )


def _flat(text: str, start: int, end: int) -> list[int]:
    """Where numbers stand in a line that once was many: each may have begun one."""
    cuts: list[int] = []
    for match in _FLAT.finditer(text, start + 1, end):
        before = text[max(start, match.start() - 3) : match.start()].rstrip()[-1:]
        if match["list"]:
            if match.start() - start < 6000 and re.match(r"[ ]?(?:\d|第)", text[match.end() : match.end() + 3]):
                cuts.append(match.start())
        elif (
            not before
            or before not in (_REFERS if match["named"] else _REFERS.replace("同", ""))
            or (match["named"] and match["named"][-1] in "章分")
        ):
            cuts.append(match.start())
    return cuts
