"""A process acts on what it remembers of a case; what another one wrote is never overlooked."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from litestar.stores.memory import MemoryStore

from api.auth import Caller
from api.desk import Desk
from evidence.case import Case
from evidence.errors import NotAllowed, NotFound, Refused
from evidence.events import Actor, Body, CommandRefused, Frozen, NoticeShown, SessionOpened, Stamp
from evidence.events.cases import LinkSent, PartyNamed
from evidence.ledger import Ledger
from evidence.vault import Vault
from kyc.access.errors import SessionEnded
from tests.evidence.cases import AGENT, consent, notice, opened, stamp
from tests.evidence.fakes import CountedRandom, FixedClock, MemoryKeys, MemoryLog, MemoryObjects, MemoryValues

CASE = "case_a"
CALLER = Caller(actor=AGENT, tenant="demo")
CUSTOMER = Caller(actor=Actor(id="cus_li", role="customer", session="ses_1"), tenant="demo", case=CASE)


class Show(Frozen, frozen=True, kw_only=True):
    scope: str


@dataclass
class Process:
    ledger: Ledger
    desk: Desk
    asked: int = 0

    async def show(self, case: Case, at: Stamp) -> Case:
        """Allowed once the customer consented, and once only."""

        def rule(now: Case) -> Sequence[Body]:
            self.asked += 1
            if not now.consented("privacy"):
                raise NotAllowed("no consent")
            if now.notices.get("privacy"):
                raise Refused("shown before")
            return (notice(),)

        rule(case)
        return await self.ledger.record(case.id, rule, at)

    async def act(self, key: str, caller: Caller = CALLER) -> int:
        return (await self.desk.act(caller, CASE, key, Show(scope="privacy"), self.show)).head


class CountingLog(MemoryLog):
    reads = 0

    async def read(self, stream: str, after: int = 0) -> list[bytes]:
        self.reads += 1
        return await super().read(stream, after)


@pytest.fixture
def log() -> CountingLog:
    return CountingLog()


@pytest.fixture
def processes(log: CountingLog, clock: FixedClock) -> tuple[Process, Process]:
    keys, objects, values = MemoryKeys(), MemoryObjects(), MemoryValues()

    def process(name: str) -> Process:
        ledger = Ledger(log)
        vault = Vault(objects, keys, values, b"m" * 32, CountedRandom(name))
        return Process(ledger, Desk(ledger, vault, MemoryStore(), clock, alone=True))

    return process("one"), process("two")


async def begin(one: Process) -> None:
    await one.ledger.open(CASE, (opened(),), stamp(actor=AGENT))


async def test_a_command_on_a_known_case_does_not_read_the_store(
    processes: tuple[Process, Process], log: CountingLog
) -> None:
    one, _ = processes
    await begin(one)
    await one.ledger.record(CASE, lambda _: (consent(),), stamp())
    log.reads = 0
    assert await one.act("k1") == 3
    assert log.reads == 0


async def test_what_another_process_allowed_is_allowed_here(processes: tuple[Process, Process]) -> None:
    one, two = processes
    await begin(one)
    await two.ledger.record(CASE, lambda _: (consent(),), stamp())
    assert await one.act("k1") == 3
    assert (await two.ledger.case(CASE)).refusals == {}


async def test_what_another_process_did_is_not_done_again(processes: tuple[Process, Process]) -> None:
    one, two = processes
    await begin(one)
    await one.ledger.record(CASE, lambda _: (consent(),), stamp())
    await two.ledger.case(CASE)
    assert await one.act("k1") == 3
    assert await two.act("k1") == 3  # the same command: the same answer
    with pytest.raises(Refused):
        await two.act("k2")
    events = await one.ledger.events(CASE)
    assert sum(isinstance(event.body, NoticeShown) for event in events) == 1


async def test_both_at_once_and_it_happens_once(processes: tuple[Process, Process]) -> None:
    one, two = processes
    await begin(one)
    await one.ledger.record(CASE, lambda _: (consent(),), stamp())
    await two.ledger.case(CASE)
    answers = await asyncio.gather(one.act("k1"), two.act("k2"), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["Refused", "int"]


async def test_a_refusal_that_stands_is_judged_once_and_sealed(processes: tuple[Process, Process]) -> None:
    one, _ = processes
    await begin(one)
    with pytest.raises(NotAllowed):
        await one.act("k1")
    assert one.asked == 1
    body = (await one.ledger.events(CASE))[-1].body
    assert isinstance(body, CommandRefused)


async def test_what_a_command_recorded_before_it_refused_is_not_recorded_twice(
    processes: tuple[Process, Process],
) -> None:
    one, _ = processes
    await begin(one)

    async def counts_and_refuses(case: Case, at: Stamp) -> Case:
        await one.ledger.record(case.id, lambda _: (notice(),), at)
        raise NotAllowed("a wrong code, and it was counted")

    with pytest.raises(NotAllowed):
        await one.desk.act(CALLER, CASE, "k1", Show(scope="privacy"), counts_and_refuses)
    events = await one.ledger.events(CASE)
    assert sum(isinstance(event.body, NoticeShown) for event in events) == 1


async def test_a_session_that_another_process_opened_is_known_here(
    processes: tuple[Process, Process], clock: FixedClock
) -> None:
    one, two = processes
    await begin(one)
    with pytest.raises(SessionEnded):
        await one.act("k1", CUSTOMER)
    later = "2026-11-21T08:00:00.000Z"
    bodies = (
        PartyNamed(party="proposer", customer="cus_li", phone="A" * 43),
        LinkSent(link="lnk_1", party="proposer", customer="cus_li", channel="sms", expires=later),
        SessionOpened(
            session="ses_1",
            link="lnk_1",
            customer="cus_li",
            party="proposer",
            key={},
            thumbprint="t",
            expires=later,
            factors=("link", "code"),
            independent_factors=1,
            ip="A" * 43,
            agent="A" * 43,
        ),
        consent(),
    )
    await two.ledger.record(CASE, lambda _: bodies, stamp())
    assert await one.act("k1", CUSTOMER) == 6


async def test_another_tenants_case_is_absent_though_it_is_remembered(processes: tuple[Process, Process]) -> None:
    one, _ = processes
    await begin(one)
    with pytest.raises(NotFound):
        await one.act("k1", Caller(actor=AGENT, tenant="other"))
    with pytest.raises(NotFound):
        await one.act("k1", Caller(actor=Actor(id="staff_zhao", role="agent"), tenant="demo"))
