"""Why faces are not processed, or a duty cannot be recorded."""

from evidence.errors import Refused


class FaceNotAssessed(
    Refused,
    code="FACE_NOT_ASSESSED",
    zh="人脸核验暂未开通，请选择“人工核验”，结果相同，不增加费用。",
    en="Face checks are not open here. Please choose assisted verification: same result, no extra cost.",
):
    """KYC-16: production without an impact assessment that counts."""


class AssessmentUnknown(
    Refused,
    code="ASSESSMENT_UNKNOWN",
    zh="没有这份影响评估，或它已不再适用。",
    en="There is no such impact assessment, or it no longer counts.",
):
    pass


class SecondPersonNeeded(
    Refused,
    code="SECOND_PERSON_NEEDED",
    zh="登记的人不能批准，请由另一位管理员批准。",
    en="Who registered it cannot approve it. Another administrator has to.",
):
    pass


class NothingToFile(
    Refused,
    code="NOTHING_TO_FILE",
    zh="现在没有待办的备案。",
    en="No filing is open.",
):
    pass
