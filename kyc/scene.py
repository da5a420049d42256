"""What a whole picture says apart from its face: a small copy of it, and the colour of face and surroundings. Pure."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc.intake import Pixels

ACROSS = 96  # pixels of the small copy, which averages the noise of a camera away and keeps the movement of a hand
SURROUND = 1.5  # of the face box: what lies beyond is neither face nor hair, and mostly not lit by a phone
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
    height, width = picture.shape[:2]
    scale = ACROSS / width
    small = cv2.resize(picture, (ACROSS, max(1, round(height * scale))), interpolation=cv2.INTER_AREA)
    left, top, right, bottom = (edge * scale for edge in box)
    across, down = right - left, bottom - top
    rows, columns = np.indices(small.shape[:2])
    x, y = (columns + 0.5 - (left + right) / 2) / across, (rows + 0.5 - (top + bottom) / 2) / down
    skin = (x / 0.32) ** 2 + (y / 0.36) ** 2 < 1.0
    away = (np.abs(x) > SURROUND / 2) | (y < -SURROUND / 2)
    return Scene(
        small=_grey(picture, small.shape[0]),
        face=_tone(small[skin]),
        around=_tone(small[away & (y < 0.5)]),  # what is below the chin is the person's own clothes
    )


def _grey(picture: Pixels, rows: int) -> NDArray[np.float32]:
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    # Halved by whole numbers first: the last step in floating point, where a hundredth of a grey level still counts.
    share = max(1, picture.shape[1] // (4 * ACROSS))
    if share > 1:
        grey = cv2.resize(grey, (grey.shape[1] // share, grey.shape[0] // share), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(grey.astype(np.float32), (ACROSS, rows), interpolation=cv2.INTER_AREA), np.float32)


def _tone(pixels: NDArray[np.uint8]) -> Tone | None:
    told = pixels[(pixels.min(axis=1) > DARK) & (pixels.max(axis=1) < BRIGHT)].astype(np.float64)
    if len(told) < 40:
        return None
    blue, green, red = told.mean(axis=0)
    return float(np.log(red / green)), float(np.log(blue / green))
