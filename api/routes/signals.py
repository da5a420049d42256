"""Fraud signals, for reviewers only: which wait, what they are, what a person decided (API-12)."""

from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from api.auth import Caller
from api.desk import Act
from api.rooms import Rooms
from api.signals import OpenSignals
from evidence.errors import NotFound
from kyc.signals import flow
from kyc.signals.commands import DecideSignals, ReadSignals


@get("/v1/signals")
async def waiting(
    caller: NamedDependency[Caller], signals: NamedDependency[OpenSignals]
) -> dict[str, list[dict[str, str]]]:
    """Signals nobody has decided about, oldest first. Absent for whoever may not know that there are any."""
    if caller.role != "reviewer":
        raise NotFound("reviewers only")
    return {"items": signals.waiting(caller.tenant)}


@post("/v1/signals/{signal:str}/readings", status_code=200)
async def read(
    signal: FromPath[str], data: JSONBody[ReadSignals], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> dict[str, Any]:
    """Each decision with its facts; that they were read, and why, is sealed first (EVD-13)."""
    ports = rooms.identity.signals
    return await flow.read_signals(signal, act.caller.tenant, data, await act.stamp(signal, data), ports)


@post("/v1/signals/{signal:str}/decisions", status_code=200)
async def decide(
    signal: FromPath[str], data: JSONBody[DecideSignals], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> dict[str, Any]:
    """Explained, or fraud: a person says so. The review of the case is a decision of its own."""
    ports = rooms.identity.signals
    return await flow.decide_signals(signal, act.caller.tenant, data, await act.stamp(signal, data), ports)


ROUTES = [waiting, read, decide]
