"""The other people of a case: the agent who opens it and watches, the reviewer who decides about an identity."""

import re

from playwright.sync_api import Locator, expect

from bench.server import LINK, Server
from bench.walk import PERSON, PHONE, PRODUCT
from tests.e2e.phone import Phone


class Agent:
    """One signed-in workbench: the sign-in link works once."""

    def __init__(self, phone: Phone, server: Server) -> None:
        self.phone = phone
        self.server = server
        phone.page.goto(f"{server.url}/a/#{server.sign_in_token('agent')}")

    def open_case(self) -> str:
        """Opens a case by typing and sends the link, which only the customer's phone shows."""
        self.phone.at("new-case").click()
        self.phone.page.get_by_test_id(f"product-{PRODUCT}").check()
        self.phone.at("phone").press_sequentially(PHONE)
        self.phone.at("name").press_sequentially(PERSON.name)
        self.phone.look("a1-new-case")
        self.phone.at("open-case").click()
        expect(self.phone.at("link-state")).to_contain_text("还没有")
        before = len(self.server.lines)
        self.phone.at("send-link").click()
        link = self.server.message(LINK, before)
        expect(self.phone.at("link-state")).to_contain_text("等客户打开")
        assert link not in self.phone.page.content()
        self.phone.look("a2-link-sent")
        return link

    def show_code(self) -> None:
        """The code for a customer who sits opposite."""
        self.phone.at("pair").click()
        picture = self.phone.at("qr").locator("img")
        expect(picture).to_be_visible()
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
        self.phone.look("a4-pairing")

    def step(self, name: str) -> Locator:
        return self.phone.page.locator(f"[data-testid=steps] [data-step={name}]")

    def sees(self, **states: str) -> None:
        """Without a reload: the steps in these states."""
        for name, state in states.items():
            expect(self.step(name)).to_have_attribute("data-state", state, timeout=15_000)


class Reviewer:
    def __init__(self, phone: Phone, server: Server) -> None:
        self.phone = phone
        phone.page.goto(f"{server.url}/a/#{server.sign_in_token('reviewer')}")

    def accept(self, case: str) -> None:
        self.phone.page.locator(f"[data-testid=case][data-case={case}]").click(timeout=30_000)
        self.phone.look("r1-case")
        self.phone.at("review-accept").click()  # without a reason nothing is decided
        expect(self.phone.at("trouble")).to_be_visible()
        self.phone.at("review-reason").select_option("seen_by_video")
        self.phone.at("review-accept").click()
        expect(self.phone.at("said")).to_be_visible()
        self.phone.look("r2-decided")


def serial(phone: Phone) -> str:
    """The case's id, from the foot of the customer's page."""
    found = re.search(r"case_\w+", phone.page.locator("footer").inner_text())
    assert found is not None
    return found[0]
