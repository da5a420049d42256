"""The shape every event shares, and the exact line that is hashed and stored."""

import hashlib
import re
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from evidence import decode
from evidence.errors import ChainBroken, Error

GENESIS = "0" * 64

Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
"""Plain SHA-256, hex. Only over bytes that are public or carry a random 256-bit nonce of their own."""

Commitment = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
"""Salted SHA-256, base64url without padding: of a disclosure (a small value) or of salt32 || bytes (a file)."""

Role = Literal["customer", "agent", "reviewer", "auditor", "admin", "partner", "system"]
Party = Literal["proposer", "insured", "beneficiary"]
Mode = Literal["sandbox", "production"]
Locale = Literal["zh-CN", "en"]
Retention = Literal["biometric", "identity", "location", "contract"]
Instant = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]


class Frozen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The house style of every struct: immutable, named, closed."""


class Actor(Frozen, frozen=True, kw_only=True):
    """Who acts. `session` names the `case.session_opened/1` event that seals device, network and assurance."""

    id: str
    role: Role
    session: str | None = None


class Media(Frozen, frozen=True, kw_only=True):
    """A file that stands outside the chain. `commitment` = base64url(SHA-256(salt32 || bytes))."""

    commitment: Commitment
    bytes: int
    type: str
    retention: Retention


class Body(Frozen, frozen=True, kw_only=True):
    """What happened. A new shape is a new type version, never an edited one.

    `satisfies` and `withdraws` name keys of the case's frozen policy; they are how the domains agree without importing
    each other.
    """

    TYPE: ClassVar[str] = ""
    satisfies: tuple[str, ...] = ()
    withdraws: tuple[str, ...] = ()


class Event(Frozen, frozen=True, kw_only=True):
    """One decoded line. `line` is what is hashed; nothing is ever re-encoded to verify."""

    stream: str
    seq: int
    at: Instant
    actor: Actor
    cmd: str
    body: Body
    prev: str
    line: bytes

    @property
    def hash(self) -> str:
        return line_hash(self.line)

    @property
    def type(self) -> str:
        return self.body.TYPE


class Head(Frozen, frozen=True, kw_only=True):
    """Where a stream ends: the last event's number and line hash. (0, zeros) before the first."""

    seq: int = 0
    hash: str = GENESIS


class Stamp(Frozen, frozen=True, kw_only=True):
    """What the outside adds to a command: who, when, and the keyed digests `idempotency-key.body` (section 2.3)."""

    actor: Actor
    at: datetime
    cmd: str = ""


def instant(at: datetime) -> str:
    """RFC 3339, UTC, milliseconds. `at` must be aware."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def parse_instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def line_hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def write_line(stream: str, after: Head, stamp: Stamp, body: Body) -> bytes:
    """The exact bytes of the next event of `stream`, without LF."""
    return decode.encode(
        {
            "actor": msgspec.to_builtins(stamp.actor),
            "at": instant(stamp.at),
            "body": msgspec.to_builtins(body),
            "cmd": stamp.cmd,
            "prev": after.hash,
            "seq": after.seq + 1,
            "stream": stream,
            "type": body.TYPE,
            "v": 1,
        }
    )


class _Envelope(Frozen, frozen=True, kw_only=True, omit_defaults=False):
    actor: Actor
    at: Instant
    body: dict[str, Any]
    cmd: str
    prev: Sha256
    seq: Annotated[int, msgspec.Meta(ge=1)]
    stream: Annotated[str, msgspec.Meta(pattern=r"^[a-z]+_[a-z0-9_.-]+$")]
    type: Annotated[str, msgspec.Meta(pattern=r"^[a-z]+\.[a-z_]+/[1-9][0-9]*$")]
    v: Literal[1]


def parse_body(line: bytes, bodies: dict[str, type[Body]]) -> Body:
    """The body of a line the log already holds; for projections, which do not judge the chain."""
    envelope = msgspec.json.decode(line, type=_Envelope)
    return decode.convert(envelope.body, bodies[envelope.type])


def peek(line: bytes) -> dict[str, Any]:
    """`{"seq", "type", "at"}` of a line the log already holds: what may be told of an event without opening it."""
    envelope = msgspec.json.decode(line, type=_Envelope)
    return {"seq": envelope.seq, "type": envelope.type, "at": envelope.at}


_STREAM_KIND = re.compile(r"^([a-z]+)_")


def stream_kind(stream: str) -> str:
    """`case` of `case_k3…`."""
    match = _STREAM_KIND.match(stream)
    return match.group(1) if match else ""


def read_line(line: bytes, after: Head, bodies: dict[str, type[Body]]) -> Event:
    """Check one stored line against what stands before it, then decode it. ChainBroken names the first thing wrong."""
    try:
        plain = decode.parse(line, max_bytes=8 * decode.MAX_BYTES)
        if decode.encode(plain) != line:
            raise ChainBroken("line is not canonical", seq=after.seq + 1)
        envelope = decode.convert(plain, _Envelope)
        body_type = bodies.get(envelope.type)
        if body_type is None:
            raise ChainBroken(f"unknown event type {envelope.type}", seq=after.seq + 1)
        body = decode.convert(envelope.body, body_type)
    except ChainBroken:
        raise
    except Error as error:
        raise ChainBroken(f"{error.code}: {error}", seq=after.seq + 1) from None
    if envelope.seq != after.seq + 1:
        raise ChainBroken(f"expected event {after.seq + 1}, found {envelope.seq}", seq=after.seq + 1)
    if envelope.prev != after.hash:
        raise ChainBroken("prev is not the hash of the line before", seq=envelope.seq)
    return Event(
        stream=envelope.stream,
        seq=envelope.seq,
        at=envelope.at,
        actor=envelope.actor,
        cmd=envelope.cmd,
        body=body,
        prev=envelope.prev,
        line=line,
    )
