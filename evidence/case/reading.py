"""What the case knows about reading: the quote, the screens served, how long each clause was in view."""

from typing import assert_never

from msgspec.structs import replace

from evidence.events import (
    ClausesSeen,
    Commitment,
    DisclosureAcknowledged,
    Event,
    Frozen,
    QuestionAnswered,
    QuoteShown,
    ScreenServed,
    Sha256,
    SuitabilityAssessed,
)

ReadingBody = QuoteShown | ScreenServed | ClausesSeen | QuestionAnswered | DisclosureAcknowledged | SuitabilityAssessed


class Served(Frozen, frozen=True, kw_only=True):
    """A screen the server handed out. `clauses`: clause -> (level, render sha256, floor ms)."""

    at: str
    locale: str
    layout: str
    clauses: dict[str, tuple[str, Sha256, int]]
    counted_ms: int = 0  # visible time already credited, summed over its clauses


class Seen(Frozen, frozen=True, kw_only=True):
    """Visible time of one clause at one level, added over all screens."""

    visible_ms: int = 0
    end_seen: bool = False


class Reading(Frozen, frozen=True, kw_only=True):
    inputs: dict[str, Commitment] = {}
    outputs: dict[str, Commitment] = {}
    quoted_at: str | None = None
    screens: dict[str, Served] = {}
    seen: dict[str, Seen] = {}  # "<clause>/<level>"
    attempts: dict[str, int] = {}  # wrong answers per question
    answered: dict[str, bool] = {}
    acknowledged: dict[str, str] = {}  # disclosure -> when
    suitability: str | None = None

    def apply(self, event: Event, body: ReadingBody) -> "Reading":
        match body:
            case QuoteShown():
                return replace(
                    self, inputs=body.inputs, outputs=body.outputs, quoted_at=event.at, seen=self._kept(body.withdraws)
                )
            case ScreenServed():
                served = Served(
                    at=event.at,
                    locale=body.locale,
                    layout=body.layout,
                    clauses={item.clause: (item.level, item.render_sha256, item.floor_ms) for item in body.clauses},
                )
                return replace(self, screens={**self.screens, body.screen: served})
            case ClausesSeen():
                return self._add(body)
            case QuestionAnswered():
                attempts = self.attempts | ({} if body.correct else {body.question: body.attempt})
                return replace(self, attempts=attempts, answered={**self.answered, body.question: body.correct})
            case DisclosureAcknowledged():
                return replace(self, acknowledged={**self.acknowledged, body.disclosure: event.at})
            case SuitabilityAssessed():
                return replace(self, suitability=body.outcome)
            case _:
                assert_never(body)

    def _add(self, body: ClausesSeen) -> "Reading":
        seen = dict(self.seen)
        for item in body.clauses:
            key = f"{item.clause}/{item.level}"
            old = seen.get(key, Seen())
            seen[key] = Seen(visible_ms=old.visible_ms + item.visible_ms, end_seen=old.end_seen or item.end_seen)
        screen = self.screens[body.screen]
        counted = screen.counted_ms + sum(item.visible_ms for item in body.clauses)
        return replace(self, seen=seen, screens={**self.screens, body.screen: replace(screen, counted_ms=counted)})

    def _kept(self, withdrawn: tuple[str, ...]) -> dict[str, Seen]:
        # A clause whose numbers changed must be read again: the time it was in view before no longer counts.
        again = {key.removeprefix("read:") for key in withdrawn}
        return {key: seen for key, seen in self.seen.items() if key.split("/")[0] not in again}
