"""Find the paper in a photograph and lay it flat: its four corners, and the picture of it as a scanner would give it.

The outline is looked for in a small copy, by colour against the table first and by edges second; a quadrilateral counts
when its sides have the proportions of a paper we know. Where none is found the photograph is taken as it is.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc.intake import Pixels

Numbers = NDArray[Any]
Corners = NDArray[np.float32]
"""4 x 2, clockwise from the top left, in pixels of the photograph."""

CARD = 85.6 / 54.0  # ID-1, ISO/IEC 7810
BOOKLET = 125.0 / 88.0  # ID-3, the data page of a passport
WIDTH = 1000  # pixels across a straightened paper: text on a card is then 30 to 45 pixels high
LOOK = 480  # longer side of the copy in which the outline is looked for
SHARE = (0.12, 0.985)  # of the photograph that a paper covers
SLACK = 0.20  # of the proportions, for perspective
EDGE = 0.004  # of the longer side: nearer than this a corner lies on the photograph's edge
WHOLE = 1280  # longer side of a photograph in which no outline was found


@dataclass(frozen=True, slots=True)
class Sheet:
    """`pixels`: the paper, wider than high unless no outline was found. `scale`: its width in the photograph."""

    pixels: Pixels
    corners: Corners | None
    scale: float
    cut: bool  # a corner lies on the edge of the photograph or beyond

    def turned(self, quarters: int) -> "Sheet":
        """By quarters anticlockwise, as `numpy.rot90` counts them."""
        pixels = np.ascontiguousarray(np.rot90(self.pixels, quarters))
        return Sheet(pixels, self.corners, self.scale, self.cut)


def straighten(picture: Pixels, proportion: float = CARD) -> Sheet:
    """CPU work: about 10 ms of one core. `proportion`: width over height of the paper expected."""
    corners = outline(picture, proportion)
    if corners is None:
        return as_it_is(picture)
    size = (WIDTH, round(WIDTH / proportion))
    flat = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float32)
    across = cv2.getPerspectiveTransform(corners, flat)
    scale = float(np.linalg.norm(corners[1] - corners[0]))
    source, across = _halved(picture, across, scale)
    pixels = cv2.warpPerspective(source, across, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return Sheet(np.asarray(pixels, np.uint8), corners, scale, _cut(corners, picture))


def as_it_is(picture: Pixels) -> Sheet:
    """No outline: the photograph itself, brought to working size."""
    longer = max(picture.shape[:2])
    share = min(1.0, WHOLE / longer)
    small = cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA) if share < 1 else picture
    return Sheet(np.ascontiguousarray(small, np.uint8), None, float(longer), cut=False)


def outline(picture: Pixels, proportion: float = CARD) -> Corners | None:
    """The paper's corners with a long side on top, or None. Upside down is not told apart here."""
    share = LOOK / max(picture.shape[:2])
    small = np.asarray(cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.uint8)
    best: tuple[float, Corners] | None = None
    for mask in _masks(small):
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        for contour in sorted(contours, key=cv2.contourArea, reverse=True)[:3]:
            found = _quadrilateral(contour, small.shape[0] * small.shape[1], proportion)
            if found is not None and (best is None or found[0] > best[0]):
                best = found
        if best is not None and best[0] > 0.95:
            break
    return None if best is None else np.asarray(best[1] / share, np.float32)


def _masks(small: Pixels) -> Iterator[NDArray[np.uint8]]:
    """White where the paper may be. What differs in colour from the picture's rim, then what edges enclose."""
    lab = cv2.cvtColor(cv2.GaussianBlur(small, (5, 5), 0), cv2.COLOR_BGR2LAB)
    rim = np.concatenate(
        [lab[:6].reshape(-1, 3), lab[-6:].reshape(-1, 3), lab[:, :6].reshape(-1, 3), lab[:, -6:].reshape(-1, 3)]
    )
    weights = np.array([0.6, 1.3, 1.3], np.float32)  # light falls off across a table, its colour hardly does
    away = np.linalg.norm((lab.astype(np.float32) - np.median(rim, axis=0)) * weights, axis=2)
    distance = np.asarray(np.clip(away * 2, 0, 255), np.uint8)
    _, mask = cv2.threshold(distance, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    kernel = np.ones((7, 7), np.uint8)
    yield np.asarray(
        cv2.morphologyEx(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel), cv2.MORPH_OPEN, kernel), np.uint8
    )
    grey = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), (5, 5), 0)
    for low in (60, 25):
        edges = cv2.dilate(cv2.Canny(grey, low, low * 3), np.ones((3, 3), np.uint8))
        filled = np.zeros_like(grey)
        contours, _ = cv2.findContours(edges, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        cv2.drawContours(filled, contours, -1, 255, cv2.FILLED)
        yield np.asarray(cv2.morphologyEx(filled, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8)), np.uint8)
    bright = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[1]
    yield np.asarray(cv2.morphologyEx(bright, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8)), np.uint8)


def _quadrilateral(contour: Numbers, whole: float, proportion: float) -> tuple[float, Corners] | None:
    """How well the contour fills its quadrilateral (0 to 1), and that one's corners."""
    hull = cv2.convexHull(contour)
    area = cv2.contourArea(hull)
    if not SHARE[0] * whole <= area <= SHARE[1] * whole:
        return None
    corners = _four(hull)
    if corners is None:
        return None
    corners = _ordered(corners)
    sides = [float(np.linalg.norm(corners[at] - corners[at - 1])) for at in range(4)]
    across, down = (sides[1] + sides[3]) / 2, (sides[0] + sides[2]) / 2
    if down > across:
        corners, across, down = np.roll(corners, 1, axis=0), down, across
    if not proportion * (1 - SLACK) <= across / max(down, 1.0) <= proportion * (1 + SLACK):
        return None
    filled = cv2.contourArea(contour) / max(cv2.contourArea(corners), 1.0)
    return (float(min(filled, 2 - filled)), corners) if filled > 0.8 else None


def _four(hull: Numbers) -> Corners | None:
    """The hull's four straight sides, met at their crossings: rounded corners do not move them."""
    length = cv2.arcLength(hull, closed=True)
    for share in (0.02, 0.03, 0.05, 0.08):
        found = cv2.approxPolyDP(hull, share * length, closed=True).reshape(-1, 2)
        if len(found) == 4:
            return _sharpened(hull.reshape(-1, 2).astype(np.float32), found.astype(np.float32))
    return None


def _sharpened(hull: Corners, rough: Corners) -> Corners:
    """Each side fitted to the points between its rough ends, the outer fifths left out for the rounding."""
    closed = np.concatenate([hull, hull[:1]])
    dense = np.concatenate([np.linspace(a, b, 24, endpoint=False) for a, b in itertools.pairwise(closed)])
    lines = []
    for start, end in zip(rough, np.roll(rough, -1, axis=0), strict=True):
        along = (end - start) / max(float(np.linalg.norm(end - start)), 1e-6)
        place = (dense - start) @ along / max(float(np.linalg.norm(end - start)), 1e-6)
        beside = np.abs((dense - start) @ np.array([-along[1], along[0]]))
        near = dense[(place > 0.15) & (place < 0.85) & (beside < 0.03 * cv2.arcLength(hull, closed=True))]
        if len(near) < 6:
            return rough
        vx, vy, x, y = cv2.fitLine(near.astype(np.float32), cv2.DIST_HUBER, 0, 0.01, 0.01).ravel()
        lines.append(np.cross([x, y, 1.0], [x + vx, y + vy, 1.0]))
    met = [np.cross(lines[at - 1], lines[at]) for at in range(4)]
    if any(abs(point[2]) < 1e-6 for point in met):
        return rough
    sharp = np.array([point[:2] / point[2] for point in met], np.float32)
    moved = np.linalg.norm(sharp - rough, axis=1).max()
    return sharp if moved < 0.1 * cv2.arcLength(hull, closed=True) else rough


def _ordered(corners: Corners) -> Corners:
    """Clockwise from the one nearest the top left."""
    middle = corners.mean(axis=0)
    angle = np.arctan2(corners[:, 1] - middle[1], corners[:, 0] - middle[0])
    around = corners[np.argsort(angle)]
    return np.asarray(np.roll(around, -int(np.argmin(around.sum(axis=1))), axis=0), np.float32)


def _halved(picture: Pixels, across: Numbers, scale: float) -> tuple[Pixels, Numbers]:
    """Shrunk beforehand when the paper is much larger than what is made of it: otherwise thin strokes alias."""
    if scale < 1.6 * WIDTH:
        return picture, across
    share = WIDTH / scale
    small = cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), across @ np.diag([1 / share, 1 / share, 1.0])


def _cut(corners: Corners, picture: Pixels) -> bool:
    height, width = picture.shape[:2]
    edge = EDGE * max(height, width)
    x, y = corners[:, 0], corners[:, 1]
    return bool((x < edge).any() or (y < edge).any() or (x > width - 1 - edge).any() or (y > height - 1 - edge).any())
