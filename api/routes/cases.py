"""Cases as a whole: opened, found, watched, and the customer led to them."""

import asyncio
from collections.abc import AsyncGenerator

import msgspec
import segno
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import ServerSentEvent

from api.auth import Caller
from api.desk import Act, Desk
from api.index import CaseIndex
from api.live import Live
from api.rooms import Rooms
from api.settings import Settings
from api.view import CaseView
from evidence.errors import NotAllowed
from evidence.events import Frozen, Stamp, instant
from kyc.access import flow as access
from kyc.access.commands import SendLink, ShowPairing
from products import opening
from products.commands import OpenCase


class CasePage(Frozen, frozen=True, kw_only=True, omit_defaults=False):
    items: tuple[CaseView, ...]
    next: str | None


class PairingView(Frozen, frozen=True, kw_only=True):
    url: str
    qr_svg: str
    expires_at: str
    case: CaseView


@post("/v1/cases", status_code=201)
async def open_case(
    data: JSONBody[OpenCase],
    act: NamedDependency[Act],
    rooms: NamedDependency[Rooms],
    settings: NamedDependency[Settings],
) -> CaseView:
    """An agent opens a case for one customer and one product version."""
    if act.caller.role != "agent":
        raise NotAllowed("agents open cases")
    opener = await opener_of(act, rooms, data.phone)
    stamp = Stamp(actor=act.caller.actor, at=rooms.products.now())
    case = await opening.open_case(data, stamp, opener, settings.mode, rooms.products)
    return act.desk.view(case, act.caller)


async def opener_of(act: Act, rooms: Rooms, phone: str) -> opening.Opener:
    staff = await rooms.accounts.staff(act.caller.actor.id)
    return opening.Opener(
        staff=staff.id,
        tenant=staff.tenant,
        certificate=staff.certificate,
        certificate_until=instant(staff.certificate_until) if staff.certificate_until else None,
        grade=staff.grade,
        phone_is_staff=await rooms.accounts.is_staff_phone(staff.tenant, phone),
        create_key=act.key,
    )


@get("/v1/cases")
async def list_cases(
    caller: NamedDependency[Caller],
    desk: NamedDependency[Desk],
    case_index: NamedDependency[CaseIndex],
    cursor: FromQuery[str | None] = None,
) -> CasePage:
    """Newest first, 20 a page."""
    if caller.role not in ("agent", "reviewer", "auditor", "admin"):
        raise NotAllowed("staff only")
    opener = caller.actor.id if caller.role == "agent" else None
    ids, following = case_index.page(caller.tenant, opener, cursor, 20)
    return CasePage(items=tuple([await desk.see(caller, case_id) for case_id in ids]), next=following)


@get("/v1/cases/{case_id:str}")
async def see_case(case_id: FromPath[str], caller: NamedDependency[Caller], desk: NamedDependency[Desk]) -> CaseView:
    return await desk.see(caller, case_id)


@post("/v1/cases/{case_id:str}/links", status_code=200)
async def send_link(
    case_id: FromPath[str],
    data: JSONBody[SendLink],
    act: NamedDependency[Act],
    rooms: NamedDependency[Rooms],
) -> CaseView:
    """The link goes to the party's phone, never into this answer (API-04)."""
    return await act.on(case_id, data, lambda case, stamp: access.send_link(case, data.party, stamp, rooms.access))


@post("/v1/cases/{case_id:str}/pairings", status_code=200)
async def show_pairing(
    case_id: FromPath[str],
    data: JSONBody[ShowPairing],
    act: NamedDependency[Act],
    rooms: NamedDependency[Rooms],
) -> PairingView:
    """A QR code to be shown face to face; the code still goes to the customer's own phone."""
    case = await act.desk.case(act.caller, case_id)
    cmd = await act.desk.digest(case_id, act.caller.actor, act.key, data)
    stamp = Stamp(actor=act.caller.actor, at=rooms.access.now(), cmd=cmd)
    case, url = await access.show_pairing(case, data.party, stamp, rooms.access)
    link = next(reversed(case.links.values()))
    svg = segno.make(url, error="m").svg_inline(scale=4, border=2)
    return PairingView(url=url, qr_svg=svg, expires_at=link.expires, case=act.desk.view(case, act.caller))


@get("/v1/cases/{case_id:str}/live", include_in_schema=True)
async def watch(
    case_id: FromPath[str],
    caller: NamedDependency[Caller],
    desk: NamedDependency[Desk],
    live: NamedDependency[Live],
) -> ServerSentEvent:
    """What happens, as it happens: `{"seq", "type", "at"}`; the page then reads the view again."""
    case = await desk.case(caller, case_id)
    return ServerSentEvent(_stream(case.id, live))


async def _stream(case_id: str, live: Live) -> AsyncGenerator[dict[str, str], None]:
    async with live.listen(case_id) as told:
        yield {"event": "ready", "data": "{}"}
        while True:
            try:
                what = await asyncio.wait_for(told.get(), timeout=20)
            except TimeoutError:
                yield {"event": "ping", "data": "{}"}
                continue
            yield {"event": "sealed", "data": msgspec.json.encode(what).decode()}


ROUTES = [open_case, list_cases, see_case, send_link, show_pairing, watch]
