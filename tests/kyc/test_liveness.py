"""The decision: pure cases built by number, then the specimens through the real models."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import specimen
from kyc.challenge import flow as live
from kyc.commands import Camera
from kyc.engine import FaceEngine
from kyc.face import Embedding, Face, Look, alignment, band, similarity, yaw5
from kyc.intake import decode
from kyc.liveness import LEFT, NEUTRAL, RIGHT, Bars, Sent, compare, judge
from kyc.liveness.actions import BLINK, BURST, CLOSER, MOUTH, MOVEMENTS, NOD, SIGNS, TURNS, bits, drawn, orders, steps
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
        points=POINTS,
        score=0.9,
        yaw5=yaw,
        embedding=person(wobble=index),
        passive=0.95,
        quality=FIT,
        pitch=-10.0,
        mouth=0.1,
        lids=0.3,
    )
    return Look(720, 960, 1, replace(face, **changes))


POINTS = np.array([[60.0, 90], [140, 90], [100, 140], [70, 190], [130, 190]])
SHUT = {"quality": replace(FIT, shut=0.99), "lids": 0.1}
DONE: dict[str, dict[str, Any]] = {
    NOD: {"pitch": -26.0},
    MOUTH: {"mouth": 0.5},
    CLOSER: {"points": POINTS * 1.3},
}


def performed(actions: tuple[str, ...] = ACTIONS, turn: float = 0.6, drift: float = 0.05) -> list[Look]:
    looks = [
        seen(drift + SIGNS.get(action, 0) * turn, index, **DONE.get(action, {})) for index, action in enumerate(actions)
    ]
    for step in steps(actions):
        for frame in list(step.frames)[1:-1] if step.action == BLINK else ():
            looks[frame] = seen(drift, frame, **SHUT)
    return looks


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


CHANCE = st.binary(min_size=8, max_size=8)


@given(CHANCE)
def test_whoever_does_what_was_asked_passes(chance: bytes) -> None:
    asked = drawn(chance)
    assert judge(asked, performed(asked), BARS).verdict == "pass"


@given(CHANCE, CHANCE)
def test_only_the_order_that_was_asked_passes(one: bytes, other: bytes) -> None:  # KYC-04
    asked, done = drawn(one), drawn(other)
    looks = performed(done)
    looks = (looks + looks[-1:] * len(asked))[: len(asked)]  # a clip is as long as it is
    assert (judge(asked, looks, BARS).verdict == "pass") == (asked == done)


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


def test_every_challenge_starts_neutral_turns_and_returns() -> None:  # KYC-04
    assert len(orders()) == len(set(orders())) == 1128
    assert bits() > 10
    for order in orders():
        assert order[0] == NEUTRAL
        assert order.count(NEUTRAL) == 4
        assert len(set(order)) == 5
        assert set(order) & set(TURNS)
        assert all(one != other for one, other in pairwise(order))
        assert all(after == NEUTRAL for one, after in pairwise(order) if one == BLINK)
    assert {tuple(step.action for step in steps(drawn(number.to_bytes(8)))) for number in range(1128)} == set(orders())


@pytest.mark.parametrize("kinds", [(LEFT, RIGHT), (LEFT, RIGHT, NOD), (LEFT, RIGHT, CLOSER)])
def test_a_pack_that_sees_less_is_asked_for_less_and_still_for_the_unexpected(kinds: tuple[str, ...]) -> None:
    assert 2 ** bits(kinds) >= 20 / 0.95
    assert {action for order in orders(kinds) for action in order} == {NEUTRAL, *kinds}


def test_a_blink_is_a_burst_and_eight_steps_stay_eight() -> None:
    for number in range(0, 1128, 17):
        actions = drawn(number.to_bytes(8))
        found = steps(actions)
        assert len(found) == 8
        assert [step.length for step in found] == [BURST if step.action == BLINK else 1 for step in found]
        assert [frame for step in found for frame in step.frames] == list(range(len(actions)))


# --- movements --------------------------------------------------------------------------------------------------------

WITH = (NEUTRAL, LEFT, NEUTRAL, NOD, NEUTRAL, MOUTH, CLOSER, NEUTRAL)
BLINKING = (NEUTRAL, LEFT, NEUTRAL, *(BLINK,) * BURST, NEUTRAL)


@pytest.mark.parametrize(
    ("frame", "changes"),
    [
        (3, {"pitch": -21.0}),  # 11 degrees
        (3, {"pitch": 6.0}),  # up instead of down
        (3, {"yaw5": 0.6}),  # and turned, which was not asked for
        (5, {"mouth": 0.3}),
        (6, {"points": POINTS * 1.15}),
        (4, {"pitch": -26.0}),  # neutral, and still looking down
        (4, {"mouth": 0.5}),
        (7, SHUT),
    ],
)
def test_a_movement_that_falls_short_or_was_not_asked_for_fails(frame: int, changes: dict[str, Any]) -> None:
    judgement = judge(WITH, changed(performed(WITH), frame, **changes), BARS)
    assert (judgement.verdict, judgement.reasons) == ("fail", ("ACTION_NOT_PERFORMED",))


def test_a_mouth_that_is_always_open_opens_nothing() -> None:
    looks = [replace(look, face=replace(look.face, mouth=0.4)) for look in performed(WITH) if look.face]
    assert judge(WITH, looks, BARS).reasons == ("ACTION_NOT_PERFORMED",)


def test_a_blink_is_open_shut_and_open_again_within_its_burst() -> None:
    looks = performed(BLINKING)
    assert judge(BLINKING, looks, BARS).verdict == "pass"
    quick = changed(changed(looks, 4, quality=FIT, lids=0.3), 5, quality=FIT, lids=0.3)
    assert judge(BLINKING, quick, BARS).verdict == "pass"  # one picture of shut eyes is enough
    never = changed(quick, 6, quality=FIT, lids=0.3)
    assert judge(BLINKING, never, BARS).reasons == ("ACTION_NOT_PERFORMED",)
    for frame in range(4, 9):
        looks = changed(looks, frame, **SHUT)
    assert "ACTION_NOT_PERFORMED" in judge(BLINKING, looks, BARS).reasons  # they never opened again


def test_what_another_pack_cannot_see_is_no_failure() -> None:
    looks = changed(performed(WITH), 3, pitch=None)
    assert (judge(WITH, looks, BARS).verdict, judge(WITH, looks, BARS).reasons) == ("not_run", ("ACTION_UNSEEN",))


# --- how it came ------------------------------------------------------------------------------------------------------

AT = (1500, 3040, 4560, 6110, 7590, 9100, 10650, 12190)


@pytest.mark.parametrize(
    ("sent", "reasons"),
    [
        (Sent(at=AT, waited_ms=13_000, floor_ms=2450), ()),
        (Sent(at=AT, waited_ms=6_000, floor_ms=2450), ("TIMING_UNNATURAL",)),  # longer than the server waited
        (Sent(at=AT, waited_ms=13_000, floor_ms=20_000), ("TIMING_UNNATURAL",)),  # faster than anybody moves
        (Sent(at=(1500, *AT[:-1]), waited_ms=13_000, floor_ms=0), ("TIMING_UNNATURAL",)),  # two at once
        (Sent(at=tuple(range(0, 8000, 1000)), waited_ms=13_000, floor_ms=0), ("TIMING_UNNATURAL",)),  # to the ms
        (Sent(at=AT, waited_ms=13_000, floor_ms=0, camera=Camera(label="OBS Virtual Camera")), ("CAMERA_VIRTUAL",)),
        (Sent(at=AT, waited_ms=13_000, floor_ms=0, camera=Camera(label="camera2 1, facing front")), ()),
        (Sent(at=AT, waited_ms=13_000, floor_ms=0, doubts=("ATTESTATION_BAD",)), ("ATTESTATION_BAD",)),
    ],
)
def test_signs_of_a_stream_in_a_cameras_place_go_to_a_person(sent: Sent, reasons: tuple[str, ...]) -> None:  # attack 2
    judgement = judge(WITH, performed(WITH), BARS, sent=sent)
    assert judgement.reasons == reasons
    assert judgement.verdict == ("review" if reasons else "pass")
    assert judgement.parts["feed"] == judgement.verdict


def test_pictures_of_different_sizes_go_to_a_person() -> None:
    looks = performed(WITH)
    looks[3] = replace(looks[3], width=721)
    assert judge(WITH, looks, BARS, sent=Sent(at=AT, waited_ms=13_000, floor_ms=0)).reasons == ("FRAMES_MIXED",)


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


@pytest.mark.parametrize("movement", MOVEMENTS)
def test_specimen_captures_pass_whatever_is_asked(faces: FaceEngine, movement: str) -> None:
    order = next(order for order in orders() if movement in order and order[3] != movement)
    actions = tuple(action for action in order for _ in range(BURST if action == BLINK else 1))
    looks = [faces.see(decode(frame)) for frame in specimen.frames(actions, seed=40)]
    judgement = judge(actions, looks, live.bars_of(faces))
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
