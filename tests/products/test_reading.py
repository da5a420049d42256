"""How it was read: pages, terms, the voice, haste, return, and what a person can mend."""

from datetime import timedelta
from typing import Any

import pytest

from evidence.case.reading import Pace
from evidence.errors import NotAllowed, StepsMissing
from evidence.events import Actor, AloudPlayed, Event, PageEntered, ReadingResumed, RushNoticed, instant
from products import flow, views
from products.commands import Acknowledge, EnterPage, HelpCustomer, OpenTerm, PlayAloud
from products.compiled import Compiled, text_sha256
from products.errors import (
    HelpNeeded,
    HoldLonger,
    NothingToHelp,
    PageNotOpen,
    QuestionStopped,
    QuestionUnknown,
    TermUnknown,
)
from products.reading import flow as reading
from products.reading.pace import sign_of
from products.reading.trail import trail
from products.versions import Catalogue
from tests.evidence.fakes import StoryLedger
from tests.products.conftest import Story
from tests.products.fitted import fitted

REVIEWER = Actor(id="stf_reviewer", role="reviewer")


@pytest.fixture(scope="module")
def product() -> Compiled:
    return fitted()


@pytest.fixture
async def visitor(story_ledger: StoryLedger, product: Compiled) -> Story:
    """In a session, not yet told of the recording."""
    story = Story(story_ledger, Catalogue([product]))
    await story.open()
    await story.enter(consent=False)
    return story


@pytest.fixture
async def reader(visitor: Story) -> Story:
    """Recorded, needs told, the first sentence confirmed, a quote made."""
    story = visitor
    await story.consent()
    await tell(story, budget="100000")
    await story.acknowledge("d_first", text_sha256("我要看报价。"))
    await story.quote()
    return story


async def tell(story: Story, **facts: int | str) -> None:
    from products.commands import TellNeeds
    from products.suitability import flow as suitability

    await suitability.tell_needs(await story.case(), TellNeeds(facts=facts), story.customer, story.ports)


async def enter(story: Story, page: str, *, behind_s: float = 0) -> None:
    at = instant(story.clock() - timedelta(seconds=behind_s))
    command = EnterPage(page=page, client_at=at)  # type: ignore[arg-type]
    await reading.enter_page(await story.case(), command, story.customer, story.ports)


async def play(story: Story, clause: str, *, rate: int = 100, ms: int = 600_000, whole: bool = True) -> None:
    screen = next(reversed((await story.case()).reading.screens))
    command = PlayAloud(screen=screen, clause=clause, level="plain", rate_percent=rate, played_ms=ms, whole=whole)
    await reading.play_aloud(await story.case(), command, story.customer, story.ports)


async def last(story: Story, kind: type) -> Event:
    events = await story.ledger.events(story.case_id)
    return next(event for event in reversed(events) if isinstance(event.body, kind))


async def read_slowly(story: Story, clause: str, times: float = 1) -> None:
    screen = await story.serve(clause)
    floor = (await story.case()).reading.screens[screen].clauses[f"{clause}/plain"].floor_ms
    left = int(floor * times)
    while left > 0:
        part = min(left, 60_000)
        story.clock.forward(part / 1000)
        left -= part
        await story.report(screen, clause, part, end_seen=left <= 0)


# --- pages -----------------------------------------------------------------------------------------------------------


async def test_a_page_is_entered_once_and_late_news_says_so(reader: Story) -> None:  # EVD-05
    await enter(reader, "read")
    await enter(reader, "read")
    await enter(reader, "away", behind_s=61)
    found = [event.body for event in await reader.ledger.events(reader.case_id) if isinstance(event.body, PageEntered)]
    assert [(body.page, body.late) for body in found] == [("read", False), ("away", True)]


async def test_pages_are_only_told_once_the_customer_knows_of_the_recording(visitor: Story) -> None:  # STA-01
    with pytest.raises(StepsMissing):
        await enter(visitor, "start")


async def test_nothing_is_confirmed_on_another_page_than_its_own(reader: Story) -> None:  # PRD-08
    await read_slowly(reader, "c5.1")
    await enter(reader, "quote")
    with pytest.raises(PageNotOpen):
        await reader.acknowledge("d_surrender", text_sha256("我知道犹豫期后退保会亏钱。"))
    await enter(reader, "disclosures")
    await reader.acknowledge("d_surrender", text_sha256("我知道犹豫期后退保会亏钱。"))


async def test_a_term_is_opened_from_a_screen_and_must_exist(reader: Story) -> None:
    screen = await reader.serve("c5.1")
    case = await reader.case()
    await reading.open_term(case, OpenTerm(screen=screen, term="cash_value"), reader.customer, reader.ports)
    with pytest.raises(TermUnknown):
        await reading.open_term(case, OpenTerm(screen=screen, term="nothing"), reader.customer, reader.ports)


# --- aloud -----------------------------------------------------------------------------------------------------------


async def test_a_clause_played_whole_at_a_pace_one_can_follow_counts_as_read(reader: Story) -> None:
    await reader.serve("c1.4")
    reader.clock.forward(120)
    await play(reader, "c1.4", rate=150)
    assert {"read:c1.4", "unhurried"} <= (await reader.case()).keys
    body = (await last(reader, AloudPlayed)).body
    assert isinstance(body, AloudPlayed)
    assert body.played_ms == 120_000  # no more than passed on our clock


@pytest.mark.parametrize(
    ("change", "seconds"), [({"rate": 151}, 120), ({"whole": False}, 120), ({}, 1), ({"ms": 900}, 120)]
)
async def test_a_voice_too_fast_cut_short_or_never_heard_does_not_count(
    reader: Story, change: dict[str, Any], seconds: int
) -> None:
    await reader.serve("c1.4")
    reader.clock.forward(seconds)
    await play(reader, "c1.4", **change)
    assert "read:c1.4" not in (await reader.case()).keys


async def test_a_voice_that_went_on_after_the_screen_was_closed_does_not_count(reader: Story) -> None:
    await reader.serve("c1.4")
    screen = next(reversed((await reader.case()).reading.screens))
    await reader.serve("c2.4")
    reader.clock.forward(300)
    command = PlayAloud(screen=screen, clause="c1.4", level="plain", rate_percent=100, played_ms=300_000, whole=True)
    await reading.play_aloud(await reader.case(), command, reader.customer, reader.ports)
    assert "read:c1.4" not in (await reader.case()).keys


# --- haste -----------------------------------------------------------------------------------------------------------


def paces(*pairs: tuple[int, int]) -> dict[str, Pace]:
    return {f"c{n}": Pace(ms=ms, floor_ms=floor) for n, (ms, floor) in enumerate(pairs)}


def test_haste_is_measured_by_the_readers_own_pace() -> None:
    slow = paces((30_000, 10_000), (40_000, 10_000), (25_000, 10_000))
    assert sign_of(slow, "x", Pace(ms=10_000, floor_ms=10_000)) == "too_fast"
    assert sign_of(slow, "x", Pace(ms=13_000, floor_ms=10_000)) is None
    quick = paces((10_000, 10_000), (11_000, 10_000), (10_000, 10_000))
    assert sign_of(quick, "x", Pace(ms=10_000, floor_ms=10_000)) is None  # always quick: the floor is the rule
    assert sign_of(dict(list(slow.items())[:2]), "x", Pace(ms=10_000, floor_ms=10_000)) is None


def test_the_same_seconds_for_texts_of_any_length_are_a_machines() -> None:
    even = paces((30_000, 10_000), (30_100, 20_000), (30_000, 28_000), (30_200, 15_000))
    assert sign_of(even, "x", Pace(ms=30_100, floor_ms=29_000)) == "too_even"
    assert sign_of(even, "x", Pace(ms=34_000, floor_ms=29_000)) is None
    alike = paces(*((30_000, 10_000),) * 4)
    assert sign_of(alike, "x", Pace(ms=30_000, floor_ms=10_000)) is None  # equal texts may take equal time


async def rushed(reader: Story) -> None:
    for clause in ("c1.4", "c2.4", "c3.2"):
        await read_slowly(reader, clause, 4)
    await read_slowly(reader, "c2.5")


async def test_whoever_rushes_gets_one_question_more(reader: Story) -> None:
    outline = await views.outline(await reader.case(), "zh-CN", reader.ports)
    assert "q_spare" not in {item["id"] for item in outline["questions"]}
    with pytest.raises(QuestionUnknown):
        await reader.answer("q_spare", "no")
    await rushed(reader)
    body = (await last(reader, RushNoticed)).body
    assert isinstance(body, RushNoticed)
    assert (body.clause, body.sign, body.question) == ("c2.5", "too_fast", "q_spare")
    case = await reader.case()
    assert "unhurried" not in case.keys
    assert "unhurried" in case.missing("sign")
    outline = await views.outline(case, "zh-CN", reader.ports)
    assert "q_spare" in {item["id"] for item in outline["questions"]}
    assert "unhurried" in (await reader.answer("q_spare", "no")).keys


async def test_without_a_question_the_clause_is_read_again_and_nobody_is_held_for_ever(reader: Story) -> None:
    for clause in ("c1.4", "c2.4", "c3.2"):
        await read_slowly(reader, clause, 4)
    await read_slowly(reader, "c6.2")
    case = await reader.case()
    assert case.reading.rush is not None
    assert case.reading.rush.question is None  # the spare one is about a clause not read yet
    assert not {"read:c6.2", "unhurried"} & case.keys
    await read_slowly(reader, "c6.2")
    assert {"read:c6.2", "unhurried"} <= (await reader.case()).keys


# --- return ----------------------------------------------------------------------------------------------------------


async def test_after_a_day_the_last_clause_is_read_again(reader: Story) -> None:
    await read_slowly(reader, "c1.4")
    await read_slowly(reader, "c2.4")
    reader.clock.forward(24 * 3600)
    await enter(reader, "read")
    assert "read:c2.4" in (await reader.case()).keys  # a day to the second is no pause yet
    reader.clock.forward(24 * 3600 + 1)
    await enter(reader, "quote")
    case = await reader.case()
    assert "read:c1.4" in case.keys
    assert "read:c2.4" not in case.keys
    body = (await last(reader, ReadingResumed)).body
    assert isinstance(body, ReadingResumed)
    assert (body.gap_h, body.clause, body.newest) == (24, "c2.4", None)


async def test_another_version_on_sale_is_told_once(reader: Story, product: Compiled) -> None:
    from dataclasses import replace as copy

    from msgspec.structs import replace

    await read_slowly(reader, "c1.4")
    newer = copy(product, product=replace(product.product, version=2), hashes=replace(product.hashes, full="ab" * 32))
    reader.ports = copy(reader.ports, catalogue=Catalogue([product, newer]))
    await enter(reader, "read")  # not published yet: nothing is told
    await flow.publish(newer, reader.stamp(Actor(id="system", role="system")), reader.ports)
    await enter(reader, "read")
    await enter(reader, "quote")
    resumed = [e.body for e in await reader.ledger.events(reader.case_id) if isinstance(e.body, ReadingResumed)]
    assert [(body.newest, body.clause) for body in resumed] == [("ab" * 32, "c1.4")]


# --- questions and people --------------------------------------------------------------------------------------------


async def test_a_question_may_ask_for_a_person_after_the_first_miss_and_the_person_opens_it_again(
    reader: Story,
) -> None:
    await read_slowly(reader, "c4.1")
    await reader.answer("q_human", "no")
    await read_slowly(reader, "c4.1")
    with pytest.raises(HelpNeeded):
        await reader.answer("q_human", "yes")
    await help_with(reader, "question:q_human")
    assert "answered:q_human" in (await reader.answer("q_human", "yes")).keys


async def help_with(story: Story, about: str, outcome: str = "go_on", actor: Actor = REVIEWER) -> None:
    command = HelpCustomer(about=about, outcome=outcome)  # type: ignore[arg-type]
    await reading.help_customer(await story.case(), command, story.stamp(actor), story.ports)


async def test_a_question_may_stop_the_sale(reader: Story) -> None:
    await read_slowly(reader, "c3.2")
    await reader.answer("q_stop", "no")
    await read_slowly(reader, "c3.2")
    with pytest.raises(QuestionStopped):
        await reader.answer("q_stop", "yes")


async def test_a_person_may_stop_it_and_only_a_reviewer_where_one_is_needed(reader: Story) -> None:
    with pytest.raises(NothingToHelp):
        await help_with(reader, "question:q_human")
    with pytest.raises(NothingToHelp):
        await help_with(reader, "suitability")
    await read_slowly(reader, "c4.1")
    await reader.answer("q_human", "no")
    for actor in (Actor(id="stf_agent", role="agent"), Actor(id="stf_agent", role="reviewer")):
        with pytest.raises(NotAllowed):
            await help_with(reader, "question:q_human", actor=actor)
    await help_with(reader, "question:q_human", "stop")
    await read_slowly(reader, "c4.1")
    with pytest.raises(QuestionStopped):
        await reader.answer("q_human", "yes")


async def test_a_sentence_is_held_for_a_second_and_only_the_time_is_kept(reader: Story) -> None:
    await read_slowly(reader, "c1.4")
    for took in (None, 999):
        command = Acknowledge(
            disclosure="d_hold", locale="zh-CN", text_sha256=text_sha256("我知道可以反悔。"), took_ms=took
        )
        with pytest.raises(HoldLonger):
            await flow.acknowledge(await reader.case(), command, reader.customer, reader.ports)
    command = Acknowledge(disclosure="d_hold", locale="zh-CN", text_sha256=command.text_sha256, took_ms=1_000)
    case = await flow.acknowledge(await reader.case(), command, reader.customer, reader.ports)
    assert "disclosed:d_hold" in case.keys


# --- trail -----------------------------------------------------------------------------------------------------------


async def test_the_trail_counts_the_same_keys_as_the_case(reader: Story) -> None:
    await rushed(reader)
    await enter(reader, "questions")
    await reader.answer("q_spare", "yes")
    await reader.quote(sum="600000")
    case, found = await reader.case(), trail(await reader.ledger.events(reader.case_id))
    assert found.keys == case.keys
    assert found.missing == case.missing("sign")
    assert found.rushes == ("c2.5",)
    assert found.answers == {"q_spare": (False,)}
    assert [page for page, _ in found.pages] == ["questions"]
    read = next(item for item in found.clauses if item.clause == "c2.4")
    assert read.visible_ms >= read.floor_ms * 4
    shown = await reading.trail_of(case, reader.ports)
    assert set(shown["keys"]) == case.keys
    assert [page["page"] for page in shown["pages"]] == ["questions"]
    assert read.end_seen


async def test_elder_pages_have_the_same_words_under_the_same_hash(reader: Story) -> None:
    for layout in ("standard", "elder"):
        await reader.serve("c2.5", layout=layout)
    screens = list((await reader.case()).reading.screens.values())
    assert [screen.layout for screen in screens] == ["standard", "elder"]
    assert len({screen.clauses["c2.5/plain"].render_sha256 for screen in screens}) == 1
