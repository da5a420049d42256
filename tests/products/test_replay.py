"""Any past page is made again from the record; comparisons and changes follow from the versions alone."""

import hashlib
from dataclasses import replace as copy
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from evidence import decode
from evidence.errors import NotFound
from evidence.events import READING_EVENTS, SUITABILITY_EVENTS, ProductsCompared, ScreenServed
from products import replay, views
from products.commands import AnswerHealth, Compare, GradeRisk, ShowChanges, TellNeeds
from products.comparing import TOPICS, changes, comparison, leaf_bytes, leaf_sha256
from products.compiled import Compiled, text_sha256
from products.errors import NotComparable, NothingChanged, ProductMismatch, ProductUnknown, RenderMismatch
from products.load import compile_product
from products.reading import flow as reading
from products.suitability import flow as fitting
from products.versions import Catalogue
from tests.evidence.fakes import StoryLedger
from tests.products.conftest import CATALOGUE, OPENER, Story
from tests.products.fitted import fitted

NO_PAGE = {
    "reading.clauses_seen/1",
    "reading.page_entered/1",
    "reading.term_opened/1",
    "reading.aloud_played/1",
    "reading.rush_noticed/1",
    "reading.resumed/1",
    "reading.act_timed/1",
    "reading.person_helped/1",
    "reading.risk_confirmed/1",
    "reading.thinking_ended/1",
}


def another(compiled: Compiled, **changed: Any) -> Compiled:
    """The same product under another id, or in another version."""
    product = replace(compiled.product, **changed)
    full = hashlib.sha256(f"{product.id}/{product.version}".encode()).hexdigest()
    return copy(compiled, product=product, hashes=replace(compiled.hashes, full=full))


@pytest.fixture(scope="module")
def product() -> Compiled:
    return fitted()


@pytest.fixture
async def reader(story_ledger: StoryLedger, product: Compiled) -> Story:
    """Somebody who did everything once; a second product of the kind is on sale."""
    story = Story(story_ledger, Catalogue([product, another(product, id="other_life")]))
    await story.open("other_life", opener=replace(OPENER, create_key="other"))
    await story.open()
    await story.enter()
    await do(story, fitting.tell_needs, TellNeeds(facts={"budget": 1_000}))
    await story.acknowledge("d_first", text_sha256("我要看报价。"))
    await story.quote()
    for clause in ("c2.4", "c5.1", "c2.5"):
        await story.read(clause)
    await story.answer("q_surrender", "405.00")
    await story.answer("q_waiting", "pay")
    await story.assess("我知道超过预算，仍要购买。", income="200000", job="office")
    await do(story, fitting.grade_risk, GradeRisk(answers={"r0": "some", "r1": "much"}))
    await do(story, fitting.answer_health, AnswerHealth(version=3, answers={"h_heart": False, "h_smoke": True}))
    await do(story, reading.compare, Compare(products=("anju_term_life", "other_life"), locale="zh-CN"))
    return story


async def do(story: Story, act: Any, command: Any) -> Any:
    return await act(await story.case(), command, story.customer, story.ports)


# --- past pages ------------------------------------------------------------------------------------------------------


def test_every_kind_of_event_shows_a_page_or_is_known_to_show_none() -> None:  # PRD-06
    kinds = {body.TYPE for body in (*READING_EVENTS, *SUITABILITY_EVENTS)}
    made = {body.TYPE for body in replay.MADE}
    assert made | NO_PAGE == kinds
    assert not made & NO_PAGE


async def test_every_past_page_is_made_again_after_everything_has_changed(reader: Story) -> None:  # PRD-06
    events = await reader.ledger.events(reader.case_id)
    before = {
        e.seq: await replay.page_at(reader.case_id, e.seq, reader.ports) for e in events if type(e.body) in replay.MADE
    }
    await reader.quote(sum="600000", year=5)
    await reader.read("c5.1")
    assert {seq: await replay.page_at(reader.case_id, seq, reader.ports) for seq in before} == before
    kinds = {type(event.body) for event in events if event.seq in before}
    assert {body.TYPE for body in replay.MADE} - {body.TYPE for body in kinds} == {"reading.changes_shown/1"}


async def test_a_clause_page_comes_back_byte_for_byte(reader: Story) -> None:  # PRD-06
    events = await reader.ledger.events(reader.case_id)
    served = [event for event in events if isinstance(event.body, ScreenServed)]
    for event in served:
        found = decode.parse(await replay.page_at(reader.case_id, event.seq, reader.ports))
        body = event.body
        assert isinstance(body, ScreenServed)
        for page, item in zip(found["clauses"], body.clauses, strict=True):
            assert hashlib.sha256(decode.encode(page)).hexdigest() == item.render_sha256


async def test_questions_come_back_in_their_order_with_what_was_picked(reader: Story) -> None:
    events = await reader.ledger.events(reader.case_id)
    seqs = [event.seq for event in events if event.type == "reading.question_answered/1"]
    first, second = [decode.parse(await replay.page_at(reader.case_id, seq, reader.ports)) for seq in seqs]
    assert (first["picked"], first["correct"]) == ("405.00", True)
    assert (second["picked"], second["correct"]) == ("pay", False)
    outline = await views.outline(await reader.case(), "zh-CN", reader.ports)
    shown = next(item for item in outline["questions"] if item["id"] == "q_surrender")
    assert [item["value"] for item in first["options"]] == [item["value"] for item in shown["options"]]


async def test_events_without_a_page_and_numbers_out_of_range_are_not_found(reader: Story) -> None:
    events = await reader.ledger.events(reader.case_id)
    for seq in (0, 1, len(events) + 1):
        with pytest.raises(NotFound):
            await replay.page_at(reader.case_id, seq, reader.ports)


async def test_a_questionnaire_changed_behind_the_record_is_noticed(reader: Story, product: Compiled) -> None:
    events = await reader.ledger.events(reader.case_id)
    fit = product.product.suitability
    assert fit.health is not None
    other = replace(fit, health=replace(fit.health, version=4))
    changed = copy(product, product=replace(product.product, suitability=other))
    reader.ports = copy(reader.ports, catalogue=Catalogue([changed]))
    seq = next(event.seq for event in events if event.type == "reading.health_answered/1")
    with pytest.raises(RenderMismatch):
        await replay.page_at(reader.case_id, seq, reader.ports)
    compared = next(event.seq for event in events if isinstance(event.body, ProductsCompared))
    with pytest.raises(ProductMismatch):
        await replay.page_at(reader.case_id, compared, reader.ports)


# --- side by side ----------------------------------------------------------------------------------------------------


def test_cards_stand_side_by_side_and_nothing_is_blank(product: Compiled) -> None:
    short = another(product, id="short_life", summary=product.product.summary[:3])
    found = comparison([product, short], "zh-CN")
    rows = {row.name: row for row in found.rows}
    assert set(TOPICS) <= set(rows)
    assert all(cell for row in found.rows for cell in row.cells)
    assert rows["claim"].cells[1] == "未约定"
    assert rows["claim"].differs
    assert not rows["purpose"].differs
    assert leaf_bytes(found) == leaf_bytes(comparison([product, short], "zh-CN"))


def test_only_two_or_three_of_one_kind_are_compared(product: Compiled) -> None:
    others = [another(product, id=f"life_{n}") for n in range(3)]
    for wrong in (
        [product],
        [product, product],
        [product, *others],
        [product, another(product, id="x", kind="bank.loan")],
    ):
        with pytest.raises(NotComparable):
            comparison(wrong, "zh-CN")
    assert len(comparison([product, *others[:2]], "en").names) == 3


async def test_what_is_compared_is_sealed_and_can_be_seen_again(reader: Story) -> None:
    case = await reader.case()
    (sha256,) = case.reading.leaves
    assert replay.leaf_of(case, sha256, reader.ports)["products"][0] == case.policy.product.full
    with pytest.raises(NotFound):
        replay.leaf_of(case, "00" * 32, reader.ports)
    with pytest.raises(ProductUnknown):
        await do(reader, reading.compare, Compare(products=("anju_term_life", "nothing"), locale="zh-CN"))


# --- what changed ----------------------------------------------------------------------------------------------------


def newer() -> tuple[Compiled, Compiled]:
    """The term life product and its second version, with another waiting period in every word that states it."""
    folder = CATALOGUE / "anju_term_life"
    files = {path.name: path.read_bytes() for path in Path(folder).iterdir() if path.suffix in (".txt", ".csv")}
    definition = (folder / "product.yaml").read_text("utf-8")
    older = compile_product(definition.encode(), files)
    wait = older.product.params["wait"]
    source = files["source.txt"].decode().replace(wait.quote, "六十日")
    digest = hashlib.sha256(source.encode()).hexdigest()
    changed = definition.replace(older.product.source.sha256, digest).replace(
        "version: 1\n", "version: 2\nsupersedes: 1\n"
    )
    changed = changed.replace(f"quote: {wait.quote}", "quote: 六十日").replace(
        f"value: {wait.value}, unit: days, clause: {wait.clause}", f"value: 60, unit: days, clause: {wait.clause}"
    )
    return older, compile_product(changed.encode(), {**files, "source.txt": source.encode()})


def test_another_version_is_told_clause_by_clause() -> None:
    older, second = newer()
    page = changes(older, second, "zh-CN")
    assert page.versions == (1, 2)
    assert (older.product.params["wait"].clause, "90 days", "60 days") in page.numbers
    touched = {item.clause: item for item in page.clauses}
    waiting = touched[older.product.params["wait"].clause]
    assert "formal" in waiting.changes
    assert waiting.formal[0] != waiting.formal[1]
    assert leaf_sha256(page) == leaf_sha256(changes(older, second, "zh-CN"))


async def test_an_open_case_is_shown_what_is_sold_now(story_ledger: StoryLedger) -> None:
    older, second = newer()
    story = Story(story_ledger, Catalogue([older]))
    await story.open()
    await story.enter()
    with pytest.raises(NothingChanged):
        await do(story, reading.show_changes, ShowChanges(locale="zh-CN"))
    story.ports = copy(story.ports, catalogue=Catalogue([older, second]))
    case_id, customer = story.case_id, story._customer
    await story.open(opener=replace(OPENER, create_key="second"))
    story.case_id, story._customer = case_id, customer
    case = await do(story, reading.show_changes, ShowChanges(locale="zh-CN"))
    (sha256,) = case.reading.leaves
    assert replay.leaf_of(case, sha256, story.ports)["versions"] == [1, 2]
    assert (await replay.page_at(case.id, case.head.seq, story.ports)) == leaf_bytes(changes(older, second, "zh-CN"))
