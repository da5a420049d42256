"""Intervals for measured rates. Pure."""

import math
from collections.abc import Callable

LEVEL = 0.95


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a rate (Wilson 1927). (0, 1) when there were no trials."""
    if trials == 0:
        return 0.0, 1.0
    z = 1.959964
    rate = hits / trials
    middle = (rate + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z * math.sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials)) / (1 + z * z / trials)
    return max(0.0, middle - half), min(1.0, middle + half)


def exact(hits: int, trials: int) -> tuple[float, float]:
    """Clopper and Pearson's 95 % interval (1934): never too narrow, so the one for claims. (0, 1) without trials.

    With 0 hits the upper end is near 3.7 / trials: no rate is shown to be nought by a small set.
    """
    if trials == 0:
        return 0.0, 1.0
    tail = (1 - LEVEL) / 2
    low = 0.0 if hits == 0 else _solved(lambda rate: 1 - _at_most(hits - 1, trials, rate), tail)
    high = 1.0 if hits == trials else _solved(lambda rate: -_at_most(hits, trials, rate), -tail)
    return low, high


def _solved(rising: Callable[[float], float], wanted: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if rising(middle) < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _at_most(hits: int, trials: int, rate: float) -> float:
    """Probability of at most `hits` in so many trials."""
    if rate <= 0.0:
        return 1.0
    if rate >= 1.0:
        return float(hits >= trials)
    logs = (
        math.lgamma(trials + 1)
        - math.lgamma(k + 1)
        - math.lgamma(trials - k + 1)
        + k * math.log(rate)
        + (trials - k) * math.log1p(-rate)
        for k in range(hits + 1)
    )
    return min(1.0, math.fsum(math.exp(log) for log in logs))
