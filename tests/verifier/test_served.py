"""The same page from our own server: external script and style under the strict content policy."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from api.wire import SECURITY
from tests.proof.story import Told
from tests.verifier.desk import Sit, codes, saved
from tests.verifier.test_page import BLIND

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Served(SimpleHTTPRequestHandler):
    """`/v/` and `/static/` of a folder of built pages, with the headers every answer of ours carries."""

    def translate_path(self, path: str) -> str:
        name = "auditor.html" if path == "/v/" else path.removeprefix("/static/")
        return str(Path(self.directory) / name)

    def end_headers(self) -> None:
        for name, value in SECURITY.items():
            self.send_header(name, value)
        super().end_headers()

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        pass


@pytest.fixture
def server(dist: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Served, directory=str(dist))) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{made.server_port}"
        made.shutdown()
        thread.join()


async def test_the_served_page_verifies_under_the_strict_policy(
    sit: Sit, server: str, told: Told, keys: Path, dist: Path
) -> None:
    desk = await sit(f"{server}/v/")
    await desk.load_keys(keys)
    assert codes(await desk.judge(told.bundle)) == BLIND
    assert desk.complaints == []  # the browser would name each breach of the policy
    assert all(url.startswith((server, "blob:")) for url in desk.asked)
    async with desk.page.expect_download() as download:
        await desk.page.get_by_role("link", name="保存离线核验页").click()
    assert await saved(await download.value) == (dist / "verifier.html").read_bytes()
    await expect(desk.page.get_by_test_id("verdict")).to_be_visible()
