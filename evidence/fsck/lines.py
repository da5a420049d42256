"""Steps 1 to 3 on a share of the events: positions, lines, chains. Runs in whatever process has time.

The digests of all events go through a scratch file, one slot an event: memory stays flat however long the log is, and
what was hashed once is not hashed again for the tree.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from evidence.errors import ChainBroken
from evidence.events import (
    BODIES,
    GENESIS,
    Body,
    CaseOpened,
    DocumentSigned,
    Erased,
    Event,
    FrameCaptured,
    Media,
    Sealed,
    StaffSignedIn,
)
from evidence.events.envelope import parse_line
from evidence.fsck.source import Place, Source
from evidence.log import Entry
from evidence.verify.places import follow
from evidence.verify.records import table

ROWS = 2_000  # read at once
SLOT = 64  # bytes in the scratch file: SHA-256 of the line, and what the line says of the one before
UNREAD = b"\xff" * 32


@dataclass
class Found:
    """What a share of the events says; rows are as the scratch tables hold them."""

    bad: list[tuple[str, int, str, str]] = field(default_factory=list)  # step, position, what, record
    named: list[tuple[str, str, int, str, int]] = field(default_factory=list)  # stream, commitment, seq, class, bytes
    erased: list[tuple[str, str, int]] = field(default_factory=list)  # stream, commitment, seq
    wiped: list[tuple[str, str, int]] = field(default_factory=list)  # stream, class, seq
    seals: list[tuple[str, int, str, int]] = field(default_factory=list)  # stream, segment, SHA-256, seq
    claimed: list[tuple[str, int, str, str]] = field(default_factory=list)  # stream, seq, kind, commitment
    count: int = 0  # events
    streams: int = 0

    def worse(self, step: str, position: int, what: str, record: str) -> None:
        """Only the first of each step is kept."""
        if not any(known[0] == step for known in self.bad):
            self.bad.append((step, position, what, record))


async def read_share(source: Source, slots: Path, after: int, upto: int) -> Found:
    """Steps 1 and 2 on positions `after` + 1 … `upto`, whose digests go into `slots`."""
    found, position = Found(), after
    descriptor = os.open(slots, os.O_RDWR)
    try:
        while position < upto:
            entries = await source.entries(position, upto, ROWS)
            if not entries:
                found.worse("positions", position + 1, "position is missing", f"position {position + 1}")
                break
            for expected, entry in enumerate(entries, position + 1):
                if entry.position != expected:
                    found.worse("positions", expected, "position is missing", f"position {expected}")
                    break
            start = entries[0].position
            data = b"".join(_slot(entry, found) for entry in entries)
            if entries[-1].position - start == len(entries) - 1:
                os.pwrite(descriptor, data, (start - 1) * SLOT)
            else:
                for number, entry in enumerate(entries):
                    part = data[number * SLOT : (number + 1) * SLOT]
                    os.pwrite(descriptor, part, (entry.position - 1) * SLOT)
            found.count += len(entries)
            position = entries[-1].position
    finally:
        os.close(descriptor)
    return found


def _slot(entry: Entry, found: Found) -> bytes:
    record = f"position {entry.position}, {entry.stream} event {entry.seq}"
    digest = hashlib.sha256(entry.line).digest()
    try:
        event = parse_line(entry.line, BODIES, entry.seq)
    except ChainBroken as error:
        found.worse("lines", entry.position, str(error), record)
        return digest + UNREAD
    if (event.stream, event.seq) != (entry.stream, entry.seq):
        found.worse("lines", entry.position, f"the line is {event.stream} event {event.seq}", record)
    _note_down(event, found)
    return digest + bytes.fromhex(event.prev)


def _note_down(event: Event, found: Found) -> None:
    """What the later steps compare with the vault, the seals and the claims."""
    body = event.body
    plain: Any = None
    for pattern, word, is_file in _patterns(type(body)):
        if word not in event.line:  # most members that may hold one are left out in most events
            continue
        plain = plain or json.loads(event.line)["body"]
        for _, item, _ in follow(plain, pattern):
            commitment, retention, size = (
                (item["commitment"], item["retention"], item["bytes"]) if is_file else (item, "", 0)
            )
            found.named.append((event.stream, commitment, event.seq, retention, size))
    match body:
        case Erased():
            found.erased += [(event.stream, item.commitment, event.seq) for item in body.fields]
            if body.whole:
                found.wiped.append((event.stream, body.retention, event.seq))
        case Sealed():
            found.seals.append((event.stream, body.segment, body.seal_sha256, event.seq))
        # Whatever a claim was made of: "" where it was never kept.
        case CaseOpened(external_id=str(commitment)):
            found.claimed.append((event.stream, event.seq, "external_id", commitment))
        case FrameCaptured(media=media):
            found.claimed.append((event.stream, event.seq, "frame", media.commitment))
        case DocumentSigned(strokes=media):
            found.claimed.append((event.stream, event.seq, "strokes", media.commitment))
        case StaffSignedIn(method="console_link"):
            found.claimed.append((event.stream, event.seq, "staff_link", ""))


# --- chains -----------------------------------------------------------------------------------------------------------


async def follow_share(source: Source, slots: Path, after: str, upto: str, newest: int) -> Found:
    """Step 3 on the streams behind `after` up to `upto`: numbered without a gap, each bound to the one before, and
    ending where `heads` says. What is newer than `newest` came while the check ran."""
    found = Found()
    descriptor = os.open(slots, os.O_RDONLY)
    last: Place | None = None
    digest = GENESIS_BYTES
    cursor = (after, MAX_SEQ)
    try:
        while places := await source.places(cursor, upto, ROWS):
            for place in places:
                if last is not None and last.stream != place.stream:
                    _check_end(last, digest, newest, found)
                    last = None
                if last is None:
                    digest = GENESIS_BYTES
                slot = os.pread(descriptor, SLOT, (place.position - 1) * SLOT)
                if place.position <= newest:
                    found.count += 1
                    _check_link(place, last, slot[32:], digest, found)
                last, digest = place, slot[:32]
            cursor = (places[-1].stream, places[-1].seq)
        if last is not None:
            _check_end(last, digest, newest, found)
    finally:
        os.close(descriptor)
    return found


GENESIS_BYTES = bytes.fromhex(GENESIS)
MAX_SEQ = 2**31 - 1


def _check_link(place: Place, last: Place | None, prev: bytes, digest: bytes, found: Found) -> None:
    record = f"position {place.position}, {place.stream} event {place.seq}"
    expected = last.seq + 1 if last else 1
    if place.seq != expected:
        found.worse("chains", place.position, f"event {expected} of the stream is missing", record)
    elif prev not in (digest, UNREAD):
        found.worse("chains", place.position, "prev is not the SHA-256 of the line before", record)


def _check_end(last: Place, digest: bytes, newest: int, found: Found) -> None:
    if last.position > newest:
        return
    found.streams += 1
    record = f"position {last.position}, {last.stream} event {last.seq}"
    if last.last is None:
        found.worse("chains", last.position, "the stream has no row in heads", record)
    elif last.last != last.seq:
        found.worse("chains", last.position, f"heads says that the stream ends at event {last.last}", record)
    elif last.hash != digest.hex():
        found.worse("chains", last.position, "it is not the event that heads says", record)


# --- where commitments stand ------------------------------------------------------------------------------------------


@cache
def _patterns(body_type: type[Body]) -> tuple[tuple[str, bytes, bool], ...]:
    """(path, a word that stands in the line if anything does, a file?): where events of this type hold commitments, in
    the words of `evidence/verify/fields.json`.

    Read off the type, because that table is of cases only. What only refers to a commitment of another event is not
    among them.
    """
    known = set(table()["references"].get(body_type.TYPE, ()))
    return tuple(
        (path, b'"%b":' % [part for part in path.replace("[]", "").split(".") if part != "*"][-1].encode(), is_file)
        for path, is_file in _walk(msgspec.inspect.type_info(body_type), "")
        if is_file or path not in known
    )


def _walk(kind: Any, path: str) -> Iterator[tuple[str, bool]]:
    match kind:
        case msgspec.inspect.StructType(cls=cls) if cls is Media:
            yield path, True
        case msgspec.inspect.StructType():
            for member in kind.fields:
                yield from _walk(member.type, f"{path}.{member.encode_name}" if path else member.encode_name)
        case msgspec.inspect.DictType():
            yield from _walk(kind.value_type, f"{path}.*")
        case msgspec.inspect.VarTupleType():
            yield from _walk(kind.item_type, f"{path}[]")
        case msgspec.inspect.UnionType():
            for item in kind.types:
                yield from _walk(item, path)
        case msgspec.inspect.StrType(pattern=pattern) if pattern == COMMITMENT:
            yield path, False


COMMITMENT = r"^[A-Za-z0-9_-]{43}$"


def patterns() -> Mapping[str, Sequence[tuple[str, bool]]]:
    """(path, a file?) of every commitment, by type of event."""
    return {name: [(path, is_file) for path, _, is_file in _patterns(body)] for name, body in BODIES.items()}
