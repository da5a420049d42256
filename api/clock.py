"""The clock of the product; everything else gets one handed in."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    return datetime.now(UTC)
