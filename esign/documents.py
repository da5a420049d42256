"""The paper that is signed: typst to PDF, one fixed template, and a picture of every page.

The same `Application` and instant give the same bytes. Everything here is CPU work: call it in a thread (typst lets
other threads run while it compiles).
"""

import hashlib
import io
import json
import re
import threading
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import msgspec
import pypdfium2
import typst

from esign.pdf import FieldPlace, prepare_fields, sm3
from evidence.events import Frozen

TEMPLATE = "application/1"
FIELD = "signature"
PAGE_PIXELS = 1080  # across: what a phone shows without blur
STANDARD: Literal["a-2b"] = "a-2b"  # PDF/A: fonts inside, nothing fetched, readable in twenty years
A4_HEIGHT = 841.89  # points
ROUNDS = 3  # each one finds at least one more character without a glyph

_SOURCE = Path(__file__).parent / "templates" / "application.typ"
_UNSHOWN = re.compile(r'the text `"((?:[^"\\]|\\.)*)"` could not be displayed')
_ESCAPED = re.compile(r"\\u\{([0-9a-f]{1,6})\}")
_PDFIUM = threading.Lock()  # PDFium is not thread-safe


class Words(Frozen, frozen=True, kw_only=True, omit_defaults=False):
    """The same said in Chinese, which counts, and in English beside it."""

    zh: str
    en: str = ""


class Row(Frozen, frozen=True, kw_only=True):
    label: Words
    value: Words


class Application(Frozen, frozen=True, kw_only=True):
    """All that the paper says, in final words: nothing is computed or looked up while it is set."""

    product: Words
    provider: Words
    serial: str
    made_at: Words
    marks: tuple[Words, ...]  # sandbox, synthetic input: printed large
    person: tuple[Row, ...]
    inputs: tuple[Row, ...]
    outputs: tuple[Row, ...]
    clauses: tuple[Row, ...]
    disclosures: tuple[Row, ...]
    questions: tuple[Row, ...]
    identity: tuple[Row, ...]
    nonce: str  # 256 random bits: the plain hash of the paper can then not be guessed from its content
    head: str  # number and hash of the last event before


@dataclass(frozen=True)
class PageImage:
    png: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Paper:
    """Ready to be shown: the PDF with its empty signature field, and its pages. `unshown`: code points without a glyph,
    printed as 〔U+XXXX〕."""

    pdf: bytes
    sha256: str
    sm3: str
    pages: tuple[PageImage, ...]
    unshown: tuple[str, ...]


def template_sha256() -> str:
    return hashlib.sha256(_SOURCE.read_bytes()).hexdigest()


def make(application: Application, at: datetime) -> Paper:
    pdf, place, unshown = typeset(application, at)
    shown = prepare_fields(pdf, (place,))
    return Paper(
        pdf=shown,
        sha256=hashlib.sha256(shown).hexdigest(),
        sm3=sm3(shown),
        pages=pictures(shown),
        unshown=unshown,
    )


def typeset(application: Application, at: datetime) -> tuple[bytes, FieldPlace, tuple[str, ...]]:
    """The PDF, where the signature goes, and the code points no glyph was found for. Deterministic."""
    pdf, inputs, unshown = _set(_SOURCE.read_bytes(), json.loads(msgspec.json.encode(application)), at)
    return pdf, _place(inputs), _names(unshown)


def typeset_pages(source: bytes, data: dict[str, Any], at: datetime) -> tuple[bytes, int]:
    """Any other paper of ours that nobody signs: a typst source and its data; the PDF and its number of pages."""
    pdf, _, _ = _set(source, data, at)
    with _PDFIUM:
        document = pypdfium2.PdfDocument(pdf)
        try:
            return pdf, len(document)
        finally:
            document.close()


def _set(source: bytes, data: dict[str, Any], at: datetime) -> tuple[bytes, dict[str, str], set[str]]:
    """The PDF, the inputs it was made with, and the characters that no glyph was found for."""
    unshown: set[str] = set()
    for _ in range(ROUNDS):
        inputs = _inputs(data, unshown)
        try:
            return _compile(source, inputs, at, STANDARD), inputs, unshown
        except typst.TypstError as error:
            found = _without_glyph(error.diagnostic) - unshown
            if not found:
                raise
            unshown |= found
    # A name must never stop a paper: without the standard typst sets a blank box for what it cannot show.
    inputs = _inputs(data, unshown)
    return _compile(source, inputs, at, "1.7"), inputs, unshown


def pictures(pdf: bytes) -> tuple[PageImage, ...]:
    with _PDFIUM:
        document = pypdfium2.PdfDocument(pdf)
        try:
            document.init_forms()
            return tuple(_picture(document, n) for n in range(len(document)))
        finally:
            document.close()


def _picture(document: pypdfium2.PdfDocument, n: int) -> PageImage:
    page = document[n]
    image = page.render(scale=PAGE_PIXELS / page.get_width(), draw_annots=True).to_pil().convert("RGB")
    page.close()
    out = io.BytesIO()
    image.save(out, "PNG", optimize=False)
    return PageImage(png=out.getvalue(), width=image.width, height=image.height)


# --- typst -----------------------------------------------------------------------------------------------------------


@cache
def _fonts() -> typst.Fonts:
    folder = str(files("manimgx_fonts_cjk"))
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


def _compile(source: bytes, inputs: dict[str, str], at: datetime, standard: Literal["a-2b", "1.7"]) -> bytes:
    made: bytes = typst.compile(
        source,
        format="pdf",
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs=inputs,
        pdf_standards=[standard],
        timestamp=int(at.timestamp()),
    )
    return made


def _place(inputs: dict[str, str]) -> FieldPlace:
    """Where the template left room, as the template itself says it."""
    answer = typst.query(
        _SOURCE.read_bytes(),
        "<signature>",
        field="value",
        one=True,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs=inputs,
    )
    spot = json.loads(answer)
    top = A4_HEIGHT - spot["y"]
    return FieldPlace(
        name=FIELD,
        page=spot["page"] - 1,
        box=(spot["x"], top - spot["height"], spot["x"] + spot["width"], top),
        label="投保人签名 / Signature of the applicant",
    )


def _inputs(data: dict[str, object], unshown: set[str]) -> dict[str, str]:
    table = {ord(char): f"〔U+{ord(char):04X}〕" for char in unshown}
    text = json.dumps({**data, "unshown": sorted(f"U+{ord(char):04X}" for char in unshown)}, ensure_ascii=False)
    return {"data": text.translate(table)}


def _without_glyph(diagnostic: str) -> set[str]:
    texts = (_ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) for text in _UNSHOWN.findall(diagnostic))
    return {char for text in texts for char in text if not char.isascii()}


def _names(unshown: set[str]) -> tuple[str, ...]:
    return tuple(sorted(f"U+{ord(char):04X}" for char in unshown))
