"""The auditor's own copies of public keys. Keys found inside a bundle prove nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from evidence.checkpoint import COSIGNATURE, ED25519, NoteKey
from evidence.errors import NotVerified
from evidence.verify.strict import sha256, text_lines, to_base64url

LOG, SEAL = "log.vkey", "seal.pub.pem"
DOCUMENT_CA, TSA_LOCAL, TSA_INDEPENDENT = "document-ca.pem", "tsa-root.pem", "tsa-independent.pem"
WITNESSES = "witnesses.vkey"
IN_BUNDLES = (LOG, SEAL, DOCUMENT_CA, TSA_LOCAL, TSA_INDEPENDENT, WITNESSES)


@dataclass(frozen=True)
class SealKey:
    public: Ed25519PublicKey

    @property
    def spki(self) -> bytes:
        return self.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def id(self) -> str:
        """DSSE `keyid`: SHA-256 of the SPKI DER."""
        return sha256(self.spki)

    def verify(self, signature: bytes, message: bytes) -> None:
        try:
            self.public.verify(signature, message)
        except InvalidSignature:
            raise NotVerified("signature does not verify") from None


@dataclass(frozen=True)
class TrustedKeys:
    """`files`: the exact copies, by their names under `keys/`. `from_bundle` lowers every verdict."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    from_bundle: bool = False
    quorum: int = 0  # witnesses that must have signed; 0: no policy

    @classmethod
    def load(cls, folder: Path) -> "TrustedKeys":
        """Every known name in a folder. NotVerified when a file is not what its name says."""
        return cls.of({name: (folder / name).read_bytes() for name in IN_BUNDLES if (folder / name).is_file()})

    @classmethod
    def of(cls, files: Mapping[str, bytes], from_bundle: bool = False) -> "TrustedKeys":
        keys = cls(dict(files), from_bundle, 1 if WITNESSES in files else 0)
        for read in (lambda: keys.log, lambda: keys.seal, lambda: keys.witnesses):
            read()
        for name in (DOCUMENT_CA, TSA_LOCAL, TSA_INDEPENDENT):
            keys.roots(name)
        return keys

    @property
    def log(self) -> NoteKey | None:
        if LOG not in self.files:
            return None
        lines = text_lines(self.files[LOG], LOG)
        key = NoteKey.parse(lines[0])
        if len(lines) != 1 or key.kind != ED25519:
            raise NotVerified("not one verifier key", record=LOG)
        return key

    @property
    def seal(self) -> SealKey | None:
        if SEAL not in self.files:
            return None
        try:
            public = load_pem_public_key(self.files[SEAL])
        except ValueError:
            raise NotVerified("not a public key", record=SEAL) from None
        if not isinstance(public, Ed25519PublicKey) or seal_pem(public) != self.files[SEAL]:
            raise NotVerified("not an Ed25519 key in exact PEM", record=SEAL)
        return SealKey(public)

    @property
    def witnesses(self) -> Sequence[NoteKey]:
        if WITNESSES not in self.files:
            return ()
        found = [NoteKey.parse(line) for line in text_lines(self.files[WITNESSES], WITNESSES)]
        if any(key.kind != COSIGNATURE for key in found):
            raise NotVerified("not a witness key", record=WITNESSES)
        return found

    def roots(self, name: str) -> list[x509.Certificate]:
        if name not in self.files:
            return []
        try:
            return x509.load_pem_x509_certificates(self.files[name])
        except ValueError:
            raise NotVerified("not certificates", record=name) from None


def seal_pem(public: Ed25519PublicKey) -> bytes:
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def log_vkey_file(key: NoteKey) -> bytes:
    return f"{key.vkey}\n".encode()


def adopted(public_spki: bytes) -> str:
    """As `key.adopted/1` names a key."""
    return to_base64url(public_spki)
