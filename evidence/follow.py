"""Followers: side effects after the log, at least once, in commit order, one worker at a time.

A follower keeps a saved position and holds a lease while it works. The lease carries a term that grows whenever it
changes hands, and a position is saved only under the newest term: a worker that slept through its lease cannot move
the position of the one that took over (a fencing token).
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal, NoReturn, Protocol

from evidence.events import Frozen
from evidence.log import Entry
from evidence.ports import Clock

_logger = logging.getLogger(__name__)


class Feed(Protocol):
    """What a follower needs of the log."""

    async def scan(self, after: int, limit: int = 1000) -> list[Entry]:
        """As `evidence.log.Log.scan`."""
        ...

    async def newest(self) -> int:
        """The last position, 0 when the log is empty."""
        ...

    async def wait(self, after: int) -> None:
        """Returns when an event with position > `after` may be there: at once for one appended by this process, within
        half a second for one of another."""
        ...


class Lease(Frozen, frozen=True, kw_only=True):
    name: str
    holder: str
    term: int  # grows at every change of hands
    until: datetime


class Positions(Protocol):
    """How far each follower got."""

    async def load(self, name: str) -> int:
        """0 for a follower that never saved."""
        ...

    async def save(self, name: str, position: int, lease: Lease) -> bool:
        """False, and nothing saved, when a later term has saved already."""
        ...


class Leases(Protocol):
    """Who may work. Clocks of two hosts may differ by less than a third of a lease."""

    async def take(self, name: str, holder: str, now: datetime, until: datetime) -> Lease | None:
        """Take a free or expired lease, or renew one's own (same term). None while another holds it."""
        ...

    async def release(self, lease: Lease) -> None:
        """Free it for others; does nothing when it was lost meanwhile."""
        ...


class Progress(Frozen, frozen=True, kw_only=True):
    """For metrics and the health page. `newest - position` is the lag in events."""

    name: str
    state: Literal["standby", "following", "failing"]
    position: int
    newest: int
    failures: int  # in a row; 0 after the next success


Handle = Callable[[Sequence[Entry]], Awaitable[None]]
"""Gets a run of events in commit order. It may see them again after a crash or a failure, so it must not mind."""


class _LeaseLostError(Exception):
    """Another worker took over; stop at once, it is not a failure."""


async def follow(
    name: str,
    feed: Feed,
    positions: Positions,
    leases: Leases,
    handle: Handle,
    *,
    holder: str,
    now: Clock,
    report: Callable[[Progress], None] = lambda _: None,
    batch: int = 500,
    lease_s: float = 15.0,
    backoff_s: tuple[float, float] = (0.1, 30.0),
) -> NoReturn:
    """Hand every event after the saved position to `handle`, for ever; ends only by cancellation.

    `holder` names this worker and must differ from every other's. When `handle` or the storage raises, the lease is
    given back, and the same events are tried again after a pause that doubles between the two `backoff_s`.
    """
    follower = _Follower(name, feed, positions, leases, handle, holder, now, report, batch, lease_s)
    failures = 0
    while True:
        try:
            await follower.turn()
            failures = 0
        except Exception as error:
            failures = 1 if follower.moved else failures + 1
            follower.moved = False
            # The class alone: a message may quote what must not be in a log.
            _logger.warning("follower %s failed after position %d: %s", name, follower.position, type(error).__name__)
            follower.tell("failing", failures)
            await asyncio.sleep(min(backoff_s[1], backoff_s[0] * 2 ** min(failures - 1, 20)))


class _Follower:
    """The state of one `follow`."""

    def __init__(
        self,
        name: str,
        feed: Feed,
        positions: Positions,
        leases: Leases,
        handle: Handle,
        holder: str,
        now: Clock,
        report: Callable[[Progress], None],
        batch: int,
        lease_s: float,
    ) -> None:
        self._name, self._feed, self._positions, self._leases = name, feed, positions, leases
        self._handle, self._holder, self._now, self._report = handle, holder, now, report
        self._batch, self._lease_s = batch, lease_s
        self.position = 0
        self.newest = 0
        self.moved = False  # something was handled since the last failure

    def tell(self, state: Literal["standby", "following", "failing"], failures: int = 0) -> None:
        self._report(
            Progress(
                name=self._name,
                state=state,
                position=self.position,
                newest=max(self.newest, self.position),
                failures=failures,
            )
        )

    async def turn(self) -> None:
        """Hold the lease and work until it is lost; or wait a little while another holds it."""
        lease = await self._take()
        if lease is None:
            self.position = await self._positions.load(self._name)
            self.newest = await self._feed.newest()
            self.tell("standby")
            await asyncio.sleep(self._lease_s / 5)
            return
        work = asyncio.create_task(self._work(lease), name=f"follow {self._name}")
        renew = asyncio.create_task(self._renew(lease), name=f"lease {self._name}")
        try:
            done, _ = await asyncio.wait({work, renew}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except _LeaseLostError:
            pass
        finally:
            for task in (work, renew):
                task.cancel()
            await asyncio.gather(work, renew, return_exceptions=True)
            with contextlib.suppress(Exception):  # it runs out by itself if the store is away
                await self._leases.release(lease)

    async def _work(self, lease: Lease) -> NoReturn:
        self.position = await self._positions.load(self._name)
        while True:
            entries = await self._feed.scan(self.position, self._batch)
            if not entries:
                self.newest = self.position
                self.tell("following")
                await self._feed.wait(self.position)
                continue
            self.newest = await self._feed.newest() if len(entries) == self._batch else entries[-1].position
            await self._handle(entries)
            if not await self._positions.save(self._name, entries[-1].position, lease):
                raise _LeaseLostError
            self.position, self.moved = entries[-1].position, True
            self.tell("following")

    async def _renew(self, lease: Lease) -> NoReturn:
        while True:
            await asyncio.sleep(self._lease_s / 3)
            renewed = await self._take()
            if renewed is None or renewed.term != lease.term:
                raise _LeaseLostError

    async def _take(self) -> Lease | None:
        now = self._now()
        return await self._leases.take(self._name, self._holder, now, now + timedelta(seconds=self._lease_s))
