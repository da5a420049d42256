"""What is counted inside a clause: 一、 （一） 1. (1) 1) ① a. Each kind that begins at one opens a list."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from products.author.candidates import Candidate
from products.author.labels import ITEMS, Label

Kind = tuple[str, int]
_LOWEST = ("circled", "letter")
_SKIPS = 2  # numbers a damaged list may have lost in a row


@dataclass(slots=True)
class Item:
    """`depth`: 1 for an item of the clause itself."""

    index: int
    start: int
    label: Label
    depth: int
    hard: bool
    lost: int = 0  # numbers missing before it


@dataclass(slots=True)
class _Level:
    kind: Kind
    key: tuple[int, ...]


def items_of(candidates: Sequence[Candidate], article: tuple[int, ...], subheads: Sequence[int]) -> list[Item]:
    """The items among the candidates inside one clause, in order.

    `article`: the dotted number of the clause itself. `subheads`: positions of titles without a number.
    """
    places: list[list[Candidate]] = []
    for c in candidates:
        if c.label.style not in ITEMS:
            continue
        if places and places[-1][0].start == c.start:
            places[-1].append(c)
        else:
            places.append([c])
    ahead = _ahead(places)
    stack: list[_Level] = []
    found: list[Item] = []
    last = 0
    for at, place in enumerate(places):
        new = bisect_left(subheads, place[0].start) > bisect_left(subheads, last)
        if new and any(c.label.key[-1] == 1 and len(c.label.key) == 1 and c.weight > 0.5 for c in place):
            stack.clear()
        taken = next((hit for c in place if (hit := _fit(c, stack, ahead, at, article))), None)
        if taken is None:
            continue
        candidate, label, depth, lost = taken
        last = candidate.start
        del stack[depth - 1 :]
        stack.append(_Level(_kind(label), label.key))
        found.append(Item(candidate.index, candidate.start, label, depth, candidate.hard, lost))
    return found


def _kind(label: Label) -> Kind:
    return label.style, len(label.key)


def _ahead(places: Sequence[Sequence[Candidate]]) -> dict[tuple[Kind, tuple[int, ...]], list[int]]:
    found: dict[tuple[Kind, tuple[int, ...]], list[int]] = {}
    for at, place in enumerate(places):
        for c in place:
            found.setdefault((_kind(c.label), c.label.key), []).append(at)
    return found


def _fit(
    c: Candidate,
    stack: Sequence[_Level],
    ahead: dict[tuple[Kind, tuple[int, ...]], list[int]],
    at: int,
    article: tuple[int, ...],
) -> tuple[Candidate, Label, int, int] | None:
    """(candidate, its label, depth, numbers lost before it) when the number continues an open list or opens one."""
    label = c.label
    if c.weight <= -0.4:
        return None
    for depth in range(len(stack), 0, -1):
        level = stack[depth - 1]
        if level.kind == _kind(label):
            lost = _step(level.key, label.key)
            if lost is not None and (lost == 0 or (c.hard and lost <= _SKIPS and c.weight >= 0.5)):
                return c, label, depth, lost
            if label.key[-1] != 1 or (len(label.key) > 1 and depth == len(stack)):
                continue
            if c.hard and (_next(ahead, label, at) or c.weight >= 1.6) and not _inner(stack, depth):
                return c, label, depth, 0
            return None
        if label.style == "half_paren" and level.kind[0] == "arabic_paren" and label.key[-1] == level.key[-1] + 1:
            return c, Label("arabic_paren", label.key, label.start, label.end, True), depth, 0
    if len(label.key) > 1:
        return _deeper(c, stack, article)
    return _opens(c, stack, ahead, at)


def _opens(
    c: Candidate, stack: Sequence[_Level], ahead: dict[tuple[Kind, tuple[int, ...]], list[int]], at: int
) -> tuple[Candidate, Label, int, int] | None:
    label, n = c.label, c.label.key[-1]
    if any(level.kind == _kind(label) for level in stack):
        return None
    soon = _next(ahead, label, at)
    depth = len(stack)
    while depth and stack[depth - 1].kind[0] in _LOWEST and label.style not in _LOWEST:
        depth -= 1  # nobody counts （一） inside ①
    if n == 1 and (soon or (c.hard and c.weight >= 1.0 and not label.glued and label.style != "letter")):
        return c, label, depth + 1, 0
    if n == 2 and c.hard and soon and c.weight >= 1.0 and not label.glued:
        return c, label, depth + 1, 1
    return None


def _next(ahead: dict[tuple[Kind, tuple[int, ...]], list[int]], label: Label, at: int) -> bool:
    following = ahead.get((_kind(label), (*label.key[:-1], label.key[-1] + 1)), [])
    return any(at < place <= at + 60 for place in following)


def _inner(stack: Sequence[_Level], depth: int) -> bool:
    """A list that begins again inside a deeper open one would close what holds it: only at its own depth may it."""
    return False if depth == len(stack) else stack[depth - 1].key[-1] == 1


def _step(before: tuple[int, ...], after: tuple[int, ...]) -> int | None:
    """How many numbers are missing between two of a kind; None when the second does not come after."""
    if before[:-1] == after[:-1]:
        return after[-1] - before[-1] - 1 if after[-1] > before[-1] else None
    return 0 if after[-1] == 1 and after[:-1] > before[:-1] else None


def _deeper(
    c: Candidate, stack: Sequence[_Level], article: tuple[int, ...]
) -> tuple[Candidate, Label, int, int] | None:
    key = c.label.key
    if article and key[: len(article)] == article and key[-1] <= 2 and len(key) == len(article) + 1:
        return c, c.label, len(stack) + 1 if not stack else 1, 0
    for depth in range(len(stack), 0, -1):
        level = stack[depth - 1]
        if level.kind[0] == "dotted" and level.key == key[:-1] and (key[-1] == 1 or (c.hard and key[-1] == 2)):
            return c, c.label, depth + 1, 0
    if (
        key[-1] == 1
        and c.hard
        and c.weight >= 1.4
        and key[0] == 1
        and all(level.kind[0] != "dotted" for level in stack)
    ):
        return c, c.label, len(stack) + 1, 0
    return None
