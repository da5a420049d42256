"""Read and record a tenant's duties; the check before a face is asked for."""

from dataclasses import dataclass

from evidence.case import Case
from evidence.errors import NotFound
from evidence.events import Actor, FilingOpened, Stamp
from evidence.ledger import Ledger
from evidence.ports import Clock
from evidence.workdays import HERE
from kyc.duties import rules
from kyc.duties.errors import FaceNotAssessed
from kyc.duties.rules import Command, Duties, Limits

SYSTEM = Actor(id="sys_duties", role="system")


@dataclass(frozen=True)
class Ports:
    ledger: Ledger
    now: Clock
    limits: Limits


def stream(tenant: str) -> str:
    return f"tenant_{tenant}"


async def duties(tenant: str, ledger: Ledger) -> Duties:
    try:
        return rules.fold(await ledger.events(stream(tenant)))
    except NotFound:
        return Duties()


async def admit_face(case: Case, ledger: Ledger) -> None:
    """FaceNotAssessed in production without an assessment that counts (KYC-16); the sandbox has no real faces."""
    if case.mode == "production" and (await duties(case.tenant, ledger)).assessment is None:
        raise FaceNotAssessed()


async def record(tenant: str, command: Command, stamp: Stamp, ports: Ports) -> Duties:
    held = await duties(tenant, ports.ledger)
    if stamp.cmd and stamp.cmd in held.commands:
        return held
    bodies = rules.record(held, tenant, command, stamp.actor)
    if bodies:
        await ports.ledger.note(stream(tenant), bodies, stamp)
    return await duties(tenant, ports.ledger)


async def count(tenant: str, persons: int, ports: Ports) -> FilingOpened | None:
    """For a chore: open the filing when the limit is reached. The filing that waits, if one does."""
    held = await duties(tenant, ports.ledger)
    today = ports.now().astimezone(HERE).date()
    bodies = rules.counted(held, tenant, persons, ports.limits, today)
    if bodies:
        await ports.ledger.note(stream(tenant), bodies, Stamp(actor=SYSTEM, at=ports.now()))
        held = await duties(tenant, ports.ledger)
    return held.filing
