"""Two products that look right and are not: damage as found in real filed products, each named by its rule."""

from collections.abc import Iterator
from dataclasses import replace as copy
from pathlib import Path

import pytest
from msgspec.structs import replace

from products.compiled import Compiled
from products.definition import Param
from products.errors import DefinitionInvalid
from products.lint import lint
from products.lint.figures import params_say_what_the_wording_says
from products.load import load
from products.versions import Catalogue
from tests.products.conftest import CATALOGUE

TWINS = Path(__file__).parent / "twins"

DAMAGE: dict[str, list[tuple[str, str, str]]] = {
    "bad_life": [
        ("L04", "clauses[8].children[6]", "item (9) is cited, the list ends at (7)"),
        ("L06", "clauses[8]", "the exclusion on drink-driving has no sentence"),
        ("L08", "clauses[3].one.en", "20 days typed"),
        ("L08", "clauses[3].one.zh-CN", "20天 typed"),
        ("L09", "params.notify_in.value", "the number became 15, the sentence still says 十日"),
        ("L10", "handouts.notice", "waiting period 180 days in the notice, 90 in the wording"),
        ("L10", "handouts.notice", "ages 18 to 60 in the notice, 18 to 50 in the wording"),
        ("L10", "handouts.notice", "不支持退保 in the notice, surrender in the wording"),
        ("L10", "handouts.notice", "no refund in the waiting period in the notice, a refund in the wording"),
        ("L10", "handouts.notice", "公立医院 in the notice, 医院 in the wording"),
        ("L18", "summary[1].text.zh-CN", "一定赔"),
        ("L20", "params.grace", "30 days of grace, the law gives 60"),
        ("L25", "clauses[10]", "末 for 未, 泵交 for 缴交"),
    ],
    "bad_loan": [
        ("L04", "clauses[3]", "the reference to 提前收回 was not moved along"),
        ("L05", "clauses[24]", "a burden in a clause on addresses, not flagged"),
        ("L09", "params.late_up.quote", "the wording became 百分之八十, the number is still 50"),
        ("L13", "tables.rates", "a customer who can ask has no rate"),
        ("L15", "clauses[21].plain.zh-CN", "罚息 is not explained"),
        ("L18", "summary[4].text.zh-CN", "最划算"),
        ("L24", "clauses[17].one", "the number is lost in English"),
        ("L25", "clauses[13].children[0]", "此栏空白 where the penalty formula belongs"),
        ("L25", "clauses[14].children[7]", "货款 for 贷款"),
    ],
}


@pytest.mark.parametrize("name", sorted(DAMAGE))
def test_a_bad_twin_fails_with_exactly_its_damage(name: str) -> None:  # PRD-02, PRD-05
    found = sorted((finding.rule, finding.path) for finding in lint(load(TWINS / name)))
    assert found == sorted((rule, path) for rule, path, _ in DAMAGE[name])


@pytest.mark.parametrize("name", sorted(DAMAGE))
def test_a_bad_twin_never_enters_a_catalogue(name: str) -> None:
    with pytest.raises(DefinitionInvalid) as refused:
        Catalogue.load(TWINS / name)
    errors = {finding.rule for finding in refused.value.findings}
    assert errors == {rule for rule, _, _ in DAMAGE[name] if rule != "L25"}


def changed(param: Param) -> Iterator[Param]:
    """The same words, another number; the same number, another unit."""
    number = str(param.value)
    yield replace(param, value=number[:-1] + ("3" if number[-1] != "3" else "4"))
    yield replace(param, unit="minutes" if param.unit != "minutes" else "days")


@pytest.mark.parametrize("name", sorted(path.parent.name for path in CATALOGUE.glob("*/product.yaml")))
def test_no_number_of_any_product_can_change_without_its_sentence(name: str) -> None:  # PRD-05
    compiled: Compiled = load(CATALOGUE / name)
    product = compiled.product
    assert len(product.params) >= 10
    for at, param in product.params.items():
        for other in changed(param):
            broken = copy(compiled, product=replace(product, params={**product.params, at: other}))
            found = list(params_say_what_the_wording_says(broken))
            assert any(path.startswith(f"params.{at}.") for path, _ in found), (at, other)
