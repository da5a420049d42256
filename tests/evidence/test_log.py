"""The contract of `evidence.log.Log` and `evidence.follow.Feed`, held against the fake and both engines."""

import asyncio
from datetime import timedelta

import pytest

from evidence.errors import ChainBroken, ClaimTaken, HeadMoved, Refused
from evidence.events import Head
from evidence.log import Claim, Entry
from evidence.sql import SqlLog
from tests.evidence.cases import chain, consent, head, notice, opened
from tests.evidence.fakes import NOON, FixedClock, MemoryLog, verify_everything

AnyLog = MemoryLog | SqlLog
A, B = "case_a", "case_b"
START = Head()


class LinkUsed(Refused, code="TEST_LINK_USED", zh="链接已使用。", en="The link was used."):
    pass


def claim(digest: str = "d1", kind: str = "link", tenant: str = "demo", **rest: object) -> Claim:
    return Claim(tenant=tenant, kind=kind, digest=digest, **rest)  # type: ignore[arg-type]


async def test_lines_come_back_byte_for_byte_and_in_order(log: AnyLog) -> None:
    lines = chain(A, opened(), notice(), consent())
    assert await log.read(A) == []
    assert await log.append(A, START, lines) == head(lines)
    assert await log.read(A) == lines
    assert await log.read(A, after=1) == lines[1:]
    assert await log.read(A, after=3) == []


async def test_an_append_after_another_head_is_refused_and_writes_nothing(log: AnyLog) -> None:
    lines = chain(A, opened(), notice())
    await log.append(A, START, lines[:1])
    for wrong in (START, head(lines), Head(seq=1, hash="ab" * 32)):
        with pytest.raises(HeadMoved):
            await log.append(A, wrong, lines[1:], [claim()])
    assert await log.read(A) == lines[:1]
    await log.append(A, head(lines[:1]), lines[1:], [claim()])  # the claim was not taken by the refused ones


async def test_of_many_that_append_after_one_head_exactly_one_wins(log: AnyLog) -> None:
    results = await asyncio.gather(
        *(log.append(A, START, chain(A, opened(), notice(f"n{n}"))) for n in range(20)), return_exceptions=True
    )
    assert sum(isinstance(result, Head) for result in results) == 1
    assert sum(isinstance(result, HeadMoved) for result in results) == 19
    assert len(await log.read(A)) == 2
    await verify_everything(log)


async def test_two_appends_that_wait_together_follow_each_other(log: AnyLog) -> None:
    lines = chain(A, opened(), notice())
    first, second = await asyncio.gather(log.append(A, START, lines[:1]), log.append(A, head(lines[:1]), lines[1:]))
    assert (first.seq, second.seq) == (1, 2)
    assert await log.read(A) == lines


async def test_nothing_cannot_be_appended(log: AnyLog) -> None:
    with pytest.raises(ValueError, match="nothing"):
        await log.append(A, START, [])


async def test_a_stream_shorter_than_the_reader_knows_is_broken(log: AnyLog) -> None:
    await log.append(A, START, chain(A, opened()))
    with pytest.raises(ChainBroken):
        await log.read(A, after=2)


# --- claims -----------------------------------------------------------------------------------------------------------


async def test_what_was_claimed_once_is_refused_in_every_other_stream(log: AnyLog) -> None:
    await log.append(A, START, chain(A, opened()), [claim()])
    with pytest.raises(ClaimTaken) as refused:
        await log.append(B, START, chain(B, opened()), [claim("other"), claim()])
    assert refused.value.facts == {"kind": "link"}
    assert await log.read(B) == []
    await log.append(B, START, chain(B, opened()), [claim("other")])  # not taken by the refused append


async def test_a_claim_is_refused_with_the_error_it_brings(log: AnyLog) -> None:
    await log.append(A, START, chain(A, opened()), [claim()])
    with pytest.raises(LinkUsed):
        await log.append(B, START, chain(B, opened()), [claim(taken=LinkUsed)])


async def test_claims_of_another_tenant_or_kind_do_not_meet(log: AnyLog) -> None:
    await log.append(A, START, chain(A, opened()), [claim()])
    await log.append(B, START, chain(B, opened()), [claim(tenant="other"), claim(kind="nonce")])


async def test_a_claim_holds_until_it_expires_and_then_again(log: AnyLog, clock: FixedClock) -> None:
    minute = timedelta(minutes=1)
    await log.append(A, START, chain(A, opened()), [claim(expires=NOON + minute)])
    clock.forward(59.999)
    with pytest.raises(ClaimTaken):
        await log.append(B, START, chain(B, opened()), [claim()])
    clock.forward(0.001)
    await log.append(B, START, chain(B, opened()), [claim(expires=NOON + 2 * minute)])
    with pytest.raises(ClaimTaken):
        await log.append("case_c", START, chain("case_c", opened()), [claim()])


async def test_the_same_claim_twice_in_one_append_is_taken(log: AnyLog) -> None:
    with pytest.raises(ClaimTaken):
        await log.append(A, START, chain(A, opened()), [claim(), claim()])


async def test_of_many_that_race_for_one_claim_exactly_one_wins_and_the_rest_do_not_suffer(log: AnyLog) -> None:
    def one(n: int) -> "asyncio.Task[Head]":
        wanted = [claim()] if n % 2 else [claim(f"own{n}")]
        return asyncio.create_task(log.append(f"case_{n}", START, chain(f"case_{n}", opened()), wanted))

    results = await asyncio.gather(*(one(n) for n in range(40)), return_exceptions=True)
    assert sum(isinstance(result, ClaimTaken) for result in results) == 19
    assert sum(isinstance(result, Head) for result in results) == 21
    assert len(await verify_everything(log)) == 21


# --- the order of everything ------------------------------------------------------------------------------------------


async def test_positions_run_from_one_without_a_hole_in_the_order_of_answers(log: AnyLog) -> None:
    answered: list[str] = []

    async def one(stream: str) -> None:
        await log.append(stream, START, chain(stream, opened(), notice()))
        answered.append(stream)

    await asyncio.gather(*(one(f"case_{n}") for n in range(30)))
    entries = await log.scan(0)
    assert [entry.position for entry in entries] == list(range(1, 61))
    assert [entry.stream for entry in entries[::2]] == answered
    assert [entry.seq for entry in entries] == [1, 2] * 30
    assert await log.newest() == 60


async def test_a_scan_takes_up_where_it_left_off(log: AnyLog) -> None:
    await log.append(A, START, chain(A, opened(), notice(), consent()))
    assert [entry.seq for entry in await log.scan(0, limit=2)] == [1, 2]
    assert [entry.seq for entry in await log.scan(2, limit=2)] == [3]
    assert await log.scan(3) == []


async def test_an_event_is_found_with_its_position(log: AnyLog) -> None:
    await log.append(A, START, chain(A, opened(), notice()))
    await log.append(B, START, lines := chain(B, opened(), notice()))
    assert await log.find(B, 2) == Entry(position=4, stream=B, seq=2, line=lines[1])
    assert await log.find(B, 3) is None
    assert await log.find("case_c", 1) is None


async def test_who_waits_is_woken_by_the_next_append(log: AnyLog) -> None:
    assert await log.newest() == 0
    waiting = asyncio.create_task(log.wait(0))
    await asyncio.sleep(0)
    assert not waiting.done()
    await log.append(A, START, chain(A, opened()))
    await waiting
    await log.wait(0)  # what is already there is not waited for
    assert len(await log.scan(0)) == 1


# --- going away -------------------------------------------------------------------------------------------------------


async def test_who_goes_away_while_waiting_loses_and_doubles_nothing(log: AnyLog) -> None:
    tasks = [
        asyncio.create_task(log.append(f"case_{n}", START, chain(f"case_{n}", opened(), notice()))) for n in range(50)
    ]
    await asyncio.sleep(0.003)
    for task in tasks[::3]:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    await log.append(A, START, chain(A, opened()))  # after everything that was on its way
    stored = await verify_everything(log)
    for n, result in enumerate(results):
        if isinstance(result, Head):
            assert len(stored[f"case_{n}"]) == 2
        else:
            assert isinstance(result, asyncio.CancelledError)
            assert len(stored.get(f"case_{n}", ())) in (0, 2)  # whole or not at all
