"""Who this is: papers, the challenge, the other way, and people who decide."""

from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from api.auth import Caller
from api.desk import Act, Desk
from api.rooms import Rooms
from api.view import CaseView
from evidence import decode
from evidence.case import Case
from evidence.events import Stamp
from kyc import flow as kyc
from kyc.access import flow as access
from kyc.access import own
from kyc.access.commands import CheckCode, SendCode
from kyc.challenge import flow as live
from kyc.commands import (
    CaptureFrame,
    CapturePaper,
    ChooseRoute,
    ConfirmFields,
    DecideChallenge,
    IssueChallenge,
    ReviewIdentity,
)
from kyc.guardian import flow as guardian
from kyc.guardian.commands import DecideAsGuardian
from kyc.liveness import light
from kyc.papers import flow as papers

PHOTO_BYTES = 8 * 1024 * 1024
FRAME_BYTES = 2 * 1024 * 1024


@post("/v1/cases/{case_id:str}/identity/routes", status_code=200)
async def choose_route(
    case_id: FromPath[str], data: JSONBody[ChooseRoute], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """Face, or the equal way without it (KYC-03)."""
    return await act.on(case_id, data, lambda case, stamp: kyc.choose_route(case, data, stamp, rooms.identity))


@post("/v1/cases/{case_id:str}/identity/papers/{paper:str}", status_code=200, request_max_body_size=PHOTO_BYTES)
async def capture_paper(
    case_id: FromPath[str],
    paper: FromPath[str],
    request: Request[Any, Any, Any],
    act: NamedDependency[Act],
    rooms: NamedDependency[Rooms],
) -> CaseView:
    """One side of the card: a JPEG or PNG as the body, `Capture-Source: camera|gallery`."""
    source = request.headers.get("capture-source", "camera")
    command = decode.convert({"paper": paper, "source": source}, CapturePaper)
    data = await request.body()
    return await act.on(
        case_id, command, lambda case, stamp: papers.capture_paper(case, command, data, stamp, rooms.identity), data
    )


@get("/v1/cases/{case_id:str}/identity/papers")
async def see_papers(
    case_id: FromPath[str],
    caller: NamedDependency[Caller],
    desk: NamedDependency[Desk],
    rooms: NamedDependency[Rooms],
) -> dict[str, Any]:
    """What was read, for the customer to confirm."""
    case = await desk.own_case(caller, case_id)
    return await papers.read(case, case.sessions[caller.actor.session or ""].party, rooms.identity)


@post("/v1/cases/{case_id:str}/identity/confirmations", status_code=200)
async def confirm(
    case_id: FromPath[str], data: JSONBody[ConfirmFields], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    async def flow(case: Case, stamp: Stamp) -> Case:
        await own.refuse_staff_session(case, stamp, rooms.access.vault, rooms.access.now)
        return await papers.confirm(case, data, stamp, rooms.identity)

    return await act.on(case_id, data, flow)


@post("/v1/cases/{case_id:str}/identity/challenges", status_code=200)
async def issue_challenge(
    case_id: FromPath[str], data: JSONBody[IssueChallenge], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    return await act.on(case_id, data, lambda case, stamp: live.issue_challenge(case, data, stamp, rooms.identity))


@get("/v1/cases/{case_id:str}/identity/challenges/{challenge:str}/colours")
async def see_colours(
    case_id: FromPath[str],
    challenge: FromPath[str],
    caller: NamedDependency[Caller],
    desk: NamedDependency[Desk],
    rooms: NamedDependency[Rooms],
) -> dict[str, Any]:
    """What the screen is to show while the capture runs, one colour a step; empty where none was asked for."""
    case = await desk.own_case(caller, case_id)
    shown = await live.colours(case, challenge, caller.actor.session or "", rooms.identity)
    return {"colours": [{"name": name, "rgb": list(light.COLOURS[name])} for name in shown]}


@post(
    "/v1/cases/{case_id:str}/identity/challenges/{challenge:str}/frames/{index:int}",
    status_code=200,
    request_max_body_size=FRAME_BYTES,
)
async def capture_frame(
    case_id: FromPath[str],
    challenge: FromPath[str],
    index: FromPath[int],
    request: Request[Any, Any, Any],
    act: NamedDependency[Act],
    rooms: NamedDependency[Rooms],
) -> CaseView:
    """One JPEG, showing action `index`."""
    command = decode.convert({"challenge": challenge, "index": index}, CaptureFrame)
    data = await request.body()
    return await act.on(
        case_id, command, lambda case, stamp: live.capture_frame(case, command, data, stamp, rooms.identity), data
    )


@post("/v1/cases/{case_id:str}/identity/challenges/{challenge:str}/decisions", status_code=200)
async def decide(
    case_id: FromPath[str],
    challenge: FromPath[str],
    data: JSONBody[DecideChallenge],
    act: NamedDependency[Act],
    rooms: NamedDependency[Rooms],
) -> CaseView:
    """Judge the capture that the device key signed."""
    return await act.on(
        case_id,
        data,
        lambda case, stamp: live.decide(case, data, challenge, stamp, rooms.identity),
        challenge.encode(),
    )


@post("/v1/cases/{case_id:str}/identity/guardians", status_code=200)
async def decide_as_guardian(
    case_id: FromPath[str],
    data: JSONBody[DecideAsGuardian],
    act: NamedDependency[Act],
    rooms: NamedDependency[Rooms],
) -> CaseView:
    """A parent or other guardian, on their own phone, decides for a child under 14 (KYC-02)."""

    async def flow(case: Case, stamp: Stamp) -> Case:
        await own.refuse_staff_session(case, stamp, rooms.access.vault, rooms.access.now)
        return await guardian.decide(case, data, stamp, rooms.identity)

    return await act.on(case_id, data, flow)


@post("/v1/cases/{case_id:str}/identity/reviews", status_code=200)
async def review(
    case_id: FromPath[str], data: JSONBody[ReviewIdentity], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """A trained person who does not sell decides (KYC-09)."""
    return await act.on(case_id, data, lambda case, stamp: kyc.review(case, data, stamp, rooms.identity))


@post("/v1/cases/{case_id:str}/codes", status_code=200)
async def send_code(
    case_id: FromPath[str], data: JSONBody[SendCode], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    return await act.on(case_id, data, lambda case, stamp: access.send_code(case, data, stamp, rooms.access))


@post("/v1/cases/{case_id:str}/codes/checks", status_code=200)
async def check_code(
    case_id: FromPath[str], data: JSONBody[CheckCode], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    return await act.on(case_id, data, lambda case, stamp: access.check_code(case, data, stamp, rooms.access))


ROUTES = [
    choose_route,
    capture_paper,
    see_papers,
    confirm,
    issue_challenge,
    see_colours,
    capture_frame,
    decide,
    decide_as_guardian,
    review,
    send_code,
    check_code,
]
