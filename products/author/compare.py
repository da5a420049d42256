"""What changed between two wordings, clause by clause: by number and title, then by likeness where those moved."""

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Literal

from evidence.events import Frozen
from products.author.contents import similar
from products.author.segment import Segmented, SegmentedClause

ALIKE = 0.6  # ratio above which two clauses with other numbers are one that moved
_BLANK = re.compile(r"\s+")


class WordingChange(Frozen, frozen=True, kw_only=True):
    """`numbers`: quantities that are not the same any more, as `90 day → 180 day`."""

    change: Literal["added", "removed", "changed", "moved"]
    old: str | None
    new: str | None
    title: str
    lines: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


def changes(older: Segmented, newer: Segmented) -> list[WordingChange]:
    """In the order of the newer wording; what was removed comes last. What is the same is left out."""
    pairs, added, removed = _paired(older, newer)
    found = [change for old, new in pairs if (change := _changed(older, newer, old, new))]
    found += [
        WordingChange(change="added", old=None, new=c.id, title=_name(newer, c), lines=_lines("+", newer, c))
        for c in added
    ]
    found += [
        WordingChange(change="removed", old=c.id, new=None, title=_name(older, c), lines=_lines("-", older, c))
        for c in removed
    ]
    return found


def told(found: Sequence[WordingChange]) -> Iterator[str]:
    for item in found:
        yield f"{item.change} {item.old or '-'} → {item.new or '-'} {item.title}"
        yield from (f"    {line}" for line in (*item.numbers, *item.lines))


def _paired(
    older: Segmented, newer: Segmented
) -> tuple[list[tuple[SegmentedClause, SegmentedClause]], list[SegmentedClause], list[SegmentedClause]]:
    left = {c.id: c for c in older.clauses}
    pairs: list[tuple[SegmentedClause, SegmentedClause]] = []
    waiting: list[SegmentedClause] = []
    for clause in newer.clauses:
        twin = left.get(clause.id)
        same = twin is not None and (
            _own(older, twin) == _own(newer, clause) or similar(twin.title, clause.title) >= ALIKE
        )
        if twin is not None and (same or (clause.kind == "item" and not clause.title)):
            pairs.append((left.pop(clause.id), clause))
        else:
            waiting.append(clause)
    added: list[SegmentedClause] = []
    for clause in waiting:
        words = _own(newer, clause)
        best = max(
            ((_likeness(words, _own(older, c)), c) for c in left.values() if c.kind == clause.kind),
            key=lambda pair: pair[0],
            default=None,
        )
        if best and best[0] >= ALIKE:
            pairs.append((left.pop(best[1].id), clause))
        else:
            added.append(clause)
    return sorted(pairs, key=lambda pair: pair[1].start), added, list(left.values())


def _likeness(one: str, other: str) -> float:
    if min(len(one), len(other)) * 2 < ALIKE * (len(one) + len(other)):
        return 0.0
    matcher = difflib.SequenceMatcher(None, one[:600], other[:600], autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= ALIKE else 0.0


def _changed(older: Segmented, newer: Segmented, old: SegmentedClause, new: SegmentedClause) -> WordingChange | None:
    before, after = _own(older, old), _own(newer, new)
    if before == after and old.id == new.id:
        return None
    numbers: tuple[str, ...] = ()
    if before != after:
        one, two = [f"{q.value} {q.unit}" for q in old.numbers], [f"{q.value} {q.unit}" for q in new.numbers]
        gone, come = [n for n in one if n not in two], [n for n in two if n not in one]
        numbers = tuple(f"{a} → {b}" for a, b in zip(gone + ["-"] * len(come), come + ["-"] * len(gone), strict=False))[
            : max(len(gone), len(come))
        ]
    return WordingChange(
        change="moved" if before == after else "changed",
        old=old.id,
        new=new.id,
        title=_name(newer, new),
        lines=() if before == after else (f"- {before}", f"+ {after}"),
        numbers=numbers,
    )


def _own(found: Segmented, clause: SegmentedClause) -> str:
    return _BLANK.sub("", found.text[clause.body : clause.end])


def _lines(sign: str, found: Segmented, clause: SegmentedClause) -> tuple[str, ...]:
    words = _own(found, clause)
    return (f"{sign} {words}",) if words else ()


def _name(found: Segmented, clause: SegmentedClause) -> str:
    return f"{clause.number or ''} {clause.title or _own(found, clause)[:20]}".strip()
