"""Why something is not erased now."""

from evidence.errors import Refused, Unavailable, Unprocessable


class RetentionRuns(
    Refused,
    code="RETENTION_RUNS",
    zh="法律要求保存的期限还没有到，现在不能删除。",
    en="The law demands that this be kept for longer; it cannot be deleted now.",
):
    """`facts`: `until` (RFC 3339, or empty while it has no end yet) and `rule`; `message` says why."""


class OthersConcerned(
    Refused,
    code="OTHERS_CONCERNED",
    zh="这里还有其他人的信息，请联系服务人员办理删除。",
    en="Another person's data is among this. Please ask the staff to delete it.",
):
    pass


class BasisUnknown(
    Unprocessable,
    code="BASIS_UNKNOWN",
    zh="没有这种删除依据。",
    en="There is no such basis for an erasure.",
):
    pass


class ErasureUnfinished(
    Unavailable,
    code="ERASURE_UNFINISHED",
    zh="删除正在进行，请过一分钟再取证明。",
    en="The erasure is under way. Please fetch the certificate in a minute.",
):
    pass


class KeepingUnchanged(
    Refused,
    code="KEEPING_UNCHANGED",
    zh="案件已经是这个状态，无需更改。",
    en="The case is in that state already.",
):
    pass
