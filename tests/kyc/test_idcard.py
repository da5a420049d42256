"""The eighteen digits, and what they say (GB 11643-1999)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyc.idcard import ETHNIC_GROUPS, age_on, check_character, ethnic_group, parse

numbers = st.builds(
    lambda region, day, sequence: f"{region}{day:%Y%m%d}{sequence:03d}",
    st.integers(110000, 999999),
    st.dates(date(1900, 1, 1), date(2026, 1, 1)),
    st.integers(0, 999),
).map(lambda first17: first17 + check_character(first17))


def test_the_example_of_the_standard_is_right() -> None:  # KYC-11
    number = parse("11010519491231002X")
    assert number is not None
    assert (number.region, number.birth, number.sex, number.assigned) == ("110105", date(1949, 12, 31), "女", True)
    assert parse(" 11010519491231002x ") == number


@given(numbers, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_wrong_character_is_always_found(number: str, place: int, character: str) -> None:  # KYC-11
    changed = number[:place] + character + number[place + 1 :]
    assert (parse(changed) is not None) == (changed == number)


@given(numbers, st.integers(0, 16))
def test_two_neighbours_swapped_are_always_found(number: str, place: int) -> None:
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert (parse(swapped) is not None) == (swapped == number)


@pytest.mark.parametrize("text", ["", "123", "11010519490231002X", "01010519491231002X", "一二三", "1" * 18])
def test_what_is_no_number_is_none(text: str) -> None:
    assert parse(text) is None


def test_a_specimen_belongs_to_no_province() -> None:
    first17 = "99990119780520026"
    number = parse(first17 + check_character(first17))
    assert number is not None
    assert not number.assigned


def test_there_are_56_groups_and_nothing_else() -> None:
    assert len(ETHNIC_GROUPS) == 56
    assert ethnic_group("漢") == "汉"
    assert ethnic_group("壯族") == "壮"
    assert ethnic_group("朝鮮") == "朝鲜"
    assert ethnic_group("汉汉") is None
    assert ethnic_group("族") is None


def test_age_is_in_full_years() -> None:
    assert age_on(date(2012, 11, 22), date(2026, 11, 21)) == 13
    assert age_on(date(2012, 11, 22), date(2026, 11, 22)) == 14
    assert age_on(date(2012, 2, 29), date(2026, 2, 28)) == 13
