"""What may be asked about hits. Each struct is the HTTP body."""

from typing import Annotated, Literal

import msgspec

from evidence.events import Frozen


class ReadHits(Frozen, frozen=True, kw_only=True):
    reason: Annotated[str, msgspec.Meta(min_length=2, max_length=200)]


class DecideHits(Frozen, frozen=True, kw_only=True):
    """The first three reasons clear, the others confirm."""

    decision: Literal["cleared", "confirmed"]
    reason: Literal["OTHER_BIRTH_DATE", "OTHER_NUMBER", "OTHER_PERSON", "SAME_NUMBER", "SAME_PERSON"]


CLEARING = frozenset(("OTHER_BIRTH_DATE", "OTHER_NUMBER", "OTHER_PERSON"))
