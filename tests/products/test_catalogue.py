"""The catalogue as it is sold: every product loads without a finding, every table follows from its script, every
exclusion is said in plain words, every page of the largest product is drawn."""

import importlib
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from esign.documents import typeset_pages
from evidence.case import Case
from products import flow
from products.commands import Acknowledge, AnswerHealth, AssessSuitability, EndThinking, SetQuote, TellNeeds
from products.compiled import Compiled, text_sha256
from products.definition import Clause, Input
from products.errors import StillThinking
from products.expression import parse
from products.formula import Value, evaluate
from products.handouts.flow import made
from products.lint import lint
from products.load import DEFINITION, load
from products.questions import right
from products.quoting import compute_quote, given, values_of
from products.render import compose, render, sentence, shows_personal
from products.suitability import flow as fitting
from tests.products.conftest import CATALOGUE, OPENER, Story

Raw = dict[str, int | str]
FOLDERS = sorted(path.parent for path in CATALOGUE.glob(f"*/{DEFINITION}"))
NAMES = [folder.name for folder in FOLDERS]
EIGHT = {"benefit", "exclusion", "waiting", "cooling_off", "renewal", "claim", "period", "other"}
LEVELS: tuple[Any, ...] = ("one", "plain", "formal")


@pytest.fixture(scope="module")
def loaded() -> dict[str, Compiled]:
    return {folder.name: load(folder) for folder in FOLDERS}


def valued(compiled: Compiled) -> dict[str, Value]:
    """The numbers of the first golden row, as the pages use them."""
    raw = compiled.product.examples[0].given if compiled.product.examples else {}
    quote = compute_quote(compiled, raw)
    return values_of(compiled, quote.inputs, quote.outputs)


def items_in(text: str, number: str) -> int:
    """How many items （1） to （n） stand below the clause `number` in the filed text, read without the segmenter."""
    start = re.search(rf"^{re.escape(number)}[ \u3000]", text, re.MULTILINE)
    assert start is not None, number
    rest = text[start.end() :]
    end = re.search(r"^(?:\d+\.\d+|第)", rest, re.MULTILINE)
    return len(re.findall(r"^（", rest[: end.start() if end else None], re.MULTILINE))


# --- all of them -----------------------------------------------------------------------------------------------------


def test_eight_products_of_eight_kinds_stand_in_the_catalogue(loaded: dict[str, Compiled]) -> None:
    kinds = [compiled.product.kind for compiled in loaded.values()]
    assert len(kinds) == len(set(kinds)) == 8


@pytest.mark.parametrize("name", NAMES)
def test_a_product_is_on_sale_without_a_single_finding(loaded: dict[str, Compiled], name: str) -> None:
    assert loaded[name].product.id == name
    assert loaded[name].product.status == "on_sale"
    assert lint(loaded[name]) == ()


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
def test_the_tables_are_what_the_script_beside_them_computes(folder: Path) -> None:
    committed = {path.name: path.read_bytes() for path in folder.glob("*.csv")}
    if not committed:
        assert not (folder / "tables.py").exists()
        return
    assert importlib.import_module(f"products.catalogue.{folder.name}.tables").tables() == committed


@pytest.mark.parametrize("name", NAMES)
def test_the_golden_rows_reproduce_to_the_fen(loaded: dict[str, Compiled], name: str) -> None:
    compiled = loaded[name]
    if not compiled.product.formulas:
        return
    assert compiled.product.examples
    for example in compiled.product.examples:
        out = compute_quote(compiled, example.given).outputs
        assert {key: out[key] for key in example.out} == example.out
    shown = {key for key, formula in compiled.product.formulas.items() if formula.label is not None}
    assert shown <= {key for example in compiled.product.examples for key in example.out}


@pytest.mark.parametrize("name", NAMES)
def test_every_exclusion_is_said_in_plain_words_in_both_languages(loaded: dict[str, Compiled], name: str) -> None:
    compiled = loaded[name]  # PRD-01
    for placed in compiled.clauses.values():
        clause = placed.clause
        if clause.cat == "exclusion" or clause.limits_provider:
            for locale in compiled.product.languages.offered:
                said = clause.plain or clause.one
                assert len(said[locale]) >= 6, clause.id
                assert said[locale] not in compiled.wording.text, f"{clause.id} repeats the filed text"


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("card_loss", "jiashi_loan", "zhiqiu_wealth")])
def test_no_item_of_an_exclusion_is_left_out(loaded: dict[str, Compiled], name: str) -> None:
    compiled = loaded[name]
    lists = [
        item.clause for item in compiled.clauses.values() if item.clause.cat == "exclusion" and item.clause.children
    ]
    assert lists
    for clause in lists:
        own = [child for child in clause.children if child.src.startswith(f"{clause.src}(")]
        assert len(own) == items_in(compiled.wording.text, clause.src) > 1


@pytest.mark.parametrize("name", NAMES)
def test_every_page_is_drawn_at_every_level_in_both_languages(loaded: dict[str, Compiled], name: str) -> None:
    compiled = loaded[name]
    values = valued(compiled)
    for clause_id in compiled.clauses:
        clause = compiled.clause(clause_id)
        for level in LEVELS:
            for locale in compiled.product.languages.offered:
                nonce = "n" * 43 if shows_personal(compiled, clause, level) else None
                page = render(compiled, clause_id, level, locale, values, nonce)
                assert page.floor_ms >= 1000
                blocks = compose(compiled, clause_id, level, locale, values).blocks
                assert blocks
                if level != "formal":
                    typed = [span.text for block in blocks for span in block.spans if span.number is None]
                    assert not re.search(r"\d", "".join(typed)), (clause_id, level, locale)


@pytest.mark.parametrize("name", NAMES)
def test_no_more_than_eight_clauses_must_be_read(loaded: dict[str, Compiled], name: str) -> None:
    assert 0 < len(loaded[name].must_read) <= 8 or name in ("card_loss", "jiashi_loan", "zhiqiu_wealth")


# --- one by one ------------------------------------------------------------------------------------------------------


def leaves(clause: Clause) -> int:
    return sum(map(leaves, clause.children)) if clause.children else 1


def test_the_largest_product_lists_at_least_thirty_illnesses(loaded: dict[str, Compiled]) -> None:
    illness = loaded["kangyu_illness"]
    assert max(loaded, key=lambda name: len(loaded[name].canonical)) == "kangyu_illness"
    groups = [item.clause for item in illness.clauses.values() if re.fullmatch(r"(?:9|10)\.\d", item.clause.src)]
    assert sum(map(leaves, groups)) == 48
    assert sum(leaves(group) for group in groups if group.src.startswith("9.")) == 36


def test_a_buyer_of_health_cover_confirms_the_eight_items(loaded: dict[str, Compiled]) -> None:  # PRD-14
    assert {item.topic for item in loaded["kangyu_illness"].product.disclosures} >= EIGHT


def test_early_cancer_is_no_severe_illness_and_is_paid_as_a_mild_one(loaded: dict[str, Compiled]) -> None:
    illness = loaded["kangyu_illness"]
    assert "甲状腺" in illness.clause("c3.4.2").one["zh-CN"]
    assert "甲状腺" in (illness.clause("c10.1.1").plain or {})["zh-CN"]
    out = compute_quote(illness, {"age": 30, "sex": "male", "sum": 300000, "pay_years": 20}).outputs
    assert out["mild"] == "90000.00"


@pytest.mark.parametrize("start_age", [60, 65, 70])
@pytest.mark.parametrize("sex", ["male", "female"])
def test_money_is_back_at_exactly_the_age_that_is_told(loaded: dict[str, Compiled], sex: str, start_age: int) -> None:
    raw: Raw = {"age": 45, "sex": sex, "yearly": 12000, "pay_years": 10, "start_age": start_age}
    out = {key: Decimal(text) for key, text in compute_quote(loaded["suihe_annuity"], raw).outputs.items()}
    assert out["pension"] * (out["even_years"] - 1) < out["paid_all"] <= out["pension"] * out["even_years"]
    assert out["even_age"] == start_age + out["even_years"] - 1
    assert out["least"] == out["pension"] * 20
    assert out["on_death"] == max(out["paid"], out["back"])


@pytest.mark.parametrize("bill", [0, 100, 3000, 33400, 33500, 100000])
def test_of_a_medical_bill_every_fen_is_paid_by_somebody(loaded: dict[str, Compiled], bill: int) -> None:
    raw: Raw = {"age": 40, "job": "office", "dest": "home", "sum": 300000, "bill": bill}
    out = {key: Decimal(text) for key, text in compute_quote(loaded["youan_travel"], raw).outputs.items()}
    assert out["medical"] + out["own"] == bill
    assert out["medical"] == min(max(Decimal(bill) - 100, Decimal(0)) * 9 / 10, Decimal(30000))


def test_disability_pays_a_tenth_less_with_each_grade(loaded: dict[str, Compiled]) -> None:
    raw: Raw = {"age": 40, "job": "manual", "dest": "asia", "sum": 200000}
    paid = [
        compute_quote(loaded["youan_travel"], {**raw, "level": level}).outputs["disabled"] for level in range(1, 11)
    ]
    assert paid == [f"{20000 * (11 - level)}.00" for level in range(1, 11)]


def test_dividends_are_certain_or_assumed_and_never_more_than_the_ceiling(loaded: dict[str, Compiled]) -> None:
    endowment = loaded["fuman_endowment"]  # PRD-09
    product = endowment.product
    assumed, fixed = endowment.params["assumed_rate"], endowment.params["fixed_rate"]
    assert assumed - fixed <= Decimal("4.5") - fixed
    for name, formula in product.formulas.items():
        if "dividend" in formula.expr or "assumed" in formula.expr:
            assert formula.label is not None
            assert "假设" in formula.label["zh-CN"], name
            assert "assumed" in formula.label["en"], name
    raw = {"age": 30, "sum": 100000, "term": 10, "pay_years": 5}
    out = {key: Decimal(text) for key, text in compute_quote(endowment, raw).outputs.items()}
    years = [Decimal(compute_quote(endowment, {**raw, "year": year}).outputs["assumed_year"]) for year in range(1, 11)]
    assert out["assumed_all"] == sum(years)
    assert out["with_assumed"] == 100000 + out["assumed_all"]
    assert product.uncertainty is not None
    assert "不确定" in product.uncertainty["zh-CN"]


def test_the_risk_sentence_is_copied_out_word_for_word(loaded: dict[str, Compiled]) -> None:
    copied = [item for item in loaded["fuman_endowment"].product.disclosures if item.acknowledge == "transcribe"]
    wanted = "本人已阅读保险条款、产品说明书和投保提示书，了解本产品的特点和保单利益的不确定性。"  # 披露规则 art. 4
    assert [item.text["zh-CN"] for item in copied] == [wanted]


TRIGGERS: tuple[tuple[str, Raw, Raw], ...] = (
    ("s_single", {"pay_years": 1, "sum": 500000}, {"income": 100000, "budget": 1000000}),
    ("s_afford", {"pay_years": 5, "sum": 500000}, {"income": 100000, "budget": 1000000}),
    ("s_budget", {"pay_years": 5, "sum": 500000}, {"income": 1000000, "budget": 100000}),
    ("s_elder", {"pay_years": 1, "sum": 100000, "age": 65}, {"income": 1000000, "budget": 1000000}),
)


def spoke(compiled: Compiled, raw: Raw, facts: Raw) -> set[str]:
    quote = compute_quote(compiled, raw)
    fit = compiled.product.suitability
    known: dict[str, Input] = {name: item for name, item in fit.facts.items() if name in facts}
    values = {**values_of(compiled, quote.inputs, quote.outputs), **given(known, facts)}
    found = set()
    for rule in fit.rules:
        condition = rule.deny or rule.escalate or rule.warn or ""
        if evaluate(condition, parse(condition), values, compiled.tables)[0] is True:
            found.add(rule.id)
    return found


@pytest.mark.parametrize(("rule", "changed", "facts"), TRIGGERS, ids=[rule for rule, _, _ in TRIGGERS])
def test_each_trigger_of_the_participating_endowment_speaks_alone(
    loaded: dict[str, Compiled], rule: str, changed: Raw, facts: Raw
) -> None:  # PRD-10
    calm: Raw = {"need": "later", "hope": "accept"}
    raw: Raw = {"age": 40, "sum": 100000, "term": 10, "pay_years": 5, **changed}
    assert spoke(loaded["fuman_endowment"], raw, {**calm, **facts}) == {rule}


def test_paying_until_old_age_is_warned_of(loaded: dict[str, Compiled]) -> None:  # PRD-10
    raw: Raw = {"age": 65, "sex": "male", "yearly": 5000, "pay_years": 5, "start_age": 70}
    rich: Raw = {"income": 1000000, "budget": 1000000, "need": "old_age"}
    assert spoke(loaded["suihe_annuity"], raw, rich) == {"s_elder"}
    raw = {"age": 60, "sex": "male", "yearly": 5000, "pay_years": 10, "start_age": 70}
    assert spoke(loaded["suihe_annuity"], raw, rich) == set()


def test_dangerous_jobs_and_illness_are_refused(loaded: dict[str, Compiled]) -> None:
    trip: Raw = {"age": 30, "job": "office", "dest": "home"}
    safe: Raw = {"danger": "no_work", "sport": "no_sport", "fit": "fit_yes"}
    assert spoke(loaded["youan_travel"], trip, safe) == set()
    assert spoke(loaded["youan_travel"], trip, {**safe, "danger": "yes_work"}) == {"s_danger"}
    assert spoke(loaded["youan_travel"], trip, {**safe, "sport": "yes_sport"}) == {"s_sport"}


CALM: dict[str, Raw] = {
    "youan_travel": {"danger": "no_work", "sport": "no_sport", "fit": "fit_yes"},
    "kangyu_illness": {"income": 400000, "have": "none_yet"},
    "suihe_annuity": {"income": 900000, "budget": 900000, "need": "old_age"},
    "fuman_endowment": {"income": 900000, "budget": 900000, "need": "later", "hope": "accept"},
}
HELD = 1_500  # ms


async def understood(story: Story, compiled: Compiled, raw: Raw) -> Case:
    """A customer who tells their needs, reads all there is to read, answers rightly and confirms every sentence."""
    product = compiled.product
    await story.open(product.id, opener=replace(OPENER, grade=product.grade))
    await story.enter()
    first = {name: CALM[product.id][name] for name in product.suitability.ask_first}
    if first:
        await fitting.tell_needs(await story.case(), TellNeeds(facts=first), story.customer, story.ports)
    await flow.set_quote(await story.case(), SetQuote(inputs=dict(raw)), story.customer, story.ports)
    for clause in compiled.must_read:
        await story.read(clause)
        story.clock.forward(2 + len(clause))  # nobody turns pages like a machine
    quote = compute_quote(compiled, raw)
    values = values_of(compiled, quote.inputs, quote.outputs)
    for question in product.questions:
        if not question.spare:
            await story.answer(question.id, right(compiled, question, values))
    for item in product.disclosures:
        text = sentence(compiled, item.text, "zh-CN")
        command = Acknowledge(
            disclosure=item.id,
            locale="zh-CN",
            text_sha256=text_sha256(text),
            typed=text if item.acknowledge == "transcribe" else None,
            took_ms=HELD if item.acknowledge == "hold" else None,
        )
        await flow.acknowledge(await story.case(), command, story.customer, story.ports)
    facts = {name: value for name, value in CALM[product.id].items() if name not in first}
    decide = AssessSuitability(facts=facts)
    return await fitting.assess_suitability(await story.case(), decide, story.customer, story.ports)


@pytest.mark.parametrize("name", CALM)
async def test_who_reads_and_understands_comes_as_far_as_showing_who_they_are(
    story: Story, loaded: dict[str, Compiled], name: str
) -> None:
    case = await understood(story, loaded[name], loaded[name].product.examples[1].given)
    assert case.reading.suitability == "allow"
    assert set(case.missing("identity")) == {"consent:privacy"}
    late = {"health"} if name == "kangyu_illness" else set()
    assert set(case.missing("sign")) == {"consent:privacy", "identity:proposer:K3", "code:sign:proposer"} | late


async def test_sixty_is_given_a_day_to_think(story: Story, loaded: dict[str, Compiled]) -> None:  # PRD-12
    raw: Raw = {"age": 60, "sum": 100000, "term": 10, "pay_years": 5}
    case = await understood(story, loaded["fuman_endowment"], raw)
    assert "rested" in case.missing("sign")
    story.clock.forward(23 * 3_600)
    with pytest.raises(StillThinking):
        await fitting.end_thinking(await story.case(), EndThinking(), story.customer, story.ports)
    story.clock.forward(3_600)
    case = await fitting.end_thinking(await story.case(), EndThinking(), story.customer, story.ports)
    assert "rested" not in case.missing("sign")


@pytest.mark.parametrize(
    ("said", "outcome"),
    [((), "accept"), (("h_steady",), "accept"), (("h_nodule",), "refer"), (("h_cancer",), "decline")],
)
async def test_health_answers_accept_refer_or_decline(
    story: Story, loaded: dict[str, Compiled], said: tuple[str, ...], outcome: str
) -> None:  # PRD-13
    illness = loaded["kangyu_illness"]
    health = illness.product.suitability.health
    assert health is not None
    assert {question.yes for question in health.questions} == {"accept", "refer", "decline"}
    await understood(story, illness, illness.product.examples[1].given)
    answers = {question.id: question.id in said for question in health.questions}
    command = AnswerHealth(version=health.version, answers=answers)
    case = await fitting.answer_health(await story.case(), command, story.customer, story.ports)
    assert case.suitability.health is not None
    assert case.suitability.health.outcome == outcome
    assert ("health" in case.missing("sign")) == (outcome != "accept")


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("name", [name for name in NAMES if name in CALM])
def test_the_information_document_of_each_insurance_fits_its_pages(
    loaded: dict[str, Compiled], name: str, locale: Any
) -> None:  # PRD-15
    assert made(loaded[name], "ipid", locale, typeset_pages).startswith(b"%PDF")
    if loaded[name].product.kid is not None:
        assert made(loaded[name], "kid", locale, typeset_pages).startswith(b"%PDF")
