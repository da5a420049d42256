"""`python -m bench.attacks [SESSIONS]`: what the liveness check refuses, by method, with sample and 95 % interval.

Everything is synthetic: photographs of four public-domain people warped by `bench.moves`. Clips made without knowing
the challenge must be refused. Streams made on the fly by somebody who knows it, from one still photograph, are
reported as they come out: most of those that move the face in depth pass, and no figure here says otherwise.
"""

import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from bench import moves, specimen
from bench.specimen import Face, Pixels
from kyc import models
from kyc.calibrate.intervals import exact
from kyc.challenge.flow import bars_of
from kyc.engine import Eyes
from kyc.face import Look
from kyc.intake import decode
from kyc.liveness import MOVEMENTS, NEUTRAL, Judgement, drawn, judge, light
from kyc.liveness.actions import BLINK, BURST, CLOSER, LEFT, NOD, RIGHT, steps
from kyc.networks import Local

MODELS = Path("build/models")
CLIPS = 1_000
TAKES = 3  # pictures kept of each movement in each colour
ADAPTIVE = 6  # sessions of each method made on the fly, and photograph


@dataclass
class Tally:
    """Outcomes of one method. `passed`: what the attacker wants."""

    passed: int = 0
    review: int = 0
    refused: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    def add(self, judgement: Judgement) -> None:
        self.passed += judgement.verdict == "pass"
        self.review += judgement.verdict == "review"
        self.refused += judgement.verdict in {"fail", "not_run"}
        for reason in judgement.reasons:
            self.reasons[reason] = self.reasons.get(reason, 0) + 1

    @property
    def trials(self) -> int:
        return self.passed + self.review + self.refused

    def line(self, name: str) -> str:
        low, high = exact(self.passed, self.trials)
        why = ", ".join(
            f"{reason} {count}" for reason, count in sorted(self.reasons.items(), key=lambda item: -item[1])[:3]
        )
        return (
            f"{name:<44} {self.passed:>5} of {self.trials:>5} pass  {100 * self.passed / self.trials:5.1f} % "
            f"({100 * low:.1f}-{100 * high:.1f})  review {self.review}, refused {self.refused}  {why}"
        )


class Recordings:
    """One person's takes of every movement in every colour, seen once by the real models, cut into clips at will."""

    def __init__(self, eyes: Eyes, takes: int = TAKES) -> None:
        self._looks: dict[tuple[str, str], list[list[Look]]] = {}
        for action in (NEUTRAL, *MOVEMENTS):
            count = BURST if action == BLINK else 1
            for colour in light.COLOURS:
                self._looks[action, colour] = [
                    [
                        eyes.see(decode(frame))
                        for frame in specimen.frames((action,) * count, _seed(action, colour, take), colours=[colour])
                    ]
                    for take in range(takes + 5 * (action == NEUTRAL))
                ]

    def clip(self, actions: Sequence[str], colours: Sequence[str], chance: random.Random) -> list[Look]:
        """Pictures of a session, none of them twice."""
        found: list[Look] = []
        used: set[tuple[str, str, int]] = set()
        for step, colour in zip(steps(actions), colours, strict=True):
            takes = self._looks[step.action, colour]
            free = [number for number in range(len(takes)) if (step.action, colour, number) not in used]
            number = chance.choice(free)
            used.add((step.action, colour, number))
            found += takes[number]
        return found


def clips(eyes: Eyes, recordings: Recordings, sessions: int = CLIPS, seed: int = 1) -> dict[str, Tally]:
    """Recorded for one challenge, shown for another; and the same recordings for the challenge they were made for."""
    chance, bars = random.Random(seed), bars_of(eyes)
    tallies = {"recorded without knowing the challenge": Tally(), "  of these the colours are not asked for": Tally()}
    tallies["as control: performed as asked"] = Tally()
    blind, dull, control = tallies.values()
    for _ in range(sessions):
        made, wanted = drawn(chance.randbytes(8)), drawn(chance.randbytes(8))
        shown, asked = light.drawn(chance.randbytes(8)), light.drawn(chance.randbytes(8))
        clip = recordings.clip(made, shown, chance)
        clip = [clip[round(place * (len(clip) - 1) / (len(wanted) - 1))] for place in range(len(wanted))]
        blind.add(judge(wanted, clip, bars, asked))
        dull.add(judge(wanted, clip, bars))
        control.add(judge(made, recordings.clip(made, shown, chance), bars, shown))
    return tallies


# --- made while the challenge runs, from one photograph ---------------------------------------------------------------

Make = Callable[[Pixels, Face, str], Pixels]


def _flat(picture: Pixels, face: Face, action: str) -> Pixels:  # noqa: ARG001 - one shape for every method
    """A print or a screen turned, tilted and brought nearer: everything in one plane."""
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    squeeze = {LEFT: (0.16, 0), RIGHT: (-0.16, 0), NOD: (0, 0.16)}.get(action, (0, 0))
    seen = corners.copy()
    if squeeze[0]:
        near, far = (0, 3) if squeeze[0] > 0 else (1, 2), (1, 2) if squeeze[0] > 0 else (0, 3)
        for corner in far:
            seen[corner, 1] += (height / 2 - seen[corner, 1]) * 0.3
        for corner in (*near, *far):
            seen[corner, 0] = width / 2 + (seen[corner, 0] - width / 2) * 0.77
    if squeeze[1]:
        for corner in (0, 1):
            seen[corner, 0] += (width / 2 - seen[corner, 0]) * 0.25
        seen[:, 1] = height / 2 + (seen[:, 1] - height / 2) * 0.8
    if action == CLOSER:
        seen = (seen - (width / 2, height / 2)) * 1.3 + (width / 2, height / 2)
    made = cv2.warpPerspective(
        picture,
        cv2.getPerspectiveTransform(corners, seen.astype(np.float32)),
        (width, height),
        borderMode=cv2.BORDER_REFLECT,
    )
    return np.asarray(made, np.uint8)


def _zoomed(picture: Pixels, face: Face, action: str) -> Pixels:
    """Everything moved in depth, but nearer by enlarging the whole picture."""
    return _flat(picture, face, action) if action == CLOSER else _deep(picture, face, action)


def _deep(picture: Pixels, face: Face, action: str) -> Pixels:
    return specimen.doing(picture, face, action)


def _framed(picture: Pixels, face: Face, action: str) -> Pixels:
    """The same on a screen that is held before the camera: smaller, with an edge around it."""
    made = _deep(picture, face, action)
    height, width = made.shape[:2]
    small = cv2.resize(made, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)
    scene = np.full_like(made, (120, 125, 130))
    top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    scene[top - 16 : top + small.shape[0] + 16, left - 16 : left + small.shape[1] + 16] = (18, 18, 20)
    scene[top : top + small.shape[0], left : left + small.shape[1]] = small
    return scene


def _still(picture: Pixels, face: Face, action: str) -> Pixels:  # noqa: ARG001 - one shape for every method
    return picture


METHODS: dict[str, tuple[Make, bool]] = {
    "still photograph, shaken": (_still, False),
    "still photograph, painted with the colours": (_still, True),
    "flat picture turned and brought nearer": (_flat, True),
    "warped in depth, nearer by enlarging it all": (_zoomed, True),
    "warped in depth": (_deep, False),
    "warped in depth, painted with the colours": (_deep, True),
    "warped in depth, on a screen with an edge": (_framed, True),
}


def adaptive(eyes: Eyes, sessions: int = ADAPTIVE, seed: int = 2) -> Iterator[tuple[str, Tally, Tally]]:
    """Name, outcomes, and outcomes of the light alone."""
    chance, bars = random.Random(seed), bars_of(eyes)
    people = list(_people(eyes))
    for name, (make, painted) in METHODS.items():
        tally, lit = Tally(), Tally()
        for photograph, face in people:
            kept: dict[str, Pixels] = {}
            for number in range(sessions):
                actions, colours = drawn(chance.randbytes(8)), light.drawn(chance.randbytes(8))
                looks = []
                shake = np.random.default_rng(seed * 1_000 + number)
                for step, colour in zip(steps(actions), colours, strict=True):
                    for place in range(step.length):
                        action = step.action if step.length == 1 or 0 < place < step.length - 1 else NEUTRAL
                        if action not in kept:
                            kept[action] = make(photograph, face, action)
                        frame = moves.held(kept[action], shake)
                        if painted:
                            frame = moves.lit(frame, face.box, light.COLOURS[colour], specimen.REFLECTED)
                        noisy = frame + shake.normal(0.0, 1.0, frame.shape)
                        looks.append(eyes.see(decode(specimen.jpeg_of(np.clip(noisy, 0, 255).astype(np.uint8)))))
                judgement = judge(actions, looks, bars, colours)
                tally.add(judgement)
                lit.add(Judgement(judgement.parts.get("light", "not_run")))
        yield name, tally, lit


def _people(eyes: Eyes) -> Iterator[tuple[Pixels, Face]]:
    for picture in (
        specimen.selfie(),
        *(specimen.selfie(specimen.other_person(name)) for name in specimen.PUBLIC_DOMAIN),
    ):
        seen = eyes.see(picture).face
        assert seen is not None
        yield picture, Face(seen.box, seen.points)


def _seed(action: str, colour: str, take: int) -> int:
    return 10_000 * (NEUTRAL, *MOVEMENTS).index(action) + 1_000 * list(light.COLOURS).index(colour) + take


def main(arguments: list[str]) -> int:
    sessions = int(arguments[0]) if arguments else CLIPS
    pack = models.load(MODELS)
    eyes = Eyes(pack, Local(pack))
    print("SYNTHETIC: warped photographs of four public-domain people; see docs/LIVENESS.md\n")
    tallies = clips(eyes, Recordings(eyes), sessions)
    for name, tally in tallies.items():
        print(tally.line(name), flush=True)
    blind = next(iter(tallies.values()))
    print()
    for name, tally, lit in adaptive(eyes):
        print(tally.line(name))
        print(
            f"{'':<44}   the light alone: {lit.passed} pass, {lit.review} review, {lit.refused} not judged", flush=True
        )
    return 0 if blind.passed / blind.trials <= 0.05 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
