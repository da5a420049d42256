"""In-memory adapters that pass the same contract suites as the real ones, and storage that fails on demand.

No mocks: each fake does what its port promises, in memory, and asserts what callers owe it.
"""

import asyncio
import hashlib
import inspect
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar, cast

from msgspec.structs import replace

from evidence.case import Case
from evidence.errors import ChainBroken, ClaimTaken, HeadMoved, ObjectCorrupt, ObjectErased, StorageFailed
from evidence.events import Commitment, Event, Head, Retention, stream_kind
from evidence.files import check_key
from evidence.follow import Lease
from evidence.keyring import DataKey, Held, TenantKey
from evidence.ledger import Ledger, verified
from evidence.log import Claim, Entry, Log
from evidence.ports import Clock

P = TypeVar("P")
When = Literal["before", "after"]

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)  # noon in Shanghai


class FixedClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> datetime:
        self.at += timedelta(seconds=seconds)
        return self.at


class CountedRandom:
    """Random bytes that differ at every call and are the same in every run."""

    def __init__(self, seed: str = "jianzheng") -> None:
        self._seed = seed
        self._calls = 0

    def __call__(self, size: int) -> bytes:
        self._calls += 1
        return hashlib.shake_256(f"{self._seed}/{self._calls}".encode()).digest(size)


class MemoryLog:
    """`evidence.log.Log` and `evidence.follow.Feed` in memory."""

    def __init__(self, now: Clock | None = None) -> None:
        self.entries: list[Entry] = []
        self.claims: dict[tuple[str, str, str], datetime | None] = {}
        self._now = now or FixedClock()
        self._streams: dict[str, list[bytes]] = {}
        self._grown = asyncio.Event()

    async def read(self, stream: str, after: int = 0) -> list[bytes]:
        await asyncio.sleep(0)  # a real log yields here: races show up in tests
        held = self._streams.get(stream, [])
        if after > len(held):
            raise ChainBroken("the stream does not end where it should")
        return held[after:]

    async def append(self, stream: str, after: Head, lines: Sequence[bytes], claims: Sequence[Claim] = ()) -> Head:
        if not lines:
            raise ValueError("nothing to append")
        assert all(isinstance(line, bytes) and b"\n" not in line for line in lines), "lines are bytes without LF"
        await asyncio.sleep(0)
        held = self._streams.setdefault(stream, [])
        if _head(held) != after:
            raise HeadMoved(f"stream ends at {len(held)}")
        now, wanted = self._now(), dict[tuple[str, str, str], datetime | None]()
        for claim in claims:
            key = (claim.tenant, claim.kind, claim.digest)
            expires = self.claims.get(key)
            if key in wanted or (key in self.claims and (expires is None or expires > now)):
                raise (claim.taken or ClaimTaken)(kind=claim.kind)
            wanted[key] = claim.expires
        self.claims.update(wanted)
        for line in lines:
            held.append(line)
            self.entries.append(Entry(position=len(self.entries) + 1, stream=stream, seq=len(held), line=line))
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()
        return _head(held)

    async def scan(self, after: int, limit: int = 1000) -> list[Entry]:
        await asyncio.sleep(0)
        return self.entries[after : after + limit]

    async def find(self, stream: str, seq: int) -> Entry | None:
        await asyncio.sleep(0)
        return next((entry for entry in self.entries if (entry.stream, entry.seq) == (stream, seq)), None)

    async def newest(self) -> int:
        return len(self.entries)

    async def wait(self, after: int) -> None:
        if len(self.entries) <= after:
            await self._grown.wait()


def _head(lines: Sequence[bytes]) -> Head:
    return Head(seq=len(lines), hash=hashlib.sha256(lines[-1]).hexdigest()) if lines else Head()


class Faults:
    """Storage that fails: before a call did anything, or after it did everything and only the answer is lost.

    `on` wraps any port. `fail` lets the next calls of one name fail. With `each`, every call of every port fails in
    each of these ways, once: the third `read` of a try of `label` fails at the first try that comes to it, and lets the
    next one pass. So whoever tries again comes one call further every time.
    """

    def __init__(self, each: Sequence[When] = (), stride: int = 1) -> None:
        self.failed: list[str] = []  # what failed, and how
        self._each, self._stride = tuple(each), stride  # `stride`: only one of so many
        self._next: dict[str, list[When]] = {}
        self._label = ""
        self._made: Counter[str] = Counter()  # calls of this try
        self._met: dict[str, int] = {}  # how often each call of each label was come to

    def on(self, port: P) -> P:
        return cast(P, _Failing(port, self))

    def fail(self, call: str, *when: When) -> None:
        """The next calls of this name fail so, one each; the ones after those succeed."""
        self._next.setdefault(call, []).extend(when)

    def begin(self, label: str) -> None:
        """A try of something begins."""
        self._label = label
        self._made.clear()

    def when(self, port: str, call: str) -> When | None:
        """How this call fails; None: it does not."""
        if waiting := self._next.get(call):
            return waiting.pop(0)
        if not self._each:
            return None
        self._made[call] += 1
        place = f"{self._label}: {port}.{call} {self._made[call]}"
        left_out = place not in self._met and len(self._met) % self._stride
        met = self._met.get(place, len(self._each) if left_out else 0)
        self._met[place] = met + 1
        if met >= len(self._each):
            return None
        self.failed.append(f"{place} {self._each[met]}")
        return self._each[met]


class _Failing:
    """Any port under `Faults`."""

    def __init__(self, port: object, faults: Faults) -> None:
        self._port, self._faults = port, faults

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._port, name)
        if not inspect.iscoroutinefunction(call):
            return call

        async def failing(*arguments: Any, **named: Any) -> Any:
            when = self._faults.when(type(self._port).__name__, name)
            if when == "before":
                raise StorageFailed("the disk is gone")
            answer = await call(*arguments, **named)
            if when == "after":
                raise StorageFailed("the answer is gone")
            return answer

        return failing


class MemoryObjects:
    """`evidence.vault.Objects` in memory."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}

    async def put(self, key: str, data: bytes) -> None:
        check_key(key)
        if self.blobs.setdefault(key, bytes(data)) != data:
            raise ObjectCorrupt("other bytes under this key")

    async def get(self, key: str) -> bytes:
        try:
            return self.blobs[check_key(key)]
        except KeyError:
            raise ObjectErased("no such object") from None

    async def delete(self, keys: Iterable[str]) -> int:
        return sum(self.blobs.pop(check_key(key), None) is not None for key in keys)

    async def keys(self, prefix: str) -> list[str]:
        return sorted(key for key in self.blobs if key.startswith(prefix))


class MemoryKeys:
    """`evidence.keyring.WrappedKeys` in memory."""

    def __init__(self) -> None:
        self.wrapped: dict[tuple[str, str], DataKey] = {}
        self.tenants: dict[str, list[TenantKey]] = {}
        self.streams: dict[str, str] = {}
        self.notes: dict[tuple[str, str], int] = {}

    async def find(self, stream: str, name: str) -> DataKey | None:
        await asyncio.sleep(0)
        return self.wrapped.get((stream, name))

    async def add(self, stream: str, name: str, key: DataKey) -> DataKey | None:
        await asyncio.sleep(0)
        newest = await self.newest(key.tenant)
        if newest is None or newest.version != key.version:
            return None
        return self.wrapped.setdefault((stream, name), key)

    async def destroy(self, stream: str, names: Iterable[str], because: int = 0) -> int:
        wanted = tuple(names)
        for name in wanted:
            self.notes[stream, name] = max(because, self.notes.get((stream, name), 0))
        return sum(self.wrapped.pop((stream, name), None) is not None for name in wanted)

    async def destroyed(self, stream: str) -> dict[str, int]:
        return {name: because for (owner, name), because in self.notes.items() if owner == stream}

    async def place(self, stream: str, tenant: str) -> None:
        self.streams.setdefault(stream, tenant)

    async def tenant_of(self, stream: str) -> str | None:
        return self.streams.get(stream)

    async def newest(self, tenant: str) -> TenantKey | None:
        held = self.tenants.get(tenant)
        return held[-1] if held else None

    async def tenant_key(self, tenant: str, version: int) -> TenantKey | None:
        return next((key for key in self.tenants.get(tenant, []) if key.version == version), None)

    async def tenant_keys(self) -> list[TenantKey]:
        return [key for tenant in sorted(self.tenants) for key in self.tenants[tenant]]

    async def adopt(self, key: TenantKey) -> bool:
        held = self.tenants.setdefault(key.tenant, [])
        if key.version != len(held) + 1:
            return False
        held.append(key)
        return True

    async def retire(self, tenant: str, version: int, retired_ms: int) -> None:
        held = self.tenants.get(tenant, [])
        used = any(key.tenant == tenant and key.version == version for key in self.wrapped.values())
        if used or not 0 < version < len(held):
            raise ValueError("a tenant key in use is not retired")
        held[version - 1] = replace(held[version - 1], wrapped=b"", retired_ms=retired_ms)

    async def older(self, tenant: str, version: int, limit: int) -> list[Held]:
        found = [
            Held(stream=stream, name=name, key=key)
            for (stream, name), key in sorted(self.wrapped.items(), key=lambda item: item[0])
            if key.tenant == tenant and key.version < version
        ]
        return found[:limit]

    async def rewrap(self, held: Held, key: DataKey) -> bool:
        if self.wrapped.get((held.stream, held.name)) != held.key:
            return False
        self.wrapped[held.stream, held.name] = key
        return True


class MemoryValues:
    """`evidence.vault.Values` in memory."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, Commitment], tuple[Retention, bytes]] = {}
        self.secrets: dict[str, tuple[bytes, datetime]] = {}

    async def put(self, stream: str, rows: Sequence[tuple[Commitment, Retention, bytes]]) -> None:
        for commitment, retention, sealed in rows:
            assert self.rows.setdefault((stream, commitment), (retention, sealed)) == (retention, sealed)

    async def get(self, stream: str, commitments: Sequence[Commitment]) -> dict[Commitment, tuple[Retention, bytes]]:
        return {item: self.rows[stream, item] for item in commitments if (stream, item) in self.rows}

    async def delete(self, stream: str, commitments: Iterable[Commitment]) -> int:
        return sum(self.rows.pop((stream, item), None) is not None for item in commitments)

    async def commitments(self, stream: str, retention: Retention) -> list[Commitment]:
        return [item for (owner, item), row in self.rows.items() if owner == stream and row[0] == retention]

    async def remember(self, key: str, mac: bytes, expires: datetime) -> None:
        self.secrets[key] = (mac, expires)

    async def recall(self, key: str, now: datetime) -> bytes | None:
        mac, expires = self.secrets.get(key, (None, now))
        return mac if expires > now else None

    async def forget(self, key: str) -> None:
        self.secrets.pop(key, None)


class MemoryPositions:
    """`evidence.follow.Positions` in memory."""

    def __init__(self) -> None:
        self.saved: dict[str, tuple[int, int]] = {}

    async def load(self, name: str) -> int:
        return self.saved.get(name, (0, 0))[0]

    async def save(self, name: str, position: int, lease: Lease) -> bool:
        if self.saved.get(name, (0, 0))[1] > lease.term:
            return False
        self.saved[name] = (position, lease.term)
        return True


class MemoryLeases:
    """`evidence.follow.Leases` in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, Lease] = {}

    async def take(self, name: str, holder: str, now: datetime, until: datetime) -> Lease | None:
        row = self.rows.get(name)
        if row is not None and row.holder != holder and row.until > now:
            return None
        same = row is not None and row.holder == holder and row.until > now
        term = (row.term if row else 0) + (0 if same else 1)
        self.rows[name] = Lease(name=name, holder=holder, term=term, until=until)
        return self.rows[name]

    async def release(self, lease: Lease) -> None:
        row = self.rows.get(lease.name)
        if row is not None and row.term == lease.term:
            self.rows[lease.name] = Lease(
                name=lease.name, holder="", term=row.term, until=datetime.min.replace(tzinfo=UTC)
            )


async def verify_everything(log: Log) -> dict[str, list[Event]]:
    """Read the whole log as an auditor would: positions, chains, folds. The events by stream, or what is wrong."""
    lines: dict[str, list[bytes]] = {}
    position = 0
    while entries := await log.scan(position):
        for entry in entries:
            assert entry.position == position + 1, f"position {entry.position} follows {position}"
            position = entry.position
            held = lines.setdefault(entry.stream, [])
            assert entry.seq == len(held) + 1, f"{entry.stream}: event {entry.seq} follows {len(held)}"
            held.append(entry.line)
    events: dict[str, list[Event]] = {}
    for stream, stored in lines.items():
        assert await log.read(stream) == stored, f"{stream}: read and scan disagree"
        events[stream] = verified(stored, Head(), stream)
    return events


class StoryLedger(Ledger):
    """A ledger for story tests: `verify` re-reads everything at the end and compares it with what was told."""

    def __init__(self, log: Log | None = None) -> None:
        self.log: Log = log or MemoryLog()
        super().__init__(self.log)

    async def verify(self) -> dict[str, list[Event]]:
        events = await verify_everything(self.log)
        cold = Ledger(self.log)
        for stream in events:
            if stream_kind(stream) == "case":
                told: Case = await self.case(stream)
                assert told == await cold.case(stream), f"{stream}: the cached case is not the fold of its events"
        return events
