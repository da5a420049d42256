"""Event first, then destroy: what is not sealed did not happen. A crash in between is completed by `finish`."""

import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from evidence.case import Case
from evidence.case.keeping import Erasure
from evidence.erasure import rules
from evidence.erasure.rules import ChangeKeeping, Erase
from evidence.errors import ObjectCorrupt, ObjectErased
from evidence.events import Actor, Commitment, ErasedField, Event, Media, Retention, Stamp
from evidence.ledger import Ledger
from evidence.ports import Clock
from evidence.retention import Table, is_over, periods
from evidence.vault import Vault
from evidence.verify.places import Place, places
from evidence.verify.records import Record

ERASER = Actor(id="sys_eraser", role="system")
LOOKS = 3  # at what came in while an erasure was being sealed


async def _none_kept(_: Case) -> bool:
    return True


@dataclass(frozen=True)
class Ports:
    ledger: Ledger
    vault: Vault
    now: Clock
    table: Table
    beside: Callable[[Case], Iterable[str]] = (
        lambda _: ()
    )  # streams that keep what was found out about the case's people
    faces: Callable[[Case], Awaitable[bool]] = _none_kept  # as `finish`, for faces kept beside the case by consent


async def erase(case: Case, command: Erase, stamp: Stamp, ports: Ports) -> Case:
    """Erase all that the case holds of a class; a class that holds nothing any more is left as it is."""
    rules.admit(case, command, stamp, ports.table)
    for look in range(LOOKS):
        found = await _held(case.id, command.retention, ports)
        before = case.head
        case = await ports.ledger.record(
            case.id,
            partial(rules.erase, command=command, found=found, stamp=stamp, table=ports.table),
            stamp if look == 0 else Stamp(actor=stamp.actor, at=stamp.at),
        )
        if look and case.head == before:
            break
    await finish(case, ports)
    return case


async def change_keeping(case: Case, command: ChangeKeeping, stamp: Stamp, ports: Ports) -> Case:
    """Flag or lift a dispute, place or lift a hold, record the contract's end."""
    rules.change_keeping(case, command, stamp)
    return await ports.ledger.record(case.id, lambda now: rules.change_keeping(now, command, stamp), stamp)


async def erase_due(case: Case, now: datetime, ports: Ports) -> Case:
    """Erase by itself what has been kept for as long as its longest rule says (EVD-08); recorded like any erasure."""
    for item in ports.table.classes:
        found = periods(case, item.name, ports.table)
        if found and is_over(found, now) and await _left(case, item.name, ports):
            case = await erase(case, Erase(retention=item.name, basis="EVD-08"), Stamp(actor=ERASER, at=now), ports)
    return case


async def finish(case: Case, ports: Ports) -> bool:
    """Destroy what the chain says was erased and is still there; False when something had to be done.

    Safe to repeat: what was hidden later, under a new key, is left alone.
    """
    done = True
    for retention, seq in case.keeping.wiped.items():
        if not await ports.vault.is_destroyed(case.id, retention, seq):
            await ports.vault.destroy_class(case.id, retention, seq)
            done = False
        if retention == "identity":  # one rule for both: who the person is, and what was found out about them
            for stream in ports.beside(case):
                if await ports.vault.keyring.existing(stream, retention) is not None:
                    await ports.vault.destroy_class(stream, retention)
                    done = False
    done = await ports.faces(case) and done
    return not await ports.vault.discard(case.id, case.erased) and done


async def account_for_lost(case: Case, ports: Ports) -> Case:
    """Seal what an erasure took along: hidden under a key in the moment it was destroyed, and named only afterwards."""
    latest = [item for item in case.keeping.erasures if item.seq == case.keeping.wiped.get(item.retention)]
    if not latest or case.head.seq == max(item.seq for item in latest):
        return case
    events = await ports.ledger.events(case.id)
    for item in latest:
        found = await _lost(case, item, events, ports)
        if found:
            rule = partial(rules.lost, retention=item.retention, basis=item.basis, found=found)
            case = await ports.ledger.record(case.id, rule, Stamp(actor=ERASER, at=ports.now()))
    return case


async def _held(stream: str, retention: Retention, ports: Ports) -> tuple[ErasedField, ...]:
    """Everything of a class that the events of a case name, once each, in their order."""
    values = await ports.vault.held(stream, retention)
    events = await ports.ledger.events(stream)
    return fields(
        place
        for place in all_places(events)
        if (place.commitment in values if place.media is None else place.media["retention"] == retention)
    )


async def _left(case: Case, retention: Retention, ports: Ports) -> bool:
    return any(field.commitment not in case.erased for field in await _held(case.id, retention, ports))


async def _lost(case: Case, item: Erasure, events: list[Event], ports: Ports) -> tuple[ErasedField, ...]:
    later = [
        place
        for place in all_places(rules.in_flight(events, item.seq, item.at))
        if place.commitment not in case.erased and (place.media is None or place.media["retention"] == item.retention)
    ]
    return fields([place for place in later if not await _opens(case.id, place, ports.vault)])


async def _opens(stream: str, place: Place, vault: Vault) -> bool:
    try:
        if place.media is None:
            return place.commitment in await vault.reveal(stream, (place.commitment,))
        await vault.get_salted(stream, Media(**place.media))
    except (ObjectErased, ObjectCorrupt):
        return False
    return True


def all_places(events: Iterable[Event]) -> list[Place]:
    """Where the events hold commitments, by the verifiers' own table."""
    found: list[Place] = []
    for event in events:
        plain = json.loads(event.line)
        name = f"event {event.seq}"
        actor, body = plain["actor"], plain["body"]
        found += places(
            Record(event.stream, event.seq, event.at, actor, event.type, body, event.line, event.hash, name)
        )
    return found


def fields(found: Iterable[Place]) -> tuple[ErasedField, ...]:
    """Named by where they first stood: `12 fields.number.value`."""
    first: dict[Commitment, ErasedField] = {}
    for place in found:
        name = f"{place.seq} {place.path}"
        first.setdefault(place.commitment, ErasedField(name=name, commitment=place.commitment))
    return tuple(first.values())
