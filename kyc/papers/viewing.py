"""Staff look at the pictures of papers: they say why, a second person agrees, and each look is an event (EVD-13)."""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from evidence.case import Case
from evidence.case.identity import Paper
from evidence.errors import NotAllowed, NotFound, ObjectErased
from evidence.events import (
    Actor,
    Body,
    Frozen,
    Party,
    PictureApproved,
    PictureAsked,
    PictureRead,
    Stamp,
    parse_instant,
)
from evidence.events.identity import PaperKind
from evidence.export.rules import APPROVERS
from evidence.ports import new_id
from kyc import intake
from kyc.errors import PartyAbsent, PictureApprovalByAnother, PictureNotApproved
from kyc.flow import Ports

VIEWERS = ("reviewer", "auditor")
LASTS = timedelta(hours=24)  # an approval is for the work at hand


class AskPictures(Frozen, frozen=True, kw_only=True):
    """The body of POST /v1/cases/{id}/identity/pictures."""

    party: Party
    reason: Annotated[str, msgspec.Meta(min_length=2, max_length=200)]


class ApprovePictures(Frozen, frozen=True, kw_only=True):
    """The body of POST /v1/cases/{id}/identity/pictures/{ask}/approvals."""

    party: Party


# --- rules ------------------------------------------------------------------------------------------------------------


def ask(case: Case, command: AskPictures, name: str, actor: Actor) -> tuple[Body, ...]:
    """A reviewer or auditor, never who sells (API-22)."""
    _staff(case, actor, VIEWERS)
    if command.party not in case.people:
        raise PartyAbsent("no such party")
    return (PictureAsked(ask=name, party=command.party, reason=command.reason),)


def approve(case: Case, party: Party, name: str, actor: Actor) -> tuple[Body, ...]:
    """Somebody else of the staff, and again not who sells."""
    _staff(case, actor, APPROVERS)
    asked = case.identity_of(party).asks.get(name)
    if asked is None:
        raise NotFound("nothing was asked")
    if asked.by == actor.id:
        raise PictureApprovalByAnother
    return () if asked.approved_by else (PictureApproved(ask=name, party=party),)


def admit_picture(case: Case, party: Party, paper: PaperKind, name: str, actor: Actor, at: datetime) -> Paper:
    """Only who asked, only once another agreed, and only for a day."""
    _staff(case, actor, VIEWERS)
    identity = case.identity_of(party)
    asked = identity.asks.get(name)
    if asked is None or asked.by != actor.id or paper not in identity.papers:
        raise NotFound("not asked for by this person, or no such paper")
    if asked.approved_at is None or at > parse_instant(asked.approved_at) + LASTS:
        raise PictureNotApproved
    if identity.papers[paper].media.commitment in case.erased:
        raise ObjectErased("the picture was deleted")
    return identity.papers[paper]


def see(case: Case, party: Party, paper: PaperKind, name: str, stamp: Stamp) -> tuple[Body, ...]:
    admit_picture(case, party, paper, name, stamp.actor, stamp.at)
    return (PictureRead(ask=name, party=party, paper=paper),)


def _staff(case: Case, actor: Actor, roles: tuple[str, ...]) -> None:
    if actor.role not in roles or actor.id == case.opener:
        raise NotAllowed(f"{' or '.join(roles)}, and never their own cases")


# --- flows ------------------------------------------------------------------------------------------------------------


async def ask_pictures(case: Case, command: AskPictures, stamp: Stamp, ports: Ports) -> Case:
    name = new_id("pic", ports.random)
    ask(case, command, name, stamp.actor)
    return await ports.ledger.record(case.id, lambda case: ask(case, command, name, stamp.actor), stamp)


async def approve_pictures(case: Case, command: ApprovePictures, name: str, stamp: Stamp, ports: Ports) -> Case:
    approve(case, command.party, name, stamp.actor)
    return await ports.ledger.record(case.id, lambda case: approve(case, command.party, name, stamp.actor), stamp)


async def picture(case: Case, party: Party, paper: PaperKind, name: str, stamp: Stamp, ports: Ports) -> bytes:
    """JPEG bytes made anew, so that nothing but pixels leaves; that it was looked at is sealed first."""
    found = admit_picture(case, party, paper, name, stamp.actor, stamp.at)
    data = await ports.vault.get(case.id, found.media)
    clean = await ports.faces.work(lambda: intake.encode(intake.decode(data)))
    await ports.ledger.record(case.id, lambda case: see(case, party, paper, name, stamp), stamp)
    return clean
