"""The text networks: PP-OCRv6 detection and recognition, straight from the files in the rapidocr package.

Its own pipeline is not used: it looks for text in the whole photograph at 640 pixels, which takes longer than all that
is done here. A straightened paper shows its text at 448 pixels; each line is then read at its own width, one at a
time, which is as fast as batches and holds less memory. The files are named by path and hashed, never downloaded.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from kyc.intake import Pixels
from kyc.models import PackInvalid
from kyc.papers.lines import Line

DETECT = ("PP-OCRv6_det_small.onnx", "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f")
RECOGNISE = ("PP-OCRv6_rec_small.onnx", "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884")
DIRECT = ("ch_ppocr_mobile_v2.0_cls_mobile.onnx", "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c")

HEIGHT = 48  # pixels: what recognition takes
DIRECTION_SIZE = (192, 48)
INK, BOX = 0.3, 0.5  # a pixel belongs to text; a box is one
UNCLIP = 1.6  # detection draws boxes smaller than the text (DBNet, AAAI 2020, 3.4)
LEAST = 0.5  # mean confidence of a line worth keeping
STEP = 8  # pixels of a line between two answers of recognition

Box = NDArray[np.float32]
"""4 x 2 corners of a line of text, clockwise from its top left."""


@dataclass(frozen=True, slots=True)
class Read:
    """One strip: its characters, how sure each is (0..1), and where each stands (0..1 of the strip's width)."""

    text: str
    sure: tuple[float, ...]
    at: tuple[float, ...]


class TextNetworks:
    """Synchronous CPU work; the sessions may be used by several threads at once."""

    def __init__(self) -> None:
        """PackInvalid when the files are not the ones that were measured."""
        self._detect = _opened(*DETECT)
        self._recognise = _opened(*RECOGNISE)
        self._direct = _opened(*DIRECT)
        known = self._recognise.get_modelmeta().custom_metadata_map["character"].splitlines()
        self._characters = ("", *known, " ")  # the first is the blank of connectionist temporal classification

    def boxes(self, picture: Pixels, side: int) -> list[Box]:
        """Where lines of text are, the picture's longer side taken at `side` pixels."""
        height, width = picture.shape[:2]
        share = min(1.0, side / max(height, width))
        size = tuple(max(32, round(length * share / 32) * 32) for length in (width, height))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        (found,) = _run(self._detect, _normal(np.asarray(small, np.uint8)))
        heat = found[0, 0]
        mask = cv2.dilate((heat > INK).astype(np.uint8), np.ones((2, 2), np.uint8))
        contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        grow = np.array([width / size[0], height / size[1]], np.float32)
        return [box * grow for contour in contours if (box := _grown(contour, heat)) is not None]

    def upside_down(self, picture: Pixels, boxes: Sequence[Box]) -> bool:
        """Whether most of the widest lines stand on their heads."""
        widest = sorted(boxes, key=lambda box: float(np.linalg.norm(box[1] - box[0])), reverse=True)[:5]
        votes = 0.0
        for box in widest:
            strip = cut(picture, box)
            width = min(DIRECTION_SIZE[0], max(8, round(strip.shape[1] * HEIGHT / strip.shape[0])))
            held = np.zeros((HEIGHT, DIRECTION_SIZE[0], 3), np.uint8)
            held[:, :width] = cv2.resize(strip, (width, HEIGHT))
            batch = _normal(held)
            batch[..., width:] = 0
            (found,) = _run(self._direct, batch)
            votes += float(found[0, 1] - found[0, 0])
        return votes > 0

    def read(self, strip: Pixels) -> Read:
        """The characters of one line."""
        width = max(STEP * 4, round(strip.shape[1] * HEIGHT / max(1, strip.shape[0]) / STEP) * STEP)
        (found,) = _run(self._recognise, _normal(np.asarray(cv2.resize(strip, (width, HEIGHT)), np.uint8)))
        answers = found[0]
        best = answers.argmax(axis=1)
        kept = (best != 0) & np.concatenate([[True], best[1:] != best[:-1]])
        places = np.flatnonzero(kept)
        return Read(
            text="".join(self._characters[best[place]] for place in places),
            sure=tuple(float(answers[place, best[place]]) for place in places),
            at=tuple(float((place + 0.5) / len(best)) for place in places),
        )

    def line(self, picture: Pixels, box: Box) -> Line | None:
        """None where nothing legible stands."""
        read = self.read(cut(picture, box))
        if not read.text.strip() or sum(read.sure) / len(read.sure) < LEAST:
            return None
        (left, top), (right, bottom) = box.min(axis=0), box.max(axis=0)
        where = tuple(float(left + place * (right - left)) for place in read.at)
        return Line(
            text=read.text,
            confidence=sum(read.sure) / len(read.sure),
            left=float(left),
            top=float(top),
            right=float(right),
            bottom=float(bottom),
            sure=read.sure,
            at=where,
        )


def cut(picture: Pixels, box: Box) -> Pixels:
    """The line in `box`, level."""
    width = max(8, round(float(max(np.linalg.norm(box[1] - box[0]), np.linalg.norm(box[2] - box[3])))))
    height = max(8, round(float(max(np.linalg.norm(box[3] - box[0]), np.linalg.norm(box[2] - box[1])))))
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    across = cv2.getPerspectiveTransform(np.asarray(box, np.float32), flat)
    return np.asarray(
        cv2.warpPerspective(picture, across, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )


def rectangle(left: float, top: float, right: float, bottom: float) -> Box:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def _grown(contour: NDArray[Any], heat: NDArray[np.float32]) -> Box | None:
    middle, size, angle = cv2.minAreaRect(contour)
    if min(size) < 3:
        return None
    left, top, wide, high = cv2.boundingRect(contour)
    inside = np.zeros((high, wide), np.uint8)
    corners = cv2.boxPoints((middle, size, angle)) - (left, top)
    cv2.fillPoly(inside, [np.round(corners).astype(np.int32)], 1)
    if cv2.mean(heat[top : top + high, left : left + wide], inside)[0] < BOX:
        return None
    # A rectangle offset by d on each side, d = area x ratio / circumference.
    by = 2 * UNCLIP * size[0] * size[1] / (2 * (size[0] + size[1]))
    return _upright(cv2.boxPoints((middle, (size[0] + by, size[1] + by), angle)))


def _upright(corners: NDArray[Any]) -> Box:
    """Clockwise from the corner at the top left, whichever way the rectangle was described."""
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    left, right = by_x[:2][np.argsort(by_x[:2, 1])], by_x[2:][np.argsort(by_x[2:, 1])]
    return np.array([left[0], right[0], right[1], left[1]], np.float32)


def _normal(pixels: Pixels) -> NDArray[np.float32]:
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32) / np.float32(127.5) - np.float32(1.0)


def _run(session: onnxruntime.InferenceSession, batch: NDArray[np.float32]) -> list[Any]:
    return list(session.run(None, {session.get_inputs()[0].name: batch}))


def _opened(name: str, sha256: str) -> onnxruntime.InferenceSession:
    package = find_spec("rapidocr")  # located, not imported: its own pipeline would come along
    if package is None or not package.submodule_search_locations:
        raise PackInvalid("the rapidocr package is not installed")
    data = (Path(package.submodule_search_locations[0]) / "models" / name).read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise PackInvalid(f"{name} in the rapidocr package is not the file that was measured")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # or one large picture would hold its activations for ever
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
