"""Scores sealed in a bundle come out again from the same pictures, and a changed picture or score does not pass."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import pytest

from bench import specimen
from evidence.case import Case
from evidence.errors import NotVerified
from evidence.verify import container
from kyc import models
from kyc.replay import Line, Replay
from tests.evidence.fakes import StoryLedger
from tests.kyc.story import Story


@pytest.fixture(scope="module")
def replay(pack: models.Pack) -> Replay:
    return Replay(pack)


async def judged(story: Story, seed: int = 70) -> tuple[Case, list[bytes]]:
    case = await story.challenge(await story.before_the_camera())
    frames = await story.frames(case, seed)
    return await story.decide(await story.capture(case, frames), frames), frames


async def bundle(story: Story, case: Case, change: Any = None) -> bytes:
    """What a bundle holds of this: the chain, the card as captured, the opened statement."""
    assert isinstance(story.ports.ledger, StoryLedger)
    lines = await story.ports.ledger.log.read(case.id)
    records = [json.loads(line) for line in lines]
    if change is not None:
        change(records)
    files = {"data/chain/0001.jsonl": b"".join(json.dumps(record).encode() + b"\n" for record in records)}
    values: list[bytes] = []
    for record in records:
        if record["type"] == "identity.paper_captured/1":
            commitment = record["body"]["media"]["commitment"]
            media = case.identity_of("proposer").papers[record["body"]["paper"]].media
            files[f"data/media/{commitment}.jpg"] = await story.ports.vault.get(case.id, media)
        hidden = {"identity.liveness_judged/1": "statement", "identity.challenge_issued/1": "colours"}
        if record["type"] in hidden:
            opened = await story.ports.vault.reveal(case.id, [record["body"][hidden[record["type"]]]])
            values += [item.text.encode() + b"\n" for item in opened.values()]
    files["data/openings/values.txt"] = b"".join(values)
    return container.write("case-1", files)


def kept(frames: Sequence[bytes]) -> dict[str, bytes]:
    return {hashlib.sha256(frame).hexdigest(): frame for frame in frames}


def of_faces(lines: Sequence[Line]) -> dict[str, str]:
    return {line.score.name: line.state for line in lines}


SCORES = {
    "passive_median",
    "turn_least",
    "continuity_frontal_least",
    "continuity_turned_least",
    "continuity_moved_least",
    "light_follows",
    "light_gain",
    "similarity",
}


def of_scores(lines: Sequence[Line]) -> dict[str, str]:
    """Of the scores that every capture has; the others depend on what was asked for, and fare as these do."""
    found = of_faces(lines)
    assert {found[name] for name in found.keys() - SCORES} <= {found["turn_least"]}
    return {name: state for name, state in found.items() if name in SCORES}


async def test_the_signed_frames_give_the_sealed_scores_again(story: Story, replay: Replay) -> None:
    case, frames = await judged(story)
    lines = list(replay.lines(await bundle(story, case), kept(frames)))
    assert of_scores(lines) == dict.fromkeys(SCORES, "same")
    assert all(line.again == line.score.value_e4 for line in lines)


async def test_without_frames_it_says_so_and_judges_nothing(story: Story, replay: Replay) -> None:  # KYC-13
    case, frames = await judged(story, seed=71)
    data = await bundle(story, case)
    assert of_scores(list(replay.lines(data))) == dict.fromkeys(SCORES, "not kept")
    other = [*frames[:-1], specimen.frames(["neutral"], seed=99)[0]]  # not the frame the device signed
    assert of_scores(list(replay.lines(data, kept(other)))) == dict.fromkeys(SCORES, "not kept")


async def test_a_score_that_was_not_measured_is_found(story: Story, replay: Replay) -> None:
    case, frames = await judged(story, seed=72)

    def raised(records: list[Any]) -> None:
        for record in records:
            if record["type"] == "identity.faces_compared/1" and record["body"].get("score"):
                record["body"]["score"]["value_e4"] += 300

    lines = list(replay.lines(await bundle(story, case, raised), kept(frames)))
    assert of_scores(lines) == {**dict.fromkeys(SCORES, "same"), "similarity": "differs"}


async def test_another_model_is_named_instead_of_compared(story: Story, replay: Replay) -> None:
    case, frames = await judged(story, seed=73)

    def older(records: list[Any]) -> None:
        for record in records:
            for score in record["body"].get("scores", []):
                score["model"]["sha256"] = "ab" * 32

    lines = list(replay.lines(await bundle(story, case, older), kept(frames)))
    assert of_scores(lines) == {**dict.fromkeys(SCORES, "another model"), "similarity": "same"}


def test_what_is_no_bundle_is_refused(replay: Replay) -> None:
    with pytest.raises(NotVerified):
        list(replay.lines(b"PK\x03\x04"))
