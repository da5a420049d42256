"""What a person is told before anything is collected: notices, each with the six items of KYC-01.

Processor and contact, purpose, method, retention, necessity and effect on the person, how to use one's rights (PIPL
art. 17 and 30, 人脸识别技术应用安全管理办法 art. 5). A consent names the SHA-256 of the exact texts.
"""

from typing import Any, NamedTuple

from evidence import decode
from evidence.errors import NotFound

SCOPES = ("recording", "privacy", "face", "location", "transfer", "face_search", "guardian")


class Processor(NamedTuple):
    """Who answers for the data: full name and a way to reach them. `receiver`: the source that faces are sent to, in
    Chinese and English; None where none is, and then there is nothing to consent to (KYC-14)."""

    zh: str
    en: str
    contact: str
    receiver: tuple[str, str] | None = None


DEMO = Processor("示例保险代理有限公司（演示）", "Example Insurance Agency Ltd. (demonstration)", "400-000-0000")

LABELS = (
    ("处理者与联系方式", "Who we are and how to reach us"),
    ("处理目的", "Purpose"),
    ("处理方式", "Method"),
    ("保存期限", "How long we keep it"),
    ("必要性与对您的影响", "Why it is needed and what it means for you"),
    ("您的权利", "Your rights"),
)

RIGHTS = (
    "您可以随时在本页面查阅、复制、更正、删除您的信息或撤回同意；撤回不影响此前已完成的事项。",
    "At any time you may see, copy, correct or delete your data or withdraw consent on this page; what was done before"
    " stays valid.",
)

# scope -> ((title zh, en), five items (zh, en) from purpose to effect, (statement zh, en))
_TEXTS: dict[str, tuple[tuple[str, str], tuple[tuple[str, str], ...], tuple[str, str]]] = {
    "recording": (
        ("操作过程记录告知书", "Notice of recording"),
        (
            (
                "如实记录您阅读、确认和签署的过程，日后可以还原当时看到的页面。",
                "To record truthfully how you read, confirm and sign, so that what you saw can be shown again later.",
            ),
            (
                "您将进入投保流程。记录每个页面的进入和离开时间、点击和确认，写入不可修改的证据链；个人信息另行加密保存。",
                "You are entering the application. When you enter and leave each page, and what you tap and confirm, is"
                " written to a chain that cannot be altered; personal data are kept apart, encrypted.",
            ),
            (
                "保险期间一年以内的保存五年，超过一年的自合同终止之日起保存十年；有争议的延长。",
                "Five years for cover up to one year, otherwise ten years after the contract ends; longer in a"
                " dispute.",
            ),
            (
                "法律要求保存操作轨迹，不同意则不能在线投保，可以到柜台办理，不增加费用。",
                "The law requires this record. Without it you cannot apply online, but you may do so at a counter at"
                " no extra cost.",
            ),
        ),
        ("我知道操作过程会被记录，并同意。", "I know that what I do here is recorded, and I agree."),
    ),
    "privacy": (
        ("个人信息处理告知书", "Privacy notice"),
        (
            (
                "核实您的身份，订立和履行保险合同，履行反洗钱义务。",
                "To establish who you are, to make and perform the insurance contract, and to meet duties against"
                " money laundering.",
            ),
            (
                "收集您的身份证正反面照片、姓名、号码、住址、手机号码、填写的内容和手写签名，在本公司服务器上识别并加密保存。"
                "接入权威机构核查时，会提交姓名和号码。",
                "We collect pictures of both sides of your ID card, name, number, address, phone number, what you fill"
                " in and your handwriting, read them on our own servers and keep them encrypted. Where an authority is"
                " asked, name and number are sent to it.",
            ),
            (
                "客户身份资料自业务关系结束之日起至少保存十年，期满删除。",
                "Customer identity records are kept for at least ten years after the relation ends, then deleted.",
            ),
            (
                "身份证件属于敏感个人信息，用于确认是您本人。不同意则不能在线办理，可以到柜台办理。",
                "An ID card is sensitive personal data; it is used to make sure that it is you. Without consent you"
                " cannot go on online, but you may at a counter.",
            ),
        ),
        ("我已阅读，同意处理上述个人信息。", "I have read this and agree to the processing of these data."),
    ),
    "face": (
        ("人脸信息处理单独告知书", "Separate notice on face data"),
        (
            (
                "确认是您本人在现场操作，防止他人冒用。只用于这一次身份验证。",
                "To make sure that you yourself are present, and nobody in your place; for this one check only.",
            ),
            (
                "拍摄几张您转头的照片，在本公司服务器上与身份证照片比对。不提供给第三方，不分析情绪或其他特征。",
                "A few pictures of you turning your head are compared with your ID portrait on our own servers. They"
                " are given to nobody, and no mood or other trait is analysed.",
            ),
            (
                "判断完成后立即删除照片，只保留结果和分数。",
                "The pictures are deleted as soon as the decision is made; only the result and its scores are kept.",
            ),
            (
                "不是必须：您可以选择“人工核验”，结果相同，不增加费用。本系统只作筛查，没有经过认证，可能出错，可以要求人工复核。",
                "It is not necessary: you may choose assisted verification, with the same result and at no extra cost."
                " This system only screens, is not certified and can be wrong; you may ask for a person to check.",
            ),
        ),
        ("我单独同意处理我的人脸信息。", "I separately agree to the processing of my face data."),
    ),
    "transfer": (
        ("人脸信息对外提供单独告知书", "Separate notice on giving your face picture to another"),
        (
            (
                "请{receiver}核对是不是您本人。只用于这一次身份验证。",
                "To have {receiver} check that it is you; for this one check only.",
            ),
            (
                "从您刚才拍摄的照片中取一张正面照，连同姓名和身份证号码，加密传送给{receiver}。对方只返回是否一致。",
                "One frontal picture of those you just took is sent, encrypted, to {receiver} with your name and ID"
                " number. They answer only whether it matches.",
            ),
            (
                "我们在判断完成后立即删除照片；{receiver}的保存期限以其公布的规则为准。提供记录保存三年。",
                "We delete the picture as soon as the decision is made; how long {receiver} keeps it follows its"
                " published rules. The record that it was given is kept for three years.",
            ),
            (
                "不是必须：不同意仍可继续，只在本公司服务器上比对，也可以选择“人工核验”。",
                "It is not necessary: without it you can go on, compared on our own servers only, or choose assisted"
                " verification.",
            ),
        ),
        (
            "我单独同意将我的人脸照片提供给{receiver}。",
            "I separately agree to my face picture being given to {receiver}.",
        ),
    ),
    "face_search": (
        ("人脸重复核查单独告知书", "Separate notice on looking for your face under other names"),
        (
            (
                "防止别人用您的脸、以另一个身份办理业务。只用于发现冒用，不用于其他用途。",
                "To notice when somebody uses your face under another identity; for nothing else.",
            ),
            (
                "人脸验证通过后，保留一组描述您人脸的数字（不是照片），单独加密存放，与本公司其他办理人留下的数字比较。"
                "仅凭相似不会拒绝任何人，由人工查看。",
                "When the face check was passed, a set of numbers that describes your face (no picture) is kept,"
                " encrypted and apart, and compared with those of our other customers. Nobody is refused for being"
                " alike: a person looks.",
            ),
            (
                "您撤回同意或要求删除时立即删除；最长与本次业务的身份资料同时删除。",
                "Deleted at once when you withdraw this consent or ask for it; at the latest together with the identity"
                " data of this case.",
            ),
            (
                "不是必须：不同意仍可继续人脸验证，也可以选择“人工核验”，结果相同，不增加费用。",
                "It is not necessary: without it the face check goes on, or choose assisted verification, with the same"
                " result and at no extra cost.",
            ),
        ),
        (
            "我单独同意保留我的人脸特征，用于发现冒用。",
            "I separately agree to a description of my face being kept to notice its use under another identity.",
        ),
    ),
    "guardian": (
        ("监护人单独告知书（未满十四周岁）", "Separate notice for guardians (children under 14)"),
        (
            (
                "核实孩子的身份，办理以孩子为被保险人或受益人的业务。",
                "To establish the child's identity for business in which the child is insured or benefits.",
            ),
            (
                "收集孩子证件的照片和证件上的内容；您另外同意的，再拍摄孩子的几张人脸照片，与证件照片比对。"
                "两项分别由您决定，都在本公司服务器上处理。",
                "We collect pictures of the child's document and what stands on it; with your further consent, a few"
                " pictures of the child's face are compared with it. You decide on each; both stay on our own servers.",
            ),
            (
                "证件资料与身份资料同期保存；人脸照片在判断完成后立即删除。",
                "The document is kept as long as identity records are; pictures of the face are deleted right after the"
                " decision.",
            ),
            (
                "未满十四周岁孩子的信息是敏感个人信息。不同意使用人脸的，由人工核验，结果相同，不增加费用；"
                "不同意收集证件的，不能在线办理，可以到柜台。",
                "Data of a child under 14 are sensitive. Without the face a person checks, with the same result and at"
                " no extra cost; without the document this cannot be done online, but at a counter.",
            ),
        ),
        (
            "我是孩子的父母或其他监护人，我单独作出以下决定。",
            "I am the child's parent or other guardian, and decide separately as follows.",
        ),
    ),
    "location": (
        ("位置信息处理告知书", "Notice on location"),
        (
            (
                "记录签署时的大致地点，作为证据的一部分。",
                "To record roughly where you sign, as part of the evidence.",
            ),
            (
                "签署时读取一次手机位置（WGS-84），不持续跟踪；不能证明本人在场。",
                "The phone's position (WGS-84) is read once when you sign and never followed; it does not prove that"
                " you were there.",
            ),
            (
                "与合同资料同期保存，期满删除。",
                "As long as the contract's records, then deleted.",
            ),
            (
                "不是必须：拒绝不影响办理，记录为“已拒绝”。",
                "It is not necessary: refusing changes nothing and is recorded as refused.",
            ),
        ),
        ("我同意在签署时读取一次位置。", "I agree to my position being read once when I sign."),
    ),
}


def texts(scope: str, processor: Processor = DEMO) -> dict[str, Any]:
    """`{locale: {title, items: [{label, text}], statement}}`. NotFound for another scope."""
    if scope not in _TEXTS or (scope == "transfer" and processor.receiver is None):
        raise NotFound("no such notice")
    titles, middle, statements = _TEXTS[scope]
    who = (f"{processor.zh}，电话 {processor.contact}", f"{processor.en}, telephone {processor.contact}")
    items = (who, *middle, RIGHTS)
    receiver = processor.receiver or ("", "")

    def said(texts: tuple[str, str], side: int) -> str:
        return texts[side].replace("{receiver}", receiver[side])

    return {
        locale: {
            "title": titles[side],
            "items": [
                {"label": label[side], "text": said(text, side)} for label, text in zip(LABELS, items, strict=True)
            ],
            "statement": said(statements, side),
        }
        for side, locale in enumerate(("zh-CN", "en"))
    }


def text_sha256(scope: str, processor: Processor = DEMO) -> str:
    """What a consent names: SHA-256 over the canonical JSON of `texts`."""
    return decode.digest(texts(scope, processor))


def every(processor: Processor = DEMO) -> list[bytes]:
    """Each notice that can be shown, as the bytes whose SHA-256 a consent names."""
    scopes = [scope for scope in SCOPES if scope != "transfer" or processor.receiver is not None]
    return [decode.encode(texts(scope, processor)) for scope in scopes]


def public(scope: str, processor: Processor = DEMO) -> dict[str, Any]:
    """The answer of GET /v1/notices/{scope}."""
    return {"scope": scope, "text_sha256": text_sha256(scope, processor), "texts": texts(scope, processor)}
