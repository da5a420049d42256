"""The decision on a challenge. Pure: every number it uses is named in this package or in the pack's manifest.

What it is: random movements and colours that nobody knew before, a passive screen over the frontal frames, one identity
throughout, frames that differ and came when they could. What it is not: proof of life. A stream that is made while the
challenge runs passes all of it (docs/LIVENESS.md), so a result says `screened`.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from evidence.events.identity import Provenance, Score, Verdict
from kyc.face import Face, Look, band, similarity
from kyc.liveness import feed, light, motion
from kyc.liveness.actions import BLINK, CLOSER, NEUTRAL, TURNS, Step, steps
from kyc.liveness.feed import Sent
from kyc.quality import shortfalls

STRANGER = 0.20  # a moved face less like the baseline than this may be another's. Genuine turned: mean 0.53

RANKS: tuple[Verdict, ...] = ("pass", "review", "not_run", "fail")  # what cannot be judged never hides a failure

Found = dict[str, Verdict]
"""Reason code and what it makes of the capture."""


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
    """`reasons`: codes of `kyc.reasons`. `face`: the frontal face to hold against the document, when there is one.

    `parts`: what each kind of evidence came to by itself: screen, motion, person, light, feed.
    """

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    scores: tuple[Score, ...] = ()
    face: Face | None = None
    parts: Mapping[str, Verdict] = field(default_factory=dict)


def judge(
    actions: Sequence[str],
    looks: Sequence[Look],
    bars: Bars,
    colours: Sequence[str] = (),
    sent: Sent | None = None,
) -> Judgement:
    """Judge one capture: look `i` is of the frame that was asked to show action `i`. The worst finding wins.

    1. the frontal frames that are fit to be judged pass the passive screen;
    2. every frame shows one face, and that one whole;
    3. enough frontal frames are fit, the first among them;
    4. the head did what was asked, in the order asked, and what came nearer was no picture;
    5. the frames differ, and one person is in all of them;
    6. the face answers the colours, where it can be seen to (`colours`: one a step; none: not asked for);
    7. nothing says that the stream was put in a camera's place.

    Where 2 or 3 finds a shortfall, 4 to 7 are left out and the capture is no try (`not_run`), unless 1 failed.
    """
    asked = steps(actions)
    frontal = [looks[step.first].face for step in asked if step.action == NEUTRAL]
    fit = [face for face in frontal if face is not None and not shortfalls(face.quality)]
    scores: list[Score] = []
    # 1
    screen: Found = {}
    if fit:
        live = statistics.median(face.passive for face in fit)
        _note(screen, band(live, bars.live_accept, bars.live_review), "SCREEN_UNSURE", "SCREEN_SUSPECTED")
        scores.append(_score("passive_median", live, bars.live_accept, bars.models.get("passive")))
    # 2 and 3
    unfit = _unfit(looks, frontal, fit)
    if unfit:
        parts: dict[str, Verdict] = {"screen": worst(*screen.values()) if fit else "not_run"}
        return Judgement(worst(*screen.values(), "not_run"), (*screen, *unfit), tuple(scores), parts=parts)
    # 4 to 7
    results: dict[str, Found] = {
        "screen": screen,
        "motion": _motion(asked, looks, bars, scores),
        "person": _one_person(asked, looks, bars, scores),
    }
    if colours:
        results["light"] = _light(asked, looks, colours, bars, scores)
    if sent is not None:
        results["feed"] = dict.fromkeys(feed.doubts(sent, looks), "review")
    parts = {name: worst(*found.values()) for name, found in results.items()}
    # Light that cannot be told is no shortfall of the person: the part says so, and the capture is judged without it.
    reasons = [code for name, found in results.items() for code in found if parts[name] != "not_run" or name != "light"]
    verdict = worst(*(part for name, part in parts.items() if part != "not_run" or name != "light"))
    return Judgement(verdict, tuple(dict.fromkeys(reasons)), tuple(scores), fit[0], parts)


def compare(live: Face, document: Face | None, bars: Bars) -> tuple[Verdict, tuple[str, ...], Score | None]:
    """The live face against the portrait on the document: verdict, reasons, score."""
    if document is None:
        return "not_run", ("PORTRAIT_MISSING",), None
    value = similarity(live.embedding, document.embedding)
    found: Found = {}
    _note(found, band(value, bars.match_accept, bars.match_review), "FACE_UNSURE", "FACE_DIFFERS")
    score = _score("similarity", value, bars.match_accept, bars.models.get("recognition"), bars.match_far_e6)
    return worst(*found.values()), tuple(found), score


def worst(*verdicts: Verdict) -> Verdict:
    """pass < review < not_run < fail; pass when there is none."""
    return max(verdicts, key=RANKS.index, default="pass")


def _unfit(looks: Sequence[Look], frontal: Sequence[Face | None], fit: Sequence[Face]) -> tuple[str, ...]:
    codes = []
    if any(look.face is None for look in looks):
        codes.append("FACE_COVERED")
    if any(look.faces > 1 for look in looks):
        codes.append("MULTIPLE_FACES")
    if frontal[0] not in fit or len(fit) < 2:
        codes += [code for face in frontal if face for code in shortfalls(face.quality)]
    return tuple(dict.fromkeys(codes))


def _motion(asked: Sequence[Step], looks: Sequence[Look], bars: Bars, scores: list[Score]) -> Found:
    found: Found = {}
    base = looks[0].face
    least: dict[str, motion.Moved] = {}
    for _, moved in motion.performed(asked, looks):
        if moved is None:  # another pack than the one the challenge was made for
            found["ACTION_UNSEEN"] = "not_run"
            continue
        if not moved.done:
            found["ACTION_NOT_PERFORMED"] = "fail"
        before = least.get(moved.score)
        if before is None or moved.value < before.value:
            least[moved.score] = moved
    for step in asked:
        face = looks[step.first].face
        if step.action == NEUTRAL and base is not None and face is not None and not motion.still(base, face):
            found["ACTION_NOT_PERFORMED"] = "fail"
    if base is not None and abs(base.yaw5) >= motion.FRONTAL:
        found["ACTION_NOT_PERFORMED"] = "fail"
    scores += [_score(item.score, item.value, item.bar, bars.models.get(item.role)) for item in least.values()]
    for step in asked:
        lead = motion.flat(looks[0], looks[step.first]) if step.action == CLOSER else None
        if lead is not None:
            scores.append(_score("flat_lead", lead, motion.FLATTER, bars.models.get("detection")))
            if lead >= motion.FLATTER:
                found["FACE_FLAT"] = "fail"
    return found


def _one_person(asked: Sequence[Step], looks: Sequence[Look], bars: Bars, scores: list[Score]) -> Found:
    found: Found = {}
    faces = [look.face for look in looks if look.face is not None]
    embeddings = [face.embedding for face in faces]
    if any(np.array_equal(one, other) for i, one in enumerate(embeddings) for other in embeddings[:i]):
        found["FRAMES_ALIKE"] = "fail"
    differs = feed.alike([looks[step.first] for step in asked])  # within a burst hardly anything moves
    if differs is not None and differs < feed.SAME:
        found["FRAMES_ALIKE"] = "fail"
    likeness = [similarity(embeddings[0], other) for other in embeddings]
    frontal = min(likeness[step.first] for step in asked if step.action == NEUTRAL)
    _note(found, band(frontal, bars.match_accept, bars.match_review), "IDENTITY_UNSURE", "IDENTITY_CHANGED")
    model = bars.models.get("recognition")
    scores.append(_score("continuity_frontal_least", frontal, bars.match_accept, model))
    # A photograph held up for the frontal frames, and the own head for the others.
    for name, kinds in (("turned", TURNS), ("moved", None)):
        values = [
            likeness[frame]
            for step in asked
            if step.action != NEUTRAL and (step.action in TURNS) == (kinds is not None)
            for frame in step.frames
        ]
        if values:
            scores.append(_score(f"continuity_{name}_least", min(values), STRANGER, model))
            if min(values) < STRANGER:
                found.setdefault("IDENTITY_UNSURE", "review")
    return found


def _light(
    asked: Sequence[Step], looks: Sequence[Look], colours: Sequence[str], bars: Bars, scores: list[Score]
) -> Found:
    tones = [None if step.action in TURNS else _tone(step, looks) for step in asked]
    seen = light.reflected(colours, tones)
    if seen is None:
        return {"LIGHT_UNSEEN": "not_run"}
    model = bars.models.get("detection")
    scores.append(_score("light_follows", seen.follows, light.FOLLOWS, model))
    scores.append(_score("light_gain", seen.gain, light.FAINT, model))
    if seen.follows >= light.FOLLOWS and seen.chance <= light.CHANCE and seen.gain >= light.FAINT:
        return {}
    if seen.spread >= light.OTHER and seen.chance > light.CHANCE:
        return {"LIGHT_DIFFERS": "review"}
    return {"LIGHT_UNSEEN": "not_run"}


def _tone(step: Step, looks: Sequence[Look]) -> tuple[float, float] | None:
    """Of the face against its surroundings, so that neither the lamp nor the camera's white balance counts."""
    frame = step.first if step.action != BLINK else step.first + step.length - 1
    scene = looks[frame].scene
    if scene is None or scene.face is None:
        return None
    around = scene.around or (0.0, 0.0)
    return scene.face[0] - around[0], scene.face[1] - around[1]


def _note(found: Found, verdict: Verdict, unsure: str, failed: str) -> None:
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
