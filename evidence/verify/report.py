"""What a verification says: numbered steps, fields, reasons, one verdict."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from evidence.verify.fields import Field

State = Literal["passed", "failed", "indeterminate", "not_run"]
Verdict = Literal["TOTAL-PASSED", "INDETERMINATE", "TOTAL-FAILED"]

STEPS = (
    "container",
    "bag",
    "chain",
    "log",
    "seals",
    "time",
    "disclosures",
    "files",
    "documents",
    "acts",
    "policy",
    "account",
    "witness",
)

EXIT = {"TOTAL-PASSED": 0, "TOTAL-FAILED": 1, "INDETERMINATE": 2}

FAILED = (
    "CONTAINER_INVALID",
    "BAG_INVALID",
    "CHAIN_BROKEN",
    "LOG_INVALID",
    "SEAL_INVALID",
    "TIME_INVALID",
    "DISCLOSURE_MISMATCH",
    "FILE_MISMATCH",
    "DOCUMENT_INVALID",
    "ACT_INVALID",
    "POLICY_NOT_MET",
    "ACCOUNT_DIFFERS",
    "WITNESS_INVALID",
)

REASONS: Mapping[str, tuple[str, str]] = {
    "CONTAINER_INVALID": ("压缩包不是规定的唯一形式，可能被改动。", "The archive is not the one canonical form."),
    "BAG_INVALID": ("文件清单与内容不符。", "The list of files does not match what is inside."),
    "CHAIN_BROKEN": ("事件链断裂或被改动。", "The chain of events is broken or was changed."),
    "LOG_INVALID": ("公开日志的证明不成立。", "The proof from the log does not hold."),
    "SEAL_INVALID": ("封存签名不成立。", "A seal does not hold."),
    "TIME_INVALID": ("时间戳不成立。", "A time stamp does not hold."),
    "DISCLOSURE_MISMATCH": ("披露的内容与链上的承诺不符，或缺失。", "A disclosed value is missing or does not match."),
    "FILE_MISMATCH": ("文件与链上的记录不符，或缺失。", "A file is missing or does not match the chain."),
    "DOCUMENT_INVALID": ("文书或其电子签名不成立。", "A document or its signature does not hold."),
    "ACT_INVALID": ("客户本人的签署动作不成立。", "The customer's own act does not hold."),
    "POLICY_NOT_MET": ("签署时缺少必需的步骤。", "A step that was required before signing is missing."),
    "ACCOUNT_DIFFERS": ("时间线或核验说明与证据不符。", "The timeline or the guide does not match the evidence."),
    "WITNESS_INVALID": ("见证方的签名不成立。", "A witness signature does not hold."),
    "NO_TRUSTED_KEY": ("没有提供可信公钥，无法判断。", "No trusted key was given, so this cannot be judged."),
    "TIME_NOT_EVALUATED": ("未评估时间戳：缺少所需组件。", "Time stamps were not evaluated: a component is missing."),
    "NO_TIME": ("缺少时间戳。", "A time stamp is missing."),
    "KEY_RETIRED": (
        "封存所用密钥后来停用，且没有时间戳证明封存在停用之前。",
        "A seal's key was retired later, and no time stamp shows that the seal is older.",
    ),
    "NO_INDEPENDENT_TIME": ("没有独立于运营方的时间来源。", "No time source independent of the operator."),
    "SIGNATURE_NOT_EVALUATED": (
        "未评估文书的电子签名：缺少所需组件。",
        "Document signatures were not evaluated: a component is missing.",
    ),
    "NOTICE_WITHHELD": ("出示给客户的告知文本未包含在内。", "A notice that the customer was shown is not included."),
    "DOCUMENT_WITHHELD": ("签署的文书未包含在内。", "A signed document is not included."),
    "NO_WITNESS": ("没有独立见证方的签名。", "No independent witness signed the log."),
    "KEYS_FROM_BUNDLE": (
        "公钥取自证据包自身，只能证明前后一致，不能证明来源。",
        "Keys were taken from the bundle itself: consistent, but of unproven origin.",
    ),
    "TEST_CERTIFICATE": (
        "签名证书为测试证书，不用于生产。",
        "The signing certificate is a test one, not for production.",
    ),
    "NOT_A_BUNDLE": ("这不是证据包，也不是PDF。", "This is neither a bundle nor a PDF."),
}


@dataclass(frozen=True)
class Step:
    n: int
    name: str
    state: State
    detail: str = ""


@dataclass(frozen=True)
class Reason:
    step: int
    code: str

    def plain(self) -> dict[str, Any]:
        zh, en = REASONS[self.code]
        return {"step": self.step, "code": self.code, "zh": zh, "en": en}


@dataclass(frozen=True)
class Report:
    """`first_bad` = (step, record) of the first failure. `case` = facts for the reader, or None."""

    steps: tuple[Step, ...]
    reasons: tuple[Reason, ...] = ()
    fields: tuple[Field, ...] = ()
    first_bad: tuple[int, str] | None = None
    case: Mapping[str, Any] | None = field(default=None)

    @property
    def verdict(self) -> Verdict:
        states = {step.state for step in self.steps}
        if "failed" in states or states == {"not_run"}:
            return "TOTAL-FAILED"
        return "TOTAL-PASSED" if states == {"passed"} and not self.reasons else "INDETERMINATE"

    @property
    def exit_code(self) -> int:
        return EXIT[self.verdict]

    def step(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)

    def plain(self) -> dict[str, Any]:
        """The JSON shape of docs/BUNDLE.md section 7. Holds no disclosed value."""
        return {
            "verdict": self.verdict,
            "reasons": [reason.plain() for reason in self.reasons],
            "steps": [
                {"n": step.n, "name": step.name, "state": step.state, "detail": step.detail} for step in self.steps
            ],
            "fields": [
                {"seq": item.place.seq, "path": item.place.path, "state": item.state}
                | ({"event": item.event} if item.state == "ERASED" else {})
                for item in self.fields
            ],
            "first_bad": {"step": self.first_bad[0], "record": self.first_bad[1]} if self.first_bad else None,
            "case": dict(self.case) if self.case else None,
        }
