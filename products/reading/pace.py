"""Who rushes: a clause read far faster than the reader's own pace, or clause after clause in the same time."""

from collections.abc import Iterable, Mapping
from typing import Literal

from evidence.case import Case
from evidence.case.reading import Pace, Seen, Served
from evidence.events.reading import SeenClause
from products.compiled import Compiled

BEFORE = 3  # clauses that make an own pace
FAR_BELOW = (2, 5)  # of the own median
IN_A_ROW = 5  # clauses in (nearly) the same time, which people do not do
SAME = (2, 100)  # how far apart two times may lie and still be the same
APART = (20, 100)  # how far apart the texts must lie in length to make the same time odd

Sign = Literal["too_fast", "too_even"]


def sign_of(paces: Mapping[str, Pace], clause: str, now: Pace) -> Sign | None:
    """What is odd about the time one clause took, after the others this reader has read."""
    before = [pace for name, pace in paces.items() if name != clause and pace.floor_ms > 0]
    if now.floor_ms == 0:
        return None
    if len(before) >= BEFORE:
        median = sorted(_ratio(pace) for pace in before)[len(before) // 2]
        if _ratio(now) * FAR_BELOW[1] < median * FAR_BELOW[0]:
            return "too_fast"
    row = [*before[-(IN_A_ROW - 1) :], now]
    if len(row) == IN_A_ROW and _within(SAME, [pace.ms for pace in row]):
        return None if _within(APART, [pace.floor_ms for pace in row]) else "too_even"
    return None


def pace_of(case: Case, served: Served, clause: str, seen: Iterable[SeenClause]) -> Pace:
    """The time of a clause on a served screen, that of this report included, and the least it could take."""
    counted = sum(item.visible_ms for item in seen if item.clause == clause and item.level != "one")
    before = sum(case.reading.seen.get(f"{clause}/{level}", Seen()).visible_ms for level in ("plain", "formal"))
    floors = [item.floor_ms for item in served.clauses.values() if item.clause == clause and item.level != "one"]
    return Pace(ms=before + counted, floor_ms=max(floors, default=0))


def extra_question(compiled: Compiled, case: Case, clause: str) -> str | None:
    """One question more: a spare one of this clause, any spare one, or one of this clause that was answered before."""
    open_ = [item for item in compiled.product.questions if not case.reading.answered.get(item.id) and item.spare]
    asked = [item for item in compiled.product.questions if case.reading.answered.get(item.id)]
    for found in (*(item for item in open_ if item.clause == clause), *open_):
        if f"read:{found.clause}" in case.keys or found.clause == clause:
            return found.id
    return next((item.id for item in asked if item.clause == clause), None)


def unhurried(case: Case, read: tuple[str, ...]) -> tuple[str, ...]:
    """Held from the first clause read on; lost in a rush, and held again when what was asked for it is done."""
    step, rush = case.policy.step("read"), case.reading.rush
    if not read or "unhurried" in case.keys or step is None or "unhurried" not in step.yields:
        return ()
    return ("unhurried",) if rush is None or (rush.question is None and f"read:{rush.clause}" in read) else ()


def _ratio(pace: Pace) -> int:
    """Time over floor, in thousandths."""
    return pace.ms * 1000 // pace.floor_ms


def _within(share: tuple[int, int], values: Iterable[int]) -> bool:
    found = sorted(values)
    return (found[-1] - found[0]) * share[1] <= found[-1] * share[0]
