"""What a case names by hash alone is kept: a later release has other notices, and old evidence its own (EVD-06)."""

import hashlib
import shutil
from pathlib import Path

import pytest

from api.packs import change
from api.proofroom import PACKS
from api.settings import Settings
from bench.walk import Walk
from evidence.verify import TrustedKeys, container, verify_bundle
from kyc import notices
from tests.api.service import Service

MODELS = Path("build/models")


def test_a_case_from_before_a_change_of_a_notice_is_exported_with_the_words_it_saw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Service(tmp_path / "data")
    try:
        walk = Walk(before, seed=7)  # type: ignore[arg-type]
        walk.enter()
    finally:
        before.stop()
    titles, items, statement = notices._TEXTS["recording"]
    monkeypatch.setitem(notices._TEXTS, "recording", (("新的告知书", "A new notice"), items, statement))
    after = Service(tmp_path / "data")
    try:
        walk.server = after  # type: ignore[assignment]
        walk.customer.http.base_url = after.url
        walk.export()
    finally:
        walk.close()
        after.stop()
    report = verify_bundle(walk.bundle, TrustedKeys.load(after.data / "public-keys"))
    assert {reason.code for reason in report.reasons} == {"NO_INDEPENDENT_TIME", "NO_WITNESS"}
    texts = [data for name, data in container.read(walk.bundle)[1].items() if name.startswith("data/context/texts/")]
    assert any(titles[0].encode() in text for text in texts)
    assert not any("新的告知书".encode() in text for text in texts)


async def test_the_manifest_of_a_pack_is_kept_before_it_is_chosen(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", models=MODELS)
    folder = shutil.copytree(MODELS, tmp_path / "next")
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8") + "\n", "utf-8")  # another pack, by its hash
    done = await change(settings, folder, "newer")
    assert done is not None
    key = f"{PACKS}/{hashlib.sha256(manifest.read_bytes()).hexdigest()}"
    assert (settings.data / "objects" / key).read_bytes() == manifest.read_bytes()
