"""The auditor's own copies of public keys. Keys found inside a bundle prove nothing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from evidence.checkpoint import COSIGNATURE, ED25519, NoteKey
from evidence.errors import NotVerified
from evidence.verify.strict import sha256, text_lines, to_base64url
from evidence.witness.policy import NONE, Group, Policy, Witness

LOG, SEAL = "log.vkey", "seal.pub.pem"
DOCUMENT_CA, TSA_LOCAL, TSA_INDEPENDENT = "document-ca.pem", "tsa-root.pem", "tsa-independent.pem"
WITNESSES = "witnesses.vkey"
IN_BUNDLES = (LOG, SEAL, DOCUMENT_CA, TSA_LOCAL, TSA_INDEPENDENT, WITNESSES)

NOBODY = Policy((), (), NONE)
_PEM = re.compile(rb"-----BEGIN [A-Z ]+-----\n(?:[A-Za-z0-9+/=]+\n)+-----END [A-Z ]+-----\n")


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
    """`files`: the exact copies, by their names under `keys/`. `from_bundle` lowers every verdict.

    `policy`: whose cosignatures count, and how many. `tsa_policies`: the only accepted ones of a time authority; empty:
    any of an authority whose root is here.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    from_bundle: bool = False
    policy: Policy = NOBODY
    tsa_policies: tuple[str, ...] = ()

    @classmethod
    def load(cls, folder: Path) -> "TrustedKeys":
        """Every known name in a folder. NotVerified when a file is not what its name says."""
        return cls.of({name: (folder / name).read_bytes() for name in IN_BUNDLES if (folder / name).is_file()})

    @classmethod
    def of(
        cls,
        files: Mapping[str, bytes],
        from_bundle: bool = False,
        policy: Policy | None = None,
        tsa_policies: tuple[str, ...] = (),
    ) -> "TrustedKeys":
        """`policy` None: any one of the witnesses in `files` will do."""
        keys = cls(dict(files), from_bundle, tsa_policies=tsa_policies)
        _ = keys.logs, keys.seals
        for name in (DOCUMENT_CA, TSA_LOCAL, TSA_INDEPENDENT):
            keys.roots(name)
        return replace(keys, policy=_any_of(keys.witnesses) if policy is None else policy)

    @property
    def logs(self) -> Sequence[NoteKey]:
        """More than one after a rotation."""
        return self._note_keys(LOG, ED25519)

    @property
    def log(self) -> NoteKey | None:
        """The newest: files of keys grow at their end."""
        return self.logs[-1] if self.logs else None

    @property
    def seals(self) -> Sequence[SealKey]:
        """More than one after a rotation."""
        found = []
        for pem in units(SEAL, self.files[SEAL]) if SEAL in self.files else ():
            try:
                public = load_pem_public_key(pem)
            except ValueError:
                raise NotVerified("not a public key", record=SEAL) from None
            if not isinstance(public, Ed25519PublicKey) or seal_pem(public) != pem:
                raise NotVerified("not an Ed25519 key in exact PEM", record=SEAL)
            found.append(SealKey(public))
        return found

    @property
    def witnesses(self) -> Sequence[NoteKey]:
        """In the order of their lines in a cosigned checkpoint."""
        return self._note_keys(WITNESSES, COSIGNATURE)

    def _note_keys(self, name: str, kind: bytes) -> Sequence[NoteKey]:
        if name not in self.files:
            return ()
        found = [NoteKey.parse(line) for line in text_lines(self.files[name], name)]
        if any(key.kind != kind for key in found) or len(set(found)) != len(found):
            raise NotVerified("a key of another kind, or one twice", record=name)
        return found

    def roots(self, name: str) -> list[x509.Certificate]:
        if name not in self.files:
            return []
        try:
            return x509.load_pem_x509_certificates(self.files[name])
        except ValueError:
            raise NotVerified("not certificates", record=name) from None


def _any_of(witnesses: Sequence[NoteKey]) -> Policy:
    """What an auditor with keys and without a policy is taken to want."""
    named = tuple(Witness(f"w{number}", key, None) for number, key in enumerate(witnesses))
    group = Group(1, tuple(witness.name for witness in named))
    return Policy((), named, "any", {"any": group}) if named else NOBODY


def units(name: str, data: bytes) -> list[bytes]:
    """The keys of a file one by one, in the bytes they stand in. A file of another form is one unit."""
    if name.endswith(".vkey"):
        return data.splitlines(keepends=True)
    found = _PEM.findall(data)
    return found if found and b"".join(found) == data else [data]


def seal_pem(public: Ed25519PublicKey) -> bytes:
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def log_vkey_file(key: NoteKey) -> bytes:
    return f"{key.vkey}\n".encode()


def adopted(public_spki: bytes) -> str:
    """As `key.adopted/1` names a key."""
    return to_base64url(public_spki)
