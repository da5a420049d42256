"""Is a picture of a paper fit to be read, and is it of the paper itself? Plain measures, and a code for each fault.

Bounds are set on the generated cards of `bench.papers`; what they catch and what they cost stands in docs/PAPERS.md.
They are screening: a good print or a good screen passes them, and a person may be asked in vain.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc.intake import Pixels
from kyc.papers.straighten import Sheet

SMALL = 420  # pixels across the paper in the photograph: below it strokes of small text run together
SHARP = 13.0  # steepness of the steepest edges, hundredths of the contrast
DARK = 60.0  # mean luma
BLOWN = 0.03  # share of the paper in the largest burnt-out patch
COLOUR = 0.15  # spread of colour, natural logarithm of channel ratios: grey paper under any one light has less
PERIODIC = 8.2  # height of the strongest regular pattern over its surroundings, in standard deviations
COARSE = 0.14  # cycles a pixel: the ornament of a card is coarser, the grid of a screen finer

_WINDOW = 512


@dataclass(frozen=True, slots=True)
class Condition:
    width: float  # of the paper in the photograph, pixels
    luma: float  # mean, 0..255
    sharpness: float
    blown: float  # share of the paper in the largest burnt-out patch
    colour: float
    periodic: float
    cut: bool  # a corner of the paper lies outside the photograph
    found: bool  # an outline was found


def measure(sheet: Sheet, picture: Pixels) -> Condition:
    """CPU work: about 15 ms of one core."""
    grey = cv2.cvtColor(sheet.pixels, cv2.COLOR_BGR2GRAY)
    return Condition(
        width=sheet.scale,
        luma=float(cv2.mean(grey)[0]),
        sharpness=_sharpness(np.asarray(grey, np.uint8)),
        blown=_blown(sheet.pixels),
        colour=_colour(sheet.pixels),
        periodic=_periodic(picture, sheet),
        cut=sheet.cut,
        found=sheet.corners is not None,
    )


def faults(condition: Condition, read: bool, grey: bool = False) -> tuple[str, ...]:
    """Guidance codes, most useful first. `read`: everything was read surely, so light and focus were good enough.

    `grey`: a paper of this kind may have no colour.
    """
    found = (
        ("PAPER_CROPPED", condition.cut),
        ("PAPER_TOO_FAR", condition.width < SMALL and not read),
        ("TOO_DARK", condition.luma < DARK and not read),
        ("BLURRED", condition.sharpness < SHARP and not read),
        ("GLARE", condition.blown > BLOWN and not read),
        ("PHOTOCOPY", not grey and condition.found and condition.colour < COLOUR),
        ("SCREEN_RECAPTURE", condition.periodic > PERIODIC),
    )
    return tuple(code for code, wrong in found if wrong)


def _sharpness(grey: NDArray[np.uint8]) -> float:
    """How steep the steepest edges are, against the contrast there is: neither light nor little text changes it."""
    steep = np.abs(cv2.Laplacian(grey, cv2.CV_16S, ksize=1))
    low, high = np.percentile(grey, (1, 99))
    return float(100 * np.percentile(steep, 99.5) / max(high - low, 20.0))


def _blown(pixels: Pixels) -> float:
    burnt = np.asarray((pixels.min(axis=2) >= 250), np.uint8)
    burnt = np.asarray(cv2.morphologyEx(burnt, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)), np.uint8)
    count, _, areas, _ = cv2.connectedComponentsWithStats(burnt)
    return float(areas[1:, cv2.CC_STAT_AREA].max() / burnt.size) if count > 1 else 0.0


def _colour(pixels: Pixels) -> float:
    """Spread of channel ratios: a tinted light moves all of them alike, so a grey copy has none whatever the lamp."""
    small = cv2.resize(pixels, (160, 100), interpolation=cv2.INTER_AREA).astype(np.float32).reshape(-1, 3) + 8.0
    lit = small[(small.min(axis=1) > 40) & (small.max(axis=1) < 250)]
    if len(lit) < 500:
        return 1.0  # nothing to judge by
    ratios = np.log(lit[:, [0, 2]] / lit[:, [1]])
    low, high = np.percentile(ratios, (1, 99), axis=0)
    return float((high - low).max())


def _periodic(picture: Pixels, sheet: Sheet) -> float:
    """The strongest regular pattern of a fine kind: where a screen's grid beats with the camera's."""
    grey = cv2.cvtColor(_middle(picture, sheet), cv2.COLOR_BGR2GRAY).astype(np.float32)
    if min(grey.shape) < 128:
        return 0.0
    fine = np.clip(grey - cv2.GaussianBlur(grey, (0, 0), 3), -12, 12)  # text is strong, a pattern faint and everywhere
    fine *= np.outer(np.hanning(fine.shape[0]), np.hanning(fine.shape[1])).astype(np.float32)
    spectrum = np.fft.fftshift(np.log1p(np.abs(np.fft.rfft2(fine))).astype(np.float32), axes=0)
    power = cv2.GaussianBlur(spectrum, (0, 0), 0.7)
    rest = np.asarray(power - cv2.blur(power, (15, 15)))[_fine_enough(grey.shape[0], grey.shape[1])]
    return float(rest.max() / max(float(rest.std()), 1e-6))


def _fine_enough(height: int, width: int) -> NDArray[np.bool_]:
    """Where in the spectrum to look: not at what is coarse, nor where the blocks of a JPEG leave their own grid."""
    down = np.fft.fftshift(np.fft.fftfreq(height))[:, None]
    across = np.fft.rfftfreq(width)[None, :]
    on_grid = [np.abs(8 * axis - np.round(8 * axis)) < 0.08 for axis in (down, across)]
    blocks = (on_grid[1] & (np.abs(down) < 0.012)) | (on_grid[0] & (across < 0.012)) | (on_grid[0] & on_grid[1])
    return np.asarray((np.hypot(down, across) > COARSE) & ~blocks)


def _middle(picture: Pixels, sheet: Sheet) -> Pixels:
    height, width = picture.shape[:2]
    x, y = (width / 2, height / 2) if sheet.corners is None else sheet.corners.mean(axis=0)
    left = int(np.clip(x - _WINDOW / 2, 0, max(0, width - _WINDOW)))
    top = int(np.clip(y - _WINDOW / 2, 0, max(0, height - _WINDOW)))
    return picture[top : top + _WINDOW, left : left + _WINDOW]
