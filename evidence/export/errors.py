"""Why a bundle is not handed out."""

from evidence.errors import Refused


class ApprovalNeeded(
    Refused,
    code="APPROVAL_NEEDED",
    zh="证据包里有人脸或证件影像，请先请另一位同事批准。",
    en="The bundle holds images of a face or of papers. Please ask a colleague to approve it first.",
):
    pass


class ApprovalByAnother(
    Refused,
    code="APPROVAL_BY_ANOTHER",
    zh="自己申请的导出不能由自己批准，请交给另一位同事。",
    en="You asked for this export yourself. Somebody else has to approve it.",
):
    pass


class NothingToApprove(
    Refused,
    code="NOTHING_TO_APPROVE",
    zh="这份导出不需要批准，或已经批准。",
    en="This export needs no approval, or has it already.",
):
    pass


class ExportAltered(
    Refused,
    code="EXPORT_ALTERED",
    zh="留存的证据包与生成时不一致，已停止提供，请重新导出。",
    en="The stored bundle is not the one that was built, so it is not handed out. Please export again.",
):
    """`evidence.export_built/1` says what its digest must be."""
