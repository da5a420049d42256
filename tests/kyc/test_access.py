"""Links and codes when an answer was lost: what the person is told is what counts."""

import re
from collections.abc import Awaitable, Callable

import pytest

from evidence.case import Case
from evidence.errors import StorageFailed
from evidence.events import Actor, CaseOpened, PartyNamed, Stamp
from evidence.ledger import Ledger
from evidence.vault import Vault
from kyc.access import flow
from kyc.access.commands import Newcomer, OpenSession
from kyc.access.flow import LinkToken
from tests.evidence.cases import AGENT, policy
from tests.evidence.fakes import CountedRandom, Faults, FixedClock, MemoryKeys, MemoryLog, MemoryObjects, MemoryValues

CASE = "case_a"
BROWSER = Newcomer(key={}, thumbprint="thumb", ip="203.0.113.9", agent="test")


class Phone:
    def __init__(self) -> None:
        self.texts: list[str] = []

    async def send(self, channel: str, to: str, text: str) -> None:
        self.texts.append(text)

    def link(self) -> LinkToken:
        return LinkToken.parse(self.texts[-1].partition("/c/#")[2])

    def code(self) -> str:
        found = re.search(r"验证码 (\d{6})", self.texts[-1])
        assert found is not None
        return found[1]


class Door:
    """The flows over a log whose answers can be lost, and a client that sends the same command again."""

    def __init__(self, clock: FixedClock) -> None:
        self.faults, self.phone, self.clock = Faults(), Phone(), clock
        self.ledger = Ledger(self.faults.on(MemoryLog(clock)))
        random = CountedRandom()
        self.vault = Vault(MemoryObjects(), MemoryKeys(), MemoryValues(), b"m" * 32, random)
        self.ports = flow.Ports(self.ledger, self.vault, clock, random, self.phone, "")

    async def open(self) -> None:
        hidden = await self.vault.hide(CASE, "identity", {"phone": "13800005678"})
        opened = CaseOpened(tenant="demo", mode="sandbox", policy=policy(), opener=AGENT.id)
        named = PartyNamed(party="proposer", customer="cus_li", phone=hidden["phone"], name=None)
        await self.ledger.open(CASE, (opened, named), Stamp(actor=AGENT, at=self.clock()))

    async def twice(self, key: str, actor: Actor, verb: Callable[[Case, Stamp], Awaitable[Case]]) -> Case:
        """The first try is sealed and its answer lost; the second is judged on what was remembered before it."""
        stale = await self.ledger.case(CASE)
        stamp = Stamp(actor=actor, at=self.clock(), cmd=f"{key}.body")
        self.faults.fail("append", "after")
        with pytest.raises(StorageFailed):
            await verb(stale, stamp)
        return await verb(stale, stamp)


async def test_a_link_or_code_that_is_sent_after_a_lost_answer_is_the_one_that_opens(clock: FixedClock) -> None:
    door = Door(clock)
    await door.open()
    await door.twice("k1", AGENT, lambda case, stamp: flow.send_link(case, "proposer", stamp, door.ports))
    token = door.phone.link()
    case = await flow.link_case(token, door.ports)  # LinkUnknown for a secret that belongs to no sealed link
    holder = flow.link_holder(case, token)
    await door.twice("k2", holder, lambda case, stamp: flow.request_code(case, token, BROWSER, stamp, door.ports))
    command = OpenSession(token=str(token), code=door.phone.code())
    stamp = Stamp(actor=holder, at=clock(), cmd="k3.body")
    case = await flow.open_session(await door.ledger.case(CASE), command, BROWSER, stamp, door.ports)
    assert len(case.sessions) == len(case.links) == 1


async def test_a_pairing_code_shown_after_a_lost_answer_leads_to_the_case(clock: FixedClock) -> None:
    door = Door(clock)
    await door.open()
    shown: list[str] = []

    async def show(case: Case, stamp: Stamp) -> Case:
        case, url = await flow.show_pairing(case, "proposer", stamp, door.ports)
        shown.append(url)
        return case

    await door.twice("k1", AGENT, show)
    token = LinkToken.parse(shown[-1].partition("/c/#")[2])
    assert flow.link_holder(await flow.link_case(token, door.ports), token).id == "cus_li"
