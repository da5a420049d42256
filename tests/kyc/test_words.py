"""What people are told: notices, reasons and errors are complete, in both languages, and promise nothing."""

import ast
import re
from pathlib import Path

import pytest

from evidence import decode
from evidence.errors import NotFound
from kyc import notices
from kyc.authority import sandbox
from kyc.papers.condition import Condition, faults
from kyc.quality import Quality, shortfalls
from kyc.reasons import ACCEPTING, REASONS

ROOM = Path(notices.__file__).parent
WORDY = (
    *("liveness/decide", "liveness/feed", "liveness/attest", "liveness/light", "liveness/motion", "liveness/actions"),
    *("quality", "document", "rules", "flow", "authority/__init__", "authority/sandbox"),
    *("papers/rules", "papers/flow", "papers/lines", "papers/condition", "papers/passport", "papers/permits"),
    *("papers/agree", "papers/bankcard", "ocr", "challenge/rules", "challenge/flow"),
)
OTHER_WORDS = {"KYC", "UPPER_SNAKE"}


@pytest.mark.parametrize("scope", notices.SCOPES)
def test_each_notice_has_the_six_items_in_both_languages(scope: str) -> None:  # KYC-01
    answer = notices.public(scope, notices.DEMO._replace(receiver=("核查源", "a source")))
    assert answer["text_sha256"] == decode.digest(answer["texts"])
    for side, locale in enumerate(("zh-CN", "en")):
        text = answer["texts"][locale]
        assert [item["label"] for item in text["items"]] == [label[side] for label in notices.LABELS]
        assert len(text["items"]) == 6
        assert all(item["text"] for item in text["items"])
        assert text["title"]
        assert text["statement"]


def test_another_processor_is_another_text() -> None:
    other = notices.Processor("另一家公司", "Another company", "1")
    assert notices.text_sha256("face", other) != notices.text_sha256("face")
    with pytest.raises(NotFound):
        notices.public("marketing")
    with pytest.raises(NotFound):  # nobody is sent a face, so there is nothing to consent to
        notices.public("transfer")


def test_the_face_notice_offers_the_other_way_and_promises_nothing() -> None:  # KYC-03
    text = str(notices.texts("face"))
    assert "人工核验" in text
    assert "没有经过认证" in text


def test_every_reason_that_can_be_sealed_is_explained() -> None:
    said = set()
    for name in WORDY:
        for node in ast.walk(ast.parse((ROOM / f"{name}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                said |= {node.value} if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", node.value) else set()
    assert said - OTHER_WORDS <= REASONS.keys()
    spoiled = faults(Condition(1, 1, 0, 1, 0, 99, cut=True, found=True), read=False)
    assert REASONS.keys() <= said | set(shortfalls(Quality(1, 1, 0, 0, 9, 0, 9))) | set(spoiled)
    assert {reason for _, _, reason in sandbox.FORCED.values()} <= REASONS.keys()


def test_reasons_say_what_to_do_without_naming_the_check() -> None:
    for code, reason in REASONS.items():
        assert reason.zh.endswith("。"), code
        assert reason.en.endswith("."), code
        assert not re.search(r"model|score|阈值|模型|分数", reason.zh + reason.en), code
    assert ACCEPTING
