"""Fan-out of what was just sealed to whoever watches a case: in process, or over Redis between workers."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from litestar.channels import ChannelsPlugin

from evidence.events.envelope import peek, stream_kind
from evidence.log import Entry


class Live:
    """Tells ids, types and times only; a watcher reads the view it may see."""

    def __init__(self, channels: ChannelsPlugin) -> None:
        self._channels = channels

    async def tell(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if stream_kind(entry.stream) == "case":
                self._channels.publish(peek(entry.line), entry.stream)

    @asynccontextmanager
    async def listen(self, case_id: str) -> AsyncIterator["asyncio.Queue[Any]"]:
        told: asyncio.Queue[Any] = asyncio.Queue(maxsize=100)
        subscriber = await self._channels.subscribe([case_id])

        async def pump() -> None:
            async for message in subscriber.iter_events():
                if told.full():
                    told.get_nowait()  # a slow watcher loses the oldest; it reads the whole view anyway
                told.put_nowait(msgspec.json.decode(message))

        task = asyncio.create_task(pump())
        try:
            yield told
        finally:
            task.cancel()
            await self._channels.unsubscribe(subscriber)
