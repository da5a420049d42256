"""What a check reads of a database, and nothing it could write. Adapter: `evidence.sql.audit`."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from evidence.log import Entry


class Place(NamedTuple):
    """Where an event stands, and where the `heads` table says that its stream ends; None: it has no such row."""

    stream: str
    seq: int
    position: int
    last: int | None
    hash: str | None


class Value(NamedTuple):
    """A row of encrypted values, without the value."""

    stream: str
    commitment: str
    retention: str


class ClaimRow(NamedTuple):
    tenant: str
    kind: str
    digest: str
    expires_ms: int | None
    stream: str
    seq: int


class KeyRow(NamedTuple):
    """A data key that exists (`because` None), or the note that it was destroyed because of that event."""

    stream: str
    name: str
    because: int | None


@runtime_checkable
class Source(Protocol):
    """Each call is a short read of its own, so that a running service is never held up; continue after the last row.

    StorageFailed when the database cannot be read. An instance can be sent to another process.
    """

    async def newest(self) -> int: ...

    async def entries(self, after: int, upto: int, limit: int) -> Sequence[Entry]:
        """By position, in `after` < position <= `upto`; as they stand, holes and all."""
        ...

    async def places(self, after: tuple[str, int], upto: str, limit: int) -> Sequence[Place]:
        """By (stream, seq), streams up to and with `upto`, in the order of the database."""
        ...

    async def shares(self, count: int) -> Sequence[str]:
        """At most `count` streams that cut all streams into shares of about the same size; the last one is the last."""
        ...

    async def empty_heads(self, limit: int) -> Sequence[str]:
        """Streams that `heads` knows and no event stands in."""
        ...

    async def lines_after(self, stream: str, seq: int) -> Sequence[bytes]:
        """The lines of a stream from event `seq` + 1 on."""
        ...

    async def values(self, after: tuple[str, str], limit: int) -> Sequence[Value]:
        """By (stream, commitment)."""
        ...

    async def claims(self, after: tuple[str, str, str], limit: int) -> Sequence[ClaimRow]:
        """By (digest, kind, tenant)."""
        ...

    async def checkpoint(self, name: str) -> bytes | None:
        """The row that the sequencer (`signed`) or the witnesses' side (`cosigned`) works on."""
        ...

    async def close(self) -> None: ...


class KeySource(Protocol):
    """The same of the key store, which stands in a database of its own."""

    async def keys(self, after: tuple[str, str], limit: int) -> Sequence[KeyRow]:
        """Existing keys by (stream, name)."""
        ...

    async def destroyed(self, after: tuple[str, str], limit: int) -> Sequence[KeyRow]: ...

    async def close(self) -> None: ...


class Folder(Protocol):
    """Stored files by their keys: what the log publishes, or the encrypted files. Can be sent to another process."""

    async def get(self, key: str) -> bytes:
        """ObjectErased when it is not there."""
        ...

    async def has(self, key: str) -> bool: ...

    async def names(self, folder: str) -> Sequence[str]:
        """The names right inside; [] when there is no such folder."""
        ...

    def walk(self) -> Iterator[tuple[str, int]]:
        """(key, bytes) of every file, in no order."""
        ...
