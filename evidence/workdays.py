"""Working days, for deadlines of the law."""

from datetime import date, timedelta, timezone

HERE = timezone(timedelta(hours=8), "Asia/Shanghai")


def working_day(start: date, days: int) -> date:
    """That many weekdays on. Public holidays are not known here, so the day is never too late."""
    at = start
    while days:
        at += timedelta(days=1)
        days -= at.weekday() < 5
    return at
