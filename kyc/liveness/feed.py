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

SAME = 0.35  # grey levels, mean over the small copies: a hand moves a picture by more, re-encoding one by less
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
    """The least difference between any two pictures, in grey levels, brightness apart; None without small copies."""
    small = [look.scene.small for look in looks if look.scene is not None]
    level = [copy * (128.0 / max(float(copy.mean()), 1.0)) for copy in small]
    differences = [
        float(np.abs(one - other).mean()) for one, other in combinations(level, 2) if one.shape == other.shape
    ]
    return min(differences, default=None)


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
