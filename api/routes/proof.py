"""Evidence handed out, and checked for anybody."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from api.auth import Caller
from api.desk import Act, Desk
from api.judging import question_of
from api.proofroom import Proofroom
from api.rooms import Rooms
from api.view import CaseView
from evidence.case import Case
from evidence.errors import NotFound
from evidence.events import Frozen, Stamp
from evidence.export import rules
from evidence.export.rules import RequestExport
from evidence.ports import new_id

BUNDLE_BYTES = 200 * 1024 * 1024


class ExportView(Frozen, frozen=True, kw_only=True, omit_defaults=False):
    id: str
    state: str
    verdict: str | None = None
    sha256: str | None = None
    bytes: int | None = None


@post("/v1/cases/{case_id:str}/exports", status_code=202)
async def request_export(
    case_id: FromPath[str], data: JSONBody[RequestExport], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """Ask for the bundle. It is sealed, built and verified in the background; watch `exports` of the view."""
    ports = rooms.products
    export = new_id("exp", ports.random)
    return await act.on(
        case_id,
        data,
        lambda case, stamp: ports.ledger.record(case.id, lambda _: rules.request(data, export), stamp),
    )


@post("/v1/cases/{case_id:str}/exports/{export:str}/approvals", status_code=200)
async def approve_export(
    case_id: FromPath[str], export: FromPath[str], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """A second person agrees that staff read images of people (EVD-13)."""
    ledger, actor = rooms.products.ledger, act.caller.actor

    async def flow(case: Case, stamp: Stamp) -> Case:
        return await ledger.record(case.id, lambda now: rules.approve(now, export, actor), stamp)

    return await act.on(case_id, rules.ApproveExport(export=export), flow)


@get("/v1/cases/{case_id:str}/exports/{export:str}")
async def see_export(
    case_id: FromPath[str], export: FromPath[str], caller: NamedDependency[Caller], desk: NamedDependency[Desk]
) -> ExportView:
    view = await desk.see(caller, case_id)
    found = next((item for item in view.exports if item["id"] == export), None)
    if found is None:
        raise NotFound("no such export")
    return msgspec.convert(found, ExportView)


@get("/v1/cases/{case_id:str}/exports/{export:str}/file")
async def fetch_export(
    case_id: FromPath[str],
    export: FromPath[str],
    caller: NamedDependency[Caller],
    desk: NamedDependency[Desk],
    proofroom: NamedDependency[Proofroom],
) -> Response[bytes]:
    """The bundle. It holds opened values: for the customer and the auditor, never for who sells. Each time is told."""
    case = await desk.case(caller, case_id)
    data = await proofroom.handed_out(case, export, caller.actor)
    name = f"{case.id.replace('_', '-', 1)}.zip"
    headers = {"Cache-Control": "private, no-store", "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type="application/zip", headers=headers)


@post("/v1/verifications", status_code=200, security=[], request_max_body_size=BUNDLE_BYTES, opt={"reads": True})
async def verify(
    request: Request[Any, Any, Any],
    proofroom: NamedDependency[Proofroom],
    trust_bundle_keys: FromQuery[bool] = False,
) -> dict[str, Any]:
    """Judge a bundle or a signed PDF against this service's own keys, or those of the asker's policy. No login."""
    judges = proofroom.judges
    async with judges.place():
        question = question_of(proofroom.public_keys(), request.headers.get("verification-policy"), trust_bundle_keys)
        data = await judges.receive(request.body())
        return await judges.judge(data, question)


@get("/v1/keys", security=[])
async def public_keys(proofroom: NamedDependency[Proofroom]) -> dict[str, str]:
    """The public keys by file name, for an auditor to take away once. Compare them over another channel."""
    return {name: data.decode() for name, data in proofroom.public_keys().items()}


OPEN_ROUTES = [verify]  # costs seconds of CPU and asks for no login: behind the same limit as the doors
ROUTES = [request_export, approve_export, see_export, fetch_export, public_keys]
