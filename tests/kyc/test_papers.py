"""Papers beside the resident card: coded zones, permits, bank cards; and what does not belong together."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import cards, papers, specimen
from evidence.events.identity import PaperKind
from kyc.document import read_front
from kyc.idcard import check_character, parse, regions
from kyc.intake import decode
from kyc.ocr import Reader
from kyc.papers import agree, bankcard, condition, mrz, passport, permits
from kyc.papers.kinds import DOCUMENTS
from kyc.papers.lines import ILLEGIBLE, Field, Line, Reading, legible, rows
from kyc.papers.straighten import straighten

# The specimen of ICAO Doc 9303 part 4, appendix B.
UTOPIA = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)


def values(reading: Reading) -> dict[str, str]:
    return {name: item.value for name, item in reading.fields.items()}


def page(*texts: str) -> list[Line]:
    return [Line(text, 0.99, 100, 60.0 * at, 900, 60.0 * at + 40) for at, text in enumerate(texts)]


# --- the machine readable zone ----------------------------------------------------------------------------------------


def test_the_specimen_of_the_standard_is_read() -> None:
    found = mrz.parse(*UTOPIA)
    assert found == mrz.Passport(
        issuer="UTO",
        surname="ERIKSSON",
        given="ANNA MARIA",
        number="L898902C3",
        nationality="UTO",
        birth=date(1974, 8, 12),
        sex="F",
        expiry=date(2012, 4, 15),
    )


@given(st.integers(0, 43), st.sampled_from("0123456789"))
def test_a_wrong_digit_of_the_coded_line_never_changes_a_proven_field(place: int, other: str) -> None:
    """Refused, or put right and said so. Letters ten apart in value, as 1, B, L and V, no check digit tells apart."""
    if not UTOPIA[1][place].isdigit():
        return
    changed = UTOPIA[1][:place] + other + UTOPIA[1][place + 1 :]
    found, truth = mrz.parse(UTOPIA[0], changed), mrz.parse(*UTOPIA)
    if found is not None and truth is not None and not found.repaired:
        assert (found.number, found.birth, found.expiry) == (truth.number, truth.birth, truth.expiry)


def test_a_look_alike_is_put_right_where_the_digit_proves_it_and_said_so() -> None:
    found = mrz.parse(UTOPIA[0], UTOPIA[1].replace("740812", "74O8I2"))
    assert found is not None
    assert found.birth == date(1974, 8, 12)
    assert found.repaired == ("birth",)
    number = mrz.parse(UTOPIA[0], UTOPIA[1].replace("L898902C3", "L8989O2C3"))
    assert number is not None
    assert (number.number, number.repaired) == ("L898902C3", ("number",))


def test_what_no_single_look_alike_puts_right_is_refused() -> None:
    assert mrz.parse(UTOPIA[0], UTOPIA[1].replace("L898902C3", "LB989O2C3")) is None


def test_lost_fillers_are_put_back_and_nothing_else_is() -> None:
    first, second = cards.mrz_lines("LIN", "ZHIXIA", "EA0000123", "CHN", date(1978, 5, 20), "F", date(2030, 3, 4))
    short = (first.rstrip("<") + "<<<", second[:28] + "<" * 9 + second[-2:])
    assert mrz.find(["护照", *short]) == (first, second)
    lost = mrz.find([short[0], second[:27] + second[28:]])
    assert lost is None or mrz.parse(*lost) is None


def test_a_figure_among_the_letters_of_a_name_is_asked_about() -> None:
    found = mrz.parse(UTOPIA[0].replace("ERIKSSON", "ER1KSSON"), UTOPIA[1])
    assert found is not None
    assert found.repaired == ("names",)


# --- passports and permits, on pictures -------------------------------------------------------------------------------

WHOLE: dict[PaperKind, dict[str, str]] = {
    "passport": {
        "name": "林知夏",
        "name_latin": "LIN ZHIXIA",
        "sex": "女",
        "birth": "1978-05-20",
        "nationality": "CHN",
        "issuer": "CHN",
        "number": "EA0000123",
        "valid_to": "2030-03-04",
    },
    "hk_mo_permit": {
        "name": "陈样本",
        "name_latin": "CHEN YANGBEN",
        "sex": "男",
        "birth": "1985-07-09",
        "number": "H00001234",
        "valid_from": "2021-04-06",
        "valid_to": "2031-04-05",
    },
    "tw_permit": {"number": "00001234", "name": "陈样本", "birth": "1985-07-09"},
    "hmt_residence_front": {"name": "陈样本", "sex": "男", "birth": "1985-07-09", "number": "810000198507090015"},
    "hmt_residence_back": {"authority": "样本市公安局", "permit_number": "H00001234", "valid_to": "2026-04-06"},
    "foreign_pr": {"name": "DOE JANE MARY", "nationality": "加拿大", "birth": "1980-02-29"},
    "bank_card": {bankcard.NUMBER: "6200000000000000000"},
}
DRAWN = {
    "passport": cards.passport_page,
    "hk_mo_permit": lambda: cards.permit("hk_mo_permit"),
    "tw_permit": lambda: cards.permit("tw_permit"),
    "hmt_residence_front": lambda: cards.residence("front"),
    "hmt_residence_back": lambda: cards.residence("back"),
    "foreign_pr": cards.foreign_card,
    "bank_card": cards.bank_card,
}


@pytest.mark.parametrize("paper", WHOLE)
def test_a_photograph_of_each_paper_is_read(reader: Reader, paper: PaperKind) -> None:  # KYC-10
    chance = np.random.default_rng(5)
    data = cards.photographed(DRAWN[paper](), chance, cards.scene(chance, "photo"))
    reading = reader.understand(decode(data), paper)
    assert {name: value for name, value in values(reading).items() if name in WHOLE[paper]} == WHOLE[paper]
    assert reading.findings == ()


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_card_is_read_whichever_way_it_lay(reader: Reader, quarters: int) -> None:  # KYC-12
    picture = np.ascontiguousarray(np.rot90(decode(specimen.front()), quarters))
    assert values(reader.understand(picture, "cn_id_front")) == {
        name: specimen.DEFAULT.fields[name] for name in ("name", "sex", "ethnicity", "birth", "address", "number")
    }


def test_printed_and_coded_zone_of_a_passport_must_agree() -> None:  # KYC-11
    coded = cards.mrz_lines("LIN", "ZHIXIA", "EA0000123", "CHN", date(1978, 5, 20), "F", date(2030, 3, 4))
    honest = page("护照号 EA0000123", "姓名 林知夏", "20 MAY 1978", *coded)
    assert passport.read(honest).findings == ()
    assert values(passport.read(honest))["name"] == "林知夏"
    assert passport.read(page("护照号 EA0000999", "姓名 林知夏", *coded)).findings == ("ZONES_DIFFER",)
    forged = coded[1][:15] + "9" + coded[1][16:]
    assert passport.read(page("EA0000123", coded[0], forged)).findings == ("CHECK_DIGIT_WRONG",)
    assert passport.read(page("something else")).findings == ("PAPER_NOT_RECOGNISED",)


def test_a_residence_permit_has_a_number_of_its_region() -> None:
    first17 = "81000019850709001"
    number = first17 + check_character(first17)
    good = permits.read_residence_front(page("姓名陈样本", "性别男", "出生1985年7月9日", "住址样本市", number))
    assert good.findings == ()
    other = permits.read_residence_front(page("姓名林知夏", "住址样本市", specimen.DEFAULT.number))
    assert "NUMBER_WRONG" in other.findings


# --- bank cards -------------------------------------------------------------------------------------------------------


@given(st.text("0123456789", min_size=12, max_size=18), st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_of_a_card_number_is_always_found(first: str, place: int, by: int) -> None:
    number = next(first + last for last in "0123456789" if bankcard.luhn(first + last))
    place %= len(number)
    changed = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]
    assert not bankcard.luhn(changed)


def test_a_card_leaves_a_token_and_four_digits() -> None:  # API-20
    number = "6200000000000000000"
    kept = bankcard.hidden({bankcard.NUMBER: Field(number, 0.99)}, "t0ken")
    assert {name: item.value for name, item in kept.items()} == {"card_token": "t0ken", "card_last4": "0000"}
    assert not bankcard.valid("1" + number[1:])
    assert bankcard.read(page("6200 0000 0000 0000 001")).findings == ("NUMBER_WRONG",)


def test_nothing_can_be_read_from_what_is_kept_of_a_card(reader: Reader) -> None:  # API-20
    chance = np.random.default_rng(6)
    picture = decode(cards.photographed(cards.bank_card(), chance, cards.scene(chance, "clean")))
    small = bankcard.illegible(picture)
    assert max(small.shape) == bankcard.THUMBNAIL
    grown = np.kron(small, np.ones((12, 12, 1), np.uint8))
    assert not any(sum(one.isdigit() for one in line.text) >= 4 for line in reader.lines(grown))


# --- names ------------------------------------------------------------------------------------------------------------


def named(text: str, at: tuple[float, ...], sure: tuple[float, ...]) -> Field:
    line = Line("姓名" + text, 0.9, 0, 0, 400, 40, (0.99, 0.99, *sure), (20.0, 60.0, *at))
    return legible(rows([line])[0], 2)


def test_a_character_that_was_not_read_is_asked_for_and_not_guessed() -> None:  # KYC-11
    assert named("林知夏", (120, 160, 200), (0.99, 0.98, 0.97)) == Field("林知夏", 0.97)
    assert named("林知夏", (120, 160, 200), (0.99, 0.31, 0.97)) == Field(f"林{ILLEGIBLE}夏", 0.31, doubtful=True)
    assert named("欧阳文", (120, 160, 240), (0.99, 0.99, 0.99)).value == f"欧阳{ILLEGIBLE}文"
    fields = {**specimen.DEFAULT.fields, "name": f"林{ILLEGIBLE}夏"}
    assert DOCUMENTS["cn_id"].mistakes(fields) == ("name",)


def test_names_of_several_parts_keep_their_dot() -> None:
    assert named("艾力·吐", (120, 160, 200, 240), (0.99,) * 4).value == "艾力·吐"


# --- what belongs together --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"valid_to": "2028-03-05"}, "VALIDITY_IMPLAUSIBLE"),
        ({"valid_to": "2038-03-06"}, "VALIDITY_IMPLAUSIBLE"),
        ({"valid_to": "长期"}, "VALIDITY_IMPLAUSIBLE"),
        ({"birth": "2004-05-20"}, "VALIDITY_IMPLAUSIBLE"),
        ({"birth": "1951-05-20"}, "VALIDITY_IMPLAUSIBLE"),
        ({"valid_from": "1970-01-01"}, "VALIDITY_IMPLAUSIBLE"),
        ({"authority": "别处县公安局"}, "SIDES_DIFFER"),
        ({"address": "另一省另一市另一区一街2号"}, "SIDES_DIFFER"),
    ],
)
def test_sides_that_do_not_belong_together_are_named(changes: dict[str, str], finding: str) -> None:  # KYC-11
    assert agree.resident(specimen.DEFAULT.fields) == ()
    assert agree.resident({**specimen.DEFAULT.fields, **changes}) == (finding,)


@pytest.mark.parametrize(
    ("birth", "since", "until"),
    [
        ("2012-06-01", "2020-06-01", "2025-06-01"),
        ("2000-06-01", "2020-06-01", "2030-06-01"),
        ("1990-06-01", "2020-06-01", "2040-06-01"),
        ("1970-06-01", "2020-06-01", "长期"),
        ("1974-05-01", "2020-06-01", "2040-06-01"),  # 46 a month ago: applied for before
        ("1985-06-01", "2016-02-29", "2036-02-29"),
    ],
)
def test_each_age_has_its_term(birth: str, since: str, until: str) -> None:
    assert agree.resident({"birth": birth, "valid_from": since, "valid_to": until}) == ()


def test_a_residence_permit_is_for_five_years() -> None:
    assert agree.residence({"valid_from": "2021-04-06", "valid_to": "2026-04-06"}) == ()
    assert agree.residence({"valid_from": "2021-04-06", "valid_to": "2031-04-06"}) == ("VALIDITY_IMPLAUSIBLE",)


def test_counties_that_were_still_count_and_others_are_named() -> None:  # KYC-11
    assert {"110105", "110103", "650203", "810000"} <= regions()
    for region, known in (("110105", True), ("110103", True), ("119999", False), ("999901", True)):
        first17 = f"{region}19780520026"
        number = parse(first17 + check_character(first17))
        assert number is not None
        assert number.known == known
    first17 = "11999919780520026"
    reading = read_front(page("姓名林知夏", "住址样本市", first17 + check_character(first17)))
    assert "REGION_UNKNOWN" in reading.findings


# --- the picture ------------------------------------------------------------------------------------------------------

SAYS = {
    "blurred": {"BLURRED"},
    "glare": {"GLARE"},
    "cropped": {"PAPER_CROPPED"},
    "photocopy": {"PHOTOCOPY"},
    "dark": {"TOO_DARK"},
}


@pytest.mark.parametrize("fault", SAYS)
def test_a_spoiled_photograph_is_told_what_is_wrong_with_it(reader: Reader, fault: cards.Spoiled) -> None:  # KYC-12
    chance = np.random.default_rng(8)
    data = cards.spoiled(specimen.front_card(), chance, fault)
    found = reader.understand(decode(data), "cn_id_front")
    assert SAYS[fault] <= set(found.findings) or found.whole


def test_a_copy_and_a_cut_paper_are_sent_back_even_when_they_can_be_read(reader: Reader) -> None:  # KYC-12
    chance = np.random.default_rng(9)
    for fault, code in (("photocopy", "PHOTOCOPY"), ("cropped", "PAPER_CROPPED")):
        data = cards.spoiled(specimen.front_card(), chance, fault)  # type: ignore[arg-type]
        assert code in reader.understand(decode(data), "cn_id_front").findings


def test_a_screen_leaves_a_pattern_that_paper_does_not() -> None:  # KYC-12
    chance = np.random.default_rng(10)
    card = specimen.front_card()
    heights: dict[str, list[float]] = {"paper": [], "screen": []}
    for _ in range(4):
        for name, data in (
            ("paper", cards.photographed(card, chance, cards.scene(chance, "photo"))),
            ("screen", cards.spoiled(card, chance, "screen")),
        ):
            picture = decode(data)
            heights[name].append(condition.measure(straighten(picture), picture).periodic)
    assert max(heights["paper"]) < condition.PERIODIC
    assert sum(height > max(heights["paper"]) for height in heights["screen"]) >= 3


@pytest.mark.parametrize("at", range(18))
def test_generated_cards_are_read_or_asked_about(reader: Reader, at: int) -> None:  # KYC-10
    """A sample of `python -m bench.papers accuracy`: no field is both wrong and passed over in silence."""
    person, sides = papers.one_card(at, cards.LEVELS[at % 3])
    for data, side in zip(sides, papers.SIDES, strict=True):
        reading = reader.understand(decode(data), side)
        for name, item in reading.fields.items():
            assert item.value == person.fields[name] or item.confirm, name
