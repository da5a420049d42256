"""The trail of reading, counted from the events alone: what was shown, for how long, answered, confirmed, and when.

The case's fold keeps what rules need; this pass keeps what a receipt and an auditor need, and counts the keys again by
itself, so that the two can be held against each other. It looks at each event once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from evidence.events import (
    AloudPlayed,
    CaseOpened,
    ClausesSeen,
    DisclosureAcknowledged,
    Event,
    Frozen,
    PageEntered,
    QuestionAnswered,
    RushNoticed,
    ScreenServed,
    TermOpened,
)
from evidence.policy import Policy


class ClauseTrail(Frozen, frozen=True, kw_only=True):
    """One clause at one level. Times are the server's; `floor_ms`: the least that counted, of the last screen."""

    clause: str
    level: str
    shown: int
    first_at: str
    last_at: str
    visible_ms: int
    floor_ms: int
    end_seen: bool
    heard_ms: int
    late_reports: int
    render_sha256: str  # of the last screen


class Trail(Frozen, frozen=True, kw_only=True):
    """`missing`: keys of the step `sign` that no event holds. `pages`: name and when it was entered, in order."""

    clauses: tuple[ClauseTrail, ...]
    answers: dict[str, tuple[bool, ...]]
    acknowledged: dict[str, str]
    terms: dict[str, int]
    pages: tuple[tuple[str, str], ...]
    rushes: tuple[str, ...]
    keys: frozenset[str]
    missing: tuple[str, ...]


@dataclass(slots=True)
class _Clause:
    shown: int = 0
    first_at: str = ""
    last_at: str = ""
    visible_ms: int = 0
    floor_ms: int = 0
    end_seen: bool = False
    heard_ms: int = 0
    late: int = 0
    sha256: str = ""


@dataclass(slots=True)
class _Walk:
    policy: Policy | None = None
    keys: set[str] = field(default_factory=set)
    clauses: dict[tuple[str, str], _Clause] = field(default_factory=dict)
    answers: dict[str, list[bool]] = field(default_factory=dict)
    acknowledged: dict[str, str] = field(default_factory=dict)
    terms: dict[str, int] = field(default_factory=dict)
    pages: list[tuple[str, str]] = field(default_factory=list)
    rushes: list[str] = field(default_factory=list)

    def clause(self, clause: str, level: str) -> _Clause:
        found = self.clauses.get((clause, level))
        if found is None:
            found = self.clauses[clause, level] = _Clause()
        return found

    def take(self, event: Event) -> None:
        body = event.body
        if body.withdraws:
            self.keys.difference_update(body.withdraws)
        if body.satisfies:
            self.keys.update(body.satisfies)
        act = _ACTS.get(type(body))
        if act is not None:
            act(self, event, body)

    def opened(self, _: Event, body: CaseOpened) -> None:
        self.policy = body.policy

    def served(self, event: Event, body: ScreenServed) -> None:
        for item in body.clauses:
            found = self.clause(item.clause, item.level)
            found.shown += 1
            found.first_at = found.first_at or event.at
            found.last_at = event.at
            found.floor_ms, found.sha256 = item.floor_ms, item.render_sha256

    def seen(self, event: Event, body: ClausesSeen) -> None:
        for item in body.clauses:
            found = self.clause(item.clause, item.level)
            found.visible_ms += item.visible_ms
            found.end_seen = found.end_seen or item.end_seen
            found.last_at = event.at
            found.late += body.late

    def heard(self, event: Event, body: AloudPlayed) -> None:
        found = self.clause(body.clause, body.level)
        found.heard_ms += body.played_ms
        found.last_at = event.at

    def answered(self, _: Event, body: QuestionAnswered) -> None:
        self.answers.setdefault(body.question, []).append(body.correct)

    def confirmed(self, event: Event, body: DisclosureAcknowledged) -> None:
        self.acknowledged[body.disclosure] = event.at

    def term(self, _: Event, body: TermOpened) -> None:
        self.terms[body.term] = self.terms.get(body.term, 0) + 1

    def page(self, event: Event, body: PageEntered) -> None:
        self.pages.append((body.page, event.at))

    def rushed(self, _: Event, body: RushNoticed) -> None:
        self.rushes.append(body.clause)


_ACTS: dict[type, Any] = {
    CaseOpened: _Walk.opened,
    ScreenServed: _Walk.served,
    ClausesSeen: _Walk.seen,
    AloudPlayed: _Walk.heard,
    QuestionAnswered: _Walk.answered,
    DisclosureAcknowledged: _Walk.confirmed,
    TermOpened: _Walk.term,
    PageEntered: _Walk.page,
    RushNoticed: _Walk.rushed,
}


def trail(events: Iterable[Event]) -> Trail:
    """Of one case, from its first event on."""
    walk = _Walk()
    for event in events:
        walk.take(event)
    sign = walk.policy.step("sign") if walk.policy else None
    return Trail(
        clauses=tuple(_told(clause, level, found) for (clause, level), found in walk.clauses.items()),
        answers={name: tuple(said) for name, said in walk.answers.items()},
        acknowledged=walk.acknowledged,
        terms=walk.terms,
        pages=tuple(walk.pages),
        rushes=tuple(walk.rushes),
        keys=frozenset(walk.keys),
        missing=tuple(key for key in sign.needs if key not in walk.keys) if sign else (),
    )


def _told(clause: str, level: str, found: _Clause) -> ClauseTrail:
    return ClauseTrail(
        clause=clause,
        level=level,
        shown=found.shown,
        first_at=found.first_at,
        last_at=found.last_at,
        visible_ms=found.visible_ms,
        floor_ms=found.floor_ms,
        end_seen=found.end_seen,
        heard_ms=found.heard_ms,
        late_reports=found.late,
        render_sha256=found.sha256,
    )
