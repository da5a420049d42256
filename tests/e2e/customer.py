"""The customer's journey by touch: each step waits for its screen, does what a person would, and leaves the screen."""

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import FilePayload, Locator, expect

from bench import specimen
from bench.server import CODE, Server
from bench.walk import PERSON, age_of
from tests.e2e import film, pen
from tests.e2e.phone import Phone

Look = Callable[[str], None]


def unseen(_: str) -> None:
    """For journeys whose screens another test has looked at."""


class Customer:
    """`look(name)` is called once on every screen the customer comes to."""

    def __init__(self, phone: Phone, server: Server, look: Look = unseen) -> None:
        self.phone = phone
        self.server = server
        self.look = look
        self.back = ""
        self.camera = True

    def on(self, screen: str) -> Locator:
        """Wait for a screen, e.g. `clause`."""
        found = self.phone.page.locator(f"jz-{screen}")
        expect(found).to_be_visible(timeout=30_000)
        self.phone.settled()
        return found

    # --- getting in ------------------------------------------------------------------------------------------------

    def enter(self, link: str, scale: str = "100") -> None:
        self.phone.page.goto(f"{self.server.url}/c/#{link}")
        self.on("enter")
        if scale != "100":
            self.phone.choose(f"first-scale-{scale}")
        self.look("enter")
        self.prove()

    def prove(self) -> None:
        """Ask for the code, read it off the other phone, type it."""
        before = len(self.server.lines)
        self.phone.tap("send-code")
        expect(self.phone.at("code")).to_be_visible()
        self.look("code")
        self.phone.type("code", self.server.message(CODE, before))
        self.phone.tap("enter")

    def accept_notices(self) -> None:
        self.accept_recording()
        self.on("privacy")
        self.look("privacy")
        self.phone.tap("privacy-agree")

    def accept_recording(self) -> None:
        self.on("entry")
        self.look("recording")
        self.phone.tap("recording-agree")

    # --- understanding ---------------------------------------------------------------------------------------------

    def open_sheets(self) -> None:
        """What is one tap away on every screen."""
        sheet = self.phone.page.get_by_role("dialog")
        for button in ("who", "settings", "help", "foot-privacy", "foot-complaint"):
            self.phone.tap(button)
            expect(sheet).to_be_visible()
            self.look(f"sheet-{button}")
            self.phone.tap("sheet-close")
            expect(sheet).to_have_count(0)

    def quote(self) -> None:
        self.on("quote")
        self.phone.type("quote-age", str(age_of(PERSON.birth)))
        self.phone.choose("quote-sex-female")
        self.look("quote")
        self.phone.tap("quote-go")
        expect(self.phone.at("quote-main")).to_be_visible()
        self.look("result")
        row = self.phone.page.locator("jz-quote :is(.figure, .row)").filter(
            has_text=re.compile("退保拿回|if you cancel")
        )
        self.back = (re.search(r"[\d,]+\.\d\d", row.first.inner_text()) or [""])[0].replace(",", "")
        self.phone.tap("quote-continue")

    def begin_reading(self) -> None:
        self.on("summary")
        self.look("summary")
        self.phone.tap("summary-continue")

    def read(self, first: int = 1, last: int | None = None) -> None:
        """The must-read clauses, counted from 1; by default all of them."""
        count = self.phone.at("clause-count")
        before: str | None = None
        for number in range(first, (last or self.clauses()) + 1):
            expect(count).to_contain_text(f"{number} / ")
            shown = self.phone.page.locator(f"jz-clause [data-key]:not([data-key='{before}'])")
            before = shown.get_attribute("data-key")
            self.look(f"clause-{number}")
            self.read_clause()

    def clauses(self) -> int:
        """How many clauses must be read."""
        said = self.phone.at("clause-count").text_content() or ""
        found = re.search(r"\d+ / (\d+)", said)
        assert found is not None, said
        return int(found[1])

    def read_clause(self) -> None:
        """Down to the last line, then as long as the page asks for."""
        expect(self.phone.page.locator("jz-clause [data-key]")).to_be_visible()
        state = self.phone.at("read-state")
        for _ in range(100):
            now = state.get_attribute("data-state") if state.count() else "ready"
            if now == "ready":
                break
            if now == "end":
                self.phone.swipe()
            else:
                self.phone.page.wait_for_timeout(100)
        self.phone.settled()
        self.phone.tap("clause-next")

    def answer_wrong(self) -> None:
        """Picks another sum, lands on the clause that tells the right one, and comes back."""
        self.on("question")
        title = self.phone.page.locator("jz-question h1").text_content() or ""
        self.phone.page.locator(f"label:has([type=radio]:not([value='{self.back}']))").first.tap()
        self.phone.tap("answer")
        self.on("clause")
        expect(self.phone.at("hint")).to_be_in_viewport(ratio=1)
        self.look("read-again")
        self.read_clause()
        self.on("question")
        expect(self.phone.page.get_by_role("heading", name=title, exact=True)).to_be_visible()

    def answer(self) -> None:
        """Every question right; the sum is the one that stood on the screen of results."""
        self.on("question")
        title = self.phone.page.locator("jz-question h1")
        self.look("question")
        for picked in (self.back, "refund", "not_paid"):
            asked = title.text_content() or ""
            self.phone.choose(f"option-{picked}")
            self.phone.tap("answer")
            expect(self.phone.page.get_by_role("heading", name=asked, exact=True)).to_have_count(0)

    def fit(self) -> None:
        self.on("suitability")
        self.phone.type("need-income", "300000")
        self.phone.choose("need-job-office")
        self.look("suitability")
        self.phone.tap("fit-go")

    def acknowledge(self) -> None:
        """Every sentence; the ones to be copied are typed letter by letter."""
        screen = self.on("disclosure")
        seen = set()
        while screen.count():
            said = self.phone.at("disclosure-text").text_content() or ""
            copy = self.phone.at("disclosure-copy")
            kind = "copy" if copy.count() else "disclosure"
            if copy.count():
                self.phone.type("disclosure-copy", said)
            if kind not in seen:
                self.look(kind)
            seen.add(kind)
            self.phone.tap("acknowledge")
            self.phone.settled()
            expect(self.phone.page.get_by_text(said, exact=True)).to_have_count(0)
        assert seen == {"copy", "disclosure"}

    # --- who one is ------------------------------------------------------------------------------------------------

    def choose_face(self) -> None:
        self.on("route")
        self.look("route")
        self.phone.tap("route-face")
        self.on("face-consent")
        self.look("face-consent")
        self.phone.tap("face-agree")

    def show_papers(self, *sides: str) -> None:
        for side in sides or ("front", "back"):
            picture = specimen.front() if side == "front" else specimen.back()
            expect(self.phone.page.locator(f".card-drawing--{side}")).to_be_visible()
            self.look(f"paper-{side}")
            if not self.camera:
                self.phone.tap("paper-open")
                expect(self.phone.page.locator("jz-paper .note")).to_be_visible()
                self.look(f"paper-{side}-no-camera")
            self.phone.at("paper-file").set_input_files(photograph(side, picture))
            expect(self.phone.at("paper-use")).to_be_visible()
            self.look(f"paper-{side}-check")
            self.phone.tap("paper-use")

    def confirm(self) -> None:
        self.on("confirm")
        expect(self.phone.at("confirm-go")).to_be_visible(timeout=30_000)
        self.look("confirm")
        self.phone.tap("confirm-go")

    def show_face(self, held: Callable[[str], None] = unseen) -> None:
        self.on("liveness")
        self.look("face")
        self.phone.tap("liveness-start")
        expect(self.phone.at("liveness-go")).to_be_visible()
        self.look("face-ready")
        self.phone.tap("liveness-go")
        film.perform(self.phone.page, held)
        self.on("verified")
        self.look("verified")
        self.phone.tap("verified-continue")

    # --- signing ---------------------------------------------------------------------------------------------------

    def prove_again(self) -> None:
        self.on("sign-code")
        self.look("sign-plan")
        before = len(self.server.lines)
        self.phone.tap("sign-code-send")
        expect(self.phone.at("sign-code")).to_be_visible()
        self.phone.type("sign-code", self.server.message(CODE, before))
        self.look("sign-code")
        self.phone.tap("sign-code-go")

    def read_paper(self) -> None:
        self.on("document")
        expect(self.phone.page.locator("[data-paper-end]")).to_be_attached(timeout=30_000)
        self.look("paper")
        told = self.phone.page.locator("jz-document p[role=status]")
        for _ in range(40):
            if told.count() == 0:
                break
            self.phone.swipe()
        expect(told).to_have_count(0)
        self.phone.tap("document-read")

    def decline(self) -> None:
        self.on("opinion")
        self.phone.choose("opinion-disagree")
        self.look("opinion")
        self.phone.tap("opinion-continue")
        expect(self.phone.at("disagree-confirm")).to_be_visible()
        self.look("sure")
        self.phone.tap("disagree-confirm")
        self.on("declined")
        self.look("declined")

    def decide(self) -> None:
        self.on("opinion")
        self.phone.choose("opinion-agree")
        self.look("opinion")
        self.phone.tap("opinion-continue")
        self.on("location")
        self.look("location")
        self.phone.tap("location-agree")

    def write_name(self) -> None:
        self.on("signature")
        self.look("pad")
        pad = self.phone.at("signature-pad")
        pad.scroll_into_view_if_needed()
        pen.write_name(self.phone.touch, pad)
        self.look("signature")
        self.phone.tap("sign")

    def sign(self) -> None:
        self.write_name()
        self.on("done")
        self.look("done")

    def take(self, button: str, to: Path) -> bytes:
        """Download what the button offers."""
        with self.phone.page.expect_download() as download:
            self.phone.tap(button)
        download.value.save_as(to)
        return to.read_bytes()

    def take_bundle(self, to: Path) -> bytes:
        self.phone.tap("export-request")
        expect(self.phone.at("export-download")).to_be_visible(timeout=60_000)
        self.look("bundle")
        return self.take("export-download", to)


def photograph(name: str, jpeg: bytes) -> FilePayload:
    return {"name": f"{name}.jpg", "mimeType": "image/jpeg", "buffer": jpeg}
