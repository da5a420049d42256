"""Random walks: whatever a customer does in whatever order, signing is never reached with something left out."""

import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from evidence.case import Case
from evidence.errors import Error, NotAllowed
from evidence.events import (
    Actor,
    AloudPlayed,
    ClausesSeen,
    DisclosureAcknowledged,
    Event,
    QuestionAnswered,
    ScreenServed,
    instant,
)
from products import flow
from products.commands import (
    Acknowledge,
    Answer,
    AnswerHealth,
    AssessSuitability,
    ConfirmRisk,
    EndThinking,
    EnterPage,
    GradeRisk,
    HelpCustomer,
    PlayAloud,
    ReportReading,
    ServeScreen,
    SetQuote,
    TellNeeds,
    VisibleClause,
    WantedClause,
)
from products.compiled import Compiled, text_sha256
from products.definition import Input
from products.lint import lint
from products.load import DEFINITION, load
from products.questions import options, right
from products.reading import flow as reading
from products.reading.trail import trail
from products.render import sentence
from products.stored import values
from products.suitability import flow as fitting
from products.suitability.rules import declarations
from products.versions import Catalogue
from tests.evidence.fakes import StoryLedger
from tests.products.conftest import CATALOGUE, OPENER, Story
from tests.products.fitted import fitted

STEPS, ROUNDS = 400, 2
SEEN_TO_ARRIVE = ("anju_term_life", "youan_travel")  # walks that do come to signing, so that the test says something
ROLES: tuple[Any, ...] = ("agent", "reviewer", "auditor", "admin", "partner", "system")
FOREIGN = ("consent:privacy", "identity:", "code:")  # earned in other rooms


def _sold(folder: Path) -> bool:
    """Whether it can be sold: what is still being written is not walked."""
    try:
        compiled = load(folder)
    except Error:
        return False
    return compiled.product.status == "on_sale" and not any(item.severity == "E" for item in lint(compiled))


PRODUCTS = (*sorted(path.parent.name for path in CATALOGUE.glob(f"*/{DEFINITION}") if _sold(path.parent)), "everything")


class Walk:
    """One customer, hurried and forgetful, who mostly does what comes next and sometimes anything at all."""

    def __init__(self, story: Story, compiled: Compiled, seed: str) -> None:
        self.story = story
        self.compiled = compiled
        self.product = compiled.product
        self.choose = random.Random(seed)

    async def go(self) -> bool:
        """Whether the walk came to signing. Again and again, and there, the case is held against its events."""
        reached = False
        for number in range(STEPS):
            await self.step()
            case = await self.story.case()
            arrived = not owed(case)
            if number % 10 == 0 or arrived != reached:
                check(case, self.compiled, await self.story.ledger.events(case.id))
            reached = reached or arrived
            self.story.clock.forward(self.choose.choice((0, 1, 5, 20)))
        return reached

    async def step(self) -> None:
        acts: list[Callable[[], Awaitable[object]]] = [
            self.quote, self.read, self.read, self.read, self.glance, self.listen, self.answer, self.answer,
            self.acknowledge, self.acknowledge, self.assess, self.needs, self.risk, self.health, self.think,
            self.page, self.stranger, self.help,
        ]  # fmt: skip
        try:
            await self.choose.choice(acts)()
        except NotAllowed:
            raise
        except Error:
            pass

    # --- acts --------------------------------------------------------------------------------------------------------

    async def quote(self) -> None:
        case = await self.story.case()
        if "quoted" not in case.keys or self.choose.random() < 0.1:
            inputs = {
                name: self.value(item) for name, item in self.product.inputs.items() if self.choose.random() < 0.9
            }
            await flow.set_quote(case, SetQuote(inputs=inputs), self.story.customer, self.story.ports)

    async def read(self) -> None:
        """The next unread clause, mostly long enough."""
        case = await self.story.case()
        unread = [name for name in self.compiled.must_read if f"read:{name}" not in case.keys]
        name = unread[0] if unread and self.choose.random() < 0.9 else self.choose.choice(list(self.compiled.clauses))
        level = self.choose.choice(("plain", "plain", "plain", "formal", "one"))
        screen = await self.serve(name, level)
        floor = (await self.story.case()).reading.screens[screen].clauses[f"{name}/{level}"].floor_ms
        for part in range(self.choose.choice((1, 2, 4))):
            ms = min(60_000, int(floor * self.choose.choice((0.2, 1, 1, 1.5))))
            self.story.clock.forward(ms * self.choose.choice((0.3, 1, 1, 1)) / 1000)
            await self.report(screen, name, level, ms, end_seen=part > 0 or self.choose.random() < 0.7)

    async def glance(self) -> None:
        name = self.choose.choice(list(self.compiled.clauses))
        await self.report(await self.serve(name, "plain"), name, "plain", 3_600_000, end_seen=True)

    async def listen(self) -> None:
        name = self.choose.choice(self.compiled.must_read)
        screen = await self.serve(name, "plain")
        self.story.clock.forward(self.choose.choice((5, 200)))
        rate, whole = self.choose.choice((60, 100, 150, 300)), self.choose.random() < 0.7
        command = PlayAloud(
            screen=screen, clause=name, level="plain", rate_percent=rate, played_ms=200_000, whole=whole
        )
        await reading.play_aloud(await self.story.case(), command, self.story.customer, self.story.ports)

    async def serve(self, name: str, level: Any) -> str:
        locale = self.choose.choice(self.product.languages.offered)
        command = ServeScreen(clauses=(WantedClause(clause=name, level=level),), locale=locale)
        case = await flow.serve_screen(await self.story.case(), command, self.story.customer, self.story.ports)
        return next(reversed(case.reading.screens))

    async def report(self, screen: str, name: str, level: Any, ms: int, *, end_seen: bool) -> None:
        seen = VisibleClause(clause=name, level=level, visible_ms=ms, end_seen=end_seen)
        command = ReportReading(screen=screen, clauses=(seen,), client_at=instant(self.story.clock()))
        await flow.report_reading(await self.story.case(), command, self.story.customer, self.story.ports)

    async def answer(self) -> None:
        case = await self.story.case()
        if self.product.questions:
            question = self.choose.choice(self.product.questions)
            known = await values(case, self.compiled, self.story.ports)
            offered = [item.value for item in options(self.compiled, question, known, case.id)]
            knows = self.choose.random() < 0.8
            picked = right(self.compiled, question, known) if knows else self.choose.choice(offered)
            command = Answer(question=question.id, picked=picked)
            await flow.answer(case, command, self.story.customer, self.story.ports)

    async def acknowledge(self) -> None:
        if self.product.disclosures:
            item = self.choose.choice(self.product.disclosures)
            text = sentence(self.compiled, item.text, "zh-CN")
            typed = text if item.acknowledge == "transcribe" else None
            shown = text if self.choose.random() < 0.9 else "别的"
            took = self.choose.choice((None, 500, 2_000))
            command = Acknowledge(
                disclosure=item.id, locale="zh-CN", text_sha256=text_sha256(shown), typed=typed, took_ms=took
            )
            await flow.acknowledge(await self.story.case(), command, self.story.customer, self.story.ports)

    async def assess(self) -> None:
        case = await self.story.case()
        fit = self.product.suitability
        facts = {name: self.value(item) for name, item in fit.facts.items() if name not in case.suitability.needs}
        declared = declarations(self.compiled, case.reading.suitability_rules)
        statement = self.choose.choice((None, "我想好了，要买", declared[0] if declared else "我知道了，要买"))
        command = AssessSuitability(facts=facts, statement=statement)
        await fitting.assess_suitability(case, command, self.story.customer, self.story.ports)

    async def needs(self) -> None:
        case, fit = await self.story.case(), self.product.suitability
        if fit.ask_first and ("needs" not in case.keys or self.choose.random() < 0.1):
            command = TellNeeds(facts={name: self.value(fit.facts[name]) for name in fit.ask_first})
            await fitting.tell_needs(case, command, self.story.customer, self.story.ports)

    async def risk(self) -> None:
        case, test = await self.story.case(), self.product.suitability.risk
        if test is not None and case.suitability.risk is not None and not case.suitability.risk.confirmed:
            await fitting.confirm_risk(case, ConfirmRisk(), self.story.customer, self.story.ports)
        elif test is not None and "risk" not in case.keys:
            answers = {item.id: self.choose.choice(item.choices[-2:]).value for item in test.questions}
            await fitting.grade_risk(case, GradeRisk(answers=answers), self.story.customer, self.story.ports)

    async def health(self) -> None:
        case, health = await self.story.case(), self.product.suitability.health
        if health is not None and "health" not in case.keys:
            answers = {item.id: self.choose.random() < 0.05 for item in health.questions}
            command = AnswerHealth(version=health.version, answers=answers)
            await fitting.answer_health(case, command, self.story.customer, self.story.ports)

    async def think(self) -> None:
        self.story.clock.forward(self.choose.choice((60, 86_401)))
        await fitting.end_thinking(await self.story.case(), EndThinking(), self.story.customer, self.story.ports)

    async def page(self) -> None:
        page: Any = self.choose.choice(("read", "disclosures", "disclosures", "quote", "away"))
        command = EnterPage(page=page, client_at=instant(self.story.clock()))
        await reading.enter_page(await self.story.case(), command, self.story.customer, self.story.ports)

    async def help(self) -> None:
        case = await self.story.case()
        stuck = [f"question:{item.id}" for item in self.product.questions]
        command = HelpCustomer(about=self.choose.choice((*stuck, "suitability", "health")), outcome="go_on")
        reviewer = self.story.stamp(Actor(id="stf_reviewer", role="reviewer"))
        await reading.help_customer(case, command, reviewer, self.story.ports)

    async def stranger(self) -> None:
        """Nobody else reads, answers or confirms for the customer, whatever session they name."""
        case = await self.story.case()
        stamp = self.story.stamp(Actor(id="stf_agent", role=self.choose.choice(ROLES), session="ses_1"))
        name = self.choose.choice(self.compiled.must_read)
        command = ServeScreen(clauses=(WantedClause(clause=name, level="plain"),), locale="zh-CN")
        with pytest.raises(NotAllowed):
            await flow.serve_screen(case, command, stamp, self.story.ports)
        assert (await self.story.case()).head == case.head

    def value(self, item: Input) -> int | str:
        if item.choices:
            return self.choose.choice(item.choices).value
        if item.one_of:
            return self.choose.choice(item.one_of)
        low, high, step = (int(float(str(bound))) for bound in (item.min or 0, item.max or 100, item.step or 1))
        return low + self.choose.randint(0, max(0, (high - low) // step)) * step


# --- what must hold --------------------------------------------------------------------------------------------------


def owed(case: Case) -> tuple[str, ...]:
    """What this room still owes the step `sign`."""
    return tuple(key for key in case.missing("sign") if not key.startswith(FOREIGN))


def check(case: Case, compiled: Compiled, events: list[Event]) -> None:
    """The keys, counted once more from nothing but times, answers and confirmations in the events."""
    assert trail(events).keys == case.keys
    read, answered, confirmed = recount(events)
    held = {key.removeprefix("read:") for key in case.keys if key.startswith("read:")}
    assert held <= read
    if not owed(case):
        assert set(compiled.must_read) <= read
        assert {item.id for item in compiled.product.questions if not item.spare} <= answered
        before = {item.id for item in compiled.product.disclosures if item.when != "after_pay"}
        assert before <= confirmed
        assert case.reading.rush is None


def recount(events: list[Event]) -> tuple[set[str], set[str], set[str]]:
    """Clauses read, questions answered right and sentences confirmed, as of the last event."""
    floors: dict[tuple[str, str, str], int] = {}
    visible: dict[tuple[str, str], int] = {}
    ends: set[tuple[str, str]] = set()
    read, answered, confirmed = set[str](), set[str](), set[str]()
    for event in events:
        body = event.body
        for key in body.withdraws:
            kind, _, name = key.partition(":")
            {"read": read, "answered": answered, "disclosed": confirmed}.get(kind, set()).discard(name)
            if kind == "read":
                visible = {place: ms for place, ms in visible.items() if place[0] != name}
                ends = {place for place in ends if place[0] != name}
        match body:
            case ScreenServed():
                floors |= {(body.screen, item.clause, item.level): item.floor_ms for item in body.clauses}
            case ClausesSeen():
                for item in body.clauses:
                    place = (item.clause, item.level)
                    visible[place] = visible.get(place, 0) + item.visible_ms
                    if item.end_seen:
                        ends.add(place)
                    enough = visible[place] >= floors[body.screen, item.clause, item.level]
                    if item.level != "one" and enough and place in ends:
                        read.add(item.clause)
            case AloudPlayed() if body.counts:
                read.add(body.clause)
            case QuestionAnswered() if body.correct:
                answered.add(body.question)
            case DisclosureAcknowledged():
                confirmed.add(body.disclosure)
    return read, answered, confirmed


@pytest.mark.parametrize("name", PRODUCTS)
async def test_no_walk_comes_to_signing_with_anything_left_out(name: str) -> None:
    compiled = fitted() if name == "everything" else load(CATALOGUE / name)
    reached = False
    for number in range(ROUNDS):
        ledger = StoryLedger()
        story = Story(ledger, Catalogue([compiled]))
        await story.open(compiled.product.id, opener=replace(OPENER, grade=9))
        await story.enter()
        reached |= await Walk(story, compiled, f"{name}/{number}").go()
        await ledger.verify()
    assert reached or name not in SEEN_TO_ARRIVE
