"""Handwriting made by formula: curved, long and slow enough to be a signature."""

import math

from esign.strokes import Point, Stroke, Strokes


def wave(count: int = 60, *, step_ms: int = 16, x: int = 600, y: int = 800, start_ms: int = 0) -> tuple[Point, ...]:
    """A rounded line of `count` points; pressure swells and sinks."""
    return tuple(
        (
            x + i * 30,
            y + round(300 * math.sin(i / 5)),
            start_ms + i * step_ms,
            5_000 + round(3_000 * math.sin(i / 9)),
        )
        for i in range(count)
    )


def signature(seed: int = 0, *, pressure: bool = True) -> Strokes:
    """Two strokes; another `seed` is another hand."""
    first, second = wave(60, y=700 + seed), wave(40, x=900, y=1_000, start_ms=1_200 + seed)
    if not pressure:
        first, second = (tuple((x, y, t, 0) for x, y, t, _ in points) for points in (first, second))
    return of(first, second)


def of(*strokes: tuple[Point, ...]) -> Strokes:
    return Strokes(
        width=3_600, height=1_600, dpi=326, strokes=tuple(Stroke(pointer="touch", points=points) for points in strokes)
    )
