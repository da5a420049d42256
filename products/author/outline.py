"""A text to its tree: contents and furniture set aside, main headings, then the items inside each of them."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from products.author.candidates import Candidate, Page, oracle_of
from products.author.contents import Contents, find_contents, is_guide
from products.author.furniture import Furniture, find_furniture
from products.author.items import Item, items_of
from products.author.labels import labels_at
from products.author.layout import Unit, shown, units
from products.author.skeleton import ABOVE, ARTICLE, RANKS, Main, main_headings
from products.author.titles import title_of
from products.author.tree import Node, cut, grow

ITEM_RANK = 20
_VOLUME = re.compile(
    r"^(?:附[件录][一二三四五六七八九十\d]*[：:、 ]?)?[《“]?[\u4e00-\u9fffA-Za-z0-9（）()“”·—\-\[\]【】]{2,40}"
    r"(?:说明书|揭示书|协议书?|须知|条款|合同书?|告知书|声明书?|授权书|提示书|章程"
    r"|规则|通知书|明示表)(?:[（(][^（）()]{1,20}[）)])?[》”]?$"
)
_STOPS = re.compile(r"[，。；;,：:、]")
_ENDED = re.compile(r"[。；;：:！？.”）)】》]$")
_DEFINES = re.compile(
    r"[“\"「][^”\"」]{1,20}[”\"」]\s*(?:[,，、]\s*[“\"][^”\"]{1,20}[”\"]\s*)*(?:均"
    r"?指|是指|系指)|(?:经|就).{2,40}(?:协商|约定|达成)|签订本|订立本|甲方|乙方"
)


@dataclass(frozen=True)
class Skipped:
    start: int
    end: int
    reason: str  # title_page, guide, contents, page_number, page_header, blank


@dataclass(frozen=True)
class Outline:
    """`furniture`: page furniture that stands inside a clause and stays part of it, so that a clause is one stretch."""

    nodes: tuple[Node, ...]
    skipped: tuple[Skipped, ...]
    furniture: tuple[Furniture, ...]
    contents: Contents | None
    family: str


def outline(text: str) -> Outline:
    """Never refuses: a text without any number is one clause, an empty one none."""
    parts = units(text)
    contents = find_contents(text, parts)
    furniture = find_furniture(text, parts)
    usable = [
        i for i, unit in enumerate(parts)
        if not unit.empty and i not in furniture and not (contents and contents.start <= unit.start < contents.end)
    ]  # fmt: skip
    page = Page(text, parts, usable, oracle_of(contents))
    body = [i for i in usable if contents is None or parts[i].start >= contents.end]
    nodes: list[Node] = []
    families: list[str] = []
    volumes = _volumes(page, body)
    for first, indexes in volumes:
        family, found = _volume(page, indexes)
        families.append(family)
        if len(volumes) > 1 and found:
            unit = parts[first]
            nodes.append(Node(unit.start, -1, None, shown(text, unit.first, unit.last), "document", unit.last))
        nodes += found
    nodes = _preamble(page, body, nodes)
    return _tiled(text, parts, nodes, contents, furniture, max(families, key=families.count) if families else "none")


def _volume(page: Page, indexes: Sequence[int]) -> tuple[str, list[Node]]:
    candidates = page.candidates(indexes)
    family, mains = main_headings(page, indexes, candidates)
    starts = [main.start if main.lead < 0 else main.lead for main in mains]
    nodes = [_node(page, main, limit) for main, limit in zip(mains, [*starts[1:], len(page.text)], strict=False)]
    taken = {main.start for main in mains}
    places = [c.start for c in candidates]
    for at, start in enumerate([-1, *starts]):
        end = starts[at] if at < len(starts) else len(page.text) + 1
        inside = [c for c in candidates[bisect_right(places, start) : bisect_left(places, end)] if c.start not in taken]
        if at:
            inside = [c for c in inside if c.start >= nodes[at - 1].body or c.hard]
            label = mains[at - 1].label
            article = label.key if label and label.style not in ABOVE else ()
        elif mains:
            continue  # numbers before the first heading: a title page, not items
        else:
            article = ()
        items = items_of(inside, article, _subheads(page, indexes, start, end))
        limits = [*(item.start for item in items[1:]), end]
        nodes += [_item(page, item, limit) for item, limit in zip(items, limits, strict=False)]
    return family, sorted(nodes, key=lambda node: node.start)


def _node(page: Page, main: Main, limit: int) -> Node:
    unit = page.units[main.index]
    start = unit.start if main.hard else main.start
    if main.lead >= 0 and main.label:  # its title stands before its number
        start = unit.start if unit.first <= main.lead <= unit.first + 2 else main.lead
        return Node(
            start, main.rank, main.label, shown(page.text, main.lead, main.label.start), "clause", main.label.end
        )
    if main.label is None:
        return Node(start, main.rank, None, main.title, "group", unit.last)
    if main.lost:
        return Node(start, main.rank, main.label, main.title, "clause", unit.last, lost=True)
    title = title_of(page, main.index, main.label, limit)
    kind = (
        main.label.style
        if main.label.style in (*ABOVE, "schedule")
        else "group"
        if main.rank == RANKS["group"]
        else "clause"
    )
    return Node(start, main.rank, main.label, title.words, kind, title.end, main.hard, repeated=main.repeated)


def _subheads(page: Page, indexes: Sequence[int], start: int, end: int) -> list[int]:
    """Where a title without a number stands inside a clause: what is counted after it is a new list."""
    found = []
    low = bisect_right(indexes, start, key=lambda i: page.units[i].first)
    high = bisect_left(indexes, end, key=lambda i: page.units[i].first)
    for index in indexes[low:high]:
        unit = page.units[index]
        if labels_at(page.text, unit.first, unit.last):
            continue
        if (
            unit.last - unit.first <= 16
            and not _STOPS.search(page.words(index))
            and ((unit.marked and not unit.cell) or _ENDED.search(page.before(index)))
        ):
            found.append(unit.first)
    return found


def _item(page: Page, item: Item, limit: int) -> Node:
    unit = page.units[item.index]
    title = title_of(page, item.index, item.label, limit, item=True)
    return Node(
        unit.start if item.hard else item.start,
        ITEM_RANK + item.depth,
        item.label,
        title.words,
        "item",
        title.end,
        item.hard,
        gap=item.lost,
    )


def _volumes(page: Page, body: Sequence[int]) -> list[tuple[int, list[int]]]:
    """A file may hold several documents, each with numbers of its own: (index of its title, its units)."""
    cuts: list[int] = []
    for at, index in enumerate(body):
        words = shown(page.text, page.units[index].first, page.units[index].last)
        if len(words) > 60 or not _VOLUME.match(words):
            continue
        labels = [c for c in page.candidates(body[at + 1 : at + 14]) if c.hard and c.weight >= 0.9]
        first = next(
            (c.label for c in labels if c.label.style in ("article", "chapter", "part", "chinese", "dotted")), None
        )
        if first is not None and set(first.key) == {1}:
            cuts.append(at)
    if not cuts:
        return [(body[0], list(body))] if body else []
    if len(cuts) == 1 or cuts[0] > 0:
        cuts[0] = 0
    merged = [cuts[0]]
    for cut_at in cuts[1:]:
        between = page.candidates(body[merged[-1] : cut_at])
        if sum(c.hard and c.weight >= 0.9 and c.label.style in ("article", "chinese", "dotted") for c in between) >= 3:
            merged.append(cut_at)
    ends = [*merged[1:], len(body)]
    return [(body[a], list(body[a:b])) for a, b in zip(merged, ends, strict=True)]


def _preamble(page: Page, body: Sequence[int], nodes: list[Node]) -> list[Node]:
    """Sentences before the first number that bind somebody (“您”指投保人) are text, not a title page."""
    limit = nodes[0].start if nodes else len(page.text)
    ahead = [i for i in body if page.units[i].start < limit]
    if not nodes and ahead:
        unit = page.units[ahead[0]]
        return [Node(unit.start, -1, None, "", "text", unit.first)]
    opens = None
    for i in reversed(ahead):
        words = page.words(i)
        if is_guide(words.strip()):
            break
        if _DEFINES.search(words) or len(words) > 60:
            opens = i
    if opens is not None:
        nodes.insert(0, Node(page.units[opens].start, -1, None, "", "preamble", page.units[opens].first))
    return nodes


def _tiled(
    text: str,
    parts: Sequence[Unit],
    nodes: list[Node],
    contents: Contents | None,
    furniture: dict[int, Furniture],
    family: str,
) -> Outline:
    grow(nodes, len(text))
    first = nodes[0].start if nodes else len(text)
    skipped: list[Skipped] = []
    if first:
        skipped = _front(text, parts, first, contents)
    ends = {node.start for node in nodes[1:]} | {len(text)}
    inside: list[Furniture] = []
    tails: dict[int, int] = {}
    for index in sorted(furniture, reverse=True):
        piece = furniture[index]
        if piece.start < first:
            continue
        if piece.end in ends and nodes and piece.start > max((n.body for n in nodes if n.start < piece.end), default=0):
            tails[piece.end] = piece.start
            ends.add(piece.start)
            skipped.append(Skipped(piece.start, piece.end, piece.reason))
        else:
            inside.append(piece)
    cut(nodes, [(start, end) for end, start in tails.items()])
    skipped.sort(key=lambda piece: piece.start)
    return Outline(tuple(nodes), tuple(skipped), tuple(reversed(inside)), contents, family)


def _front(text: str, parts: Sequence[Unit], first: int, contents: Contents | None) -> list[Skipped]:
    """What stands before the first clause, in stretches by what it is."""
    if not text[:first].strip():
        return [Skipped(0, first, "blank")]
    cuts: list[tuple[int, str]] = [(0, "title_page")]
    for unit in parts:
        if unit.start >= first:
            break
        if contents and contents.start == unit.start:
            cuts.append((unit.start, "contents"))
        elif contents and contents.end == unit.start:
            cuts.append((unit.start, "title_page"))
        elif (
            is_guide(text[unit.first : unit.last].strip())
            and not (contents and contents.start < unit.start < contents.end)
            and cuts[-1][1] != "guide"
        ):
            cuts.append((unit.start, "guide"))
    found = [Skipped(a, b, reason) for (a, reason), (b, _) in zip(cuts, [*cuts[1:], (first, "")], strict=True)]
    return [piece for piece in found if piece.end > piece.start]


__all__ = ["ARTICLE", "Candidate", "Outline", "Skipped", "outline"]
