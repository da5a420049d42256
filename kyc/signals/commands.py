"""What may be asked about signals. Each struct is the HTTP body."""

from typing import Annotated, Literal

import msgspec

from evidence.events import Frozen


class ReadSignals(Frozen, frozen=True, kw_only=True):
    reason: Annotated[str, msgspec.Meta(min_length=2, max_length=200)]


class DecideSignals(Frozen, frozen=True, kw_only=True):
    """`CLEARING` reasons clear, the others confirm."""

    decision: Literal["cleared", "confirmed"]
    reason: Literal["FAMILY_PHONE", "SHARED_PLACE", "CUSTOMER_REACHED", "LOOK_ALIKE", "ACTED_FOR", "FRAUD_SUSPECTED"]


CLEARING = frozenset(("FAMILY_PHONE", "SHARED_PLACE", "CUSTOMER_REACHED", "LOOK_ALIKE"))
