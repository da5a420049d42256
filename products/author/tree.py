"""Headings and items as a tree of clauses that tile the text: each character in one clause, or skipped."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from products.author.labels import Label


@dataclass(slots=True)
class Node:
    """`[start, end)` is the clause's own stretch, up to its first child; `[start, extent)` holds its children too."""

    start: int
    rank: float
    label: Label | None
    title: str
    kind: str
    body: int  # where its text begins: after number and title
    hard: bool = True
    lost: bool = False
    repeated: bool = False
    gap: int = 0
    end: int = 0
    extent: int = 0
    level: int = 1
    id: str = ""
    key: str = ""  # number as products/wording.py counts: ch2, 5, 5.1, 5.1(3)
    parent: "Node | None" = None
    before: "Node | None" = None  # the sibling above
    children: list["Node"] = field(default_factory=list)


def grow(nodes: Sequence[Node], end: int) -> None:
    """Parents, levels, ids and stretches. `nodes` in order of position."""
    stack: list[Node] = []
    roots: list[Node] = []
    for node in nodes:
        while stack and (stack[-1].rank >= node.rank or not _holds(stack[-1], node)):
            stack.pop().extent = node.start
        node.parent = stack[-1] if stack else None
        siblings = node.parent.children if node.parent else roots
        node.before = siblings[-1] if siblings else None
        siblings.append(node)
        if node.parent:
            node.level = node.parent.level + 1
        if node.label and node.kind == "clause":
            node.level = max(node.level, len(node.label.key))
        stack.append(node)
    for at, node in enumerate(nodes):
        node.end = nodes[at + 1].start if at + 1 < len(nodes) else end
    for node in stack:
        node.extent = end
    _name(nodes)


def cut(nodes: Sequence[Node], skipped: Iterable[tuple[int, int]]) -> None:
    """End each clause where a skipped stretch begins at its tail."""
    starts = {end: start for start, end in skipped}
    for node in nodes:
        while node.end in starts and starts[node.end] > node.start:
            node.end = starts[node.end]


def _holds(above: Node, node: Node) -> bool:
    """5 holds 5.1; what has no dotted number holds anything."""
    if above.kind in ("preamble", "text"):
        return False
    if above.label is None or above.kind != "clause" or node.label is None or node.kind != "clause":
        return True
    if len(node.label.key) == 1:
        return True
    return node.label.key[: len(above.label.key)] == above.label.key


def _name(nodes: Sequence[Node]) -> None:
    """Ids in the pattern of product definitions, unique in the text; a second 2.4 is c2.4_2."""
    used: dict[str, int] = {}
    groups = 0
    for node in nodes:
        label, parent = node.label, node.parent
        if node.kind == "item" and label:
            n = label.key[-1]
            holder = parent.id if parent else "c"
            node.key = f"{parent.key if parent else ''}({n})"
            name = f"{holder}.{n}" if parent and parent.kind == "item" else f"{holder}.i{n}"
        elif label and label.style in ("part", "chapter", "section", "schedule"):
            prefix = {"part": "pt", "chapter": "ch", "section": "s", "schedule": "a"}[label.style]
            node.key = name = f"{prefix}{label.key[-1]}"
            if label.style == "section" and parent:
                name = f"{parent.id}.{name}"
        elif label:
            node.key = ".".join(map(str, label.key))
            name = ("g" if node.kind == "group" else "c") + node.key
        else:
            groups += 1
            name = node.key = f"g{groups}" if node.kind != "preamble" else "preamble"
        name = name[:34]
        used[name] = used.get(name, 0) + 1
        node.id = name if used[name] == 1 else f"{name}_{used[name]}"
