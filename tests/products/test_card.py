"""The card service: reading comes after the block, and every price and day is in the terms."""

from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from products.catalogue.card_loss import tables
from products.compiled import Compiled
from products.errors import QuoteOutside
from products.load import load
from products.quoting import compute_quote
from tests.products.conftest import CATALOGUE

FOLDER = CATALOGUE / "card_loss"
WAYS = {"post": "普通邮寄", "express": "加急邮寄", "branch": "网点领取"}
PLACES = {"city": "本市", "province": "本省", "country": "外省", "abroad": "境外"}

amounts = st.integers(0, 100_000_000).map(lambda fen: str(Decimal(fen) / 100))


@cache
def product() -> Compiled:
    """Not a fixture: a failing example would print all of it."""
    return load(FOLDER)


@pytest.fixture
def card() -> Compiled:
    return product()


def test_the_tables_are_what_their_script_computes_and_what_the_terms_print(card: Compiled) -> None:
    assert tables.tables() == {name: (FOLDER / name).read_bytes() for name in ("post.csv", "days.csv")}
    printed = card.wording.cut("40").split("\n")
    for how, place in tables.ways():
        row = next(line for line in printed if line.startswith(WAYS[how]))
        assert f"{PLACES[place]}{tables.fee(how, place)}元、{tables.days(how, place)}个工作日" in row


def test_nothing_of_the_block_waits_for_reading(card: Compiled) -> None:
    """The first clause and the last ones say it, and no step of the journey is the block."""
    assert "不以您阅读或者签署本协议为条件" in card.wording.cut("1")
    assert "挂失完成以后，系统才向您展示本协议" in card.wording.cut("45")
    assert not card.clause("c1").must_read
    assert card.product.journey.steps[0] == "quote"


@given(early=amounts, late=amounts, after=amounts)
def test_what_was_spent_is_borne_by_one_of_the_two_and_never_twice(early: str, late: str, after: str) -> None:
    raw: dict[str, int | str] = {"spent_early": early, "spent_late": late, "spent_after": after}
    out = {name: Decimal(value) for name, value in compute_quote(product(), raw).outputs.items()}
    assert out["yours"] + out["ours"] == Decimal(early) + Decimal(late) + Decimal(after)
    assert out["ours"] >= Decimal(after)
    assert out["comp"] <= product().params["cover_most"]


def test_there_is_no_branch_abroad(card: Compiled) -> None:
    with pytest.raises(QuoteOutside):
        compute_quote(card, {"how": "branch", "place": "abroad"})


def test_the_examples_of_the_terms_are_right(card: Compiled) -> None:
    printed = card.wording.cut("41")
    first = compute_quote(card, {"spent_late": 3000, "spent_after": 500}).outputs
    assert (first["comp"], first["yours"], first["ours"]) == ("3000.00", "0.00", "3500.00")
    second = compute_quote(card, {"spent_late": 12000, "spent_after": 0}).outputs
    assert f"最高补偿{Decimal(second['comp']):,.2f}元，其余{Decimal(second['yours']):,.2f}元" in printed
    third = compute_quote(card, {"how": "express", "place": "country"}).outputs
    assert f"邮寄费{third['post_fee']}元，合计{third['fee_all']}元" in printed
    assert f"约{third['arrive']}个工作日收到" in printed
