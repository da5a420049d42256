"""The text of a Word document with the numbers Word would print: paragraphs, tables, automatic numbering."""

import io
import re
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

from products.author.labels import chinese

LARGEST_PART = 80_000_000  # bytes unpacked
MOST_RATIO = 200  # unpacked to packed, of one part; a text seldom reaches 20
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"


class DocumentTooLarge(Exception):
    """Unpacks to more than a wording can hold."""


def docx_text(data: bytes) -> str:
    """One line a paragraph; cells of a table row parted by tabs. ValueError, KeyError, BadZipFile: no .docx."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        body = _part(archive, "word/document.xml")
        names = set(archive.namelist())
        numbering = _part(archive, "word/numbering.xml") if "word/numbering.xml" in names else None
        styles = _part(archive, "word/styles.xml") if "word/styles.xml" in names else None
    counter = _Counter(numbering, styles)
    root = body.find(f"{_W}body")
    if root is None:
        raise ValueError("no body")
    return "\n".join(_lines(root, counter)) + "\n"


def _part(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    info = archive.getinfo(name)
    if info.file_size > LARGEST_PART or info.file_size > MOST_RATIO * max(info.compress_size, 1) + 1_000_000:
        raise DocumentTooLarge
    with archive.open(info) as file:
        data = file.read(LARGEST_PART + 1)
    if len(data) > LARGEST_PART:
        raise DocumentTooLarge
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise ValueError("a document type has no place in a .docx")
    try:
        return ElementTree.fromstring(data)  # noqa: S314 - bounded, and without entities: nothing is left to expand
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from error


def _lines(block: ElementTree.Element, counter: "_Counter") -> Iterator[str]:
    for child in block:
        if child.tag == f"{_W}p":
            yield from (counter.label(child) + _words(child)).split("\n")
        elif child.tag == f"{_W}tbl":
            for row in child.iter(f"{_W}tr"):
                cells = [" ".join(line for line in _lines(cell, counter) if line) for cell in row.findall(f"{_W}tc")]
                yield "\t".join(cells)
        elif child.tag == f"{_W}sdt":
            content = child.find(f"{_W}sdtContent")
            if content is not None:
                yield from _lines(content, counter)


def _words(paragraph: ElementTree.Element) -> str:
    found = []
    for node in paragraph.iter():
        if node.tag == f"{_W}t":
            found.append(node.text or "")
        elif node.tag == f"{_W}tab":
            found.append("\t")
        elif node.tag in (f"{_W}br", f"{_W}cr"):
            found.append("\n")
        elif node.tag == f"{_W}noBreakHyphen":
            found.append("-")
    return "".join(found).strip("\t")


class _Counter:
    """Numbers Word makes itself (numbering.xml, ECMA-376 Part 1, 17.9): per list, a count for each of nine levels."""

    def __init__(self, numbering: ElementTree.Element | None, styles: ElementTree.Element | None) -> None:
        self.levels: dict[str, dict[int, tuple[str, str, int]]] = {}
        self.lists: dict[str, str] = {}
        self.counts: dict[str, dict[int, int]] = {}
        self.of_style: dict[str, tuple[str, int]] = {}
        for abstract in numbering.findall(f"{_W}abstractNum") if numbering is not None else ():
            self.levels[_value(abstract, "abstractNumId")] = {
                int(_value(level, "ilvl") or 0): (
                    _child(level, "numFmt") or "decimal",
                    _child(level, "lvlText"),
                    int(_child(level, "start") or 1),
                )
                for level in abstract.findall(f"{_W}lvl")
            }
        for number in numbering.findall(f"{_W}num") if numbering is not None else ():
            self.lists[_value(number, "numId")] = _child(number, "abstractNumId")
        for style in styles.findall(f"{_W}style") if styles is not None else ():
            place = _numbered(style)
            if place:
                self.of_style[_value(style, "styleId")] = place

    def label(self, paragraph: ElementTree.Element) -> str:
        place = _numbered(paragraph)
        if place is None:
            style = paragraph.find(f"{_W}pPr/{_W}pStyle")
            place = self.of_style.get(_value(style, "val")) if style is not None else None
        if place is None:
            return ""
        abstract = self.lists.get(place[0], "")
        levels, depth = self.levels.get(abstract, {}), place[1]
        if depth not in levels:
            return ""
        counts = self.counts.setdefault(abstract, {})
        counts[depth] = counts.get(depth, levels[depth][2] - 1) + 1
        for deeper in [d for d in counts if d > depth]:
            del counts[deeper]

        def number(match: re.Match[str]) -> str:
            level = int(match[1]) - 1
            form, _, start = levels.get(level, ("decimal", "", 1))
            return _printed(form, counts.get(level, start))

        text = re.sub(r"%(\d)", number, levels[depth][1]) if levels[depth][0] != "bullet" else ""
        return text + " " if text else ""


def _numbered(holder: ElementTree.Element) -> tuple[str, int] | None:
    place = holder.find(f"{_W}pPr/{_W}numPr")
    if place is None:
        return None
    number = _child(place, "numId")
    return (number, int(_child(place, "ilvl") or 0)) if number and number != "0" else None


def _value(node: ElementTree.Element, name: str) -> str:
    return node.get(f"{_W}{name}", "")


def _child(node: ElementTree.Element, name: str) -> str:
    child = node.find(f"{_W}{name}")
    return _value(child, "val") if child is not None else ""


def _printed(form: str, n: int) -> str:
    if form.startswith(("chinese", "ideograph", "taiwanese", "japanese")):
        return chinese(n)
    if form in ("lowerLetter", "upperLetter"):
        letter = chr(97 + (n - 1) % 26)
        return letter if form == "lowerLetter" else letter.upper()
    if form.startswith("decimalEnclosedCircle") and 1 <= n <= 20:
        return _CIRCLED[n - 1]
    return str(n)
