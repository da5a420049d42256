"""KYC-04: a thousand replays against the real flow, and a thousand clips that were made without knowing the challenge.

What the models see of a picture is looked up, since the same few pictures come again and again; every rule, every seal
and every claim is the real one, and no verdict is made up.
"""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count

import pytest

from bench.attacks import Recordings, clips
from evidence.case import Case
from evidence.errors import Refused
from evidence.events import LivenessJudged
from kyc import models
from kyc.challenge import flow as live
from kyc.engine import Eyes, FaceEngine
from kyc.errors import (
    ChallengeExpired,
    DeviceForeign,
    FrameOutOfOrder,
    FrameReplayed,
    FramesMissing,
    FramesUnsigned,
    LivenessReplayed,
)
from kyc.face import Look
from kyc.networks import Local
from tests.kyc.story import Story, bodies, present

ROUNDS = 50
COMMENT = 14  # bytes of a JPEG's start and of the comment that `marked` puts behind it


class Remembering(FaceEngine):
    """The real engine, which looks at the same picture only once."""

    def __init__(self, real: FaceEngine) -> None:
        self.__dict__.update(real.__dict__)
        self._seen: dict[bytes, Look] = {}

    async def look(self, data: bytes, keep: bool = False) -> Look:
        key = hashlib.sha256(data[COMMENT:]).digest()
        if key not in self._seen:
            self._seen[key] = await super().look(data, keep)
        return self._seen[key]


def marked(jpeg: bytes, number: int) -> bytes:
    """The same picture in other bytes: a comment of eight digits behind its start."""
    return jpeg[:2] + b"\xff\xfe\x00\x0a" + f"{number:08d}".encode() + jpeg[2:]


@dataclass
class Attacker:
    """Has a whole capture that passed, and a picture for each purpose."""

    story: Story
    done: Case
    old: Sequence[bytes]
    numbers: "count[int]"

    def another(self) -> bytes:
        return marked(self.old[0], next(self.numbers))

    async def complete(self, case: Case) -> tuple[Case, list[bytes]]:
        frames = [self.another() for _ in present(case).actions[len(present(case).frames) :]]
        for frame in frames:
            case = await self.story.frame(case, len(present(case).frames), frame)
        return case, frames


Replay = Callable[[Attacker, Case], Awaitable[object]]


async def _a_frame_again(by: Attacker, case: Case) -> object:
    return await by.story.frame(case, len(present(case).frames), by.old[next(by.numbers) % len(by.old)])


async def _a_frame_in_another_place(by: Attacker, case: Case) -> object:
    return await by.story.frame(case, len(present(case).frames) + 1, by.another())


async def _a_frame_for_the_old_challenge(by: Attacker, case: Case) -> object:
    return await by.story.frame(case, 0, by.another(), challenge=present(by.done).id)


async def _a_frame_from_another_phone(by: Attacker, case: Case) -> object:
    return await by.story.frame(case, len(present(case).frames), by.another(), device=by.story.other_phone)


async def _the_old_session(by: Attacker, case: Case) -> object:
    command = by.story.signed(by.done, by.old, by.story.phone)
    return await live.decide(case, command, present(by.done).id, by.story.stamp(), by.story.ports)


async def _the_old_signature(by: Attacker, case: Case) -> object:
    command = by.story.signed(by.done, by.old[: len(present(case).actions)], by.story.phone)
    return await live.decide(case, command, present(case).id, by.story.stamp(), by.story.ports)


WHILE_IT_RUNS: dict[Replay, type[Refused]] = {
    _a_frame_again: FrameReplayed,
    _a_frame_in_another_place: FrameOutOfOrder,
    _a_frame_for_the_old_challenge: LivenessReplayed,
    _a_frame_from_another_phone: DeviceForeign,
    _the_old_session: LivenessReplayed,
    _the_old_signature: FramesMissing,
}


async def _refused(by: Attacker, case: Case, replay: Replay, error: type[Refused]) -> None:
    with pytest.raises(error):
        await replay(by, case)


async def _frames_in_another_order(by: Attacker, case: Case, frames: list[bytes]) -> object:
    return await by.story.decide(case, [frames[1], frames[0], *frames[2:]])


async def _frames_signed_by_another_phone(by: Attacker, case: Case, frames: list[bytes]) -> object:
    return await by.story.decide(case, frames, signer=by.story.other_phone)


async def _frames_of_the_old_session_signed_anew(by: Attacker, case: Case, frames: list[bytes]) -> object:
    wanted = (list(by.old) * 2)[: len(frames)]
    return await by.story.decide(case, wanted)


async def _frames_signed_for_another_challenge(by: Attacker, case: Case, frames: list[bytes]) -> object:
    command = by.story.signed(case, frames, by.story.phone, nonce=present(by.done).nonce)
    return await live.decide(case, command, present(case).id, by.story.stamp(), by.story.ports)


async def _frames_signed_for_another_card(by: Attacker, case: Case, frames: list[bytes]) -> object:
    command = by.story.signed(case, frames, by.story.phone, paper="B" * 43)
    return await live.decide(case, command, present(case).id, by.story.stamp(), by.story.ports)


async def _one_frame_twice(by: Attacker, case: Case, frames: list[bytes]) -> object:
    return await by.story.decide(case, [frames[0], frames[0], *frames[2:]])


ONCE_COMPLETE = (
    _frames_in_another_order,
    _frames_signed_by_another_phone,
    _frames_of_the_old_session_signed_anew,
    _frames_signed_for_another_challenge,
    _frames_signed_for_another_card,
    _one_frame_twice,
)


async def test_a_thousand_replays_are_refused(story: Story) -> None:  # KYC-04, attack 1
    story.ports = replace(story.ports, faces=Remembering(story.ports.faces))
    case = await story.challenge(await story.before_the_camera())
    old = await story.frames(case, seed=900)
    done = await story.decide(await story.capture(case, old), old)
    assert done.identity_of("proposer").attempts[-1].verdict == "pass"  # what is replayed would be worth it
    by = Attacker(story, done, old, count())
    elsewhere = await story.before_the_camera()
    refused = 0
    for _ in range(ROUNDS):
        case = await story.challenge(done if refused == 0 else case)
        first = by.another()
        case = await story.frame(case, 0, first)
        for replay, error in WHILE_IT_RUNS.items():
            await _refused(by, case, replay, error)
        with pytest.raises(FrameReplayed):  # one frame twice in one capture
            await story.frame(case, 1, first)
        elsewhere = await story.challenge(elsewhere)
        await _refused(by, elsewhere, _a_frame_again, FrameReplayed)
        await _refused(by, elsewhere, _the_old_session, LivenessReplayed)
        case, rest = await by.complete(case)
        frames = [first, *rest]
        for again in ONCE_COMPLETE:
            with pytest.raises(FramesUnsigned):
                await again(by, case, frames)
        late = story.clock.at
        story.clock.forward(61)
        for _ in range(5):
            with pytest.raises(ChallengeExpired):
                await story.decide(case, frames)
        story.clock.at = late
        refused += len(WHILE_IT_RUNS) + 3 + len(ONCE_COMPLETE) + 5
    assert refused == 1_000
    assert len(await bodies(story, case, LivenessJudged)) == 1
    assert await bodies(story, elsewhere, LivenessJudged) == []


@pytest.mark.slow
def test_clips_made_without_knowing_the_challenge_are_refused(pack: models.Pack) -> None:  # KYC-04
    eyes = Eyes(pack, Local(pack))
    blind, without_colours, control = clips(eyes, Recordings(eyes, takes=2), sessions=1_000).values()
    assert blind.trials == without_colours.trials == 1_000
    assert blind.passed + blind.review <= 10
    assert without_colours.passed + without_colours.review <= 10
    assert control.passed >= 990  # the very same recordings, for the challenge they were made for
