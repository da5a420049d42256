"""Credentials to Actor and Stamp: bearer tokens of staff, device-bound proofs of customers (DPoP, RFC 9449)."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

import jwt
from litestar import Request
from litestar.stores.base import Store

from api.settings import Settings
from evidence.errors import Malformed, Unauthenticated
from evidence.events import Actor, Frozen, Role
from evidence.ports import Clock
from evidence.vault import b64
from kyc.access.commands import Newcomer
from kyc.access.errors import SessionEnded
from kyc.access.staff import StaffSession

PROOF_SKEW = timedelta(seconds=300)


class CredentialMissing(
    Unauthenticated, code="CREDENTIAL_MISSING", zh="请先从链接登录。", en="Please sign in from your link first."
):
    pass


class CredentialInvalid(
    Unauthenticated,
    code="CREDENTIAL_INVALID",
    zh="登录凭证无效，请重新打开链接。",
    en="The credential is not valid. Please open your link again.",
):
    pass


class ProofInvalid(
    Unauthenticated,
    code="PROOF_INVALID",
    zh="这部手机的凭证没有通过验证，请刷新页面重试；手机时间不准也会这样。",
    en="The proof of this device is not valid. Refresh and try again; a wrong clock can cause this.",
):
    pass


class IdempotencyKeyMissing(
    Malformed,
    code="IDEMPOTENCY_KEY_MISSING",
    zh="请求缺少编号，请刷新页面重试。",
    en="The request has no Idempotency-Key. Refresh and try again.",
):
    pass


class Caller(Frozen, frozen=True, kw_only=True):
    """A proved credential. A customer's names the one case it opens."""

    actor: Actor
    tenant: str
    case: str | None = None

    @property
    def role(self) -> Role:
        return self.actor.role


class Tokens:
    """Short-lived bearer tokens, HS256 with one fixed algorithm and audience; the same session gives the same token."""

    def __init__(self, key: bytes, clock: Clock) -> None:
        self._key = key
        self._now = clock

    def for_staff(self, session: StaffSession) -> str:
        staff = session.staff
        return self._sign(
            {"sub": staff.id, "role": staff.role, "ten": staff.tenant, "ses": session.session}, session.expires
        )

    def for_customer(self, customer: str, tenant: str, case: str, session: str, jkt: str, expires: datetime) -> str:
        claims = {"sub": customer, "role": "customer", "ten": tenant, "ses": session, "case": case, "jkt": jkt}
        return self._sign(claims, expires)

    def read(self, token: str) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key,
                algorithms=["HS256"],
                audience="jianzheng",
                options={"require": ["exp", "sub", "aud"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            raise CredentialInvalid("token") from None
        if claims["exp"] <= self._now().timestamp():
            raise SessionEnded("expired")
        return claims

    def _sign(self, claims: dict[str, Any], expires: datetime) -> str:
        return jwt.encode({**claims, "aud": "jianzheng", "exp": int(expires.timestamp())}, self._key, algorithm="HS256")


class Proofs:
    """Checks DPoP proofs: signed by the browser's key, for this very request, now, and never seen before."""

    def __init__(self, settings: Settings, seen: Store, clock: Clock) -> None:
        self._origin = settings.origin
        self._seen = seen
        self._now = clock

    async def check(self, request: Request[Any, Any, Any], token: str | None) -> tuple[dict[str, str], str]:
        """The proved public JWK and its thumbprint (RFC 7638). ProofInvalid says which of the checks failed."""
        proof = request.headers.get("dpop", "")
        header, claims = self._decode(proof)
        key = header["jwk"]
        if claims.get("htm") != request.method:
            raise ProofInvalid("htm")
        if claims.get("htu") not in self._addresses(request):
            raise ProofInvalid("htu")
        issued = claims.get("iat")
        if not isinstance(issued, int) or abs(self._now().timestamp() - issued) > PROOF_SKEW.total_seconds():
            raise ProofInvalid("iat")
        if token is not None and claims.get("ath") != b64(hashlib.sha256(token.encode()).digest()):
            raise ProofInvalid("ath")
        print_ = thumbprint(key)
        await self._once(print_, claims.get("jti"))
        return key, print_

    def _decode(self, proof: str) -> tuple[dict[str, Any], dict[str, Any]]:
        try:
            header = jwt.get_unverified_header(proof)
            if header.get("typ") != "dpop+jwt" or header.get("alg") != "ES256" or set(header) != {"typ", "alg", "jwk"}:
                raise ProofInvalid("header")
            key = jwt.PyJWK.from_dict(public_jwk(header["jwk"]) | {"alg": "ES256"})
            claims: dict[str, Any] = jwt.decode(
                proof,
                key,
                algorithms=["ES256"],
                options={"verify_iat": False, "verify_exp": False, "verify_aud": False},
            )
        except (jwt.PyJWTError, ValueError, KeyError, TypeError):
            raise ProofInvalid("signature") from None
        return header, claims

    def _addresses(self, request: Request[Any, Any, Any]) -> set[str]:
        # Behind a proxy the public address rules; on one machine the browser may say localhost for 127.0.0.1.
        host = request.headers.get("host", "")
        return {f"{self._origin}{request.url.path}", f"{request.url.scheme}://{host}{request.url.path}"}

    async def _once(self, print_: str, jti: object) -> None:
        if not isinstance(jti, str) or not 8 <= len(jti) <= 100:
            raise ProofInvalid("jti")
        key = f"jti/{print_}/{jti}"
        if await self._seen.exists(key):
            raise ProofInvalid("replayed")
        await self._seen.set(key, b"1", expires_in=2 * PROOF_SKEW)


class Gate:
    """Reads a request's credentials. One instance, injected."""

    def __init__(self, tokens: Tokens, proofs: Proofs) -> None:
        self._tokens = tokens
        self._proofs = proofs

    async def caller(self, request: Request[Any, Any, Any]) -> Caller:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not token:
            raise CredentialMissing("authorization")
        claims = self._tokens.read(token)
        bound = claims.get("jkt")
        if bound is not None:
            if scheme.lower() != "dpop":
                raise ProofInvalid("scheme")
            _, print_ = await self._proofs.check(request, token)
            if print_ != bound:
                raise ProofInvalid("another key")
        elif scheme.lower() != "bearer":
            raise CredentialInvalid("scheme")
        actor = Actor(id=claims["sub"], role=claims["role"], session=claims["ses"])
        return Caller(actor=actor, tenant=claims["ten"], case=claims.get("case"))

    async def newcomer(self, request: Request[Any, Any, Any]) -> Newcomer:
        """A browser without a session, with the key it wants bound."""
        key, print_ = await self._proofs.check(request, None)
        ip = request.client.host if request.client else ""
        return Newcomer(key=public_jwk(key), thumbprint=print_, ip=ip, agent=request.headers.get("user-agent", ""))


def public_jwk(value: object) -> dict[str, str]:
    """Exactly the public members of a P-256 JWK; a private member or another curve is refused."""
    if not isinstance(value, dict) or set(value) - {"kty", "crv", "x", "y", "ext", "key_ops", "alg", "use"}:
        raise ProofInvalid("jwk")
    key = {name: str(value.get(name, "")) for name in ("crv", "kty", "x", "y")}
    if key["kty"] != "EC" or key["crv"] != "P-256" or len(key["x"]) != 43 or len(key["y"]) != 43:
        raise ProofInvalid("jwk")
    return key


def thumbprint(jwk: object) -> str:
    """RFC 7638: base64url(SHA-256(canonical JSON of the required members))."""
    key = public_jwk(jwk)
    text = json.dumps({name: key[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    return b64(hashlib.sha256(text.encode()).digest())


def idempotency_key(request: Request[Any, Any, Any]) -> str:
    key = request.headers.get("idempotency-key", "")
    if not (1 <= len(key) <= 128 and key.isascii() and key.isprintable()):
        raise IdempotencyKeyMissing("1 to 128 printable ASCII characters")
    return key
