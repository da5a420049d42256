"""The auditor's own policy in one file: which log, which witnesses and how many, and whose keys besides.

A C2SP tlog-policy as `evidence/witness/policy.py` reads it. What that format has no words for stands in comments that
other readers of it skip: `# jianzheng seal <SPKI>`, `# jianzheng document-ca|tsa-root|tsa-independent <certificate>`
(base64 of DER) and `# jianzheng tsa-policy <OID>`; docs/BUNDLE.md section 10.
"""

import re
from collections.abc import Mapping

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key

from evidence.checkpoint import from_base64
from evidence.errors import NotVerified
from evidence.verify.keys import (
    DOCUMENT_CA,
    LOG,
    SEAL,
    TSA_INDEPENDENT,
    TSA_LOCAL,
    WITNESSES,
    TrustedKeys,
    seal_pem,
)
from evidence.witness.policy import Policy

_OURS = re.compile(r"#[ \t]*jianzheng[ \t]+(.*)", re.ASCII)
_OID = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]{0,38})){1,31}", re.ASCII)
_CERTIFICATES = {"document-ca": DOCUMENT_CA, "tsa-root": TSA_LOCAL, "tsa-independent": TSA_INDEPENDENT}


def read(data: bytes, files: Mapping[str, bytes] | None = None) -> TrustedKeys:
    """The keys that the policy names, and of `files` (by their names under `keys/`) those of other kinds.

    NotVerified names the first bad line.
    """
    policy = Policy.parse(data)
    found: dict[str, bytes] = {}
    oids: list[str] = []
    for number, line in enumerate(data.decode("latin-1").split("\n"), 1):
        ours = _OURS.match(line.strip(" \t"))
        if ours is None:
            continue
        try:
            _take(re.split(r"[ \t]+", ours[1]), found, oids)
        except NotVerified as error:
            raise NotVerified(f"policy line {number}: {error.detail}") from None
    if policy.logs:
        found[LOG] = "".join(f"{key.vkey}\n" for key in policy.logs).encode()
    if policy.witnesses:
        found[WITNESSES] = policy.vkeys
    others = {name: data for name, data in (files or {}).items() if name != WITNESSES}
    return TrustedKeys.of(others | found, policy=policy, tsa_policies=tuple(oids))


def _take(words: list[str], files: dict[str, bytes], oids: list[str]) -> None:
    match words:
        case ["seal", value]:
            name, pem = SEAL, _public(value)
        case [("document-ca" | "tsa-root" | "tsa-independent") as kind, value]:
            name, pem = _CERTIFICATES[kind], _certificate(value)
        case ["tsa-policy", oid] if _OID.fullmatch(oid) and oid not in oids:
            oids.append(oid)
            return
        case _:
            raise NotVerified("not a line of ours")
    if pem in files.get(name, b""):
        raise NotVerified("a key twice")
    files[name] = files.get(name, b"") + pem


def _public(value: str) -> bytes:
    try:
        key = load_der_public_key(from_base64(value))
    except ValueError:
        raise NotVerified("not a public key") from None
    if not isinstance(key, Ed25519PublicKey):
        raise NotVerified("not an Ed25519 key")
    return seal_pem(key)


def _certificate(value: str) -> bytes:
    try:
        return x509.load_der_x509_certificate(from_base64(value)).public_bytes(Encoding.PEM)
    except ValueError:
        raise NotVerified("not a certificate") from None
