"""What may be asked about identity. Each struct is the HTTP body, or what path, headers and body say together."""

from typing import Annotated, Literal

import msgspec

from evidence.events import Frozen, Locale, Party, Sha256
from evidence.events.identity import PaperKind, Route
from kyc.reasons import ReviewReason

Scope = Literal["recording", "privacy", "face", "location", "transfer", "face_search", "guardian"]
ChallengeId = Annotated[str, msgspec.Meta(pattern=r"^chl_[a-z2-7]{26}$")]
Signature = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{80,120}$")]


class Camera(Frozen, frozen=True, kw_only=True):
    """What the browser says of the camera in use; 0 and empty where it does not tell."""

    label: Annotated[str, msgspec.Meta(max_length=200)] = ""
    width: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 0
    height: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 0
    rate: Annotated[int, msgspec.Meta(ge=0, le=1_000)] = 0


class Attestation(Frozen, frozen=True, kw_only=True):
    """A token of the platform over the challenge's nonce, from an app; a web page has none."""

    kind: Literal["play_integrity", "app_attest"]
    token: Annotated[str, msgspec.Meta(min_length=1, max_length=16_384)]


class ShowNotice(Frozen, frozen=True, kw_only=True):
    scope: Scope
    locale: Locale
    text_sha256: Sha256


class DecideConsent(Frozen, frozen=True, kw_only=True):
    scope: Scope
    decision: Literal["given", "refused", "withdrawn"]
    text_sha256: Sha256


class ChooseRoute(Frozen, frozen=True, kw_only=True):
    party: Party
    route: Route


class CapturePaper(Frozen, frozen=True, kw_only=True):
    paper: PaperKind
    source: Literal["camera", "gallery"]


class ConfirmFields(Frozen, frozen=True, kw_only=True):
    """Every field of both sides, as the customer says it is."""

    fields: dict[str, Annotated[str, msgspec.Meta(max_length=200)]]


class IssueChallenge(Frozen, frozen=True, kw_only=True):
    """`colour`: whether the screen may change its colour; false for who is sensitive to that."""

    colour: bool = True


class CaptureFrame(Frozen, frozen=True, kw_only=True):
    """Frame `index` shows action `index`; frames come in order."""

    challenge: ChallengeId
    index: Annotated[int, msgspec.Meta(ge=0, lt=16)]


class DecideChallenge(Frozen, frozen=True, kw_only=True):
    """`frames`: SHA-256 of each JPEG in order; `at`: when each was taken, ms after the challenge came, by the phone.

    `signature`: the device key's, base64url DER, over canonical JSON `{"actions", "at", "case", "challenge", "frames",
    "nonce", "paper"}`, with `camera` and `attestation` when they are given.
    """

    frames: Annotated[tuple[Sha256, ...], msgspec.Meta(max_length=16)]
    at: Annotated[tuple[Annotated[int, msgspec.Meta(ge=0, le=3_600_000)], ...], msgspec.Meta(max_length=16)]
    signature: Signature
    camera: Camera | None = None
    attestation: Attestation | None = None


class ReviewIdentity(Frozen, frozen=True, kw_only=True):
    party: Party
    decision: Literal["accept", "reject"]
    reason: ReviewReason
