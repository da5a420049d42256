"""The paper itself: the same every time, in every character, with nothing shown that should be masked."""

import asyncio
import io
import re
from datetime import UTC, datetime

import msgspec
import pypdfium2
import pytest
from PIL import Image

from esign import documents, wording
from esign.documents import Application, Row, Words
from esign.pdf import FieldPlace
from esign.wording import Opened
from tests.esign.signing_case import FACTS, NUMBER, PHONE, Told

AT = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
RARE = "䶮㛃𬭎龘"
MISSING = "\U0010fffd"  # private use: in no font


def row(label: str, value: str) -> Row:
    return Row(label=Words(zh=label, en="label"), value=Words(zh=value, en="value"))


def paper(name: str = "张䶮", clauses: int = 3) -> Application:
    return Application(
        product=Words(zh="安居定期寿险", en="Anju term life"),
        provider=Words(zh="示例人寿", en="Demo Life"),
        serial="case_abcdefgh",
        made_at=Words(zh="2026-11-21 12:00:00（北京时间）", en="2026-11-21 12:00:00 (UTC+8)"),
        marks=(Words(zh="沙箱演示", en="Sandbox"),),
        person=(row("姓名", name),),
        inputs=(row("年龄", "36周岁"),),
        outputs=(row("保险费", "1,025.00元"),),
        clauses=tuple(row(f"第{n}条", "共看 9 秒") for n in range(clauses)),
        disclosures=(row("退保会有损失", "已确认"),),
        questions=(),
        identity=(row("方式", "人脸比对筛查"),),
        nonce="N" * 43,
        head="37 · " + "ab" * 32,
    )


def text(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    read = "".join(document[n].get_textpage().get_text_range() for n in range(len(document)))
    document.close()
    return re.sub(r"\s", "", read)


def size(pdf: bytes) -> tuple[int, float]:
    document = pypdfium2.PdfDocument(pdf)
    found = len(document), document[0].get_height()
    document.close()
    return found


def test_the_same_words_at_the_same_time_give_the_same_bytes() -> None:
    # ESG-02
    first, place, _ = documents.typeset(paper(), AT)
    assert documents.typeset(paper(), AT) == (first, place, ())
    assert documents.typeset(paper(name="李雷"), AT)[0] != first
    other = msgspec.structs.replace(paper(), nonce="M" * 43)
    assert documents.typeset(other, AT)[0] != first


def test_rare_characters_are_set_and_read_back() -> None:
    # KYC-11
    pdf, _, unshown = documents.typeset(paper(name=RARE), AT)
    assert unshown == ()
    assert RARE in text(pdf)


def test_a_character_without_a_glyph_is_named_and_stops_nothing() -> None:
    pdf, _, unshown = documents.typeset(paper(name=f"王{MISSING}\ue000"), AT)
    assert unshown == ("U+10FFFD", "U+E000")
    assert "王〔U+10FFFD〕〔U+E000〕" in text(pdf)


def test_words_are_set_as_words_never_as_commands() -> None:
    hostile = '#panic("x") *粗* $x$ <signature> // \\ @ref'
    pdf, place, _ = documents.typeset(paper(name=hostile), AT)
    assert re.sub(r"\s", "", hostile) in text(pdf)
    assert place.name == "signature"


def test_the_paper_is_pdf_a_with_its_fonts_inside() -> None:
    pdf, _, _ = documents.typeset(paper(), AT)
    assert b"pdfaid:part" in pdf
    assert b"/FontFile" in pdf
    assert not re.search(rb"/(JavaScript|Launch|EmbeddedFile|OCProperties)\b", pdf)


def test_the_formal_terms_prevail_and_the_sandbox_is_marked() -> None:
    said = text(documents.typeset(paper(), AT)[0])
    assert "以正式条款为准" in said
    assert "沙箱演示" in said
    assert "N" * 43 in said
    assert "ab" * 32 in said


@pytest.mark.parametrize("clauses", [1, 3, 12, 20, 60])
def test_the_signature_has_its_frame_on_the_last_page(clauses: int) -> None:
    pdf, place, _ = documents.typeset(paper(clauses=clauses), AT)
    pages, height = size(pdf)
    left, bottom, right, top = place.box
    assert place.page == pages - 1
    assert 0 < left < right < 595
    assert 0 < bottom < top < height
    assert (round(right - left), round(top - bottom)) == (255, 113)  # 90 x 40 mm


def test_the_frame_is_drawn_exactly_where_the_field_is() -> None:
    pdf, place, _ = documents.typeset(paper(clauses=20), AT)
    document = pypdfium2.PdfDocument(pdf)
    image = document[place.page].render(scale=2).to_pil().convert("L")
    document.close()
    left, bottom, right, top = (round(2 * value) for value in place.box)
    middle = image.height - (bottom + top) // 2
    for x in (left, right):
        assert min(image.getpixel((x + d, middle)) for d in range(-3, 4)) < 150
    inside = image.crop((left + 6, image.height - top + 6, right - 6, image.height - bottom - 6))
    assert inside.getextrema() == (255, 255)


def test_each_page_has_a_picture_as_wide_as_a_phone_shows() -> None:
    made = documents.make(paper(clauses=20), AT)
    assert len(made.pages) == size(made.pdf)[0] > 1
    for page in made.pages:
        image = Image.open(io.BytesIO(page.png))
        assert image.format == "PNG"
        assert image.size == (page.width, page.height)
        assert abs(page.width - 1_080) <= 1
        darkest, lightest = image.convert("L").getextrema()
        assert (darkest, lightest) != (lightest, lightest)


async def test_papers_made_side_by_side_do_not_disturb_each_other() -> None:
    names = [f"客户{n}" for n in range(6)]
    made = await asyncio.gather(*(asyncio.to_thread(documents.make, paper(name=name), AT) for name in names))
    assert all(name in text(each.pdf) for name, each in zip(names, made, strict=True))


# --- a case put into words -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "masked"),
    [("11010519900307123X", "110105********123X"), ("110105900307123", "110105*****7123"), ("AB1", "A*1"), ("1", "*")],
)
def test_an_identity_number_is_masked_in_the_middle(number: str, masked: str) -> None:
    assert wording.mask_number(number) == masked


@pytest.mark.parametrize(("phone", "masked"), [("13800138000", "138****8000"), ("12345", "*****")])
def test_a_phone_is_masked_in_the_middle(phone: str, masked: str) -> None:
    assert wording.mask_phone(phone) == masked


OPENED = Opened(
    confirmed={"name": "张䶮", "number": NUMBER, "birth": "1990-03-07", "sex": "女", "address": "北京市朝阳区某街1号"},
    claimed_name="张小姐",
    phone=PHONE,
    inputs={"age": "36"},
)


async def test_the_paper_says_what_the_case_knows(told: Told) -> None:
    case = await told.case()
    pdf, _, _ = documents.typeset(wording.application(case, "proposer", OPENED, FACTS, "N" * 43, AT), AT)
    said = text(pdf)
    for part in (
        "张䶮",
        "110105********123X",
        "138****8000",
        "36周岁",
        "1,025.00元",
        "责任免除",
        "共看9秒",
        "退保会有损失",
        "此前答错1次",
        "不是经认证的活体检测",
        "沙箱：没有向任何权威机构核对",
        "本文件不产生任何法律效力",
        case.head.hash,
        told.stream,
    ):
        assert re.sub(r"\s", "", part) in said, part
    for hidden in (NUMBER, PHONE, "朝阳区", "张小姐"):
        assert hidden not in said


async def test_production_has_no_sandbox_mark_and_says_who_was_asked(told: Told) -> None:
    case = msgspec.structs.replace(await told.case(), mode="production")
    made = wording.application(case, "proposer", OPENED, FACTS, "N" * 43, AT)
    assert made.marks == ()
    assert made.identity[-1].value.zh == "没有核对"


async def test_made_up_input_is_marked(told: Told) -> None:
    case = msgspec.structs.replace(await told.case(), input_origin="synthetic")
    made = wording.application(case, "proposer", OPENED, FACTS, "N" * 43, AT)
    assert [mark.en.split(":")[0] for mark in made.marks] == ["Sandbox", "Synthetic input"]


async def test_a_name_nobody_verified_is_called_so(told: Told) -> None:
    opened = msgspec.structs.replace(OPENED, confirmed={})
    made = wording.application(await told.case(), "proposer", opened, FACTS, "N" * 43, AT)
    assert (made.person[0].label.zh, made.person[0].value.zh) == ("姓名（他人填写，未经核验）", "张小姐")


async def test_an_input_without_words_is_still_on_the_paper(told: Told) -> None:
    facts = msgspec.structs.replace(FACTS, inputs={})
    made = wording.application(await told.case(), "proposer", OPENED, facts, "N" * 43, AT)
    assert [(item.label.zh, item.value.zh) for item in made.inputs] == [("age", "36")]


def test_the_field_has_a_name_for_those_who_listen() -> None:
    _, place, _ = documents.typeset(paper(), AT)
    assert isinstance(place, FieldPlace)
    assert "签名" in place.label
