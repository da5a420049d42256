"""From a definition to sale: four people, one content, every reason at once; and what a new version asks of readers."""

import dataclasses
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from api.announcing import Announcing
from api.health import Health
from evidence.errors import NotAllowed
from evidence.events import Actor, ProductPublished
from evidence.events.releases import Post
from products import flow as rooms
from products import views
from products.commands import OpenCase
from products.compiled import Compiled
from products.difference import ClauseChange, difference
from products.errors import DefinitionInvalid, ProductNotOnSale
from products.lint import lint
from products.load import compile_product
from products.release import flow, rules
from products.release.commands import ApproveProduct, MakeNotice, PublishProduct, WithdrawProduct
from products.release.errors import (
    AnotherPersonNeeded,
    AuthorFirst,
    ContentChanged,
    NotPublished,
    PostTaken,
    PublishingRefused,
)
from products.release.rules import POSTS, Releases
from products.versions import Catalogue
from tests.evidence.fakes import StoryLedger
from tests.products.breaking import Files, Mutation, both, edit, rewrite
from tests.products.conftest import AGENT, OPENER, Story

NEXT = both(edit("version: 1\n", "version: 2\n"), edit("currency: CNY\n", "currency: CNY\nsupersedes: 1\n"))
PEOPLE = {post: Actor(id=f"staff_{post}", role="admin") for post in POSTS}
OPEN = OpenCase(product="anju_term_life", phone="13800005678")
ADMIN = Actor(id="staff_publisher", role="admin")


def built(files: Files, *mutations: Mutation) -> Compiled:
    changed = both(*mutations)(files)
    return compile_product(changed["product.yaml"], changed)


class Desk:
    """Acts on one product as its people do."""

    def __init__(self, story: Story, product: str = "anju_term_life") -> None:
        self.story, self.product = story, product

    def full(self, version: int) -> str:
        return self.story.ports.catalogue.get(self.product, version).hashes.full

    async def approve(self, version: int, post: Post, actor: Actor | None = None) -> Releases:
        command = ApproveProduct(full=self.full(version), post=post)
        stamp = self.story.stamp(actor or PEOPLE[post])
        return await flow.record(self.product, version, command, stamp, self.story.ports)

    async def approve_all(self, version: int) -> None:
        for post in POSTS:
            await self.approve(version, post)

    async def publish(self, version: int, actor: Actor = ADMIN) -> Releases:
        command = PublishProduct(full=self.full(version))
        return await flow.record(self.product, version, command, self.story.stamp(actor), self.story.ports)

    async def withdraw(self, version: int) -> Releases:
        command = WithdrawProduct(full=self.full(version), cause="stop_sale")
        return await flow.record(self.product, version, command, self.story.stamp(ADMIN), self.story.ports)

    async def reasons(self, version: int) -> str:
        with pytest.raises(PublishingRefused) as refused:
            await self.publish(version)
        reasons = refused.value.facts["reasons"]
        assert isinstance(reasons, tuple)
        return "\n".join(reasons)


@pytest.fixture
def desk_of(story_ledger: StoryLedger, term_life_files: Files) -> Callable[..., Desk]:
    def build(*versions: tuple[Mutation, ...]) -> Desk:
        products = [built(term_life_files, *mutations) for mutations in versions]
        return Desk(Story(story_ledger, Catalogue(products)))

    return build


# --- approvals -------------------------------------------------------------------------------------------------------


async def test_four_people_approve_and_then_it_goes_on_sale(desk_of: Callable[..., Desk]) -> None:  # PRD-06
    desk = desk_of(())
    states = []
    for post in POSTS:
        held = await desk.approve(1, post)
        states.append(held.of(1, desk.full(1)).state)
    assert states == ["reviewed", "reviewed", "reviewed", "approved"]
    assert (await desk.publish(1)).of(1, desk.full(1)).state == "on_sale"
    events = await desk.story.ledger.events("product_anju_term_life")
    assert [event.type for event in events] == ["product.approved/1"] * 4 + ["product.published/1"]
    assert len({event.actor.id for event in events}) == 5
    assert {event.body.full for event in events if isinstance(event.body, ProductPublished)} == {desk.full(1)}


async def test_the_author_comes_first_and_nobody_signs_twice(desk_of: Callable[..., Desk]) -> None:
    desk = desk_of(())
    with pytest.raises(AuthorFirst):
        await desk.approve(1, "legal")
    await desk.approve(1, "author")
    for post in ("legal", "actuary", "compliance"):
        with pytest.raises(AnotherPersonNeeded):
            await desk.approve(1, post, PEOPLE["author"])
    with pytest.raises(PostTaken):
        await desk.approve(1, "author", PEOPLE["legal"])
    before = len(await desk.story.ledger.events("product_anju_term_life"))
    await desk.approve(1, "author")  # the same person again: nothing happens
    assert len(await desk.story.ledger.events("product_anju_term_life")) == before


async def test_only_an_admin_decides_and_only_over_the_content_as_it_stands(desk_of: Callable[..., Desk]) -> None:
    desk = desk_of(())
    with pytest.raises(NotAllowed):
        await desk.approve(1, "author", AGENT)
    command = ApproveProduct(full="0" * 64, post="author")
    with pytest.raises(ContentChanged):
        await flow.record("anju_term_life", 1, command, desk.story.stamp(ADMIN), desk.story.ports)


async def test_an_approval_that_slipped_in_for_a_second_post_counts_for_nothing(desk_of: Callable[..., Desk]) -> None:
    desk = desk_of(())
    held = await desk.approve(1, "author")
    compiled = desk.story.ports.catalogue.get("anju_term_life", 1)
    command = ApproveProduct(full=desk.full(1), post="legal")
    bodies = rules.approve(held, compiled, command, (), PEOPLE["legal"])
    await desk.story.ledger.note("product_anju_term_life", bodies, desk.story.stamp(PEOPLE["author"]))
    held = await flow.releases("anju_term_life", desk.story.ports)
    assert dict(held.of(1, desk.full(1)).approvals) == {"author": "staff_author"}


async def test_a_changed_draft_starts_its_approvals_again(desk_of: Callable[..., Desk], term_life_files: Files) -> None:
    desk = desk_of(())
    await desk.approve_all(1)
    changed = built(term_life_files, edit("先商量，谈不成可以去法院。", "先商量，不成可以去法院。"))
    held = await flow.releases("anju_term_life", desk.story.ports)
    assert held.of(1, changed.hashes.full).missing == POSTS


# --- publishing ------------------------------------------------------------------------------------------------------


async def test_publishing_is_refused_with_every_reason_at_once(desk_of: Callable[..., Desk]) -> None:  # PRD-02
    broken = both(
        edit("cat: dispute", "cat: other"),
        edit("filing_no: 示例人寿〔2026〕定期寿险007号", "filing_no: 备案中，待定"),
        edit("sale: {from: 2026-01-01, to: null", "sale: {from: 2025-01-01, to: 2026-01-01"),
        edit("status: on_sale", "status: reviewed"),
    )
    reasons = await desk_of((broken,)).reasons(1)
    for said in ("L19", "no filing number", "nothing for dispute", "its sale ended", "says reviewed"):
        assert said in reasons
    assert all(f"{post} has not approved" in reasons for post in POSTS)
    assert "line " in reasons


@pytest.mark.parametrize(
    "mutate",
    [
        edit("wait: {value: 90", "wait: {value: 180"),
        edit("hesitate: {value: 20", "hesitate: {value: 15"),
        edit("decide_most: {value: 30", "decide_most: {value: 45"),
        rewrite("生效日起九十日为等待期", "生效日起一百八十日为等待期"),
        rewrite("应交日的次日起六十日为宽限期", "应交日的次日起九十日为宽限期"),
        edit('premium: "1025.00"', 'premium: "1026.00"'),
        edit("头{wait}天是", "头九十天是"),
    ],
)
async def test_a_changed_number_beside_an_unchanged_sentence_is_never_published(
    desk_of: Callable[..., Desk], term_life_files: Files, mutate: Mutation
) -> None:  # PRD-05
    try:
        compiled = built(term_life_files, mutate)
    except DefinitionInvalid:
        return  # it does not even load
    desk = desk_of((mutate,))
    for post in POSTS:
        with pytest.raises((PublishingRefused, AuthorFirst)):
            await desk.approve(1, post)
    assert {item.rule for item in lint(compiled)} & {"L08", "L09"}
    assert "does not stand in" in (said := await desk.reasons(1)) or "is not" in said or "is typed" in said
    with pytest.raises(ProductNotOnSale):
        await rooms.open_case(OPEN, desk.story.stamp(AGENT), OPENER, "sandbox", desk.story.ports)


async def test_a_published_version_never_changes(story_ledger: StoryLedger, term_life_files: Files) -> None:  # PRD-06
    first = Desk(Story(story_ledger, Catalogue([built(term_life_files)])))
    await first.approve_all(1)
    await first.publish(1)
    changed = built(term_life_files, edit("先商量，谈不成可以去法院。", "先商量，不成可以去法院。"))
    second = Desk(Story(story_ledger, Catalogue([changed])))
    with pytest.raises(PublishingRefused):
        await second.approve(1, "author")
    assert "published with other content" in await second.reasons(1)


async def test_a_new_version_names_the_one_it_follows_and_takes_its_place(desk_of: Callable[..., Desk]) -> None:
    desk = desk_of((), (NEXT,))
    assert "supersedes names version 1, which was never published" in await desk.reasons(2)
    await desk.approve_all(1)
    await desk.publish(1)
    await desk.approve_all(2)
    await desk.publish(2)
    sold = await flow.for_sale("anju_term_life", desk.story.clock(), desk.story.ports)
    assert sold is not None
    assert sold.product.version == 2
    held = await flow.releases("anju_term_life", desk.story.ports)
    assert held.notice_due == {2: "2026-12-04"}  # what changed is told too; PRD-07
    forgotten = desk_of((), (edit("version: 1\n", "version: 3\n"),))
    assert "supersedes must name version 2" in await forgotten.reasons(3)
    assert "version 2 is newer" in await desk_of((edit("grade: 1", "grade: 2"),)).reasons(1)


async def test_who_publishes_may_be_none_of_the_four_and_does_it_once(desk_of: Callable[..., Desk]) -> None:
    desk = desk_of(())
    await desk.approve_all(1)
    await desk.publish(1)
    before = len(await desk.story.ledger.events("product_anju_term_life"))
    await desk.publish(1)
    assert len(await desk.story.ledger.events("product_anju_term_life")) == before


# --- withdrawal ------------------------------------------------------------------------------------------------------


async def test_a_withdrawn_version_starts_no_new_sale_and_its_notice_has_a_day(desk_of: Callable[..., Desk]) -> None:
    desk = desk_of(())
    with pytest.raises(NotPublished):
        await desk.withdraw(1)
    await desk.approve_all(1)
    await desk.publish(1)
    assert [item["id"] for item in await views.listing(desk.story.ports)] == ["anju_term_life"]
    held = await desk.withdraw(1)
    assert held.of(1, desk.full(1)).state == "withdrawn"
    assert held.notice_due[1] == "2026-12-04"  # ten working days on; PRD-07
    assert await views.listing(desk.story.ports) == []
    with pytest.raises(ProductNotOnSale):
        await rooms.open_case(OPEN, desk.story.stamp(AGENT), OPENER, "sandbox", desk.story.ports)
    assert "it was withdrawn" in await desk.reasons(1)
    await rooms.publish(
        desk.story.ports.catalogue.get("anju_term_life"), desk.story.stamp(ADMIN), desk.story.ports
    )  # the announcement at start does not bring it back
    assert await views.listing(desk.story.ports) == []


async def test_a_notice_that_was_made_is_no_longer_due(desk_of: Callable[..., Desk]) -> None:  # PRD-07
    desk = desk_of(())
    await desk.approve_all(1)
    await desk.publish(1)
    held = await desk.withdraw(1)
    late = desk.story.clock().date().replace(year=2027)
    assert rules.overdue(held, late) == (1,)
    command = MakeNotice(reference="web-2026-118")
    held = await flow.record("anju_term_life", 1, command, desk.story.stamp(ADMIN), desk.story.ports)
    assert rules.overdue(held, late) == ()
    assert held.notices == {1: "web-2026-118"}


async def test_a_notice_that_waits_is_owed_and_a_late_one_is_an_alarm(desk_of: Callable[..., Desk]) -> None:  # PRD-07
    desk = desk_of(())
    health = Health(desk.story.clock)
    watch = Announcing(desk.story.ports, health)
    await desk.approve_all(1)
    await desk.publish(1)
    await watch.look()
    assert health.report()["lacks"] == {}
    await desk.withdraw(1)
    await watch.look()
    assert health.report()["lacks"] == {"product_notice_anju_term_life": "version 1 by 2026-12-04"}
    assert not health.alarms
    desk.story.clock.forward(20 * 24 * 3600)
    await watch.look()
    assert list(health.alarms) == ["product_notice_anju_term_life"]
    assert health.sound
    command = MakeNotice(reference="web-2026-118")
    await flow.record("anju_term_life", 1, command, desk.story.stamp(ADMIN), desk.story.ports)
    await watch.look()
    assert health.report()["lacks"] == {}


async def test_outside_its_period_nothing_is_sold_though_it_is_published(desk_of: Callable[..., Desk]) -> None:
    desk = desk_of((edit("sale: {from: 2026-01-01, to: null", "sale: {from: 2027-01-01, to: 2028-01-01"),))
    await desk.approve_all(1)
    await desk.publish(1)
    assert await flow.for_sale("anju_term_life", desk.story.clock(), desk.story.ports) is None


async def test_what_an_admin_sees_says_what_is_missing(desk_of: Callable[..., Desk]) -> None:
    desk = desk_of((), (NEXT,))
    await desk.approve(1, "author")
    shown = await flow.shown("anju_term_life", desk.story.ports)
    assert [item["version"] for item in shown["versions"]] == [2, 1]
    assert [item["state"] for item in shown["versions"]] == ["draft", "reviewed"]
    assert shown["versions"][1]["missing"] == ("legal", "actuary", "compliance")
    judged = await flow.judged("anju_term_life", 2, desk.story.ports)
    assert judged["findings"] == []


# --- what changed ----------------------------------------------------------------------------------------------------


def changes(older: Compiled, newer: Compiled) -> dict[str, tuple[str, ...]]:
    return {item.clause: item.changes for item in difference(older, newer).clauses}


def test_the_same_content_under_another_number_differs_in_nothing(term_life_files: Files) -> None:
    found = difference(built(term_life_files), built(term_life_files, NEXT))
    assert (found.older, found.newer, found.clauses, found.read_again, found.hashes) == (1, 2, (), (), ())


def test_a_changed_number_touches_the_clauses_that_show_it(term_life_files: Files) -> None:
    longer = both(
        NEXT,
        rewrite("生效日起九十日为等待期", "生效日起六十日为等待期"),
        edit(
            "wait: {value: 90, unit: days, clause: c2.4, quote: 九十日",
            "wait: {value: 60, unit: days, clause: c2.4, quote: 六十日",
        ),
    )
    newer = built(term_life_files, longer)
    assert lint(newer) == ()
    found = difference(built(term_life_files), newer)
    (change,) = found.clauses
    assert (change.clause, change.changes, change.values) == ("c2.4", ("formal", "numbers"), ("wait",))
    assert change.before is not None
    assert "九十日" in change.before
    assert found.read_again == ("c2.4",)
    assert found.requote
    assert not found.journey_again


def test_a_changed_table_touches_what_is_computed_from_it(term_life_files: Files) -> None:
    older = built(term_life_files)
    table = older.product.tables["cash"]
    tables = {**older.product.tables, "cash": replace(table, sha256="0" * 64)}
    newer = replace_product(older, tables=tables)
    assert changes(older, newer) == {"c5.1": ("numbers",)}


def replace_product(compiled: Compiled, **fields: object) -> Compiled:
    return dataclasses.replace(compiled, product=replace(compiled.product, **fields))


def test_other_words_touch_their_clause_and_items_touch_their_page(term_life_files: Files) -> None:
    older = built(term_life_files)
    words = built(term_life_files, NEXT, edit("先商量，谈不成可以去法院。", "先商量，不成可以去法院。"))
    assert changes(older, words) == {"c7.3": ("plain",)}
    assert difference(older, words).read_again == ()
    item = built(term_life_files, NEXT, edit("主动吸毒或注射毒品，不赔。", "主动吸毒，不赔。"))
    assert changes(older, item) == {"c2.5.4": ("plain",)}
    assert difference(older, item).read_again == ("c2.5",)


def test_a_changed_explanation_of_a_term_touches_the_clauses_that_link_it(term_life_files: Files) -> None:
    older = built(term_life_files)
    newer = built(term_life_files, NEXT, edit("还能补交、照样有保障的那段时间", "还能补交、保障还在的那段时间"))
    assert changes(older, newer) == {"c3.2": ("plain",)}
    assert difference(older, newer).read_again == ("c3.2",)


def test_a_clause_that_must_be_read_now_is_a_change_of_its_own(term_life_files: Files) -> None:
    older = built(term_life_files)
    newer = built(
        term_life_files, NEXT, edit("en: Who gets the money}", "en: Who gets the money}\n    must_read: true")
    )
    found = difference(older, newer)
    assert found.clauses == (ClauseChange(clause="c6.1", changes=("duty",)),)
    assert found.read_again == ("c6.1",)


def test_clauses_that_came_and_went_are_told(term_life_files: Files) -> None:
    older = built(term_life_files)
    newer = built(term_life_files, NEXT, edit("- id: c7.1\n", "- id: c7.1b\n"))
    found = {item.clause: item for item in difference(older, newer).clauses}
    assert {name: item.changes for name, item in found.items()} == {"c7.1b": ("added",), "c7.1": ("removed",)}
    assert found["c7.1"].before == found["c7.1b"].after
