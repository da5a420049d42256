"""The heaviest row of numbers that rises through the document: what is out of order is a reference, not a heading."""

from bisect import bisect_left
from collections.abc import Sequence

from products.author.candidates import Candidate

Key = tuple[int, ...]


def heaviest(places: Sequence[Sequence[tuple[Key, float, Candidate]]]) -> list[Candidate]:
    """One reading a place at most; keys rise strictly; the sum of weights is greatest. O(n log n).

    `places`: the readings of each place, in order of position. A reading without weight is never taken.
    """
    keys = sorted({key for place in places for key, weight, _ in place if weight > 0})
    tree: list[tuple[float, int]] = [(0.0, -1)] * (len(keys) + 1)
    rows: list[tuple[float, int, Candidate]] = []  # (sum, row before, candidate)
    for place in places:
        fresh = []
        for key, weight, candidate in place:
            if weight <= 0:
                continue
            rank = bisect_left(keys, key) + 1
            total, before = _best(tree, rank - 1)
            fresh.append((rank, total + weight, before, candidate))
        for rank, total, before, candidate in fresh:
            rows.append((total, before, candidate))
            _raise(tree, rank, (total, len(rows) - 1))
    at = _best(tree, len(keys))[1]
    chain: list[Candidate] = []
    while at >= 0:
        chain.append(rows[at][2])
        at = rows[at][1]
    return chain[::-1]


def _best(tree: list[tuple[float, int]], rank: int) -> tuple[float, int]:
    best = (0.0, -1)
    while rank > 0:
        if tree[rank][0] > best[0]:
            best = tree[rank]
        rank -= rank & -rank
    return best


def _raise(tree: list[tuple[float, int]], rank: int, value: tuple[float, int]) -> None:
    while rank < len(tree):
        if value[0] > tree[rank][0]:
            tree[rank] = value
        rank += rank & -rank


def follows(before: Key, after: Key) -> bool:
    """Whether `after` may come next: child .1, next sibling (one or two may be lost), or the next of an ancestor."""
    if len(after) > len(before):
        return after[: len(before)] == before and all(part <= 2 for part in after[len(before) :])
    common = after[:-1] == before[: len(after) - 1]
    return common and 0 < after[-1] - before[len(after) - 1] <= 3
