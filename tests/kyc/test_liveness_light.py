"""Coloured light, enlarged stills and pictures that are one: each signal by itself, then through the flow."""

from dataclasses import replace
from itertools import pairwise

import cv2
import msgspec
import numpy as np
import pytest

from bench import moves, specimen
from evidence.events import ChallengeIssued, LivenessJudged
from kyc.challenge import flow as live
from kyc.commands import Attestation
from kyc.engine import FaceEngine
from kyc.errors import DeviceForeign, LivenessReplayed
from kyc.face import Look
from kyc.intake import decode
from kyc.liveness import NEUTRAL, feed, judge, light, motion
from kyc.liveness.actions import CLOSER, LEFT, NOD
from kyc.liveness.attest import assurance
from tests.kyc.story import Story, bodies, present

ACTIONS = (NEUTRAL, LEFT, NEUTRAL, NOD, NEUTRAL, CLOSER, "open_mouth", NEUTRAL)
SHOWN = ("red", "white", "blue", "green", "red", "blue", "white", "green")
OTHER = ("green", "blue", "white", "red", "white", "green", "blue", "red")


def looks(faces: FaceEngine, colours: tuple[str, ...], seed: int = 60) -> list[Look]:
    return [faces.see(decode(frame)) for frame in specimen.frames(ACTIONS, seed, colours=colours)]


def test_every_colour_comes_twice_and_never_twice_running() -> None:
    assert len(light.sequences()) == 864
    for sequence in light.sequences():
        assert {sequence.count(colour) for colour in light.COLOURS} == {2}
        assert all(one != other for one, other in pairwise(sequence))
    assert {light.drawn(number.to_bytes(8)) for number in range(864)} == set(light.sequences())


def test_no_colour_is_a_saturated_red() -> None:  # WCAG 2.3.1
    for red, green, blue in light.COLOURS.values():
        assert red / (red + green + blue) < 0.8


def test_light_that_follows_is_told_from_light_that_does_not() -> None:
    chance = np.random.default_rng(5)

    def tones(colours: tuple[str, ...], gain: float, noise: float) -> list[tuple[float, float] | None]:
        """As a face of that reflectance would answer; a turned head cannot be asked."""
        answer = [gain * np.array(light._tone(light.COLOURS[colour])) for colour in colours]
        seen = [(float(red), float(blue)) for red, blue in np.array(answer) + chance.normal(0, noise, (8, 2))]
        return [None, *seen[1:]]

    follows = light.reflected(SHOWN, tones(SHOWN, 0.05, 0.005))
    assert follows is not None
    assert follows.follows > 0.9
    assert follows.chance <= 0.01
    assert follows.gain == pytest.approx(0.05, abs=0.01)
    other = light.reflected(SHOWN, tones(OTHER, 0.05, 0.005))
    assert other is not None
    assert other.chance > light.CHANCE
    assert other.spread > light.OTHER
    dark = light.reflected(SHOWN, tones(SHOWN, 0.0, 0.003))
    assert dark is not None
    assert dark.gain < light.FAINT
    assert dark.spread < light.OTHER
    assert light.reflected(SHOWN, [None] * 4 + tones(SHOWN, 0.05, 0.0)[4:]) is None  # too few to say anything


def test_a_slow_change_of_the_room_is_no_answer() -> None:
    drift: list[tuple[float, float] | None] = [(0.03 * n, -0.02 * n) for n in range(8)]
    seen = light.reflected(SHOWN, drift)
    assert seen is not None
    assert seen.spread < 1e-9


@pytest.mark.parametrize(
    ("colours", "part", "verdict"), [(SHOWN, "pass", "pass"), (OTHER, "review", "review"), ((), "not_run", "pass")]
)
def test_a_face_in_the_light_that_was_shown_passes(
    faces: FaceEngine, colours: tuple[str, ...], part: str, verdict: str
) -> None:
    judgement = judge(ACTIONS, looks(faces, colours), live.bars_of(faces), SHOWN)
    assert (judgement.parts["light"], judgement.verdict) == (part, verdict)
    assert judgement.reasons == (("LIGHT_DIFFERS",) if part == "review" else ())


def test_whoever_asks_for_no_colour_is_judged_without(faces: FaceEngine) -> None:
    judgement = judge(ACTIONS, looks(faces, ()), live.bars_of(faces))
    assert judgement.verdict == "pass"
    assert "light" not in judgement.parts


# --- a picture instead of a face --------------------------------------------------------------------------------------


def enlarged(faces: FaceEngine) -> Look:
    picture = specimen.selfie()
    whole = cv2.resize(picture, None, fx=1.3, fy=1.3, interpolation=cv2.INTER_CUBIC)
    top, left = (whole.shape[0] - 960) // 2, (whole.shape[1] - 720) // 2
    return faces.see(np.ascontiguousarray(whole[top : top + 960, left : left + 720]))


def test_an_enlarged_picture_is_no_nearer_face(faces: FaceEngine) -> None:  # attack 5
    base = faces.see(specimen.selfie())
    still, near = enlarged(faces), faces.see(moves.closer(specimen.selfie(), specimen.FACE.box))
    assert motion.flat(base, still) is not None
    assert (motion.flat(base, still) or 0) >= motion.FLATTER
    assert motion.flat(base, near) == 0.0
    seen = looks(faces, ())
    seen[5] = still
    judgement = judge(ACTIONS, seen, live.bars_of(faces))
    assert (judgement.verdict, judgement.reasons) == ("fail", ("FACE_FLAT",))


def test_a_plain_wall_tells_nothing_of_distance(faces: FaceEngine) -> None:
    base, still = faces.see(specimen.selfie()), enlarged(faces)
    assert still.scene is not None
    plain = replace(still, scene=replace(still.scene, small=np.full_like(still.scene.small, 90)))
    assert motion.flat(base, plain) is None


@pytest.mark.parametrize("quality", [95, 85, 60])
def test_one_picture_encoded_anew_and_lit_otherwise_is_one_picture(faces: FaceEngine, quality: int) -> None:
    first = specimen.frames([NEUTRAL], seed=62)[0]
    lighter = np.clip(decode(first).astype(np.float32) * 1.03, 0, 255).astype(np.uint8)
    _, again = cv2.imencode(".jpg", lighter, [cv2.IMWRITE_JPEG_QUALITY, quality])
    other = specimen.frames([NEUTRAL], seed=63)[0]
    one, two, three = (faces.see(decode(data)) for data in (first, again.tobytes(), other))
    assert (feed.alike([one, two]) or 9) < feed.SAME
    assert (feed.alike([one, three]) or 0) > 2 * feed.SAME


# --- through the flow -------------------------------------------------------------------------------------------------


async def test_colours_are_sealed_hidden_and_told_only_to_the_challenged_phone(story: Story) -> None:  # KYC-04
    case = await story.challenge(await story.before_the_camera())
    (issued,) = await bodies(story, case, ChallengeIssued)
    shown = await story.colours(case)
    assert shown in light.sequences()
    assert issued.colour
    assert issued.colours is not None
    opened = await story.ports.vault.reveal(case.id, [issued.colours])
    assert tuple(opened[issued.colours].value) == shown
    with pytest.raises(DeviceForeign):
        await live.colours(case, present(case).id, story.other_phone.session, story.ports)
    with pytest.raises(LivenessReplayed):
        await live.colours(case, "chl_" + "a" * 26, story.phone.session, story.ports)


async def test_a_capture_says_what_each_kind_of_evidence_came_to(story: Story) -> None:
    case = await story.attempt(await story.before_the_camera(), seed=64)
    (judged,) = await bodies(story, case, LivenessJudged)
    assert set(judged.parts) == {"screen", "motion", "person", "light", "feed"}
    assert {verdict for name, verdict in judged.parts.items() if name != "light"} == {"pass"}
    assert judged.assurance == "web"


async def test_without_colours_less_is_recorded_and_nothing_else_changes(story: Story) -> None:
    case = await story.challenge(await story.before_the_camera(), colour=False)
    (issued,) = await bodies(story, case, ChallengeIssued)
    assert (issued.colour, issued.colours) == (False, None)
    assert await story.colours(case) == ()
    frames = await story.frames(case, seed=65)
    case = await story.decide(await story.capture(case, frames), frames)
    (judged,) = await bodies(story, case, LivenessJudged)
    assert judged.verdict == "pass"
    assert "light" not in judged.parts


async def test_a_challenge_is_for_the_card_that_was_confirmed(story: Story) -> None:  # KYC-04
    case = await story.challenge(await story.before_the_camera())
    (issued,) = await bodies(story, case, ChallengeIssued)
    assert issued.paper == case.identity_of("proposer").papers["cn_id_front"].media.commitment
    frames = await story.frames(case, seed=66)
    case = await story.frame(case, 0, frames[0])
    case = await story.confirm(await story.read_before(case, front=specimen.front(specimen.Person(name="林知秋"))))
    with pytest.raises(LivenessReplayed):
        await story.frame(case, 1, frames[1])


class Platform:
    """Vouches for one token and one nonce."""

    def __init__(self, token: str, nonce: str) -> None:
        self._good = (token, nonce)

    async def holds(self, token: str, nonce: str) -> bool:
        return (token, nonce) == self._good


async def test_a_platform_raises_the_assurance_and_its_absence_fails_nobody() -> None:  # attack 2
    platform = {"app_attest": Platform("good", "n1")}
    good, bad = Attestation(kind="app_attest", token="good"), Attestation(kind="app_attest", token="forged")
    assert await assurance(good, "n1", platform) == ("native_attested", ())
    assert await assurance(good, "n2", platform) == ("web", ("ATTESTATION_BAD",))
    assert await assurance(bad, "n1", platform) == ("web", ("ATTESTATION_BAD",))
    assert await assurance(None, "n1", platform) == ("web", ())
    assert await assurance(good, "n1", {}) == ("web", ())


@pytest.mark.parametrize(
    ("token", "sealed", "verdict", "reviewed"),
    [("good", "native_attested", "pass", False), ("forged", "web", "review", True), (None, "web", "pass", False)],
)
async def test_the_sealed_verdict_says_what_the_platform_vouched_for(
    story: Story, token: str | None, sealed: str, verdict: str, reviewed: bool
) -> None:  # KYC-04, attack 2
    case = await story.challenge(await story.before_the_camera())
    story.ports = replace(story.ports, attestors={"app_attest": Platform("good", present(case).nonce)})
    frames = await story.frames(case, seed=67)
    case = await story.capture(case, frames)
    given = None if token is None else Attestation(kind="app_attest", token=token)
    said = {} if given is None else {"attestation": msgspec.to_builtins(given)}
    command = msgspec.structs.replace(story.signed(case, frames, story.phone, **said), attestation=given)
    case = await live.decide(case, command, present(case).id, story.stamp(), story.ports)
    (judged,) = await bodies(story, case, LivenessJudged)
    assert (judged.assurance, judged.verdict) == (sealed, verdict)
    assert ("ATTESTATION_BAD" in judged.reasons) is reviewed
    assert (case.identity_of("proposer").review == "requested") is reviewed
    assert (case.identity_of("proposer").verified is None) is reviewed
