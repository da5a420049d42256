"""What may be asked at the door. Each struct is the HTTP body."""

from typing import Annotated, Literal

import msgspec

from evidence.events import Frozen, Party
from evidence.events.cases import Purpose

Token = Annotated[str, msgspec.Meta(min_length=20, max_length=300)]
Digits = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{6}$")]


class SendLink(Frozen, frozen=True, kw_only=True):
    """Leave a single-use link with the party, over the phone the opener named."""

    party: Party = "proposer"


class ShowPairing(Frozen, frozen=True, kw_only=True):
    """Make a link to be shown face to face; the customer still needs the code sent to their phone."""

    party: Party = "proposer"


class RequestCode(Frozen, frozen=True, kw_only=True):
    token: Token


class OpenSession(Frozen, frozen=True, kw_only=True):
    token: Token
    code: Digits


class SendCode(Frozen, frozen=True, kw_only=True):
    purpose: Literal["sign"]


class CheckCode(Frozen, frozen=True, kw_only=True):
    purpose: Literal["sign"]
    code: Digits


class SignIn(Frozen, frozen=True, kw_only=True):
    token: Token


class Newcomer(Frozen, frozen=True, kw_only=True):
    """A browser at the door: the key it made and where it comes from."""

    key: dict[str, str]  # public JWK, P-256
    thumbprint: str  # RFC 7638
    ip: str
    agent: str


Channel = Literal["sms", "pairing"]

__all__ = [
    "Channel",
    "CheckCode",
    "Newcomer",
    "OpenSession",
    "Purpose",
    "RequestCode",
    "SendCode",
    "SendLink",
    "ShowPairing",
    "SignIn",
]
