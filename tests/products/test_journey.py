"""A journey becomes a policy; questions do not give themselves away."""

from products.compiled import Compiled
from products.journey import to_policy
from products.questions import options, right
from products.quoting import compute_quote, values_of


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
