"""The decision on a head-turn challenge. Pure: every number it uses is named here or in the pack's manifest.

What it is: a random order of turns, judged from five landmarks against the person's own neutral frame, a passive
screen over the frontal frames, one identity throughout, frames that differ. What it is not: proof of life. Rotated
prints are stopped; video replay, masks, deepfakes and injected streams are not, so a result says `screened`.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from evidence.events.identity import Provenance, Score, Verdict
from kyc.face import Face, Look, band, similarity
from kyc.quality import shortfalls

NEUTRAL, LEFT, RIGHT = "neutral", "turn_left", "turn_right"
FRAMES = 5

# An un-mirrored frame: the person's own left is image right, where yaw5 grows.
SIGNS = {NEUTRAL: 0, LEFT: 1, RIGHT: -1}

FRONTAL = 0.25  # |yaw5| of the first neutral frame, and drift of the others from it; photographs: p95 0.24
TURNED = 0.50  # yaw5 away from the own baseline, about 17 degrees; a rotated print reaches it in 0-7 % of cases
STRANGER = 0.20  # a turned face less like the baseline than this may be another's. Genuine turned: mean 0.53

RANKS: tuple[Verdict, ...] = ("pass", "review", "not_run", "fail")  # what cannot be judged never hides a failure


@dataclass(frozen=True, slots=True)
class Bars:
    """Thresholds of the pack, and who measured: `models` by role."""

    match_accept: float
    match_review: float
    match_far_e6: int
    live_accept: float
    live_review: float
    models: Mapping[str, Provenance]


@dataclass(frozen=True, slots=True)
class Judgement:
    """`reasons`: codes of `kyc.reasons`. `face`: the frontal face to hold against the document, when there is one."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    scores: tuple[Score, ...] = ()
    face: Face | None = None


def _orders() -> tuple[tuple[str, ...], ...]:
    # Neutral first, never the same twice running, two or three turns and at least one return to neutral.
    found = (
        (NEUTRAL, *rest)
        for rest in product((NEUTRAL, LEFT, RIGHT), repeat=FRAMES - 1)
        if all(one != other for one, other in pairwise((NEUTRAL, *rest)))
        and NEUTRAL in rest
        and FRAMES - 1 - rest.count(NEUTRAL) >= 2
    )
    return tuple(found)


ORDERS = _orders()
"""Every order of actions a challenge may ask for; one is drawn at random."""


def drawn(chance: bytes) -> tuple[str, ...]:
    """The order that eight random bytes draw."""
    return ORDERS[int.from_bytes(chance[:8]) % len(ORDERS)]


def judge(actions: Sequence[str], looks: Sequence[Look], bars: Bars) -> Judgement:
    """Judge one capture: look `i` is of the frame that was asked to show action `i`. The worst finding wins.

    1. the frontal frames that are fit to be judged pass the passive screen;
    2. every frame shows one face, and that one whole;
    3. enough frontal frames are fit, the first among them;
    4. the head did what was asked, in the order asked;
    5. the frames differ, and one person is in all of them.

    Where 2 or 3 finds a shortfall, 4 and 5 are left out and the capture is no try (`not_run`), unless 1 failed.
    """
    frontal = [look.face for action, look in zip(actions, looks, strict=True) if action == NEUTRAL]
    fit = [face for face in frontal if face is not None and not shortfalls(face.quality)]
    found: dict[str, Verdict] = {}
    scores: list[Score] = []
    # 1
    if fit:
        live = statistics.median(face.passive for face in fit)
        _note(found, band(live, bars.live_accept, bars.live_review), "SCREEN_UNSURE", "SCREEN_SUSPECTED")
        scores.append(_score("passive_median", live, bars.live_accept, bars.models.get("passive")))
    # 2
    faces = [look.face for look in looks if look.face is not None]
    if len(faces) != len(actions):
        found["FACE_COVERED"] = "not_run"
    if any(look.faces > 1 for look in looks):
        found["MULTIPLE_FACES"] = "not_run"
    # 3
    if frontal[0] not in fit or len(fit) < 2:
        found |= dict.fromkeys((code for face in frontal if face for code in shortfalls(face.quality)), "not_run")
    if "not_run" in found.values():
        return Judgement(worst(*found.values()), tuple(found), tuple(scores))
    # 4
    scores.append(_turns(actions, faces, bars, found))
    # 5
    scores += _one_person(actions, faces, bars, found)
    return Judgement(worst(*found.values()), tuple(found), tuple(scores), fit[0])


def compare(live: Face, document: Face | None, bars: Bars) -> tuple[Verdict, tuple[str, ...], Score | None]:
    """The live face against the portrait on the document: verdict, reasons, score."""
    if document is None:
        return "not_run", ("PORTRAIT_MISSING",), None
    value = similarity(live.embedding, document.embedding)
    found: dict[str, Verdict] = {}
    _note(found, band(value, bars.match_accept, bars.match_review), "FACE_UNSURE", "FACE_DIFFERS")
    score = _score("similarity", value, bars.match_accept, bars.models.get("recognition"), bars.match_far_e6)
    return worst(*found.values()), tuple(found), score


def worst(*verdicts: Verdict) -> Verdict:
    """pass < review < not_run < fail; pass when there is none."""
    return max(verdicts, key=RANKS.index, default="pass")


def _turns(actions: Sequence[str], faces: Sequence[Face], bars: Bars, found: dict[str, Verdict]) -> Score:
    baseline = faces[0].yaw5
    moved = abs(baseline) < FRONTAL
    least = 2.0
    for action, face in zip(actions[1:], faces[1:], strict=True):
        away = face.yaw5 - baseline
        if action == NEUTRAL:
            moved = moved and abs(away) < FRONTAL
        else:
            least = min(least, SIGNS[action] * away)
    if not moved or least < TURNED:
        found["ACTION_NOT_PERFORMED"] = "fail"
    return _score("turn_least", least, TURNED, bars.models.get("detection"))


def _one_person(
    actions: Sequence[str], faces: Sequence[Face], bars: Bars, found: dict[str, Verdict]
) -> tuple[Score, Score]:
    embeddings = [face.embedding for face in faces]
    if any(np.array_equal(one, other) for i, one in enumerate(embeddings) for other in embeddings[:i]):
        found["FRAMES_ALIKE"] = "fail"
    likeness = [similarity(embeddings[0], other) for other in embeddings]
    frontal = min(value for action, value in zip(actions, likeness, strict=True) if action == NEUTRAL)
    turned = min(value for action, value in zip(actions, likeness, strict=True) if action != NEUTRAL)
    _note(found, band(frontal, bars.match_accept, bars.match_review), "IDENTITY_UNSURE", "IDENTITY_CHANGED")
    if turned < STRANGER:  # a photograph held up for the frontal frames, and the own head turned for the others
        found.setdefault("IDENTITY_UNSURE", "review")
    model = bars.models.get("recognition")
    return (
        _score("continuity_frontal_least", frontal, bars.match_accept, model),
        _score("continuity_turned_least", turned, STRANGER, model),
    )


def _note(found: dict[str, Verdict], verdict: Verdict, unsure: str, failed: str) -> None:
    if verdict == "review":
        found[unsure] = "review"
    elif verdict == "fail":
        found[failed] = "fail"


def _score(name: str, value: float, bar: float, model: Provenance | None, far_e6: int | None = None) -> Score:
    return Score(
        name=name,
        value_e4=round(value * 10_000),
        threshold_e4=round(bar * 10_000),
        far_target_e6=far_e6,
        model=model,
    )
