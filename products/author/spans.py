"""Stretches of a text that are taken, none overlapping another."""

from bisect import bisect_left, insort
from collections.abc import Iterable


class Spans:
    def __init__(self, spans: Iterable[tuple[int, int]] = ()) -> None:
        self._spans = sorted(span for span in spans if span[0] < span[1])

    def take(self, start: int, end: int) -> bool:
        """Whether the stretch was free; it is not any more."""
        at = bisect_left(self._spans, (start, start))
        if at and self._spans[at - 1][1] > start:
            return False
        if at < len(self._spans) and self._spans[at][0] < end:
            return False
        insort(self._spans, (start, end))
        return True
