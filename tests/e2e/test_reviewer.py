"""The reviewer's desk: what waits, why, who looks and who decides; by keyboard, on a narrow phone, in two languages."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import Browser, expect

from bench import specimen
from bench.client import Customer
from bench.server import LINK, running
from bench.walk import PHONE, PRODUCT, Walk
from tests.e2e.customer import Customer as Person
from tests.e2e.phone import DESK, Phone
from tests.e2e.test_keyboard import tab_to

LISTED = "阿卜杜拉·演示"
NARROW = {"viewport": {"width": 320, "height": 640}, "locale": "en-US"}


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """A house that looks for faces elsewhere; people and papers come to it by the interface."""
    data = tmp_path_factory.mktemp("office") / "data"
    with running(data, dwell_percent="2", entries_per_minute="6000", face_search="demo") as server:
        made = Walk(server)
        yield made
        made.close()


def confirmed(walk: Walk, day: int, key: ec.EllipticCurvePrivateKey, **other: str) -> str:
    """One more person on this phone, waiting for a reviewer."""
    person = replace(specimen.DEFAULT, birth=specimen.DEFAULT.birth.replace(day=day))
    walk.customer = customer = Customer(walk.customer.http)
    customer.key = key
    walk.enter()
    walk.understand()
    customer.capture_paper("cn_id_front", specimen.front(person))
    customer.capture_paper("cn_id_back", specimen.back())
    fields = {name: str(field["value"]) for name, field in customer.read("identity/papers")["fields"].items()}
    customer.act("identity/routes", {"party": "proposer", "route": "assisted"})
    customer.act("identity/confirmations", {"fields": {**fields, **person.fields, **other}})
    return customer.case


def test_hits_signals_and_pictures_are_settled_at_the_desk(
    walk: Walk, browser: Browser, screens: Path
) -> None:  # API-12, API-21, EVD-13, KYC-09, STA-03
    key = ec.generate_private_key(ec.SECP256R1())
    for day in (1, 2, 3):
        confirmed(walk, day, key)
    case = confirmed(walk, 4, key, name=LISTED)
    with Phone.held(browser, walk.server.url, screens, **DESK) as desk:
        desk.page.goto(f"{walk.server.url}/a/#{walk.server.sign_in_token('reviewer')}")
        row = desk.page.locator(f"[data-testid=case][data-case={case}]")
        expect(row).to_contain_text("名单核查", timeout=30_000)
        expect(row).to_contain_text("风险信号", timeout=30_000)
        desk.look("c1-queue")
        row.click()
        desk.look("c2-case")
        _ask_for_pictures(desk)
        _settle_hits(desk)
        _settle_signals(desk)
        with Phone.held(browser, walk.server.url, screens, **NARROW) as colleague:
            colleague.page.goto(f"{walk.server.url}/a/#{walk.server.sign_in_token('auditor')}")
            _agree(colleague, case)
        _look_at_a_picture(desk)
        desk.at("review-reason").select_option("papers_agree")
        desk.at("review-accept").click()
        expect(desk.at("review-accept")).to_have_count(0)
        expect(row).to_have_count(0)
        desk.look("c8-settled")


def _ask_for_pictures(desk: Phone) -> None:
    """By keyboard alone."""
    tab_to(desk, "picture-why")
    desk.page.keyboard.type("核对证件")
    desk.page.keyboard.press("Enter")
    expect(desk.at("picture-waits")).to_be_visible()


def _settle_hits(desk: Phone) -> None:
    hits = desk.at("check-screenings")
    hits.get_by_test_id("check-read").click()  # without a reason nothing is told
    expect(desk.at("trouble")).to_be_visible()
    expect(hits.get_by_test_id("check-why")).to_be_focused()
    desk.page.keyboard.type("例行核查")
    desk.page.keyboard.press("Enter")
    expect(hits).to_contain_text(LISTED)
    expect(hits.locator("h3")).to_be_focused()
    desk.look("c3-hits")
    _narrow_and_english(desk)
    hits.get_by_test_id("check-clear").click()  # nor decided
    expect(hits.get_by_test_id("check-reason")).to_be_focused()
    hits.get_by_test_id("check-reason").select_option("OTHER_NUMBER")
    hits.get_by_test_id("check-clear").click()
    expect(hits).to_have_count(0)


def _narrow_and_english(desk: Phone) -> None:
    """What is open stays open."""
    size = desk.page.viewport_size
    assert size is not None
    desk.page.set_viewport_size({"width": 320, "height": 640})
    desk.at("language").click()
    expect(desk.at("check-screenings")).to_contain_text("1 listed")
    desk.look("c3-hits-narrow-english")
    desk.at("check-screenings").scroll_into_view_if_needed()
    desk.keep("c3-hits-narrow-english-2")
    desk.at("language").click()
    desk.page.set_viewport_size(size)


def _settle_signals(desk: Phone) -> None:
    signals = desk.at("check-signals")
    signals.get_by_test_id("check-why").fill("例行核查")
    signals.get_by_test_id("check-read").click()
    expect(signals).to_contain_text("同一部手机今天办了好几个人")
    desk.look("c4-signals")
    signals.get_by_test_id("check-reason").select_option("SHARED_PLACE")
    signals.get_by_test_id("check-clear").click()
    expect(signals).to_have_count(0)


def _agree(colleague: Phone, case: str) -> None:
    colleague.page.locator(f"[data-testid=case][data-case={case}]").click(timeout=30_000)
    colleague.look("c5-colleague")
    colleague.at("picture-approve").click()
    expect(colleague.at("said")).to_be_visible()
    expect(colleague.at("picture-approve")).to_have_count(0)
    expect(colleague.at("review-accept")).to_have_count(0)  # an auditor decides nothing
    colleague.look("c6-agreed")


def _look_at_a_picture(desk: Phone) -> None:
    desk.at("picture-cn_id_front").click(timeout=30_000)
    picture = desk.at("picture")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 300
    desk.look("c7-picture")
    desk.at("picture-hide").click()
    expect(picture).to_have_count(0)


def test_who_said_no_to_the_face_is_not_asked_again(
    walk: Walk, browser: Browser, screens: Path
) -> None:  # KYC-02, KYC-03, KYC-18
    if walk.agent.token is None:
        walk.agent.sign_in(walk.server.sign_in_token("agent"))
    before = len(walk.server.lines)
    walk.agent.send_link(walk.agent.open_case(PRODUCT, PHONE, input_origin="synthetic")["id"])
    with Phone.held(browser, walk.server.url, screens) as phone:
        person = Person(phone, walk.server, lambda name: phone.look(f"q-{name}"))
        person.enter(walk.server.message(LINK, before))
        person.accept_notices()
        person.quote()
        person.begin_reading()
        person.read()
        person.answer()
        person.fit()
        person.acknowledge()
        person.choose_face()
        person.on("face-search")
        person.look("face-search")
        phone.tap("face-search-refuse")
        person.on("paper")
        phone.tap("foot-privacy")
        phone.tap("withdraw-face")
        _quiet(person)
        person.look("quiet")
        phone.page.reload()
        _quiet(person)
        phone.tap("face-reconsider")  # by the customer's own wish, and back
        person.on("face-consent")
        phone.tap("face-refuse")
        person.on("paper")


def _quiet(person: Person) -> None:
    page = person.phone.page
    expect(page.locator("jz-quiet-route")).to_be_visible()
    person.phone.settled()
    for face in ("route-face", "face-agree"):
        expect(person.phone.at(face)).to_have_count(0)
    expect(page.locator("jz-face-consent")).to_have_count(0)
