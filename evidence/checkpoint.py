"""What the log signs: C2SP checkpoints (signed notes, Ed25519) and `.tlog-proof` files. Pure.

Strict where the format is lenient, because every leniency is a place where a changed bundle could still pass: base64
round-trips, decimals have no second spelling, signature lines come in one order and unknown ones are refused.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from evidence.errors import NotVerified

ED25519 = b"\x01"  # signed-note signature type
COSIGNATURE = b"\x04"  # tlog-cosignature: timestamped Ed25519

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,15}")
_NAME = re.compile(r"[A-Za-z0-9._/-]{1,200}")
_HASH = re.compile(r"[A-Za-z0-9+/]{43}=")
_DASH = "\u2014"
PROOF_HEADER = "c2sp.org/tlog-proof@v1"
MAX_NOTE = 16 * 1024
MAX_INT = 2**53 - 1  # what every reader of JSON and JavaScript holds exactly


@dataclass(frozen=True)
class NoteKey:
    """A verifier key. `kind` is the signature type byte: ED25519 for a log, COSIGNATURE for a witness."""

    name: str
    public: bytes  # 32 bytes, RFC 8032
    kind: bytes = ED25519

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + self.kind + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """`<name>+<hex id>+<base64 key>`, one line without LF."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(self.kind + self.public).decode()}"

    @classmethod
    def parse(cls, vkey: str) -> "NoteKey":
        """NotVerified unless it is exactly what `vkey` writes. The name is the origin of a log."""
        name, _, rest = vkey.partition("+")
        _, _, encoded = rest.partition("+")
        raw = from_base64(encoded)
        key = cls(name, raw[1:], raw[:1])
        kind_known = key.kind in (ED25519, COSIGNATURE)
        if not (_NAME.fullmatch(name) and len(key.public) == 32 and kind_known and key.vkey == vkey):
            raise NotVerified("not a verifier key")
        return key

    def verify(self, signature: bytes, message: bytes) -> None:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            raise NotVerified(f"signature of {self.name} does not verify") from None


@dataclass(frozen=True)
class Checkpoint:
    """A tree head: `root` over the first `size` leaves of the log `origin`."""

    origin: str
    size: int
    root: bytes

    @property
    def body(self) -> bytes:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n".encode()


@dataclass(frozen=True)
class Cosignature:
    """A witness saw this tree head, consistent with all it saw before, at `time` (POSIX seconds)."""

    witness: str
    time: int


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> bytes:
    """The signed note, under the log's key whose name is the origin."""
    public = NoteKey(checkpoint.origin, key.public_key().public_bytes_raw())
    signature = base64.b64encode(public.id + key.sign(checkpoint.body)).decode()
    return checkpoint.body + f"\n{_DASH} {checkpoint.origin} {signature}\n".encode()


def open_checkpoint(
    note: bytes, log: NoteKey, witnesses: Sequence[NoteKey] = ()
) -> tuple[Checkpoint, tuple[Cosignature, ...]]:
    """Verify a signed checkpoint. The log's line comes first, then at most one line a witness, in the order given."""
    checkpoint, lines = split_note(note)
    if checkpoint.origin != log.name:
        raise NotVerified(f"checkpoint of another log: {checkpoint.origin}")
    if not lines:
        raise NotVerified("checkpoint is not signed")
    log.verify(_signature(lines[0], log, 64), checkpoint.body)
    waiting = list(witnesses)
    seen: list[Cosignature] = []
    for line in lines[1:]:
        while waiting and not line.startswith(f"{_DASH} {waiting[0].name} "):
            waiting.pop(0)
        if not waiting:
            raise NotVerified("signature line of nobody we know, or out of order")
        seen.append(read_cosignature(line, checkpoint, waiting.pop(0)))
    return checkpoint, tuple(seen)


def without_witnesses(note: bytes) -> bytes:
    """The note with the log's own signature line alone: what it says whatever a policy says of witnesses now."""
    body, gap, lines = note.partition(b"\n\n")
    return body + gap + lines.partition(b"\n")[0] + b"\n"


def cosign(checkpoint: Checkpoint, name: str, key: Ed25519PrivateKey, time: int) -> bytes:
    """A witness's signature line with its LF (C2SP tlog-cosignature, Ed25519). `time`: POSIX seconds."""
    public = NoteKey(name, key.public_key().public_bytes_raw(), COSIGNATURE)
    stamped = time.to_bytes(8, "big") + key.sign(_cosigned(checkpoint, time))
    return f"{_DASH} {name} {base64.b64encode(public.id + stamped).decode()}\n".encode()


def read_cosignature(line: str, checkpoint: Checkpoint, witness: NoteKey) -> Cosignature:
    """A signature line without its LF, verified. NotVerified unless it is this witness's, over this checkpoint."""
    raw = _signature(line, witness, 72)
    time = int.from_bytes(raw[:8], "big")
    if time >= 1 << 63:
        raise NotVerified("time of a cosignature is out of range")
    witness.verify(raw[8:], _cosigned(checkpoint, time))
    return Cosignature(witness.name, time)


def _cosigned(checkpoint: Checkpoint, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n".encode() + checkpoint.body


def write_proof(index: int, hashes: Sequence[bytes], note: bytes) -> bytes:
    """A C2SP `.tlog-proof` without extra data."""
    lines = [PROOF_HEADER, f"index {index}", *(base64.b64encode(item).decode() for item in hashes), ""]
    return "".join(line + "\n" for line in lines).encode() + note


def read_proof(data: bytes) -> tuple[int, tuple[bytes, ...], bytes]:
    """(leaf index, hashes, signed checkpoint). NotVerified unless it is what `write_proof` writes."""
    head, gap, note = data.partition(b"\n\n")
    lines = _text(head).split("\n")
    if not gap or len(lines) < 2 or lines[0] != PROOF_HEADER or not lines[1].startswith("index "):
        raise NotVerified("not a tlog-proof")
    index = _decimal(lines[1].removeprefix("index "))
    return index, tuple(_hash(line) for line in lines[2:]), note


def from_base64(text: str) -> bytes:
    """Standard base64 that round-trips; NotVerified otherwise."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NotVerified("not base64") from None
    if base64.b64encode(raw).decode() != text:
        raise NotVerified("base64 has a second spelling")
    return raw


def split_note(note: bytes) -> tuple[Checkpoint, list[str]]:
    """(tree head, signature lines), nothing verified. NotVerified unless it has the shape of a signed checkpoint."""
    if len(note) > MAX_NOTE:
        raise NotVerified("checkpoint is too long")
    body, gap, signatures = _text(note).partition("\n\n")
    lines = body.split("\n")
    if not gap or len(lines) != 3 or not signatures.endswith("\n") or not _NAME.fullmatch(lines[0]):
        raise NotVerified("not a signed checkpoint")
    return Checkpoint(lines[0], _decimal(lines[1]), _hash(lines[2])), signatures[:-1].split("\n")


def _signature(line: str, key: NoteKey, length: int) -> bytes:
    prefix = f"{_DASH} {key.name} "
    if not line.startswith(prefix):
        raise NotVerified(f"signature line is not of {key.name}")
    raw = from_base64(line.removeprefix(prefix))
    if raw[:4] != key.id or len(raw) != 4 + length:
        raise NotVerified(f"signature is not by the key of {key.name}")
    return raw[4:]


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise NotVerified("not UTF-8") from None


def _decimal(text: str) -> int:
    if not _DECIMAL.fullmatch(text) or int(text) > MAX_INT:
        raise NotVerified("not a plain decimal")
    return int(text)


def _hash(text: str) -> bytes:
    if not _HASH.fullmatch(text):
        raise NotVerified("not a hash in base64")
    return from_base64(text)
