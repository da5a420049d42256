"""Seals what was closed: reads a case, signs its finished segments, keeps the seals, and lets the chain announce them.

Runs as a follower, at least once. Every part can be repeated: statements are pure, Ed25519 is deterministic, objects
are create-only, and a segment that the chain announces already is not announced again.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence import seal
from evidence.case import Case
from evidence.errors import ObjectErased, Unavailable
from evidence.events import BODIES, GENESIS, Actor, Body, Event, Sealed, Stamp, stream_kind
from evidence.ledger import Ledger
from evidence.log import Entry
from evidence.vault import Objects, Vault

ACTOR = Actor(id="sys_sealer", role="system")
_MILESTONES = tuple(
    f'"type":"{kind}"'.encode()
    for kind in (
        "esign.document_signed/1",
        "esign.signing_declined/1",
        "privacy.erased/1",
        "evidence.export_requested/1",
    )
    if kind in BODIES
)


class Stamper(Protocol):
    """`evidence.timestamp.TimeStamper`, without its libraries."""

    async def stamp(self, digest: bytes) -> bytes: ...


@dataclass(frozen=True)
class SealPorts:
    """`stamper` None: no time authority is configured."""

    ledger: Ledger
    vault: Vault
    objects: Objects
    key: Ed25519PrivateKey
    now: Callable[[], datetime]
    stamper: Stamper | None = None


def seal_key(stream: str, segment: int) -> str:
    """Where a seal is kept among the objects; its time stamp has the same name with `.tsr`."""
    return f"seals/{stream}/{segment:04d}.dsse.json"


def checkpoint_key(size: int, note: bytes) -> str:
    """Where a stamped checkpoint of the log is kept among the objects, followed by `.checkpoint` and by `.tsr`."""
    return f"checkpoints/{size:016d}-{hashlib.sha256(note).hexdigest()[:16]}"


async def seal_new(stream: str, ports: SealPorts) -> int:
    """Seal every closed segment that the chain does not announce yet; how many. Safe to repeat and to race."""
    events = await ports.ledger.events(stream)
    closed, _ = seal.segments(events)
    known = seal.announced(events)
    previous, new = GENESIS, 0
    for segment in closed:
        if segment.number in known:
            previous = _announced_hash(events, segment.number)
            continue
        pages = await _page_sm3(segment, ports)
        # A long case is folded and hashed again for this: away from those who wait for an answer.
        statement = await asyncio.to_thread(seal.statement, events, segment, previous, pages)
        envelope = seal.sign(statement, ports.key)
        await ports.objects.put(seal_key(stream, segment.number), envelope)
        previous = hashlib.sha256(envelope).hexdigest()
        await stamp_seal(stream, segment.number, envelope, ports)
        await ports.ledger.record(stream, _announce(segment, envelope), Stamp(actor=ACTOR, at=ports.now()))
        new += 1
    return new


async def stamp_seal(stream: str, segment: int, envelope: bytes, ports: SealPorts) -> bool:
    """Ask for the seal's time stamp if it has none. A silent authority never blocks a seal: False, try again."""
    key = seal_key(stream, segment).replace(".dsse.json", ".tsr")
    if ports.stamper is None or await ports.objects.keys(key):
        return ports.stamper is not None
    try:
        await ports.objects.put(key, await ports.stamper.stamp(hashlib.sha256(envelope).digest()))
    except Unavailable:
        return False
    return True


async def stamp_missing(stream: str, ports: SealPorts) -> int:
    """Complete the time stamps that an authority failed to give; how many are still missing."""
    missing = 0
    for number in sorted(seal.announced(await ports.ledger.events(stream))):
        envelope = await ports.objects.get(seal_key(stream, number))
        missing += not await stamp_seal(stream, number, envelope, ports)
    return missing


async def handle(entries: Sequence[Entry], ports: SealPorts) -> None:
    """For `evidence.follow`: seal each case in which a milestone happened."""
    streams = dict.fromkeys(
        entry.stream
        for entry in entries
        if stream_kind(entry.stream) == "case" and any(mark in entry.line for mark in _MILESTONES)
    )
    for stream in streams:
        await seal_new(stream, ports)


def _announce(segment: seal.Segment, envelope: bytes) -> Callable[[Case], tuple[Body, ...]]:
    body = seal.announcement(segment, envelope)

    def rule(case: Case) -> tuple[Body, ...]:
        return () if any(item.segment == body.segment for item in case.seals) else (body,)

    return rule


async def _page_sm3(segment: seal.Segment, ports: SealPorts) -> dict[str, str]:
    found: dict[str, str] = {}
    for path, media in segment.pages().items():
        try:
            page = await ports.vault.get(segment.events[0].stream, media)
            found[path] = await asyncio.to_thread(seal.sm3, page)
        except ObjectErased:  # erased before it was sealed: its SHA-256 stays in the statement, from the event
            continue
    return found


def _announced_hash(events: Sequence[Event], number: int) -> str:
    return next(
        event.body.seal_sha256 for event in events if isinstance(event.body, Sealed) and event.body.segment == number
    )
