"""Hits of name screening, for reviewers only: which wait, what they are, what a person decided (API-21)."""

from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from api.auth import Caller
from api.desk import Act
from api.rooms import Rooms
from api.screening import OpenScreenings
from evidence.errors import NotFound
from kyc.screening import flow
from kyc.screening.commands import DecideHits, ReadHits


@get("/v1/screenings")
async def waiting(
    caller: NamedDependency[Caller], screenings: NamedDependency[OpenScreenings]
) -> dict[str, list[dict[str, str]]]:
    """Screenings with hits nobody has decided, oldest first. Absent for whoever may not know that there are any."""
    if caller.role != "reviewer":
        raise NotFound("reviewers only")
    return {"items": screenings.waiting(caller.tenant)}


@post("/v1/screenings/{screening:str}/readings", status_code=200)
async def read(
    screening: FromPath[str], data: JSONBody[ReadHits], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> dict[str, Any]:
    """The hits in full; that they were read, and why, is sealed first (EVD-13)."""
    ports = rooms.identity.screening
    return await flow.read_hits(screening, act.caller.tenant, data, await act.stamp(screening, data), ports)


@post("/v1/screenings/{screening:str}/decisions", status_code=200)
async def decide(
    screening: FromPath[str], data: JSONBody[DecideHits], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> dict[str, Any]:
    """Cleared, or confirmed: a person says so. The review of the case is a decision of its own."""
    ports = rooms.identity.screening
    return await flow.decide(screening, act.caller.tenant, data, await act.stamp(screening, data), ports)


ROUTES = [waiting, read, decide]
