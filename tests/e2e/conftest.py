"""The service, a browser, a place for pictures. Playwright's own loop: `make e2e` gives this suite its own process."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from bench.server import Server, running
from tests.e2e.desk import Agent
from tests.e2e.phone import DESK, Phone
from tests.outside import need

SCREENS = Path("build/screens")
PAGES = Path("static/dist/customer.html")
QUIET = [
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The real service; reading floors at 2 %, so that nobody sits out the minutes of a real reading."""
    data = tmp_path_factory.mktemp("service") / "data"
    settings = {"dwell_percent": "2", "entries_per_minute": "6000"}
    with running(data, **settings) as made:
        yield made


@pytest.fixture(scope="session")
def driver() -> Iterator[Playwright]:
    need("chromium")
    assert PAGES.is_file(), f"{PAGES} is missing: run `make e2e`"
    expect.set_options(timeout=15_000)  # a busy machine is no failure
    with sync_playwright() as made:
        yield made


@pytest.fixture(scope="session")
def launch(driver: Playwright) -> Iterator[Callable[..., Browser]]:
    """A browser with more flags, closed at the end."""
    with ExitStack() as stack:

        def start(*flags: str) -> Browser:
            path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
            browser = driver.chromium.launch(executable_path=path, args=[*QUIET, *flags])
            stack.callback(browser.close)
            return browser

        yield start


@pytest.fixture(scope="session")
def browser(launch: Callable[..., Browser]) -> Browser:
    """One without a camera."""
    return launch()


@pytest.fixture(scope="session")
def filmed(launch: Callable[..., Browser]) -> Browser:
    """One whose camera opens without asking; `film.play` puts a specimen before it."""
    return launch("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


@pytest.fixture(scope="session")
def screens() -> Path:
    """Where a picture of every screen of this run is kept."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    for old in SCREENS.glob("*.png"):
        old.unlink()
    return SCREENS


@pytest.fixture(scope="session")
def workbench(browser: Browser, server: Server, screens: Path) -> Iterator[Agent]:
    context = browser.new_context(**DESK)
    yield Agent(Phone.watch(context, server.url, screens), server)
    context.close()


@pytest.fixture
def agent(workbench: Agent) -> Iterator[Agent]:
    """The agent at the workbench, whose own page must stay without a complaint in every test."""
    yield workbench
    workbench.phone.approve()
