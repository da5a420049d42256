"""Whether a living person did what a challenge asked: a screening, never a certified presentation attack detection."""

from kyc.liveness.actions import LEFT, MOVEMENTS, NEUTRAL, RIGHT, drawn
from kyc.liveness.decide import Bars, Judgement, compare, judge, worst
from kyc.liveness.feed import Sent

__all__ = [
    "LEFT",
    "MOVEMENTS",
    "NEUTRAL",
    "RIGHT",
    "Bars",
    "Judgement",
    "Sent",
    "compare",
    "drawn",
    "judge",
    "worst",
]
