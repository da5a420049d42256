"""Why rules are refused, or a person is."""

from evidence.errors import Forbidden, Refused, Unprocessable


class RulesInvalid(
    Unprocessable,
    code="RISK_RULES_INVALID",
    zh="这份风险规则文件无法使用，请检查格式后重新提供。",
    en="This file of risk rules cannot be used. Please check its format and supply it again.",
):
    """`str(error)` says where."""


class RiskDenied(
    Forbidden,
    code="RISK_DENIED",
    zh="这件业务不能在线办理，请到柜台办理，或拨打客服电话。",
    en="This cannot be done online. Please go to a counter, or call the service line.",
):
    """A rule said `deny`; which one stands in the restricted stream alone."""


class NoSignals(
    Refused,
    code="SIGNALS_NOTHING_TO_DECIDE",
    zh="这里没有待处理的信号，或已经处理。",
    en="No signal waits for a decision here, or it was decided already.",
):
    pass
