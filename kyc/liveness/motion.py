"""Did the head do what was asked, step by step, measured from the person's own neutral picture? Pure."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from kyc.face import Face, Look
from kyc.liveness.actions import BLINK, CLOSER, LEFT, MOUTH, NEUTRAL, NOD, RIGHT, SIGNS, Step
from kyc.scene import ACROSS, SURROUND

FRONTAL = 0.25  # |yaw5| of the first neutral picture, and drift of the others from it; photographs: p95 0.24
TURNED = 0.50  # yaw5 away from the own baseline, about 17 degrees; a rotated print reaches it in 0-7 % of cases
NODDED = 12.0  # degrees of pitch below the own baseline; the network is off by 3.2 on average
OPENED, MORE = 0.35, 0.12  # MAR, and MAR above the own baseline; neutral photographs: p99 0.28
NEARER = 1.20  # distance of the eyes over the own baseline: from 40 to 33 cm
SHUT, OPEN = 0.5, 0.3  # probability that both eyes are shut
NARROW = 0.7  # of the own lids' opening: eyes that are less open are shut where the network is in doubt

FLAT, FLATTER = 0.85, 0.10  # correlation of what is around the face, enlarged as the face was, and lead over unchanged
TEXTURE = 4.0  # grey levels: a plain wall says nothing about distance


class Moved(NamedTuple):
    """How far beyond its bar a movement went. `score`: name, value and bar as they are sealed; `role`: whose word."""

    done: bool
    score: str
    value: float
    bar: float
    role: str


def moved(step: Step, looks: Sequence[Look], after: Look | None) -> Moved | None:
    """One step against the first picture. None where the pack cannot tell, or there is no face."""
    base = looks[0].face
    seen = [looks[frame].face for frame in step.frames]
    if base is None or any(face is None for face in seen):
        return None
    faces = [face for face in seen if face is not None]
    if step.action == BLINK:
        return _blinked(base, faces, None if after is None else after.face)
    return _MEASURES[step.action](base, faces[0])


def still(base: Face, face: Face) -> bool:
    """A neutral picture shows none of the movements."""
    pitch = 0.0 if base.pitch is None or face.pitch is None else base.pitch - face.pitch
    return (
        abs(face.yaw5 - base.yaw5) < FRONTAL
        and pitch < NODDED
        and not (face.mouth is not None and _opened(base, face) >= 1.0)
        and face.quality.shut < SHUT
    )


def flat(base: Look, near: Look) -> float | None:
    """By how much better the surroundings fit when enlarged as the face was: an enlarged picture, not a nearer face.

    A head that comes nearer leaves what is behind it as it was; a phone that does enlarges the room far less than the
    face. 0 unless they follow the face closely; None where they have nothing to go by.
    """
    if base.face is None or near.face is None or base.scene is None or near.scene is None:
        return None
    one, other = base.scene.small, near.scene.small
    if one.shape != other.shape:
        return None
    scale = ACROSS / near.width
    places = [np.asarray(look.face.points * scale, np.float32) for look in (base, near) if look.face is not None]
    matrix, _ = cv2.estimateAffinePartial2D(places[0], places[1], method=cv2.LMEDS)
    if matrix is None:
        return None
    size = (one.shape[1], one.shape[0])
    enlarged = cv2.warpAffine(one, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    left, top, right, bottom = (edge * scale for edge in near.face.box)
    rows, columns = np.indices(one.shape)
    x, y = (columns - (left + right) / 2) / (right - left), (rows - (top + bottom) / 2) / (bottom - top)
    around = ((np.abs(x) > SURROUND / 2) | (y < -SURROUND / 2)) & (y < 0.5)
    if around.sum() < 200 or float(other[around].std()) < TEXTURE:
        return None
    follows, stays = (_alike(picture[around], other[around]) for picture in (enlarged, one))
    return follows - stays if follows >= FLAT else 0.0


def _turned(base: Face, face: Face, sign: int) -> Moved:
    away = sign * (face.yaw5 - base.yaw5)
    return Moved(away >= TURNED, "turn_least", away, TURNED, "detection")


def _nodded(base: Face, face: Face) -> Moved | None:
    if base.pitch is None or face.pitch is None:
        return None
    down = base.pitch - face.pitch
    return Moved(down >= NODDED and _ahead(base, face), "nod_least", down, NODDED, "pose")


def _gaped(base: Face, face: Face) -> Moved | None:
    if base.mouth is None or face.mouth is None:
        return None
    return Moved(_opened(base, face) >= 1.0 and _ahead(base, face), "mouth_least", face.mouth, OPENED, "points68")


def _neared(base: Face, face: Face) -> Moved:
    grown = _eyes(face) / max(_eyes(base), 1.0)
    return Moved(grown >= NEARER and _ahead(base, face), "closer_least", grown, NEARER, "detection")


def _blinked(base: Face, burst: Sequence[Face], after: Face | None) -> Moved:
    """Both eyes open, then shut, then open: within the burst, or with the neutral pictures before and after it."""
    states = [base, *burst, *([] if after is None else [after])]
    shut = [place for place, face in enumerate(states) if _shut(base, face)]
    reopened = bool(shut) and any(_open(face) for face in states[shut[0] + 1 :])
    done = _open(base) and reopened
    return Moved(done, "blink_shut_most", max(face.quality.shut for face in burst), SHUT, "eyes")


def _shut(base: Face, face: Face) -> bool:
    narrow = base.lids is not None and face.lids is not None and face.lids <= NARROW * base.lids
    return face.quality.shut >= SHUT or (narrow and face.quality.shut >= OPEN)


def _open(face: Face) -> bool:
    return face.quality.shut < OPEN


def _opened(base: Face, face: Face) -> float:
    """1 and more where the mouth is open, and more open than the own neutral one."""
    if base.mouth is None or face.mouth is None:
        return 0.0
    return min(face.mouth / OPENED, face.mouth / (base.mouth + MORE))


def _ahead(base: Face, face: Face) -> bool:
    """Not turned: nothing else was asked for."""
    return abs(face.yaw5 - base.yaw5) < TURNED


def _eyes(face: Face) -> float:
    return float(np.linalg.norm(face.points[1] - face.points[0]))


def _alike(one: np.ndarray, other: np.ndarray) -> float:
    first, second = one - one.mean(), other - other.mean()
    length = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / length if length else 0.0


_MEASURES: dict[str, Callable[[Face, Face], Moved | None]] = {
    LEFT: lambda base, face: _turned(base, face, SIGNS[LEFT]),
    RIGHT: lambda base, face: _turned(base, face, SIGNS[RIGHT]),
    NOD: _nodded,
    MOUTH: _gaped,
    CLOSER: _neared,
}


def performed(asked: Sequence[Step], looks: Sequence[Look]) -> Iterator[tuple[Step, Moved | None]]:
    """Every movement in order; neutral steps are left out."""
    for number, step in enumerate(asked):
        following = asked[number + 1] if number + 1 < len(asked) else None
        after = looks[following.first] if following is not None and following.action == NEUTRAL else None
        if step.action != NEUTRAL:
            yield step, moved(step, looks, after)
