"""A phone in somebody's hand, with an observer beside it who misses no complaint of the browser."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import uuid4

from playwright.sync_api import Browser, BrowserContext, CDPSession, ConsoleMessage, Locator, Page, Request, expect

from tests.e2e import pen

WECHAT = (
    "Mozilla/5.0 (Linux; Android 14; V2309A Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/130.0.6723.103 Mobile Safari/537.36 XWEB/1300289 MMWEBSDK/20241103 MicroMessenger/8.0.55.2780 "
    "WeChat/arm64 Weixin NetType/4G Language/zh_CN ABI/arm64"
)
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
    "locale": "zh-CN",
    "timezone_id": "Asia/Shanghai",
    "user_agent": WECHAT,
    "geolocation": {"latitude": 39.9042, "longitude": 116.4074, "accuracy": 15},
    "permissions": ["geolocation"],
    "accept_downloads": True,
}
DESK: dict[str, Any] = {
    "viewport": {"width": 1180, "height": 820},
    "locale": "zh-CN",
    "timezone_id": "Asia/Shanghai",
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
AXE = files("axe_playwright_python").joinpath("axe.min.js")
AUDIT = """
async (rules) => {
  const { violations } = await axe.run({ runOnly: rules });
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
}
"""
CATALOGUE = Path(__file__).parents[2] / "static" / "src" / "i18n" / "zh.ts"
PREFIXES = "|".join(set(re.findall(r'^  "([a-z_]+)\.', CATALOGUE.read_text("utf-8"), re.MULTILINE)))
BARE_KEY = re.compile(rf"(?<![\w./@])(?:{PREFIXES})\.[a-z]\w+")
"""How a sentence looks that the catalogue does not have."""
BARE_CODE = re.compile(r"^[a-z]+(?: [a-z]+)*$", re.MULTILINE)
"""A code of the server that has no word of its own: lower case, alone on its line, on a Chinese page for people."""


@dataclass
class Phone:
    """One page of one person. `complaints` must be empty at the end; `findings` too."""

    page: Page
    touch: CDPSession
    origin: str
    screens: Path
    complaints: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)
    expected: re.Pattern[str] | None = None
    """Complaints that the test itself brings about, such as a lost connection."""

    @classmethod
    @contextmanager
    def held(cls, browser: Browser, origin: str, screens: Path, **changes: Any) -> Iterator["Phone"]:
        """A phone for one test; whatever its observer noticed fails the test at the end."""
        context = browser.new_context(**(PHONE | changes))
        try:
            phone = cls.watch(context, origin, screens)
            try:
                yield phone
            except Exception as error:
                name = f"failed-{uuid4().hex[:6]}"
                phone.keep(name)
                error.add_note("\n".join((f"{name}.png", *phone.complaints, *phone.findings)))
                raise
            phone.approve()
        finally:
            context.close()

    def approve(self) -> None:
        """Fails with what was noticed since the last time."""
        noticed = [*self.complaints, *self.findings]
        self.complaints.clear()
        self.findings.clear()
        assert not noticed, "\n".join(noticed)

    @classmethod
    def watch(cls, context: BrowserContext, origin: str, screens: Path) -> "Phone":
        page = context.new_page()
        page.set_default_timeout(15_000)
        phone = cls(page, context.new_cdp_session(page), origin, screens)
        context.on("request", phone._asked)
        page.on("console", phone._said)
        page.on("pageerror", lambda error: phone.complaints.append(f"page error: {error}"))
        return phone

    def _asked(self, request: Request) -> None:
        self.sent.append(request)
        if not request.url.startswith((f"{self.origin}/", f"blob:{self.origin}/", "data:")):
            self.complaints.append(f"asked another origin: {request.url}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        if self.expected is None or not self.expected.search(message.text):
            self.complaints.append(f"{message.type}: {message.text}")

    # --- hands -----------------------------------------------------------------------------------------------------

    def at(self, element: str) -> Locator:
        """By its test id."""
        return self.page.get_by_test_id(element)

    def tap(self, element: str) -> None:
        self.at(element).tap()

    def choose(self, element: str) -> None:
        """A radio button or a tick: the finger lands on its label."""
        self.page.locator(f'label:has([data-testid="{element}"])').tap()

    def type(self, element: str, text: str) -> None:
        field = self.at(element)
        field.tap()
        field.fill("")
        field.press_sequentially(text)

    def swipe(self) -> None:
        """Move the page up by half a screen, the finger at the edge."""
        size = self.page.viewport_size
        assert size is not None
        pen.swipe(self.touch, size["width"] - 6, size["height"] * 0.7, size["height"] * 0.5)

    # --- eyes ------------------------------------------------------------------------------------------------------

    def settled(self) -> None:
        """Nothing is on its way."""
        expect(self.page.locator("main:not([aria-busy=true])")).to_be_visible(timeout=20_000)
        expect(self.page.locator("main .waiting")).to_have_count(0, timeout=20_000)

    def keep(self, name: str) -> None:
        """A picture of what is on the screen."""
        self.page.screenshot(path=self.screens / f"{name}.png", animations="disabled")

    def look(self, name: str) -> None:
        """Keep a picture, and note what would keep somebody from using this screen."""
        self.settled()
        self.keep(name)
        if not self.page.evaluate("typeof axe === 'object'"):
            self.page.evaluate(AXE.read_text("utf-8"))
        self.findings += [f"{name}: {finding}" for finding in self.page.evaluate(AUDIT, RULES)]
        trouble = self.at("trouble")
        if trouble.count():
            expect(trouble).to_be_in_viewport(ratio=0.9)
        across = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if across > 0:
            self.findings.append(f"{name}: {across} px wider than the screen")
        words = self.words()
        bare = BARE_KEY.findall(words)
        if self.page.locator("html[lang=zh-CN] :is(jz-customer, jz-agent)").count():
            bare += BARE_CODE.findall(words)
        self.findings += [f"{name}: no words for {key}" for key in bare]

    def words(self) -> str:
        """All that can be read."""
        return self.page.locator("body").inner_text()
