"""The reader of papers: straighten, find the lines, read them, and understand them, offline and beside the event loop.

Two threads, so that both sides of a card are read at once; a pool of their own, because a paper takes ten times as long
as a face and must not stand in a face's way.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import onnxruntime

from evidence.events.identity import PaperKind, Provenance
from kyc.engine import give_back_memory
from kyc.intake import Pixels
from kyc.papers import condition
from kyc.papers.kinds import KINDS, Kind
from kyc.papers.lines import Line, Reading
from kyc.papers.straighten import Sheet, as_it_is, straighten
from kyc.papers.text import RECOGNISE, Box, TextNetworks, rectangle
from kyc.pool import Workers, cores

SIDE_SHEET = 448  # pixels on which text is looked for when the paper lies flat: characters are then 14 high
SIDE_WHOLE = 640  # and when no outline was found
THREADS = 2
BLANK = (64, 320, 3)


class Reader:
    """`read` one paper. The models load when it is made, so that the first customer does not wait for them."""

    def __init__(self, workers: Workers | None = None) -> None:
        """PackInvalid when the model files are not the ones that were measured."""
        self._workers = workers or Workers(threads=min(THREADS, cores()), waiting=8)
        self._networks = TextNetworks()
        self.lines(np.full(BLANK, 255, np.uint8))

    async def read(self, picture: Pixels, paper: PaperKind) -> Reading:
        """The fields of one paper and what is wrong with them. TooBusy when too many wait."""
        return await self._workers.run(self.understand, picture, paper)

    def provenance(self) -> Provenance:
        return Provenance(
            pack="rapidocr-3.10.0",
            role="text",
            sha256=RECOGNISE[1],
            preprocessing=f"pp-ocrv6-small-sheet{SIDE_SHEET}-2",
            runtime=f"onnxruntime {onnxruntime.__version__}",
        )

    def close(self) -> None:
        self._workers.close()

    # --- synchronous: CPU work, several callers at once ---------------------------------------------------------------

    def lines(self, picture: Pixels) -> list[Line]:
        """Every line of text of an upright picture."""
        return self._lines(picture, self._networks.boxes(picture, SIDE_WHOLE))

    def understand(self, picture: Pixels, paper: PaperKind) -> Reading:
        """Straighten, read, parse. What was not found is looked for once more, at its known place or without outline.

        The picture's faults are named where they cost something to read; a copy or a screen always.
        """
        kind = KINDS[paper]
        if kind.read is None:
            return Reading(findings=condition.faults(condition.measure(as_it_is(picture), picture), False, kind.grey))
        sheet, reading = self._understood(straighten(picture, kind.proportion), kind)
        if sheet.corners is not None and "PAPER_NOT_RECOGNISED" in reading.findings:  # another thing's outline
            sheet, again = self._understood(as_it_is(picture), kind)
            reading = again if len(again.fields) > len(reading.fields) else reading
        faults = condition.faults(condition.measure(sheet, picture), reading.whole, kind.grey)
        give_back_memory()
        return replace(reading, findings=(*reading.findings, *faults))

    # --- parts --------------------------------------------------------------------------------------------------------

    def _understood(self, sheet: Sheet, kind: Kind) -> tuple[Sheet, Reading]:
        read = kind.read or (lambda _: Reading())
        sheet, boxes = self._upright(sheet)
        reading = read(self._lines(sheet.pixels, _off_the_portrait(sheet, boxes, kind)))
        if sheet.corners is not None and kind.strips and "FIELD_UNREADABLE" in reading.findings:
            height, width = sheet.pixels.shape[:2]
            strips = [rectangle(*np.multiply(strip, (width, height, width, height))) for strip in kind.strips]
            again = read(self._lines(sheet.pixels, strips))
            missing = {name: item for name, item in again.fields.items() if name not in reading.fields}
            reading = kind.settle({**reading.fields, **missing})
        return sheet, reading

    def _upright(self, sheet: Sheet) -> tuple[Sheet, list[Box]]:
        """Turned until the text stands on its feet, and where the text is then."""
        boxes = self._networks.boxes(sheet.pixels, SIDE_SHEET if sheet.corners is not None else SIDE_WHOLE)
        if sum(_high(box) > 1.5 * _wide(box) for box in boxes) > len(boxes) / 2:
            sheet, boxes = sheet.turned(1), [_turned(box, sheet.pixels.shape[1]) for box in boxes]
        if self._networks.upside_down(sheet.pixels, boxes):
            height, width = sheet.pixels.shape[:2]
            boxes = [np.roll(np.array([width, height], np.float32) - box, 2, axis=0) for box in boxes]
            sheet = sheet.turned(2)
        return sheet, boxes

    def _lines(self, picture: Pixels, boxes: Sequence[Box]) -> list[Line]:
        found = (self._networks.line(picture, box) for box in boxes)
        return [line for line in found if line is not None]


def _off_the_portrait(sheet: Sheet, boxes: list[Box], kind: Kind) -> list[Box]:
    """Patterns on clothes look like text; where the portrait is, there is none."""
    if kind.portrait is None or sheet.corners is None:
        return boxes
    height, width = sheet.pixels.shape[:2]
    left, top, right, bottom = np.multiply(kind.portrait, (width, height, width, height))
    middles = [box.mean(axis=0) for box in boxes]
    return [box for box, (x, y) in zip(boxes, middles, strict=True) if not (left < x < right and top < y < bottom)]


def _turned(box: Box, width: int) -> Box:
    """Where a box is after a quarter turn anticlockwise of a picture that was `width` wide."""
    turned = np.stack([box[:, 1], width - box[:, 0]], axis=1)
    return np.asarray(np.roll(turned, -1, axis=0), np.float32)


def _wide(box: Box) -> float:
    return float(np.linalg.norm(box[1] - box[0]))


def _high(box: Box) -> float:
    return float(np.linalg.norm(box[3] - box[0]))
