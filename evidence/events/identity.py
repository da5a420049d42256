"""Events of identity: papers, the liveness challenge, faces compared, outside facts, people who decide."""

from typing import ClassVar, Literal

from evidence.events.envelope import Body, Commitment, Frozen, Instant, Media, Party, Sha256

Verdict = Literal["pass", "review", "fail", "not_run"]
Route = Literal["face", "assisted"]
Check = Literal["person", "phone", "bank_card", "face"]
PaperKind = Literal[
    "cn_id_front",
    "cn_id_back",
    "passport",
    "hk_mo_permit",
    "tw_permit",
    "hmt_residence_front",
    "hmt_residence_back",
    "foreign_pr",
    "bank_card",
    "image",
]
"""Papers of people, by the side that is photographed; `image` is any other picture, of which only quality is said."""


class Provenance(Frozen, frozen=True, kw_only=True):
    """Which model said so: enough for `python -m kyc.replay` to run it again."""

    pack: str
    manifest: Sha256 | None = None  # over the pack's manifest file, which travels in the bundle
    role: str
    sha256: Sha256
    preprocessing: str
    runtime: str


class Score(Frozen, frozen=True, kw_only=True):
    """One measured number with the bar it was held against. Integers in ten-thousandths."""

    name: str
    value_e4: int
    threshold_e4: int | None = None
    far_target_e6: int | None = None
    model: Provenance | None = None


class RouteChosen(Body, frozen=True, kw_only=True):
    """The customer picked a way to be identified; the non-face way is offered on the same screen (KYC-03)."""

    TYPE: ClassVar[str] = "identity.route_chosen/1"
    party: Party
    route: Route


class PaperCaptured(Body, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "identity.paper_captured/1"
    party: Party
    paper: PaperKind
    media: Media
    source: Literal["camera", "gallery"]


class ReadField(Frozen, frozen=True, kw_only=True):
    """`confidence_e4` from recognition; under the limit the customer must confirm (KYC-10)."""

    value: Commitment
    confidence_e4: int
    confirm: bool = False


class PaperRead(Body, frozen=True, kw_only=True):
    """What the machine read, as disclosures, with quality and consistency findings.

    The portrait is not kept apart: a copy would be one more biometric record. It is cut from the paper when needed.
    """

    TYPE: ClassVar[str] = "identity.paper_read/1"
    party: Party
    paper: PaperKind
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    fields: dict[str, ReadField] = {}
    scores: tuple[Score, ...] = ()


class PaperConfirmed(Body, frozen=True, kw_only=True):
    """The customer looked at each field and said it is right, or corrected it (a correction goes to review)."""

    TYPE: ClassVar[str] = "identity.paper_confirmed/1"
    party: Party
    fields: dict[str, Commitment]
    corrected: tuple[str, ...] = ()


class ChallengeIssued(Body, frozen=True, kw_only=True):
    """A random server challenge: one use, short life, bound to case, device key and paper (KYC-04).

    `colours` commits to what the screen will show, one colour a step, as JSON; none where `colour` is false: the person
    is sensitive to changing light, or the page cannot show any.
    """

    TYPE: ClassVar[str] = "identity.challenge_issued/1"
    challenge: str
    party: Party
    nonce: str  # 256 bit, base64url
    actions: tuple[str, ...]  # neutral, turn_left, turn_right …, in order
    thumbprint: str  # device key the capture must be signed with
    expires: Instant
    paper: Commitment | None = None  # the picture that the live face is held against
    colour: bool = False
    colours: Commitment | None = None


class FrameCaptured(Body, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "identity.frame_captured/1"
    challenge: str
    index: int
    media: Media


class LivenessJudged(Body, frozen=True, kw_only=True):
    """A screening, never a certified presentation attack detection. `assurance` caps what a web page can attest.

    `not_run`: the capture was not fit to be judged (non-response, ISO/IEC 30107-3), which is no try. `statement`
    commits to the canonical JSON that names challenge and frames; `signature` is the device key's over its bytes.
    `parts`: what each kind of evidence came to by itself. `light` not there or `not_run`: less was seen.
    """

    TYPE: ClassVar[str] = "identity.liveness_judged/1"
    challenge: str
    party: Party
    attempt: int
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    scores: tuple[Score, ...] = ()
    frames: tuple[Commitment, ...] = ()
    statement: Commitment | None = None
    signature: str = ""  # base64url DER, ECDSA P-256 with SHA-256
    assurance: Literal["web", "native_attested"] = "web"
    basis: Literal["screened"] = "screened"
    parts: dict[str, Verdict] = {}


class FacesCompared(Body, frozen=True, kw_only=True):
    """KYC-08: the three comparisons are recorded apart."""

    TYPE: ClassVar[str] = "identity.faces_compared/1"
    party: Party
    pair: Literal["live_to_document", "live_to_authority", "live_to_agent"]
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    score: Score | None = None
    basis: Literal["screened", "authority", "sandbox"] = "screened"
    answer: Media | None = None  # what the source signed


class DataChecked(Body, frozen=True, kw_only=True):
    """Name and number, with the phone or a card as `check` says, against an outside source.

    `basis` says `sandbox` where no authority was asked; `answer` is what the source signed. `not_run` with the reason
    AUTHORITY_SILENT: it was asked and did not answer, so a person decides and it is asked again then.
    """

    TYPE: ClassVar[str] = "identity.data_checked/1"
    party: Party
    source: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    basis: Literal["authority", "sandbox"]
    check: Check = "person"
    answer: Media | None = None


class RouteLocked(Body, frozen=True, kw_only=True):
    """Too many failures on one way in; the others stay open (KYC-09)."""

    TYPE: ClassVar[str] = "identity.route_locked/1"
    party: Party
    route: Route


class ReviewRequested(Body, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "identity.review_requested/1"
    party: Party
    reasons: tuple[str, ...]


class ReviewDecided(Body, frozen=True, kw_only=True):
    """A trained person decided, and says what they saw (KYC-09)."""

    TYPE: ClassVar[str] = "identity.review_decided/1"
    party: Party
    decision: Literal["accept", "reject"]
    reason: str  # from a closed list
    seen: tuple[Commitment, ...] = ()


class PictureAsked(Body, frozen=True, kw_only=True):
    """Staff want to look at the pictures of a party's papers, and say why (EVD-13)."""

    TYPE: ClassVar[str] = "identity.picture_asked/1"
    ask: str
    party: Party
    reason: str


class PictureApproved(Body, frozen=True, kw_only=True):
    """A second person agreed that whoever asked looks at them."""

    TYPE: ClassVar[str] = "identity.picture_approved/1"
    ask: str
    party: Party


class PictureRead(Body, frozen=True, kw_only=True):
    """One picture was handed out to the actor of this event: once for each time."""

    TYPE: ClassVar[str] = "identity.picture_read/1"
    ask: str
    party: Party
    paper: PaperKind


class IdentityVerified(Body, frozen=True, kw_only=True):
    """Satisfies `identity:<party>:<K…>` and every weaker strength."""

    TYPE: ClassVar[str] = "identity.verified/1"
    party: Party
    strength: Literal["K1", "K2", "K3", "K4"]
    route: Route
    session: str
