"""What is seen of a face, and the arithmetic over its five landmarks and its embedding. Pure."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kyc.quality import Quality
from kyc.scene import Scene

Points = NDArray[np.float64]
"""5 x 2, pixels: the eye, nose tip and mouth corners; image left before image right."""

Contour = NDArray[np.float64]
"""68 x 2, pixels, as iBUG 300-W numbers them: jaw 0-16, eyes 36-47, inner lips 60-67."""

Embedding = NDArray[np.float32]
"""Unit length."""

# Where ArcFace-type models expect the five points in a 112 x 112 crop (insightface, arcface_dst).
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no single truth: a face equals itself only
class Face:
    """The largest face of a picture. `passive`: share of live, 0..1, a screening signal and never proof of life."""

    box: tuple[float, float, float, float]  # left, top, right, bottom
    points: Points
    score: float
    yaw5: float
    embedding: Embedding
    passive: float
    quality: Quality
    pitch: float | None = None  # degrees, positive upwards, of any origin; None where the pack cannot tell
    mouth: float | None = None  # height of the opening between the lips over its width
    lids: float | None = None  # height of the open eyes over their width, both averaged


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one picture shows. `faces` counts people near the camera, passers-by left out."""

    width: int
    height: int
    faces: int
    face: Face | None
    scene: Scene | None = None


def alignment(points: Points) -> NDArray[np.float64]:
    """The 2 x 3 similarity transform onto TEMPLATE, least squares (Umeyama 1991).

    Own lines because insightface's `norm_crop` rests on a scikit-image call that is being removed; the crops agree.
    """
    source_mean, target_mean = points.mean(axis=0), TEMPLATE.mean(axis=0)
    source, target = points - source_mean, TEMPLATE - target_mean
    left, stretch, right = np.linalg.svd(target.T @ source / len(points))
    mirror = np.array([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right))])
    rotation = left @ np.diag(mirror) @ right
    scale = (stretch * mirror).sum() / source.var(axis=0).sum()
    return np.hstack([scale * rotation, (target_mean - scale * rotation @ source_mean)[:, None]])


def yaw5(points: Points) -> float:
    """Nose offset from the middle of the eyes along the eye line, over half the eye distance; about degrees / 34.

    Positive: the nose points to image right. In a frame that is not mirrored that is the person's own left.
    """
    across = points[1] - points[0]
    distance = float(np.linalg.norm(across))
    if distance == 0:
        return 0.0
    return float(np.dot(points[2] - (points[0] + points[1]) / 2, across / distance) / (distance / 2))


def mouth(contour: Contour) -> float:
    """MAR over the inner lips: 0 shut, a wide opening 0.4 and more."""
    lips = contour[60:68]
    return _opening(lips[[1, 2, 3]], lips[[7, 6, 5]], lips[[0, 4]])


def lids(contour: Contour) -> float:
    """EAR (Soukupova and Cech 2016), the mean of both eyes: about 0.3 open, below 0.2 shut."""
    eyes = (contour[36:42], contour[42:48])
    return float(np.mean([_opening(eye[[1, 2]], eye[[5, 4]], eye[[0, 3]]) for eye in eyes]))


def _opening(above: Contour, below: Contour, corners: Contour) -> float:
    width = float(np.linalg.norm(corners[1] - corners[0]))
    return float(np.linalg.norm(above - below, axis=1).mean()) / max(width, 1e-6)


def similarity(one: Embedding, other: Embedding) -> float:
    """Cosine, -1..1."""
    return float(np.dot(one, other))


def band(score: float, accept: float, review: float) -> Literal["pass", "review", "fail"]:
    """Where a score falls: at `accept` or above pass, at `review` or above a person looks, below fail."""
    if score >= accept:
        return "pass"
    return "review" if score >= review else "fail"
