"""Why a paper cannot be prepared or signed, and what the customer does next."""

from evidence.errors import Absent, Corrupt, Refused, Unauthenticated, Unprocessable


class AgeMismatch(
    Refused,
    code="AGE_MISMATCH",
    zh="您算价格时填的年龄与身份证不一致。请返回“算价格”，按身份证改正年龄后再继续。",
    en="The age in your quote differs from your identity card. Go back to the quote, correct the age, and go on.",
):
    """The price depends on the age: `facts['age']` is the one that follows from the confirmed birth date."""


class DocumentUnknown(
    Absent,
    code="DOCUMENT_UNKNOWN",
    zh="没有找到这份文件，请返回重新打开。",
    en="There is no such document. Go back and open it again.",
):
    pass


class DocumentChanged(
    Refused,
    code="DOCUMENT_CHANGED",
    zh="文件内容已经更新，请重新打开新的文件，看完后再签名。",
    en="The document has changed. Please open the new one, read it, and then sign.",
):
    pass


class DocumentNotShown(
    Refused,
    code="DOCUMENT_NOT_SHOWN",
    zh="请先把文件看到最后一页，再签名。",
    en="Please read the document to its last page before you sign.",
):
    pass


class DocumentAlreadySigned(
    Refused,
    code="DOCUMENT_ALREADY_SIGNED",
    zh="这份文件已经签好了，不需要再签。",
    en="This document is already signed. There is nothing more to sign.",
):
    pass


class IdentityStale(
    Refused,
    code="IDENTITY_STALE",
    zh="身份核验已超过规定时间，请重新核验身份后再签名。您填写的内容都还在。",
    en="Your identity check is too long ago. Please do it again and then sign; nothing was lost.",
):
    """ESG-01. `facts['fresh_s']`: how many seconds a check counts."""


class IdentityElsewhere(
    Refused,
    code="IDENTITY_ELSEWHERE",
    zh="身份核验是在另一部手机上做的。请在那部手机上签名，或在这部手机上重新核验。",
    en="Your identity was checked on another device. Sign there, or do the check again here.",
):
    """ESG-01: signed only with the device key that the identity check was made with."""


class SignInAgain(
    Unauthenticated,
    code="SIGN_IN_AGAIN",
    zh="登录已过期，请回到短信里的链接重新验证。之前填写的内容都还在。",
    en="Your session has ended. Open the link in your message again; nothing was lost.",
):
    pass


class StrokesMissing(
    Unprocessable,
    code="STROKES_MISSING",
    zh="请在方框内手写签名。",
    en="Please write your signature in the box.",
):
    pass


class ActMissing(
    Unprocessable,
    code="ACT_MISSING",
    zh="签名没有提交完整，请重新点“确认签名”。",
    en="The signature was not sent completely. Please press “Confirm” again.",
):
    pass


class ActInvalid(
    Unprocessable,
    code="ACT_INVALID",
    zh="签名没有通过核对，请刷新页面后重新签名。",
    en="The signature does not verify. Please reload the page and sign again.",
):
    """The device key's signature is not over exactly what is being signed."""


class ActReplayed(
    Refused,
    code="ACT_REPLAYED",
    zh="这次签名已经提交过，请重新签名。",
    en="This very act was sent before. Please sign again.",
):
    pass


class SignedFileBroken(
    Corrupt,
    code="SIGNED_FILE_BROKEN",
    zh="签名文件校验未通过，已停止办理，请联系客服。",
    en="The signed file does not verify. Work has stopped; please contact us.",
):
    """The signed file does not begin with the bytes that were shown (ESG-02)."""
