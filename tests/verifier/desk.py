"""The auditor at the page: what he does with it, and what he reads from it."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol
from unittest import mock

from playwright.async_api import Download, FilePayload, Page

from evidence.verify import TrustedKeys, verify_bundle

Files = dict[str, bytes]

STATIC = Path(__file__).parents[2] / "static"
BINARIES = Path(__file__).parents[2] / ".venv" / "bin"

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
    "locale": "zh-CN",
    "timezone_id": "Asia/Shanghai",
}


# Presses the button and keeps what it would have handed to the browser.
UNSAVED = """async () => {
    const [make, click] = [URL.createObjectURL, HTMLAnchorElement.prototype.click];
    let blob;
    URL.createObjectURL = (made) => { blob = made; return "about:blank"; };
    HTMLAnchorElement.prototype.click = () => undefined;
    try {
        document.querySelector("[data-testid=save]").click();
    } finally {
        URL.createObjectURL = make;
        HTMLAnchorElement.prototype.click = click;
    }
    return blob.text();
}"""


def built(folder: Path, *configs: str) -> Path:
    """The pages as `npm run build` makes them, from the sources as they are now."""
    path = os.pathsep.join((str(BINARIES), os.environ.get("PATH", "")))
    for config in configs or ("vite.config.ts", "vite.verifier.config.ts"):
        vite = ["node", "node_modules/vite/bin/vite.js", "build", "--config", config, "--outDir", str(folder)]
        subprocess.run(vite, cwd=STATIC, env=os.environ | {"PATH": path}, check=True, capture_output=True)
    return folder


class Sit(Protocol):
    """Opens an address as a phone would, or as `context` says."""

    async def __call__(self, address: str, **context: Any) -> "Desk": ...


@dataclass
class Desk:
    """One open page. `asked` = every address it asked for, `complaints` = what its console said."""

    page: Page
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def at(cls, page: Page) -> "Desk":
        desk = cls(page)
        page.on("request", lambda request: desk.asked.append(request.url))
        page.on("console", lambda message: desk.complaints.append(message.text))
        page.on("pageerror", lambda error: desk.complaints.append(str(error)))
        return desk

    async def load_keys(self, folder: Path) -> None:
        copies = await asyncio.to_thread(lambda: sorted(folder.iterdir()))
        await self.page.set_input_files("#keys-choose", copies)
        await self.page.get_by_test_id("keys-loaded").wait_for()

    async def hold(self, keys: Mapping[str, bytes], policy: bytes | None) -> None:
        """The auditor's keys and his policy, whatever they are."""
        files: list[FilePayload] = [
            {"name": name, "mimeType": "text/plain", "buffer": data} for name, data in keys.items()
        ]
        if files:
            await self.page.set_input_files("#keys-choose", files)
            await self.page.get_by_test_id("keys-loaded").wait_for()
        if policy is not None:
            await self.page.set_input_files(
                "#policy-choose", {"name": "mine.txt", "mimeType": "text/plain", "buffer": policy}
            )
            await self.page.get_by_test_id("policy-loaded").or_(self.page.get_by_test_id("trouble")).first.wait_for()

    async def judge(self, bundle: bytes) -> dict[str, Any]:
        """Choose the bundle, wait for the verdict, save the report."""
        payload: FilePayload = {"name": "case.zip", "mimeType": "application/zip", "buffer": bundle}
        await self.page.set_input_files("#bundle-choose", payload)
        await self.page.get_by_test_id("verdict").wait_for()
        async with self.page.expect_download() as download:
            await self.page.get_by_test_id("save").click()
        report: dict[str, Any] = json.loads(await saved(await download.value))
        assert await self.page.get_by_test_id("verdict").get_attribute("data-verdict") == report["verdict"]
        return report

    async def judge_unsaved(self, bundle: bytes) -> dict[str, Any]:
        """The same for the many: the report as the button would save it, without a download each."""
        payload: FilePayload = {"name": "case.zip", "mimeType": "application/zip", "buffer": bundle}
        await self.page.set_input_files("#bundle-choose", payload)
        await self.page.get_by_test_id("verdict").wait_for()
        report: dict[str, Any] = json.loads(await self.page.evaluate(UNSAVED))
        assert await self.page.get_by_test_id("verdict").get_attribute("data-verdict") == report["verdict"]
        return report

    async def accessible(self) -> list[str]:
        """Serious and critical findings of axe, as `rule: element`."""
        await self.page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
        found = await self.page.evaluate(
            "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']})"
        )
        return [
            f"{violation['id']}: {node['html']}"
            for violation in found["violations"]
            if violation["impact"] in ("serious", "critical")
            for node in violation["nodes"]
        ]


def compared(report: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Where two reports differ: a step's state, the first bad record, the verdict."""
    said = []
    for mine, theirs in zip(report["steps"], other["steps"], strict=True):
        left = (mine["n"], mine["name"], mine["state"])
        right = (theirs["n"], theirs["name"], theirs["state"])
        if left != right:
            said.append(f"{left} {mine['detail']} / {right} {theirs['detail']}")
    for member in ("first_bad", "verdict"):
        if report[member] != other[member]:
            said.append(f"{member} {report[member]} / {other[member]}")
    return said


def as_a_browser_can(bundle: bytes, keys: TrustedKeys) -> dict[str, Any]:
    """What the command line says without the libraries for time stamps and PDF signatures."""
    with mock.patch.dict(sys.modules, {"evidence.verify.full": None}):
        return verify_bundle(bundle, keys).plain()


async def saved(download: Download) -> bytes:
    return await asyncio.to_thread(Path(await download.path()).read_bytes)


def codes(report: dict[str, Any]) -> Sequence[tuple[int, str]]:
    return [(reason["step"], reason["code"]) for reason in report["reasons"]]
