"""The whole journey on a phone, by touch, to the signed paper and the bundle, with the agent watching."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from bench.server import LINK, Server
from bench.walk import PERSON, PHONE
from evidence.verify import TrustedKeys, verify_bundle
from tests.e2e.customer import Customer
from tests.e2e.phone import DESK, Phone


def test_a_customer_signs_on_a_phone_while_the_agent_watches(
    server: Server, browser: Browser, filmed: Browser, screens: Path, tmp_path: Path
) -> None:
    numbers = iter(range(1, 100))
    with (
        Phone.held(browser, server.url, screens, **DESK) as agent,
        Phone.held(filmed, server.url, screens) as phone,
    ):
        agent.page.goto(f"{server.url}/a/#{server.sign_in_token('agent')}")
        agent.at("new-case").click()
        agent.at("product-anju_term_life").click()
        agent.at("phone").press_sequentially(PHONE)
        agent.at("name").press_sequentially(PERSON.name)
        agent.look("a1-new-case")
        agent.at("open-case").click()
        before = len(server.lines)
        agent.at("send-link").click()
        link = server.message(LINK, before)
        agent.look("a2-link-sent")

        customer = Customer(phone, server, lambda name: phone.look(f"{next(numbers):02}-{name}"))
        customer.enter(link)
        customer.accept_notices()
        customer.quote()
        customer.read()
        customer.answer()
        customer.fit()
        customer.acknowledge()
        customer.choose_face()
        customer.show_papers()
        customer.confirm()
        customer.show_face()
        customer.prove_again()
        customer.read_paper()
        customer.decide()
        customer.sign()
        pdf = customer.take("download-pdf", tmp_path / "signed.pdf")
        bundle = customer.take_bundle(tmp_path / "case.zip")
