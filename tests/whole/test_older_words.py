"""What a case names by hash alone is kept: a later release has other notices, and old evidence its own (EVD-06)."""

from pathlib import Path

import pytest

from bench.walk import Walk
from evidence.verify import TrustedKeys, container, verify_bundle
from kyc import notices
from tests.api.service import Service


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
