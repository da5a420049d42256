"""What a person may ask about their own data: how long it is kept, that it be deleted, and proof that it was."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from api.auth import Caller
from api.desk import Act, Desk
from api.proofroom import Proofroom
from api.rooms import Rooms
from api.view import CaseView
from evidence.case import Case
from evidence.erasure import certificate, flow
from evidence.erasure.rules import ChangeKeeping, Erase
from evidence.events import Frozen, instant
from evidence.retention import RetentionClass, Table, periods


class RuleView(Frozen, frozen=True, kw_only=True, omit_defaults=False):
    """`until` null: what it is counted from has not happened yet."""

    id: str
    until: str | None
    binds: bool
    law: dict[str, str]


class ClassView(Frozen, frozen=True, kw_only=True, omit_defaults=False):
    """One class of data. `rules`: the longest first; the first decides. `erased_at`: when all of it was last erased."""

    retention: str
    holds: dict[str, str]
    on_request: str
    rules: tuple[RuleView, ...]
    erased_at: str | None


class KeepingView(Frozen, frozen=True, kw_only=True, omit_defaults=False):
    disputed: bool
    held: bool
    contract_ended: str | None
    classes: tuple[ClassView, ...]


@post("/v1/cases/{case_id:str}/erasures", status_code=200)
async def erase(
    case_id: FromPath[str], data: JSONBody[Erase], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """Delete a class of the case's data. Refused, with until when and by which law, where it must be kept (API-22)."""
    return await act.on(case_id, data, lambda case, stamp: flow.erase(case, data, stamp, rooms.erasure))


@get("/v1/cases/{case_id:str}/erasures/{seq:int}/certificate")
async def fetch_certificate(
    case_id: FromPath[str],
    seq: FromPath[int],
    caller: NamedDependency[Caller],
    desk: NamedDependency[Desk],
    rooms: NamedDependency[Rooms],
    proofroom: NamedDependency[Proofroom],
) -> Response[bytes]:
    """The deletion certificate: a DSSE envelope signed with the seal key. Only once the keys are really gone."""
    case = await desk.case(caller, case_id)
    ports = rooms.erasure
    await ports.faces(case)  # cut short by a crash, it is completed before anybody is told that it was done
    data = await certificate.issue(case, seq, ports.vault, proofroom.store.seal_key, ports.table)
    headers: dict[str, Any] = {
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="erasure-{seq}.dsse.json"',
    }
    return Response(data, media_type="application/json", headers=headers)


@get("/v1/cases/{case_id:str}/retention")
async def see_retention(
    case_id: FromPath[str], caller: NamedDependency[Caller], desk: NamedDependency[Desk], rooms: NamedDependency[Rooms]
) -> KeepingView:
    """How long each class is kept, and by which rule."""
    case = await desk.case(caller, case_id)
    table = rooms.erasure.table
    return KeepingView(
        disputed=case.keeping.disputed,
        held=case.keeping.held,
        contract_ended=case.keeping.contract_ended,
        classes=tuple(_class(case, item, table) for item in table.classes),
    )


@post("/v1/cases/{case_id:str}/keeping", status_code=200)
async def change_keeping(
    case_id: FromPath[str], data: JSONBody[ChangeKeeping], act: NamedDependency[Act], rooms: NamedDependency[Rooms]
) -> CaseView:
    """A dispute, a legal hold, the end of the contract: what retention is counted from and stopped by."""
    return await act.on(case_id, data, lambda case, stamp: flow.change_keeping(case, data, stamp, rooms.erasure))


def _class(case: Case, item: RetentionClass, table: Table) -> ClassView:
    erased = [one.at for one in case.keeping.erasures if one.whole and one.retention == item.name]
    return ClassView(
        retention=item.name,
        holds=item.holds,
        on_request=item.on_request,
        rules=tuple(
            RuleView(
                id=found.rule.id,
                until=instant(found.until) if found.until else None,
                binds=found.rule.binds,
                law=found.rule.law,
            )
            for found in periods(case, item.name, table)
        ),
        erased_at=erased[-1] if erased else None,
    )


ROUTES = [erase, fetch_certificate, see_retention, change_keeping]
