"""Is a face fit to be judged? Plain measures over the face box, and the fixed guidance code for each shortfall.

Bounds come from photographs at 1st to 99th percentile (luma 79-183, Laplacian variance 19-750, noise sigma 0.25-2.25,
saturation 29-144, red over blue 1.07-2.1), widened. Prints and screens made darker, noisier or warmer pass the passive
screen but fall outside these bounds; this gate is part of the defence, not a comfort.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from kyc.intake import Pixels

WIDTH = 200  # every figure below is measured on a face resized to this width
MIN_FACE = 112  # pixels across: the match model's own input size
MAX_SHARE = 0.85  # face height over picture height: closer, and the passive crop loses its margin

_NOISE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)


@dataclass(frozen=True, slots=True)
class Quality:
    width: float  # of the face, pixels
    share: float  # face height over picture height
    luma: float  # mean, 0..255
    sharpness: float  # variance of the Laplacian
    noise: float  # sigma, Immerkaer 1996 with a median
    saturation: float  # mean, 0..255
    warmth: float  # mean red over mean blue


def measure(picture: Pixels, box: tuple[float, float, float, float]) -> Quality:
    height, width = picture.shape[:2]
    left, top, right, bottom = (round(edge) for edge in box)
    face = picture[max(0, top) : min(height, bottom), max(0, left) : min(width, right)]
    size = (WIDTH, max(1, round(WIDTH * face.shape[0] / face.shape[1])))
    small = cv2.resize(face, size, interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    blue, _, red = cv2.mean(small)[:3]
    return Quality(
        width=box[2] - box[0],
        share=(box[3] - box[1]) / height,
        luma=float(grey.mean()),
        sharpness=float(cv2.Laplacian(grey, cv2.CV_64F).var()),
        noise=float(np.median(np.abs(cv2.filter2D(grey.astype(np.float32), -1, _NOISE)))) / (6 * 0.6745),
        saturation=float(cv2.cvtColor(small, cv2.COLOR_BGR2HSV)[:, :, 1].mean()),
        warmth=red / max(blue, 1.0),
    )


def shortfalls(quality: Quality) -> tuple[str, ...]:
    """Guidance codes, most useful first; empty when the face is fit."""
    found = (
        ("FACE_TOO_FAR", quality.width < MIN_FACE),
        ("FACE_TOO_CLOSE", quality.share > MAX_SHARE),
        ("TOO_DARK", quality.luma < 65 or quality.noise >= 2.5),
        ("TOO_BRIGHT", quality.luma > 220),
        ("BLURRED", quality.sharpness <= 12),
        ("COLOUR_UNNATURAL", quality.saturation <= 15 or not 0.9 <= quality.warmth <= 2.3),
    )
    return tuple(code for code, short in found if short)
