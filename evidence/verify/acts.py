"""Step 10. The customer's own key signed the act: the operator alone cannot forge one (docs/BUNDLE.md section 6)."""

from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from evidence.errors import NotVerified
from evidence.verify.chain import Chain, Record
from evidence.verify.strict import canonical, from_base64url, members, sha256, text, to_base64url


def check(chain: Chain) -> int:
    """How many acts were verified."""
    nonces: set[str] = set()
    documents: set[str] = set()
    for record in chain.of("esign.document_signed/1"):
        act = members(record.body["act"], ("nonce", "signature", "thumbprint"), record=record.name)
        # 10.1 one signature a paper, one use a nonce
        if act["nonce"] in nonces or record.body["document"] in documents:
            raise NotVerified("signed twice, or a nonce used twice", record=record.name)
        nonces.add(text(act["nonce"], record.name))
        documents.add(record.body["document"])
        # 10.2 in a session of this customer, open at the time
        session = session_of(chain, record)
        # 10.3 by the key of that session
        verify_act(chain.stream, record, act, session.body["key"])
    return len(documents)


def session_of(chain: Chain, record: Record) -> Record:
    opened = session_named(chain, record.actor.get("session"), record)
    body = opened.body
    if record.actor["role"] != "customer" or body["customer"] != record.actor["id"]:
        raise NotVerified("not the customer's own session", record=record.name)
    if body["party"] != record.body["party"] or body["thumbprint"] != record.body["act"]["thumbprint"]:
        raise NotVerified("the session is of another person or device", record=record.name)
    if not opened.at <= record.at <= body["expires"]:
        raise NotVerified("the session was not open", record=record.name)
    return opened


def session_named(chain: Chain, session: Any, record: Record) -> Record:
    for opened in chain.of("case.session_opened/1"):
        if opened.seq < record.seq and opened.body["session"] == session:
            return opened
    raise NotVerified("no such session was opened before", record=record.name)


def message(stream: str, body: Mapping[str, Any]) -> bytes:
    """Exactly what the browser signed."""
    return canonical(
        {
            "case": stream,
            "document": body["shown_sha256"],
            "nonce": body["act"]["nonce"],
            "opinion": body["opinion"],
            "strokes": body["strokes"]["commitment"],
        }
    )


def verify_act(stream: str, record: Record, act: Mapping[str, Any], jwk: Any) -> None:
    key = members(jwk, ("crv", "kty", "x", "y"), record=record.name)
    if key["crv"] != "P-256" or key["kty"] != "EC":
        raise NotVerified("not a P-256 key", record=record.name)
    # RFC 7638: the thumbprint binds the key that the session was opened with.
    if to_base64url(bytes.fromhex(sha256(canonical(key)))) != act["thumbprint"]:
        raise NotVerified("thumbprint is not of the session's key", record=record.name)
    x, y = (int.from_bytes(from_base64url(key[name], 32, record.name), "big") for name in ("x", "y"))
    signature = from_base64url(act["signature"], record=record.name)
    try:
        if encode_dss_signature(*decode_dss_signature(signature)) != signature:
            raise NotVerified("signature is not exact DER", record=record.name)
        public = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
        public.verify(signature, message(stream, record.body), ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        raise NotVerified("the act is not signed by the customer's key", record=record.name) from None
