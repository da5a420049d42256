"""Did these pictures come out of a camera just now? Signals that a stream was put in their place. Pure.

Each is weak, and whoever knows of it can avoid it: alone they send a capture to a person, they never fail one. What
stands against a prepared stream is that nobody knows the challenge before.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from kyc.commands import Camera
from kyc.face import Look
from kyc.scene import ACROSS

SAME = 0.50  # grey levels, mean over the face: half a pixel of movement makes 1.1, encoding anew at quality 50 0.42
STEP_MS = 350  # between two steps: nobody hears, moves and holds still in less
SLACK_MS = 2_000  # the phone cannot have taken longer than the server waited, give or take
EVEN_MS = 1.0  # spread of the intervals: timers of a page wander by more

# Names that software cameras give themselves unless they are told otherwise.
VIRTUAL = re.compile(
    r"\bobs\b|obs[- ]virtual|virtual|manycam|xsplit|splitcam|snap camera|e2esoft|\bvcam|v4l2loopback|\bdummy video|"
    r"droidcam|iriun|epoccam|mmhmm|youcam|webcamoid|akvcam|unity video",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sent:
    """How a capture came. `at`: ms by the phone's own clock; `waited_ms`: server clock, from challenge to last picture.

    `floor_ms`: the least a person needs for it, under the policy of the case.
    """

    at: tuple[int, ...]
    waited_ms: int
    floor_ms: int
    camera: Camera | None = None
    doubts: tuple[str, ...] = ()  # reason codes that were found elsewhere


def floor_ms(steps: int, percent: int = 100) -> int:
    return STEP_MS * (steps - 1) * percent // 100


def alike(looks: Sequence[Look]) -> float | None:
    """The least difference between the faces of any two pictures, in grey levels, brightness apart.

    In place, not aligned: a head that moved in between does not come back to the same pixel. None without small copies.
    """
    found = (_difference(one, other) for one, other in combinations(looks, 2))
    return min((value for value in found if value is not None), default=None)


def _difference(one: Look, other: Look) -> float | None:
    if one.face is None or one.scene is None or other.scene is None or one.scene.small.shape != other.scene.small.shape:
        return None
    scale = ACROSS / one.width
    left, top, right, bottom = (max(0, round(edge * scale)) for edge in one.face.box)
    first, second = (scene.small[top:bottom, left:right] for scene in (one.scene, other.scene))
    level = max(float(first.mean()), 1.0) / max(float(second.mean()), 1.0)
    return float(np.abs(first - second * level).mean())


def doubts(sent: Sent, looks: Sequence[Look]) -> tuple[str, ...]:
    """Reason codes, each of which asks for a person."""
    gaps = [later - earlier for earlier, later in pairwise(sent.at)]
    found = (
        ("TIMING_UNNATURAL", not _plausible(sent, gaps)),
        ("CAMERA_VIRTUAL", sent.camera is not None and bool(VIRTUAL.search(sent.camera.label))),
        ("FRAMES_MIXED", len({(look.width, look.height) for look in looks}) > 1),
    )
    return (*sent.doubts, *(code for code, wrong in found if wrong))


def _plausible(sent: Sent, gaps: Sequence[int]) -> bool:
    if any(gap <= 0 for gap in gaps) or sum(gaps) > sent.waited_ms + SLACK_MS or sent.waited_ms < sent.floor_ms:
        return False
    return len(gaps) < 4 or max(gaps) - min(gaps) > EVEN_MS
