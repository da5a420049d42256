"""Why a product version cannot go on."""

from evidence.errors import Refused, Unprocessable


class PublishingRefused(
    Unprocessable,
    code="PUBLISHING_REFUSED",
    zh="这个版本还不能发布。请按列出的原因逐条处理后再发布。",
    en="This version cannot be published yet. Deal with each listed reason and publish again.",
):
    """`facts['reasons']`: every reason, each with rule and line where a rule of the lint gave it."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__(f"{len(reasons)} reasons", reasons=reasons)


class ContentChanged(
    Refused,
    code="CONTENT_CHANGED",
    zh="产品内容已经变了，请重新打开这个版本核对后再操作。",
    en="The content of this version has changed. Open it again and check before you go on.",
):
    """The hash named is not that of the definition as it stands."""


class AuthorFirst(
    Refused,
    code="AUTHOR_FIRST",
    zh="请先由产品作者确认，再由法务、精算和合规批准。",
    en="The author signs first; then legal, actuary and compliance.",
):
    pass


class AnotherPersonNeeded(
    Refused,
    code="ANOTHER_PERSON_NEEDED",
    zh="您已经以另一个岗位批准过这个版本，请由另一位同事批准。",
    en="You already approved this version in another capacity. A colleague has to.",
):
    pass


class PostTaken(
    Refused,
    code="POST_TAKEN",
    zh="这个岗位已经批准过了，无需重复。",
    en="This capacity has already been signed for.",
):
    pass


class NotPublished(
    Refused,
    code="NOT_PUBLISHED",
    zh="这个版本没有在售，无需停售或公告。",
    en="This version is not on sale; there is nothing to withdraw or announce.",
):
    pass
