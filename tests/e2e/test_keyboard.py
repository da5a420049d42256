"""Without touch and without a mouse: the first screens by keyboard alone, with the focus always in sight."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from bench.server import CODE, Server
from tests.e2e.desk import Agent
from tests.e2e.phone import Phone

FOCUS = """() => {
  const here = document.activeElement;
  const drawn = here.matches(".pill input") ? here.nextElementSibling : here;
  const style = getComputedStyle(drawn);
  const visible = style.outlineStyle !== "none" || style.boxShadow !== "none";
  return { id: here.dataset.testid ?? "", name: here.tagName, visible };
}"""


def test_the_keyboard_alone_leads_through_the_first_screens(
    server: Server, browser: Browser, agent: Agent, screens: Path
) -> None:  # STA-03
    link = agent.open_case()
    with Phone.held(browser, server.url, screens, is_mobile=False, has_touch=False) as phone:
        page = phone.page
        page.goto(f"{server.url}/c/#{link}")
        expect(phone.at("send-code")).to_be_visible()
        before = len(server.lines)
        tab_to(phone, "send-code")
        page.keyboard.press("Enter")
        expect(phone.at("code")).to_be_focused()
        page.keyboard.type(server.message(CODE, before))
        page.keyboard.press("Enter")
        expect(page.locator("jz-entry")).to_be_visible()
        phone.settled()
        tab_to(phone, "first-scale-100")
        page.keyboard.press("ArrowRight")
        expect(page.locator("html")).to_have_attribute("data-scale", "125")
        tab_to(phone, "recording-agree")
        page.keyboard.press("Space")
        expect(page.locator("jz-privacy h1")).to_be_focused()
        phone.settled()
        tab_to(phone, "help", backwards=True)
        page.keyboard.press("Enter")
        sheet = page.get_by_role("dialog")
        expect(sheet).to_be_visible()
        phone.look("k1-help")
        for _ in range(15):  # the focus does not leave the sheet
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.closest('[role=dialog]') !== null")
        page.keyboard.press("Escape")
        expect(sheet).to_have_count(0)
        expect(phone.at("help")).to_be_focused()
        tab_to(phone, "privacy-agree")
        page.keyboard.press("Enter")
        expect(page.locator("jz-quote")).to_be_visible()
    agent.show_code()


def tab_to(phone: Phone, element: str, *, backwards: bool = False) -> None:
    """Press Tab until the element has the focus; wherever it stops on the way, it can be seen."""
    for _ in range(40):
        focus = phone.page.evaluate(FOCUS)
        if focus["id"] == element:
            return
        phone.page.keyboard.press("Shift+Tab" if backwards else "Tab")
        now = phone.page.evaluate(FOCUS)
        assert now["visible"] or now["name"] == "BODY", now
    raise AssertionError(f"the keyboard does not reach {element}")
