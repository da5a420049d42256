"""When something is in the way: no camera, a small phone, another language, weak eyes, a bad line, a closed page."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Route, expect

from bench.server import Server
from bench.walk import PERSON
from evidence.verify.container import read
from tests.e2e import film
from tests.e2e.customer import Customer
from tests.e2e.desk import Agent, Reviewer, serial
from tests.e2e.phone import DESK, Phone

NAMES = ("李业务", "示例人寿〔2026〕定期寿险007号", "示例保险代理有限公司", "中文", *PERSON.fields.values())
"""What stays Chinese on an English page: names, and what is printed on the card."""
CHINESE = re.compile("[\u4e00-\u9fff]+")
LOST = re.compile(r"net::ERR_(INTERNET_DISCONNECTED|CONNECTION_RESET|FAILED)")


def test_without_a_camera_a_person_decides_and_an_english_reader_declines_on_a_narrow_phone(
    server: Server, browser: Browser, launch: Callable[..., Browser], agent: Agent, screens: Path
) -> None:  # KYC-01, KYC-09, STA-03, STA-04
    link = agent.open_case()
    numbers = iter(range(1, 100))
    refused = launch("--use-fake-device-for-media-stream")  # there is a camera, and the phone says no
    narrow = {"viewport": {"width": 320, "height": 640}, "locale": "en-US"}
    with (
        Phone.held(browser, server.url, screens, **DESK) as desk,
        Phone.held(refused, server.url, screens, **narrow) as phone,
    ):

        def look(name: str) -> None:
            name = f"en{next(numbers):02}-{name}"
            phone.look(name)
            words = phone.words()
            for allowed in NAMES:
                words = words.replace(allowed, "")
            phone.findings += [f"{name}: in Chinese: {found}" for found in CHINESE.findall(words)]

        customer = Customer(phone, server, look)
        customer.camera = False
        customer.enter(link)
        customer.accept_notices()
        customer.on("quote")
        customer.open_sheets()
        customer.quote()
        customer.begin_reading()
        customer.read()
        customer.answer()
        customer.fit()
        customer.acknowledge()
        customer.choose_face()
        customer.show_papers()
        customer.confirm()
        customer.on("liveness")
        phone.tap("liveness-start")
        expect(phone.page.locator("jz-liveness .note--alert")).to_contain_text("camera")
        look("face-no-camera")
        phone.tap("liveness-assisted")
        customer.on("review")
        look("review")
        Reviewer(desk, server).accept(serial(phone))
        customer.on("verified")  # by itself
        phone.tap("verified-continue")
        customer.prove_again()
        customer.read_paper()
        customer.decline()
        expect(agent.phone.at("case-state")).to_have_text("客户不同意，已结束")


def test_with_large_text_a_lost_line_and_closed_pages_nothing_is_lost_and_nothing_done_twice(
    server: Server, filmed: Browser, agent: Agent, screens: Path, tmp_path: Path
) -> None:  # STA-04, STA-05, API-02
    link = agent.open_case()
    numbers = iter(range(1, 100))
    with Phone.held(filmed, server.url, screens) as phone:
        page = phone.page
        film.play(page.context, 2)
        customer = Customer(phone, server, lambda name: phone.look(f"xl{next(numbers):02}-{name}"))
        customer.enter(link, scale="150")
        customer.accept_recording()
        customer.on("privacy")
        customer.look("privacy")
        _without_a_line(phone, "privacy-agree")
        customer.quote()
        customer.begin_reading()
        customer.read(1, 2)
        expect(phone.at("clause-count")).to_contain_text("3 / ")
        page.reload()
        expect(phone.at("clause-count")).to_contain_text("3 / ")
        customer.read(3)
        customer.answer_wrong()
        customer.answer()
        customer.fit()
        customer.acknowledge()
        customer.choose_face()
        customer.show_papers("front")
        expect(page.locator(".card-drawing--back")).to_be_visible()
        page.reload()
        customer.show_papers("back")
        customer.confirm()
        customer.show_face()
        customer.prove_again()
        customer.read_paper()
        customer.decide()
        _lose_the_answer(phone)
        customer.write_name()
        expect(phone.at("trouble")).to_be_visible(timeout=20_000)
        customer.look("answer-lost")
        page.unroute_all()
        page.reload()
        customer.on("done")
        events = _events(customer.take_bundle(tmp_path / "case.zip"))
    assert [event["body"]["scope"] for event in events if event["type"] == "consent.given/1"] == [
        "recording",
        "privacy",
        "face",
        "location",
    ]
    assert sum(event["type"] == "esign.document_signed/1" for event in events) == 1


def _without_a_line(phone: Phone, button: str) -> None:
    """The button is pressed, nothing arrives; when the line is back the page goes on without being asked."""
    phone.expected = LOST
    already = len(phone.sent)
    phone.page.context.set_offline(True)
    phone.tap(button)
    expect(phone.at("trouble")).to_be_visible(timeout=20_000)
    phone.look("xl-offline")
    phone.page.context.set_offline(False)
    expect(phone.page.locator("jz-quote")).to_be_visible(timeout=20_000)
    phone.expected = None
    acts = [request for request in phone.sent[already:] if request.url.endswith("/consents")]
    assert len(acts) > 1
    assert len({request.headers["idempotency-key"] for request in acts}) == 1


def _lose_the_answer(phone: Phone) -> None:
    """The signature reaches the service; its answer never reaches the phone, nor does any other try."""
    phone.expected = LOST
    tries: list[Route] = []

    def lose(route: Route) -> None:
        tries.append(route)
        if len(tries) == 1:
            route.fetch()
        route.abort("connectionreset")

    phone.page.route("**/signatures", lose)


def _events(bundle: bytes) -> list[dict[str, Any]]:
    _, files = read(bundle)
    chain = sorted((path, data) for path, data in dict(files).items() if path.startswith("data/chain/"))
    return [json.loads(line) for _, data in chain for line in data.splitlines()]
