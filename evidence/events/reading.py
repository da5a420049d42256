"""Events of understanding: what was shown, for how long, what was asked, answered and acknowledged."""

from typing import ClassVar, Literal

from evidence.events.envelope import Body, Commitment, Frozen, Instant, Locale, Media, Sha256

Level = Literal["one", "plain", "formal"]


class QuoteShown(Body, frozen=True, kw_only=True):
    """The customer's inputs and what the formulas made of them. All values are disclosures: a quote can be guessed."""

    TYPE: ClassVar[str] = "reading.quote_shown/1"
    inputs: dict[str, Commitment]
    outputs: dict[str, Commitment]
    trace: Commitment
    changed: tuple[str, ...] = ()  # input names that differ from the quote before


class ScreenClause(Frozen, frozen=True, kw_only=True):
    """One clause as rendered. Personal renders carry a random 256-bit nonce, so the plain hash reveals nothing."""

    clause: str
    level: Level
    render_sha256: Sha256
    floor_ms: int  # least visible time that counts as shown
    media: Media | None = None  # the rendered bytes, kept only where they are personal


class ScreenServed(Body, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "reading.screen_served/1"
    screen: str  # scr_…
    locale: Locale
    layout: Literal["standard", "elder"]
    clauses: tuple[ScreenClause, ...]


class SeenClause(Frozen, frozen=True, kw_only=True):
    clause: str
    level: Level
    visible_ms: int  # counted by the server: never more than the time since the screen was served
    claimed_ms: int  # what the client said
    end_seen: bool


class ClausesSeen(Body, frozen=True, kw_only=True):
    """A batch of visible segments of one served screen.

    `client_at` is what the phone's clock says: a claim, never counted with. `late`: told long after it happened, or
    after the screen was closed; what lies too far back was not counted (EVD-05).
    """

    TYPE: ClassVar[str] = "reading.clauses_seen/1"
    screen: str
    clauses: tuple[SeenClause, ...]
    client_at: Instant | None = None
    late: bool = False


class QuestionAnswered(Body, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "reading.question_answered/1"
    question: str
    picked: str | None = None  # for choices; numbers of the customer's own case go into `picked_value`
    picked_value: Commitment | None = None
    correct: bool
    attempt: int


class DisclosureAcknowledged(Body, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "reading.disclosure_acknowledged/1"
    disclosure: str
    method: Literal["tap", "hold", "transcribe", "speak"]
    locale: Locale
    text_sha256: Sha256
    typed: Commitment | None = None


class SuitabilityAssessed(Body, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "reading.suitability_assessed/1"
    facts: dict[str, Commitment]
    outcome: Literal["allow", "warn", "escalate", "deny"]
    rules: tuple[str, ...] = ()  # ids of the rules that spoke
    override: Commitment | None = None  # the customer's own statement
