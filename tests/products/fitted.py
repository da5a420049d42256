"""The term life product with everything of the format switched on: what a whole journey can ask of a person."""

from dataclasses import replace as copy
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from products.compiled import Compiled
from products.definition import (
    Choice,
    Disclosure,
    Health,
    HealthQuestion,
    Input,
    Question,
    RiskChoice,
    RiskQuestion,
    RiskTest,
    SuitabilityRule,
    Thinking,
)
from products.load import load

CATALOGUE = Path(__file__).parents[2] / "products" / "catalogue"


def text(zh: str, en: str) -> dict[Any, str]:
    return {"zh-CN": zh, "en": en}


def fitted() -> Compiled:
    """Hashes are those of the catalogue's product: only its steps and questions are other ones."""
    compiled = load(CATALOGUE / "anju_term_life")
    product = compiled.product
    yes, no = Choice(value="yes", label=text("是", "yes")), Choice(value="no", label=text("不是", "no"))
    spare = Question(
        id="q_spare", clause="c2.5", ask=text("酒驾赔吗？", "Drunk?"), answer="no", choices=(yes, no), spare=True
    )
    human = Question(
        id="q_human",
        clause="c4.1",
        ask=text("要说实话吗？", "Truth?"),
        answer="yes",
        choices=(yes, no),
        on_wrong="human",
    )
    stop = Question(
        id="q_stop",
        clause="c3.2",
        ask=text("晚交会怎样？", "Late?"),
        answer="yes",
        choices=(yes, no),
        tries=1,
        on_wrong="stop",
    )
    hold = Disclosure(
        id="d_hold",
        when="before_kyc",
        clauses=("c1.4",),
        acknowledge="hold",
        text=text("我知道可以反悔。", "I can cancel."),
    )
    first = Disclosure(id="d_first", when="before_quote", acknowledge="tap", text=text("我要看报价。", "Show me."))
    last = Disclosure(id="d_last", when="after_pay", acknowledge="tap", text=text("我已付款。", "I paid."))
    old = product.suitability
    suitability = replace(
        old,
        facts={
            **old.facts,
            "budget": Input(type="money", label=text("预算", "budget"), min=0, max=10_000_000),
        },
        ask_first=("budget",),
        rules=(
            *old.rules,
            SuitabilityRule(
                id="s_budget",
                warn="premium > budget",
                reason=text("超过您的预算", "Above your budget"),
                declaration=text("我知道超过预算，仍要购买。", "I know it is above my budget and still want it."),
            ),
            SuitabilityRule(id="s_elder", escalate="age >= 50", reason=text("需人工确认", "A person has to confirm")),
        ),
        thinking=Thinking(when="age >= 45", hours=24),
        risk=RiskTest(
            level=3,
            questions=tuple(
                RiskQuestion(
                    id=f"r{n}",
                    ask=text("能承受亏损吗？", "Can you bear a loss?"),
                    choices=(
                        RiskChoice(value="none", label=text("不能", "no"), points=0),
                        RiskChoice(value="some", label=text("一点", "a little"), points=5),
                        RiskChoice(value="much", label=text("很多", "much"), points=10),
                    ),
                )
                for n in range(2)
            ),
            from_points=(5, 10, 15, 20),
        ),
        health=Health(
            version=3,
            questions=(
                HealthQuestion(
                    id="h_heart",
                    ask=text("过去五年是否得过心肌梗死？", "A heart attack in the last five years?"),
                    effect=text("没说实话可能不赔。", "Untrue answers can mean no payment."),
                    yes="decline",
                ),
                HealthQuestion(
                    id="h_smoke",
                    ask=text("每天是否吸烟二十支以上？", "More than twenty cigarettes a day?"),
                    effect=text("没说实话可能不赔。", "Untrue answers can mean no payment."),
                    yes="refer",
                ),
            ),
        ),
    )
    journey = replace(
        product.journey,
        steps=(
            "quote",
            "read",
            "suitability",
            "disclose",
            "identity",
            "health",
            "sign",
            "pay",
            "issue",
            "receipt",
            "cooling_off",
        ),
    )
    changed = replace(
        product,
        questions=(*product.questions, human, stop, spare),
        disclosures=(*product.disclosures, hold, first, last),
        suitability=suitability,
        journey=journey,
    )
    return copy(compiled, product=changed)
