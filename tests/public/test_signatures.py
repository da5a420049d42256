"""Wycheproof through our own use of it: every place where the proof code checks a signature judges as the vectors say.

The browser's Ed25519 (twice) and P-256 meet the same vectors in static/test/verifier/crypto.test.ts.
"""

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from esign import acts as at_the_door
from esign.errors import ActInvalid
from evidence.checkpoint import COSIGNATURE, ED25519, NoteKey
from evidence.errors import NotVerified
from evidence.verify.acts import signed_by
from evidence.verify.keys import SealKey
from evidence.verify.records import Record
from evidence.verify.strict import canonical, sha256, to_base64url
from tests.public import needs, wycheproof

Check = Callable[[bytes, bytes, bytes], bool]
"""(public key, signature, message) → whether it is accepted."""


def cases(name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for group in wycheproof(name):
        for case in group["tests"]:
            yield group, case


def accepted(check: Callable[[], None]) -> bool:
    try:
        check()
    except (NotVerified, ActInvalid):
        return False
    return True


# --- Ed25519: logs, witnesses, seals ----------------------------------------------------------------------------------

ED25519_CHECKS: dict[str, Check] = {
    "a log's key": lambda key, signature, message: accepted(
        lambda: NoteKey("log.test/x", key, ED25519).verify(signature, message)
    ),
    "a witness's key": lambda key, signature, message: accepted(
        lambda: NoteKey("witness.test/w", key, COSIGNATURE).verify(signature, message)
    ),
    "a seal's key": lambda key, signature, message: accepted(
        lambda: SealKey(Ed25519PublicKey.from_public_bytes(key)).verify(signature, message)
    ),
}


@needs("wycheproof")
@pytest.mark.parametrize("who", ED25519_CHECKS)
def test_ed25519_signatures_are_judged_as_the_vectors_say(who: str) -> None:
    judged = 0
    for group, case in cases("ed25519"):
        key, signature, message = (bytes.fromhex(part) for part in (group["publicKey"]["pk"], case["sig"], case["msg"]))
        found = ED25519_CHECKS[who](key, signature, message)
        assert found == (case["result"] == "valid"), f"vector {case['tcId']}: {case['comment']}"
        judged += 1
    assert judged == 151


# --- P-256: the customer's act ----------------------------------------------------------------------------------------


def jwk(group: Mapping[str, Any]) -> dict[str, str]:
    x, y = (int(group["publicKey"][name], 16).to_bytes(32, "big") for name in ("wx", "wy"))
    return {"crv": "P-256", "kty": "EC", "x": to_base64url(x), "y": to_base64url(y)}


def by_the_verifier(key: dict[str, str], signature: bytes, message: bytes) -> bool:
    body = {"key": key, "thumbprint": to_base64url(bytes.fromhex(sha256(canonical(key))))}
    session = Record("case_x", 1, "", {}, "case.session_opened/1", body, b"", "", "event 1")
    return signed_by(session, message, to_base64url(signature), session)


def at_signing(key: dict[str, str], signature: bytes, message: bytes) -> bool:
    return accepted(lambda: at_the_door.verify(key, to_base64url(signature), message))


@needs("wycheproof")
@pytest.mark.parametrize("judge", [by_the_verifier, at_signing], ids=["verifier", "signing room"])
def test_acts_are_accepted_in_strict_der_only_as_the_vectors_say(
    judge: Callable[[dict[str, str], bytes, bytes], bool],
) -> None:
    judged = 0
    for group, case in cases("ecdsa_secp256r1_sha256"):
        found = judge(jwk(group), bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
        # A good signature in another spelling (BER) is "invalid" to these vectors, and to us.
        assert found == (case["result"] == "valid"), f"vector {case['tcId']}: {case['comment']}"
        judged += 1
    assert judged == 484


@needs("wycheproof")
def test_a_signature_has_no_second_spelling_in_base64url_either() -> None:
    group, case = next((group, case) for group, case in cases("ecdsa_secp256r1_sha256") if case["result"] == "valid")
    raw, message = bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"])
    good = to_base64url(raw)
    for spelling in (good + "=", good + "\n", " " + good, base64.b64encode(raw).decode()):
        if spelling == good:
            continue
        with pytest.raises(ActInvalid):
            at_the_door.verify(jwk(group), spelling, message)
