"""Why an identity step is refused, and what the person does next."""

from evidence.errors import Absent, Forbidden, Refused, Unavailable, Unprocessable


class PictureInvalid(
    Unprocessable,
    code="PICTURE_INVALID",
    zh="这张图片无法读取，请用本页面的相机重新拍摄。",
    en="This picture cannot be read. Please take it again with the camera of this page.",
):
    """Not a whole JPEG or PNG, or it carries anything else."""


class PictureTooLarge(
    Unprocessable,
    code="PICTURE_TOO_LARGE",
    zh="这张图片尺寸太大，请用本页面的相机重新拍摄。",
    en="This picture is too large. Please take it again with the camera of this page.",
):
    pass


class NoticeNotShown(
    Forbidden,
    code="NOTICE_NOT_SHOWN",
    zh="请先阅读告知书，再进行这一步。",
    en="Please read the notice first.",
):
    """KYC-01. `facts['scope']` names the notice."""


class NoticeChanged(
    Refused,
    code="NOTICE_CHANGED",
    zh="告知书已更新，请重新阅读后再选择。",
    en="The notice has changed. Please read it again before you choose.",
):
    pass


class ConsentMissing(
    Refused,
    code="CONSENT_MISSING",
    zh="需要您先同意，才能进行这一步。您也可以选择其他方式办理。",
    en="This needs your consent first. You may also choose another way.",
):
    """KYC-02. `facts['scope']` names the consent."""


class ConsentNotGiven(
    Refused,
    code="CONSENT_NOT_GIVEN",
    zh="这项同意还没有给出，不需要撤回。",
    en="This consent was not given, so there is nothing to withdraw.",
):
    pass


class RouteNotChosen(
    Refused,
    code="ROUTE_NOT_CHOSEN",
    zh="请先选择验证身份的方式。",
    en="Please choose how to be identified first.",
):
    pass


class RouteClosed(
    Refused,
    code="ROUTE_LOCKED",
    zh="这种方式尝试次数太多，已暂停。请选择人工核验。",
    en="Too many tries this way, so it is paused. Please choose assisted verification.",
):
    """KYC-09: the others stay open."""


class PaperMissing(
    Refused,
    code="PAPER_MISSING",
    zh="请先拍摄证件，身份证要拍正反两面。",
    en="Please photograph your paper first; an ID card from both sides.",
):
    """`facts['papers']` names the sides still needed."""


class PaperNotAccepted(
    Refused,
    code="PAPER_NOT_ACCEPTED",
    zh="这项业务不使用这种证件，请按页面提示换一种证件。",
    en="This kind of paper is not used here. Please use one that the page asks for.",
):
    """KYC-10: what a party may show is fixed in the policy of the case. `facts['accepted']` names the kinds."""


class PictureNotApproved(
    Refused,
    code="PICTURE_NOT_APPROVED",
    zh="查看证件影像要先请另一位同事批准，批准后 24 小时内有效。",
    en="Please ask a colleague to agree before you look at the papers. Their word holds for 24 hours.",
):
    """EVD-13."""


class PictureApprovalByAnother(
    Refused,
    code="PICTURE_APPROVAL_BY_ANOTHER",
    zh="自己申请查看的影像不能由自己批准，请交给另一位同事。",
    en="You asked to see these pictures yourself. Somebody else has to agree.",
):
    pass


class FieldsUnconfirmed(
    Refused,
    code="FIELDS_UNCONFIRMED",
    zh="请先核对并确认身份证上的信息。",
    en="Please check and confirm what was read from your ID card first.",
):
    pass


class FieldsIncomplete(
    Unprocessable,
    code="FIELDS_INCOMPLETE",
    zh="还有信息没有填写，请补全。",
    en="Some details are missing. Please fill them in.",
):
    """`facts['fields']` names them."""


class FieldsInvalid(
    Unprocessable,
    code="FIELDS_INVALID",
    zh="信息有误，请对照身份证检查号码、日期和民族。",
    en="Something is not right. Please check the number, dates and ethnic group against your card.",
):
    """KYC-11. `facts['fields']` names them."""


class GuardianNeeded(
    Refused,
    code="GUARDIAN_NEEDED",
    zh="未满 14 周岁，要先由监护人在自己的手机上同意。监护人不同意使用人脸的，请选择人工核验；也可以到柜台办理。",
    en="Under 14, a guardian has to agree first, on their own phone. Without a face, please choose assisted"
    " verification; a counter can help, too.",
):
    """KYC-02. The picture that showed it was not kept."""


class LivenessReplayed(
    Refused,
    code="LIVENESS_REPLAYED",
    zh="这次拍摄已经用过，请重新开始一次。",
    en="This capture was used before. Please start again.",
):
    """A challenge that is not the present one, or was judged already."""


class FrameReplayed(
    Refused,
    code="FRAME_REPLAYED",
    zh="这张照片已经用过，请现场重新拍摄。",
    en="This picture was used before. Please take a new one now.",
):
    """The same bytes were seen before, in whatever case of the tenant."""


class ChallengeExpired(
    Refused,
    code="CHALLENGE_EXPIRED",
    zh="时间到了，请点“重新开始”，再按提示做一次。",
    en="Time is up. Tap “start again” and follow the instructions once more.",
):
    pass


class FrameOutOfOrder(
    Refused,
    code="FRAME_OUT_OF_ORDER",
    zh="拍摄顺序不对，请重新开始一次。",
    en="The pictures came in the wrong order. Please start again.",
):
    pass


class FramesMissing(
    Refused,
    code="FRAMES_MISSING",
    zh="还有动作没有拍完，请继续。",
    en="Some actions are not captured yet. Please go on.",
):
    pass


class DeviceForeign(
    Refused,
    code="DEVICE_FOREIGN",
    zh="请在开始拍摄的那部手机上继续。",
    en="Please go on with the phone on which you started.",
):
    """The challenge belongs to another device key."""


class FramesUnsigned(
    Refused,
    code="FRAMES_UNSIGNED",
    zh="拍摄结果没有通过本机确认，请重新开始一次。",
    en="The capture was not confirmed by this phone. Please start again.",
):
    """KYC-04: the frames named are not the frames sent, or the device key did not sign them."""


class ChecksOpen(
    Unavailable,
    code="CHECKS_OPEN",
    zh="还有一项核查没有结论，请先处理核查，再作审核决定。",
    en="A check has no result yet. Please settle it before you decide the review.",
):
    """Said to reviewers only, and not sealed in the case: it would tell the customer of a hit (API-21)."""


class NothingToReview(
    Refused,
    code="NOTHING_TO_REVIEW",
    zh="这件业务没有等待人工核验的内容。",
    en="Nothing here waits for a review.",
):
    pass


class AuthorityUnavailable(
    Unavailable,
    code="AUTHORITY_UNAVAILABLE",
    zh="身份核查系统暂时没有回应，请稍后再试，之前的内容没有丢失。",
    en="The identity authority does not answer just now. Nothing was lost; try again.",
):
    pass


class PartyAbsent(Absent, code="PARTY_ABSENT", zh="没有找到这位办理人。", en="No such person takes part in this case."):
    pass


class StandInRefused(
    Unavailable,
    code="STAND_IN_REFUSED",
    zh="系统没有接入正式的身份核查，暂时不能办理。",
    en="No real identity authority is connected, so this cannot go on for now.",
):
    """A sandbox adapter met a production case."""
