"""Credentials to Actor and Stamp: bearer tokens of staff, tokens bound to a browser's key of customers."""

from datetime import datetime
from functools import lru_cache
from typing import Any

import jwt
from litestar import Request

from api.dpop import ProofInvalid, Proofs
from evidence.errors import Malformed, Unauthenticated
from evidence.events import Actor, Frozen, Role
from evidence.ports import Clock
from kyc.access.commands import Newcomer
from kyc.access.errors import SessionEnded
from kyc.access.staff import StaffSession

TOKENS_KEPT = 4_096


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


class Credential(Frozen, frozen=True, kw_only=True):
    """What a token says. `thumbprint`: of the key it is bound to, if to any. `expires`: seconds since 1970."""

    caller: Caller
    thumbprint: str | None
    expires: int


class Tokens:
    """Short-lived bearer tokens, HS256 with one fixed algorithm and audience; the same session gives the same token."""

    def __init__(self, key: bytes, clock: Clock) -> None:
        self._key = key
        self._now = clock
        self._genuine = lru_cache(TOKENS_KEPT)(self._verified)  # that we signed it does not change; that it holds does

    def for_staff(self, session: StaffSession) -> str:
        staff = session.staff
        return self._sign(
            {"sub": staff.id, "role": staff.role, "ten": staff.tenant, "ses": session.session}, session.expires
        )

    def for_customer(self, customer: str, tenant: str, case: str, session: str, jkt: str, expires: datetime) -> str:
        claims = {"sub": customer, "role": "customer", "ten": tenant, "ses": session, "case": case, "jkt": jkt}
        return self._sign(claims, expires)

    def read(self, token: str) -> Credential:
        """CredentialInvalid when it is not one of ours, SessionEnded when its time is over."""
        credential = self._genuine(token)
        if credential.expires <= self._now().timestamp():
            raise SessionEnded("expired")
        return credential

    def _verified(self, token: str) -> Credential:
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
        actor = Actor(id=claims["sub"], role=claims["role"], session=claims["ses"])
        caller = Caller(actor=actor, tenant=claims["ten"], case=claims.get("case"))
        return Credential(caller=caller, thumbprint=claims.get("jkt"), expires=claims["exp"])

    def _sign(self, claims: dict[str, Any], expires: datetime) -> str:
        return jwt.encode({**claims, "aud": "jianzheng", "exp": int(expires.timestamp())}, self._key, algorithm="HS256")


class Gate:
    """Reads a request's credentials. One instance, injected."""

    def __init__(self, tokens: Tokens, proofs: Proofs) -> None:
        self._tokens = tokens
        self._proofs = proofs

    async def caller(self, request: Request[Any, Any, Any]) -> Caller:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not token:
            raise CredentialMissing("authorization")
        credential = self._tokens.read(token)
        if credential.thumbprint is not None:
            if scheme.lower() != "dpop":
                raise ProofInvalid("scheme")
            key = await self._proofs.check(request, token)
            if key.thumbprint != credential.thumbprint:
                raise ProofInvalid("another key")
        elif scheme.lower() != "bearer":
            raise CredentialInvalid("scheme")
        return credential.caller

    async def newcomer(self, request: Request[Any, Any, Any]) -> Newcomer:
        """A browser without a session, with the key it wants bound."""
        key = await self._proofs.check(request, None)
        ip = request.client.host if request.client else ""
        return Newcomer(key=key.jwk, thumbprint=key.thumbprint, ip=ip, agent=request.headers.get("user-agent", ""))


def idempotency_key(request: Request[Any, Any, Any]) -> str:
    key = request.headers.get("idempotency-key", "")
    if not (1 <= len(key) <= 128 and key.isascii() and key.isprintable()):
        raise IdempotencyKeyMissing("1 to 128 printable ASCII characters")
    return key
