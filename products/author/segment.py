"""A wording as a proposal: clauses with everything a person has to confirm. Pure: same text, same answer."""

import hashlib
import re
from collections.abc import Sequence

import msgspec

from evidence.events import Frozen
from products.author.classes import category_of, holds_limits, limits_provider, pointed_at
from products.author.damage import Damage, damages
from products.author.layout import shown
from products.author.outline import Outline, Skipped, outline
from products.author.quantities import Quantity, quantities
from products.author.references import Reference, Targets, references
from products.author.tree import Node
from products.definition import Category


class SegmentedClause(Frozen, frozen=True, kw_only=True):
    """Half-open positions in the text as read. `[start, end)` is the clause's own stretch and ends where its first
    child begins; `extent` is the end with its children. `kind`: clause, item, chapter, part, section, group (a title
    without a number), schedule, document, preamble, text. `number` is null where nothing is printed.
    """

    id: str
    src: str  # the number as product definitions count: 2.5(3)
    number: str | None
    title: str
    kind: str
    level: int
    parent: str | None
    start: int
    end: int
    extent: int
    body: int
    category: Category
    limits_provider: bool
    numbers: list[Quantity]
    references: list[Reference]


class Span(Frozen, frozen=True, kw_only=True):
    start: int
    end: int
    reason: str


class Definition(Frozen, frozen=True, kw_only=True):
    """A term and the clause that says what it means."""

    term: str
    clause: str
    start: int
    end: int


class Segmented(Frozen, frozen=True, kw_only=True):
    """Clauses and `skipped` tile the text: every character belongs to exactly one of them.

    `furniture`: page headers inside a clause; they stay part of it, so that a clause is one stretch.
    """

    file: str
    format: str
    sha256: str
    length: int
    text: str
    style: str
    clauses: list[SegmentedClause]
    skipped: list[Span]
    furniture: list[Span]
    definitions: list[Definition]
    findings: list[Damage]


def segment(text: str, file: str = "", kind: str = "txt", sha256: str | None = None) -> Segmented:
    """Never refuses a text, and neither loses nor makes a character."""
    found = outline(text)
    targets = Targets(found.nodes)
    clauses: list[SegmentedClause] = []
    cited: list[tuple[Node, Reference]] = []
    classes: dict[int, tuple[Category, bool]] = {}
    warned = pointed_at(text[: found.nodes[0].start]) if found.nodes else set()
    for node in found.nodes:
        above = classes[id(node.parent)] if node.parent else (None, False)
        category = category_of(node, text, above[0])
        limits = limits_provider(node, text, category, above[1])
        if warned and node.kind == "clause" and node.label and node.label.key in warned:
            limits = True
        classes[id(node)] = (category, holds_limits(node, text, category))
        cites = references(text, node, targets, [_label_of(node)])
        cited += [(node, reference) for reference in cites]
        clauses.append(_clause(text, node, category, limits, cites))
    _lift(found.nodes, clauses)
    return Segmented(
        file=file,
        format=kind,
        sha256=sha256 or hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        length=len(text),
        text=text,
        style=found.family,
        clauses=clauses,
        skipped=[_span(piece) for piece in found.skipped],
        furniture=[Span(start=p.start, end=p.end, reason=p.reason) for p in found.furniture],
        definitions=definitions(text, found, clauses),
        findings=damages(text, found, cited),
    )


def _clause(text: str, node: Node, category: Category, limits: bool, cites: list[Reference]) -> SegmentedClause:
    label = _label_of(node)
    spans = [(r.start, r.end) for r in cites]
    begin = label[1] if node.label else node.start
    numbers = [q for q in quantities(text, begin, node.end) if not any(q.start < b and a < q.end for a, b in spans)]
    return SegmentedClause(
        id=node.id,
        src=node.key,
        number=node.label.printed if node.label else None,
        title=node.title,
        kind=node.kind,
        level=node.level,
        parent=node.parent.id if node.parent else None,
        start=node.start,
        end=node.end,
        extent=max(node.extent, node.end),
        body=min(node.body, node.end),
        category=category,
        limits_provider=limits,
        numbers=numbers,
        references=cites,
    )


def _lift(nodes: Sequence[Node], clauses: list[SegmentedClause]) -> None:
    """A clause lessens what is paid when one of its items does: text after a list stays with the list's last item."""
    place = {id(node): at for at, node in enumerate(nodes)}
    for at in range(len(nodes) - 1, -1, -1):
        node = nodes[at]
        if node.kind == "item" and node.parent and clauses[at].limits_provider:
            above = place[id(node.parent)]
            clauses[above] = msgspec.structs.replace(clauses[above], limits_provider=True)


def _label_of(node: Node) -> tuple[int, int]:
    return (node.label.start, node.label.end) if node.label else (node.start, node.start)


def _span(piece: Skipped) -> Span:
    return Span(start=piece.start, end=piece.end, reason=piece.reason)


_MEANS = re.compile(
    r"(?:^|(?<=[。；;\n（(]))[ \t\u3000]*[“\"《]?(?P<term>[\u4e00-\u9fffA-Za-z0-9（）()·\-]{1,24}?)[”\"》]?[ \t]*"
    r"(?:[：:，,]\s*(?:系|是)?指|(?:系|是|均)?指(?!定|导|示|标|数|使|出|明|引|南|控|甲|纹|派|挥))",
    re.MULTILINE,
)
_CALLED = re.compile(r"以下(?:统)?(?:简)?称(?:为)?[：:]?\s*[“\"「](?P<term>[^”\"」\n]{1,24})[”\"」]")
_QUOTED = re.compile(
    r"[“\"「](?P<term>[^”\"」\n]{1,20})[”\"」]\s*(?:[,，、]\s*[“\"][^”\"\n]{1,20}[”\"]\s*)*(?:均|系|是)?指"
)


def definitions(text: str, found: Outline, clauses: Sequence[SegmentedClause]) -> list[Definition]:
    """Terms of the 释义 and those said to mean something anywhere else, each once."""
    result: list[Definition] = []
    seen: set[str] = set()

    def add(term: str, clause: str, start: int, end: int) -> None:
        if term and term not in seen:
            seen.add(term)
            result.append(Definition(term=term, clause=clause, start=start, end=end))

    for node, clause in zip(found.nodes, clauses, strict=True):
        words = text[clause.body : clause.end].lstrip(" \t\u3000\n：:")
        if clause.category == "definition" and clause.title and clause.kind in ("clause", "item") and not node.children:
            add(shown(clause.title, 0, len(clause.title)), clause.id, clause.start, clause.end)
        elif clause.title and re.match(r"(?:系|是)?指(?!定)", words):
            add(clause.title, clause.id, clause.start, clause.end)
        for pattern in (_QUOTED, _CALLED, _MEANS):
            for match in pattern.finditer(text, clause.body, clause.end):
                add(match["term"].strip(), clause.id, match.start("term"), match.end("term"))
    return result
