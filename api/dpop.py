"""Proofs that a browser holds the key it once showed, one for each request (DPoP, RFC 9449).

A page sends the same header segment with every proof, so its key is decoded and checked once and kept; the signature
is checked every time.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from litestar import Request

from api.once import Once
from api.settings import Settings
from evidence import decode
from evidence.errors import Error, Unauthenticated
from evidence.ports import Clock
from evidence.vault import b64, unb64

PROOF_SKEW = timedelta(seconds=300)
PROOF_CHARS = 4_096  # of a whole proof; a browser's has about 600
KEYS_KEPT = 4_096

_ALGORITHM = ec.ECDSA(SHA256())
_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})")  # RFC 7515; r and s of 32 bytes
_COORDINATE = re.compile(r"[A-Za-z0-9_-]{43}")


class ProofInvalid(
    Unauthenticated,
    code="PROOF_INVALID",
    zh="这部手机的凭证没有通过验证，请刷新页面重试；手机时间不准也会这样。",
    en="The proof of this device is not valid. Refresh and try again; a wrong clock can cause this.",
):
    pass


@dataclass(frozen=True)
class DeviceKey:
    """A public key that is a point of P-256."""

    public: ec.EllipticCurvePublicKey
    jwk: dict[str, str]
    thumbprint: str


class _Claims(msgspec.Struct, frozen=True):
    """Others may stand beside these (section 4.2)."""

    htm: str
    htu: str
    iat: int
    jti: str
    ath: str = ""


class Proofs:
    """Checks DPoP proofs: signed by the browser's key, for this very request, now, and never seen before."""

    def __init__(self, settings: Settings, seen: Once, clock: Clock) -> None:
        self._origin = settings.origin
        self._seen = seen
        self._now = clock

    async def check(self, request: Request[Any, Any, Any], token: str | None) -> DeviceKey:
        """The key that signed. ProofInvalid says which of the checks of section 4.3 failed."""
        key, claims = _opened(request.headers.get("dpop", ""))
        if claims.htm != request.method:
            raise ProofInvalid("htm")
        if claims.htu not in self._addresses(request):
            raise ProofInvalid("htu")
        skew = PROOF_SKEW.total_seconds()
        if abs(self._now().timestamp() - claims.iat) > skew:
            raise ProofInvalid("iat")
        if token is not None and claims.ath != b64(hashlib.sha256(token.encode()).digest()):
            raise ProofInvalid("ath")
        if not 8 <= len(claims.jti) <= 100:
            raise ProofInvalid("jti")
        if not await self._seen.first(f"{key.thumbprint}/{claims.jti}", claims.iat + skew):
            raise ProofInvalid("replayed")
        return key

    def _addresses(self, request: Request[Any, Any, Any]) -> tuple[str, str]:
        # Behind a proxy the public address rules; on one machine the browser may say localhost for 127.0.0.1.
        path = request.scope.get("root_path", "") + request.scope["path"]
        return f"{self._origin}{path}", f"{request.scope['scheme']}://{request.headers.get('host', '')}{path}"


def _opened(proof: str) -> tuple[DeviceKey, _Claims]:
    """A compact JWS of ES256 (RFC 7518, section 3.4) and nothing else."""
    parts = _COMPACT.fullmatch(proof) if len(proof) <= PROOF_CHARS else None
    if parts is None:
        raise ProofInvalid("form")
    key, signature = _key(parts[1]), unb64(parts[3])
    der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    try:
        key.public.verify(der, proof[: parts.end(2)].encode(), _ALGORITHM)
        return key, msgspec.json.decode(unb64(parts[2]), type=_Claims)
    except (InvalidSignature, ValueError):
        raise ProofInvalid("signature") from None


@lru_cache(KEYS_KEPT)
def _key(segment: str) -> DeviceKey:
    try:
        header = decode.parse(unb64(segment))
    except (Error, ValueError):
        raise ProofInvalid("header") from None
    if not isinstance(header, dict) or set(header) != {"typ", "alg", "jwk"}:
        raise ProofInvalid("header")
    if header["typ"] != "dpop+jwt" or header["alg"] != "ES256":
        raise ProofInvalid("header")
    jwk = public_jwk(header["jwk"])
    x, y = (int.from_bytes(unb64(jwk[name])) for name in ("x", "y"))
    try:
        public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except ValueError:  # no such point
        raise ProofInvalid("jwk") from None
    return DeviceKey(public=public, jwk=jwk, thumbprint=thumbprint(jwk))


def public_jwk(value: object) -> dict[str, str]:
    """Exactly the public members of a P-256 JWK; a private member or another curve is refused."""
    if not isinstance(value, dict) or set(value) - {"kty", "crv", "x", "y", "ext", "key_ops", "alg", "use"}:
        raise ProofInvalid("jwk")
    key = {name: str(value.get(name, "")) for name in ("crv", "kty", "x", "y")}
    if key["kty"] != "EC" or key["crv"] != "P-256":
        raise ProofInvalid("jwk")
    if not (_COORDINATE.fullmatch(key["x"]) and _COORDINATE.fullmatch(key["y"])):
        raise ProofInvalid("jwk")
    return key


def thumbprint(jwk: dict[str, str]) -> str:
    """RFC 7638: base64url(SHA-256(canonical JSON of the required members))."""
    text = json.dumps({name: jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    return b64(hashlib.sha256(text.encode()).digest())
