"""Every reason that an identity step may give: a closed list, and the sentence that tells the person what to do.

Clients show the sentence and branch on the verdict only (CONVENTIONS 1, rows 7 to 9).
"""

from typing import Literal

from evidence.events import Frozen


class Reason(Frozen, frozen=True, kw_only=True):
    """`retry`: trying again can help. `note` is for staff and never leaves with a customer's answer."""

    retry: bool
    zh: str
    en: str
    note: str = ""


def _again(zh: str, en: str, note: str = "") -> Reason:
    return Reason(retry=True, zh=zh, en=en, note=note)


def _person(note: str) -> Reason:
    return Reason(
        retry=False,
        zh="这一项需要工作人员核对，请稍候，我们会尽快处理。",
        en="A member of staff has to look at this. Please wait a little.",
        note=note,
    )


CAPTURE: dict[str, Reason] = {
    "FACE_TOO_FAR": _again("离镜头太远，请靠近一点。", "Too far away. Please come a little closer."),
    "FACE_TOO_CLOSE": _again("离镜头太近，请退后一点。", "Too close. Please move back a little."),
    "TOO_DARK": _again("光线太暗，请到亮一点的地方。", "Too dark. Please go where there is more light."),
    "TOO_BRIGHT": _again("光线太亮，请避开强光。", "Too bright. Please keep out of strong light."),
    "BLURRED": _again("画面不清楚，请拿稳手机，擦一擦镜头。", "Not sharp. Please hold still and wipe the lens."),
    "COLOUR_UNNATURAL": _again("颜色不自然，请到自然光下。", "The colours look wrong. Please go into daylight."),
    "FACE_COVERED": _again(
        "没有看清脸，请正对镜头，摘下口罩和墨镜。", "No clear face. Please face the camera without mask or sunglasses."
    ),
    "EYES_CLOSED": _again(
        "没有看到眼睛，请睁开双眼，摘下墨镜。", "Your eyes are not visible. Please open them and take off dark glasses."
    ),
    "MULTIPLE_FACES": _again("画面里不止一个人，请单独拍摄。", "More than one person is in view. Please be alone."),
}

LIVENESS: dict[str, Reason] = {
    **CAPTURE,
    "ACTION_NOT_PERFORMED": _again(
        "没有看到要求的动作，请看大字，一个一个慢慢做。",
        "A movement was not seen. Please follow the big words slowly, one after the other.",
    ),
    "ACTION_UNSEEN": _again("系统刚刚更新，请重新开始一次。", "The system has just changed. Please start again."),
    "FACE_FLAT": _again(
        "请本人把脸慢慢靠近手机，不要拍照片。", "Please bring your own face closer to the phone, not a picture."
    ),
    "FRAMES_ALIKE": _again("请按提示现场拍摄，不要重复使用照片。", "Please take each picture now, as shown."),
    "IDENTITY_CHANGED": _again("请从头到尾由同一个人完成。", "Please let one person do all of it."),
    "IDENTITY_UNSURE": _person("the turned face may be another's"),
    "LIGHT_DIFFERS": _person("the light on the face is not the colours that the screen was told to show"),
    "LIGHT_UNSEEN": _again(
        "光线太亮，看不清屏幕的光。可以调亮屏幕，避开强光。",
        "The room is too bright to see the screen's light. Turn the screen up and avoid strong light.",
        "the light part was not judged; it alone changes no verdict",
    ),
    "TIMING_UNNATURAL": _person("the times of the pictures are not those of a person in front of a camera"),
    "CAMERA_VIRTUAL": _person("the camera has the name of a program"),
    "FRAMES_MIXED": _person("the pictures of one capture have different sizes"),
    "ATTESTATION_BAD": _person("the app sent a platform token that does not hold"),
    "SCREEN_SUSPECTED": _again(
        "请本人面对镜头，不要拍照片或屏幕。", "Please face the camera yourself, not a picture or a screen."
    ),
    "SCREEN_UNSURE": _person("the passive screen is in its doubtful band"),
}

MATCH: dict[str, Reason] = {
    "FACE_DIFFERS": _again(
        "与身份证照片不一致，请本人拍摄，或选择人工核验。",
        "This does not match the ID card. Please do it yourself, or choose assisted verification.",
    ),
    "FACE_UNSURE": _person("similarity to the ID portrait is in the doubtful band"),
    "PORTRAIT_MISSING": _again(
        "身份证上的照片看不清，请重拍身份证正面。",
        "The portrait on the card is not clear. Please photograph the front again.",
    ),
    "NO_ADAPTER": _person("no adapter to compare faces with an authority is configured"),
}

PAPER: dict[str, Reason] = {
    "PAPER_NOT_RECOGNISED": _again(
        "没有看清身份证，请放平、对齐后重拍。", "No ID card was recognised. Lay it flat, line it up and try again."
    ),
    "WRONG_SIDE": _again("拍反了，请拍另一面。", "That is the wrong side. Please photograph the other one."),
    "NUMBER_WRONG": _again(
        "身份证号码没有看清，请避开反光重拍。", "The number is not readable. Please avoid glare and try again."
    ),
    "FIELD_UNREADABLE": _again("有些字没有看清，请重拍或手动补全。", "Some text is unclear. Try again or fill it in."),
    "SEX_DIFFERS": _again("性别与号码不一致，请核对。", "Sex and number disagree. Please check."),
    "BIRTH_DIFFERS": _again("出生日期与号码不一致，请核对。", "Birth date and number disagree. Please check."),
    "PAPER_CROPPED": _again(
        "证件没有拍全，请让四个角都在画面里。", "Part of it is cut off. Please get all four corners into the picture."
    ),
    "PAPER_TOO_FAR": _again(
        "证件拍得太小，请靠近一点，让它占满画面。", "It is too small. Please move closer until it fills the picture."
    ),
    "TOO_DARK": CAPTURE["TOO_DARK"],
    "BLURRED": CAPTURE["BLURRED"],
    "GLARE": _again(
        "证件上有反光，请换个角度，避开灯光。", "There is glare on it. Please tilt it away from the lamp or window."
    ),
    "PHOTOCOPY": _again(
        "请拍证件原件，不要拍复印件。",
        "Please photograph the original, not a copy.",
        "no colour where the paper has some",
    ),
    "SCREEN_RECAPTURE": _person("a regular fine pattern, as a screen leaves it: the paper may have been shown on one"),
    "REGION_UNKNOWN": _person("the first six digits of the number name no county of GB/T 2260, past or present"),
    "VALIDITY_IMPLAUSIBLE": _person("a card of this age at issue is not valid for this long (居民身份证法 art. 5)"),
    "SIDES_DIFFER": _person("the office that issued the back is not named in the address of the front"),
    "CHECK_DIGIT_WRONG": _again(
        "证件上的编码没有看清，请放平、避开反光重拍。",
        "The coded lines are unclear. Lay it flat, avoid glare, try again.",
    ),
    "ZONES_DIFFER": _person("printed and coded zone of the passport do not say the same"),
    "PAPER_EXPIRED": Reason(
        retry=False,
        zh="身份证已过期，请换用有效的证件。",
        en="This ID card has expired. Please use a valid one.",
    ),
    "PAPER_NOT_YET_VALID": Reason(
        retry=False, zh="身份证还没有生效，请核对日期。", en="This ID card is not valid yet. Please check the date."
    ),
    "NUMBER_UNASSIGNED": Reason(
        retry=False,
        zh="这不是有效的身份证，请使用本人证件。",
        en="This is not a valid ID card. Please use your own.",
        note="region code assigned to no place: a specimen, refused in production",
    ),
    "PORTRAIT_MISSING": MATCH["PORTRAIT_MISSING"],
}

DATA: dict[str, Reason] = {
    "PHONE_MISMATCH": _person("the source says that the phone is another person's"),
    "CARD_MISMATCH": _person("the source says that the bank card is another person's"),
    "AUTHORITY_FACE_DIFFERS": _person("the source says that the live face is another person's"),
    "AUTHORITY_PORTRAIT_MISSING": _person("the source has no portrait to compare with"),
    "AUTHORITY_DOUBT": _person("the source cannot say yes or no"),
    "AUTHORITY_SILENT": _person("the source was asked and did not answer; it is asked again at the review"),
    "NO_TRANSFER_CONSENT": _person("the customer did not agree to the face being sent to the source"),
    "NOT_REACHED": _person("nothing was asked, because an earlier check did not pass"),
    "NAME_NUMBER_MISMATCH": _person("the source says that name and number do not belong together"),
    "NUMBER_NOT_FOUND": _person("the source does not know the number"),
    "PERSON_DECEASED": _person("the source reports the person as deceased"),
    "SPECIMENS_ONLY": _person("the sandbox source knows specimen numbers only"),
}

REVIEW: dict[str, Reason] = {
    "FIELDS_CORRECTED": _person("the customer corrected what was read"),
    "ASSISTED_ROUTE": _person("the customer chose the way without a face"),
    "AUTHORITY_NOT_ASKED": _person("no adapter to an authority is configured"),
    "EARLIER_REJECTION": _person("a reviewer rejected this person before"),
    # One reason for several checks, on purpose: which one it was stands where neither customer nor seller reads.
    "ROUTINE_CHECK": _person("a routine check asks for a person"),
}

REASONS: dict[str, Reason] = {**LIVENESS, **MATCH, **PAPER, **DATA, **REVIEW}

ReviewReason = Literal[
    "seen_by_video",
    "seen_at_counter",
    "papers_agree",
    "person_differs",
    "papers_differ",
    "fraud_suspected",
    "no_contact",
]
"""What a reviewer may give as the ground of a decision; the first three accept, the others reject."""

ACCEPTING: tuple[str, ...] = ("seen_by_video", "seen_at_counter", "papers_agree")
