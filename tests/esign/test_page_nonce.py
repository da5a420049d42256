"""A page's picture is sealed by its plain SHA-256, so each page must hold something nobody can guess."""

from datetime import UTC, datetime

import pypdfium2

from esign.documents import Application, Paper, Row, Words, make

NOW = datetime(2026, 11, 21, 19, 19, tzinfo=UTC)


def paper(nonce: str) -> Paper:
    word = Words(zh="字", en="word")
    rows = tuple(Row(label=word, value=word) for _ in range(40))
    application = Application(
        product=word,
        provider=word,
        serial="case_x",
        made_at=word,
        marks=(),
        person=rows,
        inputs=(),
        outputs=(),
        clauses=rows,
        disclosures=(),
        questions=(),
        identity=(),
        nonce=nonce,
        head="1 " + "0" * 64,
    )
    return make(application, NOW)


def test_every_page_carries_the_nonce_and_no_page_looks_the_same_under_another() -> None:
    one, other = paper("A" * 43), paper("B" * 43)
    assert len(one.pages) > 2
    document = pypdfium2.PdfDocument(one.pdf)
    texts = [document[n].get_textpage().get_text_range() for n in range(len(document))]
    document.close()
    assert all("A" * 43 in text for text in texts)
    assert not {page.png for page in one.pages} & {page.png for page in other.pages}
