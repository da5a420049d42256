"""How long a check of the evidence takes: a case of 10,000 events on the command line, and any case in a browser.

The floor is the cryptography alone: the same bytes hashed and the same signatures checked by `hashlib` and
`cryptography`, called directly in the same process, with everything else (JSON, order, places, words) left out.
"""

import asyncio
import base64
import hashlib
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256, SM3, Hash
from playwright.async_api import Browser, FilePayload, async_playwright

from bench.table import Metric, rendered
from evidence import events as happened
from evidence.bundle import build_bundle
from evidence.checkpoint import read_proof, split_note
from evidence.events.reading import ScreenClause, SeenClause
from evidence.verify import TrustedKeys, verify_bundle
from evidence.verify.container import read
from tests.proof.story import Teller, World, stream_of, tell, world
from tests.verifier.desk import Desk, built

EVENTS = 10_000
CACHE = Path("build/bench/verify")
STEP_S = 0.03  # between two events of the grown part: it must fit into one session of an hour
RUNS = 5

Files = Mapping[str, bytes]


# --- the case ---------------------------------------------------------------------------------------------------------


class Reader(Teller):
    """The usual story of a customer who read for very long: `more` further events of reading, as the pages send them:
    a screen served, six batches of what was visible, a question answered; now and then another quote.
    """

    def __init__(self, around: World, stream: str, more: int) -> None:
        super().__init__(around, stream)
        self._more = more

    async def reading(self) -> None:
        await super().reading()
        for number in range(self._more):
            body = await self._next(number)
            stamp = happened.Stamp(actor=self.customer.actor, at=self.world.clock.forward(STEP_S))
            await self.world.ledger.record(self.stream, lambda _, body=body: (body,), stamp)  # type: ignore[misc]

    async def _next(self, number: int) -> happened.Body:
        turn, screen = number % 8, f"scr_{2 + number // 8}"
        digest = hashlib.sha256(screen.encode()).hexdigest()
        if turn == 0:
            clauses = tuple(
                ScreenClause(clause=f"c{2 + part}.{1 + number % 9}", level="plain", render_sha256=digest, floor_ms=8000)
                for part in range(3)
            )
            return happened.ScreenServed(screen=screen, locale="zh-CN", layout="elder", clauses=clauses)
        if turn < 7:
            seen = tuple(
                SeenClause(
                    clause=f"c{2 + part}.{1 + number % 9}",
                    level="plain",
                    visible_ms=1500 * turn,
                    claimed_ms=1510 * turn,
                    end_seen=turn > 4,
                )
                for part in range(2)
            )
            return happened.ClausesSeen(screen=screen, clauses=seen)
        if number % 40 == 39:
            values = await self.hide("contract", age=30, sum=str(100_000 + number))
            worth = await self.hide("contract", premium={"value": "4210.00", "unit": "money"})
            trace = await self.hide("contract", trace=[["premium", "4210.00"]])
            return happened.QuoteShown(inputs=values, outputs=worth, trace=trace["trace"], changed=("sum",))
        return happened.QuestionAnswered(question="q1", picked="no", correct=True, attempt=2)


@dataclass(frozen=True)
class Specimen:
    """A bundle and the auditor's own copies of the keys."""

    bundle: bytes
    keys: Mapping[str, bytes]


async def specimens(folder: Path = CACHE) -> tuple[Specimen, Specimen]:
    """(a usual case, one of 10,000 events), made once and kept as long as they verify."""
    kept = [_kept(folder / name) for name in ("usual", "grown")]
    if kept[0] is not None and kept[1] is not None:
        return kept[0], kept[1]
    with tempfile.TemporaryDirectory() as temporary:
        around = world(Path(temporary))
        await around.adopt_keys()
        usual = await tell(around)
        base = _events(usual.bundle, usual.keys)
        reader = Reader(around, stream_of(around), EVENTS - base)
        await reader.whole()
        grown = (await build_bundle(reader.stream, around.bundles, around.extras)).data
        made = Specimen(usual.bundle, around.keys), Specimen(grown, around.keys)
    for name, specimen in zip(("usual", "grown"), made, strict=True):
        _keep(folder / name, specimen)
    return made


def _events(bundle: bytes, keys: Mapping[str, bytes]) -> int:
    case = verify_bundle(bundle, TrustedKeys.of(keys)).case
    assert case is not None
    return int(case["events"])


def _kept(folder: Path) -> Specimen | None:
    """None when it is not there, or was made in another format."""
    if not (folder / "case.zip").is_file():
        return None
    keys = {path.name: path.read_bytes() for path in (folder / "keys").iterdir()}
    specimen = Specimen((folder / "case.zip").read_bytes(), keys)
    return specimen if verify_bundle(specimen.bundle, TrustedKeys.of(keys)).first_bad is None else None


def _keep(folder: Path, specimen: Specimen) -> None:
    (folder / "keys").mkdir(parents=True, exist_ok=True)
    for name, data in specimen.keys.items():
        (folder / "keys" / name).write_bytes(data)
    (folder / "case.zip").write_bytes(specimen.bundle)


# --- the floor --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Work:
    """The bytes a verification hashes and the signatures it checks: (key, signature, message) and (x, y, …).

    Left out on purpose, because a case has one or two each: the CMS signatures of time stamps and PDFs.
    """

    hashed: list[bytes]
    second: list[bytes]
    signed: list[tuple[bytes, bytes, bytes]]
    acts: list[tuple[int, int, bytes, bytes]]

    @classmethod
    def of(cls, specimen: Specimen) -> "Work":
        _, files = read(specimen.bundle)
        hashed = [bytes(data) for path, data in files.items() if not path.startswith("tagmanifest")]  # step 2
        hashed += [line for path in files if path.endswith(".jsonl") for line in files[path].splitlines()]  # step 3
        chains = [files[path] for path in sorted(files) if path.startswith("data/chain/")]
        hashed += chains[:-1]  # step 5: subjects of the seals
        hashed += [files[path] for path in files if path.endswith((".dsse.json", ".pdf", ".png", ".jpg"))]
        hashed += files["data/openings/values.txt"].splitlines()  # step 7
        second = [*chains[:-1], *(files[path] for path in files if path.endswith((".pdf", ".png")))]  # steps 5 and 9
        signed = [_checkpoint(files, specimen.keys), *_seals(files, specimen.keys)]
        return cls(hashed, second, signed, _acts(files))

    def do(self) -> None:
        for data in self.hashed:
            hashlib.sha256(data).hexdigest()
        for data in self.second:
            digest = Hash(SM3())
            digest.update(data)
            digest.finalize()
        for public, signature, message in self.signed:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        for x, y, signature, message in self.acts:
            key = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
            key.verify(signature, message, ECDSA(SHA256()))


def _checkpoint(files: Files, keys: Mapping[str, bytes]) -> tuple[bytes, bytes, bytes]:
    log = TrustedKeys.of(keys).log
    assert log is not None
    checkpoint, lines = split_note(read_proof(files["data/head.tlog-proof"])[2])
    return log.public, base64.b64decode(lines[0].split()[-1])[4:], checkpoint.body


def _seals(files: Files, keys: Mapping[str, bytes]) -> list[tuple[bytes, bytes, bytes]]:
    (seal,) = TrustedKeys.of(keys).seals
    found = []
    for path in files:
        if path.endswith(".dsse.json"):
            envelope = json.loads(files[path])
            payload, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"].encode()
            message = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
            found.append((seal.public.public_bytes_raw(), base64.b64decode(envelope["signatures"][0]["sig"]), message))
    return found


def _acts(files: Files) -> list[tuple[int, int, bytes, bytes]]:
    """The customer's key over some message, as often as the case has such signatures: the cost is the same."""
    events = [json.loads(line) for path in files if path.startswith("data/chain/") for line in files[path].splitlines()]
    key = next(event["body"]["key"] for event in events if event["type"] == "case.session_opened/1")
    x, y = (int.from_bytes(base64.urlsafe_b64decode(key[name] + "=="), "big") for name in ("x", "y"))
    found = []
    for event in events:
        if event["type"] == "esign.document_signed/1":
            body = event["body"]
            message = {
                "case": event["stream"],
                "document": body["shown_sha256"],
                "nonce": body["act"]["nonce"],
                "opinion": body["opinion"],
                "strokes": body["strokes"]["commitment"],
            }
            signature = base64.urlsafe_b64decode(body["act"]["signature"] + "==")
            signed = json.dumps(message, sort_keys=True, separators=(",", ":")).encode()
            found += [(x, y, signature, signed)] * 2  # the act, and the capture of the face by the same key
    return found


# --- measuring --------------------------------------------------------------------------------------------------------


async def measure() -> dict[str, Metric]:
    """The command line in seconds of CPU, the browser in milliseconds from the choice of the file to the verdict.

    Each is the best of five runs, in turn with its floor, so that both meet the same load.
    """
    usual, grown = await specimens()
    value, alone = await asyncio.to_thread(command_line, grown)
    found = {"verify_10k_events_s": Metric(value=value, unit="s", floor=alone)}
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    if not (shutil.which(chromium) and shutil.which("node")):
        print("verify: no Chromium or no Node here, so the browser is NOT measured", file=sys.stderr)
        return found
    pages = await asyncio.to_thread(built, (CACHE / "dist").absolute(), "vite.verifier.config.ts")
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=chromium)
        for name, specimen in (("verify_browser_ms", usual), ("verify_browser_10k_ms", grown)):
            value, alone = await in_browser(browser, (pages / "verifier.html").as_uri(), specimen)
            found[name] = Metric(value=value, unit="ms", floor=alone)
        await browser.close()
    return found


def command_line(specimen: Specimen) -> tuple[float, float]:
    """(a whole verification, the cryptography alone) in CPU seconds of this process."""
    keys, work = TrustedKeys.of(specimen.keys), Work.of(specimen)
    runs = [(_cpu(lambda: _judge(specimen.bundle, keys)), _cpu(work.do)) for _ in range(RUNS)]
    return min(run[0] for run in runs), min(run[1] for run in runs)


def _judge(bundle: bytes, keys: TrustedKeys) -> None:
    report = verify_bundle(bundle, keys)
    if report.first_bad is not None:
        raise RuntimeError(f"the specimen does not verify: {report.first_bad}")


def _cpu(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


# Notes when a bundle is chosen, and when its verdict stands on the page.
WATCH = """
addEventListener("change", (event) => {
    if (event.target.id === "bundle-choose") window.chosen = performance.now();
}, true);
addEventListener("DOMContentLoaded", () => new MutationObserver(() => {
    const shown = document.querySelector("[data-testid=verdict]");
    window.took = shown ? performance.now() - window.chosen : undefined;
}).observe(document.body, { childList: true, subtree: true }));
"""

# As many bytes hashed at once, and as many signatures checked one by one, by WebCrypto alone. Neither SM3 is in it.
BARE = """async ([sizes, signatures]) => {
    const pieces = sizes.map((size) => new Uint8Array(size));
    const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"]);
    const message = new Uint8Array(700);
    const signature = await crypto.subtle.sign({ name: "Ed25519" }, pair.privateKey, message);
    const began = performance.now();
    await Promise.all(pieces.map((piece) => crypto.subtle.digest("SHA-256", piece)));
    for (let n = 0; n < signatures; n += 1) {
        await crypto.subtle.verify({ name: "Ed25519" }, pair.publicKey, signature, message);
    }
    return performance.now() - began;
}"""


async def in_browser(browser: Browser, address: str, specimen: Specimen) -> tuple[float, float]:
    """(until the verdict stands on the page, the cryptography alone) in milliseconds of the page's own clock."""
    work = Work.of(specimen)
    page = await browser.new_page()
    await page.add_init_script(WATCH)
    await page.goto(address)
    desk = Desk.at(page)
    await desk.hold(specimen.keys, None)
    payload: FilePayload = {"name": "case.zip", "mimeType": "application/zip", "buffer": specimen.bundle}
    runs = []
    for _ in range(RUNS):
        await page.set_input_files("#bundle-choose", payload)
        await page.get_by_test_id("verdict").wait_for()
        if await page.get_by_test_id("verdict").get_attribute("data-verdict") != "INDETERMINATE":
            raise RuntimeError("the specimen does not verify in a browser")
        took = float(await page.evaluate("window.took"))
        sizes = [len(data) for data in work.hashed]
        alone = float(await page.evaluate(BARE, [sizes, len(work.signed) + len(work.acts)]))
        runs.append((took, alone))
    await page.close()
    return min(run[0] for run in runs), min(run[1] for run in runs)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    print(rendered(asyncio.run(measure())))
