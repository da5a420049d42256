"""Events of signing: the paper shown, the act, the finished document."""

from typing import ClassVar, Literal

from evidence.events.envelope import Body, Commitment, Frozen, Instant, Media, Party, Sha256


class Page(Frozen, frozen=True, kw_only=True):
    """A page as it was put before the customer's eyes: kept, never rendered again."""

    sha256: Sha256
    media: Media
    width: int
    height: int


class DocumentPrepared(Body, frozen=True, kw_only=True):
    """Frozen before it is shown: bytes and page images (ESG-02). The PDF embeds a random 256-bit nonce."""

    TYPE: ClassVar[str] = "esign.document_prepared/1"
    document: str  # doc_…
    kind: str  # `application`
    party: Party
    template: str  # name/version
    template_sha256: Sha256
    sha256: Sha256
    sm3: str
    media: Media
    pages: tuple[Page, ...]


class DocumentShown(Body, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "esign.document_shown/1"
    document: str
    sha256: Sha256
    visible_ms: int
    end_seen: bool


class SigningDeclined(Body, frozen=True, kw_only=True):
    """`do not agree` or leaving: ends the flow without penalty (ESG-07)."""

    TYPE: ClassVar[str] = "esign.signing_declined/1"
    document: str
    opinion: Literal["disagree"]
    comment: Commitment | None = None


class Act(Frozen, frozen=True, kw_only=True):
    """The signer's own browser key over the canonical bytes of exactly
    `{"case","document","nonce","opinion","strokes"}` (document: the shown PDF's SHA-256; strokes: the commitment).
    `signature` is ECDSA P-256 / SHA-256, DER, base64url: OpenSSL reads it as it is.
    """

    nonce: str
    thumbprint: str
    signature: str


class Place(Frozen, frozen=True, kw_only=True):
    """One-shot, by consent, coarsened; says so when there is none and never invents one (EVD-10)."""

    state: Literal["consented", "refused", "unavailable"]
    fix: Commitment | None = None  # disclosure {lat_e7, lon_e7, accuracy_m, datum}, coarsened to the 1 km grid
    flags: tuple[str, ...] = ()  # e.g. implausible, mock


class Certificate(Frozen, frozen=True, kw_only=True):
    """The signer's one-use certificate. `production` false marks a test CA in every later answer (ESG-08)."""

    serial: str
    sha256: Sha256
    issuer: str
    not_before: Instant
    not_after: Instant
    production: bool


class DocumentSigned(Body, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "esign.document_signed/1"
    document: str
    kind: str
    party: Party
    opinion: Literal["agree"]
    comment: Commitment | None = None
    shown_sha256: Sha256
    signed_sha256: Sha256
    signed_sm3: str
    signed: Media
    strokes: Media
    strokes_image: Media
    act: Act
    place: Place
    certificate: Certificate
    level: Literal["B-B", "B-T", "B-LT", "B-LTA"]
    time_source: Literal["none", "local", "independent"]
