"""The document's own 目录: where it stands, and what it says of numbers and titles. An oracle, never a clause."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from products.author.labels import Label, labels_at
from products.author.layout import Unit, shown

MIN_ENTRIES = 4
LONGEST_ENTRY = 60  # characters
_STYLES = ("dotted", "article", "chapter", "section", "part", "chinese", "schedule")
_PROSE = re.compile(r"[。；]\s*$|，.{4,}")
_HEADING = re.compile(
    r"^(?:条款|合同|本条款|本合同)?\s*目\s*[录錄次](?:\s*(?:contents|表|一览))?\s*[:：]?$", re.IGNORECASE
)
_GUIDE = re.compile(r"^阅\s*读\s*(?:指\s*引|指\s*南|提\s*示)$|^您拥有的重要权益$|^您应当特别注意的事项$")
_LEADERS = re.compile(r"[\s.．·…。‥⋯_—－\-•*]{0,80}(?:第?\s*\d{1,3}\s*页?)?\s*$")
_DOTS = re.compile(r"[.．·…‥⋯_•]{3,}|…{1,}|(?:\.\s){3,}")
_PUNCT = re.compile(r"[\s，。、；：:;,.（）()“”\"'《》<>〈〉？?！!—–\-·…•]")


@dataclass(frozen=True)
class Entry:
    """One line of the 目录."""

    label: Label
    title: str
    start: int
    end: int


@dataclass(frozen=True)
class Contents:
    """`[start, end)`: what is no clause: the reading guide, the 目录, the title repeated after it."""

    start: int
    end: int
    entries: tuple[Entry, ...]
    heading: bool


def bare(title: str) -> str:
    """A title for comparison: no blanks, no punctuation."""
    return _PUNCT.sub("", title)


def similar(one: str, other: str) -> float:
    """0 to 1 by matching blocks, over bare titles."""
    a, b = bare(one), bare(other)
    if a == b:
        return 1.0
    if not a or not b or min(len(a), len(b)) * 2 / (len(a) + len(b)) < 0.4:
        return 0.0
    return SequenceMatcher(None, a, b, autojunk=False).ratio()


def find_contents(text: str, units: Sequence[Unit]) -> Contents | None:
    """The 目录, by its heading or by its dot leaders; None where the text has none."""
    found = next((i for i, u in enumerate(units[:600]) if _HEADING.match(text[u.first : u.last].strip())), None)
    opens = found if found is not None else _unheaded(text, units)
    if opens is None:
        return None
    entries, last = _entries(text, units, opens + 1)
    if len(entries) < MIN_ENTRIES or (found is None and not _twice(text, units, entries, last)):
        return None
    heading = opens >= 0 and _HEADING.match(text[units[opens].first : units[opens].last].strip()) is not None
    start = units[max(opens, 0)].start if heading else entries[0].start
    return Contents(start, units[last].end, tuple(entries), heading)


def _unheaded(text: str, units: Sequence[Unit]) -> int | None:
    """The unit before a 目录 without a heading: entries with leaders, or a row of numbers and short titles."""
    for at, unit in enumerate(units[:400]):
        if unit.empty or not _first(text, unit):
            continue
        near = [u for u in units[at : at + 16] if not u.empty][:10]
        if _dotted(text, unit) and sum(_dotted(text, u) for u in near) >= 5:
            return at - 1
        if len(near) == 10 and sum(bool(_first(text, u)) and _brief(text, u) for u in near) >= 9:
            return at - 1
    return None


def _brief(text: str, unit: Unit) -> bool:
    return unit.last - unit.first <= 30 and not re.search(r"[。；]", text[unit.first : unit.last])


def _twice(text: str, units: Sequence[Unit], entries: Sequence[Entry], last: int) -> bool:
    """Whether the numbers come again: those of a 目录 do, those of a contract of short clauses do not."""
    again = {(label.style, label.key) for unit in units[last + 1 :] for label in _first(text, unit)[:1]}
    return sum((e.label.style, e.label.key) in again for e in entries) * 2 >= len(entries)


def is_guide(words: str) -> bool:
    return _GUIDE.match(words) is not None


def _dotted(text: str, unit: Unit) -> bool:
    words = text[unit.first : unit.last]
    return bool(_DOTS.search(words)) and bool(re.search(r"\d\s*$", words)) and bool(_first(text, unit))


def _first(text: str, unit: Unit) -> list[Label]:
    return [label for label in labels_at(text, unit.first, unit.last) if label.style in _STYLES]


def _entries(text: str, units: Sequence[Unit], begin: int) -> tuple[list[Entry], int]:
    """(entries, index of the last unit of the 目录). It ends where a number comes again, or prose begins."""
    seen: dict[tuple[str, tuple[int, ...]], int] = {}
    entries: list[Entry] = []
    last = begin - 1
    prose = 0
    for index in range(begin, min(len(units), begin + 1500)):
        unit = units[index]
        if unit.empty:
            continue
        words = text[unit.first : unit.last]
        found = _split(text, unit)
        if found:
            first = found[0].label
            repeated = (first.style, first.key) in seen
            if repeated and _restarts(text, units, index, seen):
                last = _back(entries, units, last)
                break
            if len(words) > LONGEST_ENTRY and not _DOTS.search(words):
                if entries:
                    break
                continue
            for entry in found:
                seen.setdefault((entry.label.style, entry.label.key), len(entries))
            if not repeated:
                entries += found
                last = index
            prose = 0
        elif len(words) > LONGEST_ENTRY and not _DOTS.search(words):
            prose += 1
            if entries and (prose > 1 or len(words) > 120 or (len(entries) >= 8 and words.rstrip().endswith("。"))):
                break
        elif is_guide(words.strip()) and len(entries) >= MIN_ENTRIES:
            break
        elif entries and units[last].end >= unit.start - 2 and _goes_on(words, entries[-1], units[last]):
            previous = entries[-1]
            entries[-1] = Entry(
                previous.label, previous.title + shown(_DOTS.sub(" ", words), 0, len(words)), previous.start, unit.end
            )
            last = index
    return _unglued(text, entries), last


def _goes_on(words: str, entry: Entry, unit: Unit) -> bool:
    """The rest of a title too long for its column. One line at most, and short."""
    broken = entry.start >= unit.start  # the entry itself is the line before, not a rest of it
    return broken and len(words) <= 14 and not re.search(r"[。；]", words) and not _DOTS.search(entry.title)


def _back(entries: list[Entry], units: Sequence[Unit], last: int) -> int:
    """Numbers of a kind the 目录 had none of belong to what begins here: 第一条 before the second 1.1."""
    while len(entries) > MIN_ENTRIES and all(e.label.style != entries[-1].label.style for e in entries[:-2]):
        dropped = entries.pop()
        while last > 0 and units[last].end > dropped.start:
            last -= 1
    return last


def _unglued(text: str, entries: list[Entry]) -> list[Entry]:
    """9.118种 between 9.10 and 9.12 is 9.11 before 8种."""
    keys = {entry.label.key for entry in entries}
    for at, entry in enumerate(entries):
        key = entry.label.key
        if len(key) > 1 and entry.label.glued and (*key[:-1], key[-1] - 1) not in keys:
            for label in labels_at(text, entry.label.start, entry.end):
                if len(label.key) > 1 and label.key not in keys and (*label.key[:-1], label.key[-1] - 1) in keys:
                    entries[at] = Entry(label, shown(text, label.end, entry.end), entry.start, entry.end)
                    break
    return entries


def _restarts(text: str, units: Sequence[Unit], index: int, seen: dict[tuple[str, tuple[int, ...]], int]) -> bool:
    """After a number seen before: prose, or more numbers seen before. A misread number alone is no new beginning."""
    known = total = 0
    deepest = max(len(key) for _, key in seen)
    for unit in units[index + 1 : index + 14]:
        if unit.empty:
            continue
        words = text[unit.first : unit.last]
        if (len(words) > LONGEST_ENTRY or (len(words) > 18 and _PROSE.search(words))) and not _DOTS.search(words):
            return True
        labels = _first(text, unit)
        if labels:
            total += 1
            known += (labels[0].style, labels[0].key) in seen or len(labels[0].key) > deepest
            if total == 4:
                break
    return known * 2 >= total


_MORE = re.compile(
    r"(?:[ \t\u3000]{1,}|[.．…·]{2,}\s*\d{0,3}\s+)(?=(?:\d{1,2}[.．]\d{1,2}|\d{1,2}[.．"
    r"、](?!\d)|第[一二三四五六七八九十百]+[条章])[\s\u3000]*[\u4e00-\u9fff])"
)


def _split(text: str, unit: Unit) -> list[Entry]:
    """A line of a 目录 set in columns holds several entries."""
    starts = [unit.first, *(m.end() for m in _MORE.finditer(text, unit.first, unit.last))]
    found = []
    for start, end in zip(starts, [*starts[1:], unit.last], strict=True):
        labels = [label for label in labels_at(text, start, end) if label.style in _STYLES]
        if labels:
            label = labels[0]
            title = shown(text, label.end, end)
            title = (
                _DOTS.split(title)[0]
                if _DOTS.search(title)
                else _LEADERS.sub("", title)
                if re.search(r"[.…\s]\d+$", title)
                else title
            )
            title = re.sub(r"\s\d+(?:[.．]\d+)*$|[\s■□●]+$", "", title)
            found.append(Entry(label, title.strip(" .．…·:："), start, end))
    return found
