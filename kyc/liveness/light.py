"""Coloured light: does the face answer the colours that this phone's screen was told to show? Pure.

Each step has a colour; it changes when the step does, seconds apart, never flashing (WCAG 2.2, 2.3.1: at most three
flashes a second). A face near the screen takes on a little of each colour, a room hardly any; a recording made without
knowing the sequence takes on others or none. Ambient light that drowns the screen makes this part `not_run`, no more.
What it cannot see: a stream that is painted to follow (docs/LIVENESS.md).
"""

import math
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kyc.liveness.actions import STEPS

COLOURS: dict[str, tuple[int, int, int]] = {
    "white": (255, 255, 255),
    "red": (255, 70, 70),  # R / (R + G + B) = 0.65: no saturated red (WCAG: 0.8)
    "green": (60, 230, 90),
    "blue": (70, 110, 255),
}
FOLLOWS = 0.6  # correlation of what was seen with what was shown
CHANCE = 0.05  # share of other orders of the same colours that fit as well
FAINT = 0.006  # natural logarithm of channel ratios, per unit of the screen's: less is no reflection
OTHER = 0.02  # spread of colours that only some other light makes
ENOUGH = 5  # steps to judge by

Tones = Sequence[tuple[float, float] | None]


class Reflection(NamedTuple):
    """`follows`: correlation. `chance`: share of permutations as good. `gain`, `spread`: how strong it is."""

    follows: float
    chance: float
    gain: float
    spread: float


@cache
def sequences() -> tuple[tuple[str, ...], ...]:
    """Every colour twice, never the same twice running."""

    def longer(shown: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if len(shown) == STEPS:
            yield shown
            return
        for colour in COLOURS:
            if shown.count(colour) < STEPS // len(COLOURS) and shown[-1:] != (colour,):
                yield from longer((*shown, colour))

    return tuple(longer(()))


def drawn(chance: bytes) -> tuple[str, ...]:
    """One colour for each step, as eight random bytes draw them."""
    every = sequences()
    return every[int.from_bytes(chance[:8]) % len(every)]


def bits() -> float:
    return math.log2(len(sequences()))


def reflected(colours: Sequence[str], tones: Tones) -> Reflection | None:
    """`tones`: of the face against its surroundings, one a step, None where it cannot be said. None: too few."""
    used = [(colour, tone) for colour, tone in zip(colours, tones, strict=True) if tone is not None]
    if len(used) < ENOUGH or len({colour for colour, _ in used}) < 3:
        return None
    shown = np.array([_TONES[colour] for colour, _ in used])
    seen = _centred(np.array([tone for _, tone in used]))
    spread = float(np.sqrt((seen**2).mean()))
    if spread == 0.0:
        return Reflection(0.0, 1.0, 0.0, 0.0)
    straight = _centred(shown)
    fits = float((straight * seen).sum()) / _length(straight, seen)
    others = _arrangements(tuple(sorted(colour for colour, _ in used)))
    every = np.tensordot(others, seen, axes=2) / (np.sqrt((others**2).sum(axis=(1, 2))) * np.sqrt((seen**2).sum()))
    return Reflection(
        follows=fits,
        chance=float((every >= fits - 1e-9).mean()),
        gain=float((straight * seen).sum() / (straight**2).sum()),
        spread=spread,
    )


def _length(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return max(float(np.sqrt((one**2).sum() * (other**2).sum())), 1e-12)


def _centred(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Without mean and without drift: light that comes and goes slowly is no answer. Steps are the second last axis."""
    place = np.arange(values.shape[-2]) - (values.shape[-2] - 1) / 2
    rest = values - values.mean(axis=-2, keepdims=True)
    slope = np.einsum("i,...ij->...j", place, rest) / (place @ place)
    return np.asarray(rest - place[:, None] * slope[..., None, :], np.float64)


@lru_cache(maxsize=64)  # there are few ways in which turned heads can thin out eight steps
def _arrangements(colours: tuple[str, ...]) -> NDArray[np.float64]:
    """Tones of every different order in which these colours could have been shown, centred: orders x steps x 2."""

    def longer(left: dict[str, int]) -> Iterator[tuple[str, ...]]:
        if not any(left.values()):
            yield ()
        for colour, count in left.items():
            if count:
                for rest in longer({**left, colour: count - 1}):
                    yield (colour, *rest)

    orders = longer({colour: colours.count(colour) for colour in colours})
    return _centred(np.array([[_TONES[colour] for colour in order] for order in orders]))


def _tone(colour: tuple[int, int, int]) -> tuple[float, float]:
    """What such light adds, to first order: red and blue over green, in linear light (IEC 61966-2-1)."""
    red, green, blue = (
        (value / 255 / 12.92) if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4 for value in colour
    )
    return red - green, blue - green


_TONES = {name: _tone(colour) for name, colour in COLOURS.items()}
