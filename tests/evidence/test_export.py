"""EVD-13: evidence is read with a reason, images of people with a second person's word; each reading is an event."""

import msgspec
import pytest

from evidence.case import Case
from evidence.case.exporting import EVERYTHING
from evidence.errors import NotAllowed, NotFound
from evidence.events import Actor, Body, ExportBuilt, ExportNarrowed, ExportRequested, Role, Stamp
from evidence.export import rules
from evidence.export.errors import ApprovalByAnother, ApprovalNeeded, NothingToApprove
from evidence.export.rules import RequestExport
from evidence.ledger import Ledger
from tests.evidence.cases import opened
from tests.evidence.fakes import NOON, StoryLedger

CASE, EXPORT = "case_export", "exp_a"
CUSTOMER = Actor(id="cus_li", role="customer", session="ses_li")
AUDITOR = Actor(id="staff_audit", role="auditor")
SECOND = Actor(id="staff_second", role="reviewer")
BUILT = ExportBuilt(export=EXPORT, verdict="INDETERMINATE", sha256="ab" * 32, bytes=7)


class Story:
    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    async def begin(self) -> "Story":
        await self.ledger.open(CASE, (opened(),), Stamp(actor=AUDITOR, at=NOON))
        return self

    async def happen(self, actor: Actor, *bodies: Body) -> Case:
        return await self.ledger.record(CASE, lambda _: bodies, Stamp(actor=actor, at=NOON))

    async def asked(self, actor: Actor, **options: object) -> Case:
        command = msgspec.convert({"reason": "dispute 7"} | options, RequestExport)
        return await self.happen(actor, *rules.request(command, EXPORT))


@pytest.fixture
async def story(story_ledger: StoryLedger) -> Story:
    return await Story(story_ledger).begin()


def test_a_request_needs_a_reason_and_says_what_it_opens_only_where_that_is_not_all() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({}, RequestExport)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"reason": "x"}, RequestExport)
    whole = rules.request(RequestExport(reason="dispute"), EXPORT)
    assert whole == (ExportRequested(export=EXPORT, reason="dispute"),)
    part = rules.request(RequestExport(reason="dispute", open=("contract", "contract"), withhold=("sum",)), EXPORT)
    assert part == (ExportNarrowed(export=EXPORT, open=("contract",), withhold=("sum",)), whole[0])


async def test_a_customers_own_bundle_waits_for_nobody(story: Story) -> None:
    case = await story.asked(CUSTOMER)
    assert case.asked[EXPORT].open == EVERYTHING
    assert not case.asked[EXPORT].waits
    case = await story.happen(CUSTOMER, BUILT)
    assert rules.admit_reading(case, EXPORT, CUSTOMER) == BUILT
    case = await story.happen(CUSTOMER, *rules.read(case, EXPORT, CUSTOMER))
    assert case.asked[EXPORT].reads == 1


async def test_an_auditor_reads_images_of_people_with_a_second_persons_word_only(story: Story) -> None:
    case = await story.asked(AUDITOR)
    assert case.asked[EXPORT].waits
    with pytest.raises(ApprovalByAnother):
        rules.approve(case, EXPORT, AUDITOR)
    sellers_and_strangers: tuple[Role, ...] = ("customer", "agent", "partner", "system")
    for role in sellers_and_strangers:
        with pytest.raises(NotAllowed):
            rules.approve(case, EXPORT, Actor(id="x", role=role))
    case = await story.happen(AUDITOR, BUILT)
    with pytest.raises(ApprovalNeeded):
        rules.read(case, EXPORT, AUDITOR)
    case = await story.happen(SECOND, *rules.approve(case, EXPORT, SECOND))
    assert not case.asked[EXPORT].waits
    assert rules.read(case, EXPORT, AUDITOR)
    with pytest.raises(NothingToApprove):
        rules.approve(case, EXPORT, SECOND)


async def test_what_a_customer_asked_for_opens_to_no_auditor_alone(story: Story) -> None:
    await story.asked(CUSTOMER)
    case = await story.happen(CUSTOMER, BUILT)
    with pytest.raises(ApprovalNeeded):
        rules.read(case, EXPORT, AUDITOR)
    own = await story.happen(AUDITOR, *rules.approve(case, EXPORT, AUDITOR))
    with pytest.raises(ApprovalNeeded):  # the one who agreed is the one who reads
        rules.read(own, EXPORT, AUDITOR)
    assert rules.read(own, EXPORT, Actor(id="staff_other", role="auditor"))


async def test_without_images_of_people_no_second_word_is_needed(story: Story) -> None:
    case = await story.asked(AUDITOR, open=["contract", "location"])
    assert not case.asked[EXPORT].waits
    case = await story.happen(AUDITOR, BUILT)
    assert rules.read(case, EXPORT, AUDITOR)


@pytest.mark.parametrize("role", ["agent", "reviewer", "admin", "partner", "system"])
async def test_who_sells_or_only_decides_never_gets_a_bundle(story: Story, role: Role) -> None:
    await story.asked(CUSTOMER)
    case = await story.happen(CUSTOMER, BUILT)
    with pytest.raises(NotAllowed):
        rules.read(case, EXPORT, Actor(id="staff_x", role=role))


async def test_what_was_never_asked_for_or_built_is_not_there(story: Story) -> None:
    case = await story.asked(CUSTOMER)
    for ask in (rules.approve, rules.read):
        with pytest.raises(NotFound):
            ask(case, "exp_other", SECOND if ask is rules.approve else CUSTOMER)
    with pytest.raises(NotFound):
        rules.read(case, EXPORT, CUSTOMER)
