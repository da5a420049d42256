"""A log of numbered entries and what it can say about itself, honest or not."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.checkpoint import Checkpoint, NoteKey, sign
from evidence.merkle import consistency, leaf_hash, nodes_of, root
from evidence.witness.protocol import write_submission

ORIGIN = "jianzheng.test/log"


@dataclass
class Tree:
    """`face`: two trees with another one differ from the first entry on."""

    key: Ed25519PrivateKey = field(default_factory=lambda: Ed25519PrivateKey.from_private_bytes(b"l" * 32))
    origin: str = ORIGIN
    face: str = "true"

    @property
    def public(self) -> NoteKey:
        return NoteKey(self.origin, self.key.public_key().public_bytes_raw())

    def head(self, size: int) -> Checkpoint:
        return Checkpoint(self.origin, size, root(size, nodes_of(self._leaves(size)) if size else lambda *_: b""))

    def note(self, size: int) -> bytes:
        return sign(self.head(size), self.key)

    def proof(self, old: int, new: int) -> tuple[bytes, ...]:
        return consistency(old, new, nodes_of(self._leaves(new))) if 0 < old < new else ()

    def body(self, old: int, new: int) -> bytes:
        """What an honest log posts."""
        return write_submission(old, self.proof(old, new), self.note(new))

    def _leaves(self, size: int) -> list[bytes]:
        return [leaf_hash(f"{self.face} {number}".encode()) for number in range(size)]
