"""What a person asks of this room. These structs are the HTTP bodies."""

from typing import Annotated, Literal

import msgspec

from evidence.events import Frozen, Locale
from evidence.events.envelope import Instant
from evidence.events.reading import Level, PageName

Given = dict[Annotated[str, msgspec.Meta(max_length=40)], int | Annotated[str, msgspec.Meta(max_length=40)]]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=3_600_000)]


class Insured(Frozen, frozen=True, kw_only=True):
    """The person insured, where that is not the buyer: claimed until verified."""

    phone: Annotated[str, msgspec.Meta(pattern=r"^1[3-9][0-9]{9}$")]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)] | None = None


class OpenCase(Frozen, frozen=True, kw_only=True):
    """An agent opens a case for one customer; what is said of the customer is claimed until verified."""

    product: Id
    phone: Annotated[str, msgspec.Meta(pattern=r"^1[3-9][0-9]{9}$")]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)] | None = None
    external_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | None = None
    input_origin: Literal["live", "synthetic"] = "live"
    insured: Insured | None = None  # another person: identified, and consents to the sum (保险法 art. 34)


class SetQuote(Frozen, frozen=True, kw_only=True):
    inputs: Given


class WantedClause(Frozen, frozen=True, kw_only=True):
    clause: Id
    level: Level


class ServeScreen(Frozen, frozen=True, kw_only=True):
    """What limits the provider's liability is asked for alone (PRD-03)."""

    clauses: Annotated[tuple[WantedClause, ...], msgspec.Meta(min_length=1, max_length=60)]
    locale: Locale
    layout: Literal["standard", "elder"] = "standard"


class VisibleClause(Frozen, frozen=True, kw_only=True):
    """Time since the last report in which at least half of the block was in view, app in front, screen on."""

    clause: Id
    level: Level
    visible_ms: Milliseconds
    end_seen: bool


class ReportReading(Frozen, frozen=True, kw_only=True):
    """The phone reports every few seconds; the server counts."""

    screen: Id
    clauses: Annotated[tuple[VisibleClause, ...], msgspec.Meta(min_length=1, max_length=60)]
    client_at: Instant


class Answer(Frozen, frozen=True, kw_only=True):
    question: Id
    picked: Id


class Acknowledge(Frozen, frozen=True, kw_only=True):
    """`text_sha256`: SHA-256 (hex) of the UTF-8 of the sentence as shown. `typed`: only where it is copied out.
    `took_ms`: how long it was held or copied; `assisted`: by dictation or another aid to access."""

    disclosure: Id
    locale: Locale
    text_sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
    typed: Annotated[str, msgspec.Meta(max_length=1000)] | None = None
    took_ms: Milliseconds | None = None
    assisted: bool = False


class EnterPage(Frozen, frozen=True, kw_only=True):
    """Told as it happens, one page at a time (EVD-05)."""

    page: PageName
    client_at: Instant


class OpenTerm(Frozen, frozen=True, kw_only=True):
    screen: Id
    term: Id


class PlayAloud(Frozen, frozen=True, kw_only=True):
    """The device's voice stopped. `whole`: it came from the first word to the last without a skip."""

    screen: Id
    clause: Id
    level: Level
    rate_percent: Annotated[int, msgspec.Meta(ge=10, le=1000)]
    played_ms: Milliseconds
    whole: bool


class Compare(Frozen, frozen=True, kw_only=True):
    """Products of one kind, side by side; the one of this case may be among them."""

    products: Annotated[tuple[Id, ...], msgspec.Meta(min_length=2, max_length=3)]
    locale: Locale


class ShowChanges(Frozen, frozen=True, kw_only=True):
    """What the version on sale now says differently from the one this case pinned."""

    locale: Locale


# --- does it fit -----------------------------------------------------------------------------------------------------


class TellNeeds(Frozen, frozen=True, kw_only=True):
    """Before any quote: what is needed and what can be paid (PRD-10)."""

    facts: Given


class AssessSuitability(Frozen, frozen=True, kw_only=True):
    """`statement`: the customer's own words for going on in spite of a warning, or the declaration copied out."""

    facts: Given
    statement: Annotated[str, msgspec.Meta(min_length=4, max_length=1000)] | None = None


class GradeRisk(Frozen, frozen=True, kw_only=True):
    """Question id -> value of the choice; every question, none of them filled in beforehand (PRD-11)."""

    answers: Annotated[dict[Id, Id], msgspec.Meta(max_length=60)]


class ConfirmRisk(Frozen, frozen=True, kw_only=True):
    """The customer saw that the grade is another one than before, and goes on with it."""


class AnswerHealth(Frozen, frozen=True, kw_only=True):
    """Question id -> yes or no, for all questions of the version shown (PRD-13)."""

    version: int
    answers: Annotated[dict[Id, bool], msgspec.Meta(max_length=200)]


class EndThinking(Frozen, frozen=True, kw_only=True):
    """The customer goes on after the time to think (PRD-12)."""


class HelpCustomer(Frozen, frozen=True, kw_only=True):
    """A reviewer explained in person. `about`: `question:<id>`, `suitability` or `health`."""

    about: Annotated[str, msgspec.Meta(pattern=r"^(question:[a-z][a-z0-9_]{0,39}|suitability|health)$")]
    outcome: Literal["go_on", "stop"]


ReadingCommand = (
    SetQuote
    | ServeScreen
    | ReportReading
    | Answer
    | Acknowledge
    | EnterPage
    | OpenTerm
    | PlayAloud
    | Compare
    | ShowChanges
    | TellNeeds
    | AssessSuitability
    | GradeRisk
    | ConfirmRisk
    | AnswerHealth
    | EndThinking
)
"""What the customer does in this room."""
