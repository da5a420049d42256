"""Handwriting: what counts as a signature, what commits to it, and how it looks on screen and on paper.

Points are integers in tenths of a CSS pixel, y downwards, as the browser sent them; nothing is smoothed or dropped in
what is kept. Smoothing happens only in the two pictures (PNG, PDF path), which are made from the same curves.
"""

import hashlib
import io
import itertools
import math
from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta
from PIL import Image, ImageDraw

from evidence import decode
from evidence.base64url import b64
from evidence.errors import Refused, Unprocessable
from evidence.events import Commitment, Frozen

MIN_POINTS = 20  # ESG-04
MIN_MS = 500  # ESG-04
MIN_EXTENT = 0.05  # of the shorter side of the canvas: anything smaller is a dot
STRAIGHT = 0.03  # greatest distance from one straight line, as a part of that line's length

_Side = Annotated[int, Meta(ge=100, le=100_000)]
_Place = Annotated[int, Meta(ge=-10_000, le=110_000)]
_Time = Annotated[int, Meta(ge=0, le=3_600_000)]
_Pressure = Annotated[int, Meta(ge=0, le=10_000)]
Point = tuple[_Place, _Place, _Time, _Pressure]
"""x, y, t_ms since the first touch, pressure_e4 (0 when the device gives none)."""


class StrokesEmpty(
    Unprocessable,
    code="STROKES_EMPTY",
    zh="还没有签名，请在方框内手写姓名。",
    en="There is no signature yet. Please write your name in the box.",
):
    pass


class StrokesDot(
    Unprocessable,
    code="STROKES_DOT",
    zh="只写了一个点，请在方框内完整手写姓名。",
    en="That is only a dot. Please write your whole name in the box.",
):
    pass


class StrokesTooFew(
    Unprocessable,
    code="STROKES_TOO_FEW",
    zh="签名太短，请在方框内一笔一画写出姓名。",
    en="The signature is too short. Please write your name stroke by stroke in the box.",
):
    pass


class StrokesTooFast(
    Unprocessable,
    code="STROKES_TOO_FAST",
    zh="签名写得太快，没有记录清楚，请慢一点重新写。",
    en="The signature was too quick to be recorded. Please write it again more slowly.",
):
    pass


class StrokesStraight(
    Unprocessable,
    code="STROKES_STRAIGHT",
    zh="一条直线不能作为签名，请手写姓名。",
    en="A straight line is not a signature. Please write your name.",
):
    pass


class StrokesDisordered(
    Unprocessable,
    code="STROKES_DISORDERED",
    zh="签名记录有误，请清除后重新写。",
    en="The signature was not recorded properly. Please clear it and write it again.",
):
    """Times that run backwards, or points far outside the canvas."""


class StrokesReplayed(
    Refused,
    code="STROKES_REPLAYED",
    zh="这份笔迹已经用过，请重新手写签名。",
    en="This very signature was used before. Please write it again.",
):
    """ESG-05: nobody writes the same points at the same times twice."""


class Stroke(Frozen, frozen=True, kw_only=True):
    """From touching the screen to leaving it."""

    pointer: Literal["touch", "pen", "mouse"]
    points: Annotated[tuple[Point, ...], Meta(max_length=10_000)]


class Strokes(Frozen, frozen=True, kw_only=True):
    """The HTTP shape (docs/API.md). `width` and `height` of the canvas in tenths of a CSS pixel."""

    width: _Side
    height: _Side
    dpi: Annotated[int, Meta(ge=30, le=2_000)]
    strokes: Annotated[tuple[Stroke, ...], Meta(max_length=500)]


Curve = tuple[float, float, float, float, float, float, float]
"""x0, y0, control x, control y, x1, y1, pen width: a quadratic Bézier curve in canvas units."""


def check(strokes: Strokes) -> None:
    """ESG-04: refuse what nobody would call a signature. Raises one of the `Strokes…` leaves."""
    points = [point for stroke in strokes.strokes for point in stroke.points]
    if not points:
        raise StrokesEmpty()
    times = [point[2] for point in points]
    if any(later < earlier for earlier, later in itertools.pairwise(times)):
        raise StrokesDisordered("times run backwards")
    if any(not (-100 <= x <= strokes.width + 100 and -100 <= y <= strokes.height + 100) for x, y, _, _ in points):
        raise StrokesDisordered("points outside the canvas")
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    if max(max(xs) - min(xs), max(ys) - min(ys)) < MIN_EXTENT * min(strokes.width, strokes.height):
        raise StrokesDot()
    if len(points) < MIN_POINTS:
        raise StrokesTooFew(points=len(points))
    if times[-1] - times[0] < MIN_MS:
        raise StrokesTooFast()
    if _straight(xs, ys):
        raise StrokesStraight()


def canonical(strokes: Strokes) -> bytes:
    """The exact bytes the browser commits to, and the file that is kept."""
    return decode.encode(strokes)


def commitment(salt: bytes, strokes: Strokes) -> Commitment:
    """base64url(SHA-256(salt || canonical JSON)): the browser's own commitment, recomputed."""
    return b64(hashlib.sha256(salt + canonical(strokes)).digest())


def shape(strokes: Strokes) -> bytes:
    """What makes a repeat recognisable wherever on the canvas and whenever it is played back: for a blind claim."""
    points = [point for stroke in strokes.strokes for point in stroke.points]
    x, y, t, _ = points[0] if points else (0, 0, 0, 0)
    return decode.encode([[[p[0] - x, p[1] - y, p[2] - t, p[3]] for p in stroke.points] for stroke in strokes.strokes])


def to_png(strokes: Strokes, width: int = 720) -> bytes:
    """A picture of `width` pixels, ink on a transparent ground. Blocking: call it in a thread."""
    grain = 3  # drawn three times larger and reduced: Pillow's lines have hard edges
    scale = width * grain / strokes.width
    height = max(1, round(strokes.height * width / strokes.width))
    ink = Image.new("L", (width * grain, height * grain), 0)
    draw = ImageDraw.Draw(ink)
    for x0, y0, cx, cy, x1, y1, pen in curves(strokes):
        radius = pen * scale / 2
        steps = max(2, math.ceil((math.dist((x0, y0), (cx, cy)) + math.dist((cx, cy), (x1, y1))) * scale / radius))
        for step in range(steps + 1):
            t = step / steps
            x = scale * ((1 - t) ** 2 * x0 + 2 * t * (1 - t) * cx + t * t * x1)
            y = scale * ((1 - t) ** 2 * y0 + 2 * t * (1 - t) * cy + t * t * y1)
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    picture = Image.new("RGBA", (width, height), (16, 16, 32, 0))
    picture.putalpha(ink.resize((width, height), Image.Resampling.LANCZOS))
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=False)
    return out.getvalue()


def to_path(strokes: Strokes, width: float, height: float) -> bytes:
    """PDF operators that draw the strokes into a box of `width` x `height` points, centred, proportions kept."""
    scale = min(width / strokes.width, height / strokes.height)
    left = (width - strokes.width * scale) / 2
    bottom = (height - strokes.height * scale) / 2

    def at(x: float, y: float) -> tuple[float, float]:
        return left + x * scale, bottom + (strokes.height - y) * scale  # PDF's y points upwards

    commands = ["0.06 0.06 0.13 RG 1 J 1 j"]
    for x0, y0, cx, cy, x1, y1, pen in curves(strokes):
        start, control, end = at(x0, y0), at(cx, cy), at(x1, y1)
        # A quadratic curve as a cubic one: each control point two thirds of the way to the quadratic's.
        first = tuple(s + 2 / 3 * (c - s) for s, c in zip(start, control, strict=True))
        second = tuple(e + 2 / 3 * (c - e) for e, c in zip(end, control, strict=True))
        numbers = " ".join(f"{value:.2f}" for value in (*first, *second, *end))
        commands.append(f"{pen * scale:.2f} w {start[0]:.2f} {start[1]:.2f} m {numbers} c S")
    return "\n".join(commands).encode()


def curves(strokes: Strokes) -> Iterator[Curve]:
    """Smooth curves through the middles between points, each with its own width: pressure where the device gives it,
    else speed (a quick pen is thin).
    """
    base = min(strokes.width, strokes.height) * 0.022
    for stroke in strokes.strokes:
        points = stroke.points
        if not points:
            continue
        felt = len({point[3] for point in points}) > 1
        widths = [_pen(points, i, base, felt) for i in range(len(points))]
        for i in range(1, len(widths)):  # a hand does not change its width in leaps
            widths[i] = 0.6 * widths[i - 1] + 0.4 * widths[i]
        before = points[0]
        start = (float(before[0]), float(before[1]))
        for i, point in enumerate(points[1:], 1):
            end = ((before[0] + point[0]) / 2, (before[1] + point[1]) / 2)
            yield (*start, before[0], before[1], *end, widths[i - 1])
            start, before = end, point
        yield (*start, before[0], before[1], before[0], before[1], widths[-1])


def _pen(points: tuple[Point, ...], i: int, base: float, felt: bool) -> float:
    if felt:
        return base * (0.35 + 1.1 * points[i][3] / 10_000)
    if i == 0:
        return base
    (x0, y0, t0, _), (x1, y1, t1, _) = points[i - 1], points[i]
    speed = math.dist((x0, y0), (x1, y1)) / max(1, t1 - t0)  # tenths of a pixel a millisecond
    return base * min(1.25, max(0.45, 1.35 - speed / 40))


def _straight(xs: list[int], ys: list[int]) -> bool:
    # The principal axis of the points; how far the farthest point lies from it against how long it is.
    count = len(xs)
    mx, my = sum(xs) / count, sum(ys) / count
    sxx = sum((x - mx) ** 2 for x in xs)
    syy = sum((y - my) ** 2 for y in ys)
    sxy = sum((x - mx) * (y - my) for x, y in zip(xs, ys, strict=True))
    angle = 0.5 * math.atan2(2 * sxy, sxx - syy)
    c, s = math.cos(angle), math.sin(angle)
    along = [(x - mx) * c + (y - my) * s for x, y in zip(xs, ys, strict=True)]
    across = [abs((y - my) * c - (x - mx) * s) for x, y in zip(xs, ys, strict=True)]
    return max(across) <= STRAIGHT * (max(along) - min(along))
