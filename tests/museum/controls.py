"""Bundles in which nothing is wrong: those that pass, and those of which something cannot be said."""

import base64
import hashlib
from collections.abc import Callable, Iterable

from evidence.verify.container import read
from evidence.verify.fields import VALUES, WITHHELD
from evidence.verify.files import TEXTS
from evidence.verify.keys import DOCUMENT_CA, TSA_INDEPENDENT
from evidence.verify.report import Verdict
from tests.museum.exhibits import Exhibit, Made, Stage, quorum
from tests.museum.worlds import OUTSIDERS
from tests.proof.attacks import LIVENESS
from tests.proof.tampering import Files, lines, rebuilt


def as_told(name: str) -> Callable[[Stage], Made]:
    return lambda stage: Made(stage[name].bundle, stage[name].keys)


def with_keys(name: str, kept: Iterable[str]) -> Callable[[Stage], Made]:
    """An auditor who brings only these."""
    return lambda stage: Made(stage[name].bundle, {key: stage[name].keys[key] for key in kept})


def without(name: str, *paths: str) -> Callable[[Stage], Made]:
    """Left out, and everything that nobody signed made again."""

    def make(stage: Stage) -> Made:
        root, files = read(stage[name].bundle)
        return Made(rebuilt(root, {path: data for path, data in files.items() if path not in paths}), stage[name].keys)

    return make


def _with_keys_of(name: str, other: str) -> Callable[[Stage], Made]:
    return lambda stage: Made(stage[name].bundle, stage[other].keys)


def _without_notices(stage: Stage) -> Made:
    root, files = read(stage["firm"].bundle)
    kept = {path: data for path, data in files.items() if not path.startswith(TEXTS)}
    return Made(rebuilt(root, kept), stage["firm"].keys)


def close_the_statement(stage: Stage) -> Made:
    """The statement over the capture is a value like others: its holder may keep it to himself, if he says so."""
    told = stage["firm"]
    root, files = read(told.bundle)
    judged = next(event for event in lines(files, 1) if event["type"] == LIVENESS)
    closed = judged["body"]["statement"]
    kept = [line for line in files[VALUES].splitlines(keepends=True) if _commitment(line) != closed]
    changed: Files = {VALUES: b"".join(kept), WITHHELD: closed.encode() + b"\n"}
    return Made(rebuilt(root, files | changed), told.keys)


def _commitment(line: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(line.rstrip(b"\n")).digest()).rstrip(b"=").decode()


PASSED: Verdict = "TOTAL-PASSED"
OPEN: Verdict = "INDETERMINATE"

CONTROLS = (
    Exhibit(
        "witnessed-and-stamped",
        "完整的一案：独立时间戳、两个外部见证方，全部通过。",
        "One whole case with outside time and two outside witnesses: everything passes.",
        as_told("firm"),
        PASSED,
    ),
    Exhibit(
        "sandbox-demo",
        "沙箱演示：时间戳出自运营方自己，没有见证方，所以不能定论。",
        "The sandbox: time is the operator's own and nobody witnessed it, so it stays undecided.",
        as_told("demo"),
        OPEN,
        reasons=("NO_INDEPENDENT_TIME", "NO_WITNESS"),
    ),
    Exhibit(
        "production",
        "生产环境的一案：正式证书，不是测试证书。",
        "A case in production mode, signed under a certificate that is not a test one.",
        as_told("production"),
        PASSED,
    ),
    Exhibit(
        "exported-again",
        "同一案再次导出：旧的封存不变，多一个封存。",
        "The same case exported once more: the old seals are the same bytes, one is new.",
        as_told("firm later"),
        PASSED,
    ),
    Exhibit(
        "two-segments",
        "刚开案就导出：两段链、一个封存，没有文书，没有照片。",
        "Exported right after the opening: two chain files, one seal, no paper and no photograph.",
        as_told("opened only"),
        PASSED,
    ),
    Exhibit(
        "declined",
        "客户看完后不同意签署，结局如实封存。",
        "The customer read to the end and did not agree: sealed as it was.",
        as_told("declined"),
        PASSED,
    ),
    Exhibit(
        "consent-withdrawn",
        "客户撤回录制同意，案件停在那里。",
        "The customer withdrew the consent to recording, and the case stopped there.",
        as_told("consent withdrawn"),
        PASSED,
    ),
    Exhibit(
        "assisted-identity",
        "不刷脸：由工作人员视频核实身份后签署。",
        "Identified without a face, by a person who looked at the paper and decided.",
        as_told("assisted"),
        PASSED,
    ),
    Exhibit(
        "identity-erased",
        "一年后应客户要求删除身份信息：字段标为已删除，其余照常核验。",
        "A year later the identity data was erased at the customer's wish: marked so, and the rest still verifies.",
        as_told("erased"),
        PASSED,
    ),
    Exhibit(
        "contract-only",
        "部分披露：只公开合同类内容，其余逐项声明未公开。",
        "Partial disclosure: only what belongs to the contract is open, the rest is declared closed.",
        as_told("contract only"),
        PASSED,
    ),
    Exhibit(
        "nothing-disclosed",
        "全部不披露：连签署的文书也不在内，所以不能定论。",
        "Nothing is disclosed, not even the signed paper, so it stays undecided.",
        as_told("nothing open"),
        OPEN,
        reasons=("DOCUMENT_WITHHELD",),
    ),
    Exhibit(
        "capture-statement-closed",
        "活体采集声明未公开，并已声明：不评判这一次采集，其余通过。",
        "The statement over the face capture is closed, and declared so: that capture is not judged.",
        close_the_statement,
        PASSED,
    ),
    Exhibit(
        "deep-in-the-log",
        "日志里先有三百条别的事件：证明路径更长。",
        "Three hundred events of others stand before it in the log: a longer proof.",
        as_told("far"),
        PASSED,
    ),
    Exhibit(
        "seal-key-rotated",
        "封存密钥更换过：旧的封存用旧密钥，新的用新密钥，登记与停用都在日志里。",
        "The seal key was changed: old seals by the old key, the new one by the new, and the log tells both terms.",
        as_told("rotated"),
        PASSED,
    ),
    Exhibit(
        "sm4-suite",
        "国密套件：库内用 SM4 与 SM3 加密，链上承诺不变，核验方法相同。",
        "The Chinese suite: kept under SM4 and SM3; commitments in the chain are the same, and so is the check.",
        as_told("chinese"),
        PASSED,
    ),
    Exhibit(
        "stamped-not-witnessed",
        "有独立时间戳，没有见证方签名，所以不能定论。",
        "Outside time, but no witness signed, so it stays undecided.",
        as_told("unwitnessed"),
        OPEN,
        reasons=("NO_WITNESS",),
    ),
    Exhibit(
        "witnessed-own-time",
        "有见证方签名，时间戳却出自运营方自己，所以不能定论。",
        "Witnessed, but under the operator's own time, so it stays undecided.",
        as_told("own time"),
        OPEN,
        reasons=("NO_INDEPENDENT_TIME",),
    ),
    Exhibit(
        "one-seal-without-time",
        "有一个封存没有时间戳，所以不能定论。",
        "One seal has no time stamp, so it stays undecided.",
        without("firm", "data/seals/0002.tsr"),
        OPEN,
        reasons=("NO_TIME",),
    ),
    Exhibit(
        "before-the-rotation",
        "更换密钥之前导出的证据包：审计人的公钥文件里新旧都有，照样通过。",
        "A bundle from before the rotation: the auditor holds both keys by now, and it still passes.",
        _with_keys_of("firm", "rotated"),
        PASSED,
    ),
    Exhibit(
        "both-witnesses-asked-for",
        "审计人的规则要求两个见证方都签名，两个都签了。",
        "The auditor's policy asks for both witnesses, and both signed.",
        lambda stage: Made(stage["firm"].bundle, stage["firm"].keys, quorum("w1 w2", "all", *OUTSIDERS)),
        PASSED,
    ),
    Exhibit(
        "another-witness-asked-for",
        "审计人的规则只认一个见证方，而他没有签名，所以不能定论。",
        "The auditor's policy asks for a witness who did not sign, so it stays undecided.",
        lambda stage: Made(stage["one witness"].bundle, stage["one witness"].keys, quorum("w2", 1, *OUTSIDERS)),
        OPEN,
        reasons=("NO_WITNESS",),
    ),
    Exhibit(
        "no-notice-inside",
        "出示给客户的告知文本没有附上，所以不能定论。",
        "A notice that the customer was shown is not inside, so it stays undecided.",
        _without_notices,
        OPEN,
        reasons=("NOTICE_WITHHELD",),
    ),
    Exhibit(
        "no-keys-brought",
        "审计人没有带来任何公钥：前后一致，来源无法判断。",
        "The auditor brought no keys: it is consistent, and nothing can be said of its origin.",
        with_keys("firm", ()),
        OPEN,
        reasons=("NO_TRUSTED_KEY", "NO_TRUSTED_KEY", "NO_TRUSTED_KEY", "NO_TRUSTED_KEY", "NO_TRUSTED_KEY"),
    ),
    Exhibit(
        "keys-from-the-bundle",
        "审计人信任包内公钥：一切成立，但来源不明，永远不算通过。",
        "The auditor trusts the keys inside: all holds, of unproven origin, so it never counts as passed.",
        with_keys("firm", ()),
        OPEN,
        reasons=("KEYS_FROM_BUNDLE",),
        trust_bundle_keys=True,
    ),
    Exhibit(
        "keys-left-out",
        "包里没有附带证书：审计人自己有，结论不变。",
        "The roots for convenience were left out: the auditor has his own, and the verdict is the same.",
        without("firm", f"keys/{DOCUMENT_CA}", f"keys/{TSA_INDEPENDENT}"),
        PASSED,
    ),
)
"""In the order in which an auditor would meet them."""
