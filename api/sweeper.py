"""Housekeeping of files: what no event names, what was erased but not deleted, frames nobody came back for (KYC-13)."""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import get_args

from api.health import Health
from api.rooms import SYSTEM
from evidence.case import Case
from evidence.errors import Error, NotFound
from evidence.events import Party, Stamp, parse_instant, stream_kind
from evidence.events.envelope import peek
from evidence.ledger import Ledger
from evidence.log import Entry, Log
from evidence.ports import Clock
from evidence.vault import Objects
from kyc import flow as kyc

EVERY_S = 60
GRACE = timedelta(minutes=4)  # a blob is written before its event; this long it may wait for it
ACTIVE = timedelta(hours=2)


class Sweeper:
    """Looks after the cases in which something happened lately. Running it twice, or in two processes, is harmless."""

    def __init__(
        self, ledger: Ledger, log: Log, objects: Objects, identity: kyc.Ports, now: Clock, health: Health
    ) -> None:
        self._ledger = ledger
        self._log = log
        self._objects = objects
        self._identity = identity
        self._now = now
        self._health = health
        self._active: dict[str, datetime] = {}
        self._suspects: dict[str, datetime] = {}  # object key -> when it was first seen unnamed

    def learn(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if stream_kind(entry.stream) == "case":
                self._active[entry.stream] = parse_instant(peek(entry.line)["at"])

    async def run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            if not self._health.sound:
                continue  # an old copy of the log does not name the newest files: nothing may be deleted by it
            with contextlib.suppress(Error):  # storage is away: the next round does it
                await self.sweep()

    async def sweep(self) -> int:
        """One round; how many files were deleted."""
        now = self._now()
        self._active = {stream: at for stream, at in self._active.items() if now - at < ACTIVE}
        deleted = 0
        for stream in list(self._active):
            with contextlib.suppress(NotFound):
                await self._discard(await self._ledger.case(stream), now)
                deleted += await self._clean(stream, now)
        return deleted

    async def _discard(self, case: Case, now: datetime) -> None:
        for party in get_args(Party):
            identity = case.identity_of(party)
            challenge = identity.challenge
            if challenge and not challenge.judged and challenge.frames and now > parse_instant(challenge.expires):
                stamp = Stamp(actor=SYSTEM, at=now)
                await kyc.discard_frames(case, party, stamp, self._identity)

    async def _clean(self, stream: str, now: datetime) -> int:
        lines = b"\n".join(await self._log.read(stream))
        case = await self._ledger.case(stream)
        stale: list[str] = []
        for key in await self._objects.keys(f"{stream}/"):
            name = key.rpartition("/")[2]
            if name in case.erased:
                stale.append(key)
            elif name.encode() in lines:
                self._suspects.pop(key, None)
            elif now - self._suspects.setdefault(key, now) > GRACE:
                stale.append(key)
        for key in stale:
            self._suspects.pop(key, None)
        return await self._objects.delete(stale)
