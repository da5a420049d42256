"""What the case knows about reading: the quote, the screens served, how long each clause was in view."""

from typing import assert_never

from msgspec.structs import replace

from evidence.events import (
    ClausesSeen,
    Commitment,
    DisclosureAcknowledged,
    Event,
    Frozen,
    Locale,
    QuestionAnswered,
    QuoteShown,
    ScreenServed,
    SuitabilityAssessed,
)
from evidence.events.reading import ScreenClause

ReadingBody = QuoteShown | ScreenServed | ClausesSeen | QuestionAnswered | DisclosureAcknowledged | SuitabilityAssessed


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


class Seen(Frozen, frozen=True, kw_only=True):
    """Visible time of one clause at one level, added over all screens."""

    visible_ms: int = 0
    end_seen: bool = False


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

    def apply(self, event: Event, body: ReadingBody) -> "Reading":
        again = self._withdrawn(body.withdraws)
        match body:
            case QuoteShown():
                return replace(again, inputs=body.inputs, outputs=body.outputs, trace=body.trace, quoted_at=event.at)
            case ScreenServed():
                return again._serve(event, body)
            case ClausesSeen():
                return again._add(event, body)
            case QuestionAnswered():
                attempts = again.attempts | ({} if body.correct else {body.question: body.attempt})
                return replace(again, attempts=attempts, answered={**again.answered, body.question: body.correct})
            case DisclosureAcknowledged():
                return replace(again, acknowledged={**again.acknowledged, body.disclosure: event.at})
            case SuitabilityAssessed():
                return replace(again, suitability=body.outcome, suitability_rules=body.rules)
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
        return replace(self, seen=seen, screens=screens)

    def _withdrawn(self, keys: tuple[str, ...]) -> "Reading":
        """What must be done again starts from nothing: time counted before, answers and acknowledgements."""
        if not keys:
            return self
        clauses = {key.removeprefix("read:") for key in keys if key.startswith("read:")}
        return replace(
            self,
            seen={key: seen for key, seen in self.seen.items() if key.split("/")[0] not in clauses},
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
