"""A file as text: plain text in whatever encoding, Word documents, PDF text. What cannot be read well is read badly."""

import hashlib
import io
from pathlib import Path
from zipfile import BadZipFile

import pypdfium2

from evidence.events import Frozen
from products.author.docx import DocumentTooLarge, docx_text
from products.author.errors import WordingTooLarge

LARGEST = 64_000_000  # bytes of a file
LARGEST_TEXT = 8_000_000  # characters


class Read(Frozen, frozen=True, kw_only=True):
    """`encoding` is null where none was needed. `text` of a .txt is what `open(path, encoding="utf-8")` gives."""

    file: str
    format: str  # txt, docx, pdf
    encoding: str | None
    sha256: str
    text: str


def read(path: Path) -> Read:
    """By what the bytes are, not by the name. WordingTooLarge above the limits; nothing else is refused."""
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise WordingTooLarge(path.name)
    return read_bytes(data, path.name)


def read_bytes(data: bytes, name: str) -> Read:
    kind, encoding, text = _decoded(data, name)
    if len(text) > LARGEST_TEXT:
        raise WordingTooLarge(name)
    return Read(file=name, format=kind, encoding=encoding, sha256=hashlib.sha256(data).hexdigest(), text=text)


def _decoded(data: bytes, name: str) -> tuple[str, str | None, str]:
    try:
        if data[:5] == b"%PDF-":
            return "pdf", None, _whole(_pdf(data))
        if data[:4] == b"PK\x03\x04":
            return "docx", None, _whole(docx_text(data))
    except DocumentTooLarge as error:
        raise WordingTooLarge(name) from error
    except (BadZipFile, ValueError, KeyError, OSError):
        pass  # damaged: what is left is read as plain text
    encoding, text = _plain(data)
    return "txt", encoding, text.replace("\r\n", "\n").replace("\r", "\n")


def _plain(data: bytes) -> tuple[str, str]:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return encoding, data.decode(encoding, "replace")
    try:
        return "utf-8", data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if len(data) > 3 and len(data) % 2 == 0:
        for encoding in ("utf-16-le", "utf-16-be"):
            if _mostly_han(data[:4000].decode(encoding, "replace")):
                return encoding, data.decode(encoding, "replace")
    try:
        return "gb18030", data.decode("gb18030")
    except UnicodeDecodeError:
        broken = data.decode("gb18030", "replace")
        return ("gb18030", broken) if _mostly_han(broken) else ("utf-8", data.decode("utf-8", "replace"))


def _mostly_han(text: str) -> bool:
    """Words of a wording, not noise: noise has Han characters nobody uses, and no full stop."""
    usual = sum(char in "的一不合同保险人本金额日年月元条款，。、：；（）0123456789 \n" for char in text)
    return bool(text) and usual * 8 > len(text)


def _pdf(data: bytes) -> str:
    """Text of every page, pages parted by a form feed. A picture of a page has none: `python -m kyc` reads pictures."""
    try:
        document = pypdfium2.PdfDocument(io.BytesIO(data))
    except pypdfium2.PdfiumError as error:
        raise ValueError(str(error)) from error
    try:
        pages = []
        for page in document:
            words = page.get_textpage()
            pages.append(words.get_text_bounded().replace("\r\n", "\n").replace("\r", "\n"))
            if sum(map(len, pages)) > LARGEST_TEXT:
                raise DocumentTooLarge
        return "\n\f".join(pages)
    finally:
        document.close()


def _whole(text: str) -> str:
    """Without halves of characters, which no JSON can carry."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
