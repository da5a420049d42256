"""The monitor at work: in one process of all, for as long as the service runs, everything kept is read again.

The log first, whole, at most every `monitor_every_s`; then as many streams with their contents as the rest of that time
allows, going on where it left off, whoever does it next, and from the beginning at most every four times as long. What
the log does not hold as it was signed stops all changes; what one case lacks is an alarm for a person, and the others
go on.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from api.health import Health
from api.store import Store
from evidence.errors import Error
from evidence.follow import Lease
from evidence.monitor import ContentWatch, LogWatch, Tampered
from evidence.ports import Clock

NAME = "monitor"
LEASE = timedelta(seconds=30)
LOOK_S = 5.0  # the end of the log is looked at this often
SHARE, CONTENT_SHARE = 0.25, 0.1  # of one processor, at most; customers come first
CONTENT_ROUNDS = (
    4  # rounds in which contents are opened once, where the share allows it: within attack 27's five minutes
)
STREAMS = 200  # looked up at once

_log = logging.getLogger("jianzheng.monitor")


class _LeaseLostError(Exception):
    """Another process watches now."""


class Monitor:
    """`run` is a chore of every process; only the one with the lease works."""

    def __init__(self, store: Store, health: Health, now: Clock, every_s: float) -> None:
        self._store = store
        self._health = health
        self._now = now
        self._every_s = every_s
        self._holder = secrets.token_hex(8)
        self._watch = LogWatch(store.log, store.tiles, store.sequencer.public, store.signed, store.cosigned)
        self._contents = ContentWatch(store.ledger, store.vault, store.objects, now)
        self._found: dict[str, str] = {}  # stream -> what was found in it
        self._rounds = 0  # since the contents were begun anew

    async def run(self) -> None:
        while True:
            try:
                async with self._watching() as turn:
                    while True:
                        await self._round(turn)
            except _LeaseLostError:
                pass
            except Error as error:  # storage is away: the next round does it
                _log.warning("a round was broken off: %s", error.code)
            await asyncio.sleep(min(self._every_s, LEASE.total_seconds() / 3))

    # --- one round ---------------------------------------------------------------------------------------------------

    async def _round(self, turn: "_Turn") -> None:
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            await self._watch.look()
            await self._watch.walk(turn.pause)
            self._health.checked("log")
        except Tampered as found:
            self._health.alarm("monitor", str(found))
        self._rounds += 1
        while clock() < began + self._every_s and await self._some_contents(turn):
            pass
        while (rest := began + self._every_s - clock()) > 0:
            await turn.sleep(min(rest, LOOK_S))
            try:
                await self._watch.look()
            except Tampered as found:
                self._health.alarm("monitor", str(found))

    async def _some_contents(self, turn: "_Turn") -> bool:
        """The next streams after the saved place; False at the end of the log, after which it begins anew."""
        at = await self._store.positions.load(NAME)
        if at == 0:
            if 1 < self._rounds <= CONTENT_ROUNDS:
                return False
            self._rounds = 1
        entries = await self._store.log.scan(at, STREAMS)
        for entry in entries:
            if entry.seq == 1:
                await self._content(entry.stream)
                await turn.pause(CONTENT_SHARE)
        end = len(entries) < STREAMS
        if not await self._store.positions.save(NAME, 0 if end else entries[-1].position, turn.lease):
            raise _LeaseLostError
        if end and not self._found:
            self._health.checked("contents")
        return not end

    async def _content(self, stream: str) -> None:
        try:
            await self._contents.check(stream)
        except Tampered as found:
            if self._found.get(stream) != str(found):
                self._found[stream] = str(found)
                self._health.alarm("contents", "; ".join(list(self._found.values())[:5]), stops=False)

    # --- whose turn it is --------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _watching(self) -> AsyncIterator["_Turn"]:
        lease = await self._take()
        if lease is None:
            raise _LeaseLostError
        try:
            yield _Turn(self, lease)
        finally:
            with contextlib.suppress(Error):  # it runs out by itself if the store is away
                await self._store.leases.release(lease)

    async def _take(self) -> Lease | None:
        now = self._now()
        return await self._store.leases.take(NAME, self._holder, now, now + LEASE)

    async def renewed(self, lease: Lease) -> None:
        held = await self._take()
        if held is None or held.term != lease.term:
            raise _LeaseLostError


class _Turn:
    """The time one process has the lease. Pauses so that the work takes no more than its share of a processor."""

    def __init__(self, monitor: Monitor, lease: Lease) -> None:
        self.lease = lease
        self._monitor = monitor
        self._clock = asyncio.get_running_loop().time
        self._resumed = self._renewed = self._clock()

    async def pause(self, share: float = SHARE) -> None:
        await self.sleep((self._clock() - self._resumed) * (1 / share - 1))

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if self._clock() - self._renewed > LEASE.total_seconds() / 3:
            await self._monitor.renewed(self.lease)
            self._renewed = self._clock()
        self._resumed = self._clock()
