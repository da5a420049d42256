"""The stories behind the exhibits: the told story and its variations, each a bundle and the keys an auditor brings."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec

from evidence import events as happened
from evidence.bundle import Extras, build_bundle
from evidence.custody import announce
from evidence.events import Actor, Body, Stamp
from evidence.events.identity import ReadField
from evidence.sealer import seal_new
from tests.museum.worlds import Room
from tests.proof.story import NAME, SYSTEM, Teller, Told, picture, stream_of

REVIEWER = Actor(id="staff_zhao", role="reviewer")

Edit = Callable[[Any], Body]


class FrozenTeller(Teller):
    """Tells with a customer whose key comes from the seed. `edits`: what a body of this type becomes first."""

    def __init__(self, world: Room, stream: str, edits: dict[type[Body], Edit] | None = None) -> None:
        super().__init__(world, stream)
        self.customer.key = world.customer_key(stream)
        self._edits = edits or {}

    async def happen(self, *bodies: Body, actor: Actor | None = None) -> None:
        edited = (self._edits[type(body)](body) if type(body) in self._edits else body for body in bodies)
        await super().happen(*edited, actor=actor)


def becomes(**members: Any) -> Edit:
    return lambda body: msgspec.structs.replace(body, **members)


Plot = Callable[[FrozenTeller], Awaitable[None]]
Choice = Callable[[Extras], Extras]


def everything(extras: Extras) -> Extras:
    return extras


async def whole(teller: FrozenTeller) -> None:
    await teller.whole()


async def told(
    world: Room, plot: Plot = whole, *, edits: dict[type[Body], Edit] | None = None, choice: Choice = everything
) -> Told:
    """The first case of a world."""
    await world.adopt_keys()
    return await another(world, plot, edits=edits, choice=choice)


async def another(
    world: Room, plot: Plot = whole, *, edits: dict[type[Body], Edit] | None = None, choice: Choice = everything
) -> Told:
    """One more case in a world that is under way."""
    teller = FrozenTeller(world, stream_of(world), edits)
    await plot(teller)
    return await exported(world, teller, choice)


async def exported(world: Room, teller: Teller, choice: Choice = everything) -> Told:
    """The bundle of a case as it stands now. `choice` changes what goes in."""
    lines = b"".join(event.line for event in await world.ledger.events(teller.stream))
    built = await build_bundle(teller.stream, world.bundles, choice(_named(world.extras, lines)))
    return Told(world, teller, built.data)


def _named(extras: Extras, lines: bytes) -> Extras:
    """Only what this case names: no manifest without a score, no text that was not shown."""

    def is_named(data: bytes) -> bool:
        return hashlib.sha256(data).hexdigest().encode() in lines

    models = {pack: data for pack, data in extras.models.items() if is_named(data)}
    return replace(extras, models=models, texts=[text for text in extras.texts if is_named(text)])


# --- plots ------------------------------------------------------------------------------------------------------------


async def declined(teller: FrozenTeller) -> None:
    """Shown, understood, and not wanted."""
    await teller.opening()
    await teller.reading()
    await teller.identity()
    await teller.paper()
    comment = await teller.hide("contract", comment="保费太高，我再想想")
    await teller.happen(happened.SigningDeclined(document="doc_1", opinion="disagree", comment=comment["comment"]))
    await teller.export()


async def consent_withdrawn(teller: FrozenTeller) -> None:
    await teller.opening()
    await teller.reading()
    await teller.happen(happened.ConsentWithdrawn(scope="recording", withdraws=("consent:recording",)))
    await teller.export()


async def opened_only(teller: FrozenTeller) -> None:
    """Two chain files, one seal: the least that can be exported."""
    await teller.opening()
    await teller.export()


async def assisted(teller: FrozenTeller) -> None:
    """The way without a face: the paper, outside facts, and a person who decides."""
    await teller.opening()
    await teller.reading()
    card = await teller.put("identity", picture(teller.world.random(3)), "image/jpeg")
    fields = await teller.hide("identity", name=NAME, number="11010519900101123X")
    read = {name: ReadField(value=value, confidence_e4=9900) for name, value in fields.items()}
    await teller.happen(
        happened.RouteChosen(party="proposer", route="assisted"),
        happened.PaperCaptured(party="proposer", paper="cn_id_front", media=card, source="camera"),
        happened.PaperRead(party="proposer", paper="cn_id_front", verdict="pass", fields=read),
        happened.PaperConfirmed(party="proposer", fields=fields),
        happened.DataChecked(party="proposer", source="sandbox", verdict="pass", basis="sandbox"),
        happened.ReviewRequested(party="proposer", reasons=("ROUTE_ASSISTED",)),
    )
    await teller.happen(
        happened.ReviewDecided(party="proposer", decision="accept", reason="seen_by_video", seen=(card.commitment,)),
        happened.IdentityVerified(
            party="proposer",
            strength="K3",
            route="assisted",
            session=teller.customer.session,
            satisfies=("identity:proposer:K3",),
        ),
        actor=REVIEWER,
    )
    await seal_new(teller.stream, teller.world.seals)
    await teller.signing()
    await teller.export()


async def erased_later(teller: FrozenTeller) -> None:
    """A year on: the customer asked, and all that was identity is gone; the contract stays."""
    await teller.whole()
    events = await teller.world.ledger.events(teller.stream)
    gone = [
        happened.ErasedField(name=name, commitment=value) for event in events for name, value in _identity(event.body)
    ]
    teller.world.clock.forward(timedelta(days=365).total_seconds())
    await teller.happen(
        happened.Erased(basis="PIPL-47", retention="identity", fields=tuple(gone), whole=True), actor=SYSTEM
    )
    await teller.world.vault.destroy_class(teller.stream, "identity")
    await seal_new(teller.stream, teller.world.seals)
    await teller.export()


def _identity(body: Body) -> list[tuple[str, str]]:
    match body:
        case happened.PartyNamed():
            return [("phone", body.phone), ("name", str(body.name))]
        case happened.PaperCaptured():
            return [("paper", body.media.commitment)]
        case happened.PaperRead():
            return [(name, field.value) for name, field in body.fields.items()]
        case happened.PaperConfirmed():
            return list(body.fields.items())
        case happened.LivenessJudged():
            return [("statement", str(body.statement))]
        case _:
            return []


async def under_sm4(teller: FrozenTeller) -> None:
    """The log tells which suite the tenant's keys are of; commitments are SHA-256 under both."""
    await teller.whole()
    await announce(teller.world.ledger, teller.world.vault.keyring, teller.world.clock())


async def rotated(teller: FrozenTeller) -> None:
    """Three seals by the old key, then the key is changed and the case is asked for again."""
    await teller.whole()
    assert isinstance(teller.world, Room)
    await teller.world.rotate_the_seal_key()
    await teller.export()


async def far_into_the_log(teller: FrozenTeller) -> None:
    """After 300 events of others: a proof of nine hashes."""
    for number in range(300):
        stamp = Stamp(actor=SYSTEM, at=teller.world.clock())
        body = happened.CommandRefused(command="sign", code="NOT_READY", count=number + 1)
        await teller.world.ledger.note("audit_doors", (body,), stamp)
    await teller.whole()
