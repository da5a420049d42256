"""The auditor's page in a browser: from disk, on a phone, beside the verdicts of the command line.

The two verifiers were written apart from each other; where they agree on a broken bundle, both read docs/BUNDLE.md.
"""

import asyncio
import json
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest
from playwright.async_api import FileChooser, expect

from bench.verify import Reader
from evidence.bundle import build_bundle
from evidence.verify import TrustedKeys, read_policy
from tests.proof.attacks import forged
from tests.proof.story import Told, stream_of, world
from tests.verifier.desk import Files, Sit, as_a_browser_can, codes, compared
from tests.verifier.forgeries import forgeries
from tests.verifier.terms import cases

pytestmark = pytest.mark.asyncio(loop_scope="session")  # one browser for all

# What a browser cannot say of a bundle in which everything else holds.
BLIND = [(6, "TIME_NOT_EVALUATED"), (9, "SIGNATURE_NOT_EVALUATED"), (13, "NO_WITNESS")]


async def test_a_real_bundle_is_undecided_from_disk_and_nothing_is_asked_of_a_network(
    sit: Sit, from_disk: str, told: Told, keys: Path
) -> None:
    desk = await sit(from_disk)
    await desk.load_keys(keys)
    report = await desk.judge(told.bundle)
    reference = as_a_browser_can(told.bundle, TrustedKeys.of(told.keys))
    assert (report["verdict"], codes(report)) == ("INDETERMINATE", BLIND)
    assert compared(report, reference) == []
    assert report["fields"] == reference["fields"]
    assert report["case"] == reference["case"]
    assert [url for url in desk.asked if url.split(":")[0] not in ("data", "blob")] == [from_disk]
    assert desk.complaints == []


async def test_keys_from_the_bundle_are_used_only_with_a_loud_warning(sit: Sit, from_disk: str, told: Told) -> None:
    desk = await sit(from_disk)
    await desk.page.check("#trust")
    await expect(desk.page.get_by_role("alert")).to_contain_text("不能证明它来自谁")
    report = await desk.judge(told.bundle)
    assert (report["verdict"], codes(report)) == ("INDETERMINATE", [(0, "KEYS_FROM_BUNDLE"), *BLIND])


async def test_without_keys_log_and_seals_are_undecided(sit: Sit, from_disk: str, told: Told) -> None:
    desk = await sit(from_disk)
    report = await desk.judge(told.bundle)
    assert report["verdict"] == "INDETERMINATE"
    assert [step for step, code in codes(report) if code == "NO_TRUSTED_KEY"] == [4, 5, 12]
    assert compared(report, as_a_browser_can(told.bundle, TrustedKeys())) == []


async def test_a_key_file_that_is_none_is_named(sit: Sit, from_disk: str, tmp_path: Path) -> None:
    (tmp_path / "log.vkey").write_bytes(b"not a key\n")
    (tmp_path / "notes.txt").write_bytes(b"x")
    desk = await sit(from_disk)
    await desk.page.set_input_files("#keys-choose", [tmp_path / "log.vkey"])
    await expect(desk.page.get_by_test_id("trouble")).to_contain_text("log.vkey")
    await desk.page.set_input_files("#keys-choose", [tmp_path / "notes.txt"])
    await expect(desk.page.get_by_test_id("trouble")).to_contain_text("notes.txt")


@pytest.mark.slow
async def test_the_page_says_of_every_forgery_what_the_command_line_says(
    sit: Sit, from_disk: str, told: Told, unpacked: tuple[str, Files], keys: Path
) -> None:
    desk = await sit(from_disk)
    await desk.load_keys(keys)
    trusted, differing, steps = TrustedKeys.of(told.keys), {}, set[int]()
    for name, bundle in (*forgeries(told.bundle, *unpacked), *forged(told)):
        report = await desk.judge_unsaved(bundle)
        steps |= {step["n"] for step in report["steps"] if step["state"] == "failed"}
        if found := compared(report, as_a_browser_can(bundle, trusted)):
            differing[name] = found
    assert differing == {}
    assert steps >= {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}  # each step was seen to fail
    assert desk.complaints == []


async def test_a_long_story_is_told_to_its_end(sit: Sit, from_disk: str, tmp_path: Path) -> None:
    made = world(tmp_path)
    await made.adopt_keys()
    reader = Reader(made, stream_of(made), 500)
    await reader.whole()
    bundle = (await build_bundle(reader.stream, made.bundles, made.extras)).data
    desk = await sit(from_disk)
    report = await desk.judge(bundle)
    assert report["case"]["events"] > 500
    await expect(desk.page.get_by_test_id("timeline").locator("> li")).to_have_count(report["case"]["events"])


@pytest.mark.slow
async def test_the_page_says_of_keys_suites_and_witnesses_what_the_command_line_says(
    sit: Sit, from_disk: str, told: Told
) -> None:  # attack 29
    desk = await sit(from_disk)
    differing, held = {}, None
    for case in cases(told):
        if (case.keys, case.policy) != held:
            held = (case.keys, case.policy)
            await desk.page.goto(from_disk)
            await desk.hold(case.keys, case.policy)
        trusted = TrustedKeys.of(case.keys) if case.policy is None else read_policy(case.policy, case.keys)
        report = await desk.judge_unsaved(case.bundle)
        if found := compared(report, as_a_browser_can(case.bundle, trusted)):
            differing[case.name] = found
    assert differing == {}
    assert desk.complaints == []


async def test_a_policy_that_is_none_is_named_and_a_good_one_decides_about_the_witnesses(
    sit: Sit, from_disk: str, told: Told
) -> None:
    by_name = {case.name: case for case in cases(told)}
    desk = await sit(from_disk)
    await desk.hold({}, b"quorum nobody\n")
    await expect(desk.page.get_by_test_id("trouble")).to_contain_text("policy line 1: nobody is not defined above")
    await desk.hold({}, by_name["the quorum saw it"].policy)
    await desk.page.get_by_test_id("policy-loaded").wait_for()
    assert await desk.page.get_by_test_id("trouble").count() == 0
    report = await desk.judge(by_name["the quorum saw it"].bundle)
    assert report["steps"][12] == {
        "n": 13,
        "name": "witness",
        "state": "passed",
        "detail": "witness.test/x, witness.test/y",
    }
    report = await desk.judge(by_name["one of two saw it"].bundle)
    assert report["first_bad"] == {"step": 13, "record": "data/head.tlog-proof"}


async def test_the_first_bad_record_is_named_in_words(
    sit: Sit, from_disk: str, told: Told, unpacked: tuple[str, Files], keys: Path, tmp_path: Path
) -> None:
    changed = dict(forgeries(told.bundle, *unpacked))["a changed event"]
    path = tmp_path / "case.zip"
    path.write_bytes(changed)
    command = [sys.executable, "-m", "evidence.verify", str(path), "--keys", str(keys), "--json"]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=False)
    first = json.loads(done.stdout)["first_bad"]
    desk = await sit(from_disk)
    await desk.load_keys(keys)
    await desk.judge(changed)
    line = desk.page.get_by_test_id("first-bad")
    assert done.returncode == 1
    assert await line.get_attribute("data-step") == str(first["step"])
    await expect(line).to_contain_text(first["record"])
    await expect(desk.page.get_by_test_id("verdict")).to_have_text("核验未通过")
    await expect(desk.page.get_by_test_id("step-4")).to_contain_text("未执行")


async def test_what_a_customer_typed_is_shown_as_text_and_never_as_markup(
    sit: Sit, from_disk: str, told: Told, keys: Path
) -> None:
    desk = await sit(from_disk)
    await desk.load_keys(keys)
    await desk.judge(told.bundle)
    timeline = desk.page.get_by_test_id("timeline")
    await expect(timeline).to_contain_text("我已看懂 <b>&</b>")
    assert await timeline.locator("b, script, a, img, iframe").count() == 0
    erased = timeline.locator('[data-state="ERASED"]')
    await expect(erased).to_contain_text("已删除")
    await desk.page.get_by_role("button", name="查看").first.click()
    picture = timeline.locator("img")
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 20


@pytest.mark.slow
@pytest.mark.parametrize(("width", "locale"), [(390, "zh-CN"), (320, "en")])
async def test_every_state_of_the_page_is_accessible_on_a_phone(
    sit: Sit,
    from_disk: str,
    told: Told,
    unpacked: tuple[str, Files],
    keys: Path,
    width: int,
    locale: str,
) -> None:  # STA-03
    viewport = {"width": width, "height": 844}
    desk = await sit(from_disk, viewport=viewport, locale=locale)
    findings = await desk.accessible()
    await desk.page.check("#trust")
    await desk.judge(told.bundle)
    await desk.page.locator("summary").click()
    findings += await desk.accessible()
    await desk.load_keys(keys)
    await desk.judge(dict(forgeries(told.bundle, *unpacked))["a changed photograph"])
    findings += await desk.accessible()
    assert findings == []
    assert await desk.page.evaluate("document.documentElement.scrollWidth") <= width


async def test_the_keyboard_alone_leads_to_the_verdict(sit: Sit, from_disk: str, told: Told, tmp_path: Path) -> None:
    path = tmp_path / "case.zip"
    path.write_bytes(told.bundle)
    desk = await sit(from_disk, is_mobile=False, has_touch=False)
    # Listened for from the beginning: what is asked for only at the key press may come too late for it.
    opened: asyncio.Future[FileChooser] = asyncio.get_running_loop().create_future()
    desk.page.once("filechooser", lambda chooser: opened.set_result(chooser))  # noqa: PLW0108 - the driver marks it
    order = []
    for _ in range(6):
        await desk.page.keyboard.press("Tab")
        order.append(await desk.page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert order == ["skip", "language", "keys-choose", "policy-choose", "trust", "bundle-choose"]
    await desk.page.keyboard.press("Shift+Tab")
    await desk.page.keyboard.press("Space")
    await expect(desk.page.locator("#trust")).to_be_focused()
    await desk.page.keyboard.press("Tab")
    await expect(desk.page.locator("#bundle-choose")).to_be_focused()
    await desk.page.keyboard.press("Enter")
    await (await asyncio.wait_for(opened, 60)).set_files(path)
    await expect(desk.page.get_by_test_id("verdict")).to_be_focused()
    await expect(desk.page.get_by_test_id("status")).to_contain_text("核验完成")


async def test_a_file_can_be_dropped_and_a_single_pdf_is_explained(sit: Sit, from_disk: str, told: Told) -> None:
    desk = await sit(from_disk)
    drop = """(base64) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], "dropped"));
        document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }"""
    await desk.page.evaluate(drop, b64encode(b"%PDF-1.7 only a paper").decode())
    await expect(desk.page.get_by_test_id("trouble")).to_contain_text("PDF")
    await desk.page.evaluate(drop, b64encode(told.bundle).decode())
    await expect(desk.page.get_by_test_id("verdict")).to_have_attribute("data-verdict", "INDETERMINATE")


async def test_the_language_can_be_changed_after_the_verdict(sit: Sit, from_disk: str, told: Told) -> None:
    desk = await sit(from_disk)
    await desk.judge(told.bundle)
    await desk.page.get_by_role("button", name="English").click()
    await expect(desk.page.get_by_test_id("verdict")).to_have_text("Nothing wrong found, but undecided")
    await expect(desk.page.locator("html")).to_have_attribute("lang", "en")
    await expect(desk.page.get_by_role("button", name="中文")).to_be_focused()
    words = await desk.page.locator("body").inner_text()
    chinese = [line for line in words.splitlines() if any("\u4e00" <= char <= "\u9fff" for char in line)]
    assert sorted({*chinese}) == sorted({"中文", "李雷", "我已看懂 <b>&</b>"})


async def test_a_browser_without_ed25519_comes_to_the_same_verdict(
    sit: Sit, from_disk: str, told: Told, keys: Path
) -> None:
    desk = await sit("about:blank")
    await desk.page.add_init_script(
        """const real = SubtleCrypto.prototype.importKey;
        SubtleCrypto.prototype.importKey = function (format, key, algorithm, ...rest) {
            if ((algorithm.name ?? algorithm) === "Ed25519") {
                window.asked = true;
                return Promise.reject(new DOMException("Unrecognized name.", "NotSupportedError"));
            }
            return real.call(this, format, key, algorithm, ...rest);
        };"""
    )
    await desk.page.goto(from_disk)
    await desk.load_keys(keys)
    assert codes(await desk.judge(told.bundle)) == BLIND
    assert await desk.page.evaluate("window.asked") is True
