"""Tenant keys over time: a new version adopted, data keys wrapped anew while the service runs, the old one retired.

Keys come first here and their events follow: a secret that exists without an event harms nobody, an event about a key
that does not exist would be a lie. `announce` brings the log up to what the key store holds, and may be repeated.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from evidence.errors import NotFound
from evidence.events import (
    Actor,
    Body,
    Erased,
    Frozen,
    Stamp,
    TenantKeyAdopted,
    TenantKeyRetired,
    instant,
    stream_kind,
)
from evidence.keyring import Held, Keyring, TenantKey, unwrapped
from evidence.ledger import Ledger
from evidence.log import Entry
from evidence.ports import Clock

ACTOR = Actor(id="sys_keys", role="system")
BATCH = 200  # data keys looked up at once
_ERASED = f'"type":"{Erased.TYPE}"'.encode()


class Rotation(Frozen, frozen=True, kw_only=True):
    """What a rotation did. `retired`: the versions that were valid until now."""

    tenant: str
    version: int
    rewrapped: int
    retired: tuple[int, ...]


def stream_of(tenant: str) -> str:
    """Where a tenant's key events stand."""
    return f"tenant_{tenant}"


async def rotate(tenant: str, keyring: Keyring, ledger: Ledger, now: Clock) -> Rotation:
    """A new version under the suite of the setting; every data key of the tenant wrapped by it; older versions gone.

    Safe while the service runs, and safe to repeat after a crash: what is under an older version is taken up again.
    """
    newest = await keyring.next_version(tenant)
    await announce(ledger, keyring, now())
    rewrapped = 0
    while batch := await keyring.store.older(tenant, newest.version, BATCH):
        for held in batch:
            rewrapped += await _rewrap(held, newest, keyring)
    retired = []
    for key in await keyring.store.tenant_keys():
        if key.tenant == tenant and key.version < newest.version and key.retired_ms is None:
            await keyring.store.retire(tenant, key.version, _milliseconds(now()))
            retired.append(key.version)
    await announce(ledger, keyring, now())
    return Rotation(tenant=tenant, version=newest.version, rewrapped=rewrapped, retired=tuple(retired))


async def announce(ledger: Ledger, keyring: Keyring, now: datetime) -> int:
    """Record every adoption and retirement that the log does not tell of yet; how many."""
    by_tenant: dict[str, list[TenantKey]] = {}
    for key in await keyring.store.tenant_keys():
        by_tenant.setdefault(key.tenant, []).append(key)
    told = 0
    for tenant, keys in by_tenant.items():
        adopted, retired = await _known(ledger, tenant)
        bodies: list[Body] = []
        for key in keys:
            if key.retired_ms is None and key.version not in adopted:
                check = await keyring.check_value(tenant, key.version)
                bodies.append(TenantKeyAdopted(tenant=tenant, version=key.version, suite=key.suite, check=check))
            if key.retired_ms is not None and key.version not in retired:
                until = instant(datetime.fromtimestamp(key.retired_ms / 1000, UTC))
                since = adopted.get(key.version, until)
                bodies.append(TenantKeyRetired(tenant=tenant, version=key.version, since=since, until=until))
        if bodies:
            await ledger.note(stream_of(tenant), bodies, Stamp(actor=ACTOR, at=now))
        told += len(bodies)
    return told


def heed(entries: Sequence[Entry], keyring: Keyring) -> None:
    """Let go of open keys that the log tells are destroyed or rotated, whichever process did it."""
    if any(stream_kind(entry.stream) == "tenant" for entry in entries):
        keyring.take_back()
    for stream in {entry.stream for entry in entries if _ERASED in entry.line}:
        keyring.take_back(stream)


async def _known(ledger: Ledger, tenant: str) -> tuple[dict[int, str], set[int]]:
    """(version -> when its adoption was recorded, versions recorded as retired)."""
    try:
        events = await ledger.events(stream_of(tenant))
    except NotFound:
        return {}, set()
    return (
        {event.body.version: event.at for event in events if isinstance(event.body, TenantKeyAdopted)},
        {event.body.version for event in events if isinstance(event.body, TenantKeyRetired)},
    )


async def _rewrap(held: Held, newest: TenantKey, keyring: Keyring) -> bool:
    old = await keyring.wrapper(held.key.tenant, held.key.version)
    new = await keyring.wrapper(newest.tenant, newest.version)
    key = unwrapped(old, held.key, held.stream, held.name)
    fresh = keyring.wrapped(key, new, newest.tenant, newest.version, held.stream, held.name)
    return await keyring.store.rewrap(held, fresh)


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
