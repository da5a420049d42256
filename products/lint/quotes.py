"""Numbers as the wording writes them, and the facts it states: 九十日为等待期 is waiting, 90 days."""

import re
from collections.abc import Iterator

import cn2an

from evidence.events import Frozen
from products.compiled import Compiled
from products.lint.lists import CN, topics

_QUOTED = re.compile(rf"(?P<percent>百分之)?(?P<number>\d[\d,]*(?:\.\d+)?|[{CN}]+)(?P<unit>.*)", re.DOTALL)
_TOUCHES = re.compile(rf"[{CN}\d.]")
UNITS = {
    "days": ("日", "天"),
    "workdays": ("个工作日", "工作日"),
    "years": ("年", "周年"),
    "months": ("个月", "月"),
    "hours": ("小时",),
    "minutes": ("分钟",),
    "age": ("周岁", "岁"),
    "money": ("元", "万元"),
    "count": ("次", "种", "项", "张", "期", "份", "人", "倍"),
    "percent": ("%", "％", ""),
    "number": ("", "倍"),
}


class Fact(Frozen, frozen=True, kw_only=True):
    """`segment`: number of the piece of wording, empty in a handout. `value`: the number as a param writes it."""

    topic: str
    value: str
    words: str
    segment: str = ""


def read_quote(quote: str) -> tuple[str, str] | None:
    """Number and unit of a quoted phrase: 九十日 is ("90", "日"), 百分之二十 ("20", "%")."""
    match = _QUOTED.search(quote)
    if match is None:
        return None
    text, unit = match["number"].replace(",", ""), match["unit"].strip()
    number = number_of(text)
    if number is None:
        return None
    return number, "%" if match["percent"] else unit


def number_of(text: str) -> str | None:
    if text[0].isdigit():
        return text
    try:
        return str(cn2an.cn2an(text, "smart"))
    except ValueError:
        return None


def stands_in(quote: str, text: str) -> bool:
    """Whether the quote stands there whole: 十日 does not stand in 三十日."""
    at = text.find(quote)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(quote) : at + len(quote) + 1]
        cut_off = bool(_TOUCHES.match(quote[0]) and before and _TOUCHES.match(before))
        runs_on = bool(_TOUCHES.match(quote[-1]) and after and _TOUCHES.match(after) and after != ".")
        if not cut_off and not runs_on:
            return True
        at = text.find(quote, at + 1)
    return False


def facts_in(text: str) -> Iterator[Fact]:
    """What a text says of each topic, in order of topic."""
    for topic, (_, patterns) in topics().items():
        seen: set[tuple[int, int]] = set()
        for pattern in patterns:
            for match in pattern.finditer(text):
                number = number_of(match["n"])
                if number is not None and match.span("n") not in seen:
                    seen.add(match.span("n"))
                    yield Fact(topic=topic, value=number, words=match[0])


def facts_of_wording(compiled: Compiled) -> tuple[Fact, ...]:
    return tuple(
        Fact(topic=fact.topic, value=fact.value, words=fact.words, segment=number)
        for number in compiled.wording.segments
        for fact in facts_in(compiled.wording.cut(number))
    )


def params_of(compiled: Compiled) -> dict[str, set[str]]:
    """Topic to the values of the params whose quotes are those facts."""
    found: dict[str, set[str]] = {}
    by_segment: dict[str, list[Fact]] = {}
    for fact in facts_of_wording(compiled):
        by_segment.setdefault(fact.segment, []).append(fact)
    for param in compiled.product.params.values():
        for fact in by_segment.get(compiled.clause(param.clause).src, ()):
            unit = topics()[fact.topic][0]
            if param.unit == unit and stands_in(param.quote, fact.words):
                found.setdefault(fact.topic, set()).add(str(param.value))
    return found
