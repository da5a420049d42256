"""What the filed wording itself must be: in order, whole, its references sound, its text undamaged."""

import re
from collections.abc import Iterator
from itertools import pairwise

import cn2an

from products.author.contents import similar
from products.compiled import Compiled
from products.lint.lists import CN, words
from products.lint.places import Found, Rules, at_segment, chinese, upward
from products.wording import TOC

SIMILAR = 0.85  # of a title in the contents and at its clause
LONG_PARAGRAPH = 24  # characters; a shorter one may stand twice by right

_ITEM = re.compile(r"^(?P<parent>.*)\((?P<n>\d+)\)$")
_REFERENCE = re.compile(
    rf"(?:第(?P<article>[{CN}\d]+)条|(?:本(?:条款|合同)第?|见|第|按照?|依照|根据)\s?(?P<dotted>\d+(?:\.\d+)+)条?款?)"
    r"(?:[“\"「（(《](?P<title>[^”\"」）)》\n]{2,16})[”\"」）)》])?"
)
_ABOVE = re.compile(rf"(?:上述|前述|前款|本条)第?[（(](?P<n>[{CN}\d]+)[）)]项?")
_OF_LAW = re.compile(r"(?:法|条例|办法|规定|解释)》?[^。；，]{0,4}$")


def contents_agree(compiled: Compiled) -> Iterator[Found]:
    """L02: the clause tree follows the wording's order; its contents page says the same numbers and titles."""
    order = {number: place for place, number in enumerate(compiled.wording.segments)}
    siblings: dict[str | None, list[tuple[str, str]]] = {}
    for placed in compiled.clauses.values():
        siblings.setdefault(placed.parent, []).append((placed.clause.src, placed.at))
        item = _ITEM.match(placed.clause.src)
        above = compiled.clauses[placed.parent].clause.src if placed.parent else ""
        if item and item["parent"] != above:
            yield placed.at, f"{placed.clause.src} is an item of {item['parent']} and does not stand below it"
    for parent, group in siblings.items():
        # An author may put a clause from elsewhere under one it belongs to; what stays together keeps its order.
        for (one, _), (two, at) in pairwise(group):
            kin = parent is None or _split(one)[0] == _split(two)[0]
            if kin and order[one] > order[two]:
                yield at, f"{two} stands before {one} in the wording"
    yield from _contents_page(compiled)


def _contents_page(compiled: Compiled) -> Iterator[Found]:
    segments = compiled.wording.segments
    listed = dict(compiled.wording.contents)
    for number, title in listed.items():
        if number not in segments:
            yield "source", f"the contents list {number} {title}, which is not in the wording"
        elif title and similar(title, segments[number].title) < SIMILAR:
            own = segments[number].title
            yield at_segment(compiled, number), f"the contents call {number} {title}, the wording {own}"
    order = [number for number in segments if number in listed]
    if order != [number for number in listed if number in segments]:
        yield "source", "the contents have another order than the wording"


def numbers_run_on(compiled: Compiled) -> Iterator[Found]:
    """L03: within each parent the numbers are 1, 2, 3 …: nothing lost, nothing twice."""
    last: dict[str, int] = {}
    for number in compiled.wording.segments:
        if number in ("0", TOC):
            continue
        parent, own = _split(number)
        before = last.get(parent, 0)
        if own != before + 1:
            where = f"in {parent}" if parent else "at the top"
            yield at_segment(compiled, number), f"{number} follows {before or 'nothing'} {where}"
        last[parent] = own


def references_hold(compiled: Compiled) -> Iterator[Found]:
    """L04: what is cited is there, and bears the title it is cited with."""
    segments = compiled.wording.segments
    for number in segments:
        text = compiled.wording.cut(number)
        body = text.split("\n", 1)[1] if "\n" in text else text
        for match in _REFERENCE.finditer(body):
            if _OF_LAW.search(body[: match.start()]):
                continue
            cited = _whole_number(match["dotted"] or f"第{match['article']}条")
            if cited not in segments:
                yield at_segment(compiled, number), f"{match[0]} is not in the wording"
            elif match["title"] and not _alike(match["title"], segments[cited].title, compiled.wording.cut(cited)):
                yield at_segment(compiled, number), f"{match[0]} is called {segments[cited].title}"
        for match in _ABOVE.finditer(body):
            item = _whole_number(match["n"])
            before = [name for name in segments if segments[name].start < segments[number].end]
            if not any(name.endswith(f"({item})") for name in before):
                yield at_segment(compiled, number), f"{match[0]}: there is no such item above"


def limits_are_flagged(compiled: Compiled) -> Iterator[Found]:
    """L05: whatever lessens liability stands in an exclusion, or is flagged as a limit."""
    pattern = re.compile(words().lessens)
    by_number = {placed.clause.src: placed for placed in compiled.clauses.values()}
    for number in compiled.wording.segments:
        match = pattern.search(compiled.wording.cut(number))
        if match is None:
            continue
        placed = by_number.get(number)
        if placed is None:
            yield "source", f"{match[0]} in {number}, which is skipped"
        elif not any(item.cat == "exclusion" or item.limits_provider for item in upward(compiled, placed.clause.id)):
            yield placed.at, f"“{match[0]}” lessens liability and the clause is not flagged"


def text_is_whole(compiled: Compiled) -> Iterator[Found]:
    """L25: no look-alikes, left-over marks, masked names, odd brackets, or paragraphs pasted twice."""
    for number in compiled.wording.segments:
        for problem in _damage(compiled.wording.cut(number)):
            yield at_segment(compiled, number), f"{problem} in {number} of the wording"
    for path, template in chinese(compiled):
        for problem in _damage(template.replace("{", "").replace("}", "")):
            yield path, problem
    seen: dict[str, str] = {}
    for number in compiled.wording.segments:
        for line in compiled.wording.cut(number).split("\n"):
            body = line.strip()
            if len(body) < LONG_PARAGRAPH:
                continue
            if body in seen:
                yield at_segment(compiled, number), f"a paragraph of {number} also stands in {seen[body]}"
            seen[body] = number


def _damage(text: str) -> Iterator[str]:
    for kind, pattern in words().damage.items():
        match = re.search(pattern, text)
        if match is not None:
            yield f"{kind.replace('_', ' ')} “{match[0]}”"
    for opens, closes in ("（）", "“”", "《》", "〔〕", "()"):
        if text.count(opens) != text.count(closes):
            mixed = opens == "（" and text.count("（") + text.count("(") == text.count("）") + text.count(")")
            yield f"{'mixed' if mixed else 'unbalanced'} {opens}{closes}"
            break


def _split(number: str) -> tuple[str, int]:
    """Parent and own count: `2.5(3)` is 2.5 and 3, `2.5` is 2 and 5, `ch2` chapters and 2, `7` the top and 7."""
    item = _ITEM.match(number)
    if item:
        return f"{item['parent']}()", int(item["n"])
    if number.startswith("ch"):
        return "chapters", int(number[2:])
    parent, _, own = number.rpartition(".")
    return parent, int(own)


def _whole_number(text: str) -> str:
    text = text.removeprefix("第").removesuffix("条")
    if text[0].isdigit():
        return text
    return str(cn2an.cn2an(text, "smart"))


def _alike(cited: str, title: str, text: str) -> bool:
    """The citing words are the title, or a word of it; titles of unnumbered headings stand in the text's first line."""
    own = title or text.split("\n", 1)[0]
    return cited in own or own in cited or similar(cited, own) >= SIMILAR


RULES: Rules = (
    ("L02", "E", contents_agree),
    ("L03", "E", numbers_run_on),
    ("L04", "E", references_hold),
    ("L05", "E", limits_are_flagged),
    ("L25", "W", text_is_whole),
)
