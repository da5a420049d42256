"""A list finds its people however they are written, leaves strangers alone, and says why (API-21)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import Error
from kyc.idcard import check_character
from kyc.screening.errors import ListInvalid
from kyc.screening.lists import ListVersion, load, newest
from kyc.screening.match import THRESHOLD_E4, Screen, Subject
from kyc.screening.names import forms


def listed(*entries: dict[str, object], name: str = "demo", dated: str = "2026-11-01") -> bytes:
    file = {"format": "screening-list/1", "list": name, "publisher": "demo", "dated": dated, "entries": list(entries)}
    return json.dumps(file, ensure_ascii=False).encode()


SCREEN = Screen(
    [
        load(
            listed(
                {"id": "1", "names": ["歐陽鋒", "OUYANG Feng"], "born": ["1970"]},
                {"id": "2", "names": ["张伟"], "born": ["1985-03-07"]},
                {"id": "3", "names": ["单雄信"]},
                {"id": "4", "names": ["Mohammed al-Rashid", "محمد الراشد"], "born": ["1962", "1963"]},
                {"id": "5", "names": ["周  明"], "numbers": ["E 1234 5678"]},
                {"id": "6", "names": ["阿依古丽·买买提"]},
                {"id": "7", "names": ["Łukasz Kowalski"]},
                {"id": "8", "names": ["李建国"], "born": ["1950"]},
            )
        )
    ]
)


def found(name: str, born: str = "", number: str = "") -> list[str]:
    return [hit.entry for hit in SCREEN.hits(Subject(name=name, born=born, number=number))]


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("欧阳锋", "1"),
        ("歐陽鋒", "1"),
        ("Ou-yang Feng", "1"),
        ("Feng Ouyang", "1"),
        ("Shan Xiongxin", "3"),
        ("XIONGXIN SHAN", "3"),
        ("單雄信", "3"),
        ("Muhammed Al Rashid", "4"),
        ("Al-Rashid, Mohammed", "4"),
        ("阿依古丽•买买提", "6"),
        ("阿依古丽 买买提", "6"),
        ("Lukasz Kowalski", "7"),
        ("kowalski lukasz", "7"),
        ("周明", "5"),
    ],
)
def test_a_listed_person_is_found_however_the_name_is_written(name: str, entry: str) -> None:  # API-21
    assert found(name) == [entry]


@pytest.mark.parametrize("name", ["欧阳修", "王芳", "Feng Wei", "Maria Lukas", "李国", "Kowalska", "。", "买买提"])
def test_a_stranger_is_left_alone(name: str) -> None:
    assert found(name) == []


def test_the_same_sound_in_other_characters_is_no_hit() -> None:
    assert found("章伟") == []
    assert "张伟" not in [hit.name for hit in SCREEN.hits(Subject(name="章炜", born="1985-03-07"))]


def test_a_common_name_with_another_birth_year_is_cleared_and_with_the_same_one_is_not() -> None:
    assert found("张伟", born="1985-03-07") == ["2"]
    assert found("张伟", born="1990-01-01") == []
    assert found("张伟") == ["2"]  # nothing known against it


def test_the_birth_date_comes_from_an_id_number() -> None:
    def number(born: str) -> str:
        return f"999901{born}001" + check_character(f"999901{born}001")

    assert found("张伟", number=number("19850307")) == ["2"]
    assert found("张伟", number=number("19900101")) == []


def test_one_character_off_needs_the_birth_date_to_count() -> None:
    assert found("李建囯") == []
    assert found("李建围", born="1950-06-01") == ["8"]


def test_a_number_counts_whatever_the_name() -> None:
    hit = SCREEN.hits(Subject(name="任何人", number="e12345678"))[0]
    assert (hit.entry, hit.score_e4, hit.reasons) == ("5", 10_000, ("NUMBER_EQUAL",))


def test_every_hit_says_why() -> None:
    hit = SCREEN.hits(Subject(name="欧阳锋", born="1970-02-03"))[0]
    assert hit.reasons == ("NAME_EQUAL_SIMPLIFIED", "BIRTH_AGREES")
    assert hit.score_e4 >= THRESHOLD_E4


@given(st.text(max_size=60), st.text(max_size=20), st.text(alphabet="0123456789-", max_size=10))
def test_no_name_or_number_breaks_the_screen(name: str, number: str, born: str) -> None:
    forms(name)
    SCREEN.hits(Subject(name=name, number=number))


@given(st.text(alphabet="abcdefgh ,-'", min_size=1, max_size=30))
def test_a_latin_name_finds_itself(name: str) -> None:
    if forms(name).latin:
        screen = Screen([load(listed({"id": "x", "names": [name]}))])
        assert [hit.entry for hit in screen.hits(Subject(name=name))] == ["x"]


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        listed({"id": "1", "names": []}),
        listed({"id": "1", "names": ["a"], "colour": "red"}),
        listed({"id": "1", "names": ["a"]}, {"id": "1", "names": ["b"]}),
        listed({"id": "1", "names": ["a"], "born": ["07.03.1985"]}),
        listed(dated="today"),
    ],
)
def test_a_broken_list_is_refused_whole(data: bytes) -> None:
    with pytest.raises(ListInvalid):
        load(data)


def test_the_version_dated_last_counts_and_two_of_one_date_are_refused() -> None:
    old, new = load(listed(dated="2026-10-01")), load(listed({"id": "1", "names": ["a"]}))
    assert newest([new, old]) == (new,)
    other: ListVersion = load(listed({"id": "2", "names": ["b"]}))
    with pytest.raises(Error):
        newest([new, other])
