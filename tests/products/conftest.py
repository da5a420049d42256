"""A customer and an agent in memory: everything real but the storage."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from evidence.case import Case
from evidence.events import Actor, ConsentGiven, LinkSent, Mode, SessionOpened, Stamp, instant
from evidence.vault import Vault
from products import flow
from products.commands import (
    Acknowledge,
    Answer,
    AssessSuitability,
    OpenCase,
    ReportReading,
    ServeScreen,
    SetQuote,
    VisibleClause,
    WantedClause,
)
from products.compiled import Compiled
from products.versions import Catalogue
from tests.evidence.fakes import (
    NOON,
    CountedRandom,
    FixedClock,
    MemoryKeys,
    MemoryObjects,
    MemoryValues,
    StoryLedger,
)

CATALOGUE = Path(__file__).parents[2] / "products" / "catalogue"
AGENT = Actor(id="stf_agent", role="agent")
OPENER = flow.Opener(
    staff="stf_agent",
    tenant="demo",
    certificate="00000244010000002026000001",
    certificate_until="2027-01-01T00:00:00.000Z",
    grade=1,
    create_key="create-1",
)
INPUTS: dict[str, int | str] = {"age": 30, "sex": "male", "sum": "500000", "term": 20, "pay_years": 20, "year": 2}


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue.load(CATALOGUE)


@pytest.fixture(scope="session")
def term_life(catalogue: Catalogue) -> Compiled:
    return catalogue.get("anju_term_life")


@pytest.fixture(scope="session")
def term_life_files() -> dict[str, bytes]:
    """Everything of the product's folder, to break."""
    folder = CATALOGUE / "anju_term_life"
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.suffix != ".py"}


class Story:
    """Drives the flows as the phone does, with a clock that only moves when told."""

    def __init__(self, ledger: StoryLedger, catalogue: Catalogue) -> None:
        self.clock = FixedClock()
        self.values = MemoryValues()
        random = CountedRandom()
        vault = Vault(MemoryObjects(), MemoryKeys(), self.values, b"m" * 32, random)
        self.ports = flow.Ports(ledger=ledger, vault=vault, now=self.clock, random=random, catalogue=catalogue)
        self.ledger = ledger
        self.case_id = ""

    def stamp(self, actor: Actor) -> Stamp:
        return Stamp(actor=actor, at=self.clock())

    @property
    def customer(self) -> Stamp:
        return self.stamp(Actor(id=self._customer, role="customer", session="ses_1"))

    async def case(self) -> Case:
        return await self.ledger.case(self.case_id)

    async def open(
        self, product: str = "anju_term_life", opener: flow.Opener = OPENER, mode: Mode = "sandbox", **fields: Any
    ) -> Case:
        system = Actor(id="system", role="system")
        await flow.publish(self.ports.catalogue.get(product), self.stamp(system), self.ports)
        command = OpenCase(product=product, phone="13800005678", **fields)
        case = await flow.open_case(command, self.stamp(AGENT), opener, mode, self.ports)
        self.case_id, self._customer = case.id, case.people["proposer"].customer
        return case

    async def enter(self, *, consent: bool = True) -> Case:
        """A session and, unless told otherwise, the consent to being recorded."""
        hidden = await self.ports.vault.hide(self.case_id, "identity", {"ip": "::1", "agent": "test"})
        later = instant(datetime(2026, 12, 1, tzinfo=UTC))
        bodies = (
            LinkSent(link="lnk_1", party="proposer", customer=self._customer, channel="sms", expires=later),
            SessionOpened(
                session="ses_1",
                link="lnk_1",
                customer=self._customer,
                party="proposer",
                key={},
                thumbprint="thumb",
                ip=hidden["ip"],
                agent=hidden["agent"],
                factors=("link:sms", "code:sms"),
                independent_factors=1,
                expires=later,
            ),
        )
        await self.ledger.record(self.case_id, lambda _: bodies, self.customer)
        return await self.consent() if consent else await self.case()

    async def consent(self) -> Case:
        body = ConsentGiven(scope="recording", text_sha256="0" * 64, satisfies=("consent:recording",))
        return await self.ledger.record(self.case_id, lambda _: (body,), self.customer)

    async def quote(self, **changed: int | str) -> Case:
        command = SetQuote(inputs={**INPUTS, **changed})
        return await flow.set_quote(await self.case(), command, self.customer, self.ports)

    async def serve(self, *clauses: str, level: Any = "plain", locale: Any = "zh-CN", layout: Any = "standard") -> str:
        wanted = tuple(WantedClause(clause=clause, level=level) for clause in clauses)
        command = ServeScreen(clauses=wanted, locale=locale, layout=layout)
        case = await flow.serve_screen(await self.case(), command, self.customer, self.ports)
        return next(reversed(case.reading.screens))

    async def report(
        self, screen: str, clause: str, visible_ms: int, *, end_seen: bool = True, level: Any = "plain"
    ) -> Case:
        seen = VisibleClause(clause=clause, level=level, visible_ms=visible_ms, end_seen=end_seen)
        command = ReportReading(screen=screen, clauses=(seen,), client_at=instant(NOON))
        return await flow.report_reading(await self.case(), command, self.customer, self.ports)

    async def read(self, clause: str, *, level: Any = "plain") -> Case:
        """Read one clause properly."""
        screen = await self.serve(clause, level=level)
        floor = (await self.case()).reading.screens[screen].clauses[f"{clause}/{level}"].floor_ms
        self.clock.forward(floor / 1000)
        return await self.report(screen, clause, floor, level=level)

    async def answer(self, question: str, picked: str) -> Case:
        command = Answer(question=question, picked=picked)
        return await flow.answer(await self.case(), command, self.customer, self.ports)

    async def acknowledge(self, disclosure: str, text_sha256: str, typed: str | None = None) -> Case:
        command = Acknowledge(disclosure=disclosure, locale="zh-CN", text_sha256=text_sha256, typed=typed)
        return await flow.acknowledge(await self.case(), command, self.customer, self.ports)

    async def assess(self, statement: str | None = None, **facts: int | str) -> Case:
        command = AssessSuitability(facts=facts, statement=statement)
        return await flow.assess_suitability(await self.case(), command, self.customer, self.ports)


@pytest.fixture
async def story(story_ledger: StoryLedger, catalogue: Catalogue) -> Story:
    return Story(story_ledger, catalogue)


@pytest.fixture
async def reader(story: Story) -> Story:
    """A customer who has entered, consented to recording and got a quote for the term life product."""
    await story.open()
    await story.enter()
    await story.quote()
    return story
