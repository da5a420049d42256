"""What follows the log while the service runs: one worker of all for each duty, and this process's own projections."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from api.health import Health
from api.index import CaseIndex
from api.store import Store
from evidence.follow import Handle, follow
from evidence.ports import Clock


@asynccontextmanager
async def following(
    store: Store, duties: Mapping[str, Handle], index: CaseIndex, health: Health, now: Clock
) -> AsyncIterator[None]:
    """`duties` run under leases, so that no two processes do one; the index is learned by every process."""
    holder = f"{os.getpid()}-{secrets.token_hex(4)}"
    learned = await _learn(store, index, 0)
    tasks: list[asyncio.Task[Any]] = [
        asyncio.create_task(
            follow(
                name,
                store.log,
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
    tasks.append(asyncio.create_task(_keep_learning(store, index, learned), name="index"))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _learn(store: Store, index: CaseIndex, position: int) -> int:
    while entries := await store.log.scan(position):
        index.learn(entries)
        position = entries[-1].position
    return position


async def _keep_learning(store: Store, index: CaseIndex, position: int) -> None:
    while True:
        await store.log.wait(position)
        position = await _learn(store, index, position)
