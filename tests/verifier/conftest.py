"""One told story, one built page, one browser: what every test of the auditor's page stands on."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from evidence.verify.container import read
from tests.outside import need
from tests.proof.story import Told, tell, world
from tests.verifier.desk import PHONE, Desk, Files, Sit, built


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    made = world(tmp_path_factory.mktemp("tsa"))
    await made.adopt_keys()
    return await tell(made)


@pytest.fixture(scope="session")
def unpacked(told: Told) -> tuple[str, Files]:
    root, files = read(told.bundle)
    return root, dict(files)


@pytest.fixture(scope="session")
def keys(told: Told, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The auditor's folder of key files."""
    folder = tmp_path_factory.mktemp("keys")
    for name, data in told.keys.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages as `npm run build` makes them, from the sources as they are now."""
    need("node")
    return built(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def from_disk(dist: Path) -> str:
    return (dist / "verifier.html").as_uri()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    need("chromium")
    async with async_playwright() as driver:
        made = await driver.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"))
        yield made
        await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def sit(browser: Browser) -> AsyncIterator[Sit]:
    contexts = []

    async def sit(address: str, **context: Any) -> Desk:
        contexts.append(await browser.new_context(**(PHONE | context)))
        desk = Desk.at(await contexts[-1].new_page())
        await desk.page.goto(address)
        return desk

    yield sit
    for context in contexts:
        await context.close()
