"""`python -m api.reclaim`: makes claims again from the events, after the table was lost or `evidence.fsck` misses one.

A claim holds a keyed digest of a value that no event may hold. Where the vault still has the value the digest is made
again; where it was erased, as a face's frames are minutes after they came, it cannot be: docs/FSCK.md says what that
means. Safe to repeat, and while the service runs.
"""

import asyncio
import hashlib
import sys
from collections import Counter
from datetime import timedelta

from api.clock import utc_now
from api.keys import SetupRefused
from api.settings import Settings, load
from api.store import Store
from esign import strokes
from evidence import decode
from evidence.errors import Error, ObjectErased
from evidence.events import (
    BODIES,
    CaseOpened,
    CommandRefused,
    DocumentSigned,
    Event,
    FrameCaptured,
    Media,
    StaffSignedIn,
    parse_instant,
)
from evidence.events.envelope import parse_line
from evidence.log import Claim
from evidence.ports import Clock
from evidence.vault import Vault


class Reclaimed(Counter[tuple[str, str]]):
    """(kind, `present` | `made` | `lost`) -> how many."""

    @property
    def lost(self) -> int:
        return sum(count for (_, how), count in self.items() if how == "lost")


async def reclaim(store: Store, now: Clock) -> Reclaimed:
    """Every claim of every event that has one."""
    done, position = Reclaimed(), 0
    while entries := await store.log.scan(position):
        for entry in entries:
            event = parse_line(entry.line, BODIES, entry.seq)
            found = await _claim(event, store)
            if isinstance(found, str):
                done[found, "lost"] += 1
            elif found is not None and (found.expires is None or found.expires > now()):
                made = await store.log.claim_again(event.stream, event.seq, (found,))
                done[found.kind, "made" if made else "present"] += 1
        position = entries[-1].position
    return done


async def _claim(event: Event, store: Store) -> Claim | str | None:
    """The claim that came with the event; its kind when it cannot be made again; None when it has none."""
    match event.body:
        case CaseOpened(external_id=str(commitment), tenant=tenant):
            opened = (await store.vault.reveal(event.stream, (commitment,))).get(commitment)
            if opened is None:
                return "external_id"
            return _blind(store.vault, tenant, "external_id", str(opened.value).encode())
        case CommandRefused(code=code):
            at = parse_instant(event.at)
            about = f"{event.stream}/{code}/{int(at.timestamp() // 60)}".encode()
            digest = store.vault.blind("", "refusal", about)
            return Claim(tenant="", kind="refusal", digest=digest, expires=at + timedelta(minutes=2))
        case FrameCaptured(media=media):
            data = await _file(store.vault, event.stream, media)
            tenant = await _tenant(event.stream, store)
            return "frame" if data is None else _blind(store.vault, tenant, "frame", hashlib.sha256(data).digest())
        case DocumentSigned(strokes=media):
            data = await _file(store.vault, event.stream, media)
            if data is None:
                return "strokes"
            written = decode.decode(data, strokes.Strokes, max_bytes=len(data))
            return _blind(store.vault, await _tenant(event.stream, store), "strokes", strokes.shape(written))
        case StaffSignedIn(method="console_link"):
            return "staff_link"  # the secret was never kept; the vault forgot its verifier when it was used
    return None


def _blind(vault: Vault, tenant: str, kind: str, data: bytes) -> Claim:
    return Claim(tenant=tenant, kind=kind, digest=vault.blind(tenant, kind, data))


async def _file(vault: Vault, stream: str, media: Media) -> bytes | None:
    try:
        return await vault.get(stream, media)
    except ObjectErased:
        return None


async def _tenant(stream: str, store: Store) -> str:
    return (await store.ledger.case(stream)).tenant


async def reclaim_all(settings: Settings) -> Reclaimed:
    async with Store.of(settings, utc_now).opened() as store:
        return await reclaim(store, utc_now)


def main() -> int:
    try:
        done = asyncio.run(reclaim_all(load()))
    except (SetupRefused, Error) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for (kind, how), count in sorted(done.items()):
        sys.stdout.write(f"{kind}: {count} {how}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
