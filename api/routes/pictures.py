"""Pictures of papers, for staff who said why and whom a colleague agreed with."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from api.auth import Caller
from api.desk import Act, Desk
from api.rooms import Rooms
from api.view import CaseView
from evidence import decode
from evidence.events import Frozen, Party, Stamp
from evidence.events.identity import PaperKind
from kyc.papers import viewing
from kyc.papers.viewing import ApprovePictures, AskPictures


class SeePicture(Frozen, frozen=True, kw_only=True):
    """What path and query say together."""

    paper: PaperKind
    party: Party
    ask: str


@post("/v1/cases/{case_id:str}/identity/pictures", status_code=200)
async def ask_pictures(
    case_id: FromPath[str], data: JSONBody[AskPictures], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """A reviewer or auditor asks to look at the pictures of a party's papers (EVD-13)."""
    return await act.on(case_id, data, lambda case, stamp: viewing.ask_pictures(case, data, stamp, rooms.identity))


@post("/v1/cases/{case_id:str}/identity/pictures/{ask:str}/approvals", status_code=200)
async def approve_pictures(
    case_id: FromPath[str],
    ask: FromPath[str],
    data: JSONBody[ApprovePictures],
    act: NamedDependency[Act],
    rooms: NamedDependency[Rooms],
) -> CaseView:
    """A second person agrees."""
    return await act.on(
        case_id,
        data,
        lambda case, stamp: viewing.approve_pictures(case, data, ask, stamp, rooms.identity),
        ask.encode(),
    )


@get("/v1/cases/{case_id:str}/identity/papers/{paper:str}/picture")
async def see_picture(
    case_id: FromPath[str],
    paper: FromPath[str],
    ask: FromQuery[str],
    caller: NamedDependency[Caller],
    desk: NamedDependency[Desk],
    rooms: NamedDependency[Rooms],
    party: FromQuery[str],
) -> Response[bytes]:
    """One picture, made anew from its pixels: no metadata comes along. Each look is sealed before it happens."""
    wanted = decode.convert({"paper": paper, "party": party, "ask": ask}, SeePicture)
    case = await desk.case(caller, case_id)
    stamp = Stamp(actor=caller.actor, at=desk.now())
    data = await viewing.picture(case, wanted.party, wanted.paper, wanted.ask, stamp, rooms.identity)
    headers = {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": 'inline; filename="paper.jpg"',
    }
    return Response(data, media_type="image/jpeg", headers=headers)


ROUTES = [ask_pictures, approve_pictures, see_picture]
