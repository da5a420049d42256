"""The text reader: PP-OCRv6 in rapidocr, offline, one card at a time.

Measured on two cores: no angle classifier, detection on 640 pixels and one thread read a card in about 0.6 s; the
memory arena stays off, or one large picture would hold its activations for ever. The model files come in the rapidocr
wheel; they are named by path and hashed here, because rapidocr would otherwise download what it does not find.
"""

import hashlib
from importlib import resources
from pathlib import Path
from typing import Literal

import numpy as np
import onnxruntime
from rapidocr import RapidOCR
from rapidocr.utils.output import RapidOCROutput

from evidence.events.identity import Provenance
from kyc.document import Line, Reading, read_back, read_front
from kyc.engine import give_back_memory
from kyc.intake import Pixels
from kyc.models import PackInvalid
from kyc.pool import Workers

PaperKind = Literal["cn_id_front", "cn_id_back"]

DETECT = ("PP-OCRv6_det_small.onnx", "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f")
RECOGNISE = ("PP-OCRv6_rec_small.onnx", "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884")
SIDE = 640


class Reader:
    """`read` one paper. The models load when it is made, so that the first customer does not wait for them."""

    def __init__(self, workers: Workers | None = None) -> None:
        """PackInvalid when the files are not the ones that were measured."""
        folder = Path(str(resources.files("rapidocr") / "models"))
        for name, sha256 in (DETECT, RECOGNISE):
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != sha256:
                raise PackInvalid(f"{name} in the rapidocr package is not the file that was measured")
        # A thread of its own: a card takes ten times as long as a face and must not stand in a face's way.
        self._workers = workers or Workers(threads=1, waiting=8)
        self._engine = RapidOCR(
            params={
                "Global.use_cls": False,
                "Global.log_level": "critical",
                "Det.limit_type": "max",
                "Det.limit_side_len": SIDE,
                "Det.model_path": str(folder / DETECT[0]),
                "Rec.model_path": str(folder / RECOGNISE[0]),
                "Rec.rec_batch_num": 1,  # as fast as six at once, and 30 MB less at the peak
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                "EngineConfig.onnxruntime.enable_cpu_mem_arena": False,
            }
        )
        # rapidocr opens its sessions at the first use; a blank strip through each of the two opens them now.
        blank = np.full((64, 320, 3), 255, np.uint8)
        self._engine(blank, use_det=False)
        self._engine(blank, use_det=True)

    async def read(self, picture: Pixels, paper: PaperKind) -> Reading:
        """The fields of one side and what is wrong with them. TooBusy when too many cards wait."""
        return await self._workers.run(self._read, picture, paper)

    def provenance(self) -> Provenance:
        return Provenance(
            pack="rapidocr-3.10.0",
            role="text",
            sha256=RECOGNISE[1],
            preprocessing=f"pp-ocrv6-small-side{SIDE}-nocls-1",
            runtime=f"onnxruntime {onnxruntime.__version__}",
        )

    def close(self) -> None:
        self._workers.close()

    def lines(self, picture: Pixels) -> list[Line]:
        """Every line of text. Synchronous; one caller at a time."""
        result = self._engine(picture)
        if not isinstance(result, RapidOCROutput) or result.boxes is None:
            return []
        found = []
        for box, text, score in zip(result.boxes, result.txts or (), result.scores or (), strict=True):
            left, top = box.min(axis=0)
            right, bottom = box.max(axis=0)
            found.append(Line(text, float(score), float(left), float(top), float(right), float(bottom)))
        return found

    def _read(self, picture: Pixels, paper: PaperKind) -> Reading:
        lines = self.lines(picture)
        give_back_memory()
        return read_front(lines) if paper == "cn_id_front" else read_back(lines)
