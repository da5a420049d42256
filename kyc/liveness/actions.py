"""What a challenge may ask for, and the drawing of one. Pure.

Eight steps: the own neutral face first, four different movements among them at least one turn, and three returns to
neutral. A blink is too short for one picture, so its step is a burst of them; the eyes are seen open again after it.
"""

import math
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby, permutations
from typing import NamedTuple

NEUTRAL, LEFT, RIGHT = "neutral", "turn_left", "turn_right"
NOD, MOUTH, CLOSER, BLINK = "nod", "open_mouth", "closer", "blink"
TURNS = (LEFT, RIGHT)
MOVEMENTS = (LEFT, RIGHT, NOD, MOUTH, CLOSER, BLINK)

MOVES = 4  # movements of one challenge
BURST = 5  # pictures of one blink
STEPS = 8

# An un-mirrored frame: the person's own left is image right, where yaw5 grows.
SIGNS = {NEUTRAL: 0, LEFT: 1, RIGHT: -1}


class Step(NamedTuple):
    """One thing that was asked for, and the pictures that show it."""

    action: str
    first: int
    length: int

    @property
    def frames(self) -> range:
        return range(self.first, self.first + self.length)


@cache
def orders(kinds: tuple[str, ...] = MOVEMENTS) -> tuple[tuple[str, ...], ...]:
    """Every order of steps that may be asked of a pack which can judge `kinds`; one is drawn at random."""
    return tuple(_few(kinds) if len(kinds) < MOVES else _many(kinds))


def _many(kinds: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for moves in permutations(kinds, MOVES):
        if not set(moves) & set(TURNS):
            continue
        for straight in range(MOVES):  # after which movement the next follows without a return; the last: it is the end
            if moves[straight] == BLINK:
                continue
            steps = [NEUTRAL]
            for number, move in enumerate(moves):
                steps += [move] if number == straight else [move, NEUTRAL]
            yield tuple(steps)


def _few(kinds: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """For a pack that sees little: the same movements again and again, never one twice running."""

    def longer(steps: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if len(steps) == STEPS:
            moves = [step for step in steps if step != NEUTRAL]
            if steps.count(NEUTRAL) >= 3 and len(moves) >= MOVES and set(moves) & set(TURNS):
                yield steps
            return
        for step in (NEUTRAL, *kinds):
            if step != steps[-1] and not (steps[-1] == BLINK and step != NEUTRAL):
                yield from longer((*steps, step))

    yield from longer((NEUTRAL,))


def bits(kinds: tuple[str, ...] = MOVEMENTS) -> float:
    """Entropy of the drawing."""
    return math.log2(len(orders(kinds)))


def drawn(chance: bytes, kinds: tuple[str, ...] = MOVEMENTS) -> tuple[str, ...]:
    """One action for each picture, as eight random bytes draw them."""
    every = orders(kinds)
    order = every[int.from_bytes(chance[:8]) % len(every)]
    return tuple(action for action in order for _ in range(BURST if action == BLINK else 1))


def steps(actions: Sequence[str]) -> tuple[Step, ...]:
    """The pictures of a burst belong to one step; anything else twice running does not happen."""
    found: list[Step] = []
    for action, run in groupby(actions):
        count = len(list(run))
        start = found[-1].first + found[-1].length if found else 0
        found += [Step(action, start, count)] if action == BLINK else [Step(action, start + n, 1) for n in range(count)]
    return tuple(found)
