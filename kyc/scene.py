"""What a whole picture says apart from its face: a small copy of it, and the colour of face and surroundings. Pure."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc.intake import Pixels

ACROSS = 96  # pixels of the small copy, which averages the noise of a camera away and keeps the movement of a hand
SURROUND = 1.5  # of the face box: what lies beyond is neither face nor hair, and mostly not lit by a phone
GREY = np.array([0.114, 0.587, 0.299], np.float32)  # ITU-R BT.601, blue first
DARK, BRIGHT = 12, 243  # outside of these a channel says nothing about colour

Tone = tuple[float, float]
"""Natural logarithms of red over green and blue over green."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no single truth
class Scene:
    """`small`: the picture in grey, ACROSS pixels wide, float. None where too few pixels tell a colour."""

    small: NDArray[np.float32]
    face: Tone | None
    around: Tone | None


def observed(picture: Pixels, box: Box) -> Scene:
    """About a millisecond of one core."""
    small, scale = _reduced(picture), ACROSS / picture.shape[1]
    left, top, right, bottom = (edge * scale for edge in box)
    across, down = right - left, bottom - top
    x = (np.arange(small.shape[1]) + 0.5 - (left + right) / 2)[None, :] / across
    y = (np.arange(small.shape[0]) + 0.5 - (top + bottom) / 2)[:, None] / down
    skin = (x / 0.32) ** 2 + (y / 0.36) ** 2 < 1.0
    away = (np.abs(x) > SURROUND / 2) | (y < -SURROUND / 2)
    return Scene(
        small=np.asarray(small @ GREY, np.float32),
        face=_tone(small[skin]),
        around=_tone(small[away & (y < 0.5)]),  # what is below the chin is the person's own clothes
    )


def _reduced(picture: Pixels) -> NDArray[np.float32]:
    """In colour, by halves of whole numbers first, which is six times as quick as any other share; the last step in
    floating point, where the noise is gone."""
    rows = max(1, round(picture.shape[0] * ACROSS / picture.shape[1]))
    coarse = picture
    while coarse.shape[1] >= 4 * ACROSS:
        height, width = coarse.shape[0] // 2, coarse.shape[1] // 2
        even = coarse[: 2 * height, : 2 * width]
        coarse = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(coarse.astype(np.float32), (ACROSS, rows), interpolation=cv2.INTER_AREA), np.float32)


def _tone(pixels: NDArray[np.float32]) -> Tone | None:
    told = pixels[(pixels.min(axis=1) > DARK) & (pixels.max(axis=1) < BRIGHT)].astype(np.float64)
    if len(told) < 40:
        return None
    blue, green, red = told.mean(axis=0)
    return float(np.log(red / green)), float(np.log(blue / green))
