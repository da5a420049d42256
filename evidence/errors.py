"""One closed tree of errors.

Every concrete error forces a stable `code` and the sentence a person reads, in Chinese and English, when its class is
created. The families below decide how the caller must react; the HTTP status of a family lives in `api/errors.py`.
"""

from typing import ClassVar


class Error(Exception):
    """Root of the tree. `detail` is for developers and must never carry personal data."""

    code: ClassVar[str] = ""
    zh: ClassVar[str] = ""
    en: ClassVar[str] = ""

    def __init_subclass__(cls, *, code: str = "", zh: str = "", en: str = "", family: bool = False) -> None:
        super().__init_subclass__()
        if family:
            return
        if not (code and zh and en):
            raise TypeError(f"{cls.__name__} needs code, zh and en")
        cls.code, cls.zh, cls.en = code, zh, en

    def __init__(self, detail: str = "", **facts: str | int | tuple[str, ...]) -> None:
        super().__init__(detail or self.en)
        self.detail = detail
        self.facts = facts  # machine-readable members of the problem body: ids, counts, key names; never personal data


# --- families: what the caller did or met ---------------------------------------------------------------------------


class Malformed(Error, family=True):
    """The bytes cannot be read at all."""


class Unprocessable(Error, family=True):
    """Readable, but the content breaks a rule that does not depend on the state of the case."""


class Unauthenticated(Error, family=True):
    """No credential, or one that proves nothing."""


class Forbidden(Error, family=True):
    """Known, and not allowed to do this, whatever the state of the case."""


class Absent(Error, family=True):
    """It is not there, or the actor may not know that it is."""


class Refused(Error, family=True):
    """Allowed in principle, but not in the present state of the case."""


class Gone(Error, family=True):
    """It was there once: used up or expired."""


class TooLarge(Error, family=True):
    """Over a size limit."""


class Throttled(Error, family=True):
    """Too many of these; come back later."""


class Unavailable(Error, family=True):
    """We cannot do it now; nothing was lost, try again."""


class Corrupt(Error, family=True):
    """What is stored does not verify. Never the caller's fault; always an alarm."""


# --- errors of the ledger, the vault and the door -------------------------------------------------------------------


class NotJson(
    Malformed, code="NOT_JSON", zh="请求内容无法读取，请重试。", en="The request could not be read. Please try again."
):
    pass


class NotCanonical(
    Malformed,
    code="NOT_CANONICAL",
    zh="请求内容含有不被接受的字符或数字。",
    en="The request holds characters or numbers that are not accepted.",
):
    pass


class NotValid(
    Unprocessable,
    code="NOT_VALID",
    zh="填写的内容不符合要求，请检查后重试。",
    en="Something filled in is not valid. Please check.",
):
    """Decoded, but a field breaks its type. `facts['field']` names it."""


class BodyTooLarge(TooLarge, code="BODY_TOO_LARGE", zh="内容太大，无法接收。", en="That is too large to accept."):
    pass


class NotVerified(
    Unprocessable,
    code="NOT_VERIFIED",
    zh="这份材料没有通过核验。",
    en="This material does not verify.",
):
    """The one error of everything that verifies. `facts['record']` names the first bad record."""


class NotFound(Absent, code="NOT_FOUND", zh="没有找到，请核对链接。", en="Not found. Please check the link."):
    pass


class NotAllowed(Forbidden, code="NOT_ALLOWED", zh="您的身份不能进行这一步。", en="Your role may not do this."):
    pass


class CaseClosed(
    Refused, code="CASE_CLOSED", zh="这件业务已经结束，不能再修改。", en="This case is closed and cannot change."
):
    pass


class StepsMissing(
    Refused, code="STEPS_MISSING", zh="前面还有步骤没有完成，请先完成。", en="Earlier steps are not finished yet."
):
    """`facts['missing']` lists the keys."""


class OtherBody(
    Unprocessable,
    code="IDEMPOTENCY_KEY_REUSED",
    zh="同一个请求编号被用于不同的内容，请刷新后重试。",
    en="This idempotency key was used for another body. Refresh and try again.",
):
    pass


class StillInFlight(
    Refused,
    code="STILL_IN_FLIGHT",
    zh="上一次提交还在处理，请稍候。",
    en="The first request with this key is still running. Please wait.",
):
    pass


class TooBusy(Unavailable, code="TOO_BUSY", zh="现在人较多，请稍后再试。", en="We are busy. Please try again shortly."):
    pass


class ReadOnly(
    Unavailable,
    code="READ_ONLY",
    zh="系统正在核查，暂时不能办理。",
    en="The system is being checked and cannot accept changes.",
):
    pass


class StorageFailed(
    Unavailable,
    code="STORAGE_FAILED",
    zh="暂时无法保存，请稍后再试，之前的内容没有丢失。",
    en="We could not save just now. Nothing earlier was lost; try again.",
):
    pass


class HeadMoved(
    Refused,
    code="HEAD_MOVED",
    zh="内容刚刚被更新，请刷新后重试。",
    en="The case changed at the same moment. Refresh and try again.",
):
    """Compare-and-swap lost: `append(after=head)` found another head."""


class ClaimTaken(Refused, code="CLAIM_TAKEN", zh="这个编号或凭证已被使用。", en="This id or token was already used."):
    """A cross-stream claim exists. `facts['kind']` names which."""


class ChainBroken(
    Corrupt,
    code="CHAIN_BROKEN",
    zh="记录校验未通过，已停止办理。",
    en="The stored record does not verify. Work has stopped.",
):
    pass


class ObjectCorrupt(
    Corrupt,
    code="OBJECT_CORRUPT",
    zh="文件校验未通过，已停止使用。",
    en="A stored file does not verify and is not used.",
):
    pass


class ObjectErased(Gone, code="OBJECT_ERASED", zh="该内容已按要求删除。", en="This content was deleted as required."):
    pass
