"""Keys of the vault: master -> tenant key (in versions) -> data key per stream and name, each wrapped by the one above.

A data key's name is its retention class, or `command` (keyed digests), or `kept` (files made from evidence). Every
stored key says its suite and the version it is wrapped under, so a new setting or a rotation leaves the old readable.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidTag

from evidence.ciphers import NONCE_BYTES, SUITES, Suite, SuiteName
from evidence.errors import ObjectCorrupt, Unavailable
from evidence.events import Frozen

OPERATOR = "operator"  # the tenant of streams that belong to nobody in particular
TRIES = 5
LENT = 2_000  # open keys of keyed digests that a process keeps at once
LENT_S = 60.0  # and for how long: what another process destroyed is gone from this one after that


class DataKey(Frozen, frozen=True, kw_only=True):
    """As stored. `version` 0: wrapped by the master key itself, as before there were tenant keys."""

    tenant: str
    version: int
    suite: SuiteName
    wrapped: bytes


class TenantKey(Frozen, frozen=True, kw_only=True):
    """As stored. `wrapped` is empty once the key is retired: nothing is wrapped by it any more."""

    tenant: str
    version: int  # from 1
    suite: SuiteName
    wrapped: bytes
    retired_ms: int | None = None


class Held(Frozen, frozen=True, kw_only=True):
    """A data key and where it belongs."""

    stream: str
    name: str
    key: DataKey


class WrappedKeys(Protocol):
    """The store of wrapped keys, apart from everything they open; its backups expire within 30 days."""

    async def find(self, stream: str, name: str) -> DataKey | None: ...

    async def add(self, stream: str, name: str, key: DataKey) -> DataKey | None:
        """Keep the first: returns what is stored, which may be another writer's. None, and nothing stored, when the
        tenant's newest version is not `key.version` any more."""
        ...

    async def destroy(self, stream: str, names: Iterable[str], because: int = 0) -> int:
        """How many existed. Leaves a note that they were destroyed because of event `because` of the stream."""
        ...

    async def destroyed(self, stream: str) -> dict[str, int]:
        """Name -> highest event because of which a key of that name was destroyed."""
        ...

    async def place(self, stream: str, tenant: str) -> None:
        """Say whose stream it is; the first word counts."""
        ...

    async def tenant_of(self, stream: str) -> str | None: ...

    async def newest(self, tenant: str) -> TenantKey | None: ...

    async def tenant_key(self, tenant: str, version: int) -> TenantKey | None: ...

    async def tenant_keys(self) -> list[TenantKey]:
        """All versions of all tenants, retired ones too, in order."""
        ...

    async def adopt(self, key: TenantKey) -> bool:
        """Becomes the newest. False when its version is not the one after the newest."""
        ...

    async def retire(self, tenant: str, version: int, retired_ms: int) -> None:
        """Forget the wrapped bytes. ValueError while a data key is wrapped under this version."""
        ...

    async def older(self, tenant: str, version: int, limit: int) -> list[Held]:
        """Data keys of the tenant wrapped under a version before `version`."""
        ...

    async def rewrap(self, held: Held, key: DataKey) -> bool:
        """Compare and swap; False when the stored key is not `held.key` any more (destroyed, or wrapped anew)."""
        ...


@dataclass(frozen=True)
class Key:
    """An open data key. `bound` ties a ciphertext to its place."""

    suite: Suite
    secret: bytes

    def seal(self, nonce: bytes, data: bytes, bound: str) -> bytes:
        return nonce + self.suite.seal(self.secret, nonce, data, bound.encode())

    def open(self, sealed: bytes, bound: str) -> bytes:
        """ObjectCorrupt when it does not open."""
        try:
            return self.suite.open(self.secret, sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound.encode())
        except (InvalidTag, ValueError):
            raise ObjectCorrupt("stored value does not open") from None

    def mac(self, data: bytes) -> bytes:
        return self.suite.mac(self.secret, data)


class KeyMoved(
    Unavailable,
    code="KEY_MOVED",
    zh="密钥正在更换，请稍后重试。",
    en="Keys are being changed. Please try again shortly.",
):
    """Lost the race against a rotation several times."""


class Keyring:
    """Opens and makes data keys. Data keys are asked for at every use, tenant keys are cached: they only ever retire.

    A process that kept open data keys would go on hiding under one that another process destroyed, and what it hid
    would be lost without ever having been erased. Nothing is hidden under a key of keyed digests, and it is wanted
    twice by every request: `lent` keeps those open for a short while.
    """

    def __init__(
        self, keys: WrappedKeys, master: bytes, random: Callable[[int], bytes], suite: SuiteName = "international"
    ) -> None:
        self.store = keys
        self._random = random
        self.suite = SUITES[suite]
        self._masters = {name: _master(suite, master) for name, suite in SUITES.items()}
        self._tenants: dict[tuple[str, int], Key] = {}
        self._lent: OrderedDict[tuple[str, str], tuple[Key, asyncio.TimerHandle]] = OrderedDict()
        self._taken_back = 0  # times; what was looked up before the last one may not be kept

    async def existing(self, stream: str, name: str) -> Key | None:
        """None when it was never made, or destroyed."""
        for _ in range(TRIES):
            stored = await self.store.find(stream, name)
            if stored is None:
                return None
            wrapper = await self._wrapper(stored.tenant, stored.version)
            if wrapper is not None:
                return unwrapped(wrapper, stored, stream, name)
            # It was retired between the two look-ups: the data key is under a newer one by now.
        raise KeyMoved("rotated at every look")

    async def key(self, stream: str, name: str) -> Key:
        """The key, made on first use."""
        for _ in range(TRIES):
            found = await self.existing(stream, name)
            if found is not None:
                return found
            tenant = await self.store.tenant_of(stream) or OPERATOR
            version, wrapper = await self._newest(tenant)
            fresh = Key(self.suite, self._random(self.suite.key_bytes))
            made = self.wrapped(fresh, wrapper, tenant, version, stream, name)
            await self.store.add(stream, name, made)  # what is stored may be another's, or nothing: look again
        raise KeyMoved("could not be made")

    # --- keys of keyed digests ---------------------------------------------------------------------------------------

    async def lent(self, stream: str, name: str) -> Key:
        """As `key`, and kept open for at most `LENT_S`: only for a key that hides nothing."""
        known = self._lent.get((stream, name))
        if known is not None:
            self._lent.move_to_end((stream, name))
            return known[0]
        before = self._taken_back
        key = await self.key(stream, name)
        if before == self._taken_back and (stream, name) not in self._lent:
            # A timer, not a look at the clock: nobody may ever ask for it again.
            timer = asyncio.get_running_loop().call_later(LENT_S, self._lent.pop, (stream, name), None)
            self._lent[stream, name] = key, timer
            if len(self._lent) > LENT:
                self._lent.popitem(last=False)[1][1].cancel()
        return key

    def take_back(self, stream: str | None = None) -> None:
        """Forget the open keys of a stream because they were destroyed, or all of them and the tenants' keys too,
        because those changed."""
        self._taken_back += 1
        if stream is None:
            self._tenants.clear()
        for place in [place for place in self._lent if stream in (None, place[0])]:
            self._lent.pop(place)[1].cancel()

    # --- wrapping ----------------------------------------------------------------------------------------------------

    def wrapped(self, key: Key, wrapper: Key, tenant: str, version: int, stream: str, name: str) -> DataKey:
        suite = key.suite.name
        sealed = wrapper.seal(self._random(NONCE_BYTES), key.secret, _bound(tenant, version, suite, stream, name))
        return DataKey(tenant=tenant, version=version, suite=suite, wrapped=sealed)

    async def next_version(self, tenant: str) -> TenantKey:
        """A new newest version, made and stored. Data keys made from now on are wrapped by it."""
        while True:
            newest = await self.store.newest(tenant)
            made = await self._adopt(tenant, newest.version + 1 if newest else 1)
            if made is not None:
                return made

    async def _adopt(self, tenant: str, version: int) -> TenantKey | None:
        """None when another made this version first."""
        fresh, suite = self._random(self.suite.key_bytes), self.suite.name
        sealed = self._masters[suite].seal(self._random(NONCE_BYTES), fresh, f"tenant/{tenant}/{version}")
        key = TenantKey(tenant=tenant, version=version, suite=suite, wrapped=sealed)
        return key if await self.store.adopt(key) else None

    async def wrapper(self, tenant: str, version: int) -> Key:
        """An unretired tenant key. ObjectCorrupt when there is none."""
        found = await self._wrapper(tenant, version)
        if found is None:
            raise ObjectCorrupt("a tenant key is missing")
        return found

    async def check_value(self, tenant: str, version: int) -> str:
        """What identifies a tenant key in the log without telling anything about it."""
        return (await self.wrapper(tenant, version)).mac(b"jianzheng/check/1").hex()

    async def _newest(self, tenant: str) -> tuple[int, Key]:
        for _ in range(TRIES):
            newest = await self.store.newest(tenant)
            if newest is None:  # many may come first at once: one of them makes version 1, all of them use it
                await self._adopt(tenant, 1)
                continue
            wrapper = await self._wrapper(tenant, newest.version)
            if wrapper is not None:
                return newest.version, wrapper
        raise KeyMoved("retired at every look")

    async def _wrapper(self, tenant: str, version: int) -> Key | None:
        if version == 0:
            return self._masters["international"]
        known = self._tenants.get((tenant, version))
        if known is not None:
            return known
        stored = await self.store.tenant_key(tenant, version)
        if stored is None or stored.retired_ms is not None:
            return None
        secret = self._masters[stored.suite].open(stored.wrapped, f"tenant/{tenant}/{version}")
        self._tenants[tenant, version] = key = Key(SUITES[stored.suite], secret)
        return key


def unwrapped(wrapper: Key, stored: DataKey, stream: str, name: str) -> Key:
    bound = _bound(stored.tenant, stored.version, stored.suite, stream, name)
    return Key(SUITES[stored.suite], wrapper.open(stored.wrapped, bound))


def _bound(tenant: str, version: int, suite: str, stream: str, name: str) -> str:
    return f"{tenant}/{version}/{suite}/{stream}/{name}" if version else f"{stream}/{name}"


def _master(suite: Suite, master: bytes) -> Key:
    if suite.name == "international":
        return Key(suite, hashlib.sha256(b"jianzheng/wrap/1" + master).digest())
    return Key(suite, suite.derive(master, b"jianzheng/wrap/1"))
