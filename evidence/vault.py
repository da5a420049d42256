"""Personal data, outside the chain: salted, encrypted, erasable.

The chain holds only commitments. Small values become SD-JWT disclosures (RFC 9901): base64url(JSON [salt, name,
value]), committed to by base64url(SHA-256(disclosure)). Files are committed to by base64url(SHA-256(salt32 || bytes)).
Everything is stored under a data key per case and retention class (`evidence.keyring`); destroying that key erases it.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from evidence import decode
from evidence.base64url import b64, unb64
from evidence.ciphers import NONCE_BYTES, SuiteName
from evidence.errors import ObjectCorrupt, ObjectErased
from evidence.events import Commitment, Frozen, Media, Retention
from evidence.keyring import Key, Keyring, WrappedKeys

T = TypeVar("T")

SALT_BYTES = 32
COMMAND = "command"  # name of the key of keyed digests
ASIDE = 64 * 1024  # bytes; more is hashed and sealed in a thread: SM4 takes 13 ms a megabyte
KEPT = "kept"  # name of the key, and of the folder, of files made from evidence


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


class Values(Protocol):
    """Small encrypted values and short-lived secrets, in rows."""

    async def put(self, stream: str, rows: Sequence[tuple[Commitment, Retention, bytes]]) -> None: ...

    async def get(
        self, stream: str, commitments: Sequence[Commitment]
    ) -> dict[Commitment, tuple[Retention, bytes]]: ...

    async def delete(self, stream: str, commitments: Iterable[Commitment]) -> int: ...

    async def commitments(self, stream: str, retention: Retention) -> list[Commitment]:
        """What is kept of one retention class, in no order."""
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
    """Hides, reveals, erases. `suite` is for keys made from now on; what is stored says its own."""

    def __init__(
        self,
        objects: Objects,
        keys: WrappedKeys,
        values: Values,
        master: bytes,
        random: Callable[[int], bytes],
        suite: SuiteName = "international",
    ) -> None:
        self._objects = objects
        self._values = values
        self.keyring = Keyring(keys, master, random, suite)
        self._mac_key = hashlib.sha256(b"jianzheng/mac/1" + master).digest()
        self._random = random

    async def place(self, stream: str, tenant: str) -> None:
        """Whose stream this is: its data keys are wrapped by that tenant's key. Before anything is hidden in it."""
        await self.keyring.store.place(stream, tenant)

    # --- small values ----------------------------------------------------------------------------------------------

    async def hide(self, stream: str, retention: Retention, values: Mapping[str, Any]) -> dict[str, Commitment]:
        """Commit to each value and keep it encrypted. Durable when it returns; a value is any canonical JSON."""
        key = await self.keyring.key(stream, retention)
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
            key = await self.keyring.existing(stream, retention)
            if key is None:
                continue
            text = key.open(sealed, object_key(stream, retention, commitment))
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
        key = await self.keyring.key(stream, retention)

        def sealed() -> tuple[Commitment, bytes]:
            salted = (salt or self._random(SALT_BYTES)) + data
            commitment = b64(hashlib.sha256(salted).digest())
            # A repeat must be the same bytes (objects are create-only), so its nonce comes from what is sealed: the
            # same nonce can then only ever meet the same content.
            nonce = key.mac(f"nonce/{commitment}".encode())[:NONCE_BYTES] if salt else None
            return commitment, self._seal(key, salted, stream, retention, commitment, nonce)

        commitment, ciphertext = await _aside(len(data), sealed)
        await self._objects.put(object_key(stream, retention, commitment), ciphertext)
        return Media(commitment=commitment, bytes=len(data), type=media_type, retention=retention)

    async def get(self, stream: str, media: Media) -> bytes:
        """The file's bytes. ObjectErased when key or object is gone, ObjectCorrupt when it does not verify."""
        return (await self.get_salted(stream, media))[SALT_BYTES:]

    async def get_salted(self, stream: str, media: Media) -> bytes:
        """salt32 || bytes, as a bundle carries it."""
        key = await self.keyring.existing(stream, media.retention)
        if key is None:
            raise ObjectErased("key destroyed")
        place = object_key(stream, media.retention, media.commitment)
        sealed, opener = await self._objects.get(place), key

        def opened() -> bytes:
            salted = opener.open(sealed, place)
            if b64(hashlib.sha256(salted).digest()) != media.commitment:
                raise ObjectCorrupt("file does not match its commitment")
            return salted

        return await _aside(len(sealed), opened)

    # --- files that are no evidence ----------------------------------------------------------------------------------

    async def keep(self, stream: str, name: str, data: bytes) -> None:
        """A file made from evidence (an exported bundle); no event commits to it. Goes with the first class that is
        destroyed, because it may hold values of any."""
        key = await self.keyring.key(stream, KEPT)
        place = object_key(stream, KEPT, name)
        await self._objects.delete((place,))  # from a try whose event was never recorded
        sealed = await _aside(len(data), lambda: self._seal(key, data, stream, KEPT, name))
        await self._objects.put(place, sealed)

    async def kept(self, stream: str, name: str) -> bytes:
        """ObjectErased when it is gone."""
        key = await self.keyring.existing(stream, KEPT)
        if key is None:
            raise ObjectErased("key destroyed")
        place = object_key(stream, KEPT, name)
        sealed, opener = await self._objects.get(place), key
        return await _aside(len(sealed), lambda: opener.open(sealed, place))

    # --- erasure ---------------------------------------------------------------------------------------------------

    async def held(self, stream: str, retention: Retention) -> frozenset[Commitment]:
        """The small values of a class that are kept: which class a value is of stands with it, not in the chain."""
        return frozenset(await self._values.commitments(stream, retention))

    async def destroy(self, stream: str, media: Iterable[Media] = (), values: Iterable[Commitment] = ()) -> None:
        """Delete single files and values. Record `privacy.erased/1` first: what is not sealed did not happen.

        Their key lives on, so a backup of the files still opens under it: to erase evidence, `destroy_class`.
        """
        await self._objects.delete([object_key(stream, item.retention, item.commitment) for item in media])
        await self._values.delete(stream, values)

    async def destroy_class(self, stream: str, retention: Retention, because: int = 0) -> None:
        """Destroy the data key of a class: everything under it is unreadable from now on, in backups too.

        `because`: seq of the event that said so. With it go the bundles that were kept, and, except for faces (whose
        commands nobody can guess), the key that recognises repeated commands. What is hidden after the key was
        destroyed stands under a new one and is left alone.
        """
        values = await self._values.commitments(stream, retention)
        files = await self._objects.keys(f"{stream}/{retention}/") + await self._objects.keys(f"{stream}/{KEPT}/")
        names = (retention, KEPT) if retention == "biometric" else (retention, KEPT, COMMAND)
        await self._destroy(stream, names, because)
        await self._values.delete(stream, values)
        await self._objects.delete(files)

    async def discard(self, stream: str, erased: frozenset[Commitment]) -> int:
        """Delete what is left of erased values and files; how many there were."""
        files = [key for key in await self._objects.keys(f"{stream}/") if key.rpartition("/")[2] in erased]
        return await self._values.delete(stream, erased) + await self._objects.delete(files)

    async def is_destroyed(self, stream: str, retention: Retention, because: int) -> bool:
        """Whether the key was destroyed because of this event of the stream, or a later one."""
        return (await self.keyring.store.destroyed(stream)).get(retention, -1) >= because

    async def drop_kept(self, stream: str) -> None:
        """Destroy the files made from evidence: their key first."""
        await self._destroy(stream, (KEPT,))
        await self._objects.delete(await self._objects.keys(f"{stream}/{KEPT}/"))

    # --- keyed digests and short-lived secrets -----------------------------------------------------------------------

    async def mac(self, stream: str, data: bytes) -> str:
        """HMAC (hex) under a key of this case: recognises a repeat, reveals nothing. For `cmd`."""
        key = await self.keyring.lent(stream, COMMAND)
        return key.mac(data).hex()

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

    async def _destroy(self, stream: str, names: Iterable[str], because: int = 0) -> None:
        try:
            await self.keyring.store.destroy(stream, names, because)
        finally:  # after it, so that none looked up before can still be kept; a failure may have come after the commit
            self.keyring.take_back(stream)

    def _verifier(self, kind: str, name: str, secret: str) -> bytes:
        return hmac.new(self._mac_key, f"secret/{kind}/{name}/{secret}".encode(), hashlib.sha256).digest()

    def _seal(
        self, key: Key, data: bytes, stream: str, retention: str, commitment: str, nonce: bytes | None = None
    ) -> bytes:
        # The commitment in the associated data ties a ciphertext to the one event that names it: swapping two
        # ciphertexts, even within a case, does not open.
        return key.seal(nonce or self._random(NONCE_BYTES), data, object_key(stream, retention, commitment))


async def _aside(size: int, work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work) if size > ASIDE else work()


def object_key(stream: str, retention: str, commitment: str) -> str:
    return f"{stream}/{retention}/{commitment}"


__all__ = ["ASIDE", "SALT_BYTES", "Disclosure", "Objects", "Values", "Vault", "b64", "object_key", "unb64"]
