"""The port every event goes through. Adapters: `sql.py`; the fakes in `tests/evidence/` pass the same contract."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from evidence.errors import Refused
from evidence.events import Frozen, Head


class Claim(Frozen, frozen=True, kw_only=True):
    """A fact that may be true once per tenant across all streams: a used link, a nonce, a frame digest, an external id.

    `digest` is keyed (HMAC), never the value itself. A conflict is a refusal: `append` raises `taken`.
    """

    tenant: str
    kind: str
    digest: str
    expires: datetime | None = None
    taken: type[Refused] | None = None  # raised instead of ClaimTaken


class Entry(Frozen, frozen=True, kw_only=True):
    """One event at its global position. Positions follow commit order without reuse."""

    position: int
    stream: str
    seq: int
    line: bytes


class Log(Protocol):
    """Append is the only write there is; nothing is ever updated or deleted."""

    async def read(self, stream: str, after: int = 0) -> list[bytes]:
        """The lines of `stream` with seq > `after`, in order; [] when there are none."""
        ...

    async def append(self, stream: str, after: Head, lines: Sequence[bytes], claims: Sequence[Claim] = ()) -> Head:
        """All lines and claims, or nothing; returns the new head once it is durable.

        HeadMoved when the stream does not end at `after`; the claim's `taken` (or ClaimTaken) when one exists and has
        not expired; StorageFailed when it cannot be known to be durable (the lines may have landed: read before retry).
        """
        ...

    async def scan(self, after: int, limit: int = 1000) -> list[Entry]:
        """Events of all streams with position > `after`, in commit order."""
        ...

    async def find(self, stream: str, seq: int) -> Entry | None:
        """One event with its position, by an index; None when it was never appended."""
        ...
