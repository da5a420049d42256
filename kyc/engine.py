"""The model engine: one pool of threads, one session a model, and a golden vector before the first customer.

Detection, alignment and embedding run through insightface 2.1's pipeline over the pack's V2 manifest; the passive
screen runs beside it. Threads: intra-op 1, inter-op 1, one worker a core, no spinning pool: measured fastest, 24-28
checks a second on two cores against 9-10 with the default pools.
"""

import asyncio
import ctypes
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

import cv2
import numpy as np
import onnxruntime
from insightface.app import FaceAnalysis
from numpy.typing import NDArray

from evidence.errors import TooBusy
from evidence.events.identity import Provenance
from kyc import face, quality
from kyc.intake import Pixels, decode
from kyc.models import ModelFile, Pack, PackInvalid, Passive

P = ParamSpec("P")
T = TypeVar("T")

RIVAL = 0.25  # a second face this large beside the largest is a second person, a smaller one is a passer-by
GOLDEN_PIXELS = 2.0
GOLDEN_LOGITS = 0.25  # red and blue swapped moves one by 0.74 on the golden picture; another CPU by 0.01
GOLDEN_COSINE = 0.999


class Workers:
    """A bounded pool of threads for model work. TooBusy at once when the queue is full: waiting helps nobody."""

    def __init__(self, threads: int | None = None, waiting: int = 32) -> None:
        count = threads or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="models")
        self._room = threading.BoundedSemaphore(count + waiting)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if not self._room.acquire(blocking=False):
            raise TooBusy("model queue full")
        task = self._pool.submit(work, *args, **kwargs)
        task.add_done_callback(lambda _: self._room.release())  # also when the caller went away
        return await asyncio.wrap_future(task)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def session_options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # the arena keeps the largest input's activations for ever
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


class FaceEngine:
    """`look` at a picture. One instance serves the process; a pack is swapped by making another."""

    def __init__(self, pack: Pack, workers: Workers) -> None:
        """Loads and checks; PackInvalid when the pack does not answer its golden picture as it must."""
        self.pack = pack
        self._workers = workers
        tasks = pack.manifest.tasks
        analysis = FaceAnalysis(
            name=str(pack.path),
            allowed_modules=["detection", "recognition"],
            providers=["CPUExecutionProvider"],
            sess_options=session_options(),
            static_shape_sessions=False,
        )
        self._detector = analysis.det_model
        self._recogniser = analysis.models["recognition"]
        self._passive = onnxruntime.InferenceSession(
            str(pack.path / tasks.passive.file), session_options(), providers=["CPUExecutionProvider"]
        )
        self._answer_golden()
        give_back_memory()

    async def look(self, data: bytes) -> face.Look:
        """Decode and judge one JPEG or PNG. PictureInvalid, PictureTooLarge or TooBusy."""
        return await self._workers.run(lambda: self.see(decode(data)))

    async def work(self, task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Other CPU work on pictures, under the same bound."""
        return await self._workers.run(task, *args, **kwargs)

    def provenance(self, role: str) -> Provenance:
        """Names the model behind a sealed score. `role`: detection, recognition or passive."""
        item: ModelFile = getattr(self.pack.manifest.tasks, role)
        return Provenance(
            pack=self.pack.manifest.model_id,
            manifest=self.pack.sha256,
            role=role,
            sha256=item.sha256,
            preprocessing=item.preprocessing_version,
            runtime=f"onnxruntime {onnxruntime.__version__}",
        )

    def see(self, picture: Pixels) -> face.Look:
        """Synchronous heart of `look`: about 60 ms of one core."""
        height, width = picture.shape[:2]
        boxes, points = self._detected(picture)
        if not len(boxes):
            return face.Look(width, height, 0, None)
        areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        largest = int(np.argmax(areas))
        near = int((areas >= RIVAL * areas[largest]).sum())
        return face.Look(width, height, near, self._face(picture, boxes[largest], points[largest].astype(np.float64)))

    def _detected(self, picture: Pixels) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        # The network wants multiples of 32; asking for a tight size instead of a square saves a third of the work.
        task = self.pack.manifest.tasks.detection
        height, width = picture.shape[:2]
        share = min(1.0, task.side / max(height, width))
        size = tuple(-(-int(length * share) // 32) * 32 for length in (width, height))
        boxes, points = self._detector.detect(picture, input_size=size, det_thresh=task.floor)
        return boxes, points

    def _face(self, picture: Pixels, found: NDArray[np.float32], points: face.Points) -> face.Face:
        left, top, right, bottom, score = (float(value) for value in found)
        box = (left, top, right, bottom)
        crop = cv2.warpAffine(picture, face.alignment(points), self.pack.manifest.tasks.recognition.input_size)
        embedding = self._recogniser.get_feat(crop)[0]
        return face.Face(
            box=box,
            points=points,
            score=score,
            yaw5=face.yaw5(points),
            embedding=embedding / np.linalg.norm(embedding),
            passive=_share(self._passive_logits(picture, box), self.pack.manifest.tasks.passive.live),
            quality=quality.measure(picture, box),
        )

    def _passive_logits(self, picture: Pixels, box: tuple[float, float, float, float]) -> NDArray[np.float32]:
        task = self.pack.manifest.tasks.passive
        crop = cv2.resize(passive_crop(picture, box, task), (task.side, task.side))
        if task.channels == "RGB":
            crop = crop[:, :, ::-1]
        batch = np.ascontiguousarray(crop.transpose(2, 0, 1)[None], dtype=np.float32)
        logits: NDArray[np.float32] = self._passive.run(None, {self._passive.get_inputs()[0].name: batch})[0][0]
        return logits

    def _answer_golden(self) -> None:
        golden = self.pack.manifest.golden
        picture = decode((self.pack.path / golden.file).read_bytes())
        seen = self.see(picture).face
        if seen is None:
            raise PackInvalid("golden: no face found")
        wanted = np.array(golden.embedding_e4, np.float32)
        checks: dict[str, Any] = {
            "box": np.abs(np.subtract(seen.box, golden.box)).max() <= GOLDEN_PIXELS,
            "points": np.abs(seen.points - np.array(golden.points)).max() <= GOLDEN_PIXELS,
            "embedding": len(seen.embedding) == len(wanted)
            and np.dot(seen.embedding, wanted / np.linalg.norm(wanted)) >= GOLDEN_COSINE,
            "passive": np.abs(self._passive_logits(picture, seen.box) - golden.passive_logits).max() <= GOLDEN_LOGITS
            and seen.passive >= self.pack.manifest.tasks.passive.accept,
        }
        wrong = [name for name, right in checks.items() if not right]
        if wrong:
            raise PackInvalid(f"golden: {', '.join(wrong)} not as the pack says; preprocessing or files are wrong")


def give_back_memory() -> None:
    """Return freed pages after loading: 60 MB here, since model files are parsed once more than they are kept.

    glibc only; elsewhere the allocator decides for itself.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def passive_crop(picture: Pixels, box: tuple[float, float, float, float], task: Passive) -> Pixels:
    """A square of the face box's height around it, grown by `scale`, pushed back inside the picture.

    The rule of Silent-Face-Anti-Spoofing; the score depends on it, so it is part of `preprocessing_version`.
    """
    height, width = picture.shape[:2]
    half = (box[3] - box[1]) / 2
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    left, top = max(0.0, middle[0] - half), max(0.0, middle[1] - half)
    right, bottom = min(float(width), middle[0] + half), min(float(height), middle[1] + half)
    scale = min((height - 1) / (bottom - top), (width - 1) / (right - left), task.scale)
    across, down = (right - left) * scale, (bottom - top) * scale
    x = _inside((left + right - across) / 2, across, width)
    y = _inside((top + bottom - down) / 2, down, height)
    return picture[int(y) : int(y + down) + 1, int(x) : int(x + across) + 1]


def _inside(start: float, length: float, limit: int) -> float:
    if start < 0:
        return 0.0
    return min(start, limit - 1 - length)


def _share(logits: NDArray[np.float32], live: int) -> float:
    powers = np.exp(logits - logits.max())
    return float(powers[live] / powers.sum())
