"""A journey becomes a policy; questions do not give themselves away."""

from dataclasses import replace as copy

import pytest
from msgspec.structs import replace

from products.commands import Insured
from products.compiled import Compiled
from products.definition import SignaturePart
from products.journey import to_policy
from products.questions import options, right
from products.quoting import compute_quote, values_of
from products.versions import Catalogue
from tests.evidence.fakes import StoryLedger
from tests.products.conftest import Story
from tests.products.fitted import fitted


def test_what_is_confirmed_before_signing_does_not_hold_up_identity(term_life: Compiled) -> None:
    policy = to_policy(term_life)
    identity, sign = policy.step("identity"), policy.step("sign")
    assert identity is not None
    assert sign is not None
    assert "disclosed:d_statement" not in identity.needs
    assert "disclosed:d_surrender" in identity.needs
    assert {"disclosed:d_statement", "identity:proposer:K3", "consent:privacy", "code:sign:proposer"} <= set(sign.needs)


def test_every_step_knows_that_it_is_recorded(term_life: Compiled) -> None:  # STA-01
    assert all("consent:recording" in step.needs for step in to_policy(term_life).steps)


def test_every_key_a_step_needs_is_yielded_earlier_or_comes_from_elsewhere(term_life: Compiled) -> None:
    held: set[str] = set()
    for step in to_policy(term_life).steps:
        foreign = {key for key in step.needs if key.startswith(("consent:", "code:"))}
        assert set(step.needs) - foreign <= held
        held |= set(step.yields)


def test_the_right_answer_has_no_fixed_place(term_life: Compiled) -> None:
    quote = compute_quote(term_life, {"age": 30, "sex": "male"})
    values = values_of(term_life, quote.inputs, quote.outputs)
    for question in term_life.product.questions:
        answer = right(term_life, question, values)
        places = {
            [option.value for option in options(term_life, question, values, f"case_{n}")].index(answer)
            for n in range(40)
        }
        assert places == set(range(len(options(term_life, question, values, "case_0"))))


# --- everything a journey can hold -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole() -> Compiled:
    return fitted()


def with_insured(compiled: Compiled) -> Compiled:
    """Another person may be insured, shows a passport, and consents to the sum; the beneficiary is only named."""
    journey = replace(
        compiled.product.journey,
        kyc={"proposer": "K3", "insured": "K2", "beneficiary": "K0"},
        papers={"proposer": ("cn_id",), "insured": ("passport",)},
        signatures=(
            SignaturePart(who="proposer", signs=("application",)),
            SignaturePart(who="insured", signs=("consent_sum",), when="insured_is_another"),
        ),
    )
    return copy(compiled, product=replace(compiled.product, journey=journey))


def test_keys_of_later_steps_wait_for_those_who_report_them(whole: Compiled) -> None:
    policy = to_policy(whole)
    yields = {step.name: step.yields for step in policy.steps}
    assert (yields["pay"], yields["issue"], yields["cooling_off"]) == (("paid",), ("issued",), ("cooled_off",))
    assert yields["receipt"] == ("disclosed:d_last", "received")
    pay, receipt = policy.step("pay"), policy.step("receipt")
    assert pay is not None
    assert receipt is not None
    assert {"signed:proposer:application", "health"} <= set(pay.needs)
    assert {"paid", "issued"} <= set(receipt.needs)


def test_what_comes_first_is_needed_first_and_what_is_thought_over_only_holds_up_signing(whole: Compiled) -> None:
    policy = to_policy(whole)
    quote, identity, sign = policy.step("quote"), policy.step("identity"), policy.step("sign")
    assert quote is not None
    assert identity is not None
    assert sign is not None
    assert quote.needs == ("consent:recording", "needs", "disclosed:d_first")
    assert "rested" not in identity.needs
    assert {"rested", "risk", "health", "unhurried"} <= set(sign.needs)
    assert not {"answered:q_spare", "disclosed:d_last"} & set(sign.needs)


def test_the_insured_takes_part_only_where_that_is_another_person(whole: Compiled) -> None:  # 保险法 art. 34
    same, another = (to_policy(with_insured(whole), insured_is_another=value) for value in (False, True))
    assert same.identity == {"proposer": "K3"}
    assert [plan.document for plan in same.signatures] == ["application"]
    assert same.papers == {"proposer": ("cn_id",)}
    assert another.identity == {"proposer": "K3", "insured": "K2"}
    assert [(plan.party, plan.document) for plan in another.signatures][1] == ("insured", "consent_sum")
    assert another.papers["insured"] == ("passport",)
    sign = another.step("sign")
    assert sign is not None
    assert {"identity:insured:K2", "code:sign:insured"} <= set(sign.needs)
    assert "signed:insured:consent_sum" in sign.yields


async def test_a_case_for_another_person_names_both_and_tells_neither(
    story_ledger: StoryLedger, whole: Compiled
) -> None:
    story = Story(story_ledger, Catalogue([with_insured(whole)]))
    case = await story.open(insured=Insured(phone="13900001111", name="王小明"))
    assert set(case.people) == {"proposer", "insured"}
    assert case.people["proposer"].customer != case.people["insured"].customer
    assert "signed:insured:consent_sum" in {key for step in case.policy.steps for key in step.yields}
    lines = b"".join(await story.ledger.log.read(case.id))
    assert b"13900001111" not in lines
    assert "王小明".encode() not in lines
