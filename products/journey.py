"""A product's journey as the policy a case freezes: which keys each step needs and which it yields."""

from evidence.events import Party
from evidence.policy import Policy, SignaturePlan, Step, StepName
from products.compiled import Compiled
from products.definition import Disclosure, SignaturePart

# Steps that outside systems report: the payment provider, the insurer's own system, the clock after the receipt.
OUTSIDE: dict[StepName, str] = {"pay": "paid", "issue": "issued", "receipt": "received", "cooling_off": "cooled_off"}


def to_policy(compiled: Compiled, *, dwell_percent: int = 100, insured_is_another: bool = False) -> Policy:
    """The policy of one exact product version, for one constellation of people.

    Before identity is proven: every must-read clause, every question, every `before_kyc` disclosure and suitability;
    before signing: everything (PRODUCT-FORMAT section 4). `before_sign` disclosures may wait until then. Nobody of
    whom nothing is known but that they exist (an insured who is the buyer) has keys of their own.
    """
    return _Journey(compiled, insured_is_another).policy(dwell_percent)


class _Journey:
    def __init__(self, compiled: Compiled, insured_is_another: bool) -> None:
        self.compiled = compiled
        self.product = compiled.product
        self.insured_is_another = insured_is_another

    def policy(self, dwell_percent: int) -> Policy:
        journey = self.product.journey
        steps: list[Step] = []
        for name in journey.steps:
            earlier = tuple(key for step in steps for key in step.yields)
            steps.append(Step(name=name, needs=self._needs(name, earlier), yields=self._yields(name)))
        return Policy(
            product=self.compiled.ref,
            steps=tuple(steps),
            identity=self._identity(),
            signatures=tuple(
                SignaturePlan(party=part.who, document=document) for part in self._signers() for document in part.signs
            ),
            papers={str(party): papers for party, papers in journey.papers.items() if self._takes_part(party)},
            dwell_percent=dwell_percent,
            hesitation_days=int(self.compiled.params[journey.hesitation]) if journey.hesitation else 0,
            retention_years=journey.retention_years,
        )

    # --- people ------------------------------------------------------------------------------------------------------

    def _takes_part(self, party: Party) -> bool:
        return party != "insured" or self.insured_is_another

    def _identity(self) -> dict[str, str]:
        wanted = self.product.journey.kyc.items()
        return {str(party): strength for party, strength in wanted if strength != "K0" and self._takes_part(party)}

    def _signers(self) -> tuple[SignaturePart, ...]:
        return tuple(
            part
            for part in self.product.journey.signatures
            if self._takes_part(part.who) and (part.when == "always" or self.insured_is_another)
        )

    def _disclosures(self, *moments: str) -> tuple[Disclosure, ...]:
        return tuple(item for item in self.product.disclosures if item.when in moments)

    # --- keys --------------------------------------------------------------------------------------------------------

    def _yields(self, name: StepName) -> tuple[str, ...]:
        match name:
            case "quote":
                return ("quoted",)
            case "read":
                read = tuple(f"read:{clause}" for clause in self.compiled.must_read)
                asked = (question for question in self.product.questions if not question.spare)
                return (*read, *(("unhurried",) if read else ()), *(f"answered:{question.id}" for question in asked))
            case "suitability":
                fit = self.product.suitability
                return ("suitable", *(("risk",) if fit.risk else ()), *(("rested",) if fit.thinking else ()))
            case "disclose":
                return tuple(
                    f"disclosed:{item.id}" for item in self._disclosures("before_quote", "before_kyc", "before_sign")
                )
            case "identity":
                return tuple(f"identity:{party}:{strength}" for party, strength in self._identity().items())
            case "health":
                return ("health",)
            case "sign":
                return tuple(f"signed:{part.who}:{document}" for part in self._signers() for document in part.signs)
            case "receipt":
                return (*(f"disclosed:{item.id}" for item in self._disclosures("after_pay")), OUTSIDE[name])
            case "pay" | "issue" | "cooling_off":
                return (OUTSIDE[name],)

    def _needs(self, name: StepName, earlier: tuple[str, ...]) -> tuple[str, ...]:
        # STA-01: nothing of the sale happens before the customer knows that it is recorded.
        told = ("consent:recording",)
        match name:
            case "quote":
                first = tuple(f"disclosed:{item.id}" for item in self._disclosures("before_quote"))
                return (*told, *(("needs",) if self.product.suitability.ask_first else ()), *first)
            case "identity":
                late = {f"disclosed:{item.id}" for item in self._disclosures("before_sign")} | {"rested"}
                return (*told, "consent:privacy", *(key for key in earlier if key not in late))
            case "sign":
                codes = dict.fromkeys(f"code:sign:{part.who}" for part in self._signers())
                return (*told, "consent:privacy", *earlier, *codes)
            case "pay" | "issue" | "receipt" | "cooling_off":
                return (*told, *earlier)
            case "disclose" if self._disclosures("before_quote"):
                return told
            case _:
                return (*told, *(key for key in earlier if key == "quoted"))
