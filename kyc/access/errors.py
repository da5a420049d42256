"""Why somebody is not let in, and what they do next."""

from evidence.errors import Forbidden, Gone, Refused, Unauthenticated, Unprocessable


class LinkUnknown(
    Unauthenticated,
    code="LINK_UNKNOWN",
    zh="这个链接无效。请使用短信里的原链接，或请业务员重新发送。",
    en="This link is not valid. Use the link in your message, or ask for a new one.",
):
    pass


class LinkExpired(
    Gone, code="LINK_EXPIRED", zh="链接已过期，请业务员重新发送。", en="The link has expired. Please ask for a new one."
):
    pass


class LinkUsed(
    Gone,
    code="LINK_USED",
    zh="链接已在另一部手机上打开过。请在原来的手机上继续，或请业务员重新发送。",
    en="The link was opened on another phone. Go on there, or ask for a new one.",
):
    pass


class CodeTooSoon(
    Refused,
    code="CODE_TOO_SOON",
    zh="验证码刚刚发出，请等一会儿再要新的。",
    en="A code was just sent. Please wait a moment before asking for another.",
):
    pass


class CodeNotSent(Refused, code="CODE_NOT_SENT", zh="请先点“获取验证码”。", en="Please ask for a code first."):
    pass


class CodeExpired(
    Gone, code="CODE_EXPIRED", zh="验证码已过期，请重新获取。", en="The code has expired. Please ask for a new one."
):
    pass


class CodeLocked(
    Refused,
    code="CODE_LOCKED",
    zh="验证码输错次数太多，请重新获取。",
    en="Too many wrong codes. Please ask for a new one.",
):
    pass


class CodeWrong(
    Unprocessable,
    code="CODE_WRONG",
    zh="验证码不对，请核对短信后重新输入。",
    en="That code is not right. Check the message and try again.",
):
    """`facts['tries_left']`."""


class SessionEnded(
    Unauthenticated,
    code="SESSION_ENDED",
    zh="登录已过期，请回到短信里的链接重新验证。之前填写的内容都还在。",
    en="Your session has ended. Open the link in your message again; nothing was lost.",
):
    pass


class SignInLinkInvalid(
    Unauthenticated,
    code="SIGN_IN_LINK_INVALID",
    zh="登录链接无效或已用过，请重新获取。",
    en="This sign-in link is not valid or was used. Please get a new one.",
):
    pass


class SignInLinkUsed(
    Refused,
    code="SIGN_IN_LINK_USED",
    zh="登录链接已用过，请重新获取。",
    en="This sign-in link was already used. Please get a new one.",
):
    pass


class AgentSelfSign(
    Forbidden,
    code="AGENT_SELF_SIGN",
    zh="这台手机刚由工作人员使用过，不能用来替客户办理。请用您自己的手机打开短信里的链接。",
    en="A member of staff used this phone lately: it cannot be a customer's. Please open the link on your own phone.",
):
    """API-05. A browser key names a browser profile, not a phone: docs/SIGNALS.md says what is missed."""


class PartyUnknown(
    Unprocessable, code="PARTY_UNKNOWN", zh="这件业务里没有这位当事人。", en="This case has no such party."
):
    pass
