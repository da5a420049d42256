"""Who may read, what counts as read, which answer is right: decided from the case and the pinned product alone."""

from evidence.case import Case
from evidence.case.reading import Served
from evidence.errors import CaseClosed, HeadMoved, NotAllowed, NotValid, StepsMissing
from evidence.events import (
    Body,
    ClausesSeen,
    Commitment,
    Frozen,
    QuoteShown,
    RushNoticed,
    ScreenServed,
    Stamp,
)
from evidence.events.reading import ScreenClause, SeenClause
from products.commands import (
    Acknowledge,
    Answer,
    AnswerHealth,
    AssessSuitability,
    Compare,
    ConfirmRisk,
    EndThinking,
    EnterPage,
    GradeRisk,
    OpenTerm,
    PlayAloud,
    ReadingCommand,
    ReportReading,
    ServeScreen,
    SetQuote,
    ShowChanges,
    TellNeeds,
)
from products.compiled import Compiled
from products.errors import (
    AlreadySigned,
    ClauseUnknown,
    NotLicensed,
    OwnPage,
    ScreenStale,
    ScreenUnknown,
)
from products.questions import uses
from products.reading.pace import extra_question, pace_of, sign_of, unhurried
from products.reading.returning import resumed
from products.visible import now_read, room_left

STEPS: dict[type[ReadingCommand], str | None] = {  # None: as soon as the customer knows that it is recorded
    SetQuote: "quote",
    ServeScreen: "read",
    ReportReading: "read",
    Answer: "read",
    OpenTerm: "read",
    PlayAloud: "read",
    Acknowledge: "disclose",
    AssessSuitability: "suitability",
    GradeRisk: None,
    ConfirmRisk: None,
    EndThinking: "suitability",
    AnswerHealth: "health",
    TellNeeds: None,
    EnterPage: None,
    Compare: None,
    ShowChanges: None,
}
BEFORE_SIGNING = (SetQuote, TellNeeds, AssessSuitability, GradeRisk, ConfirmRisk, AnswerHealth, EndThinking)


class Basis(Frozen, frozen=True, kw_only=True):
    """The quote that facts were computed from. Facts are void once the case holds another one."""

    outputs: dict[str, Commitment] = {}
    inputs: dict[str, Commitment] = {}

    @classmethod
    def of(cls, case: Case) -> "Basis":
        return cls(inputs=case.reading.inputs, outputs=case.reading.outputs)


class HiddenQuote(Frozen, frozen=True, kw_only=True):
    """A quote whose values are in the vault. `changed`: every name, of input or output, that differs from `basis`."""

    inputs: dict[str, Commitment]
    outputs: dict[str, Commitment]
    trace: Commitment
    basis: Basis
    changed: frozenset[str]


def admit(case: Case, command: ReadingCommand, stamp: Stamp) -> None:
    """Before any port is touched: the customer of this very case, in an open case, at a step they have reached."""
    session = case.sessions.get(stamp.actor.session or "")
    if stamp.actor.role != "customer" or session is None or session.customer != stamp.actor.id:
        raise NotAllowed("only the customer reads, in a session of their own")
    if session.party != "proposer":
        raise NotAllowed("the proposer reads and answers")
    if case.state != "open":
        raise CaseClosed(case.state)
    step = STEPS[type(command)]
    missing = case.missing(step) if step else tuple({"consent:recording"} - case.keys)
    if missing:
        raise StepsMissing(missing=missing)
    if isinstance(command, BEFORE_SIGNING) and any(key.startswith("signed:") for key in case.keys):
        raise AlreadySigned("it is part of what was signed")
    if isinstance(command, ReportReading | OpenTerm | PlayAloud) and command.screen not in case.reading.screens:
        raise ScreenUnknown("no such screen in this case")


def licensed(mode: str, licence: str) -> None:
    """PRD-16: what leads to a sale is only there for who may sell. A sandbox sells nothing."""
    if mode == "production" and not licence:
        raise NotLicensed("no licence is set")


# --- quote -----------------------------------------------------------------------------------------------------------


def set_quote(
    case: Case, command: SetQuote, compiled: Compiled, quote: HiddenQuote, newest: str | None, stamp: Stamp
) -> tuple[Body, ...]:
    """A changed input opens again exactly what showed a number that is now another one."""
    admit(case, command, stamp)
    changed = quote.changed
    if Basis.of(case) != quote.basis:
        changed = frozenset(compiled.units)  # computed against another quote: nothing is known to be the same
    return (
        *resumed(case, newest, stamp),
        QuoteShown(
            inputs=quote.inputs,
            outputs=quote.outputs,
            trace=quote.trace,
            changed=tuple(name for name in compiled.product.inputs if name in changed),
            satisfies=("quoted",),
            withdraws=reopened(compiled, changed),
        ),
    )


def reopened(compiled: Compiled, changed: frozenset[str]) -> tuple[str, ...]:
    """Keys that no longer hold when these values change."""
    if not changed:
        return ()
    clauses = {
        name
        for name, placed in compiled.clauses.items()
        if placed.clause.personal and compiled.uses(placed.clause) & changed
    }
    product = compiled.product
    return (
        *(f"read:{name}" for name in compiled.clauses if name in clauses),
        *(f"answered:{item.id}" for item in product.questions if item.clause in clauses or uses(item) & changed),
        *(f"disclosed:{item.id}" for item in product.disclosures if clauses & set(item.clauses)),
        *(("suitable",) if "suitability" in product.journey.steps else ()),
    )


# --- reading ---------------------------------------------------------------------------------------------------------


def check_screen(command: ServeScreen, compiled: Compiled) -> None:
    """Only clauses there are, each level once, and what limits liability on a page of its own (PRD-03)."""
    wanted = [(item.clause, item.level) for item in command.clauses]
    names = {name for name, _ in wanted}
    if not names <= set(compiled.clauses):
        raise ClauseUnknown("no such clause")
    if len(set(wanted)) != len(wanted):
        raise NotValid("a clause is asked for twice", field="clauses")
    if len(names) > 1 and any(compiled.clause(name).limits_provider for name, level in wanted if level != "one"):
        raise OwnPage("a clause that limits liability is read alone")
    if command.locale not in compiled.product.languages.offered:
        raise NotValid("the product is not offered in this language", field="locale")


def serve_screen(
    case: Case,
    command: ServeScreen,
    compiled: Compiled,
    screen: str,
    rendered: tuple[ScreenClause, ...],
    basis: Basis,
    newest: str | None,
    stamp: Stamp,
) -> tuple[Body, ...]:
    admit(case, command, stamp)
    check_screen(command, compiled)
    same_basis(case, basis)
    return (
        *resumed(case, newest, stamp),
        ScreenServed(screen=screen, locale=command.locale, layout=command.layout, clauses=rendered),
    )


def report_reading(case: Case, command: ReportReading, compiled: Compiled, stamp: Stamp) -> tuple[Body, ...]:
    """Count visible time: never more than claimed, and over the whole screen never more than passed on our clock.

    Who reads in a rush is stopped softly: one question more, or the clause again where there is none.
    """
    admit(case, command, stamp)
    served = case.reading.screens[command.screen]
    keys = [f"{item.clause}/{item.level}" for item in command.clauses]
    if len(set(keys)) != len(keys):
        raise NotValid("a clause is reported twice", field="clauses")
    if not set(keys) <= set(served.clauses) - served.void:
        raise ScreenStale("the screen does not show this, or no longer counts for it")
    room, late = room_left(served, stamp.at)
    seen: list[SeenClause] = []
    for item in command.clauses:
        counted = min(item.visible_ms, room)
        room -= counted
        seen.append(
            SeenClause(
                clause=item.clause,
                level=item.level,
                visible_ms=counted,
                claimed_ms=item.visible_ms,
                end_seen=item.end_seen,
            )
        )
    read = now_read(case, served, seen)
    rushed = _rush(case, compiled, served, seen, read)
    return (
        ClausesSeen(
            screen=command.screen,
            clauses=tuple(seen),
            client_at=command.client_at,
            late=late,
            satisfies=(*read, *(() if rushed else unhurried(case, read))),
        ),
        *rushed,
    )


def _rush(
    case: Case, compiled: Compiled, served: Served, seen: list[SeenClause], read: tuple[str, ...]
) -> tuple[RushNoticed, ...]:
    """At most one at a time, and of each clause only once: whoever reads it again is not asked a third time.

    Where the sandbox shortens the floors a pace says nothing.
    """
    judged = case.reading.rush is None and case.policy.dwell_percent == 100
    for key in read if judged else ():
        clause = key.removeprefix("read:")
        sign = sign_of(case.reading.paces, clause, pace_of(case, served, clause, seen))
        if sign is not None and clause not in case.reading.rushed:
            question = extra_question(compiled, case, clause)
            again = f"answered:{question}" if question else key
            return (RushNoticed(clause=clause, sign=sign, question=question, withdraws=("unhurried", again)),)
    return ()


def same_basis(case: Case, basis: Basis) -> None:
    """Facts computed from another quote are void."""
    if Basis.of(case) != basis:
        raise HeadMoved("the quote changed meanwhile")
