"""Why a list or a decision about a hit is refused."""

from evidence.errors import Refused, Unavailable, Unprocessable


class ListInvalid(
    Unprocessable,
    code="SCREENING_LIST_INVALID",
    zh="这份名单文件无法使用，请检查格式后重新提供。",
    en="This list file cannot be used. Please check its format and supply it again.",
):
    """`str(error)` says where, without names."""


class ListsMissing(
    Unavailable,
    code="SCREENING_LISTS_MISSING",
    zh="名单核查暂时不可用，请稍后再试，之前的内容没有丢失。",
    en="The name check is not available just now. Nothing was lost; try again.",
):
    """Production without a list: nobody is passed unscreened."""


class NothingToDecide(
    Refused,
    code="SCREENING_NOTHING_TO_DECIDE",
    zh="这条核查没有待处理的结果，或已经处理。",
    en="Nothing waits for a decision here, or it was decided already.",
):
    pass
