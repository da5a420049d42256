"""What the case knows about reading: the quote, the screens served, how long each clause was in view."""

from typing import assert_never

from msgspec.structs import replace

from evidence.events import (
    ActTimed,
    AloudPlayed,
    ChangesShown,
    ClausesSeen,
    Commitment,
    DisclosureAcknowledged,
    Event,
    Frozen,
    Locale,
    PageEntered,
    PersonHelped,
    ProductsCompared,
    QuestionAnswered,
    QuoteShown,
    ReadingResumed,
    RushNoticed,
    ScreenServed,
    SuitabilityAssessed,
    TermOpened,
)
from evidence.events.reading import ScreenClause

ReadingBody = (
    QuoteShown
    | ScreenServed
    | ClausesSeen
    | QuestionAnswered
    | DisclosureAcknowledged
    | SuitabilityAssessed
    | PageEntered
    | TermOpened
    | AloudPlayed
    | RushNoticed
    | ReadingResumed
    | ActTimed
    | PersonHelped
    | ProductsCompared
    | ChangesShown
)


class Served(Frozen, frozen=True, kw_only=True):
    """A screen the server handed out. `clauses`: "<clause>/<level>" -> as rendered.

    Only one screen is before the reader's eyes: serving the next one closes it, so that two screens can never both
    count the same second.
    """

    at: str
    locale: Locale
    layout: str
    clauses: dict[str, ScreenClause]
    void: frozenset[str] = frozenset()  # keys of `clauses` that were withdrawn since: shown, but no longer counted
    closed_at: str | None = None
    reported_at: str | None = None
    counted_ms: int = 0  # visible time already credited, summed over its clauses
    heard_ms: int = 0  # time read aloud, already credited


class Seen(Frozen, frozen=True, kw_only=True):
    """Visible time of one clause at one level, added over all screens."""

    visible_ms: int = 0
    end_seen: bool = False


class Pace(Frozen, frozen=True, kw_only=True):
    """How long a clause took until it counted as read, and the least it could take."""

    ms: int
    floor_ms: int


class Reading(Frozen, frozen=True, kw_only=True):
    inputs: dict[str, Commitment] = {}
    outputs: dict[str, Commitment] = {}
    trace: Commitment | None = None
    quoted_at: str | None = None
    screens: dict[str, Served] = {}  # in order of serving: only the last can be open
    seen: dict[str, Seen] = {}  # "<clause>/<level>"
    attempts: dict[str, int] = {}  # wrong answers per question
    answered: dict[str, bool] = {}
    acknowledged: dict[str, str] = {}  # disclosure -> when
    suitability: str | None = None
    suitability_rules: tuple[str, ...] = ()  # ids of the rules that spoke
    assessed_at: str | None = None
    page: str | None = None  # the page the customer is on, where their device tells
    paces: dict[str, Pace] = {}  # by clause, in the order they were read
    rush: RushNoticed | None = None  # noticed, and not yet answered for
    rushed: frozenset[str] = frozenset()  # clauses it was ever noticed of
    acted_at: str | None = None  # when the customer last did something of this room
    told_of: str | None = None  # `full` of the newer version they were told of
    helped: dict[str, str] = {}  # what a person explained -> go_on | stop
    leaves: dict[str, ProductsCompared | ChangesShown] = {}  # comparisons and changes shown, by the digest of the page

    def apply(self, event: Event, body: ReadingBody) -> "Reading":
        again = self._withdrawn(body.withdraws)
        if event.actor.role == "customer":
            again = replace(again, acted_at=event.at)
        if "unhurried" in body.satisfies:
            again = replace(again, rush=None)
        match body:
            case QuoteShown():
                return replace(again, inputs=body.inputs, outputs=body.outputs, trace=body.trace, quoted_at=event.at)
            case ScreenServed():
                return again._serve(event, body)
            case ClausesSeen():
                return again._add(event, body)
            case QuestionAnswered():
                attempts = again.attempts | ({} if body.correct else {body.question: body.attempt})
                answered = {**again.answered, body.question: body.correct}
                return replace(again, attempts=attempts, answered=answered)
            case DisclosureAcknowledged():
                return replace(again, acknowledged={**again.acknowledged, body.disclosure: event.at})
            case SuitabilityAssessed():
                return replace(again, suitability=body.outcome, suitability_rules=body.rules, assessed_at=event.at)
            case PageEntered():
                return replace(again, page=body.page)
            case AloudPlayed():
                return again._heard(body)
            case RushNoticed():
                return replace(again, rush=body, rushed=again.rushed | {body.clause})
            case ReadingResumed():
                return replace(again, told_of=body.newest or again.told_of)
            case PersonHelped():
                return again._helped(body)
            case ProductsCompared() | ChangesShown():
                return replace(again, leaves={**again.leaves, body.page_sha256: body})
            case TermOpened() | ActTimed():
                return again
            case _:
                assert_never(body)

    def _serve(self, event: Event, body: ScreenServed) -> "Reading":
        screens = self.screens.copy()
        before = next(reversed(screens), None)
        if before is not None:
            screens[before] = replace(screens[before], closed_at=event.at)
        clauses = {f"{item.clause}/{item.level}": item for item in body.clauses}
        served = Served(at=event.at, locale=body.locale, layout=body.layout, clauses=clauses)
        screens[body.screen] = served
        return replace(self, screens=screens)

    def _add(self, event: Event, body: ClausesSeen) -> "Reading":
        seen, screens = self.seen.copy(), self.screens.copy()
        for item in body.clauses:
            key = f"{item.clause}/{item.level}"
            old = seen.get(key, Seen())
            seen[key] = Seen(visible_ms=old.visible_ms + item.visible_ms, end_seen=old.end_seen or item.end_seen)
        screen = screens[body.screen]
        counted = screen.counted_ms + sum(item.visible_ms for item in body.clauses)
        screens[body.screen] = replace(screen, counted_ms=counted, reported_at=event.at)
        after = replace(self, seen=seen, screens=screens)
        return after._paced(screen, body.satisfies) if body.satisfies else after

    def _paced(self, screen: Served, keys: tuple[str, ...]) -> "Reading":
        """A clause counts as read: how long it took, over all its levels, and the least it could take."""
        paces = dict(self.paces)
        for clause in (key.removeprefix("read:") for key in keys if key.startswith("read:")):
            levels = [level for level in ("plain", "formal") if f"{clause}/{level}" in screen.clauses]
            ms = sum(self.seen.get(f"{clause}/{level}", Seen()).visible_ms for level in ("plain", "formal"))
            floor = max((screen.clauses[f"{clause}/{level}"].floor_ms for level in levels), default=0)
            paces.pop(clause, None)
            paces[clause] = Pace(ms=ms, floor_ms=floor)
        return replace(self, paces=paces)

    def _heard(self, body: AloudPlayed) -> "Reading":
        """Time before the ear is taken from the same clock as time before the eye."""
        screen = self.screens[body.screen]
        screen = replace(screen, heard_ms=screen.heard_ms + body.played_ms)
        return replace(self, screens={**self.screens, body.screen: screen})

    def _helped(self, body: PersonHelped) -> "Reading":
        """A person explained a question: its tries begin again."""
        question = body.about.removeprefix("question:")
        attempts = {name: count for name, count in self.attempts.items() if name != question}
        return replace(self, helped={**self.helped, body.about: body.outcome}, attempts=attempts)

    def _withdrawn(self, keys: tuple[str, ...]) -> "Reading":
        """What must be done again starts from nothing: time counted before, answers and acknowledgements."""
        if not keys:
            return self
        clauses = {key.removeprefix("read:") for key in keys if key.startswith("read:")}
        return replace(
            self,
            seen={key: seen for key, seen in self.seen.items() if key.split("/")[0] not in clauses},
            paces={name: pace for name, pace in self.paces.items() if name not in clauses},
            # A screen that still shows the old numbers can no longer be counted for these clauses.
            screens={name: _voided(screen, clauses) for name, screen in self.screens.items()},
            answered={name: right for name, right in self.answered.items() if f"answered:{name}" not in keys},
            acknowledged={name: at for name, at in self.acknowledged.items() if f"disclosed:{name}" not in keys},
            suitability=None if "suitable" in keys else self.suitability,
            suitability_rules=() if "suitable" in keys else self.suitability_rules,
        )


def _voided(screen: Served, clauses: set[str]) -> Served:
    void = screen.void | {key for key, item in screen.clauses.items() if item.clause in clauses}
    return screen if void == screen.void else replace(screen, void=void)
