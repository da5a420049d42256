"""A product's journey as the policy a case freezes: which keys each step needs and which it yields."""

from evidence.policy import Policy, SignaturePlan, Step, StepName
from products.compiled import Compiled


def to_policy(compiled: Compiled, *, dwell_percent: int = 100) -> Policy:
    """The policy of one exact product version.

    Before identity is proven: every must-read clause, every question, every `before_kyc` disclosure and suitability;
    before signing: everything (PRODUCT-FORMAT section 4). `before_sign` disclosures may wait until then.
    """
    journey = compiled.product.journey
    steps: list[Step] = []
    for name in journey.steps:
        earlier = tuple(key for step in steps for key in step.yields)
        yields = _yields(compiled, name)
        steps.append(Step(name=name, needs=_needs(compiled, name, earlier), yields=yields))
    return Policy(
        product=compiled.ref,
        steps=tuple(steps),
        identity={str(party): strength for party, strength in journey.kyc.items()},
        signatures=tuple(
            SignaturePlan(party=part.who, document=document) for part in journey.signatures for document in part.signs
        ),
        dwell_percent=dwell_percent,
        hesitation_days=int(compiled.params[journey.hesitation]) if journey.hesitation else 0,
        retention_years=journey.retention_years,
    )


def _yields(compiled: Compiled, name: StepName) -> tuple[str, ...]:
    product = compiled.product
    match name:
        case "quote":
            return ("quoted",)
        case "read":
            read = tuple(f"read:{clause}" for clause in compiled.must_read)
            return (*read, *(f"answered:{question.id}" for question in product.questions))
        case "suitability":
            return ("suitable",)
        case "disclose":
            return tuple(f"disclosed:{disclosure.id}" for disclosure in product.disclosures)
        case "identity":
            return tuple(f"identity:{party}:{strength}" for party, strength in product.journey.kyc.items())
        case "sign":
            return tuple(
                f"signed:{part.who}:{document}" for part in product.journey.signatures for document in part.signs
            )
        case _:
            raise ValueError(f"step {name} cannot be compiled yet")


def _needs(compiled: Compiled, name: StepName, earlier: tuple[str, ...]) -> tuple[str, ...]:
    quoted = tuple(key for key in earlier if key == "quoted")
    match name:
        case "identity":
            late = {f"disclosed:{item.id}" for item in compiled.product.disclosures if item.when == "before_sign"}
            return ("consent:recording", "consent:privacy", *(key for key in earlier if key not in late))
        case "sign":
            codes = dict.fromkeys(f"code:sign:{part.who}" for part in compiled.product.journey.signatures)
            return ("consent:recording", "consent:privacy", *earlier, *codes)
        case _:
            # STA-01: nothing of the sale happens before the customer knows that it is recorded.
            return ("consent:recording", *quoted)
