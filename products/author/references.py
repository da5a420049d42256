"""Where a clause sends its reader: 第X条第二款, 见9.4, 附表一, 前款. Each is tied to what it means, or to none."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from evidence.events import Frozen
from products.author.labels import Label, labels_at
from products.author.numerals import SMALL, whole
from products.author.spans import Spans
from products.author.tree import Node

_N = rf"(?:[{SMALL}]{{1,5}}|\d{{1,3}})"
_ARTICLE = re.compile(
    rf"第\s?(?P<n>{_N})\s?(?P<word>条|章|节|部分)(?:\s?第?[（(]?(?P<para>{_N})[）)]?\s?款"
    rf")?(?:\s?第?\s?[（(]?(?P<item>{_N})[）)]?\s?项)?"
)
_DOTTED = re.compile(
    r"(?<![\d.．])(?P<n>\d{1,2}(?:[.．]\d{1,2}){1,3})(?![\d%％.．]|\s?(?:级|倍|万|"
    r"亿|元|周岁|岁|[日天年]|个月|公里|[厘毫]?米|[a-zA-Zμ]|\\))(?:\s?[（(](?P<item>\d{1,2}"
    r"|[一二三四五六七八九十]{1,3})[）)])?"
)
_CITES = re.compile(
    r"(?:见|参照|参阅|依照|按照|按|根据|依据|符合|违反|第|条款|本合同|本条款|本主险"
    r"合同|合同|和|及|与|或|、|至|除|以上|上述|前述|本|述)\s?[“\"《（(]?\s?第?\s?$"
)
_CITED = re.compile(r"\s?(?:条款|条|款|项|节|部分)")
_ITEM = re.compile(
    rf"第\s?[（(]?(?P<n>{_N})[）)]?\s?(?:项)?\s?(?:(?:至|到|—|-|～|~|、|和|或)\s?第?\s?[（(]?(?P<m>{_N})[）)]?\s?)?项"
)
_SCHEDULE = re.compile(rf"附(?P<word>表|件|录)\s?(?P<n>{_N})?")
_NEAR = re.compile(r"前款|上款|前条|前项|上述条款")
_LAW = re.compile(r"(?:》|法|条例|办法|规定|解释|通则|准则)(?:[（(][^（）()]{0,30}[）)])?\s?$")


class Reference(Frozen, frozen=True, kw_only=True):
    """`target`: id of the clause meant. `external`: an article of a law, which no wording holds."""

    text: str
    number: str
    target: str | None
    start: int
    end: int
    external: bool = False


class Targets:
    """What can be meant in a text: by number within a document, by id of the clause that speaks."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = nodes
        self.roots = [n.start for n in nodes if n.kind == "document"]
        self.by_number: dict[tuple[int, str, tuple[int, ...]], Node] = {}
        for node in nodes:
            if node.label and node.kind != "item":
                style = "dotted" if node.kind == "clause" else node.label.style
                self.by_number.setdefault((self._document(node.start), style, node.label.key), node)

    def find(self, at: int, style: str, key: tuple[int, ...]) -> Node | None:
        own = self.by_number.get((self._document(at), style, key))
        if own is None and style == "dotted" and len(key) == 1:
            own = self.by_number.get((self._document(at), "chapter", key))
        return (
            own or next((n for (_, s, k), n in self.by_number.items() if (s, k) == (style, key)), None)
            if self.roots
            else own
        )

    def _document(self, at: int) -> int:
        return bisect_right(self.roots, at)


def references(text: str, node: Node, targets: Targets, skip: Iterable[tuple[int, int]]) -> list[Reference]:
    """Of one clause's own text, in order of position."""
    taken = Spans(skip)
    found: list[Reference] = []

    def add(a: int, b: int, number: str, target: Node | None, external: bool = False) -> None:
        if taken.take(a, b):
            found.append(
                Reference(
                    text=text[a:b],
                    number=number,
                    target=target.id if target else None,
                    start=a,
                    end=b,
                    external=external,
                )
            )

    begin, end = node.body, node.end
    law = False
    for match in _ARTICLE.finditer(text, begin, end):
        law = bool(_LAW.search(text[max(begin, match.start() - 40) : match.start()])) or (
            law and text[match.start() - 1] in "、和及或至第"
        )
        target = None if law else _article(match, node, targets)
        add(*match.span(), "".join(match.group().split()), target, law)
    for match in _DOTTED.finditer(text, begin, end):
        if (
            _CITES.search(text[max(begin, match.start() - 8) : match.start()])
            or _CITED.match(text, match.end())
            or _titled(text, match, node, targets)
        ):
            key = tuple(int(part) for part in re.split("[.．]", match["n"]))
            target = targets.find(node.start, "dotted", key)
            add(*match.span(), match["n"].replace("．", "."), _child(target, match["item"]) if target else None)
    for match in _ITEM.finditer(text, begin, end):
        add(*match.span(), "".join(match.group().split()), _own_item(node, match["n"]))
    for match in _SCHEDULE.finditer(text, begin, end):
        n = whole(match["n"]) if match["n"] else 0
        target = targets.find(node.start, "schedule", (n or 0,))
        if target is not None or match["n"]:
            add(*match.span(), match.group(), target)
    for match in _NEAR.finditer(text, begin, end):
        add(*match.span(), match.group(), _near(match.group(), node))
    return sorted(found, key=lambda reference: reference.start)


def _article(match: re.Match[str], node: Node, targets: Targets) -> Node | None:
    n = whole(match["n"])
    style = {"条": "dotted", "章": "chapter", "节": "section", "部分": "part"}[match["word"]]
    target = targets.find(node.start, style, (n,)) if n else None
    return _child(target, match["item"] or match["para"]) if target else None


def _child(node: Node, number: str | None) -> Node:
    """The item of that number; the clause itself where its paragraphs are not counted."""
    n = whole(number) if number else None
    return (
        next((c for c in node.children if c.label and c.kind == "item" and c.label.key[-1] == n), node) if n else node
    )


def _own_item(node: Node, number: str) -> Node | None:
    """第(2)项 means an item of this clause, of what holds it, or of the clause before."""
    n = whole(number)
    at: Node | None = node
    while at is not None:
        hit = next((c for c in at.children if c.kind == "item" and c.label and c.label.key[-1] == n), None)
        if hit:
            return hit
        at = at.parent
    before = node.before
    return (
        next((c for c in before.children if c.kind == "item" and c.label and c.label.key[-1] == n), None)
        if before
        else None
    )


def _near(word: str, node: Node) -> Node | None:
    if word == "前条":
        holder = node
        while holder.kind == "item" and holder.parent:
            holder = holder.parent
        return holder.before
    if word == "前项":
        return node.before or node
    return node


def _titled(text: str, match: re.Match[str], node: Node, targets: Targets) -> bool:
    """“2.5责任免除”: number and title as the clause itself has them."""
    labels: list[Label] = labels_at(text, match.start(), min(len(text), match.end() + 2))
    target = targets.find(node.start, "dotted", labels[0].key) if labels and labels[0].style == "dotted" else None
    return bool(target and target.title and text[match.end() : match.end() + 30].lstrip().startswith(target.title[:6]))
