"""What other products ask on the phone: needs first, a warning before any number, risk, health, sentences held."""

import re
from itertools import count
from pathlib import Path

from playwright.sync_api import Browser, expect

from api.settings import Settings
from bench.server import LINK, Server
from bench.walk import PERSON, PHONE
from evidence.verify import TrustedKeys, verify_bundle
from products.compiled import Compiled
from products.definition import Input
from products.questions import right
from products.quoting import compute_quote, values_of
from products.versions import Catalogue
from tests.api.test_every_product import BOLD, OF_PRODUCT, TOLD
from tests.e2e import film
from tests.e2e.customer import Customer
from tests.e2e.desk import Agent
from tests.e2e.phone import Phone

CATALOGUE = Catalogue.load(Settings().catalogue)


class Buyer(Customer):
    """Fits, and answers rightly, whatever the product."""

    compiled: Compiled

    def needs(self) -> None:
        self.on("needs")
        for name in self.compiled.product.suitability.ask_first:
            self._fill(f"first-{name}", name, self.compiled.product.suitability.facts[name])
        self.look("needs")
        self.phone.tap("needs-go")

    def quote(self) -> None:
        self.on("quote")
        for name, item in self.compiled.product.inputs.items():
            if item.default is None:
                self._fill(f"quote-{name}", name, item)
        self.look("quote")
        self.phone.tap("quote-go")
        expect(self.phone.at("quote-main")).to_be_visible()
        self.look("result")
        self.phone.tap("quote-continue")

    def answer(self) -> None:
        self.on("question")
        self.look("question")
        title = self.phone.page.locator("jz-question h1")
        inputs = {name: self._told(name) for name, item in self.compiled.product.inputs.items() if item.default is None}
        quote = compute_quote(self.compiled, inputs)
        values = values_of(self.compiled, quote.inputs, quote.outputs)
        for question in self.compiled.product.questions:
            if question.spare:
                continue
            asked = title.text_content() or ""
            self.phone.choose(f"option-{right(self.compiled, question, values)}")
            self.phone.tap("answer")
            expect(self.phone.page.get_by_role("heading", name=asked, exact=True)).to_have_count(0)

    def risk(self) -> None:
        self.on("risk")
        for question, choice in BOLD.items():
            self.phone.choose(f"risk-{question}-{choice}")
        self.look("risk")
        self.phone.tap("risk-go")

    def fit(self) -> None:
        """What was told before stands there already; the rest is filled in."""
        self.on("suitability")
        suitability = self.compiled.product.suitability
        for name, item in suitability.facts.items():
            if name not in suitability.ask_first:
                self._fill(f"need-{name}", name, item)
        self.look("suitability")
        self.phone.tap("fit-go")

    def acknowledge(self) -> None:
        """Every sentence that is due now: a tap, a hold, or a copy."""
        screen = self.on("disclosure")
        seen = set()
        while screen.count():
            said = self.phone.at("disclosure-text").text_content() or ""
            found = (name for name in ("disclosure-copy", "acknowledge-hold") if self.phone.at(name).count())
            kind = next(found, "tap")
            if kind not in seen:
                self.look(kind)
            seen.add(kind)
            if kind == "disclosure-copy":
                self.phone.type("disclosure-copy", said)
            if kind == "acknowledge-hold":
                self.phone.at("acknowledge-hold").click(delay=2_500)
            else:
                self.phone.tap("acknowledge")
            self.phone.settled()
            expect(self.phone.page.get_by_text(said, exact=True)).to_have_count(0)

    def health(self) -> None:
        self.on("health")
        health = self.compiled.product.suitability.health
        assert health is not None
        for question in health.questions:
            self.phone.choose(f"health-{question.id}-no")
        self.look("health")
        self.phone.tap("health-go")

    def _fill(self, element: str, name: str, item: Input) -> None:
        if item.type == "choice":
            self.phone.choose(f"{element}-{self._told(name)}")
        else:
            self.phone.type(element, str(self._told(name)))

    def _told(self, name: str) -> int | str:
        return (TOLD | OF_PRODUCT.get(self.compiled.product.id, {}))[name]


def begin(agent: Agent, phone: Phone, product: str, seed: int, prefix: str) -> Buyer:
    """The agent opens a case for this product; the customer comes in by the link."""
    desk = agent.phone
    desk.at("new-case").click()
    desk.page.get_by_test_id(f"product-{product}").check()
    desk.at("phone").press_sequentially(PHONE)
    desk.at("name").press_sequentially(PERSON.name)
    desk.at("open-case").click()
    expect(desk.at("link-state")).to_contain_text(re.compile("还没有"))
    before = len(agent.server.lines)
    desk.at("send-link").click()
    film.play(phone.page.context, seed)
    numbers = count(1)
    buyer = Buyer(phone, agent.server, lambda name: phone.look(f"{prefix}{next(numbers):02}-{name}"))
    buyer.compiled = CATALOGUE.get(product)
    buyer.enter(agent.server.message(LINK, before))
    buyer.accept_notices()
    return buyer


def test_a_wealth_product_warns_first_and_asks_what_a_loss_would_mean(
    server: Server, filmed: Browser, agent: Agent, screens: Path
) -> None:  # PRD-09, PRD-11
    with Phone.held(filmed, server.url, screens) as phone:
        buyer = begin(agent, phone, "zhiqiu_wealth", 31, "w")
        buyer.needs()
        buyer.acknowledge()
        buyer.quote()
        buyer.begin_reading()
        buyer.read()
        buyer.answer()
        buyer.risk()
        buyer.fit()
        buyer.acknowledge()
        buyer.on("route")


def test_a_health_product_is_signed_after_its_questions(
    server: Server, filmed: Browser, agent: Agent, screens: Path, tmp_path: Path
) -> None:  # PRD-10, PRD-13
    with Phone.held(filmed, server.url, screens) as phone:
        buyer = begin(agent, phone, "kangyu_illness", 32, "h")
        buyer.needs()
        buyer.quote()
        buyer.begin_reading()
        buyer.read()
        buyer.answer()
        buyer.fit()
        buyer.acknowledge()
        buyer.choose_face()
        buyer.show_papers()
        buyer.confirm()
        buyer.show_face()
        buyer.health()
        buyer.prove_again()
        buyer.read_paper()
        buyer.decide()
        buyer.sign()
        bundle = buyer.take_bundle(tmp_path / "case.zip")
    report = verify_bundle(bundle, TrustedKeys.load(server.data / "public-keys"))
    assert {reason.code for reason in report.reasons} == {"NO_INDEPENDENT_TIME", "NO_WITNESS"}
