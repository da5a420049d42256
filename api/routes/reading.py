"""Understanding: notices and consents, the quote, what is shown and for how long, questions, acknowledgements."""

from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from api.auth import Caller
from api.desk import Act, Desk
from api.rooms import Rooms
from api.view import CaseView
from evidence import decode
from evidence.errors import NotFound
from evidence.events import Locale
from kyc import flow as kyc
from kyc.commands import DecideConsent, ShowNotice
from products import flow as products
from products import replay, views
from products.commands import (
    Acknowledge,
    Answer,
    Compare,
    EnterPage,
    HelpCustomer,
    OpenTerm,
    PlayAloud,
    ReportReading,
    ServeScreen,
    SetQuote,
    ShowChanges,
)
from products.reading import flow as reading


@post("/v1/cases/{case_id:str}/notices", status_code=200)
async def show_notice(
    case_id: FromPath[str], data: JSONBody[ShowNotice], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """The customer saw a notice, in these words."""
    return await act.on(case_id, data, lambda case, stamp: kyc.show_notice(case, data, stamp, rooms.identity))


@post("/v1/cases/{case_id:str}/consents", status_code=200)
async def decide_consent(
    case_id: FromPath[str], data: JSONBody[DecideConsent], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """Given, refused or withdrawn; each scope for itself (KYC-02)."""
    return await act.on(case_id, data, lambda case, stamp: kyc.decide_consent(case, data, stamp, rooms.identity))


@post("/v1/cases/{case_id:str}/quotes", status_code=200)
async def set_quote(
    case_id: FromPath[str], data: JSONBody[SetQuote], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """The customer's inputs; changing one re-opens only the clauses whose numbers changed."""
    return await act.on(case_id, data, lambda case, stamp: products.set_quote(case, data, stamp, rooms.products))


@get("/v1/cases/{case_id:str}/quote")
async def see_quote(
    case_id: FromPath[str],
    caller: NamedDependency[Caller],
    desk: NamedDependency[Desk],
    rooms: NamedDependency[Rooms],
) -> dict[str, Any]:
    return await views.quote(await desk.own_case(caller, case_id), rooms.products)


@get("/v1/cases/{case_id:str}/reading")
async def see_outline(
    case_id: FromPath[str],
    caller: NamedDependency[Caller],
    desk: NamedDependency[Desk],
    rooms: NamedDependency[Rooms],
    locale: FromQuery[Locale] = "zh-CN",
) -> dict[str, Any]:
    """What there is to read, ask and acknowledge, and what is done."""
    return await views.outline(await desk.own_case(caller, case_id), locale, rooms.products)


@post("/v1/cases/{case_id:str}/screens", status_code=200)
async def serve_screen(
    case_id: FromPath[str], data: JSONBody[ServeScreen], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """Clauses rendered by the server, sealed with the hash of what is shown."""
    return await act.on(case_id, data, lambda case, stamp: products.serve_screen(case, data, stamp, rooms.products))


@get("/v1/cases/{case_id:str}/screens/{screen:str}")
async def see_screen(
    case_id: FromPath[str],
    screen: FromPath[str],
    caller: NamedDependency[Caller],
    desk: NamedDependency[Desk],
    rooms: NamedDependency[Rooms],
) -> dict[str, Any]:
    return await views.screen(await desk.own_case(caller, case_id), screen, rooms.products)


@post("/v1/cases/{case_id:str}/reading", status_code=200)
async def report_reading(
    case_id: FromPath[str], data: JSONBody[ReportReading], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """What was in view; the server counts, never more than its own clock allows."""
    return await act.on(case_id, data, lambda case, stamp: products.report_reading(case, data, stamp, rooms.products))


@post("/v1/cases/{case_id:str}/answers", status_code=200)
async def answer(
    case_id: FromPath[str], data: JSONBody[Answer], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    return await act.on(case_id, data, lambda case, stamp: products.answer(case, data, stamp, rooms.products))


@post("/v1/cases/{case_id:str}/acknowledgements", status_code=200)
async def acknowledge(
    case_id: FromPath[str], data: JSONBody[Acknowledge], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    return await act.on(case_id, data, lambda case, stamp: products.acknowledge(case, data, stamp, rooms.products))


@post("/v1/cases/{case_id:str}/pages", status_code=200)
async def enter_page(
    case_id: FromPath[str], data: JSONBody[EnterPage], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """The customer came to another page, and so left the one before (EVD-05)."""
    return await act.on(case_id, data, lambda case, stamp: reading.enter_page(case, data, stamp, rooms.products))


@post("/v1/cases/{case_id:str}/terms", status_code=200)
async def open_term(
    case_id: FromPath[str], data: JSONBody[OpenTerm], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """The plain words for a term were opened."""
    return await act.on(case_id, data, lambda case, stamp: reading.open_term(case, data, stamp, rooms.products))


@post("/v1/cases/{case_id:str}/aloud", status_code=200)
async def play_aloud(
    case_id: FromPath[str], data: JSONBody[PlayAloud], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """The device read a clause aloud; played whole and not too fast it counts as read."""
    return await act.on(case_id, data, lambda case, stamp: reading.play_aloud(case, data, stamp, rooms.products))


@post("/v1/cases/{case_id:str}/comparisons", status_code=200)
async def compare(
    case_id: FromPath[str], data: JSONBody[Compare], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """Two or three products of one kind, side by side."""
    return await act.on(case_id, data, lambda case, stamp: reading.compare(case, data, stamp, rooms.products))


@post("/v1/cases/{case_id:str}/changes", status_code=200)
async def show_changes(
    case_id: FromPath[str], data: JSONBody[ShowChanges], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """What the version on sale now says differently."""
    return await act.on(case_id, data, lambda case, stamp: reading.show_changes(case, data, stamp, rooms.products))


@get("/v1/cases/{case_id:str}/leaves/{sha256:str}")
async def see_leaf(
    case_id: FromPath[str],
    sha256: FromPath[str],
    caller: NamedDependency[Caller],
    desk: NamedDependency[Desk],
    rooms: NamedDependency[Rooms],
) -> dict[str, Any]:
    """A comparison or a page of changes, as it was shown."""
    return replay.leaf_of(await desk.own_case(caller, case_id), sha256, rooms.products)


@get("/v1/cases/{case_id:str}/trail")
async def see_trail(
    case_id: FromPath[str],
    caller: NamedDependency[Caller],
    desk: NamedDependency[Desk],
    rooms: NamedDependency[Rooms],
) -> dict[str, Any]:
    """What was read, when and for how long, answered and confirmed; counted from the events, without any value."""
    case = await desk.case(caller, case_id)
    if caller.role not in ("customer", "reviewer", "auditor"):
        raise NotFound("not for this role")
    return await reading.trail_of(case, rooms.products)


@get("/v1/cases/{case_id:str}/past/{seq:int}")
async def see_past_page(
    case_id: FromPath[str],
    seq: FromPath[int],
    caller: NamedDependency[Caller],
    desk: NamedDependency[Desk],
    rooms: NamedDependency[Rooms],
) -> dict[str, Any]:
    """The page behind an event, made again from the record (PRD-06)."""
    case = await desk.own_case(caller, case_id)
    found: dict[str, Any] = decode.parse(await replay.page_at(case.id, seq, rooms.products))
    return found


@post("/v1/cases/{case_id:str}/help", status_code=200)
async def help_customer(
    case_id: FromPath[str], data: JSONBody[HelpCustomer], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """A reviewer explained in person what a rule had sent the customer to a person for."""
    return await act.on(case_id, data, lambda case, stamp: reading.help_customer(case, data, stamp, rooms.products))


ROUTES = [
    compare,
    show_changes,
    see_leaf,
    see_past_page,
    see_trail,
    enter_page,
    open_term,
    play_aloud,
    help_customer,
    show_notice,
    decide_consent,
    set_quote,
    see_quote,
    see_outline,
    serve_screen,
    see_screen,
    report_reading,
    answer,
    acknowledge,
]
