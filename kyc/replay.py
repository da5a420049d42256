"""Runs the pictures of a bundle again and holds every score beside the sealed one.

    python -m kyc.replay BUNDLE [--frames FOLDER] [--models FOLDER]

Frames of a liveness capture are destroyed with the decision (KYC-13), so a bundle seldom holds any. Whoever kept them
lawfully gives their folder: a frame counts only when its SHA-256 is the one the device signed, which the bundle says
when it opens the statement. Nothing is written and nothing leaves this machine.
"""

import argparse
import asyncio
import base64
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from evidence.errors import Error
from evidence.events.identity import Score
from evidence.verify import container
from kyc import liveness, models
from kyc.challenge.flow import bars_of
from kyc.engine import Eyes
from kyc.errors import PictureInvalid
from kyc.face import Face
from kyc.intake import decode
from kyc.networks import Local
from kyc.ocr import Reader
from kyc.papers.kinds import PORTRAITS
from kyc.papers.portrait import printed

TOLERANCE_E4 = 50  # another processor rounds differently: 0.005 of a score

State = Literal["same", "differs", "another model", "not kept"]


@dataclass(frozen=True, slots=True)
class Line:
    """One sealed score and what came out now. `again` is None when its pictures are not there."""

    seq: int
    kind: str
    score: Score
    again: int | None
    state: State


@dataclass
class _Case:
    """What was met so far, walking the chain from its first line."""

    files: Mapping[str, bytes]
    frames: Mapping[str, bytes]  # by SHA-256, from the folder
    opened: Mapping[str, Any]  # values by commitment
    actions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    colours: dict[str, str | None] = field(default_factory=dict)  # commitments
    papers: dict[tuple[str, str], str] = field(default_factory=dict)
    faces: dict[str, Face | None] = field(default_factory=dict)

    def media(self, commitment: str) -> bytes | None:
        prefix = f"data/media/{commitment}."
        return next((data for path, data in self.files.items() if path.startswith(prefix)), None)

    def capture(self, body: Mapping[str, Any]) -> list[bytes] | None:
        """The frames of one judged capture, in order; None unless all are there."""
        inside = [self.media(commitment) for commitment in body.get("frames", ())]
        if inside and None not in inside:
            return [data for data in inside if data is not None]
        statement = self.opened.get(body.get("statement") or "")
        named = json.loads(statement)["frames"] if isinstance(statement, str) else []
        kept = [self.frames[digest] for digest in named if digest in self.frames]
        return kept if named and len(kept) == len(named) else None


class Replay:
    """Models loaded once, for any number of bundles."""

    def __init__(self, pack: models.Pack) -> None:
        self._eyes = Eyes(pack, Local(pack))
        self._reader: Reader | None = None

    def lines(self, bundle: bytes, frames: Mapping[str, bytes] | None = None) -> Iterator[Line]:
        """NotVerified when the file is no bundle. `frames`: pictures by their SHA-256."""
        _, files = container.read(bundle)
        case = _Case(files, frames or {}, dict(_openings(files.get("data/openings/values.txt", b""))))
        for record in _records(files):
            body = record["body"]
            match record["type"]:
                case "identity.challenge_issued/1":
                    case.actions[body["challenge"]] = tuple(body["actions"])
                    case.colours[body["challenge"]] = body.get("colours")
                case "identity.paper_captured/1":
                    case.papers[body["party"], body["paper"]] = body["media"]["commitment"]
                case "identity.paper_read/1":
                    yield from self._held(record, body.get("scores", ()), self._read_again(case, body))
                case "identity.liveness_judged/1":
                    yield from self._held(record, body.get("scores", ()), self._judged_again(case, body))
                case "identity.faces_compared/1" if body.get("score"):
                    yield from self._held(record, (body["score"],), self._compared_again(case, body))

    def _read_again(self, case: _Case, body: Mapping[str, Any]) -> Mapping[str, int]:
        picture = case.media(case.papers.get((body["party"], body["paper"]), ""))
        if picture is None or not body.get("scores"):
            return {}
        self._reader = self._reader or Reader()
        reading = asyncio.run(self._reader.read(decode(picture), body["paper"]))
        least = min((item.confidence for item in reading.fields.values()), default=0.0)
        return {"text_confidence_least": round(least * 10_000)}

    def _judged_again(self, case: _Case, body: Mapping[str, Any]) -> Mapping[str, int]:
        case.faces[body["party"]] = None
        frames = case.capture(body)
        if frames is None:
            return {}
        looks = [self._eyes.see(decode(frame)) for frame in frames]
        asked = body["challenge"]
        shown = case.opened.get(case.colours[asked] or "", ())
        judgement = liveness.judge(case.actions[asked], looks, bars_of(self._eyes), tuple(shown))
        case.faces[body["party"]] = judgement.face
        return {score.name: score.value_e4 for score in judgement.scores}

    def _compared_again(self, case: _Case, body: Mapping[str, Any]) -> Mapping[str, int]:
        live = case.faces.get(body["party"])
        shown = (case.papers.get((body["party"], paper), "") for paper in sorted(PORTRAITS))
        picture = next((found for found in map(case.media, shown) if found is not None), None)
        if body["pair"] != "live_to_document" or live is None or picture is None:
            return {}
        _, _, score = liveness.compare(live, printed(self._eyes.see, decode(picture)), bars_of(self._eyes))
        return {} if score is None else {score.name: score.value_e4}

    def _held(self, record: Mapping[str, Any], sealed: Any, again: Mapping[str, int]) -> Iterator[Line]:
        for item in sealed:
            score = msgspec.convert(item, Score)
            yield Line(record["seq"], record["type"], score, again.get(score.name), self._state(score, again))

    def _state(self, score: Score, again: Mapping[str, int]) -> State:
        value = again.get(score.name)
        if value is None:
            return "not kept"
        if score.model is not None and score.model.sha256 not in self._own():
            return "another model"
        near = abs(value - score.value_e4) <= TOLERANCE_E4
        bar = score.threshold_e4
        return "same" if near and (bar is None or (value >= bar) == (score.value_e4 >= bar)) else "differs"

    def _own(self) -> frozenset[str]:
        """Hashes of the models in use."""
        mine = {item.sha256 for item in self._eyes.pack.manifest.tasks.all()}
        return frozenset(mine | ({self._reader.provenance().sha256} if self._reader else set()))


def _records(files: Mapping[str, bytes]) -> Iterator[Any]:
    for path in sorted(path for path in files if path.startswith("data/chain/")):
        for line in files[path].splitlines():
            yield json.loads(line)


def _openings(values: bytes) -> Iterator[tuple[str, Any]]:
    for line in values.splitlines():
        commitment = base64.urlsafe_b64encode(hashlib.sha256(line).digest()).rstrip(b"=").decode()
        yield commitment, json.loads(base64.urlsafe_b64decode(line + b"=" * (-len(line) % 4)))[2]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m kyc.replay", description="run a bundle's pictures again")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--frames", type=Path, help="folder with frames that were kept")
    parser.add_argument("--models", type=Path, default=os.environ.get("JIANZHENG_MODELS", "build/models"))
    arguments = parser.parse_args()
    kept = [path.read_bytes() for path in arguments.frames.iterdir() if path.is_file()] if arguments.frames else []
    frames = {hashlib.sha256(data).hexdigest(): data for data in kept}
    try:
        lines = list(Replay(models.load(arguments.models)).lines(arguments.bundle.read_bytes(), frames))
    except (OSError, Error, PictureInvalid, models.PackInvalid, ValueError, KeyError) as error:
        sys.exit(f"kyc.replay: {type(error).__name__}: {error}")
    for line in lines:
        again = "-" if line.again is None else str(line.again)
        print(f"{line.seq:>5}  {line.score.name:<24} {line.score.value_e4:>6} {again:>6}  {line.state}")  # noqa: T201
    print(f"{len(lines)} sealed scores, {sum(line.again is not None for line in lines)} run again")  # noqa: T201
    sys.exit(1 if any(line.state == "differs" for line in lines) else 0)


if __name__ == "__main__":
    main()
