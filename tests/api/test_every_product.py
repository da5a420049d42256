"""Every product of the catalogue over HTTP, from the link to a bundle that anybody can check."""

from typing import Any

import pytest

from api.settings import Settings
from bench.server import CODE, LINK
from bench.walk import PERSON, PHONE, Walk, age_of
from evidence.verify import TrustedKeys, verify_bundle
from products.compiled import Compiled
from products.questions import right
from products.quoting import compute_quote, values_of
from products.versions import Catalogue
from tests.api.service import Service

CATALOGUE = Catalogue.load(Settings().catalogue)
PRODUCTS = sorted(path.parent.name for path in Settings().catalogue.glob("*/product.yaml"))
AGE = age_of(PERSON.birth)
TOLD: dict[str, int | str] = {  # of this person, whatever asks for it
    "age": AGE,
    "sex": "female",
    "job": "office",
    "dest": "asia",
    "income": "20000",
    "budget": "200000",
    "debts": "0",
    "savings": "1000000",
    "have": "none_yet",
    "hope": "accept",
    "other_use": "only_home",
    "money": "own",
    "danger": "no_work",
    "sport": "no_sport",
    "fit": "fit_yes",
}
OF_PRODUCT: dict[str, dict[str, int | str]] = {
    "fuman_endowment": {"need": "later", "income": "300000"},
    "suihe_annuity": {"need": "old_age", "income": "300000"},
    "zhiqiu_wealth": {"need": "spare"},
    "anju_term_life": {"income": "300000"},
    "kangyu_illness": {"income": "300000"},
}
BOLD = {"r_income": "business", "r_years": "long", "r_loss": "half", "r_plan": "grow"}


class Careful(Walk):
    """Reads all of it, answers rightly, and fits."""

    compiled: Compiled
    inputs: dict[str, int | str]

    def enter(self) -> None:
        if self.agent.token is None:
            self.agent.sign_in(self.server.sign_in_token("agent"))
        case = self.agent.open_case(self.compiled.product.id, PHONE, name=PERSON.name, input_origin="synthetic")
        before = len(self.server.lines)
        self.agent.send_link(case["id"])
        link, before = self.server.message(LINK, before), len(self.server.lines)
        self.customer.ask_code(link)
        self.customer.enter(link, self.server.message(CODE, before))
        self.customer.consent("recording")
        self.customer.consent("privacy")

    def understand(self) -> None:
        customer, product = self.customer, self.compiled.product
        fits = product.suitability
        told = TOLD | OF_PRODUCT.get(product.id, {})
        facts = {name: told[name] for name in fits.facts}
        if fits.ask_first:
            customer.act("needs", {"facts": {name: facts[name] for name in fits.ask_first}})
        customer.acknowledge_all(only=[item.id for item in product.disclosures if item.when == "before_quote"])
        self.inputs = {name: told[name] for name, item in product.inputs.items() if item.default is None}
        customer.act("quotes", {"inputs": self.inputs})
        customer.read_all()
        customer.answer_all(self.right)
        if fits.risk:
            customer.act("risk", {"answers": BOLD})
        if "suitability" in product.journey.steps:
            customer.act("suitability", {"facts": facts})
        customer.acknowledge_all()

    def right(self, question: dict[str, Any]) -> str:
        asked = next(item for item in self.compiled.product.questions if item.id == question["id"])
        quote = compute_quote(self.compiled, self.inputs)
        return right(self.compiled, asked, values_of(self.compiled, quote.inputs, quote.outputs))

    def identify(self) -> None:
        super().identify()
        health = self.compiled.product.suitability.health
        if health:
            answers = {item.id: False for item in health.questions}
            self.customer.act("health", {"version": health.version, "answers": answers})


@pytest.mark.slow
@pytest.mark.parametrize("product", PRODUCTS)
def test_a_careful_customer_comes_from_the_link_to_a_bundle_that_verifies(service: Service, product: str) -> None:
    walk = Careful(service, seed=3_000 + PRODUCTS.index(product))  # type: ignore[arg-type]
    walk.compiled = CATALOGUE.get(product)
    try:
        bundle = walk.all()
    finally:
        walk.close()
    assert walk.customer.view["state"] == "completed"
    report = verify_bundle(bundle, TrustedKeys.load(service.data / "public-keys"))
    assert {reason.code for reason in report.reasons} == {"NO_INDEPENDENT_TIME", "NO_WITNESS"}
