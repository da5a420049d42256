"""The tenant's record of its duties, folded from its stream, and what may be recorded next: pure."""

from collections.abc import Iterable
from datetime import date

from msgspec.structs import replace

from evidence.errors import NotAllowed
from evidence.events import (
    Actor,
    AssessmentApproved,
    AssessmentOutdated,
    AssessmentRegistered,
    Body,
    Event,
    FilingDone,
    FilingOpened,
    Frozen,
)
from evidence.workdays import working_day
from kyc.duties.commands import ApproveAssessment, OutdateAssessment, RecordFiling, RegisterAssessment
from kyc.duties.errors import AssessmentUnknown, NothingToFile, SecondPersonNeeded


class Limits(Frozen, frozen=True, kw_only=True):
    """Persons whose faces are stored: when to warn, when to file; and working days to file in (art. 15)."""

    warn: int = 80_000
    file: int = 100_000
    working_days: int = 30


class Assessment(Frozen, frozen=True, kw_only=True):
    said: AssessmentRegistered
    by: str
    approved_by: str = ""
    outdated: str = ""  # the cause

    @property
    def counts(self) -> bool:
        return bool(self.approved_by) and not self.outdated


class Duties(Frozen, frozen=True, kw_only=True):
    assessments: tuple[Assessment, ...] = ()
    filing: FilingOpened | None = None  # that waits
    filed: str = ""  # reference of the last one
    commands: frozenset[str] = frozenset()

    @property
    def assessment(self) -> Assessment | None:
        """The newest one that counts."""
        return next((one for one in reversed(self.assessments) if one.counts), None)

    def named(self, name: str) -> Assessment:
        found = next((one for one in reversed(self.assessments) if one.said.assessment == name), None)
        if found is None or found.outdated:
            raise AssessmentUnknown(name)
        return found


def fold(events: Iterable[Event]) -> Duties:
    """Other events of the tenant (its keys) are passed over."""
    held = Duties()
    for event in events:
        match event.body:
            case AssessmentRegistered() as body:
                held = replace(held, assessments=(*held.assessments, Assessment(said=body, by=event.actor.id)))
            case AssessmentApproved() as body:
                held = _with(held, replace(held.named(body.assessment), approved_by=event.actor.id))
            case AssessmentOutdated() as body:
                held = _with(held, replace(held.named(body.assessment), outdated=body.cause))
            case FilingOpened() as body:
                held = replace(held, filing=body)
            case FilingDone() as body:
                held = replace(held, filing=None, filed=body.reference)
            case _:
                continue
        if event.cmd:
            held = replace(held, commands=held.commands | {event.cmd})
    return held


Command = RegisterAssessment | ApproveAssessment | OutdateAssessment | RecordFiling


def record(held: Duties, tenant: str, command: Command, actor: Actor) -> tuple[Body, ...]:
    """An admin's word; an assessment counts once another admin agreed (KYC-16)."""
    if actor.role != "admin":
        raise NotAllowed("admins only")
    match command:
        case RegisterAssessment():
            said = AssessmentRegistered(
                tenant=tenant,
                assessment=command.assessment,
                dated=command.dated,
                owner=command.owner,
                sha256=command.sha256,
            )
            return (said,)
        case ApproveAssessment():
            found = held.named(command.assessment)
            if found.by == actor.id:
                raise SecondPersonNeeded()
            return () if found.approved_by else (AssessmentApproved(assessment=command.assessment),)
        case OutdateAssessment():
            held.named(command.assessment)
            return (AssessmentOutdated(assessment=command.assessment, cause=command.cause),)
        case RecordFiling():
            if held.filing is None:
                raise NothingToFile()
            return (FilingDone(reference=command.reference),)


def counted(held: Duties, tenant: str, persons: int, limits: Limits, today: date) -> tuple[Body, ...]:
    """The filing that is due once the limit is reached; one, until it is made."""
    if persons < limits.file or held.filing is not None or held.filed:
        return ()
    due = working_day(today, limits.working_days).isoformat()
    return (FilingOpened(tenant=tenant, persons=persons, limit=limits.file, due=due),)


def _with(held: Duties, changed: Assessment) -> Duties:
    kept = tuple(changed if one.said is changed.said else one for one in held.assessments)
    return replace(held, assessments=kept)
