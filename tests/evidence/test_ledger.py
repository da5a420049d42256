"""The one way anything happens: races, retries, repeats, refusals, and storage that fails at the worst moment."""

import asyncio
from collections.abc import Sequence

import pytest

from evidence.case import Case
from evidence.errors import (
    CaseClosed,
    ClaimTaken,
    HeadMoved,
    NotFound,
    OtherBody,
    StorageFailed,
)
from evidence.events import Body, Head, NoticeShown, StaffSignedIn
from evidence.ledger import Ledger
from evidence.log import Claim
from evidence.sql import SqlLog
from tests.evidence.cases import AGENT, consent, notice, opened, stamp
from tests.evidence.fakes import Faults, MemoryLog, StoryLedger, verify_everything

CASE = "case_a"


def saying(*bodies: Body) -> "Say":
    return Say(bodies)


class Say:
    """A rule that always answers the same, and remembers the cases it was asked of."""

    def __init__(self, bodies: Sequence[Body]) -> None:
        self.bodies = bodies
        self.asked: list[int] = []

    def __call__(self, case: Case) -> Sequence[Body]:
        self.asked.append(case.head.seq)
        return self.bodies


async def test_a_case_is_the_fold_of_its_events(story_ledger: StoryLedger) -> None:
    await story_ledger.open(CASE, [opened()], stamp(actor=AGENT))
    case = await story_ledger.record(CASE, saying(notice(), consent()), stamp())
    assert case.head.seq == 3
    assert case.opener == AGENT.id
    assert case.consented("privacy")
    assert not case.consented("face")
    assert [event.type for event in await story_ledger.events(CASE)] == [
        "case.opened/1",
        "consent.notice_shown/1",
        "consent.given/1",
    ]


async def test_what_was_never_opened_is_not_found(story_ledger: StoryLedger) -> None:
    for ask in (story_ledger.case(CASE), story_ledger.events(CASE), story_ledger.record(CASE, saying(), stamp())):
        with pytest.raises(NotFound):
            await ask


async def test_a_case_is_opened_once(story_ledger: StoryLedger) -> None:
    await story_ledger.open(CASE, [opened()], stamp(actor=AGENT))
    with pytest.raises(HeadMoved):
        await story_ledger.open(CASE, [opened()], stamp(actor=AGENT))


async def test_a_rule_that_answers_nothing_changes_nothing(story_ledger: StoryLedger) -> None:
    before = await story_ledger.open(CASE, [opened()], stamp(actor=AGENT))
    assert await story_ledger.record(CASE, saying(), stamp()) == before


async def test_a_rule_that_refuses_changes_nothing(story_ledger: StoryLedger) -> None:
    def refuse(case: Case) -> Sequence[Body]:
        raise CaseClosed("closed")

    before = await story_ledger.open(CASE, [opened()], stamp(actor=AGENT))
    with pytest.raises(CaseClosed):
        await story_ledger.record(CASE, refuse, stamp())
    assert await story_ledger.case(CASE) == before


async def test_after_a_lost_race_the_rule_is_asked_again_of_the_fresh_case() -> None:
    """Two processes, one log: each has its own cache, so the second begins with a stale case."""
    log = MemoryLog()
    here, there = StoryLedger(log), StoryLedger(log)
    await here.open(CASE, [opened()], stamp(actor=AGENT))
    rules = [saying(notice(f"here{n}")) for n in range(4)], [saying(notice(f"there{n}")) for n in range(4)]
    for mine, theirs in zip(*rules, strict=True):
        await asyncio.gather(here.record(CASE, mine, stamp()), there.record(CASE, theirs, stamp()))
    case = await here.case(CASE)
    assert case.head.seq == 9
    assert len(case.notices) == 8  # nobody's event was lost
    assert max(len(rule.asked) for rule in rules[0] + rules[1]) > 1  # there were races
    for rule in rules[0] + rules[1]:
        assert rule.asked == sorted(set(rule.asked))  # each time of a later case
    await here.verify()
    await there.verify()


async def test_of_two_commands_that_exclude_each_other_one_is_refused() -> None:
    def once(case: Case) -> Sequence[Body]:
        if case.consented("privacy"):
            raise CaseClosed("already")
        return (consent(),)

    log = MemoryLog()
    ledgers = [StoryLedger(log) for _ in range(5)]
    await ledgers[0].open(CASE, [opened()], stamp(actor=AGENT))
    results = await asyncio.gather(*(one.record(CASE, once, stamp()) for one in ledgers), return_exceptions=True)
    assert sum(isinstance(result, Case) for result in results) == 1
    assert sum(isinstance(result, CaseClosed) for result in results) == 4
    assert (await ledgers[0].case(CASE)).head.seq == 2
    await ledgers[0].verify()


async def test_losing_again_and_again_ends_in_head_moved() -> None:
    class Stolen(MemoryLog):
        async def append(self, stream: str, after: Head, lines: Sequence[bytes], claims: Sequence[Claim] = ()) -> Head:
            if after.seq:
                raise HeadMoved("somebody was faster")
            return await super().append(stream, after, lines, claims)

    ledger, rule = Ledger(Stolen()), saying(notice())
    await ledger.open(CASE, [opened()], stamp(actor=AGENT))
    with pytest.raises(HeadMoved):
        await ledger.record(CASE, rule, stamp())
    assert len(rule.asked) == 8


# --- repeats ----------------------------------------------------------------------------------------------------------


async def test_a_repeat_is_answered_with_the_case_as_it_was_after_the_first(story_ledger: StoryLedger) -> None:
    await story_ledger.open(CASE, [opened()], stamp(actor=AGENT))
    first = await story_ledger.record(CASE, saying(notice(), consent()), stamp("k1.b1"))
    assert await story_ledger.answered(first, "k1.b1") == first
    later = await story_ledger.record(CASE, saying(consent("face")), stamp("k2.b2"))
    assert later.consented("face")
    assert await story_ledger.answered(later, "k1.b1") == first
    assert await story_ledger.answered(later, "k2.b2") == later
    assert await story_ledger.answered(later, "k3.b3") is None


async def test_the_same_key_with_another_body_is_refused(story_ledger: StoryLedger) -> None:  # row 14
    await story_ledger.open(CASE, [opened()], stamp(actor=AGENT))
    case = await story_ledger.record(CASE, saying(notice()), stamp("k1.b1"))
    with pytest.raises(OtherBody):
        await story_ledger.answered(case, "k1.b2")


async def test_a_sealed_refusal_is_no_answer_to_the_key(story_ledger: StoryLedger) -> None:
    await story_ledger.open(CASE, [opened()], stamp(actor=AGENT))
    await story_ledger.refuse(CASE, "Sign", CaseClosed("closed"), stamp("k1.b1"), count=3)
    case = await story_ledger.case(CASE)
    assert case.refusals == {"CASE_CLOSED": 3}
    assert await story_ledger.answered(case, "k1.b1") is None


# --- storage that fails -----------------------------------------------------------------------------------------------


async def test_an_append_that_failed_before_it_landed_may_simply_be_tried_again() -> None:
    faults = Faults()
    ledger = StoryLedger(faults.on(MemoryLog()))
    await ledger.open(CASE, [opened()], stamp(actor=AGENT))
    faults.fail("append", "before")
    with pytest.raises(StorageFailed):
        await ledger.record(CASE, saying(notice()), stamp("k1.b1"))
    case = await ledger.case(CASE)
    assert await ledger.answered(case, "k1.b1") is None
    assert (await ledger.record(CASE, saying(notice()), stamp("k1.b1"))).head.seq == 2
    await ledger.verify()


async def test_an_append_that_landed_although_it_failed_is_found_by_the_repeat() -> None:
    faults = Faults()
    ledger = StoryLedger(faults.on(MemoryLog()))
    await ledger.open(CASE, [opened()], stamp(actor=AGENT))
    faults.fail("append", "after")
    with pytest.raises(StorageFailed):
        await ledger.record(CASE, saying(notice()), stamp("k1.b1"))
    case = await ledger.case(CASE)
    assert case.head.seq == 2
    assert await ledger.answered(case, "k1.b1") == case  # answered, not done twice
    await ledger.verify()


async def test_an_event_nobody_could_read_again_is_never_stored(story_ledger: StoryLedger) -> None:
    before = await story_ledger.open(CASE, [opened()], stamp(actor=AGENT))
    bad = NoticeShown(scope="privacy", locale="zh-CN", text_sha256="not a hash")
    with pytest.raises(ValueError, match="nobody could read"):
        await story_ledger.record(CASE, saying(notice(), bad), stamp())
    assert await story_ledger.case(CASE) == before
    assert len(await story_ledger.log.read(CASE)) == 1


# --- other streams ----------------------------------------------------------------------------------------------------


async def test_streams_that_are_no_cases_keep_their_order_under_many_writers() -> None:
    log = MemoryLog()
    ledgers = [StoryLedger(log) for _ in range(3)]

    def signed_in(n: int) -> StaffSignedIn:
        return StaffSignedIn(
            session=f"ses_{n}", method="console_link", ip="A" * 43, agent="B" * 43, expires="2026-11-21T12:00:00.000Z"
        )

    for turn in range(5):
        await asyncio.gather(
            *(
                ledger.note("staff_wang", [signed_in(3 * turn + n)], stamp(actor=AGENT))
                for n, ledger in enumerate(ledgers)
            )
        )
    stored = (await verify_everything(log))["staff_wang"]
    assert len(stored) == 15
    await ledgers[0].verify()


async def test_a_claim_is_held_against_every_ledger() -> None:
    log = MemoryLog()
    claim = Claim(tenant="demo", kind="external_id", digest="d1")
    await StoryLedger(log).open(CASE, [opened()], stamp(actor=AGENT), [claim])
    with pytest.raises(ClaimTaken):
        await StoryLedger(log).open("case_b", [opened()], stamp(actor=AGENT), [claim])
    with pytest.raises(NotFound):
        await StoryLedger(log).case("case_b")


async def test_a_small_cache_forgets_and_reads_again() -> None:
    log = MemoryLog()
    ledger = Ledger(log, cached=2)
    for n in range(6):
        await ledger.open(f"case_{n}", [opened()], stamp(actor=AGENT))
    for n in range(6):
        assert (await ledger.record(f"case_{n}", saying(notice()), stamp())).head.seq == 2
    await verify_everything(log)


async def test_a_story_on_a_real_store_verifies(log: MemoryLog | SqlLog) -> None:
    ledger = StoryLedger(log)
    await ledger.open(CASE, [opened()], stamp(actor=AGENT))

    async def one(n: int) -> Case | BaseException:
        return await ledger.record(CASE, saying(notice(f"n{n}")), stamp(f"k{n}.b"))

    for turn in range(6):
        await asyncio.gather(one(2 * turn), one(2 * turn + 1))
    assert (await ledger.case(CASE)).head.seq == 13
    assert len((await ledger.verify())[CASE]) == 13
