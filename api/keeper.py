"""Keeps its word about keeping: erasures completed, what is due erased, keys of tenants told to the log."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from api.health import Health
from evidence.case import Case
from evidence.custody import announce
from evidence.erasure import flow
from evidence.erasure.rules import IN_FLIGHT
from evidence.errors import Corrupt, Error, NotFound
from evidence.events import ContractEnded, DisputeLifted, Erased, Released, parse_instant, stream_kind
from evidence.log import Entry

EVERY_S = 60
DUE_EVERY_ROUNDS = 360  # six hours

_COUNTED_FROM = {ContractEnded.TYPE, DisputeLifted.TYPE, Released.TYPE}
_log = logging.getLogger(__name__)


class _Glance(msgspec.Struct):
    """Of a line: who, when, what."""

    actor: dict[str, str]
    at: str
    type: str


class Keeper:
    """Learns from the log which cases to look at; looking twice, or in two processes, is harmless."""

    def __init__(self, ports: flow.Ports, health: Health) -> None:
        self._ports = ports
        self._health = health
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
            if seen.type == Erased.TYPE:
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

    async def _with(self, stream: str, look: Callable[[Case], Awaitable[None]]) -> None:
        try:
            await look(await self._ports.ledger.case(stream))
        except NotFound:
            return
        except Corrupt as error:  # one damaged case must not keep the others from being erased
            _log.critical("a case that is due does not verify: %s", error.code)
