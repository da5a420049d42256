"""A product's versions, for admins: where each stands, what is wrong with it, approvals, sale and withdrawal."""

from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from api.auth import Caller
from api.desk import Act
from api.rooms import Rooms
from evidence.errors import NotFound
from products.difference import Difference
from products.release import flow
from products.release.commands import ApproveProduct, Command, MakeNotice, PublishProduct, WithdrawProduct


@get("/v1/products/{product:str}/versions")
async def see_versions(
    product: FromPath[str], caller: NamedDependency[Caller], rooms: NamedDependency[Rooms]
) -> dict[str, Any]:
    """Every version with its hashes, state, approvals and what is missing; the newest first."""
    _admin(caller)
    return await flow.shown(product, rooms.products)


@get("/v1/products/{product:str}/versions/{version:int}/findings")
async def see_findings(
    product: FromPath[str], version: FromPath[int], caller: NamedDependency[Caller], rooms: NamedDependency[Rooms]
) -> dict[str, Any]:
    """What the lint says, with line and what to change."""
    _admin(caller)
    return await flow.judged(product, version, rooms.products)


@get("/v1/products/{product:str}/difference")
async def see_difference(
    product: FromPath[str],
    older: FromQuery[int],
    newer: FromQuery[int],
    caller: NamedDependency[Caller],
    rooms: NamedDependency[Rooms],
) -> Difference:
    """Clause by clause, what changed between two versions and what an open journey reads again."""
    _admin(caller)
    return flow.compared(product, older, newer, rooms.products)


@post("/v1/products/{product:str}/versions/{version:int}/approvals", status_code=200)
async def approve(
    product: FromPath[str],
    version: FromPath[int],
    data: JSONBody[ApproveProduct],
    act: NamedDependency[Act],
    rooms: NamedDependency[Rooms],
) -> dict[str, Any]:
    """Author first, then legal, actuary and compliance: four people over one content."""
    return await _record(product, version, data, act, rooms)


@post("/v1/products/{product:str}/versions/{version:int}/publication", status_code=200)
async def publish(
    product: FromPath[str],
    version: FromPath[int],
    data: JSONBody[PublishProduct],
    act: NamedDependency[Act],
    rooms: NamedDependency[Rooms],
) -> dict[str, Any]:
    """On sale, or 422 with every reason why not (PRD-02)."""
    return await _record(product, version, data, act, rooms)


@post("/v1/products/{product:str}/versions/{version:int}/withdrawal", status_code=200)
async def withdraw(
    product: FromPath[str],
    version: FromPath[int],
    data: JSONBody[WithdrawProduct],
    act: NamedDependency[Act],
    rooms: NamedDependency[Rooms],
) -> dict[str, Any]:
    """No new sale from now on; says by when it must be announced (PRD-07)."""
    return await _record(product, version, data, act, rooms)


@post("/v1/products/{product:str}/versions/{version:int}/notice", status_code=200)
async def notice(
    product: FromPath[str],
    version: FromPath[int],
    data: JSONBody[MakeNotice],
    act: NamedDependency[Act],
    rooms: NamedDependency[Rooms],
) -> dict[str, Any]:
    """The change or the stop was announced, under this reference."""
    return await _record(product, version, data, act, rooms)


async def _record(product: str, version: int, data: Command, act: Act, rooms: Rooms) -> dict[str, Any]:
    _admin(act.caller)
    stamp = await act.stamp(flow.stream(product), data)
    await flow.record(product, version, data, stamp, rooms.products)
    return await flow.shown(product, rooms.products)


def _admin(caller: Caller) -> None:
    if caller.role != "admin":
        raise NotFound("admins only")


ROUTES = [see_versions, see_findings, see_difference, approve, publish, withdraw, notice]
