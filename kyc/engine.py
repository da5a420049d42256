"""The model engine: looks at pictures with a pack that answered its golden picture, and changes packs while it runs."""

import asyncio
import copy
import ctypes
import hashlib
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import cv2
import numpy as np
import onnxruntime

from evidence.events.identity import Provenance
from kyc import face, quality, scene
from kyc.intake import Pixels, decode
from kyc.liveness.actions import BLINK, MOUTH, MOVEMENTS, NOD
from kyc.models import ModelFile, Pack, PackInvalid
from kyc.networks import Array, Box, Local, Networks, share
from kyc.pool import Workers

P = ParamSpec("P")
T = TypeVar("T")

RIVAL = 0.25  # a second face this large beside the largest is a second person, a smaller one is a passer-by
GOLDEN_PIXELS = 2.0
GOLDEN_LOGITS = 0.25  # red and blue swapped moves one by 0.74 on the golden picture; another CPU by 0.01
GOLDEN_COSINE = 0.999
GOLDEN_SHUT = 0.1
KEPT, KEPT_S = 1_000, 90  # looks kept for a decision, about 50 KB each, and for how long: no challenge lives longer
GOLDEN_PITCH = 1.5  # degrees; other margins of the crop move it by more
GOLDEN_OPENING = 0.03  # of mouth and lids


class Eyes:
    """One pack, loaded and checked. Never changes: what a decision is taken with, from its first frame to its last."""

    def __init__(self, pack: Pack, networks: Networks, prove: bool = True) -> None:
        """PackInvalid when the networks do not answer the pack's golden picture as they must.

        `prove=False` only where that answer is being written down, or where it makes no difference to a customer.
        """
        self.pack = pack
        self.networks = networks
        self._size = pack.manifest.tasks.recognition.input_size
        self._live = pack.manifest.tasks.passive.live
        if prove:
            self._answer_golden()

    def see(self, picture: Pixels) -> face.Look:
        """CPU work: about 28 ms of one core for a picture of 1280 x 720."""
        height, width = picture.shape[:2]
        boxes, points = self.networks.detect(picture)
        if not len(boxes):
            return face.Look(width, height, 0, None)
        areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        largest = int(np.argmax(areas))
        near = int((areas >= RIVAL * areas[largest]).sum())
        seen = self._face(picture, boxes[largest], points[largest].astype(np.float64))
        return face.Look(width, height, near, seen, scene.observed(picture, seen.box))

    def provenance(self, role: str) -> Provenance:
        """Names the model behind a sealed score. `role`: a task of the manifest."""
        item: ModelFile = getattr(self.pack.manifest.tasks, role)
        return Provenance(
            pack=self.pack.manifest.model_id,
            manifest=self.pack.sha256,
            role=role,
            sha256=item.sha256,
            preprocessing=item.preprocessing_version,
            runtime=f"onnxruntime {onnxruntime.__version__}",
        )

    def _face(self, picture: Pixels, found: Array, points: face.Points) -> face.Face:
        left, top, right, bottom, score = (float(value) for value in found)
        box: Box = (left, top, right, bottom)
        crop = np.asarray(cv2.warpAffine(picture, face.alignment(points), self._size), np.uint8)
        embedding = self.networks.embed(crop)
        shut = self.networks.shut(picture, points)
        contour = self.networks.contour(picture, box)
        return face.Face(
            box=box,
            points=points,
            score=score,
            yaw5=face.yaw5(points),
            embedding=embedding / np.linalg.norm(embedding),
            passive=share(self.networks.screen(picture, box), self._live),
            quality=quality.measure(picture, box, points, score, shut),
            pitch=self.networks.pitch(picture, box),
            mouth=None if contour is None else face.mouth(contour),
            lids=None if contour is None else face.lids(contour),
        )

    def _answer_golden(self) -> None:
        golden = self.pack.manifest.golden
        picture = decode((self.pack.path / golden.file).read_bytes())
        seen = self.see(picture).face
        if seen is None:
            raise PackInvalid("golden: no face found")
        wanted = np.array(golden.embedding_e4, np.float32)
        logits = self.networks.screen(picture, seen.box)
        checks: dict[str, Any] = {
            "box": np.abs(np.subtract(seen.box, golden.box)).max() <= GOLDEN_PIXELS,
            "points": np.abs(seen.points - np.array(golden.points)).max() <= GOLDEN_PIXELS,
            "embedding": len(seen.embedding) == len(wanted)
            and np.dot(seen.embedding, wanted / np.linalg.norm(wanted)) >= GOLDEN_COSINE,
            "passive": len(logits) == len(golden.passive_logits)
            and np.abs(logits - golden.passive_logits).max() <= GOLDEN_LOGITS
            and seen.passive >= self.pack.manifest.tasks.passive.accept,
        }
        if golden.shut is not None:
            checks["eyes"] = abs(seen.quality.shut - golden.shut) <= GOLDEN_SHUT
        told = ((golden.pitch, seen.pitch), (golden.mouth, seen.mouth), (golden.lids, seen.lids))
        bounds = (GOLDEN_PITCH, GOLDEN_OPENING, GOLDEN_OPENING)
        for name, (wanted_, found), bound in zip(("pitch", "mouth", "lids"), told, bounds, strict=True):
            if wanted_ is not None:
                checks[name] = found is not None and abs(found - wanted_) <= bound
        wrong = [name for name, right in checks.items() if not right]
        if wrong:
            raise PackInvalid(f"golden: {', '.join(wrong)} not as the pack says; preprocessing or files are wrong")


class FaceEngine:
    """What flows use. A pack is swapped underneath them; a decision holds on to `pinned()` and never sees two packs."""

    def __init__(self, pack: Pack, workers: Workers, networks: Callable[[Pack], Networks] = Local) -> None:
        """Loads and checks; PackInvalid when the pack does not answer its golden picture as it must."""
        self._workers = workers
        self._connect = networks
        self._before: Eyes | None = None
        self._kept: dict[tuple[str, bytes], face.Look] = {}  # shared by `pinned`
        self._changing = asyncio.Lock()
        self._eyes = self._opened(pack)

    @property
    def pack(self) -> Pack:
        return self._eyes.pack

    @property
    def networks(self) -> Networks:
        return self._eyes.networks

    def pinned(self) -> "FaceEngine":
        """The engine as it is now, whatever is swapped later."""
        return copy.copy(self)

    async def swap(self, pack: Pack) -> None:
        """Use another pack from the next picture on. PackInvalid leaves everything as it was; memory holds both."""
        async with self._changing:
            opened = await self._workers.run(self._opened, pack)
            self._before, self._eyes = self._eyes, opened

    async def roll_back(self) -> bool:
        """Back to the pack before, at once: it was kept loaded. False when there is none."""
        async with self._changing:
            if self._before is None:
                return False
            self._before, self._eyes = self._eyes, self._before
            return True

    async def look(self, data: bytes, keep: bool = False) -> face.Look:
        """Decode and judge one JPEG or PNG. PictureInvalid, PictureTooLarge or TooBusy.

        `keep`: in memory, until it is asked for or KEPT_S have passed, so that a decision need not wait for what could
        be seen while the person was still moving. What is kept is of just these bytes, seen by just this pack.
        """
        eyes = self._eyes
        key = (eyes.pack.sha256, hashlib.sha256(data).digest())
        found = self._kept.pop(key, None)
        if found is None:
            found = await self._workers.run(lambda: eyes.see(decode(data)))
        if keep and len(self._kept) < KEPT:
            self._kept[key] = found
            asyncio.get_running_loop().call_later(KEPT_S, self._kept.pop, key, None)
        return found

    def movements(self) -> tuple[str, ...]:
        """What this pack can see a person do, of `kyc.liveness.MOVEMENTS`."""
        tasks = self.pack.manifest.tasks
        needs = {NOD: tasks.pose, MOUTH: tasks.points68, BLINK: tasks.eyes}
        return tuple(movement for movement in MOVEMENTS if movement not in needs or needs[movement] is not None)

    async def work(self, task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Other CPU work on pictures, under the same bound."""
        return await self._workers.run(task, *args, **kwargs)

    def see(self, picture: Pixels) -> face.Look:
        """Synchronous heart of `look`."""
        return self._eyes.see(picture)

    def provenance(self, role: str) -> Provenance:
        return self._eyes.provenance(role)

    def _opened(self, pack: Pack) -> Eyes:
        eyes = Eyes(pack, self._connect(pack))
        give_back_memory()
        return eyes


def give_back_memory() -> None:
    """Return freed pages after loading: 60 MB here, since model files are parsed once more than they are kept.

    glibc only; elsewhere the allocator decides for itself.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
