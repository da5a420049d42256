"""Coming back: after a day, or to a product that is sold in another version by now, the last clause is read again."""

from datetime import datetime, timedelta

from evidence.case import Case
from evidence.events import Body, ReadingResumed, Stamp, parse_instant

PAUSE = timedelta(hours=24)


def resumed(case: Case, newest: str | None, stamp: Stamp) -> tuple[Body, ...]:
    """Whoever comes back after a day, or to a product that is sold in another version now, reads the last clause again.

    `newest`: `full` of the version on sale now, where it is not the one this case pinned.
    """
    reading = case.reading
    if reading.acted_at is None or any(key.startswith("signed:") for key in case.keys):
        return ()
    gap = stamp.at - parse_instant(reading.acted_at)
    other = newest if newest != reading.told_of else None
    if gap <= PAUSE and other is None:
        return ()
    last = next((name for name in reversed(reading.paces) if f"read:{name}" in case.keys), None)
    again = (f"read:{last}",) if last else ()
    gone = (*again, *lapsed(case, stamp.at))
    return (ReadingResumed(gap_h=gap // timedelta(hours=1), newest=other, clause=last, withdraws=gone),)


def lapsed(case: Case, at: datetime) -> tuple[str, ...]:
    """Keys that ran out: a risk grade is good for twelve months."""
    risk = case.suitability.risk
    return ("risk",) if risk is not None and at > parse_instant(risk.expires) and "risk" in case.keys else ()
