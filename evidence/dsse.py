"""DSSE envelopes: what is signed, and opening one that somebody else signed (github.com/secure-systems-lab/dsse v1)."""

import base64
import binascii

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from evidence import decode
from evidence.errors import Error, NotVerified
from evidence.events.envelope import Frozen


class Signature(Frozen, frozen=True, kw_only=True):
    sig: str
    keyid: str = ""


class Envelope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"kind": "payloadType"}):
    payload: str
    kind: str
    signatures: tuple[Signature, ...]


def pae(kind: str, payload: bytes) -> bytes:
    """The pre-authentication encoding: the bytes that are signed."""
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload)


def opened(data: bytes, kind: str, key: Ed25519PublicKey) -> bytes:
    """The payload, if it is of this kind and this key signed it. NotVerified otherwise."""
    try:
        envelope = decode.decode(data, Envelope)
        payload = base64.b64decode(envelope.payload, validate=True)
        signatures = [base64.b64decode(one.sig, validate=True) for one in envelope.signatures]
    except (Error, binascii.Error) as error:
        raise NotVerified(f"no envelope: {error}") from None
    if envelope.kind != kind:
        raise NotVerified("another payload type")
    for signature in signatures:
        try:
            key.verify(signature, pae(kind, payload))
        except InvalidSignature:
            continue
        return payload
    raise NotVerified("not signed by the expected key")
