"""One careful customer a bank product: from the first number to where only identity is missing."""

from datetime import timedelta

import pytest

from evidence.case import Case
from evidence.errors import StepsMissing
from evidence.events import Actor
from products import flow, views
from products.commands import Acknowledge, AssessSuitability, EndThinking, GradeRisk, HelpCustomer, SetQuote, TellNeeds
from products.compiled import text_sha256
from products.errors import RiskTooOften, StillThinking, TranscriptDiffers
from products.questions import right
from products.reading import flow as reading
from products.render import sentence
from products.stored import values
from products.suitability import flow as fitting
from tests.products.conftest import Story

ELSEWHERE = ("consent:privacy", "identity:", "code:")  # earned in other rooms
BOLD = {"r_income": "business", "r_years": "long", "r_loss": "half", "r_plan": "grow"}
TIMID = {"r_income": "pension", "r_years": "never", "r_loss": "any", "r_plan": "safe"}
BORROWER: dict[str, int | str] = {"age": 40, "income": 20000, "debts": 0, "other_use": "only_home"}
SAVER: dict[str, int | str] = {"age": 40, "savings": 1000000, "need": "spare", "money": "own"}


async def begin(story: Story, product: str, facts: dict[str, int | str], **inputs: int | str) -> None:
    """What the product asks before any number: needs told, sentences confirmed; then the quote."""
    await story.open(product)
    await story.enter()
    first = story.ports.catalogue.get(product).product.suitability.ask_first
    if first:
        told = TellNeeds(facts={name: facts[name] for name in first})
        await fitting.tell_needs(await story.case(), told, story.customer, story.ports)
    await confirm(story, "before_quote")
    await flow.set_quote(await story.case(), SetQuote(inputs=inputs), story.customer, story.ports)


async def read_and_answer(story: Story) -> None:
    compiled = story.ports.catalogue.of(await story.case())
    for clause in compiled.must_read:
        await story.read(clause)
        story.clock.forward(7)
    for question in compiled.product.questions:
        if not question.spare:
            case = await story.case()
            await story.answer(question.id, right(compiled, question, await values(case, compiled, story.ports)))


async def confirm(story: Story, *moments: str) -> None:
    compiled = story.ports.catalogue.of(await story.case())
    for item in compiled.product.disclosures:
        if item.when not in (moments or ("before_kyc", "before_sign")):
            continue
        text = sentence(compiled, item.text, "zh-CN")
        command = Acknowledge(
            disclosure=item.id,
            locale="zh-CN",
            text_sha256=text_sha256(text),
            typed=text if item.acknowledge == "transcribe" else None,
            took_ms=3000,
        )
        await flow.acknowledge(await story.case(), command, story.customer, story.ports)


def owed(case: Case) -> list[str]:
    return [key for key in case.missing("sign") if not key.startswith(ELSEWHERE)]


async def assess(story: Story, facts: dict[str, int | str], statement: str | None = None) -> Case:
    command = AssessSuitability(facts=facts, statement=statement)
    return await fitting.assess_suitability(await story.case(), command, story.customer, story.ports)


async def grade(story: Story, answers: dict[str, str]) -> Case:
    return await fitting.grade_risk(await story.case(), GradeRisk(answers=answers), story.customer, story.ports)


async def helped(story: Story) -> Case:
    reviewer = story.stamp(Actor(id="stf_reviewer", role="reviewer"))
    command = HelpCustomer(about="suitability", outcome="go_on")
    return await reading.help_customer(await story.case(), command, reviewer, story.ports)


async def test_nothing_is_quoted_before_the_warning_was_heard_and_the_needs_were_told(story: Story) -> None:  # PRD-10
    await story.open("zhiqiu_wealth")
    await story.enter()
    with pytest.raises(StepsMissing) as refused:
        await flow.set_quote(await story.case(), SetQuote(inputs={}), story.customer, story.ports)
    assert refused.value.facts["missing"] == ("needs", "disclosed:d_warning")


@pytest.mark.parametrize(
    ("product", "facts", "first"), [("zhiqiu_wealth", SAVER, "worst_back"), ("jiashi_loan", BORROWER, "late_due")]
)
async def test_the_bad_case_is_the_first_line_of_a_quote_and_every_line_has_words(
    story: Story, product: str, facts: dict[str, int | str], first: str
) -> None:
    await begin(story, product, facts)
    outputs = (await views.quote(await story.case(), story.ports))["outputs"]
    assert next(iter(outputs)) == first
    assert all(line["label"] for line in outputs.values())


async def test_a_card_is_replaced_after_eight_clauses_and_three_questions(story: Story) -> None:
    await begin(story, "card_loss", {}, how="express", place="country")
    await read_and_answer(story)
    await confirm(story)
    assert owed(await story.case()) == []


async def test_a_loan_is_read_with_its_cost_table_before_anything_is_signed(story: Story) -> None:
    await begin(story, "jiashi_loan", BORROWER, amount=100000)
    assert "read:c7" in owed(await story.case())
    await read_and_answer(story)
    await assess(story, BORROWER)
    await confirm(story)
    assert owed(await story.case()) == []


async def test_another_amount_makes_the_cost_table_be_read_and_confirmed_again(story: Story) -> None:
    await begin(story, "jiashi_loan", BORROWER, amount=100000)
    await read_and_answer(story)
    await assess(story, BORROWER)
    await confirm(story)
    await flow.set_quote(await story.case(), SetQuote(inputs={"amount": 110000}), story.customer, story.ports)
    again = set(owed(await story.case()))
    assert {"read:c7", "answered:q_cost", "disclosed:d_cost", "suitable"} <= again
    assert not {"read:c4", "read:c21", "disclosed:d_use", "disclosed:d_credit"} & again


@pytest.mark.parametrize(
    ("change", "outcome", "rule"),
    [
        ({"other_use": "some"}, "deny", "s_use"),
        ({"age": 66}, "deny", "s_age"),
        ({"income": 9000, "debts": 1000}, "deny", "s_ratio"),
        ({"age": 61}, "escalate", "s_elder"),
        ({"income": 15000}, "warn", "s_heavy"),
    ],
)
async def test_who_cannot_bear_a_loan_is_refused_warned_or_spoken_to(
    story: Story, change: dict[str, int | str], outcome: str, rule: str
) -> None:
    await begin(story, "jiashi_loan", {**BORROWER, **change}, amount=100000)  # the first payment is 8,512.71
    case = await assess(story, {**BORROWER, **change})
    assert case.reading.suitability == outcome
    assert rule in case.reading.suitability_rules
    assert "suitable" not in case.keys


async def test_a_heavy_loan_is_taken_only_with_the_sentence_copied_out(story: Story) -> None:  # PRD-10
    heavy = {**BORROWER, "income": 15000}
    await begin(story, "jiashi_loan", heavy, amount=100000)
    await assess(story, heavy)
    with pytest.raises(TranscriptDiffers):
        await assess(story, heavy, "我没问题")
    case = await assess(story, heavy, "我知道每月要还的钱超过收入一半，还是决定借。")
    assert "suitable" in case.keys


async def test_money_is_put_in_only_by_who_can_bear_to_lose_it(story: Story) -> None:  # PRD-11
    await begin(story, "zhiqiu_wealth", SAVER, amount=50000, years=1)
    await read_and_answer(story)
    await assess(story, SAVER)
    await confirm(story)
    assert "risk" not in (await grade(story, TIMID)).keys
    assert owed(await story.case()) == ["risk"]
    await grade(story, BOLD)
    assert owed(await story.case()) == ["risk"], "a changed grade is confirmed by its owner first"
    with pytest.raises(RiskTooOften):
        await grade(story, BOLD)


async def test_a_customer_of_66_is_spoken_to_and_sleeps_on_it(story: Story) -> None:  # PRD-12
    await begin(story, "zhiqiu_wealth", SAVER, amount=50000, years=1)
    await read_and_answer(story)
    await grade(story, BOLD)
    case = await assess(story, {**SAVER, "age": 66})
    assert case.reading.suitability == "escalate"
    assert {"suitable", "rested"} <= set(owed(case))
    await helped(story)
    await confirm(story)
    with pytest.raises(StillThinking):
        await fitting.end_thinking(await story.case(), EndThinking(), story.customer, story.ports)
    assert owed(await story.case()) == ["rested"]
    story.clock.forward(timedelta(hours=24).total_seconds())
    await fitting.end_thinking(await story.case(), EndThinking(), story.customer, story.ports)
    assert owed(await story.case()) == []


@pytest.mark.parametrize(
    ("change", "rule"), [({"need": "maybe"}, "s_need"), ({"money": "borrowed"}, "s_borrowed"), ({"age": 17}, "s_age")]
)
async def test_some_money_is_never_put_in(story: Story, change: dict[str, int | str], rule: str) -> None:
    await begin(story, "zhiqiu_wealth", {**SAVER, **change}, amount=50000, years=1)
    case = await assess(story, {**SAVER, **change})
    assert (case.reading.suitability, rule in case.reading.suitability_rules) == ("deny", True)
