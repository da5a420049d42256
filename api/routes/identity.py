"""Who this is: papers, the challenge, the other way, and people who decide."""

from kyc.commands import ChooseRoute
from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from api.desk import Act
from api.rooms import Rooms
from api.view import CaseView
from kyc import flow as kyc

PHOTO_BYTES = 8 * 1024 * 1024
FRAME_BYTES = 2 * 1024 * 1024


@post("/v1/cases/{case_id:str}/identity/routes", status_code=200)
async def choose_route(
    case_id: FromPath[str], data: JSONBody[ChooseRoute], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    return await act.on(case_id, data, lambda case, stamp: kyc.choose_route(case, data, stamp, rooms.identity))


ROUTES = [choose_route]
