"""Duties around faces, for admins: assessments, the count, the filing and its pack (KYC-15, KYC-16)."""

from typing import Any, Literal

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody

from api.auth import Caller
from api.desk import Act
from api.duties import FaceDuties, markdown
from api.rooms import Rooms
from api.settings import Settings
from evidence.errors import NotFound
from kyc.duties import flow
from kyc.duties.commands import ApproveAssessment, OutdateAssessment, RecordFiling, RegisterAssessment
from kyc.duties.rules import Command


@get("/v1/duties")
async def see(caller: NamedDependency[Caller], duties: NamedDependency[FaceDuties]) -> dict[str, Any]:
    """Counts, limits, assessments and the filing that waits."""
    return await duties.state(_admin(caller))


@get("/v1/duties/filing")
async def filing_pack(
    caller: NamedDependency[Caller],
    duties: NamedDependency[FaceDuties],
    rooms: NamedDependency[Rooms],
    settings: NamedDependency[Settings],
    form: FromQuery[Literal["json", "markdown"]] = "json",
    locale: FromQuery[Literal["zh-CN", "en"]] = "zh-CN",
) -> Response[dict[str, Any]] | Response[str]:
    """The five parts of the filing, as JSON or as a document."""
    pack = await duties.pack(_admin(caller), rooms.identity.processor, settings.suite, rooms.erasure.table)
    if form == "json":
        return Response(pack)
    return Response(markdown(pack, locale), media_type="text/markdown; charset=utf-8")


@post("/v1/duties/assessments", status_code=200)
async def register(
    data: JSONBody[RegisterAssessment],
    act: NamedDependency[Act],
    rooms: NamedDependency[Rooms],
    duties: NamedDependency[FaceDuties],
) -> dict[str, Any]:
    """It counts once another admin agreed."""
    return await _record(data, act, rooms, duties)


@post("/v1/duties/approvals", status_code=200)
async def approve(
    data: JSONBody[ApproveAssessment],
    act: NamedDependency[Act],
    rooms: NamedDependency[Rooms],
    duties: NamedDependency[FaceDuties],
) -> dict[str, Any]:
    """A second person agrees."""
    return await _record(data, act, rooms, duties)


@post("/v1/duties/outdated", status_code=200)
async def outdate(
    data: JSONBody[OutdateAssessment],
    act: NamedDependency[Act],
    rooms: NamedDependency[Rooms],
    duties: NamedDependency[FaceDuties],
) -> dict[str, Any]:
    """Purpose or method changed, or something happened: faces wait for a new assessment."""
    return await _record(data, act, rooms, duties)


@post("/v1/duties/filings", status_code=200)
async def filed(
    data: JSONBody[RecordFiling],
    act: NamedDependency[Act],
    rooms: NamedDependency[Rooms],
    duties: NamedDependency[FaceDuties],
) -> dict[str, Any]:
    """The filing was made, under this number."""
    return await _record(data, act, rooms, duties)


async def _record(data: Command, act: Act, rooms: Rooms, duties: FaceDuties) -> dict[str, Any]:
    tenant = _admin(act.caller)
    await flow.record(tenant, data, await act.stamp(flow.stream(tenant), data), rooms.duties)
    return await duties.state(tenant)


def _admin(caller: Caller) -> str:
    if caller.role != "admin":
        raise NotFound("admins only")
    return caller.tenant


ROUTES = [see, filing_pack, register, approve, outdate, filed]
