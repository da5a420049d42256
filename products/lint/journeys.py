"""The journey: steps in a possible order, nothing left out, everybody who signs identified."""

from collections.abc import Iterator

from products.compiled import Compiled
from products.lint.places import Found, Rules


def journey_is_complete(compiled: Compiled) -> Iterator[Found]:
    """L23: steps in a possible order, every disclosure after clauses that are read, every signer identified."""
    product, steps = compiled.product, compiled.product.journey.steps
    if len(set(steps)) != len(steps):
        yield "journey.steps", "a step stands twice"
    if ("quote" in steps) != bool(product.inputs):
        yield "journey.steps", "inputs and the step quote belong together"
    wanted = ["quote", "read", "disclose", "identity", "sign"]
    places = [steps.index(name) for name in wanted if name in steps]
    if places != sorted(places):
        yield "journey.steps", "quote, read, disclose, identity and sign come in this order"
    for step, needed in (
        ("read", bool(compiled.must_read)),
        ("disclose", bool(product.disclosures)),
        ("suitability", bool(product.suitability.rules)),
    ):
        if (step in steps) != needed:
            yield "journey.steps", f"the step {step} is there exactly when it has something to do"
    for number, disclosure in enumerate(product.disclosures):
        for clause in disclosure.clauses:
            if clause not in compiled.must_read:
                yield f"disclosures[{number}].clauses", f"{clause} is not must-read"
    yield from _signers(compiled)


def _signers(compiled: Compiled) -> Iterator[Found]:
    journey = compiled.product.journey
    signers = {part.who for part in journey.signatures}
    if "sign" in journey.steps and not signers:
        yield "journey.signatures", "the step sign has nobody to sign"
    if signers and "sign" not in journey.steps:
        yield "journey.signatures", "signatures without the step sign"
    for who in sorted(signers - set(journey.kyc)):
        yield "journey.signatures", f"{who} signs without being identified"
    # 保险法 art. 34: cover on the life of another needs that person's own consent to the sum.
    pays_on_death = any(
        placed.clause.cat == "benefit" and "身故" in compiled.wording.cut(placed.clause.src)
        for placed in compiled.clauses.values()
    )
    if pays_on_death and "insured" in journey.kyc and "insured" not in signers:
        yield "journey.signatures", "the insured is another person and does not consent to the sum"
    if "hesitation" in _clause_topics(compiled) and journey.hesitation is None:
        yield "journey", "the wording has a cooling-off period and the journey names no hesitation"


def _clause_topics(compiled: Compiled) -> set[str]:
    return {"hesitation"} if any(p.clause.cat == "cooling_off" for p in compiled.clauses.values()) else set()


RULES: Rules = (("L23", "E", journey_is_complete),)
