"""What may be used once: the proofs of devices (RFC 9449, section 11.1). Asked and remembered in one step."""

import hashlib
from typing import Protocol

from redis.asyncio import Redis

from evidence.ports import Clock

BUCKET_S = 60


class Once(Protocol):
    async def first(self, name: str, until: float) -> bool:
        """True for whoever is first to ask for `name`; remembered at least until then (seconds since 1970)."""
        ...


class MemoryOnce:
    """For a service of one process. Sixteen bytes a name, dropped by the minute when their time is over."""

    def __init__(self, clock: Clock) -> None:
        self._now = clock
        self._buckets: dict[int, set[bytes]] = {}  # by the minute in which they end

    async def first(self, name: str, until: float) -> bool:
        digest = hashlib.sha256(name.encode()).digest()[:16]
        if any(digest in bucket for bucket in self._buckets.values()):
            return False
        minute = int(until // BUCKET_S) + 1
        if minute not in self._buckets:
            past = self._now().timestamp() // BUCKET_S
            self._buckets = {end: bucket for end, bucket in self._buckets.items() if end > past} | {minute: set()}
        self._buckets[minute].add(digest)
        return True


class RedisOnce:
    """For many processes."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix

    async def first(self, name: str, until: float) -> bool:
        return bool(await self._redis.set(f"{self._prefix}:{name}", b"1", nx=True, exat=int(until) + 1))
