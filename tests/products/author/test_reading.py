"""Files as text: encodings, Word documents with numbers Word makes itself, PDF text, bombs."""

import io
import zipfile
from pathlib import Path

import pytest

from products.author.docx import DocumentTooLarge, docx_text
from products.author.errors import WordingTooLarge
from products.author.reading import LARGEST, read, read_bytes
from products.author.segment import segment

TEXT = "第一条 保险责任\n我们给付保险金，见第二条。\n第二条 等待期\n等待期为九十日。\n"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_text_is_read_in_the_encodings_wordings_come_in(encoding: str) -> None:
    assert read_bytes(TEXT.encode(encoding), "x.txt").text == TEXT


def test_a_text_file_is_exactly_what_open_gives(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert read(path).text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "data", [b"", b"\x00\xff" * 999, b"%PDF-1.7 broken", b"PK\x03\x04 broken", bytes(range(256)) * 40]
)
def test_damaged_files_are_read_badly_and_never_refused(data: bytes) -> None:
    found = read_bytes(data, "x")
    answer = segment(found.text, found.file, found.format, found.sha256)
    covered = sum(c.end - c.start for c in answer.clauses) + sum(p.end - p.start for p in answer.skipped)
    assert covered == len(found.text)


def paragraph(words: str, number: tuple[int, int] | None = None) -> str:
    place = (
        f'<w:pPr><w:numPr><w:ilvl w:val="{number[1]}"/><w:numId w:val="{number[0]}"/></w:numPr></w:pPr>'
        if number
        else ""
    )
    return f"<w:p>{place}<w:r><w:t>{words}</w:t></w:r></w:p>"


def document(body: str, **parts: str) -> bytes:
    """`parts`: numbering="…", styles="…"."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", f"<w:document {W}><w:body>{body}</w:body></w:document>")
        for name, content in parts.items():
            archive.writestr(f"word/{name}.xml", content)
    return file.getvalue()


def level(depth: int, form: str, text: str) -> str:
    return f'<w:lvl w:ilvl="{depth}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'


NUMBERING = (
    f'<w:numbering {W}><w:abstractNum w:abstractNumId="7">'
    + level(0, "chineseCountingThousand", "第%1条")
    + level(1, "chineseCounting", "（%2）")
    + '</w:abstractNum><w:num w:numId="3"><w:abstractNumId w:val="7"/></w:num></w:numbering>'
)


def test_numbers_word_makes_itself_are_printed() -> None:
    data = document(
        paragraph("责任", (3, 0))
        + paragraph("身故", (3, 1))
        + paragraph("满期", (3, 1))
        + paragraph("免除", (3, 0))
        + paragraph("战争", (3, 1)),
        numbering=NUMBERING,
    )
    found = read_bytes(data, "x.docx")
    assert found.format == "docx"
    assert found.text == "第一条 责任\n（一） 身故\n（二） 满期\n第二条 免除\n（一） 战争\n"
    assert [c.id for c in segment(found.text).clauses] == ["c1", "c1.i1", "c1.i2", "c2", "c2.i1"]


def test_rows_of_a_table_are_lines() -> None:
    row = "<w:tr><w:tc>" + paragraph("1.1") + "</w:tc><w:tc>" + paragraph("合同构成") + "</w:tc></w:tr>"
    assert docx_text(document(f"<w:tbl>{row}</w:tbl>")) == "1.1\t合同构成\n"


def test_a_document_that_unpacks_to_far_too_much_is_refused() -> None:
    bomb = document("<w:p/>" + " " * 40_000_000)
    assert len(bomb) < 200_000
    with pytest.raises(DocumentTooLarge):
        docx_text(bomb)
    with pytest.raises(WordingTooLarge) as refusal:
        read_bytes(bomb, "x.docx")
    assert "x.docx" in str(refusal.value)


def test_a_document_with_entities_is_read_as_the_bytes_it_is() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("word/document.xml", '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>')
    assert read_bytes(file.getvalue(), "x.docx").format == "txt"


def test_a_file_above_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(WordingTooLarge):
        read(path)


def test_the_text_of_a_pdf_is_read_page_by_page() -> None:
    import typst

    source = b"#set page(width: 200pt, height: 200pt)\nClause 1.1 Cover\n#pagebreak()\nClause 1.2 Exclusions"
    found = read_bytes(typst.compile(source), "x.pdf")
    assert found.format == "pdf"
    first, second = found.text.split("\f")
    assert "1.1" in first
    assert "1.2" in second
