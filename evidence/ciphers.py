"""The two crypto suites for what is kept encrypted, and known answers that every start checks (API-19).

`international`: AES-256-GCM and SHA-256. `chinese`: SM4-GCM (GM/T 0002, RFC 8998) and SM3 (GM/T 0004). A suite is
recorded with every stored key, so data written under one stays readable when the setting names the other. Commitments
in the chain are SHA-256 under both: they are part of the evidence format, and anybody must be able to check them.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256, SM3, Hash, HashAlgorithm
from cryptography.hazmat.primitives.hmac import HMAC

SuiteName = Literal["international", "chinese"]
NONCE_BYTES = 12
TAG_BYTES = 16
PIECE = 1 << 20  # bytes taken at once: the library lets nobody else run meanwhile, 64 MB of AES in one go is 50 ms


@dataclass(frozen=True)
class Suite:
    """Authenticated encryption and keyed digests. `open` raises InvalidTag; what it opens was sealed whole."""

    name: SuiteName
    key_bytes: int
    hash: Callable[[], HashAlgorithm]

    def seal(self, key: bytes, nonce: bytes, data: bytes, bound: bytes) -> bytes:
        """Ciphertext and 16-byte tag. A nonce counts once per key."""
        if self.name == "international" and len(data) <= PIECE:
            return AESGCM(key).encrypt(nonce, data, bound)
        encryptor = Cipher(self._block(key), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(bound)
        return b"".join((*map(encryptor.update, _pieces(data)), encryptor.finalize(), encryptor.tag))

    def open(self, key: bytes, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
        if self.name == "international" and len(sealed) <= PIECE:
            return AESGCM(key).decrypt(nonce, sealed, bound)
        if len(sealed) < TAG_BYTES:
            raise InvalidTag
        cut = len(sealed) - TAG_BYTES
        decryptor = Cipher(self._block(key), modes.GCM(nonce, sealed[cut:])).decryptor()
        decryptor.authenticate_additional_data(bound)
        return b"".join((*map(decryptor.update, _pieces(sealed[:cut])), decryptor.finalize()))

    def _block(self, key: bytes) -> algorithms.AES | algorithms.SM4:
        return algorithms.AES(key) if self.name == "international" else algorithms.SM4(key)

    def mac(self, key: bytes, data: bytes) -> bytes:
        """HMAC, 32 bytes."""
        mac = HMAC(key, self.hash())
        mac.update(data)
        return mac.finalize()

    def derive(self, secret: bytes, purpose: bytes) -> bytes:
        """A key of this suite for one purpose, from a secret that is itself a key."""
        digest = Hash(self.hash())
        digest.update(purpose + secret)
        return digest.finalize()[: self.key_bytes]


def _pieces(data: bytes) -> Iterator[memoryview]:
    view = memoryview(data)
    return (view[at : at + PIECE] for at in range(0, len(view), PIECE))


SUITES: Mapping[str, Suite] = {
    "international": Suite("international", 32, SHA256),
    "chinese": Suite("chinese", 16, SM3),
}


# --- known answers ----------------------------------------------------------------------------------------------------

_GCM_PLAIN = bytes.fromhex(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
    "b16aedf5aa0de657ba637b39"
)
_SM4_PLAIN = b"".join(bytes([byte]) * 8 for byte in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xEE, 0xAA))
_BOUND = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
_AES_KEY = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
_SM4_KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")
_SM4_NONCE = bytes.fromhex("00001234567800000000abcd")
_ED25519_SECRET = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
_P256_POINT = bytes.fromhex(
    "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
)

ANSWERS: Mapping[str, str] = {
    # GCM specification (McGrew, Viega), test case 16
    "AES-256-GCM": (
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
        "c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"
    ),
    # RFC 8998, appendix A.1
    "SM4-GCM": (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15"
        "a56834cbcf98c397b4024a2691233b8d83de3541e4c2b58177e065a9bf7b62ec"
    ),
    # GB/T 32907-2016, appendix A.1
    "SM4": "681edf34d206965e86b3e94f536e4246",
    # FIPS 180-4, "abc"
    "SHA-256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    # GB/T 32905-2016, appendix A.1, "abc"
    "SM3": "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
    # RFC 4231, test case 2
    "HMAC-SHA-256": "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    # RFC 8032, section 7.1, test 1
    "Ed25519": (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b"
    ),
    # RFC 6979, appendix A.2.5, SHA-256 of "sample": r and s, to be verified
    "ECDSA P-256": (
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
    ),
}


class SelfTestFailed(Exception):
    """A primitive does not give its published answer: nothing it makes may be trusted."""


def self_test() -> None:
    """Every primitive against its published answer. SelfTestFailed names the first that differs."""
    for name, answer in ANSWERS.items():
        try:
            given = _KNOWN[name](bytes.fromhex(answer))
        except (InvalidSignature, InvalidTag, ValueError) as error:
            raise SelfTestFailed(f"{name}: {type(error).__name__}") from None
        if given.hex() != answer:
            raise SelfTestFailed(name)


def _aes_gcm(expected: bytes) -> bytes:
    suite, nonce = SUITES["international"], bytes.fromhex("cafebabefacedbaddecaf888")
    if suite.open(_AES_KEY, nonce, expected, _BOUND) != _GCM_PLAIN:
        return b""
    return suite.seal(_AES_KEY, nonce, _GCM_PLAIN, _BOUND)


def _sm4_gcm(expected: bytes) -> bytes:
    suite = SUITES["chinese"]
    if suite.open(_SM4_KEY, _SM4_NONCE, expected, _BOUND) != _SM4_PLAIN:
        return b""
    return suite.seal(_SM4_KEY, _SM4_NONCE, _SM4_PLAIN, _BOUND)


def _sm4(_: bytes) -> bytes:
    encryptor = Cipher(algorithms.SM4(_SM4_KEY), modes.ECB()).encryptor()  # noqa: S305 - one block, as published
    return encryptor.update(_SM4_KEY) + encryptor.finalize()


def _sm3(_: bytes) -> bytes:
    digest = Hash(SM3())
    digest.update(b"abc")
    return digest.finalize()


def _ecdsa(expected: bytes) -> bytes:
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _P256_POINT)
    signature = encode_dss_signature(int.from_bytes(expected[:32]), int.from_bytes(expected[32:]))
    key.verify(signature, b"sample", ec.ECDSA(SHA256()))
    return expected


def _ed25519(expected: bytes) -> bytes:
    key = Ed25519PrivateKey.from_private_bytes(_ED25519_SECRET)
    key.public_key().verify(expected, b"")
    return key.sign(b"")


_KNOWN: Mapping[str, Callable[[bytes], bytes]] = {
    "AES-256-GCM": _aes_gcm,
    "SM4-GCM": _sm4_gcm,
    "SM4": _sm4,
    "SHA-256": lambda _: hashlib.sha256(b"abc").digest(),
    "SM3": _sm3,
    "HMAC-SHA-256": lambda _: SUITES["international"].mac(b"Jefe", b"what do ya want for nothing?"),
    "Ed25519": _ed25519,
    "ECDSA P-256": _ecdsa,
}
