"""Keeps its word about keeping: erasures completed, what is due erased, destroyed keys out of the files.

And what happens to keys of tenants is told to the log.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from api.health import Health
from evidence.case import Case
from evidence.custody import announce
from evidence.erasure import flow
from evidence.erasure.rules import IN_FLIGHT
from evidence.errors import Corrupt, Error, NotFound
from evidence.events import ConsentWithdrawn, ContractEnded, DisputeLifted, Erased, Released, parse_instant, stream_kind
from evidence.follow import Leases
from evidence.log import Entry

EVERY_S = 60
DUE_EVERY_ROUNDS = 360  # six hours
OVERWRITE_EVERY = timedelta(hours=12)
OVERWRITING = "key-files"  # the lease of who does it, kept for as long as nobody has to

_COUNTED_FROM = {ContractEnded.TYPE, DisputeLifted.TYPE, Released.TYPE}
_ENDING = {Erased.TYPE, ConsentWithdrawn.TYPE}
_log = logging.getLogger(__name__)


class _Glance(msgspec.Struct):
    """Of a line: who, when, what."""

    actor: dict[str, str]
    at: str
    type: str


class KeyFiles(Protocol):
    """The files under the store of wrapped keys."""

    async def overwrite(self) -> bool:
        """Leave nothing readable of what was deleted; False where nothing has to be done for it."""
        ...


class Keeper:
    """Learns from the log which cases to look at; looking twice, or in two processes, is harmless."""

    def __init__(
        self,
        ports: flow.Ports,
        health: Health,
        key_files: KeyFiles | None = None,
        leases: Leases | None = None,
    ) -> None:
        self._ports = ports
        self._health = health
        self._key_files = key_files
        self._leases = leases
        days = [rule.days for rule in ports.table.rules if rule.since == "last_act"]
        self._patience = timedelta(days=min(days, default=0))
        self._erasing: dict[str, datetime] = {}  # case -> its last erasure, until that is known to be complete
        self._acted: dict[str, datetime] = {}  # case -> the last act of a customer or an agent
        self._ending: set[str] = set()  # cases in which something that retention is counted from was recorded

    def learn(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if stream_kind(entry.stream) != "case":
                continue
            seen = msgspec.json.decode(entry.line, type=_Glance)
            if seen.type in _ENDING:
                self._erasing[entry.stream] = parse_instant(seen.at)
            elif seen.type in _COUNTED_FROM:
                self._ending.add(entry.stream)
            if seen.actor["role"] in {"customer", "agent"}:
                self._acted[entry.stream] = parse_instant(seen.at)

    async def run(self) -> None:
        rounds = 0
        while True:
            await asyncio.sleep(EVERY_S)
            if not self._health.sound:
                continue  # an old copy of the log: nobody knows what was recorded since
            with contextlib.suppress(Error):  # storage is away: the next round does it
                await self.complete()
                await announce(self._ports.ledger, self._ports.vault.keyring, self._ports.now())
                if rounds % DUE_EVERY_ROUNDS == 0:
                    await self.erase_due()
                await self.overwrite_keys()
                rounds += 1

    async def complete(self) -> None:
        """Finish erasures that a crash cut short, and account for what went along with them."""
        now = self._ports.now()
        for stream, at in list(self._erasing.items()):

            async def look(case: Case, at: datetime = at) -> None:
                case = await flow.account_for_lost(case, self._ports)
                if await flow.finish(case, self._ports) and now - at > IN_FLIGHT:
                    self._erasing.pop(case.id, None)

            await self._with(stream, look)

    async def erase_due(self) -> None:
        """Erase what has been kept for as long as its longest rule says (EVD-08)."""
        now = self._ports.now()
        quiet = [stream for stream, at in self._acted.items() if now - at >= self._patience]

        async def look(case: Case) -> None:
            await flow.erase_due(case, now, self._ports)

        for stream in dict.fromkeys((*quiet, *self._ending)):
            await self._with(stream, look)

    async def overwrite_keys(self) -> bool:
        """In one process of all, twice a day: what was destroyed goes from the files too. Whether it was done now."""
        if self._key_files is None or self._leases is None:
            return False
        now = self._ports.now()
        # Never renewed and never given back: until it runs out, it was done lately.
        lease = await self._leases.take(OVERWRITING, secrets.token_hex(8), now, now + OVERWRITE_EVERY)
        if lease is None:
            return False
        try:
            return await self._key_files.overwrite()
        except Error as error:
            _log.error("destroyed keys are still in the files of their database: %s", error.code)
            await self._leases.release(lease)  # the next round tries again
            raise

    async def _with(self, stream: str, look: Callable[[Case], Awaitable[None]]) -> None:
        try:
            await look(await self._ports.ledger.case(stream))
        except NotFound:
            return
        except Corrupt as error:  # one damaged case must not keep the others from being erased
            _log.critical("a case that is due does not verify: %s", error.code)
