"""How long a clause was before a reader's eyes: the phone says, the server's clock decides."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from evidence.case import Case
from evidence.case.reading import Seen, Served
from evidence.events import parse_instant
from evidence.events.reading import SeenClause

LONGEST_BATCH = timedelta(seconds=60)
"""The most one report can count. The phone reports every ten seconds; time told of later is `late` (EVD-05)."""


def room_left(served: Served, at: datetime) -> tuple[int, bool]:
    """Milliseconds that may still be counted for a screen, and whether this report comes late."""
    opened = parse_instant(served.at)
    end = min(at, parse_instant(served.closed_at)) if served.closed_at else at
    since = at - (parse_instant(served.reported_at) if served.reported_at else opened)
    passed = max(0, (end - opened) // timedelta(milliseconds=1) - served.counted_ms)
    late = since > LONGEST_BATCH or served.closed_at is not None
    return min(passed, LONGEST_BATCH // timedelta(milliseconds=1)), late


def heard_room(served: Served, at: datetime) -> int:
    """Milliseconds that may still have been read aloud since a screen was served: one voice at a time."""
    opened = parse_instant(served.at)
    end = min(at, parse_instant(served.closed_at)) if served.closed_at else at
    return max(0, (end - opened) // timedelta(milliseconds=1) - served.heard_ms)


def now_read(case: Case, served: Served, seen: Iterable[SeenClause]) -> tuple[str, ...]:
    """Keys of clauses whose plain or formal text has now been in view long enough, its end included."""
    step = case.policy.step("read")
    wanted = set(step.yields) if step else set()
    found: dict[str, None] = {}
    for item in seen:
        key = f"{item.clause}/{item.level}"
        before = case.reading.seen.get(key, Seen())
        enough = before.visible_ms + item.visible_ms >= served.clauses[key].floor_ms
        if item.level != "one" and enough and (before.end_seen or item.end_seen) and f"read:{item.clause}" in wanted:
            found[f"read:{item.clause}"] = None
    return tuple(key for key in found if key not in case.keys)
