"""A customer reads, answers and confirms; an agent opens the case."""

import hashlib
from dataclasses import replace as copy
from pathlib import Path

import pytest
from msgspec.structs import replace

from evidence.errors import NotAllowed, OtherBody, StepsMissing
from evidence.events import Actor, ClausesSeen, ConsentWithdrawn, NoticeShown, QuestionAnswered, QuoteShown, Stamp
from products import flow, views
from products.commands import OpenCase, ReportReading, ServeScreen, SetQuote, VisibleClause, WantedClause
from products.compiled import Compiled
from products.errors import (
    AlreadySigned,
    CertificateInvalid,
    ExternalIdTaken,
    GradeTooLow,
    HelpNeeded,
    InputInvalid,
    OwnPage,
    PhoneOfStaff,
    PickUnknown,
    ProductMismatch,
    ProductNotOnSale,
    QuoteOutside,
    RenderMismatch,
    ScreenStale,
    ScreenUnknown,
    SyntheticRefused,
    TextChanged,
    TranscriptDiffers,
)
from products.load import load
from products.versions import Catalogue
from tests.products.conftest import AGENT, CATALOGUE, INPUTS, OPENER, Story

STATEMENT = "本人已阅读条款，了解不赔的情况和退保损失。"


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# --- opening ---------------------------------------------------------------------------------------------------------


async def test_the_first_event_freezes_the_exact_version_and_holds_no_phone(story: Story) -> None:  # PRD-06
    case = await story.open(name="李桂芳", external_id="P-2026-1")
    assert case.policy.product.full == story.ports.catalogue.get("anju_term_life").hashes.full
    assert case.policy.hesitation_days == 20
    lines = b"".join(await story.ledger.log.read(case.id))
    assert all(word.encode() not in lines for word in ("13800005678", "李桂芳", "P-2026-1"))


async def test_the_same_create_key_answers_with_the_same_case(story: Story) -> None:
    first = await story.open(external_id="P-1")
    again = await story.open(external_id="P-1")
    assert again == first


async def test_the_same_create_key_with_another_body_is_refused(story: Story) -> None:
    await story.open()
    with pytest.raises(OtherBody):
        await story.open(name="别人")


async def test_an_external_id_opens_one_case_only(story: Story) -> None:
    await story.open(external_id="P-1")
    with pytest.raises(ExternalIdTaken):
        await story.open(external_id="P-1", opener=replace(OPENER, create_key="create-2"))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"certificate": None}, CertificateInvalid),
        ({"certificate_until": "2026-11-21T03:59:59.999Z"}, CertificateInvalid),
        ({"grade": 0}, GradeTooLow),
        ({"phone_is_staff": True}, PhoneOfStaff),
    ],
)
async def test_who_may_not_sell_cannot_open_a_case(
    story: Story, change: dict[str, object], error: type[Exception]
) -> None:  # API-06
    with pytest.raises(error):
        await story.open(opener=replace(OPENER, **change))


async def test_a_bank_service_needs_no_certificate(story: Story) -> None:
    case = await story.open("card_loss", opener=replace(OPENER, certificate=None, grade=0))
    assert [step.name for step in case.policy.steps] == ["quote", "read", "disclose", "identity", "sign"]


async def test_production_refuses_made_up_input(story: Story) -> None:
    command = OpenCase(product="anju_term_life", phone="13800005678", input_origin="synthetic")
    with pytest.raises(SyntheticRefused):
        await flow.open_case(command, story.stamp(AGENT), OPENER, "production", story.ports)


async def test_a_product_that_was_not_published_is_not_sold(story: Story) -> None:  # PRD-07
    command = OpenCase(product="anju_term_life", phone="13800005678")
    with pytest.raises(ProductNotOnSale):
        await flow.open_case(command, story.stamp(AGENT), OPENER, "sandbox", story.ports)


async def test_a_withdrawn_product_is_not_sold(story: Story, term_life: Compiled) -> None:  # PRD-07
    withdrawn = copy(term_life, product=replace(term_life.product, status="withdrawn"))
    story.ports = copy(story.ports, catalogue=Catalogue([withdrawn]))
    with pytest.raises(ProductNotOnSale):
        await story.open()


async def test_only_agents_open_cases_and_only_as_themselves(story: Story) -> None:
    command = OpenCase(product="anju_term_life", phone="13800005678")
    for actor in (Actor(id="stf_agent", role="reviewer"), Actor(id="stf_other", role="agent")):
        with pytest.raises(NotAllowed):
            await flow.open_case(command, story.stamp(actor), OPENER, "sandbox", story.ports)


# --- who reads -------------------------------------------------------------------------------------------------------


async def test_nothing_happens_before_the_customer_knows_that_it_is_recorded(story: Story) -> None:  # STA-01
    await story.open()
    await story.enter(consent=False)
    with pytest.raises(StepsMissing) as refused:
        await story.quote()
    assert refused.value.facts["missing"] == ("consent:recording",)


async def test_an_agent_cannot_read_for_the_customer(reader: Story) -> None:
    command = ServeScreen(clauses=(WantedClause(clause="c1.4", level="plain"),), locale="zh-CN")
    case = await reader.case()
    as_agent = reader.stamp(Actor(id=case.opener, role="agent", session="ses_1"))
    as_nobody = reader.stamp(Actor(id="cus_other", role="customer", session="ses_1"))
    for stamp in (as_agent, as_nobody):
        with pytest.raises(NotAllowed):
            await flow.serve_screen(case, command, stamp, reader.ports)


async def test_nothing_is_read_before_there_is_a_quote(story: Story) -> None:
    await story.open()
    await story.enter()
    with pytest.raises(StepsMissing) as refused:
        await story.serve("c1.4")
    assert refused.value.facts["missing"] == ("quoted",)


# --- quote -----------------------------------------------------------------------------------------------------------


async def test_a_quote_is_sealed_as_commitments_only(reader: Story) -> None:
    lines = b"".join(await reader.ledger.log.read(reader.case_id))
    shown = await views.quote(await reader.case(), reader.ports)
    assert shown["outputs"]["back"]["value"] == "405.00"
    assert shown["outputs"]["back"]["text"]["zh-CN"] == "405.00元"
    assert b"405.00" not in lines
    assert b"500000" not in lines


async def test_inputs_out_of_range_are_named(reader: Story) -> None:
    for change, field in (
        ({"age": 51}, "age"),
        ({"sum": "120000"}, "sum"),
        ({"sum": "1e5"}, "sum"),
        ({"term": 15}, "term"),
        ({"sex": "other"}, "sex"),
        ({"wish": 1}, "wish"),
    ):
        with pytest.raises(InputInvalid) as refused:
            await reader.quote(**change)
        assert refused.value.facts["field"] == field


async def test_a_combination_that_cannot_be_chosen_says_why(reader: Story) -> None:
    with pytest.raises(QuoteOutside) as refused:
        await reader.quote(term=10, pay_years=20)
    assert refused.value.facts["reason_zh"] == "交费年数不能比保障年数长"


async def test_a_changed_input_opens_again_only_what_showed_a_changed_number(reader: Story) -> None:
    for clause in ("c1.4", "c2.4", "c5.1"):
        await reader.read(clause)
    await reader.answer("q_surrender", "405.00")
    await reader.acknowledge("d_surrender", sha("我知道犹豫期后退保会亏钱。"))
    await reader.assess(income="200000", job="office")
    case = await reader.quote(sum="600000")
    assert {"read:c1.4", "read:c2.4"} <= case.keys
    gone = {"read:c5.1", "answered:q_surrender", "disclosed:d_surrender", "suitable"}
    assert not gone & case.keys
    assert "c5.1/plain" not in case.reading.seen
    assert case.reading.suitability is None
    shown = (await reader.ledger.events(case.id))[-1].body
    assert isinstance(shown, QuoteShown)
    assert shown.changed == ("sum",)


async def test_the_same_inputs_again_withdraw_nothing(reader: Story) -> None:
    await reader.read("c5.1")
    assert "read:c5.1" in (await reader.quote()).keys


async def test_a_screen_with_old_numbers_no_longer_counts(reader: Story) -> None:
    screen = await reader.serve("c5.1")
    reader.clock.forward(30)
    await reader.quote(year=3)
    with pytest.raises(ScreenStale):
        await reader.report(screen, "c5.1", 20_000)


async def test_what_was_signed_cannot_be_quoted_again(reader: Story) -> None:
    signed = NoticeShown(scope="x", locale="en", text_sha256="0" * 64, satisfies=("signed:proposer:application",))
    await reader.ledger.record(reader.case_id, lambda _: (signed,), reader.customer)
    with pytest.raises(AlreadySigned):
        await reader.quote(year=3)


# --- reading ---------------------------------------------------------------------------------------------------------


async def test_a_clause_in_view_for_its_floor_to_its_end_is_read(reader: Story) -> None:
    case = await reader.read("c2.4")
    assert "read:c2.4" in case.keys


async def test_the_filed_text_counts_as_well_as_the_plain_one(reader: Story) -> None:
    assert "read:c2.4" in (await reader.read("c2.4", level="formal")).keys


async def test_reading_for_a_fifth_of_a_second_is_not_reading(reader: Story) -> None:
    screen = await reader.serve("c2.4")
    reader.clock.forward(0.2)
    case = await reader.report(screen, "c2.4", 15_000)
    assert case.reading.seen["c2.4/plain"].visible_ms == 200
    assert "read:c2.4" not in case.keys


async def test_claimed_time_never_counts_beyond_the_servers_clock(reader: Story) -> None:  # EVD-05
    screen = await reader.serve("c1.4", "c1.1")
    reader.clock.forward(8)
    both = tuple(VisibleClause(clause=c, level="plain", visible_ms=8_000, end_seen=True) for c in ("c1.1", "c1.4"))
    command = ReportReading(screen=screen, clauses=both, client_at="2026-11-21T04:00:08.000Z")
    case = await flow.report_reading(await reader.case(), command, reader.customer, reader.ports)
    assert case.reading.seen["c1.1/plain"].visible_ms == 8_000
    assert case.reading.seen["c1.4/plain"].visible_ms == 0
    case = await reader.report(screen, "c1.4", 8_000)
    assert case.reading.seen["c1.4/plain"].visible_ms == 0


async def test_two_screens_cannot_count_the_same_second(reader: Story) -> None:
    first = await reader.serve("c2.4")
    second = await reader.serve("c2.5")
    reader.clock.forward(40)
    await reader.report(second, "c2.5", 40_000)
    case = await reader.report(first, "c2.4", 40_000)
    assert case.reading.seen["c2.4/plain"].visible_ms == 0
    assert "read:c2.4" not in case.keys


async def test_a_report_told_long_after_is_late_and_counts_a_minute_at_most(reader: Story) -> None:  # EVD-05
    screen = await reader.serve("c2.5")
    reader.clock.forward(600)
    case = await reader.report(screen, "c2.5", 600_000)
    assert case.reading.seen["c2.5/plain"].visible_ms == 60_000
    told = (await reader.ledger.events(case.id))[-1].body
    assert isinstance(told, ClausesSeen)
    assert told.late
    assert told.clauses[0].claimed_ms == 600_000


async def test_time_adds_up_over_reports_and_the_end_must_have_been_seen(reader: Story) -> None:
    screen = await reader.serve("c2.4")
    for _ in range(3):
        reader.clock.forward(5)
        case = await reader.report(screen, "c2.4", 5_000, end_seen=False)
    assert "read:c2.4" not in case.keys
    reader.clock.forward(1)
    assert "read:c2.4" in (await reader.report(screen, "c2.4", 1_000)).keys


async def test_one_line_in_the_list_is_not_reading_the_clause(reader: Story) -> None:
    screen = await reader.serve("c2.4", "c2.5", level="one")
    reader.clock.forward(50)
    assert not {key for key in (await reader.report(screen, "c2.4", 50_000, level="one")).keys if "read:" in key}


async def test_what_limits_liability_has_a_page_of_its_own(reader: Story) -> None:  # PRD-03
    with pytest.raises(OwnPage):
        await reader.serve("c2.4", "c1.4")


async def test_an_unknown_screen_is_not_there(reader: Story) -> None:
    with pytest.raises(ScreenUnknown):
        await reader.report("scr_nothing", "c2.4", 1)


async def test_the_elder_layout_shows_the_same_texts_with_the_same_hash(reader: Story) -> None:
    screens = [await reader.serve("c2.4", layout=layout) for layout in ("standard", "elder")]
    shown = [await views.screen(await reader.case(), screen, reader.ports) for screen in screens]
    assert shown[0]["clauses"] == shown[1]["clauses"]


async def test_a_served_screen_comes_back_as_it_was(reader: Story) -> None:  # PRD-06
    screen = await reader.serve("c5.1")
    await reader.quote(year=3)
    shown = await views.screen(await reader.case(), screen, reader.ports)
    text = "".join(span["text"] for block in shown["clauses"][0]["blocks"] for span in block["spans"])
    assert "第2年末退" in text  # the numbers of that time, not of now
    assert {"text": "现金价值", "term": "cash_value"} in shown["clauses"][0]["blocks"][0]["spans"]


async def test_a_personal_page_has_another_hash_every_time(reader: Story) -> None:
    screens = [await reader.serve("c5.1") for _ in range(2)]
    served = (await reader.case()).reading.screens
    first, second = (served[screen].clauses["c5.1/plain"].render_sha256 for screen in screens)
    assert first != second


async def test_a_page_that_cannot_be_rebuilt_is_not_shown(reader: Story) -> None:
    screen = await reader.serve("c2.4")
    case = await reader.case()
    item = replace(case.reading.screens[screen].clauses["c2.4/plain"], render_sha256="0" * 64)
    with pytest.raises(RenderMismatch):
        await views.page_of(case, "zh-CN", item, reader.ports)


# --- questions -------------------------------------------------------------------------------------------------------


async def test_a_question_waits_for_its_clause(reader: Story) -> None:
    with pytest.raises(StepsMissing):
        await reader.answer("q_driving", "not_paid")


async def test_a_right_answer_in_own_numbers_is_sealed_without_the_number(reader: Story) -> None:
    await reader.read("c5.1")
    case = await reader.answer("q_surrender", "405.00")
    assert "answered:q_surrender" in case.keys
    sealed = (await reader.ledger.events(case.id))[-1].body
    assert isinstance(sealed, QuestionAnswered)
    assert sealed.picked is None
    assert sealed.picked_value is not None


async def test_a_wrong_answer_opens_the_clause_again_and_the_third_needs_a_person(reader: Story) -> None:
    for attempt in (1, 2, 3):
        await reader.read("c2.5")
        case = await reader.answer("q_driving", "paid_full")
        assert case.reading.attempts["q_driving"] == attempt
        assert "read:c2.5" not in case.keys
    await reader.read("c2.5")
    with pytest.raises(HelpNeeded):
        await reader.answer("q_driving", "not_paid")


async def test_an_answer_that_was_not_offered_is_no_answer(reader: Story) -> None:
    await reader.read("c2.5")
    with pytest.raises(PickUnknown):
        await reader.answer("q_driving", "perhaps")


async def test_options_keep_their_order_and_do_not_tell(reader: Story) -> None:
    case = await reader.case()
    first, second = [await views.outline(case, "zh-CN", reader.ports) for _ in range(2)]
    assert first == second
    assert {option["value"] for option in first["questions"][0]["options"]} == {"405.00", "2050.00", "500000.00"}


# --- disclosures -----------------------------------------------------------------------------------------------------


async def test_nothing_is_confirmed_before_it_was_read(reader: Story) -> None:  # PRD-03, PRD-08
    with pytest.raises(StepsMissing) as refused:
        await reader.acknowledge("d_truth", sha("我知道健康、职业要如实说，不如实说可能不赔。"))
    assert refused.value.facts["missing"] == ("read:c4.1",)


async def test_another_text_cannot_be_confirmed(reader: Story) -> None:
    await reader.read("c4.1")
    with pytest.raises(TextChanged):
        await reader.acknowledge("d_truth", sha("我同意一切。"))


async def test_a_copied_sentence_may_differ_in_punctuation_and_width_only(reader: Story) -> None:
    for clause in ("c2.4", "c2.5", "c5.1"):
        await reader.read(clause)
    with pytest.raises(TranscriptDiffers):
        await reader.acknowledge("d_statement", sha(STATEMENT), "本人已阅读条款，了解赔的情况和退保损失。")
    case = await reader.acknowledge("d_statement", sha(STATEMENT), " 本人已阅读条款,了解不赔的情况和退保损失")
    assert "disclosed:d_statement" in case.keys


# --- suitability -----------------------------------------------------------------------------------------------------


async def test_a_fitting_product_is_suitable(reader: Story) -> None:  # PRD-10
    case = await reader.assess(income="200000", job="office")
    assert (case.reading.suitability, "suitable" in case.keys) == ("allow", True)


async def test_a_warning_goes_on_only_with_the_customers_own_words(reader: Story) -> None:  # PRD-10
    case = await reader.assess(income="5000", job="office")
    assert (case.reading.suitability, "suitable" in case.keys) == ("warn", False)
    outline = await views.outline(case, "zh-CN", reader.ports)
    assert [reason["rule"] for reason in outline["suitability"]["reasons"]] == ["s_afford", "s_sum"]
    case = await reader.assess("我有存款，交得起", income="5000", job="office")
    assert "suitable" in case.keys


async def test_a_denied_job_cannot_be_overridden(reader: Story) -> None:  # PRD-10
    await reader.assess(income="200000", job="office")
    case = await reader.assess("我还是要买", income="200000", job="hazard")
    assert (case.reading.suitability, "suitable" in case.keys) == ("deny", False)


# --- the whole -------------------------------------------------------------------------------------------------------


async def test_a_reader_comes_to_the_door_of_identity(reader: Story, term_life: Compiled) -> None:
    assert "read:c2.5" in (await reader.case()).missing("identity")
    for clause in term_life.must_read:
        await reader.read(clause)
    for question, picked in (("q_surrender", "405.00"), ("q_waiting", "refund"), ("q_driving", "not_paid")):
        await reader.answer(question, picked)
    await reader.assess(income="200000", job="office")
    outline = await views.outline(await reader.case(), "zh-CN", reader.ports)
    for item in outline["disclosures"]:
        await reader.acknowledge(
            item["id"], item["text_sha256"], item["text"] if item["acknowledge"] == "transcribe" else None
        )
    case = await reader.case()
    assert case.missing("identity") == ("consent:privacy",)
    assert set(case.missing("sign")) == {"consent:privacy", "identity:proposer:K3", "code:sign:proposer"}
    assert (await views.outline(case, "en", reader.ports))["progress"] == {"read": 7, "of": 7}


async def test_a_sandbox_may_shorten_the_floors_and_says_so_in_its_first_event(story: Story) -> None:
    story.ports = copy(story.ports, dwell_percent=10)
    case = await story.open()
    assert case.policy.dwell_percent == 10
    await story.enter()
    await story.quote()
    screen = await story.serve("c2.4")
    assert (await story.case()).reading.screens[screen].clauses["c2.4/plain"].floor_ms == 1400


async def test_a_service_without_numbers_is_read_without_a_quote(story: Story) -> None:
    bare = load(Path(__file__).parent / "bare")
    story.ports = copy(story.ports, catalogue=Catalogue([bare]))
    await story.open("card_bare")
    await story.enter()
    assert "read:c3" in (await story.read("c3")).keys
    with pytest.raises(StepsMissing):
        await flow.set_quote(await story.case(), SetQuote(inputs={}), story.customer, story.ports)


async def test_a_race_between_two_quotes_never_keeps_what_the_other_changed(reader: Story) -> None:
    await reader.read("c5.1")
    stale = await reader.case()
    await reader.quote(year=3)
    await reader.read("c5.1")
    command = SetQuote(inputs=INPUTS)  # as computed against the stale case: nothing seems to change
    stamp = Stamp(actor=reader.customer.actor, at=reader.clock())
    case = await flow.set_quote(stale, command, stamp, reader.ports)
    assert "read:c5.1" not in case.keys


async def test_the_catalogue_lists_seven_lines_a_language(story: Story) -> None:
    assert await views.listing(story.ports) == []
    system = story.stamp(Actor(id="system", role="system"))
    for compiled in story.ports.catalogue.on_sale(system.at):
        await flow.publish(compiled, system, story.ports)
    listed = await views.listing(story.ports)
    assert [item["id"] for item in listed] == sorted(folder.parent.name for folder in CATALOGUE.glob("*/product.yaml"))
    assert all(len(lines) == 7 for item in listed for lines in item["summary"].values())


async def test_who_no_longer_agrees_to_be_recorded_reads_no_further(reader: Story) -> None:  # KYC-02
    screen = await reader.serve("c2.4")
    withdrawn = ConsentWithdrawn(scope="recording", withdraws=("consent:recording",))
    await reader.ledger.record(reader.case_id, lambda _: (withdrawn,), reader.customer)
    reader.clock.forward(20)
    with pytest.raises(StepsMissing):
        await reader.report(screen, "c2.4", 20_000)
    await reader.consent()
    assert "read:c2.4" in (await reader.report(screen, "c2.4", 20_000)).keys


async def test_a_wrong_answer_cannot_be_made_good_with_the_old_screen(reader: Story) -> None:
    screen = await reader.serve("c2.5")
    reader.clock.forward(40)
    await reader.report(screen, "c2.5", 40_000)
    await reader.answer("q_driving", "paid_full")
    reader.clock.forward(40)
    with pytest.raises(ScreenStale):
        await reader.report(screen, "c2.5", 40_000)


async def test_a_definition_changed_behind_an_open_case_stops_the_work(reader: Story, term_life: Compiled) -> None:
    other = copy(term_life, hashes=replace(term_life.hashes, full="0" * 64))
    reader.ports = copy(reader.ports, catalogue=Catalogue([other]))
    with pytest.raises(ProductMismatch):
        await reader.serve("c2.4")
