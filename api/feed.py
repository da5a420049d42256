"""One reader of the log for everything in this process that follows it, at a walking pace.

Each follower would read the same new events again, and be woken by each of them while requests wait for their turn. So
what one has read serves them all, and each is woken at once after a pause, then at most ten times a second.
"""

import asyncio

from evidence.follow import Feed
from evidence.log import Entry

PACE_S = 0.1


class Recent:
    """Reads for all, and keeps the last run: those who are as far get the same entries."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self._kept: list[Entry] = []
        self._reading = asyncio.Lock()

    async def scan(self, after: int, limit: int) -> list[Entry]:
        async with self._reading:
            first = self._kept[0].position if self._kept else 0
            # Positions have no gaps, and what stands at one never changes.
            known = self._kept[after + 1 - first :] if first <= after + 1 else []
            if known:
                return known[:limit]
            found = await self.feed.scan(after, limit)
            self._kept = found or self._kept
            return found


class Paced:
    """`evidence.follow.Feed` for one follower."""

    def __init__(self, recent: Recent) -> None:
        self._recent = recent
        self._next = 0.0  # of the event loop's clock

    async def scan(self, after: int, limit: int = 1000) -> list[Entry]:
        loop = asyncio.get_running_loop()
        if loop.time() < self._next:
            await asyncio.sleep(self._next - loop.time())
        found = await self._recent.scan(after, limit)
        if 0 < len(found) < limit:  # a full run: there is a backlog to work off
            self._next = loop.time() + PACE_S
        return found

    async def newest(self) -> int:
        return await self._recent.feed.newest()

    async def wait(self, after: int) -> None:
        await self._recent.feed.wait(after)
