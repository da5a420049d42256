"""The papers a customer is given beside the terms say nothing else than the terms."""

import hashlib

import pytest

from products.lint import lint
from products.load import compile_product
from tests.products.conftest import CATALOGUE


def broken(product: str, handout: str, old: str, new: str) -> set[str]:
    """The rules that speak when a handout says something else, its pin recomputed."""
    folder = CATALOGUE / product
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".txt", ".csv")}
    text = files[handout].decode()
    assert text.count(old) == 1
    changed = text.replace(old, new).encode()
    definition = (folder / "product.yaml").read_text("utf-8")
    before, after = (hashlib.sha256(data).hexdigest() for data in (files[handout], changed))
    definition = definition.replace(before, after)
    return {item.rule for item in lint(compile_product(definition.encode(), {**files, handout: changed}))}


@pytest.mark.parametrize(
    ("product", "handout", "old", "new"),
    [
        ("jiashi_loan", "notice.txt", "十五日内答复", "三十日内答复"),
        ("jiashi_loan", "notice.txt", "六十五周岁", "七十周岁"),
        ("zhiqiu_wealth", "risk.txt", "十五日内答复", "五日内答复"),
    ],
)
def test_a_paper_that_says_otherwise_than_the_terms_is_found(product: str, handout: str, old: str, new: str) -> None:
    assert broken(product, handout, old, old) == set()
    assert broken(product, handout, old, new) == {"L10"}


def test_the_risk_paper_holds_the_sentence_to_copy_and_the_numbers_of_the_product() -> None:
    folder = CATALOGUE / "zhiqiu_wealth"
    paper, definition = ((folder / name).read_text("utf-8") for name in ("risk.txt", "product.yaml"))
    assert "本人已经阅读风险揭示，愿意承担投资风险。" in paper
    assert "理财非存款、产品有风险、投资须谨慎。" in paper
    for quote in ("三百六十五日", "0.50%", "2.60%", "4.00%", "0.30%", "0.20%", "0.03%", "二年", "二十四小时", "R3"):
        assert quote in paper
        assert f"quote: {quote}" in definition
