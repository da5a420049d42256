"""Events of a case as a whole: its opening, who was let in, consent, refusals, seals and erasure."""

from typing import ClassVar, Literal

from evidence.events.envelope import Body, Commitment, Frozen, Instant, Locale, Mode, Party, Retention, Sha256
from evidence.policy import Policy

Purpose = Literal["enter", "sign"]
GuardianScope = Literal["privacy", "face"]
Relation = Literal["father", "mother", "guardian"]


class CaseOpened(Body, frozen=True, kw_only=True):
    """Freezes what this case will be judged by. `input_origin` `synthetic` is only possible in sandbox mode."""

    TYPE: ClassVar[str] = "case.opened/1"
    tenant: str
    mode: Mode
    input_origin: Literal["live", "synthetic"] = "live"
    policy: Policy
    opener: str  # staff id: owns the case, may never act as its customer
    certificate: str | None = None  # practising-certificate number of an agent
    external_id: Commitment | None = None


class PartyNamed(Body, frozen=True, kw_only=True):
    """The opener's own statement about a party: claimed until the customer verifies or confirms it."""

    TYPE: ClassVar[str] = "case.party_named/1"
    party: Party
    customer: str  # cus_…
    phone: Commitment
    name: Commitment | None = None


class LinkSent(Body, frozen=True, kw_only=True):
    """A single-use link left for the customer. The token is never sealed; its verifier lives keyed in the vault."""

    TYPE: ClassVar[str] = "case.link_sent/1"
    link: str
    party: Party
    customer: str
    channel: Literal["sms", "pairing"]  # pairing: a QR shown face to face, which the agent can see
    expires: Instant


class SessionOpened(Body, frozen=True, kw_only=True):
    """A browser proved it holds the link and the code, and made a key of its own (RFC 9449, jkt = RFC 7638)."""

    TYPE: ClassVar[str] = "case.session_opened/1"
    session: str
    link: str
    customer: str
    party: Party
    key: dict[str, str]  # public JWK, P-256
    thumbprint: str
    ip: Commitment
    agent: Commitment  # user agent text
    factors: tuple[str, ...]  # e.g. ("link:sms", "code:sms"); one channel twice is one factor and says so
    independent_factors: int
    expires: Instant


class CodeSent(Body, frozen=True, kw_only=True):
    """A one-time code left over a channel. The code is never sealed, not even hashed."""

    TYPE: ClassVar[str] = "code.sent/1"
    code: str  # id otp_…
    purpose: Purpose
    party: Party
    channel: Literal["sms"]
    expires: Instant
    link: str | None = None  # the link it opens, for `enter`


class CodeFailed(Body, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "code.failed/1"
    code: str
    tries_left: int


class CodeVerified(Body, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "code.verified/1"
    code: str
    purpose: Purpose
    party: Party


class NoticeShown(Body, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "consent.notice_shown/1"
    scope: str
    locale: Locale
    text_sha256: Sha256


class ConsentGiven(Body, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "consent.given/1"
    scope: str
    text_sha256: Sha256


class ConsentRefused(Body, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "consent.refused/1"
    scope: str
    text_sha256: Sha256


class ConsentWithdrawn(Body, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "consent.withdrawn/1"
    scope: str


class GuardianDecided(Body, frozen=True, kw_only=True):
    """Another party of the case, verified and of age, decided for a child under 14 (KYC-02). The relation is their own
    word."""

    TYPE: ClassVar[str] = "consent.guardian_decided/1"
    party: Party  # the child
    guardian: Party
    scope: GuardianScope
    relation: Relation
    decision: Literal["given", "refused", "withdrawn"]
    text_sha256: Sha256


class CommandRefused(Body, frozen=True, kw_only=True):
    """At most one per case, code and minute; `count` tells how many stood behind it since the one before."""

    TYPE: ClassVar[str] = "security.command_refused/1"
    command: str
    code: str
    count: int = 1


class Sealed(Body, frozen=True, kw_only=True):
    """The lines up to a milestone were sealed; opens the next segment."""

    TYPE: ClassVar[str] = "evidence.sealed/1"
    segment: int
    first_seq: int
    last_seq: int
    seal_sha256: Sha256


class ExportRequested(Body, frozen=True, kw_only=True):
    """A bundle was asked for. Reading evidence is itself evidence."""

    TYPE: ClassVar[str] = "evidence.export_requested/1"
    export: str
    reason: str


class ExportNarrowed(Body, frozen=True, kw_only=True):
    """Comes right before the request: what of the contents this bundle opens. Without it, everything."""

    TYPE: ClassVar[str] = "evidence.export_narrowed/1"
    export: str
    open: tuple[Retention, ...]  # classes whose content is disclosed
    withhold: tuple[str, ...] = ()  # values that stay closed all the same: their names, or paths in events


class ExportApproved(Body, frozen=True, kw_only=True):
    """A second person agreed that staff read images of people (EVD-13)."""

    TYPE: ClassVar[str] = "evidence.export_approved/1"
    export: str


class ExportRead(Body, frozen=True, kw_only=True):
    """The bundle was handed out to the actor of this event: once for each time."""

    TYPE: ClassVar[str] = "evidence.export_read/1"
    export: str


class ExportBuilt(Body, frozen=True, kw_only=True):
    """The bundle was built and passed our own verifier before anyone may fetch it. Belongs to the next segment."""

    TYPE: ClassVar[str] = "evidence.export_built/1"
    export: str
    verdict: Literal["TOTAL-PASSED", "INDETERMINATE"]
    sha256: Sha256  # of the bundle, which carries salts: nothing can be guessed from it
    bytes: int


class ExportFailed(Body, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "evidence.export_failed/1"
    export: str
    reason: str


class ErasedField(Frozen, frozen=True, kw_only=True):
    name: str
    commitment: Commitment


class Erased(Body, frozen=True, kw_only=True):
    """Values or files behind commitments were destroyed. `basis` names the rule, e.g. `KYC-13`.

    `whole`: everything the case held of the class, and its data key with it, so that no backup opens either.
    """

    TYPE: ClassVar[str] = "privacy.erased/1"
    basis: str
    retention: Retention
    fields: tuple[ErasedField, ...]
    whole: bool = False


class DisputeFlagged(Body, frozen=True, kw_only=True):
    """A dispute is on: nothing of the contract is erased, and the period runs on after it ended (EVD-08)."""

    TYPE: ClassVar[str] = "case.dispute_flagged/1"
    reason: Literal["complaint", "claim", "litigation", "regulator"]


class DisputeLifted(Body, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "case.dispute_lifted/1"


class Held(Body, frozen=True, kw_only=True):
    """A legal hold: somebody who may demand it wants the case kept as it is."""

    TYPE: ClassVar[str] = "case.held/1"
    reason: Literal["court", "regulator", "police", "audit"]


class Released(Body, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "case.released/1"


class ContractEnded(Body, frozen=True, kw_only=True):
    """The contract ended, or is known to end then: retention is counted from here. `period` is what was agreed."""

    TYPE: ClassVar[str] = "case.contract_ended/1"
    ended: Instant
    period: Literal["up_to_one_year", "over_one_year"]
