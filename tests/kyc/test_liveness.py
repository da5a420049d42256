"""The decision: pure cases built by number, then the specimens through the real models."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import specimen
from kyc import liveness
from kyc.challenge import flow as live
from kyc.engine import FaceEngine
from kyc.face import Embedding, Face, Look, alignment, band, similarity, yaw5
from kyc.intake import decode
from kyc.liveness import LEFT, NEUTRAL, ORDERS, RIGHT, Bars, compare, judge
from kyc.quality import Quality, shortfalls
from kyc.reasons import LIVENESS, MATCH

BARS = Bars(match_accept=0.45, match_review=0.36, match_far_e6=250, live_accept=0.7, live_review=0.3, models={})
FIT = Quality(width=200, share=0.4, luma=130, sharpness=80, noise=0.5, saturation=90, warmth=1.4)
ACTIONS = (NEUTRAL, LEFT, NEUTRAL, RIGHT, NEUTRAL)


def person(angle: float = 0.0, wobble: int = 0) -> Embedding:
    """A unit vector `angle` away from the first axis; `wobble` makes it another frame of the same face."""
    vector = np.zeros(128, np.float32)
    vector[:2] = np.cos(angle), np.sin(angle)
    vector[2 + wobble] = 0.1
    return vector / np.linalg.norm(vector)


def seen(yaw: float, index: int, **changes: Any) -> Look:
    face = Face(
        box=(0, 0, 200, 250),
        points=np.zeros((5, 2)),
        score=0.9,
        yaw5=yaw,
        embedding=person(wobble=index),
        passive=0.95,
        quality=FIT,
    )
    return Look(720, 960, 1, replace(face, **changes))


def performed(actions: tuple[str, ...] = ACTIONS, turn: float = 0.6, drift: float = 0.05) -> list[Look]:
    return [seen(drift + liveness.SIGNS[action] * turn, index) for index, action in enumerate(actions)]


def changed(looks: list[Look], index: int, **changes: Any) -> list[Look]:
    face = looks[index].face
    assert face is not None
    return [*looks[:index], replace(looks[index], face=replace(face, **changes)), *looks[index + 1 :]]


def test_doing_what_was_asked_passes() -> None:
    judgement = judge(ACTIONS, performed(), BARS)
    assert (judgement.verdict, judgement.reasons) == ("pass", ())
    assert {score.name for score in judgement.scores} == {
        "passive_median",
        "turn_least",
        "continuity_frontal_least",
        "continuity_turned_least",
    }


@given(st.sampled_from(ORDERS), st.sampled_from(ORDERS))
def test_only_the_order_that_was_asked_passes(asked: tuple[str, ...], done: tuple[str, ...]) -> None:  # KYC-04
    assert (judge(asked, performed(done), BARS).verdict == "pass") == (asked == done)


def test_a_mirrored_capture_does_not_pass() -> None:
    judgement = judge(ACTIONS, performed(turn=-0.6), BARS)
    assert (judgement.verdict, judgement.reasons) == ("fail", ("ACTION_NOT_PERFORMED",))


@pytest.mark.parametrize(
    ("turn", "drift", "verdict"),
    [(0.51, 0.0, "pass"), (0.49, 0.0, "fail"), (0.6, 0.24, "pass"), (0.6, 0.26, "fail"), (0.6, -0.26, "fail")],
)
def test_turns_are_judged_from_the_own_frontal_baseline(turn: float, drift: float, verdict: str) -> None:
    assert judge(ACTIONS, performed(turn=turn, drift=drift), BARS).verdict == verdict


def test_returning_means_returning() -> None:
    assert judge(ACTIONS, changed(performed(), 2, yaw5=0.4), BARS).reasons == ("ACTION_NOT_PERFORMED",)


@pytest.mark.parametrize(
    ("passive", "verdict", "reasons"),
    [(0.7, "pass", ()), (0.69, "review", ("SCREEN_UNSURE",)), (0.29, "fail", ("SCREEN_SUSPECTED",))],
)
def test_the_passive_screen_is_the_median_of_frontal_frames(
    passive: float, verdict: str, reasons: tuple[str, ...]
) -> None:
    looks = changed(changed(performed(), 0, passive=passive), 2, passive=passive)
    looks = changed(changed(looks, 1, passive=0.0), 4, passive=0.99)  # a turned frame does not count
    judgement = judge(ACTIONS, looks, BARS)
    assert (judgement.verdict, judgement.reasons) == (verdict, reasons)


def test_another_person_in_a_frontal_frame_fails() -> None:
    judgement = judge(ACTIONS, changed(performed(), 4, embedding=person(1.4)), BARS)
    assert (judgement.verdict, judgement.reasons) == ("fail", ("IDENTITY_CHANGED",))


def test_another_persons_turned_head_goes_to_a_reviewer() -> None:
    judgement = judge(ACTIONS, changed(performed(), 3, embedding=person(1.5)), BARS)
    assert (judgement.verdict, judgement.reasons) == ("review", ("IDENTITY_UNSURE",))


def test_one_picture_for_two_frames_fails() -> None:
    looks = performed()
    assert looks[0].face is not None
    judgement = judge(ACTIONS, changed(looks, 2, embedding=looks[0].face.embedding), BARS)
    assert (judgement.verdict, judgement.reasons) == ("fail", ("FRAMES_ALIKE",))


def test_a_capture_that_is_not_fit_is_not_judged() -> None:
    dark = replace(FIT, luma=40)
    first = judge(ACTIONS, changed(performed(), 0, quality=dark), BARS)
    assert (first.verdict, first.reasons, first.face) == ("not_run", ("TOO_DARK",), None)
    nobody = performed()
    nobody[1] = Look(720, 960, 0, None)
    assert judge(ACTIONS, nobody, BARS).reasons == ("FACE_COVERED",)
    crowd = performed()
    crowd[1] = replace(crowd[1], faces=2)
    assert judge(ACTIONS, crowd, BARS).reasons == ("MULTIPLE_FACES",)
    assert judge(ACTIONS, changed(performed(), 4, quality=dark), BARS).verdict == "pass"  # two fit ones are enough


def test_a_print_is_found_even_where_the_rest_cannot_be_judged() -> None:
    looks = [replace(look, face=replace(look.face, passive=0.01) if look.face else None) for look in performed()]
    looks[1] = Look(720, 960, 0, None)
    judgement = judge(ACTIONS, looks, BARS)
    assert (judgement.verdict, judgement.reasons) == ("fail", ("SCREEN_SUSPECTED", "FACE_COVERED"))


@pytest.mark.parametrize(
    ("angle", "verdict", "reasons"),
    [(1.0, "pass", ()), (1.15, "review", ("FACE_UNSURE",)), (1.3, "fail", ("FACE_DIFFERS",))],
)
def test_the_match_falls_into_three_bands(angle: float, verdict: str, reasons: tuple[str, ...]) -> None:
    live, document = seen(0, 0).face, seen(0, 0).face
    assert live is not None
    assert document is not None
    document = replace(document, embedding=person(angle))
    found, why, score = compare(live, document, BARS)
    assert (found, why) == (verdict, reasons)
    assert score is not None
    assert score.value_e4 == round(similarity(live.embedding, document.embedding) * 10_000)
    assert compare(live, None, BARS) == ("not_run", ("PORTRAIT_MISSING",), None)


@given(st.floats(-1, 1), st.floats(0, 1))
def test_bands_never_overlap(score: float, accept: float) -> None:
    assert band(score, accept, accept - 0.1) == (
        "pass" if score >= accept else "review" if score >= accept - 0.1 else "fail"
    )


def test_every_challenge_starts_neutral_turns_at_least_twice_and_returns() -> None:
    assert len(ORDERS) == len(set(ORDERS)) == 14
    for order in ORDERS:
        assert order[0] == NEUTRAL
        assert order.count(NEUTRAL) >= 2
        assert all(one != other for one, other in pairwise(order))
    assert {liveness.drawn(number.to_bytes(8)) for number in range(14)} == set(ORDERS)


def test_the_nose_tells_the_direction_whatever_the_tilt() -> None:
    points = np.array([[40.0, 50], [80, 50], [70, 70], [45, 90], [75, 90]])
    assert yaw5(points) == pytest.approx(0.5)
    tilted = points @ np.array([[np.cos(0.4), np.sin(0.4)], [-np.sin(0.4), np.cos(0.4)]])
    assert yaw5(tilted) == pytest.approx(0.5)


def test_alignment_brings_the_points_onto_the_template() -> None:
    from kyc.face import TEMPLATE

    turn = 2.5 * np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    points = TEMPLATE @ turn.T + (300, 200)
    matrix = alignment(points)
    assert np.allclose(points @ matrix[:, :2].T + matrix[:, 2], TEMPLATE)


def test_quality_bounds_each_have_their_own_code() -> None:
    assert shortfalls(FIT) == ()
    for changes, code in (
        ({"width": 111.0}, "FACE_TOO_FAR"),
        ({"share": 0.9}, "FACE_TOO_CLOSE"),
        ({"luma": 64.0}, "TOO_DARK"),
        ({"noise": 2.5}, "TOO_DARK"),
        ({"luma": 221.0}, "TOO_BRIGHT"),
        ({"sharpness": 12.0}, "BLURRED"),
        ({"saturation": 15.0}, "COLOUR_UNNATURAL"),
        ({"warmth": 2.4}, "COLOUR_UNNATURAL"),
    ):
        assert shortfalls(replace(FIT, **changes)) == (code,)
        assert code in LIVENESS
    assert "FACE_DIFFERS" in MATCH


# --- the specimens, through the models --------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [ORDERS[2], ORDERS[5], ORDERS[13]], ids="-".join)
def test_specimen_captures_pass_in_every_pattern(faces: FaceEngine, order: tuple[str, ...]) -> None:
    looks = [faces.see(decode(frame)) for frame in specimen.frames(order, seed=40)]
    judgement = judge(order, looks, live.bars_of(faces))
    assert (judgement.verdict, judgement.reasons) == ("pass", ())


def test_a_flat_photograph_moved_about_performs_no_turn(faces: FaceEngine) -> None:
    frames = specimen.frames([NEUTRAL] * 5, seed=41)
    judgement = judge(ACTIONS, [faces.see(decode(frame)) for frame in frames], live.bars_of(faces))
    assert "ACTION_NOT_PERFORMED" in judgement.reasons


def test_a_face_swapped_in_half_way_is_found(faces: FaceEngine) -> None:
    frames = specimen.frames(ACTIONS, seed=42)
    frames[4] = specimen.frames([NEUTRAL], seed=43, photograph=specimen.other_person())[0]
    judgement = judge(ACTIONS, [faces.see(decode(frame)) for frame in frames], live.bars_of(faces))
    assert judgement.verdict == "fail"
    assert "IDENTITY_CHANGED" in judgement.reasons
