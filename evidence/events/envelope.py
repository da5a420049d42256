"""The shape every event shares, and the exact line that is hashed and stored."""

import hashlib
import re
from datetime import UTC, datetime
from functools import cache
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
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse_instant(text: str) -> datetime:
    """ValueError for anything `instant` does not write."""
    if len(text) != 24 or text[10] + text[19] + text[23] != "T.Z":
        raise ValueError("not an instant")
    return datetime.fromisoformat(text)


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


class _Glance(msgspec.Struct):
    at: str
    seq: int
    type: str


def peek(line: bytes) -> dict[str, Any]:
    """`{"seq", "type", "at"}` of a line the log already holds: what may be told of an event without opening it."""
    seen = msgspec.json.decode(line, type=_Glance)
    return {"seq": seen.seq, "type": seen.type, "at": seen.at}


_STREAM_KIND = re.compile(r"^([a-z]+)_")


def stream_kind(stream: str) -> str:
    """`case` of `case_k3…`."""
    match = _STREAM_KIND.match(stream)
    return match.group(1) if match else ""


def read_line(line: bytes, after: Head, bodies: dict[str, type[Body]]) -> Event:
    """Check one stored line against what stands before it, then decode it. ChainBroken names the first thing wrong."""
    event = parse_line(line, bodies, after.seq + 1)
    if event.seq != after.seq + 1:
        raise ChainBroken(f"expected event {after.seq + 1}, found {event.seq}", seq=after.seq + 1)
    if event.prev != after.hash:
        raise ChainBroken("prev is not the hash of the line before", seq=event.seq)
    return event


def parse_line(line: bytes, bodies: dict[str, type[Body]], seq: int) -> Event:
    """One line by itself: canonical, of a known type and its shape. ChainBroken, at `seq`, otherwise.

    Nearly every line takes the short way, ten times faster: decoded straight into its type and, encoded again, the
    same bytes. What the type alone cannot exclude (escapes, large integers, keys that are not ASCII) goes the long way.
    """
    found = _typed(line, bodies)
    if found is None:
        try:
            plain = decode.parse(line, max_bytes=8 * decode.MAX_BYTES)
            if decode.encode(plain) != line:
                raise ChainBroken("line is not canonical", seq=seq)
            envelope = decode.convert(plain, _Envelope)
            body_type = bodies.get(envelope.type)
            if body_type is None:
                raise ChainBroken(f"unknown event type {envelope.type}", seq=seq)
            found = envelope, decode.convert(envelope.body, body_type)
        except ChainBroken:
            raise
        except Error as error:
            raise ChainBroken(f"{error.code}: {error}", seq=seq) from None
    said, body = found
    return Event(
        stream=said.stream,
        seq=said.seq,
        at=said.at,
        actor=said.actor,
        cmd=said.cmd,
        body=body,
        prev=said.prev,
        line=line,
    )


_TYPE, _END = b',"type":"', b'","v":1}'
_KEY_NOT_ASCII = re.compile(rb'[\x80-\xff][^"]*":')
# Digits to 0, what may stand before a number to a colon: one search then finds what may be a large integer, which
# takes a tenth of what the regular expression takes.
_SHAPES = bytes(48 if 48 <= byte < 58 else 58 if byte in b":,[-" else 32 for byte in range(256))
_LARGE = b":" + b"0" * 16


def _typed(line: bytes, bodies: dict[str, type[Body]]) -> tuple[Any, Body] | None:
    named = line[line.rfind(_TYPE) + len(_TYPE) : -len(_END)]
    body_type = bodies.get(named.decode("ascii", "replace"))
    if body_type is None or len(line) > decode.MAX_BYTES or b"\\" in line or b"\x7f" in line:
        return None
    if _LARGE in line.translate(_SHAPES) or not (line.isascii() or _KEY_NOT_ASCII.search(line) is None):
        return None
    decoder = _decoder(body_type)
    if decoder is None:
        return None
    try:
        said = decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return (said, said.body) if _encode_sorted(said) == line else None


_encode_sorted = msgspec.json.Encoder(order="sorted").encode


@cache
def _decoder(body_type: type[Body]) -> Any:
    """Of a whole line with this body; None for a body whose types leave open what stands in it."""
    if not _is_closed(msgspec.inspect.type_info(body_type), ()):
        return None
    line_type = msgspec.defstruct(
        "Line", [("body", body_type)], bases=(_Envelope,), frozen=True, kw_only=True, forbid_unknown_fields=True
    )
    return msgspec.json.Decoder(line_type)


def _is_closed(kind: Any, above: tuple[Any, ...]) -> bool:
    """No float, no `Any`, no type inside itself: then the type bounds numbers and depth as the profile does."""
    inside: tuple[Any, ...]
    match kind:
        case msgspec.inspect.StructType():
            if kind.cls in above:
                return False
            above, inside = (*above, kind.cls), tuple(field.type for field in kind.fields)
        case msgspec.inspect.DictType():
            inside = kind.key_type, kind.value_type
        case msgspec.inspect.VarTupleType():
            inside = (kind.item_type,)
        case msgspec.inspect.UnionType():
            inside = kind.types
        case (
            msgspec.inspect.StrType()
            | msgspec.inspect.IntType()
            | msgspec.inspect.BoolType()
            | msgspec.inspect.NoneType()
            | msgspec.inspect.LiteralType()
        ):
            inside = ()
        case _:
            return False
    return all(_is_closed(item, above) for item in inside)
