"""Whether it fits: needs first, the risk grade, health, the decision, and time to think."""

from dataclasses import replace as copy
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from evidence.errors import NotAllowed, NotValid, StepsMissing
from evidence.events import Actor, HealthAnswered, RiskGraded, Stamp, SuitabilityAssessed
from products import views
from products.commands import AnswerHealth, ConfirmRisk, EndThinking, GradeRisk, HelpCustomer, TellNeeds
from products.compiled import Compiled, text_sha256
from products.definition import Health
from products.errors import (
    HealthDeclined,
    HealthOutdated,
    NothingToConfirm,
    NotLicensed,
    RiskTooHigh,
    RiskTooOften,
    StillThinking,
    TranscriptDiffers,
)
from products.expression import parse
from products.formula import evaluate
from products.load import compile_product, load
from products.reading import flow as reading
from products.suitability import flow
from products.suitability.questionnaire import catch_alls, grade_of, is_catch_all, problems
from products.versions import Catalogue
from tests.evidence.fakes import StoryLedger
from tests.products.conftest import CATALOGUE, OPENER, Story
from tests.products.fitted import fitted

DECLARATION = "我知道超过预算，仍要购买。"


@pytest.fixture(scope="module")
def product() -> Compiled:
    return fitted()


@pytest.fixture
async def visitor(story_ledger: StoryLedger, product: Compiled) -> Story:
    story = Story(story_ledger, Catalogue([product]))
    await story.open()
    await story.enter()
    return story


async def told(story: Story, budget: int = 100_000, **quoted: int | str) -> Story:
    await do(story, flow.tell_needs, TellNeeds(facts={"budget": budget}))
    await story.acknowledge("d_first", text_sha256("我要看报价。"))
    await story.quote(**quoted)
    return story


async def do(story: Story, act: Any, command: Any, stamp: Stamp | None = None) -> Any:
    return await act(await story.case(), command, stamp or story.customer, story.ports)


def choices(first: str, second: str) -> GradeRisk:
    return GradeRisk(answers={"r0": first, "r1": second})


# --- needs -----------------------------------------------------------------------------------------------------------


async def test_nothing_is_quoted_before_needs_are_told(visitor: Story) -> None:  # PRD-10
    with pytest.raises(StepsMissing) as refused:
        await visitor.quote()
    assert refused.value.facts["missing"] == ("needs", "disclosed:d_first")
    await told(visitor)
    assert "quoted" in (await visitor.case()).keys


async def test_what_was_told_first_is_used_in_the_decision_and_not_asked_again(visitor: Story) -> None:  # PRD-10
    await told(visitor, budget=1_000)
    shown = (await views.outline(await visitor.case(), "zh-CN", visitor.ports))["suitability"]
    assert [item["name"] for item in shown["first"]] == ["budget"]
    assert "budget" not in {item["name"] for item in shown["needs"]}
    case = await visitor.assess(income="200000", job="office")
    assert case.reading.suitability == "warn"
    assert case.reading.suitability_rules == ("s_budget",)


async def test_a_declaration_is_copied_out_and_own_words_are_not_enough(visitor: Story) -> None:  # PRD-10
    await told(visitor, budget=1_000)
    await visitor.assess(income="200000", job="office")
    shown = (await views.outline(await visitor.case(), "zh-CN", visitor.ports))["suitability"]
    assert shown["declaration"] == DECLARATION
    with pytest.raises(TranscriptDiffers):
        await visitor.assess("我自己想买这个", income="200000", job="office")
    case = await visitor.assess(DECLARATION.replace("，", ", "), income="200000", job="office")
    assert "suitable" in case.keys
    body = (await visitor.ledger.events(case.id))[-1].body
    assert isinstance(body, SuitabilityAssessed)
    assert body.override is not None
    assert "suitable" not in (await do(visitor, flow.tell_needs, TellNeeds(facts={"budget": 2}))).keys


# --- risk ------------------------------------------------------------------------------------------------------------


def test_points_make_grades(product: Compiled) -> None:  # PRD-11
    test = product.product.suitability.risk
    assert test is not None
    expected = {("none", "none"): 1, ("some", "none"): 2, ("some", "some"): 3, ("much", "some"): 4, ("much", "much"): 5}
    for (first, second), grade in expected.items():
        assert grade_of(test, {"r0": first, "r1": second}) == grade
    for answers in ({"r0": "some"}, {"r0": "some", "r1": "all"}, {"r0": "some", "r1": "some", "r2": "some"}):
        with pytest.raises(NotValid):
            grade_of(test, answers)


async def test_a_product_above_the_grade_is_not_sold(visitor: Story) -> None:  # PRD-11
    case = await do(visitor, flow.grade_risk, choices("none", "some"))
    assert case.suitability.risk.fits is False
    assert "risk" not in case.keys
    assert "risk" in case.missing("sign")
    assert b'"much"' not in b"".join(await visitor.ledger.log.read(case.id))


async def test_a_changed_grade_counts_once_it_is_confirmed(visitor: Story) -> None:  # PRD-11
    assert "risk" in (await do(visitor, flow.grade_risk, choices("some", "some"))).keys
    with pytest.raises(NothingToConfirm):
        await do(visitor, flow.confirm_risk, ConfirmRisk())
    case = await do(visitor, flow.grade_risk, choices("much", "much"))
    assert "risk" not in case.keys
    assert "risk" in (await do(visitor, flow.confirm_risk, ConfirmRisk())).keys
    visitor.clock.forward(86_400)
    await do(visitor, flow.grade_risk, choices("none", "none"))
    with pytest.raises(RiskTooHigh):
        await do(visitor, flow.confirm_risk, ConfirmRisk())


async def test_two_a_day_and_eight_in_twelve_months_over_all_cases_of_a_person(visitor: Story) -> None:  # PRD-11
    graded = 0
    for _ in range(4):
        await visitor.open(opener=replace(OPENER, create_key=f"create-{graded}"))
        await visitor.enter()
        for _ in range(2):
            await do(visitor, flow.grade_risk, choices("some", "some"))
            graded += 1
        with pytest.raises(RiskTooOften):
            await do(visitor, flow.grade_risk, choices("some", "some"))
        visitor.clock.forward(86_400)
    with pytest.raises(RiskTooOften):
        await do(visitor, flow.grade_risk, choices("some", "some"))
    assert graded == 8


async def test_staff_cannot_fill_in_the_questionnaire(visitor: Story) -> None:  # PRD-11
    agent = Stamp(actor=Actor(id="stf_agent", role="agent", session="ses_1"), at=visitor.clock())
    with pytest.raises(NotAllowed):
        await do(visitor, flow.grade_risk, choices("some", "some"), agent)


async def test_a_grade_runs_out_after_twelve_months(visitor: Story) -> None:  # PRD-11
    case = await do(visitor, flow.grade_risk, choices("some", "some"))
    body = (await visitor.ledger.events(case.id))[-1].body
    assert isinstance(body, RiskGraded)
    assert body.expires == "2027-11-21T04:00:00.000Z"
    await told(visitor)
    visitor.clock.forward(366 * 86_400)
    from products.reading.returning import resumed

    back = resumed(await visitor.case(), None, visitor.customer)
    assert "risk" in back[0].withdraws


# --- health ----------------------------------------------------------------------------------------------------------


def health(heart: bool = False, smoke: bool = False, version: int = 3) -> AnswerHealth:
    return AnswerHealth(version=version, answers={"h_heart": heart, "h_smoke": smoke})


async def test_all_health_questions_of_this_version_are_answered_and_frozen(visitor: Story) -> None:  # PRD-13
    await told(visitor)
    with pytest.raises(HealthOutdated):
        await do(visitor, flow.answer_health, health(version=2))
    with pytest.raises(NotValid):
        await do(visitor, flow.answer_health, AnswerHealth(version=3, answers={"h_heart": False}))
    case = await do(visitor, flow.answer_health, health())
    assert "health" in case.keys
    body = (await visitor.ledger.events(case.id))[-1].body
    assert isinstance(body, HealthAnswered)
    assert set(body.answers) == {"h_heart", "h_smoke"}
    shown = (await views.outline(case, "zh-CN", visitor.ports))["suitability"]["health"]
    assert all(question["effect"] for question in shown["questions"])


async def test_answers_are_not_tried_out_until_they_fit(visitor: Story) -> None:  # PRD-13
    await told(visitor)
    await do(visitor, flow.answer_health, health(heart=True))
    with pytest.raises(HealthDeclined):
        await do(visitor, flow.answer_health, health())


async def test_a_referred_answer_waits_for_a_person(visitor: Story) -> None:
    await told(visitor)
    assert "health" not in (await do(visitor, flow.answer_health, health(smoke=True))).keys
    reviewer = Stamp(actor=Actor(id="stf_reviewer", role="reviewer"), at=visitor.clock())
    case = await do(visitor, reading.help_customer, HelpCustomer(about="health", outcome="go_on"), reviewer)
    assert "health" in case.keys


@pytest.mark.parametrize(
    "asked",
    [
        "您是否患有其他疾病？",
        "是否有任何身体不适？",
        "您的身体健康吗？",
        "除上述以外还有别的情况吗？",
        "是否有其他重要事项未告知？",
        "Do you have any other illness?",
        "Are you in good health?",
        "Anything else we should know?",
    ],
)
def test_a_question_that_asks_for_everything_is_found(asked: str) -> None:  # PRD-13
    assert is_catch_all(asked)


@pytest.mark.parametrize(
    "asked",
    [
        "过去五年是否得过心肌梗死？",
        "是否做过冠状动脉搭桥手术？",
        "最近一年血压是否高于一百六十？",
        "您父母是否在六十岁前得过癌症？",
        "Have you been told that you have diabetes?",
        "Did you spend a night in hospital in the last two years?",
    ],
)
def test_a_question_with_content_is_not(asked: str) -> None:
    assert not is_catch_all(asked)


def test_the_numbers_of_catch_alls_are_told(product: Compiled) -> None:
    found = product.product.suitability.health
    assert found is not None
    assert catch_alls(found) == ()
    bad = replace(found.questions[0], ask={"zh-CN": "是否有其他疾病？", "en": "x"})
    assert catch_alls(Health(version=1, questions=(*found.questions, bad))) == (2,)


# --- time to think ---------------------------------------------------------------------------------------------------


async def test_who_is_old_enough_thinks_for_a_day_before_signing(visitor: Story) -> None:  # PRD-12
    await told(visitor, age=46)
    case = await visitor.assess(income="200000", job="office")
    assert "suitable" in case.keys
    assert "rested" in case.missing("sign")
    shown = (await views.outline(case, "zh-CN", visitor.ports))["suitability"]["thinking"]
    assert shown == {"hours": 24, "until": "2026-11-22T04:00:00.000Z"}
    visitor.clock.forward(86_399)
    with pytest.raises(StillThinking) as refused:
        await do(visitor, flow.end_thinking, EndThinking())
    assert refused.value.facts["until"] == "2026-11-22T04:00:00.000Z"
    visitor.clock.forward(1)
    assert "rested" in (await do(visitor, flow.end_thinking, EndThinking())).keys
    with pytest.raises(NothingToConfirm):
        await do(visitor, flow.end_thinking, EndThinking())


async def test_the_young_go_on_at_once_and_growing_old_in_the_form_does_not_slip_by(visitor: Story) -> None:  # PRD-12
    await told(visitor)
    assert "rested" in (await visitor.assess(income="200000", job="office")).keys
    await visitor.quote(age=46)
    assert "rested" not in (await visitor.assess(income="200000", job="office")).keys


async def test_an_escalated_case_is_opened_by_a_person_only(visitor: Story) -> None:  # PRD-12
    await told(visitor, age=50)
    case = await visitor.assess("我想买", income="200000", job="office")
    assert case.reading.suitability == "escalate"
    assert "suitable" not in case.keys
    reviewer = Stamp(actor=Actor(id="stf_reviewer", role="reviewer"), at=visitor.clock())
    case = await do(visitor, reading.help_customer, HelpCustomer(about="suitability", outcome="stop"), reviewer)
    assert "suitable" not in case.keys
    case = await do(visitor, reading.help_customer, HelpCustomer(about="suitability", outcome="go_on"), reviewer)
    assert "suitable" in case.keys


# --- who may sell ----------------------------------------------------------------------------------------------------


async def test_production_without_a_licence_quotes_and_recommends_nothing(
    story_ledger: StoryLedger, product: Compiled
) -> None:  # PRD-16
    story = Story(story_ledger, Catalogue([product]))
    await story.open(mode="production")
    await story.enter()
    needs = TellNeeds(facts={"budget": 1})
    for act in (lambda: do(story, flow.tell_needs, needs), lambda: told(story)):
        with pytest.raises(NotLicensed):
            await act()
    story.ports = copy(story.ports, licence="BX-2026-001")
    await told(story)
    story.ports = copy(story.ports, licence="")
    for act in (story.quote, lambda: story.assess(income="200000", job="office")):
        with pytest.raises(NotLicensed):
            await act()


# --- what cannot be saved --------------------------------------------------------------------------------------------


def test_what_could_not_work_is_refused_with_its_place(product: Compiled) -> None:  # PRD-13
    fit = product.product.suitability
    assert fit.health is not None
    assert fit.risk is not None
    bad_question = replace(fit.health.questions[0], ask={"zh-CN": "您的身体健康吗？", "en": "x"})
    broken: dict[str, Any] = {
        "suitability.ask_first": replace(fit, ask_first=("wish",)),
        "suitability.health.questions[0].ask": replace(fit, health=Health(version=1, questions=(bad_question,))),
        "suitability.health.questions": replace(fit, health=replace(fit.health, questions=fit.health.questions * 2)),
        "suitability.risk.from_points": replace(fit, risk=replace(fit.risk, from_points=(5, 5, 6, 7))),
        "journey.steps": replace(fit, health=None),
        "suitability.rules[0].declaration": replace(
            fit, rules=(replace(fit.rules[0], declaration={"zh-CN": "我要买", "en": "I want it"}),)
        ),
    }
    assert list(problems(product.product)) == []
    for path, suitability in broken.items():
        assert [where for where, _ in problems(replace(product.product, suitability=suitability))] == [path]
    late = next(item for item in product.product.disclosures if item.id == "d_first")
    wrong = replace(product.product, disclosures=(replace(late, clauses=("c1.4",)),))
    assert [where for where, _ in problems(wrong)] == ["disclosures[0].clauses"]


def test_a_health_product_has_eight_items_confirmed(product: Compiled) -> None:  # PRD-14
    illness = load(CATALOGUE / "kangyu_illness").product
    assert list(problems(illness)) == []
    fewer = replace(illness, disclosures=tuple(item for item in illness.disclosures if item.topic != "renewal"))
    assert [what for _, what in problems(fewer)] == ["a health product has all eight items confirmed (PRD-14): renewal"]
    assert list(problems(product.product)) == []  # a term life product has no such duty


# --- the four triggers -----------------------------------------------------------------------------------------------

TRIGGERS = """
    - {id: t_single, warn: pay_years == 1 and premium > income * 4, reason: {zh-CN: 一次交太多, en: Too much at once}}
    - {id: t_annual, warn: premium > income * 20 / 100, reason: {zh-CN: 每年太多, en: Too much a year}}
    - {id: t_age, warn: age + pay_years >= 75, reason: {zh-CN: 交到年纪太大, en: Paying too long}}
    - {id: t_budget, warn: premium >= budget * 150 / 100, reason: {zh-CN: 超过预算, en: Above the budget}}
"""


def with_triggers() -> Compiled:
    """The term life product with the four triggers of 适当性办法 art. 35 as an author writes them."""
    folder = CATALOGUE / "anju_term_life"
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".txt", ".csv")}
    definition = (folder / "product.yaml").read_text("utf-8")
    start, end = definition.index("suitability:\n"), definition.index("\njourney:\n")
    block = (
        "suitability:\n  facts:\n"
        "    income: {type: money, min: 0, max: 100000000, label: {zh-CN: 收入, en: Income}}\n"
        "    budget: {type: money, min: 0, max: 100000000, label: {zh-CN: 预算, en: Budget}}\n"
        "  ask_first: [budget]\n"
        f"  rules:{TRIGGERS}"
    )
    return compile_product((definition[:start] + block + definition[end:]).encode(), files)


@pytest.mark.parametrize(
    ("known", "spoke"),
    [
        ({"premium": 1_000, "income": 5_000, "budget": 1_000, "age": 54, "pay_years": 20}, []),
        ({"premium": 1_001, "income": 5_000, "budget": 1_000, "age": 54, "pay_years": 20}, ["t_annual"]),
        ({"premium": 1_000, "income": 5_000, "budget": 1_000, "age": 55, "pay_years": 20}, ["t_age"]),
        ({"premium": 1_500, "income": 90_000, "budget": 1_000, "age": 30, "pay_years": 20}, ["t_budget"]),
        ({"premium": 4_001, "income": 1_000, "budget": 9_000, "age": 30, "pay_years": 1}, ["t_single", "t_annual"]),
        ({"premium": 4_000, "income": 1_000, "budget": 9_000, "age": 30, "pay_years": 1}, ["t_annual"]),
    ],
)
def test_each_of_the_four_triggers_speaks_from_its_bound_on(known: dict[str, int], spoke: list[str]) -> None:  # PRD-10
    compiled = with_triggers()
    values = {name: Decimal(value) for name, value in known.items()}
    found = [
        rule.id
        for rule in compiled.product.suitability.rules
        if rule.warn and evaluate(rule.warn, parse(rule.warn), values, {})[0] is True
    ]
    assert found == spoke
