"""Events of a product version on its way to the customer and out of sale again, in the product's stream (PRD-06).

`product.published/1` stands in `staff`; it came first.
"""

from typing import Annotated, ClassVar, Literal

import msgspec

from evidence.events.envelope import Body, Sha256

Day = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\d$")]
Post = Literal["author", "legal", "actuary", "compliance"]
"""In which of the four capacities a person approves. Each by another person, the author first."""


class ProductApproved(Body, frozen=True, kw_only=True):
    """A person stands for all of it: `full` covers wording, numbers, texts, rules and waivers."""

    TYPE: ClassVar[str] = "product.approved/1"
    product: str
    version: int
    full: Sha256
    post: Post


class ProductWithdrawn(Body, frozen=True, kw_only=True):
    """No new sale from now on; told by `notice_due` (人身保险产品信息披露管理办法 art. 16, 19)."""

    TYPE: ClassVar[str] = "product.withdrawn/1"
    product: str
    version: int
    full: Sha256
    cause: Literal["stop_sale", "replaced", "mistake", "authority"]
    notice_due: Day


class ProductNoticeMade(Body, frozen=True, kw_only=True):
    """What changed or was stopped has been told where customers look, under this reference."""

    TYPE: ClassVar[str] = "product.notice_made/1"
    product: str
    version: int
    reference: str
