"""Rows, anchors and consistency: from recognised lines to fields."""

from datetime import date

import pytest

from bench import specimen
from evidence.events.identity import PaperKind
from kyc.document import mistakes, read_back, read_front
from kyc.intake import decode
from kyc.ocr import Reader
from kyc.papers.lines import Line, Reading, rows, validity


def line(text: str, row: int, column: int = 0, confidence: float = 0.99, tilt: float = 0.0) -> Line:
    top = 50.0 * row + tilt * column
    return Line(text, confidence, 100.0 + 200 * column, top, 280.0 + 200 * column, top + 40)


def front(**changes: str) -> list[Line]:
    texts = {
        "name": "姓名 林知夏",
        "sex": "性别 女",
        "ethnicity": "民族 汉",
        "birth": "出生 1978年5月20日",
        "address": "住址 示例省样本市",
        "more": "知行路88号",
        "label": "公民身份号码",
        "number": "999901197805200267",
    }
    texts |= changes
    places = {
        "name": (1, 0),
        "sex": (2, 0),
        "ethnicity": (2, 1),
        "birth": (3, 0),
        "address": (4, 0),
        "more": (5, 0),
        "label": (7, 0),
        "number": (7, 1),
    }
    return [line(text, *places[name]) for name, text in texts.items() if text]


def values(reading: Reading) -> dict[str, str]:
    return {name: field.value for name, field in reading.fields.items()}


def test_rows_hold_in_a_tilted_picture() -> None:
    lines = [line("性别女", 1, 0, tilt=6), line("民族汉", 1, 2, tilt=6), line("出生", 2, 0, tilt=6)]
    assert [row.text for row in rows(lines)] == ["性别女民族汉", "出生"]


def test_a_whole_front_is_read() -> None:
    reading = read_front(front())
    assert reading.findings == ()
    assert values(reading) == {
        "name": "林知夏",
        "sex": "女",
        "ethnicity": "汉",
        "birth": "1978-05-20",
        "address": "示例省样本市知行路88号",
        "number": "999901197805200267",
    }


def test_a_lost_character_of_the_sex_is_told_by_the_number() -> None:
    reading = read_front(front(sex="性别"))
    assert values(reading)["sex"] == "女"
    assert reading.findings == ()


def test_a_contradiction_is_named_and_pointed_at() -> None:  # KYC-11
    reading = read_front(front(sex="性别男", birth="出生1979年5月20日"))
    assert set(reading.findings) == {"SEX_DIFFERS", "BIRTH_DIFFERS"}
    assert reading.fields["sex"].confirm
    assert reading.fields["birth"].confirm


def test_traditional_forms_become_the_group_and_are_pointed_at() -> None:
    reading = read_front(front(ethnicity="民族漢"))
    assert reading.fields["ethnicity"].value == "汉"
    assert reading.fields["ethnicity"].confirm


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"number": "999901197805200268"}, "NUMBER_WRONG"),
        ({"name": "姓名"}, "FIELD_UNREADABLE"),
        ({"name": "", "birth": "", "address": "", "more": "", "number": ""}, "PAPER_NOT_RECOGNISED"),
    ],
)
def test_what_is_wrong_with_a_front_is_named(changes: dict[str, str], finding: str) -> None:
    assert finding in read_front(front(**changes)).findings


def test_an_unsure_line_must_be_confirmed() -> None:  # KYC-10
    lines = [line("签发机关样本市公安局", 1, confidence=0.80), line("有效期限2018.03.05-2038.03.05", 2)]
    reading = read_back(lines)
    assert reading.fields["authority"].confirm
    assert not reading.fields["valid_to"].confirm


def test_a_card_may_be_valid_for_ever() -> None:
    reading = read_back([line("签发机关样本市公安局", 1), line("有效期限2018.03.05-长期", 2)])
    assert values(reading)["valid_to"] == "长期"
    assert validity(values(reading), date(2099, 1, 1)) == ()


def test_the_wrong_side_is_named() -> None:
    assert read_back(front()).findings == ("WRONG_SIDE",)
    assert read_back([]).findings == ("PAPER_NOT_RECOGNISED",)


def test_dates_are_held_against_today() -> None:
    fields = {"valid_from": "2018-03-05", "valid_to": "2038-03-05"}
    assert validity(fields, date(2038, 3, 5)) == ()
    assert validity(fields, date(2038, 3, 6)) == ("PAPER_EXPIRED",)
    assert validity(fields, date(2018, 3, 4)) == ("PAPER_NOT_YET_VALID",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "9"),
        ("number", "999901197805200268"),
        ("sex", "男"),
        ("birth", "1978-05-21"),
        ("birth", "1978-13-01"),
        ("ethnicity", "火星"),
        ("address", "x"),
        ("authority", ""),
        ("valid_from", "2018/03/05"),
        ("valid_to", "2017-01-01"),
    ],
)
def test_each_impossible_field_is_named(name: str, value: str) -> None:  # KYC-11
    assert mistakes(specimen.DEFAULT.fields) == ()
    assert mistakes({**specimen.DEFAULT.fields, name: value}) == (name,)


@pytest.mark.parametrize(
    "person",
    [
        specimen.Person(
            name="艾力江·吐尔逊", ethnicity="维吾尔", birth=date(1951, 12, 3), sequence="113", valid_to=None
        ),
        specimen.Person(
            name="欧阳修文",
            ethnicity="壮",
            birth=date(1981, 1, 31),
            sequence="558",
            address="示例县一街2号",
            authority="示例县公安局",
        ),
    ],
    ids=["long name, for ever", "short address"],
)
def test_specimen_cards_are_read_to_the_letter(reader: Reader, person: specimen.Person) -> None:  # KYC-10
    found: dict[str, str] = {}
    sides: tuple[tuple[bytes, PaperKind], ...] = (
        (specimen.front(person), "cn_id_front"),
        (specimen.back(person), "cn_id_back"),
    )
    for picture, paper in sides:
        reading = reader.understand(decode(picture), paper)
        assert reading.findings == ()
        found |= values(reading)
    assert found == person.fields
