"""Who may ask for a bundle, agree to it and read it: pure."""

from typing import Annotated

import msgspec

from evidence.case import Case
from evidence.case.exporting import EVERYTHING, Asked
from evidence.errors import NotAllowed, NotFound
from evidence.events import (
    Actor,
    Body,
    ExportApproved,
    ExportBuilt,
    ExportNarrowed,
    ExportRead,
    ExportRequested,
    Frozen,
    Retention,
)
from evidence.export.errors import ApprovalByAnother, ApprovalNeeded, NothingToApprove

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
READERS = ("customer", "auditor")  # never who sells
APPROVERS = ("reviewer", "auditor", "admin")


class RequestExport(Frozen, frozen=True, kw_only=True):
    """The body of POST /v1/cases/{id}/exports. `reason`: reading evidence is itself evidence (EVD-13). `open`: classes
    whose content is disclosed; `withhold`: values that stay closed all the same, by name (`phone`) or by
    path in an event (`fields.number.value`)."""

    reason: Annotated[str, msgspec.Meta(min_length=2, max_length=200)]
    open: tuple[Retention, ...] = EVERYTHING
    withhold: Annotated[tuple[Name, ...], msgspec.Meta(max_length=50)] = ()


class ApproveExport(Frozen, frozen=True, kw_only=True):
    """The body of POST /v1/cases/{id}/exports/{export}/approvals."""

    export: str


def request(command: RequestExport, export: str) -> tuple[Body, ...]:
    """What is disclosed is said before the request, for the request ends the segment."""
    asked = ExportRequested(export=export, reason=command.reason)
    chosen = tuple(sorted(set(command.open)))
    if chosen == EVERYTHING and not command.withhold:
        return (asked,)
    return (ExportNarrowed(export=export, open=chosen, withhold=tuple(sorted(set(command.withhold)))), asked)


def approve(case: Case, export: str, actor: Actor) -> tuple[Body, ...]:
    """NotAllowed for who sells; NotFound; ApprovalByAnother; NothingToApprove where staff may read it already."""
    if actor.role not in APPROVERS:
        raise NotAllowed("reviewer, auditor or admin")
    asked = asked_for(case, export)
    if asked.for_staff:
        raise NothingToApprove
    if asked.by == actor.id:
        raise ApprovalByAnother
    return (ExportApproved(export=export),)


def admit_reading(case: Case, export: str, actor: Actor) -> ExportBuilt:
    """What was built. NotAllowed but for the customer and an auditor; NotFound when it is not built; ApprovalNeeded,
    also where the only word for it is the reader's own."""
    if actor.role not in READERS:
        raise NotAllowed("customer or auditor")
    asked = asked_for(case, export)
    if actor.role != "customer" and (not asked.for_staff or asked.approved_by == actor.id):
        raise ApprovalNeeded
    built = case.built.get(export)
    if built is None:
        raise NotFound("not built")
    return built


def read(case: Case, export: str, actor: Actor) -> tuple[Body, ...]:
    admit_reading(case, export, actor)
    return (ExportRead(export=export),)


def asked_for(case: Case, export: str) -> Asked:
    asked = case.asked.get(export)
    if asked is None or export not in case.exports:
        raise NotFound("no such export")
    return asked
