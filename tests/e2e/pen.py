"""A finger on the glass: swipes, and a name written stroke by stroke with pressure."""

import math
import time
from collections.abc import Sequence

from playwright.sync_api import CDPSession, Locator

# The strokes of 林, in a square of 100: heng, shu, pie, dian, twice.
STROKES = (
    ((6, 30), (44, 28)),
    ((26, 6), (25, 40), (25, 94)),
    ((24, 32), (16, 52), (3, 70)),
    ((28, 38), (36, 48), (43, 56)),
    ((50, 30), (96, 27)),
    ((73, 5), (72, 40), (72, 95)),
    ((71, 31), (62, 54), (48, 76)),
    ((75, 33), (86, 56), (98, 74)),
)


def swipe(touch: CDPSession, x: float, y: float, up: float, steps: int = 8) -> None:
    """Scroll the page by a finger that starts at `y` and moves `up` CSS pixels."""
    _draw(touch, [{"x": x, "y": y - up * step / steps} for step in range(steps + 1)])


def write_name(touch: CDPSession, pad: Locator) -> None:
    """The name in the middle of the pad, pressed harder in the middle of each stroke."""
    box = pad.bounding_box()
    assert box is not None
    size = min(box["width"], box["height"]) * 0.8
    left, top = box["x"] + (box["width"] - size) / 2, box["y"] + (box["height"] - size) / 2
    for stroke in STROKES:
        points = _along(stroke)
        _draw(
            touch,
            [
                {
                    "x": left + x * size / 100,
                    "y": top + y * size / 100,
                    "force": 0.35 + 0.4 * math.sin(math.pi * number / (len(points) - 1)),
                    "radiusX": 4,
                    "radiusY": 4,
                }
                for number, (x, y) in enumerate(points)
            ],
        )


def _draw(touch: CDPSession, points: Sequence[dict[str, float]]) -> None:
    for number, point in enumerate(points):
        kind = "touchStart" if number == 0 else "touchMove"
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point | {"id": 1}]})
    # The finger rests before it leaves the glass: after a fling the browser takes the next tap for "stop" only.
    time.sleep(0.1)
    touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [points[-1] | {"id": 1}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def _along(corners: tuple[tuple[float, float], ...], parts: int = 9) -> list[tuple[float, float]]:
    """Points along a stroke, bowed a little: no hand draws a ruler's line."""
    found = []
    for step in range(parts + 1):
        share = step / parts * (len(corners) - 1)
        at = min(int(share), len(corners) - 2)
        part, (x1, y1), (x2, y2) = share - at, corners[at], corners[at + 1]
        bow = 2.5 * math.sin(math.pi * step / parts)
        found.append((x1 + (x2 - x1) * part + bow, y1 + (y2 - y1) * part - bow / 2))
    return found
