"""What a specimen face can be made to do: turn, nod, gape, shut its eyes, come closer, stand in coloured light.

Every movement is one photograph warped by a made-up depth (an ellipsoid with a Gaussian nose), so each is at once an
injection attack that needs nothing but a photograph and this file. Count them among the attacks.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Field = NDArray[np.float32]

NEAR = 1.1  # how far the middle of the face stands before its rim, over the half width of the head
DISTANCE, CLOSER = 4.2, 3.2  # of the camera from the rim, in half widths of the head: about 46 and 35 cm
GAPE = 0.55
CHEEK, LASH = 0.28, 0.08  # where a lid's skin is taken from and its lashes are, over the distance of the eyes


def turned(picture: Pixels, box: Sequence[float], degrees: float) -> Pixels:
    """The head in `box` (left, top, right, bottom) turned about its vertical axis; positive: nose to image right."""
    head = _Head(box)
    angle = np.radians(degrees)

    def shift(x: Field, y: Field) -> tuple[Field, Field]:
        depth, fade = head.depth(x, y)
        moved = ((x - head.x) * (np.cos(angle) - 1.0) + depth * np.sin(angle)) * fade
        return np.asarray(moved, np.float32), np.zeros_like(y)

    return _warped(picture, shift)


def nodded(picture: Pixels, box: Sequence[float], degrees: float) -> Pixels:
    """About its horizontal axis; positive: the nose goes down."""
    head = _Head(box)
    angle = np.radians(degrees)

    def shift(x: Field, y: Field) -> tuple[Field, Field]:
        depth, fade = head.depth(x, y)
        moved = ((y - head.y) * (np.cos(angle) - 1.0) + depth * np.sin(angle)) * fade
        return np.zeros_like(x), np.asarray(moved, np.float32)

    return _warped(picture, shift)


def closer(picture: Pixels, box: Sequence[float], near: float = CLOSER) -> Pixels:
    """`near` half widths before the camera: what stands out grows more, and what is behind stays as it was."""
    head = _Head(box)

    def shift(x: Field, y: Field) -> tuple[Field, Field]:
        depth, fade = head.depth(x, y)
        grown = (DISTANCE - depth / head.a) / (near - depth / head.a) - 1.0
        return np.asarray((x - head.x) * grown * fade, np.float32), np.asarray((y - head.y) * grown * fade, np.float32)

    return _warped(picture, shift)


def gaping(picture: Pixels, box: Sequence[float], points: NDArray[np.float64], wide: float = GAPE) -> Pixels:
    """The jaw dropped and the lips round: `wide` times the width of the mouth from lip to lip. `points`: the five."""
    left, right = points[3], points[4]
    middle, width = (left + right) / 2, float(np.linalg.norm(right - left))
    drop, line = wide * width, float(middle[1]) + 0.04 * width
    chin = float(box[3]) + 0.2 * (box[3] - box[1])

    def shift(x: Field, y: Field) -> tuple[Field, Field]:
        beside = np.exp(-(((x - middle[0]) / (0.9 * width)) ** 2))
        below = np.clip((y - line) / (0.35 * width), 0.0, 1.0) * np.clip((chin + drop - y) / (chin - line), 0.0, 1.0)
        return np.zeros_like(x), np.asarray(drop * beside * below, np.float32)

    made = _warped(picture, shift)
    lips = picture[round(line) - 2 : round(line) + round(0.12 * width), round(left[0]) : round(right[0])]
    colour = np.minimum(np.median(lips.reshape(-1, 3), axis=0), (150, 140, 200))
    at, axes = (round(float(middle[0])), round(line + drop / 2)), (round(0.36 * width), round(drop / 2))
    for fill, grow in ((colour, round(0.10 * width)), (np.array([26, 18, 46]), 0)):
        hole = _ellipse(picture, at, (axes[0] + grow, axes[1] + grow), 0.0, 2.0)
        made = np.asarray(made * (1 - hole) + fill * hole, np.uint8)
    return made


def shut(picture: Pixels, points: NDArray[np.float64]) -> Pixels:
    """Both lids down: skin from above and below each eye drawn over it, and a line of lashes."""
    made = picture.copy()
    apart = float(np.linalg.norm(points[1] - points[0]))
    slope = float(np.degrees(np.arctan2(*(points[1] - points[0])[::-1])))
    rows, columns = (np.asarray(axis, np.float32) for axis in np.indices(picture.shape[:2]))
    for eye in points[:2]:
        across, down = round(0.24 * apart), round(0.13 * apart)
        at = (round(float(eye[0])), round(float(eye[1])))
        lid = _ellipse(picture, at, (across, down), slope, 0.02 * apart)
        from_row = np.asarray(at[1] + CHEEK * apart + (rows - at[1]) * 0.3, np.float32)
        skin = cv2.remap(picture, columns, from_row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        made = np.asarray(made * (1 - lid) + cv2.GaussianBlur(skin, (0, 0), 0.04 * apart) * lid, np.uint8)
        lash = (at[0], at[1] + round(LASH * apart))
        cv2.ellipse(
            made, lash, (across * 5 // 6, down // 3), slope, 10, 170, (30, 35, 50), max(2, round(0.03 * apart)), 16
        )
    return made


def lit(picture: Pixels, box: Sequence[float], colour: Sequence[float], strength: float) -> Pixels:
    """Light of `colour` (red, green, blue, 0..255) in the face: `strength` is what white adds to the room's own."""
    height, width = picture.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    _, fade = _Head(box).depth(x, y)
    linear = ((np.asarray(colour[::-1], np.float32) / 255 + 0.055) / 1.055) ** 2.4
    # Light adds up before the camera bends it: in sRGB a small share of it counts 1 / 2.4.
    gain = (1.0 + strength * (0.08 + 0.92 * fade[..., None]) * linear) ** (1 / 2.4)
    return np.asarray(np.clip(picture.astype(np.float32) * gain, 0, 255), np.uint8)


def held(picture: Pixels, chance: np.random.Generator, pixels: float = 3.0) -> Pixels:
    """As a hand holds a phone: a few pixels aside, a fraction of a degree turned, a little nearer or farther."""
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), chance.uniform(-0.6, 0.6), chance.uniform(0.99, 1.01))
    matrix = matrix + np.hstack([np.zeros((2, 2)), chance.uniform(-pixels, pixels, (2, 1))])
    return np.asarray(
        cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT),
        np.uint8,
    )


class _Head:
    """An ellipsoid with a nose, in the place of a face."""

    def __init__(self, box: Sequence[float]) -> None:
        self.x, self.y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        self.a, self.b = (box[2] - box[0]) * 0.75, (box[3] - box[1]) * 0.70

    def depth(self, x: Field, y: Field) -> tuple[Field, Field]:
        """Pixels before the rim, and 1 on the head falling to 0 well outside of it."""
        across, down = (x - self.x) / self.a, (y - self.y) / self.b
        radius = across**2 + down**2
        round_ = np.sqrt(np.clip(1.0 - radius, 0.0, 1.0)) * self.a * NEAR
        nose = np.exp(-(((x - self.x) / (0.22 * self.a)) ** 2 + ((down - 0.08) / 0.30) ** 2)) * 0.30 * self.a
        fade = np.clip((1.9 - radius) / 1.2, 0.0, 1.0)
        return np.asarray(round_ + nose, np.float32), np.asarray(fade * fade * (3.0 - 2.0 * fade), np.float32)


def _ellipse(
    picture: Pixels, at: tuple[int, int], axes: tuple[int, int], slope: float, soft: float
) -> NDArray[np.float32]:
    mask = np.zeros(picture.shape[:2], np.float32)
    cv2.ellipse(mask, at, axes, slope, 0, 360, 1.0, -1)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), soft), np.float32)[..., None]


def _warped(picture: Pixels, shift: Callable[[Field, Field], tuple[Field, Field]]) -> Pixels:
    """Each pixel of the result from where it came: found by fixed-point iteration, half a step at a time."""
    height, width = picture.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    from_x, from_y = x.copy(), y.copy()
    for _ in range(12):
        right, down = shift(from_x, from_y)
        from_x, from_y = 0.5 * from_x + 0.5 * (x - right), 0.5 * from_y + 0.5 * (y - down)
    return np.asarray(
        cv2.remap(
            picture,
            from_x.astype(np.float32),
            from_y.astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.uint8,
    )
