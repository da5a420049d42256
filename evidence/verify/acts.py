"""Step 10. The customer's own key signed the act, and the capture of the face: the operator alone can forge neither.

docs/BUNDLE.md section 6.
"""

from collections.abc import Sequence
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from evidence.errors import NotVerified
from evidence.verify.chain import Chain
from evidence.verify.fields import MATCH, Field
from evidence.verify.records import Record, instant
from evidence.verify.strict import (
    HEX64,
    canonical,
    from_base64url,
    mapping,
    members,
    parse_json,
    sha256,
    text,
    texts,
    to_base64url,
)

LIVENESS = "identity.liveness_judged/1"
CLAIMED = ("at", "attestation", "camera")  # what the phone says of itself, signed with the rest


def check(chain: Chain, fields: Sequence[Field]) -> tuple[int, int]:
    """How many acts and how many captures were verified. `fields`: what step 7 opened."""
    nonces: set[str] = set()
    documents: set[str] = set()
    for record in chain.of("esign.document_signed/1"):
        act = members(record.body.get("act"), ("nonce", "signature", "thumbprint"), record=record.name)
        # 10.1 one signature a paper, one use a nonce
        nonce, document = text(act["nonce"], record.name), text(record.body.get("document"), record.name)
        if nonce in nonces or document in documents:
            raise NotVerified("signed twice, or a nonce used twice", record=record.name)
        nonces.add(nonce)
        documents.add(document)
        # 10.2 in a session of this customer, open at the time
        session = session_of(chain, record, act["thumbprint"])
        # 10.3 by the key of that session
        if not signed_by(session, message(chain.stream, record), act["signature"], record):
            raise NotVerified("the act is not signed by the customer's key", record=record.name)
    # 10.4 the capture of the face was made for this challenge, and signed by the same kind of key
    opened = {field.place.seq: field.shown for field in fields if field.state == MATCH}
    captures = [record for record in chain.of(LIVENESS) if record.seq in opened]
    for record in captures:
        _check_capture(chain, record, text(opened[record.seq], record.name))
    return len(documents), len(captures)


def session_of(chain: Chain, record: Record, thumbprint: Any) -> Record:
    """The customer's session in which `record` happened. NotVerified when it is another's, or was over."""
    opened = session_named(chain, record.actor.get("session"), record)
    body = opened.body
    if record.actor["role"] != "customer" or body.get("customer") != record.actor["id"]:
        raise NotVerified("not the customer's own session", record=record.name)
    party = text(record.body.get("party"), record.name)
    if body.get("party") != party or body.get("thumbprint") != text(thumbprint, record.name):
        raise NotVerified("the session is of another person or device", record=record.name)
    if (
        not instant(opened.at, opened.name)
        <= instant(record.at, record.name)
        <= instant(body.get("expires"), opened.name)
    ):
        raise NotVerified("the session was not open", record=record.name)
    return opened


def session_named(chain: Chain, session: Any, record: Record) -> Record:
    for opened in chain.of("case.session_opened/1"):
        if opened.seq < record.seq and isinstance(session, str) and opened.body.get("session") == session:
            return opened
    raise NotVerified("no such session was opened before", record=record.name)


def message(stream: str, record: Record) -> bytes:
    """Exactly what the browser signed."""
    body, name = record.body, record.name
    return canonical(
        {
            "case": stream,
            "document": text(body.get("shown_sha256"), name),
            "nonce": text(mapping(body.get("act"), name).get("nonce"), name),
            "opinion": text(body.get("opinion"), name),
            "strokes": text(mapping(body.get("strokes"), name).get("commitment"), name),
        }
    )


def signed_by(session: Record, signed: bytes, signature: Any, record: Record) -> bool:
    """Whether `signature` (base64url, strict DER) is the session key's over `signed`."""
    key = members(session.body.get("key"), ("crv", "kty", "x", "y"), record=record.name)
    if key["crv"] != "P-256" or key["kty"] != "EC":
        raise NotVerified("not a P-256 key", record=record.name)
    # RFC 7638: the thumbprint binds the key that the session was opened with.
    if to_base64url(bytes.fromhex(sha256(canonical(key)))) != session.body.get("thumbprint"):
        raise NotVerified("thumbprint is not of the session's key", record=record.name)
    x, y = (int.from_bytes(from_base64url(key[name], 32, record.name), "big") for name in ("x", "y"))
    der = from_base64url(signature, record=record.name)
    try:
        if encode_dss_signature(*decode_dss_signature(der)) != der:
            return False
        EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key().verify(der, signed, ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def _check_capture(chain: Chain, record: Record, statement: str) -> None:
    body, name = record.body, record.name
    challenge = text(body.get("challenge"), name)
    issued = [
        item
        for item in chain.of("identity.challenge_issued/1")
        if item.seq < record.seq and item.body.get("challenge") == challenge
    ]
    if len(issued) != 1 or issued[0].body.get("party") != text(body.get("party"), name):
        raise NotVerified("judged for a challenge that was not issued once, to this person", record=name)
    asked = issued[0].body
    bound = ("paper",) if asked.get("paper") is not None else ()
    wanted = ("actions", "case", "challenge", "frames", "nonce", *bound)
    signed = members(parse_json(statement.encode(), name), wanted, CLAIMED, record=name)
    said = {key: signed[key] for key in wanted}
    expected = {
        "actions": texts(asked.get("actions"), name),
        "case": chain.stream,
        "challenge": challenge,
        "frames": [text(frame, name, HEX64) for frame in texts(said["frames"], name)],
        "nonce": text(asked.get("nonce"), name),
    } | {key: text(asked.get(key), name) for key in bound}
    if canonical(said) != canonical(expected) or len(expected["frames"]) != len(texts(body.get("frames", []), name)):
        raise NotVerified("the device signed for another challenge", record=name)
    session = session_of(chain, record, asked.get("thumbprint"))
    if not signed_by(session, statement.encode(), body.get("signature"), record):
        raise NotVerified("the capture is not signed by the customer's key", record=name)
