"""What follows the log while the service runs: one worker of all for each duty, and this process's own projections."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from api.health import Health
from api.store import Store
from evidence.follow import Handle, follow
from evidence.log import Entry
from evidence.ports import Clock

Learn = Callable[[Sequence[Entry]], None]


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
    learned = await _learn(store, learners, 0)
    tasks: list[asyncio.Task[Any]] = [
        asyncio.create_task(
            follow(name, store.log, store.positions, store.leases, handle, holder=holder, now=now, report=health.heard),
            name=f"follower {name}",
        )
        for name, handle in duties.items()
    ]
    tasks.append(asyncio.create_task(_keep_learning(store, learners, learned), name="projections"))
    tasks += [asyncio.create_task(chore(), name="chore") for chore in chores]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _learn(store: Store, learners: Sequence[Learn], position: int) -> int:
    while entries := await store.log.scan(position):
        for learn in learners:
            learn(entries)
        position = entries[-1].position
    return position


async def _keep_learning(store: Store, learners: Sequence[Learn], position: int) -> None:
    while True:
        await store.log.wait(position)
        position = await _learn(store, learners, position)
