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


# --- how it was read -------------------------------------------------------------------------------------------------

PageName = Literal[
    "start",
    "quote",
    "summary",
    "compare",
    "changes",
    "read",
    "questions",
    "disclosures",
    "needs",
    "suitability",
    "risk",
    "health",
    "thinking",
    "identity",
    "sign",
    "receipt",
    "away",
]
"""`away`: the page went into the background. Entering one page is leaving the one before."""


class PageEntered(Body, frozen=True, kw_only=True):
    """The operation track (EVD-05). `client_at` is a claim; `late`: told more than a minute after it."""

    TYPE: ClassVar[str] = "reading.page_entered/1"
    page: PageName
    client_at: Instant | None = None
    late: bool = False


class TermOpened(Body, frozen=True, kw_only=True):
    """The plain words for a term were opened from a served screen."""

    TYPE: ClassVar[str] = "reading.term_opened/1"
    screen: str
    term: str
    locale: Locale


class AloudPlayed(Body, frozen=True, kw_only=True):
    """The device's voice read one clause of a served screen.

    `counts`: played from the first word to the last at an allowed speed, for as long as our own clock can bear out.
    """

    TYPE: ClassVar[str] = "reading.aloud_played/1"
    screen: str
    clause: str
    level: Level
    rate_percent: int
    played_ms: int  # at most what passed on the server's clock since the screen was served
    claimed_ms: int
    whole: bool
    counts: bool = False


class RushNoticed(Body, frozen=True, kw_only=True):
    """Read far faster than the reader usually does, or evenly as a machine: one more question, or the clause again."""

    TYPE: ClassVar[str] = "reading.rush_noticed/1"
    clause: str
    sign: Literal["too_fast", "too_even"]
    question: str | None = None


class ReadingResumed(Body, frozen=True, kw_only=True):
    """The customer came back after a long pause, or another version is sold by now: `clause` is read once more."""

    TYPE: ClassVar[str] = "reading.resumed/1"
    gap_h: int
    newest: Sha256 | None = None  # `full` of the version sold now, where it is not the one of this case
    clause: str | None = None


class ActTimed(Body, frozen=True, kw_only=True):
    """How long the next acknowledgement took: time only, never what was typed or how."""

    TYPE: ClassVar[str] = "reading.act_timed/1"
    disclosure: str
    act: Literal["hold", "transcribe"]
    took_ms: int
    assisted: bool = False  # by dictation or another aid to access, as the customer's device says


class PersonHelped(Body, frozen=True, kw_only=True):
    """A person explained: a question missed too often, or a sale that rules left to a person. `about`: `question:<id>`,
    `suitability` or `health`."""

    TYPE: ClassVar[str] = "reading.person_helped/1"
    about: str
    outcome: Literal["go_on", "stop"]


class ProductsCompared(Body, frozen=True, kw_only=True):
    """Two or three products of one kind side by side. The page follows from the versions and the language alone."""

    TYPE: ClassVar[str] = "reading.products_compared/1"
    products: tuple[Sha256, ...]  # `full` of each, in the order shown
    locale: Locale
    page_sha256: Sha256


class ChangesShown(Body, frozen=True, kw_only=True):
    """What another version of the product changed, clause by clause."""

    TYPE: ClassVar[str] = "reading.changes_shown/1"
    older: Sha256
    newer: Sha256
    locale: Locale
    clauses: tuple[str, ...]
    page_sha256: Sha256
