"""Is a face fit to be judged? Plain measures over the face box, and the fixed guidance code for each shortfall.

Bounds come from photographs at 1st to 99th percentile (luma 79-183, Laplacian variance 19-750, noise sigma 0.25-2.25,
saturation 29-144, red over blue 1.07-2.1), widened where that costs nothing. Prints and screens made darker, noisier,
warmer, grey or soft pass the passive screen but fall outside these bounds; this gate is part of the defence, not a
comfort (docs/BIOMETRICS.md, "What the gate stops").
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc.intake import Pixels

WIDTH = 200  # every figure below is measured on a face resized to this width
MIN_FACE = 112  # pixels across: the match model's own input size
MAX_SHARE = 0.85  # face height over picture height: closer, and the passive crop loses its margin
SURE = 0.70  # detection score: below it something covers the face, or it is none
OUTSIDE = 0.10  # share of the face box beyond the picture's edge
TILT = 30.0  # degrees of roll
LUMA = (65.0, 220.0)
BLOWN = 0.25  # share of the face that is burnt out
SHARP = 30.0  # a print blurred by two pixels at this width measures 12-28, and the passive screen takes it for live
NOISE = 2.5
NOISE_SHARE = 0.25  # of the sharpness, that noise alone explains: a crisp face of the same noise has detail besides
LOUD = 4.0  # noise that needs no comparison
SATURATION = 15.0
WARMTH = (0.9, 2.3)
SHUT = 0.9  # probability that both eyes are shut or hidden: 0 of 15 people with open eyes reach it, dark glasses do

_SECOND = np.array([1, -2, 1], np.float32)


@dataclass(frozen=True, slots=True)
class Quality:
    width: float  # of the face, pixels
    share: float  # face height over picture height
    luma: float  # mean, 0..255
    sharpness: float  # variance of the Laplacian
    noise: float  # sigma, Immerkaer 1996 with a median
    saturation: float  # mean, 0..255
    warmth: float  # mean red over mean blue
    blown: float = 0.0  # share of pixels at 250 or more
    score: float = 1.0  # of the detection
    outside: float = 0.0  # share of the box beyond the picture
    tilt: float = 0.0  # degrees of roll, 0..180
    shut: float = 0.0  # probability that both eyes are shut or hidden; 0 where the pack cannot tell


def measure(
    picture: Pixels,
    box: tuple[float, float, float, float],
    points: NDArray[np.float64] | None = None,
    score: float = 1.0,
    shut: float = 0.0,
) -> Quality:
    """`points`: the five landmarks, eyes first. About 1 ms of one core."""
    height, width = picture.shape[:2]
    left, top, right, bottom = (round(edge) for edge in box)
    face = picture[max(0, top) : min(height, bottom), max(0, left) : min(width, right)]
    size = (WIDTH, max(1, round(WIDTH * face.shape[0] / face.shape[1])))
    # Averaging over areas is slow and only brightness needs it: detail and noise are measured in grey.
    grey = cv2.resize(cv2.cvtColor(face, cv2.COLOR_BGR2GRAY), size, interpolation=cv2.INTER_AREA)
    small = cv2.resize(face, size)
    blue, _, red = cv2.mean(small)[:3]
    levels = cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel()
    area = (box[2] - box[0]) * (box[3] - box[1])
    return Quality(
        width=box[2] - box[0],
        share=(box[3] - box[1]) / height,
        luma=cv2.mean(grey)[0],
        sharpness=float(cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))[1][0, 0] ** 2),
        noise=_noise(np.asarray(grey, np.uint8)),
        saturation=cv2.mean(cv2.cvtColor(small, cv2.COLOR_BGR2HSV))[1],
        warmth=red / max(blue, 1.0),
        blown=float(levels[250:].sum() / levels.sum()),
        score=score,
        outside=1 - face.shape[0] * face.shape[1] / max(area, 1.0),
        tilt=0.0 if points is None else abs(math.degrees(math.atan2(*(points[1] - points[0])[::-1]))),
        shut=shut,
    )


def shortfalls(quality: Quality) -> tuple[str, ...]:
    """Guidance codes, most useful first; empty when the face is fit."""
    by_noise = 20 * quality.noise**2 / max(quality.sharpness, 1.0)  # 20: what a Laplacian makes of white noise
    noisy = quality.noise >= LOUD or (quality.noise >= NOISE and by_noise >= NOISE_SHARE)
    found = (
        ("FACE_TOO_FAR", quality.width < MIN_FACE),
        ("FACE_TOO_CLOSE", quality.share > MAX_SHARE),
        ("FACE_COVERED", quality.score < SURE or quality.outside > OUTSIDE or quality.tilt > TILT),
        ("TOO_DARK", quality.luma < LUMA[0] or noisy),
        ("TOO_BRIGHT", quality.luma > LUMA[1] or quality.blown > BLOWN),
        ("BLURRED", quality.sharpness <= SHARP),
        ("COLOUR_UNNATURAL", quality.saturation <= SATURATION or not WARMTH[0] <= quality.warmth <= WARMTH[1]),
        ("EYES_CLOSED", quality.shut >= SHUT),
    )
    return tuple(code for code, short in found if short)


def _noise(grey: NDArray[np.uint8]) -> float:
    size = np.abs(cv2.sepFilter2D(grey, cv2.CV_16S, _SECOND, _SECOND))
    counts = np.cumsum(np.bincount(size.ravel()))
    middle = [int(np.searchsorted(counts, rank)) for rank in ((size.size + 1) // 2, size.size // 2 + 1)]
    return sum(middle) / 2 / (6 * 0.6745)
