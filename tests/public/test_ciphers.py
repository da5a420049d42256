"""Wycheproof's AES-GCM through the suite that encrypts the vault: with our key, nonce and tag sizes, and no others."""

from typing import Any

import pytest
from cryptography.exceptions import InvalidTag

from evidence.ciphers import NONCE_BYTES, SUITES, TAG_BYTES
from tests.public import needs, wycheproof

SUITE = SUITES["international"]


def ours(group: dict[str, Any]) -> bool:
    sizes = (group["keySize"], group["ivSize"], group["tagSize"])
    return sizes == (8 * SUITE.key_bytes, 8 * NONCE_BYTES, 8 * TAG_BYTES)


@needs("wycheproof")
def test_the_vaults_cipher_seals_and_opens_as_the_vectors_say() -> None:
    judged = 0
    for group in filter(ours, wycheproof("aes_gcm")):
        for case in group["tests"]:
            key, nonce, bound, plain, sealed, tag = (
                bytes.fromhex(case[name]) for name in ("key", "iv", "aad", "msg", "ct", "tag")
            )
            said = f"vector {case['tcId']}: {case['comment']}"
            if case["result"] == "valid":
                assert SUITE.seal(key, nonce, plain, bound) == sealed + tag, said
                assert SUITE.open(key, nonce, sealed + tag, bound) == plain, said
            else:
                with pytest.raises(InvalidTag):
                    SUITE.open(key, nonce, sealed + tag, bound)
            judged += 1
    assert judged == 66


@needs("wycheproof")
def test_what_is_bound_to_a_ciphertext_cannot_be_exchanged() -> None:
    for group in filter(ours, wycheproof("aes_gcm")):
        for case in group["tests"]:
            if case["result"] != "valid":
                continue
            key, nonce, bound, sealed, tag = (bytes.fromhex(case[name]) for name in ("key", "iv", "aad", "ct", "tag"))
            with pytest.raises(InvalidTag):
                SUITE.open(key, nonce, sealed + tag, bound + b"\x00")
            with pytest.raises(InvalidTag):
                SUITE.open(key, nonce, (sealed + tag)[:-1], bound)
