"""What follows the log while the service runs: one worker of all for each duty, and this process's own projections."""

import asyncio
import logging
import os
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from api.feed import Paced, Recent
from api.health import Health
from api.store import Store
from evidence.follow import Feed, Handle, follow
from evidence.log import Entry
from evidence.ports import Clock

Learn = Callable[[Sequence[Entry]], None]
PAUSES_S = (0.5, 30.0)

_log = logging.getLogger(__name__)


@asynccontextmanager
async def following(
    store: Store,
    duties: Mapping[str, Handle],
    learners: Sequence[Learn],
    chores: Sequence[Callable[[], Coroutine[Any, Any, None]]],
    health: Health,
    now: Clock,
) -> AsyncIterator[None]:
    """`duties` run under leases, so that no two processes do one; `learners` are this process's own projections, fed
    from the first event on; `chores` run beside them for as long as the service does."""
    holder = f"{os.getpid()}-{secrets.token_hex(4)}"
    recent = Recent(store.log)
    learned = await _learn(store.log, learners, 0)
    tasks: list[asyncio.Task[Any]] = [
        asyncio.create_task(
            follow(
                name,
                Paced(recent),
                store.positions,
                store.leases,
                handle,
                holder=holder,
                now=now,
                report=health.heard,
            ),
            name=f"follower {name}",
        )
        for name, handle in duties.items()
    ]
    learning = _Learning(Paced(recent), learners, learned)
    lasting = {"projections": learning.run} | {chore.__qualname__: chore for chore in chores}
    tasks += [asyncio.create_task(_last(name, work, health), name=name) for name, work in lasting.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _learn(feed: Feed, learners: Sequence[Learn], position: int) -> int:
    while entries := await feed.scan(position):
        for learn in learners:
            learn(entries)
        position = entries[-1].position
    return position


class _Learning:
    """Goes on from where it was when storage failed meanwhile."""

    def __init__(self, feed: Feed, learners: Sequence[Learn], position: int) -> None:
        self._feed, self._learners, self._position = feed, learners, position

    async def run(self) -> None:
        while True:
            await self._feed.wait(self._position)
            self._position = await _learn(self._feed, self._learners, self._position)


async def _last(name: str, work: Callable[[], Coroutine[Any, Any, None]], health: Health) -> None:
    """What runs beside the service is begun again when it fails: a chore that died would be missed by nobody."""
    failures = 0
    while True:
        try:
            await work()
        except Exception as error:
            failures += 1
            # The class alone: a message may quote what must not be in a log.
            _log.error("%s failed, time %d: %s", name, failures, type(error).__name__)
            health.failed(name, failures)
        await asyncio.sleep(min(PAUSES_S[1], PAUSES_S[0] * 2 ** min(failures, 10)))
