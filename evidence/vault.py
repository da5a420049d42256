"""Personal data, outside the chain: salted, encrypted, erasable.

The chain holds only commitments. Small values become SD-JWT disclosures (RFC 9901): base64url(JSON [salt, name,
value]), committed to by base64url(SHA-256(disclosure)). Files are committed to by base64url(SHA-256(salt32 || bytes)).
Everything is stored under a data key per case and retention class; destroying that key erases it.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from evidence import decode
from evidence.errors import ObjectCorrupt, ObjectErased
from evidence.events import Commitment, Frozen, Media, Retention

SALT_BYTES = 32


class Objects(Protocol):
    """Create-only blobs under slash-separated ASCII keys."""

    async def put(self, key: str, data: bytes) -> None:
        """Durable when it returns. Putting the same bytes again is fine; other bytes under a key: ObjectCorrupt."""
        ...

    async def get(self, key: str) -> bytes:
        """ObjectErased when it is not there."""
        ...

    async def delete(self, keys: Iterable[str]) -> int:
        """How many existed."""
        ...

    async def keys(self, prefix: str) -> list[str]:
        """All keys that begin with `prefix`, sorted."""
        ...


class WrappedKeys(Protocol):
    """The store of wrapped data keys, apart from everything they open; its backups expire within 30 days."""

    async def find(self, stream: str, name: str) -> bytes | None: ...

    async def add(self, stream: str, name: str, wrapped: bytes) -> bytes:
        """Keep the first: returns what is stored, which may be another writer's."""
        ...

    async def destroy(self, stream: str, names: Iterable[str]) -> int: ...


class Values(Protocol):
    """Small encrypted values and short-lived secrets, in rows."""

    async def put(self, stream: str, rows: Sequence[tuple[Commitment, Retention, bytes]]) -> None: ...

    async def get(
        self, stream: str, commitments: Sequence[Commitment]
    ) -> dict[Commitment, tuple[Retention, bytes]]: ...

    async def delete(self, stream: str, commitments: Iterable[Commitment]) -> int: ...

    async def delete_class(self, stream: str, retention: Retention) -> int:
        """All of a stream's values of one retention class; how many."""
        ...

    async def remember(self, key: str, mac: bytes, expires: datetime) -> None:
        """Keep a keyed verifier of a secret until `expires`; replaces an older one under the key."""
        ...

    async def recall(self, key: str, now: datetime) -> bytes | None: ...

    async def forget(self, key: str) -> None: ...


class Disclosure(Frozen, frozen=True, kw_only=True):
    """`text` is what anyone hashes to check the commitment."""

    text: str
    name: str
    value: Any
    retention: Retention


class Vault:
    """Hides, reveals, erases. Keys: master key -> wraps a data key per (stream, retention class)."""

    def __init__(
        self, objects: Objects, keys: WrappedKeys, values: Values, master: bytes, random: Callable[[int], bytes]
    ) -> None:
        self._objects = objects
        self._keys = keys
        self._values = values
        self._master = AESGCM(hashlib.sha256(b"jianzheng/wrap/1" + master).digest())
        self._mac_key = hashlib.sha256(b"jianzheng/mac/1" + master).digest()
        self._random = random

    # --- small values ----------------------------------------------------------------------------------------------

    async def hide(self, stream: str, retention: Retention, values: Mapping[str, Any]) -> dict[str, Commitment]:
        """Commit to each value and keep it encrypted. Durable when it returns; a value is any canonical JSON."""
        key = await self._key(stream, retention)
        commitments: dict[str, Commitment] = {}
        rows: list[tuple[Commitment, Retention, bytes]] = []
        for name, value in values.items():
            salt = b64(self._random(SALT_BYTES))
            text = b64(decode.encode([salt, name, value]))
            commitment = b64(hashlib.sha256(text.encode()).digest())
            rows.append((commitment, retention, self._seal(key, text.encode(), stream, retention, commitment)))
            commitments[name] = commitment
        if rows:
            await self._values.put(stream, rows)
        return commitments

    async def reveal(self, stream: str, commitments: Iterable[Commitment]) -> dict[Commitment, Disclosure]:
        """What is still there; erased ones are simply not in the answer. ObjectCorrupt when one does not verify."""
        found = await self._values.get(stream, tuple(commitments))
        opened: dict[Commitment, Disclosure] = {}
        for commitment, (retention, sealed) in found.items():
            key = await self._existing_key(stream, retention)
            if key is None:
                continue
            text = self._unseal(key, sealed, stream, retention, commitment)
            if b64(hashlib.sha256(text).digest()) != commitment:
                raise ObjectCorrupt("disclosure does not match its commitment")
            _, name, value = json.loads(unb64(text.decode()))
            opened[commitment] = Disclosure(text=text.decode(), name=name, value=value, retention=retention)
        return opened

    # --- files -----------------------------------------------------------------------------------------------------

    async def put(
        self, stream: str, retention: Retention, data: bytes, media_type: str, *, salt: bytes | None = None
    ) -> Media:
        """Store a file encrypted; the commitment is salted. Durable when it returns.

        `salt` is given where somebody else (the customer's browser) already committed to the file; storing it again
        under the same salt is then fine.
        """
        if salt is not None and len(salt) != SALT_BYTES:
            raise ValueError(f"a salt has {SALT_BYTES} bytes")
        key = await self._key(stream, retention)
        salted = (salt or self._random(SALT_BYTES)) + data
        commitment = b64(hashlib.sha256(salted).digest())
        # A repeat must be the same bytes (objects are create-only), so its nonce comes from what is sealed: the same
        # nonce can then only ever meet the same content.
        nonce = hmac.new(key, f"nonce/{commitment}".encode(), hashlib.sha256).digest()[:12] if salt else None
        sealed = self._seal(key, salted, stream, retention, commitment, nonce)
        await self._objects.put(object_key(stream, retention, commitment), sealed)
        return Media(commitment=commitment, bytes=len(data), type=media_type, retention=retention)

    async def get(self, stream: str, media: Media) -> bytes:
        """The file's bytes. ObjectErased when key or object is gone, ObjectCorrupt when it does not verify."""
        return (await self.get_salted(stream, media))[SALT_BYTES:]

    async def get_salted(self, stream: str, media: Media) -> bytes:
        """salt32 || bytes, as a bundle carries it."""
        key = await self._existing_key(stream, media.retention)
        if key is None:
            raise ObjectErased("key destroyed")
        sealed = await self._objects.get(object_key(stream, media.retention, media.commitment))
        salted = self._unseal(key, sealed, stream, media.retention, media.commitment)
        if b64(hashlib.sha256(salted).digest()) != media.commitment:
            raise ObjectCorrupt("file does not match its commitment")
        return salted

    # --- files that are no evidence ----------------------------------------------------------------------------------

    async def keep(self, stream: str, name: str, data: bytes) -> None:
        """A file made from evidence (an exported bundle), kept encrypted with the contract; no event commits to it."""
        key = await self._key(stream, "contract")
        await self._objects.put(object_key(stream, "contract", name), self._seal(key, data, stream, "contract", name))

    async def kept(self, stream: str, name: str) -> bytes:
        """ObjectErased when it is gone."""
        key = await self._existing_key(stream, "contract")
        if key is None:
            raise ObjectErased("key destroyed")
        sealed = await self._objects.get(object_key(stream, "contract", name))
        return self._unseal(key, sealed, stream, "contract", name)

    # --- erasure ---------------------------------------------------------------------------------------------------

    async def destroy(self, stream: str, media: Iterable[Media] = (), values: Iterable[Commitment] = ()) -> None:
        """Delete single files and values. Record `privacy.erased/1` first: what is not sealed did not happen."""
        await self._objects.delete([object_key(stream, item.retention, item.commitment) for item in media])
        await self._values.delete(stream, values)

    async def destroy_class(self, stream: str, retention: Retention) -> None:
        """Destroy the data key of a class: everything under it is unreadable from now on, in backups too."""
        await self._keys.destroy(stream, (retention,))
        await self._values.delete_class(stream, retention)
        await self._objects.delete(await self._objects.keys(f"{stream}/{retention}/"))

    # --- keyed digests and short-lived secrets -----------------------------------------------------------------------

    async def mac(self, stream: str, data: bytes) -> str:
        """HMAC-SHA-256 (hex) under a key of this case: recognises a repeat, reveals nothing. For `cmd`."""
        key = await self._key(stream, "command")
        return hmac.new(key, data, hashlib.sha256).hexdigest()

    def blind(self, tenant: str, kind: str, data: bytes) -> str:
        """HMAC-SHA-256 (hex) under the tenant's key: the same value gives the same digest across cases. For claims."""
        return hmac.new(self._mac_key, b"\0".join((tenant.encode(), kind.encode(), data)), hashlib.sha256).hexdigest()

    async def remember(self, kind: str, name: str, secret: str, expires: datetime) -> None:
        """Keep a verifier of a one-time code or a link token; the secret itself is kept nowhere."""
        await self._values.remember(f"{kind}/{name}", self._verifier(kind, name, secret), expires)

    async def matches(self, kind: str, name: str, secret: str, now: datetime) -> bool:
        """Constant-time check of a secret against its verifier; False when it expired or was forgotten."""
        kept = await self._values.recall(f"{kind}/{name}", now)
        return hmac.compare_digest(kept or b"", self._verifier(kind, name, secret)) if kept else False

    async def forget(self, kind: str, name: str) -> None:
        await self._values.forget(f"{kind}/{name}")

    def _verifier(self, kind: str, name: str, secret: str) -> bytes:
        return hmac.new(self._mac_key, f"secret/{kind}/{name}/{secret}".encode(), hashlib.sha256).digest()

    # --- keys --------------------------------------------------------------------------------------------------------

    async def _key(self, stream: str, name: str) -> bytes:
        key = await self._existing_key(stream, name)
        if key is not None:
            return key
        nonce = self._random(12)
        wrapped = nonce + self._master.encrypt(nonce, self._random(32), f"{stream}/{name}".encode())
        return self._unwrap(stream, name, await self._keys.add(stream, name, wrapped))

    async def _existing_key(self, stream: str, name: str) -> bytes | None:
        # Asked for every time: a process that kept open keys would go on hiding under one that another process
        # destroyed, and what it hid would be lost without ever having been erased.
        wrapped = await self._keys.find(stream, name)
        return None if wrapped is None else self._unwrap(stream, name, wrapped)

    def _unwrap(self, stream: str, name: str, wrapped: bytes) -> bytes:
        try:
            return self._master.decrypt(wrapped[:12], wrapped[12:], f"{stream}/{name}".encode())
        except InvalidTag:
            raise ObjectCorrupt("wrapped key does not open") from None

    def _seal(
        self, key: bytes, data: bytes, stream: str, retention: str, commitment: str, nonce: bytes | None = None
    ) -> bytes:
        # The commitment in the associated data ties a ciphertext to the one event that names it: swapping two
        # ciphertexts, even within a case, does not open.
        nonce = nonce or self._random(12)
        return nonce + AESGCM(key).encrypt(nonce, data, f"{stream}/{retention}/{commitment}".encode())

    def _unseal(self, key: bytes, sealed: bytes, stream: str, retention: str, commitment: str) -> bytes:
        try:
            return AESGCM(key).decrypt(sealed[:12], sealed[12:], f"{stream}/{retention}/{commitment}".encode())
        except InvalidTag:
            raise ObjectCorrupt("stored value does not open") from None


def object_key(stream: str, retention: str, commitment: str) -> str:
    return f"{stream}/{retention}/{commitment}"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
