"""What may be asked for a product version. Each struct is the HTTP body; `full` says which exact content is meant."""

from typing import Annotated, Literal

import msgspec

from evidence.events import Frozen, Sha256
from evidence.events.releases import Post


class ApproveProduct(Frozen, frozen=True, kw_only=True):
    """In one of the four capacities, each by another person, the author first."""

    full: Sha256
    post: Post


class PublishProduct(Frozen, frozen=True, kw_only=True):
    full: Sha256


class WithdrawProduct(Frozen, frozen=True, kw_only=True):
    full: Sha256
    cause: Literal["stop_sale", "replaced", "mistake", "authority"]


class MakeNotice(Frozen, frozen=True, kw_only=True):
    """The change or the stop has been told where customers look; `reference` finds it there."""

    reference: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.:/-]{1,120}$")]


Command = ApproveProduct | PublishProduct | WithdrawProduct | MakeNotice
