"""The whole journey on a phone, by touch, to the signed paper and the bundle, with the agent watching."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from bench.server import Server
from evidence.verify import TrustedKeys, verify_bundle
from tests.e2e import film
from tests.e2e.customer import Customer
from tests.e2e.desk import Agent
from tests.e2e.phone import Phone


def test_a_customer_signs_on_a_phone_while_the_agent_watches(
    server: Server, browser: Browser, filmed: Browser, agent: Agent, screens: Path, tmp_path: Path
) -> None:  # STA-01, STA-03, KYC-04, ESG-04, EVD-10
    link = agent.open_case()
    numbers = iter(range(1, 100))
    with Phone.held(filmed, server.url, screens) as phone:
        film.play(phone.page.context, 1)
        customer = Customer(phone, server, lambda name: phone.look(f"{next(numbers):02}-{name}"))
        customer.enter(link)
        customer.accept_notices()
        expect(agent.phone.at("link-state")).to_contain_text("已经打开")
        customer.quote()
        customer.begin_reading()
        customer.read()
        agent.sees(quote="done", read="current", sign="waiting")
        customer.answer()
        customer.fit()
        customer.acknowledge()
        agent.sees(read="done", suitability="done", disclose="done", identity="current")
        customer.choose_face()
        customer.show_papers()
        customer.confirm()
        customer.show_face(lambda action: phone.keep(f"27-{action}"))
        agent.sees(identity="done", sign="current")
        customer.prove_again()
        customer.read_paper()
        customer.decide()
        customer.sign()
        agent.sees(sign="done")
        expect(agent.phone.at("case-state")).to_have_text("已完成")
        agent.phone.look("a3-signed")
        pdf = customer.take("download-pdf", tmp_path / "signed.pdf")
        bundle = customer.take_bundle(tmp_path / "case.zip")

    with Phone.held(browser, server.url, screens) as auditor:
        auditor.page.goto(f"{server.url}/v/")
        auditor.look("v1-start")
        auditor.page.set_input_files("#keys-choose", sorted((server.data / "public-keys").iterdir()))
        auditor.page.set_input_files("#bundle-choose", tmp_path / "case.zip")
        expect(auditor.at("verdict")).to_have_attribute("data-verdict", "INDETERMINATE", timeout=30_000)
        auditor.look("v2-verdict")

    assert pdf.startswith(b"%PDF-")
    report = verify_bundle(bundle, TrustedKeys.load(server.data / "public-keys"))
    assert report.verdict == "INDETERMINATE"
    assert {reason.code for reason in report.reasons} == {"NO_INDEPENDENT_TIME", "NO_WITNESS"}
