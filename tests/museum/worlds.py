"""Worlds that are the same every time: keys, clock, chance, time authority and witnesses all come from one seed.

The keys are derived here, in the open, and are worth nothing: they make exhibits, and no service ever uses them.
"""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from evidence.bundle import BundlePorts
from evidence.checkpoint import COSIGNATURE, Checkpoint, NoteKey, cosign
from evidence.ciphers import SuiteName
from evidence.events import KeyAdopted, KeyRetired, Stamp
from evidence.sealer import SealPorts
from evidence.sequencer import Sequencer
from evidence.tsa import LocalTsa
from evidence.vault import Vault, b64
from evidence.verify.keys import DOCUMENT_CA, LOG, SEAL, TSA_INDEPENDENT, TSA_LOCAL, WITNESSES, log_vkey_file, seal_pem
from tests.evidence.fakes import NOON, CountedRandom, FixedClock, MemoryKeys, MemoryValues
from tests.proof.paper import authority, p256
from tests.proof.story import KEYS, SYSTEM, World

START, END = NOON - timedelta(days=300), NOON + timedelta(days=7_000)


def ed25519(secret: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(secret.encode()).digest())


# --- an authority for time --------------------------------------------------------------------------------------------


@cache
def rsa_key(secret: str) -> rsa.RSAPrivateKey:
    """2048 bits from a secret: no library makes an RSA key twice."""
    p, q = _primes(secret)
    e = 65537
    d = pow(e, -1, math.lcm(p - 1, q - 1))
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(e, p * q))
    return numbers.private_key()


def _primes(secret: str) -> tuple[int, int]:
    found = (number for number in _odd(secret) if _is_prime(number))
    return next(found), next(found)


def _odd(secret: str) -> Iterator[int]:
    count = 0
    while True:
        count += 1
        drawn = int.from_bytes(hashlib.shake_256(f"{secret}/{count}".encode()).digest(128), "big")
        yield drawn | 3 << 1022 | 1


def _is_prime(number: int) -> bool:
    """Fermat for a few bases: a number drawn at random that fools them would be news."""
    return all(number % small for small in (3, 5, 7, 11, 13, 17, 19, 23)) and all(
        pow(base, number - 1, number) == 1 for base in (2, 3, 5, 7, 11)
    )


def time_authority(who: str, clock: FixedClock) -> LocalTsa:
    """`who` is its name and its secret."""
    root_key, key = p256(who.encode()), rsa_key(who)
    root_name, name = _name(f"{who} root (not production)"), _name(f"{who} (not production)")
    root = (
        x509.CertificateBuilder(root_name, root_name, root_key.public_key(), 1, START, END)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(root_key, hashes.SHA256(), ecdsa_deterministic=True)
    )
    certificate = (
        x509.CertificateBuilder(root_name, name, key.public_key(), 2, START, END)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(root_key, hashes.SHA256(), ecdsa_deterministic=True)
    )
    return LocalTsa(key, certificate, root, clock, CountedRandom(who))


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


# --- worlds -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Witness:
    """An organisation that signs what it has seen of the log."""

    name: str

    @property
    def key(self) -> Ed25519PrivateKey:
        return ed25519(self.name)

    @property
    def public(self) -> NoteKey:
        return NoteKey(self.name, self.key.public_key().public_bytes_raw(), COSIGNATURE)


@dataclass
class Witnessed:
    """The tree head as all `witnesses` saw it just now."""

    sequencer: Sequencer
    witnesses: tuple[Witness, ...]
    clock: FixedClock

    async def head(self) -> tuple[Checkpoint, bytes]:
        head = await self.sequencer.catch_up()
        note = self.sequencer.note
        assert note is not None
        seen = int(self.clock().timestamp())
        return head, note + b"".join(cosign(head, item.name, item.key, seen) for item in self.witnesses)


@dataclass
class Room(World):
    """A world from a seed. `outside`: time and witnesses are other organisations, else the operator's own time only.

    `retired`: seal keys that were in service before.
    """

    seed: str = "museum"
    outside: bool = False
    suite: SuiteName = "international"
    witnesses: tuple[Witness, ...] = ()
    retired: tuple[Ed25519PrivateKey, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        self.vault = Vault(self.objects, MemoryKeys(), MemoryValues(), b"m" * 32, self.random, self.suite)
        self.seals = SealPorts(self.ledger, self.vault, self.objects, self.seal_key, self.clock, self.tsa)
        cosigned = Witnessed(self.sequencer, self.witnesses, self.clock) if self.witnesses else None
        self.bundles = BundlePorts(self.ledger, self.vault, self.objects, self.sequencer, self.tsa, cosigned)

    @property
    def keys(self) -> dict[str, bytes]:
        found = {
            LOG: log_vkey_file(self.sequencer.public),
            SEAL: b"".join(seal_pem(key.public_key()) for key in (*self.retired, self.seal_key)),
            DOCUMENT_CA: self.papers.pem,
            TSA_INDEPENDENT if self.outside else TSA_LOCAL: self.tsa.root.public_bytes(Encoding.PEM),
        }
        if self.witnesses:
            found[WITNESSES] = "".join(f"{item.public.vkey}\n" for item in self.witnesses).encode()
        return found

    async def rotate_the_seal_key(self) -> None:
        """The new one is adopted before the old one leaves."""
        old, new = self.seal_key, ed25519(f"{self.seed}/seal {len(self.retired) + 2}")
        adopted = KeyAdopted(
            key="seal-2", purpose="seal", algorithm="ed25519", public=b64(_spki(new)), protection="file"
        )
        retired = KeyRetired(key="seal-1", purpose="seal", public=b64(_spki(old)), reason="rotated")
        for body in (adopted, retired):
            await self.ledger.note(KEYS, (body,), Stamp(actor=SYSTEM, at=self.clock.forward(1)))
        self.retired, self.seal_key = (*self.retired, old), new
        self.seals = SealPorts(self.ledger, self.vault, self.objects, new, self.clock, self.tsa)
        self.clock.forward(1)

    def customer_key(self, stream: str) -> ec.EllipticCurvePrivateKey:
        return p256(f"{self.seed}/{stream}".encode())


def _spki(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


OUTSIDERS = (Witness("witness.example.org/w1"), Witness("notary.example.cn/w2"))


def room(
    seed: str = "museum",
    *,
    outside: bool = False,
    witnesses: tuple[Witness, ...] | None = None,
    suite: SuiteName = "international",
) -> Room:
    """Fresh, but the same every time. `witnesses` None: some, where time comes from outside, too."""
    clock = FixedClock()
    return Room(
        time_authority("time.example.org" if outside else f"{seed} TSA", clock),
        authority(f"{seed}/papers".encode()),
        clock,
        CountedRandom(seed),
        seal_key=ed25519(f"{seed}/seal"),
        log_key=ed25519(f"{seed}/log"),
        seed=seed,
        outside=outside,
        suite=suite,
        witnesses=witnesses if witnesses is not None else OUTSIDERS if outside else (),
    )
