"""Papers: prepared, shown as they are kept, agreed to or not."""

from typing import Literal

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from api.auth import Caller
from api.desk import Act, Desk
from api.facts import product_facts
from api.rooms import Rooms
from api.view import CaseView
from esign import flow as esign
from esign import views
from esign.commands import PrepareDocument, SignDocument, ViewDocument
from evidence.case import Case
from evidence.events import Stamp
from kyc.access import own


@post("/v1/cases/{case_id:str}/documents", status_code=200)
async def prepare(
    case_id: FromPath[str], data: JSONBody[PrepareDocument], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """Freeze the paper: bytes and page images, before it is shown (ESG-02)."""
    facts = await product_facts(await act.desk.case(act.caller, case_id), rooms.products)
    return await act.on(case_id, data, lambda case, stamp: esign.prepare(case, data, facts, stamp, rooms.esign))


@get("/v1/cases/{case_id:str}/documents/{document:str}")
async def see_document(
    case_id: FromPath[str],
    document: FromPath[str],
    caller: NamedDependency[Caller],
    desk: NamedDependency[Desk],
    rooms: NamedDependency[Rooms],
    signed: FromQuery[bool] = False,
) -> Response[bytes]:
    """The PDF; its hash is checked before it is served."""
    case = await desk.own_case(caller, case_id)
    data = await views.document_bytes(case, document, signed, rooms.esign)
    return _file(data, "application/pdf", f"{document}.pdf")


@get("/v1/cases/{case_id:str}/documents/{document:str}/pages/{number:int}")
async def see_page(
    case_id: FromPath[str],
    document: FromPath[str],
    number: FromPath[int],
    caller: NamedDependency[Caller],
    desk: NamedDependency[Desk],
    rooms: NamedDependency[Rooms],
) -> Response[bytes]:
    """A page as it is put before the customer's eyes."""
    case = await desk.own_case(caller, case_id)
    return _file(await views.page_png(case, document, number, rooms.esign), "image/png", f"{document}-{number}.png")


@post("/v1/cases/{case_id:str}/documents/{document:str}/views", status_code=200)
async def view_document(
    case_id: FromPath[str],
    document: FromPath[str],
    data: JSONBody[ViewDocument],
    act: NamedDependency[Act],
    rooms: NamedDependency[Rooms],
) -> CaseView:
    return await act.on(
        case_id, data, lambda case, stamp: esign.view(case, data, document, stamp, rooms.esign), document.encode()
    )


@post("/v1/cases/{case_id:str}/signatures", status_code=200)
async def sign(
    case_id: FromPath[str], data: JSONBody[SignDocument], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """Name and opinion by hand, the act signed by the customer's own key (ESG-07)."""

    async def flow(case: Case, stamp: Stamp) -> Case:
        await own.refuse_staff_session(case, stamp, rooms.access.vault, rooms.access.now)
        return await esign.sign(case, data, stamp, rooms.esign)

    return await act.on(case_id, data, flow)


def _file(data: bytes, media_type: Literal["application/pdf", "image/png"], name: str) -> Response[bytes]:
    headers = {"Cache-Control": "private, no-store", "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=media_type, headers=headers)


ROUTES = [prepare, see_document, see_page, view_document, sign]
