"""The questions asked of networks, behind one port: where is a face, whose is it, is it a recapture, what does it do.

`Local` answers them with onnxruntime through insightface 2.1's own models, in this process. A remote model server is
another implementation of the same verbs; the golden picture checks it exactly as it checks this one.
"""

from typing import Any, Protocol

import cv2
import numpy as np
import onnxruntime
from insightface.app import FaceAnalysis
from insightface.model_zoo.scrfd import SCRFD
from numpy.typing import NDArray

from kyc.face import Contour, Points
from kyc.intake import Pixels
from kyc.models import ModelFile, Pack, Passive

Array = NDArray[np.float32]
EYE = 0.77  # side of an eye's square over the distance between the eyes: 1.6 times the width of an eye
EYE_PIXELS = 24
POSE_MARGIN, POSE_PIXELS = 0.25, 224
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # red, green, blue
CONTOUR = 64
Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels


class Networks(Protocol):
    """Pictures are height x width x 3, blue first. CPU work: called from `kyc.pool.Workers` only."""

    def detect(self, picture: Pixels) -> tuple[Array, Array]:
        """n x 5 (box and score) and n x 5 x 2 (eyes, nose, mouth corners), best first, over the pack's floor."""
        ...

    def embed(self, crop: Pixels) -> Array:
        """The raw embedding of an aligned crop; its length says how sure the network is that this is a face."""
        ...

    def screen(self, picture: Pixels, box: Box) -> Array:
        """Logits of the passive screen."""
        ...

    def shut(self, picture: Pixels, points: Points) -> float:
        """Probability that both eyes are shut or hidden: the smaller of the two. 0 where the pack cannot tell."""
        ...

    def pitch(self, picture: Pixels, box: Box) -> float | None:
        """Degrees, positive upwards; only changes of it mean anything. None where the pack cannot tell."""
        ...

    def contour(self, picture: Pixels, box: Box) -> Contour | None:
        """68 points, in pixels, as iBUG 300-W numbers them. None where the pack cannot tell."""
        ...


class Local:
    """Sessions of this process: one thread each, no spinning, no memory kept for the largest picture ever seen."""

    def __init__(self, pack: Pack) -> None:
        self._tasks = pack.manifest.tasks
        analysis = FaceAnalysis(  # a folder that exists is never looked for on the network
            name=str(pack.path),
            allowed_modules=["detection", "recognition"],
            providers=["CPUExecutionProvider"],
            sess_options=session_options(),
            static_shape_sessions=False,
        )
        self._detector = Detector.of(analysis.det_model)
        self._recogniser = analysis.models["recognition"]
        self._passive = _session(pack, self._tasks.passive)
        self._lids, self._pose, self._points68 = (
            None if item is None else _session(pack, item)
            for item in (self._tasks.eyes, self._tasks.pose, self._tasks.points68)
        )
        cv2.setNumThreads(1)  # as with the sessions: the workers are the parallelism

    def detect(self, picture: Pixels) -> tuple[Array, Array]:
        # The network wants multiples of 32; asking for a tight size instead of a square saves a third of the work.
        height, width = picture.shape[:2]
        share = min(1.0, self._tasks.detection.side / max(height, width))
        size = tuple(-(-int(length * share) // 32) * 32 for length in (width, height))
        boxes, points = self._detector.detect(picture, input_size=size, det_thresh=self._tasks.detection.floor)
        return boxes, points

    def embed(self, crop: Pixels) -> Array:
        found: Array = self._recogniser.get_feat(crop)[0]
        return found

    def screen(self, picture: Pixels, box: Box) -> Array:
        task = self._tasks.passive
        crop = cv2.resize(passive_crop(picture, box, task), (task.side, task.side))
        logits: Array = _asked(self._passive, cv2.dnn.blobFromImage(crop, swapRB=task.channels == "RGB"))[0]
        return logits

    def shut(self, picture: Pixels, points: Points) -> float:
        if self._lids is None or self._tasks.eyes is None:
            return 0.0
        side = EYE * float(np.linalg.norm(points[1] - points[0]))
        crops = [_square(picture, points[eye], side) for eye in (0, 1)]
        logits = [_asked(self._lids, cv2.dnn.blobFromImage(crop, 1 / 255)).reshape(-1) for crop in crops]
        return min(share(answer, self._tasks.eyes.shut) for answer in logits)

    def pitch(self, picture: Pixels, box: Box) -> float | None:
        if self._pose is None:
            return None
        margin = (POSE_MARGIN * (box[2] - box[0]), POSE_MARGIN * (box[3] - box[1]))
        crop = _cut(picture, (box[0] - margin[0], box[1] - margin[1], box[2] + margin[0], box[3] + margin[1]))
        batch = cv2.dnn.blobFromImage(cv2.resize(crop, (POSE_PIXELS, POSE_PIXELS)), 1 / 255, swapRB=True)
        mean, std = (np.array(values, np.float32).reshape(1, 3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
        batch = (np.asarray(batch, np.float32) - mean) / std
        bins = self._pose.run([self._pose.get_outputs()[1].name], {self._pose.get_inputs()[0].name: batch})[0][0]
        powers = np.exp(bins - bins.max())
        return float((powers / powers.sum() * np.arange(len(powers))).sum() * 3 - 99)

    def contour(self, picture: Pixels, box: Box) -> Contour | None:
        if self._points68 is None:
            return None
        half = (box[3] - box[1]) / 2
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        height, width = picture.shape[:2]
        left, top = max(0, int(middle[0] - half)), max(0, int(middle[1] - half))
        right, bottom = min(width, int(middle[0] + half)), min(height, int(middle[1] + half))
        grey = cv2.resize(cv2.cvtColor(picture[top:bottom, left:right], cv2.COLOR_BGR2GRAY), (CONTOUR, CONTOUR))
        found = _asked(self._points68, cv2.dnn.blobFromImage(grey, 1 / 256)).reshape(-1, 2).astype(np.float64)
        return np.asarray(found * (right - left, bottom - top) + (left, top), np.float64)


class Detector(SCRFD):  # type: ignore[misc] # insightface carries no types
    """insightface's detector, which decodes every anchor before it looks at a score; this one decodes what passed."""

    @classmethod
    def of(cls, plain: SCRFD) -> "Detector":
        made = cls(plain.model_file, session=plain.session, static_shape_sessions=plain.static_shape_sessions)
        for name in ("input_mean", "input_std", "input_dtype"):  # set from the manifest, not by the constructor
            if hasattr(plain, name):
                setattr(made, name, getattr(plain, name))
        return made

    def _detect_candidates(
        self, picture: Pixels, size: tuple[int, int], threshold: float
    ) -> tuple[Array, Array]:  # as SCRFD has it: boxes and scores, points, best first
        canvas, scale = _canvas(picture, size)
        blob = self._prepare_input_blob(canvas, size)
        outputs = self._session_for_input_size(size).run(self.output_names, {self.input_name: blob})
        found: list[Array] = [np.empty((0, 15), np.float32)]
        for index, stride in enumerate(self._feat_stride_fpn):
            scores, boxes, points = (
                outputs[index + self.fmc * part].reshape(-1, wide) for part, wide in enumerate((1, 4, 10))
            )
            (passed,) = np.nonzero(scores[:, 0] >= threshold)
            if not len(passed):
                continue
            rows, columns = np.divmod(passed // self._num_anchors, size[0] // stride)
            at = np.stack([columns, rows], axis=1).astype(np.float32) * np.float32(stride)
            distances = boxes[passed] * np.float32(stride)
            nearby = points[passed] * np.float32(stride) + np.tile(at, 5)
            corners = np.hstack([at - distances[:, :2], at + distances[:, 2:], nearby]) / np.float32(scale)
            found.append(np.hstack([corners[:, :4], scores[passed], corners[:, 4:]]))
        every = np.vstack(found)
        every = every[np.argsort(-every[:, 4], kind="stable")]
        return every[:, :5], every[:, 5:].reshape(-1, 5, 2)


def _canvas(picture: Pixels, size: tuple[int, int]) -> tuple[Pixels, float]:
    """The picture scaled to fit the upper left of a black canvas, and by how much: insightface's own rule."""
    height, width = picture.shape[:2]
    if height / width > size[1] / size[0]:
        down, across = size[1], int(size[1] / (height / width))
    else:
        down, across = int(size[0] * (height / width)), size[0]
    small = np.asarray(cv2.resize(picture, (across, down)), np.uint8)
    if (across, down) == size:
        return small, down / height
    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    canvas[:down, :across] = small
    return canvas, down / height


def share(logits: Array, index: int) -> float:
    """Softmax."""
    powers = np.exp(logits - logits.max())
    return float(powers[index] / powers.sum())


def _session(pack: Pack, item: ModelFile) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(
        str(pack.path / item.file), session_options(), providers=["CPUExecutionProvider"]
    )


def _asked(session: onnxruntime.InferenceSession, batch: NDArray[Any]) -> Array:
    answer: Array = session.run(None, {session.get_inputs()[0].name: batch})[0]
    return answer


def _square(picture: Pixels, middle: NDArray[np.float64], side: float) -> NDArray[np.uint8]:
    """A grey square of EYE_PIXELS around a point, cut off where the picture ends."""
    left, top = (max(0, round(value - side / 2)) for value in middle)
    right, bottom = (max(start + 1, round(value + side / 2)) for start, value in zip((left, top), middle, strict=True))
    crop = picture[min(top, picture.shape[0] - 1) : bottom, min(left, picture.shape[1] - 1) : right]
    small = cv2.resize(crop, (EYE_PIXELS, EYE_PIXELS), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)


def _cut(picture: Pixels, box: Box) -> Pixels:
    """The part of the box that lies inside the picture; at least one pixel."""
    height, width = picture.shape[:2]
    left, top = min(max(0, int(box[0])), width - 1), min(max(0, int(box[1])), height - 1)
    return picture[top : max(top + 1, min(height, int(box[3]))), left : max(left + 1, min(width, int(box[2])))]


def session_options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # the arena keeps the largest input's activations for ever
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def passive_crop(picture: Pixels, box: Box, task: Passive) -> Pixels:
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
