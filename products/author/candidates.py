"""Where a number stands that might open a clause, and how likely it looks: position, words around it, the 目录."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from products.author.contents import Contents, Entry, similar
from products.author.labels import NAMED, Label, Style, labels_at
from products.author.layout import Unit, shown

LONG_UNIT = 60  # characters; only in longer ones a clause may begin in mid-line
SHORT_UNIT = 12  # characters; only in longer ones an item may
FLAT_UNIT = 400  # a whole document without line ends
_AFTER_ARTICLE = re.compile(
    r"[的、，,；;和或及与至到规约所第中项款之下]|[（(][一二三四五六七八九十\d]+[）)]\s*[项款、]"
)
_AFTER_NUMBER = re.compile(r"[）)，,；;。外]|[条款项](?![\u4e00-\u9fff]*[：:])|所[述列]|约定|规定|[至和或及与、]\s?\d")
_CLOSES = re.compile(r"[）)，,；;。]|外[，,]|[条款项][的、，,规约所]")
_QUANTITY = re.compile(
    r"[%％‰]|\s?(?:万?元|亿元|倍|周岁|个月|个?工作日|公里|毫米|mm|cm|ml|mg|kg|μ|℃)"
    r"|[日天年月岁](?![\u4e00-\u9fff]{0,8}[：:])"
)
_ASKS = re.compile(
    r"(?:[见第按据照依、和或及与至“《（(]|[，。；、].*(?:本合同|条款|本条)|合同第|"
    r"详见|参见|根据|按照|依照|第[一二三四五六七八九十\d（()）]{1,6}款|至)$"
)
_ENDS = re.compile(r"[。；;：:！？!?.”」』）)】》…>]$")
_NAMES = re.compile(r"^[^，。；]*(?:条款|合同|书|协议|须知|章程)$")
_SENTENCE = re.compile(r"[，。；;]")
_SOFT_BEFORE = "。；;：:！？!?）)】”》… \t\u3000>"
_REFERS_BEFORE = "见依照据按到至、和及与或反同的第遵于《“(（"
_SOFT_ITEM = re.compile(
    r"[（(][ \t]?(?:\d{1,3}|[一二三四五六七八九十]{1,3})[ \t]?[）)]|\$\s?\\textcircled"
    r"|[①-⑳]|(?<![\d.．])\d{1,3}\s?[.．、](?!\d)|(?<![\d.．])\d{1,2}[）)]|[一二三四"
    r"五六七八九十]{1,3}、"
)
_SOFT_DOTTED = re.compile(
    r"(?:(?<=[。；;！？])|(?<=[。；;！？][ \u3000])|(?<=[ \u3000]{2}))\d{1,2}(?:[.．]\d{1,2}){1,3}(?![\d%％])"
)
_DEEP = re.compile(r"(?<![\d.．])\d{1,2}(?:[.．]\d{1,2}){1,2}(?![\d.．%])")
_ITEM_REFERS = re.compile(r"\s*(?:[至、和或及到~～\-—]\s*第?\s*[（(\d①-⑳]|[项款目条种](?!目))")


@dataclass(slots=True)
class Candidate:
    """`hard`: the number is the first thing in its line or cell."""

    index: int
    label: Label
    hard: bool
    weight: float
    lead: int = -1  # where a title stands before its number; -1 for none

    @property
    def start(self) -> int:
        return self.label.start


Oracle = Mapping[tuple[Style, tuple[int, ...]], Entry]


def oracle_of(contents: Contents | None) -> Oracle:
    found: dict[tuple[Style, tuple[int, ...]], Entry] = {}
    for entry in contents.entries if contents else ():
        found.setdefault((entry.label.style, entry.label.key), entry)
    return found


class Page:
    """A text with its units that are read, and what the 目录 promises."""

    def __init__(self, text: str, units: Sequence[Unit], usable: Sequence[int], oracle: Oracle) -> None:
        self.text, self.units, self.usable, self.oracle = text, units, usable, oracle
        self.depths = {(style, len(key)) for style, key in oracle} if len(oracle) >= 6 else set()
        self.place = {index: at for at, index in enumerate(usable)}

    def words(self, index: int) -> str:
        unit = self.units[index]
        return self.text[unit.first : unit.last]

    def before(self, index: int) -> str:
        at = self.place[index]
        return self.words(self.usable[at - 1])[-60:] if at else ""

    def after(self, index: int, step: int = 1) -> int | None:
        at = self.place[index] + step
        return self.usable[at] if at < len(self.usable) else None

    def candidates(self, indexes: Sequence[int]) -> list[Candidate]:
        """Alternatives of one place stand next to each other, in order of position."""
        found: list[Candidate] = []
        for index in indexes:
            unit = self.units[index]
            for label in labels_at(self.text, unit.first, unit.last):
                found.append(Candidate(index, label, True, self._weight(index, label, hard=True)))
            if unit.last - unit.first > SHORT_UNIT:
                found += self._soft(index)
            if self.oracle:
                found += self._led(index, found)
        return sorted(found, key=lambda c: c.start)

    def _led(self, index: int, found: Sequence[Candidate]) -> list[Candidate]:
        """Titles in a margin read before their numbers: 基本保险金额 1.1 本合同的……, as the 目录 has them."""
        unit, led = self.units[index], []
        known = {c.start for c in found[-4:]}
        for match in _DEEP.finditer(self.text, unit.first, unit.last):
            for label in labels_at(self.text, match.start(), unit.last)[:1]:
                entry = self.oracle.get((label.style, label.key))
                if entry is None:
                    continue
                low = max(0, label.start - len(entry.title) - 8)
                before = self.text[low : label.start].rstrip()
                if (
                    len(entry.title) > 1
                    and before.endswith(entry.title)
                    and (label.start not in known or not self._begins(label, entry))
                ):
                    led.append(Candidate(index, label, True, 3.0, low + len(before) - len(entry.title)))
        return led

    def _begins(self, label: Label, entry: Entry) -> bool:
        return shown(self.text, label.end, label.end + 40).startswith(entry.title)

    def _soft(self, index: int) -> list[Candidate]:
        """Clauses that begin inside a line: after the end of a sentence, or anywhere in a text without lines."""
        unit, text = self.units[index], self.text
        flat, long = unit.last - unit.first > FLAT_UNIT, unit.last - unit.first > LONG_UNIT
        places: set[int] = set()
        for match in NAMED.finditer(text, unit.first + 1, unit.last):
            before = text[match.start() - 1]
            if not long and before not in "。；":
                continue
            free = flat and (before not in _REFERS_BEFORE or match["word"] in ("章", "部分"))
            if (before in _SOFT_BEFORE or free) and not _AFTER_ARTICLE.match(text, match.end()):
                places.add(match.start())
        if long:
            places |= {m.start() for m in _SOFT_DOTTED.finditer(text, unit.first + 1, unit.last)}
        for match in _SOFT_ITEM.finditer(text, unit.first + 1, unit.last):
            before = text[match.start() - 1]
            if (
                before in _SOFT_BEFORE or (before in "，,、" and text[match.start()] in "（(①②③④⑤⑥⑦⑧⑨")
            ) and not _ITEM_REFERS.match(text, match.end()):
                places.add(match.start())
        found = []
        for place in sorted(places):
            for label in labels_at(text, place, unit.last)[:1]:
                found.append(Candidate(index, label, False, self._weight(index, label, hard=False)))
        return found

    def _weight(self, index: int, label: Label, hard: bool) -> float:
        unit = self.units[index]
        rest = self.text[label.end : min(unit.last, label.end + 80)]
        weight = 1.0 + (0.4 if unit.marked and hard else 0.0) - (0.0 if hard else 0.4)
        weight += self._manner(label, rest) if rest.strip() else self._alone(index)
        if hard:
            before = self.before(index)
            if _ASKS.search(before) and not (unit.marked and len(rest) < 24):
                weight -= 1.2
            elif len(before) >= 20 and not _ENDS.search(before) and not _NAMES.search(before) and not unit.cell:
                weight -= 0.5
        return weight + self._promised(index, label, rest)

    def _alone(self, index: int) -> float:
        """A number with nothing beside it: its title is next. Among the figures of a table it is one of them."""
        following = self.after(index)
        words = self.words(following) if following is not None else ""
        return (
            0.3
            if not words
            or re.match(r"[^\d.,%]{0,2}[\u4e00-\u9fff“]", words)
            or (self.units[index].marked and not self.units[index].cell)
            else -1.6
        )

    def _manner(self, label: Label, rest: str) -> float:
        words = rest.strip()
        touching = self.text[label.end - 1].isdigit()
        if label.style in ("article", "chapter", "section", "part") and _AFTER_ARTICLE.match(rest):
            return -1.8
        if label.style == "article" and NAMED.match(words):
            return -1.8
        if label.style == "dotted" and (_AFTER_NUMBER.match(words) if touching else _CLOSES.match(words)):
            return -1.8
        if label.style == "dotted" and touching and _QUANTITY.match(rest):
            return -1.8
        if label.style in ("article", "chapter") and self.text[label.start] not in "第笫弟":
            return -0.7
        if len(words) <= 24 and not _SENTENCE.search(words):
            return 0.6
        return 0.0

    def _promised(self, index: int, label: Label, rest: str) -> float:
        entry = self.oracle.get((label.style, label.key))
        if entry is None:
            return -0.7 if (label.style, len(label.key)) in self.depths else 0.0
        words = shown(rest, 0, len(rest))
        if not words:
            following = self.after(index)
            words = self.words(following)[:60] if following is not None else ""
        close = max(similar(words[: len(entry.title)], entry.title), similar(words[:40], entry.title))
        return 3.0 if close >= 0.8 else 1.5 if close >= 0.5 else 0.3
