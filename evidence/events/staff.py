"""Events of people with accounts, of products' releases and of keys: streams of their own in the same log."""

from typing import ClassVar, Literal

from evidence.events.envelope import Body, Commitment, Instant, Role, Sha256


class StaffEnrolled(Body, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "staff.enrolled/1"
    tenant: str
    role: Role
    name: Commitment
    phone: Commitment | None = None
    certificate: str | None = None  # practising-certificate number
    certificate_until: Instant | None = None
    grade: int = 0  # highest product grade this person may sell


class StaffSignedIn(Body, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "staff.signed_in/1"
    session: str
    method: Literal["console_link"]
    ip: Commitment
    agent: Commitment
    expires: Instant


class StaffBrowserUsed(Body, frozen=True, kw_only=True):
    """The key of the browser an account signed in with. Nobody may act for a customer with it (API-05)."""

    TYPE: ClassVar[str] = "staff.browser_used/1"
    session: str
    browser: Sha256  # keyed digest of the key's RFC 7638 thumbprint


class ProductPublished(Body, frozen=True, kw_only=True):
    """This version may be sold from now on, with these exact hashes (PRD-06)."""

    TYPE: ClassVar[str] = "product.published/1"
    product: str
    version: int
    full: Sha256
    formal: Sha256
    numbers: Sha256
    plain: Sha256
    rules: Sha256


class KeyAdopted(Body, frozen=True, kw_only=True):
    """A public key of ours entered service."""

    TYPE: ClassVar[str] = "key.adopted/1"
    key: str
    purpose: Literal["checkpoint", "seal", "document_ca", "tsa"]
    algorithm: str
    public: str  # SPKI DER, base64url
    protection: Literal["file", "hsm"]


class KeyRetired(Body, frozen=True, kw_only=True):
    """A public key of ours left service: what it signed until now stands, what it signs from now on does not.

    Its successor is adopted before, and signs from before; so the first checkpoint that covers this event is already
    the successor's.
    """

    TYPE: ClassVar[str] = "key.retired/1"
    key: str
    purpose: Literal["checkpoint", "seal", "document_ca", "tsa"]
    public: str  # as it was adopted
    reason: Literal["rotated", "compromised", "lost"]


class TenantKeyAdopted(Body, frozen=True, kw_only=True):
    """A version of the key that wraps a tenant's data keys entered service. Secret, so only a check value is told."""

    TYPE: ClassVar[str] = "tenant.key_adopted/1"
    tenant: str
    version: int
    suite: Literal["international", "chinese"]
    check: Sha256  # HMAC of a constant under the key, by the suite's hash


class TenantKeyRetired(Body, frozen=True, kw_only=True):
    """No data key is wrapped by this version any more, and its bytes are gone. Valid from its adoption to `until`."""

    TYPE: ClassVar[str] = "tenant.key_retired/1"
    tenant: str
    version: int
    since: Instant  # when its adoption was recorded
    until: Instant
