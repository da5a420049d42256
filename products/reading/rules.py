"""Pages, terms, reading aloud, and coming back after a pause: what each of them is worth as evidence."""

from datetime import timedelta

from evidence.case import Case
from evidence.errors import CaseClosed, NotAllowed
from evidence.events import (
    AloudPlayed,
    Body,
    ChangesShown,
    PageEntered,
    PersonHelped,
    ProductsCompared,
    Stamp,
    TermOpened,
    parse_instant,
)
from products.commands import Compare, EnterPage, HelpCustomer, OpenTerm, PlayAloud, ShowChanges
from products.comparing import Changes, Comparison, leaf_sha256
from products.compiled import Compiled
from products.definition import Question
from products.errors import NothingToHelp, ScreenStale, TermUnknown
from products.questions import tries_of
from products.reading.pace import unhurried
from products.reading.returning import resumed
from products.rules import admit
from products.visible import heard_room

__all__ = ["admit", "admit_help", "compare", "enter_page", "help_customer", "open_term", "play_aloud", "show_changes"]

LATE = timedelta(seconds=60)
SPEEDS = range(80, 151)  # per cent of the normal speed at which reading aloud counts


def enter_page(case: Case, command: EnterPage, newest: str | None, stamp: Stamp) -> tuple[Body, ...]:
    """The page before is left at the same moment. The same page again is no news."""
    admit(case, command, stamp)
    back = resumed(case, newest, stamp)
    if case.reading.page == command.page:
        return back
    late = stamp.at - parse_instant(command.client_at) > LATE
    return (*back, PageEntered(page=command.page, client_at=command.client_at, late=late))


def open_term(case: Case, command: OpenTerm, compiled: Compiled, stamp: Stamp) -> tuple[Body, ...]:
    admit(case, command, stamp)
    if command.term not in compiled.product.glossary:
        raise TermUnknown("no such term")
    locale = case.reading.screens[command.screen].locale
    return (TermOpened(screen=command.screen, term=command.term, locale=locale),)


def play_aloud(case: Case, command: PlayAloud, stamp: Stamp) -> tuple[Body, ...]:
    """Played whole and at a speed that can be followed, it counts as reading; faster, or in part, it is only told."""
    admit(case, command, stamp)
    served = case.reading.screens[command.screen]
    key = f"{command.clause}/{command.level}"
    if key not in served.clauses or key in served.void:
        raise ScreenStale("the screen does not show this, or no longer counts for it")
    played = min(command.played_ms, heard_room(served, stamp.at))
    long_enough = played >= served.clauses[key].floor_ms
    counts = command.whole and command.rate_percent in SPEEDS and long_enough and served.closed_at is None
    step = case.policy.step("read")
    wanted = f"read:{command.clause}" in (step.yields if step else ()) and command.level != "one"
    new = counts and wanted and f"read:{command.clause}" not in case.keys
    read = (f"read:{command.clause}",) if new else ()
    return (
        AloudPlayed(
            screen=command.screen,
            clause=command.clause,
            level=command.level,
            rate_percent=command.rate_percent,
            played_ms=played,
            claimed_ms=command.played_ms,
            whole=command.whole,
            counts=counts and command.level != "one",
            satisfies=(*read, *unhurried(case, read)),
        ),
    )


# --- leaves: pages that follow from versions alone -------------------------------------------------------------------


def compare(case: Case, command: Compare, page: Comparison, stamp: Stamp) -> tuple[Body, ...]:
    admit(case, command, stamp)
    return (ProductsCompared(products=page.products, locale=page.locale, page_sha256=leaf_sha256(page)),)


def show_changes(case: Case, command: ShowChanges, page: Changes, stamp: Stamp) -> tuple[Body, ...]:
    admit(case, command, stamp)
    return (
        ChangesShown(
            older=page.older,
            newer=page.newer,
            locale=page.locale,
            clauses=tuple(item.clause for item in page.clauses),
            page_sha256=leaf_sha256(page),
        ),
    )


# --- a person helps --------------------------------------------------------------------------------------------------


def admit_help(case: Case, command: HelpCustomer, stamp: Stamp) -> None:
    """A reviewer, never the one who sells, and only where a rule sent the customer to a person."""
    if stamp.actor.role != "reviewer" or stamp.actor.id == case.opener:
        raise NotAllowed("a reviewer helps, not the seller")
    if case.state != "open":
        raise CaseClosed(case.state)
    if command.about == "suitability" and case.reading.suitability != "escalate":
        raise NothingToHelp("suitability was not sent to a person")
    health = case.suitability.health
    if command.about == "health" and (health is None or health.outcome != "refer"):
        raise NothingToHelp("no health answer was sent to a person")


def help_customer(case: Case, command: HelpCustomer, question: Question | None, stamp: Stamp) -> tuple[Body, ...]:
    """`question`: the one named, where one is."""
    admit_help(case, command, stamp)
    if command.about.startswith("question:"):
        attempts = case.reading.attempts.get(question.id, 0) if question else 0
        if question is None or attempts < tries_of(question):
            raise NothingToHelp("this question has tries left")
    key = {"suitability": "suitable", "health": "health"}.get(command.about)
    satisfies = (key,) if key is not None and command.outcome == "go_on" else ()
    return (PersonHelped(about=command.about, outcome=command.outcome, satisfies=satisfies),)
