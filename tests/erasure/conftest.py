"""A finished, sealed case to erase from, and the ports of erasing."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from evidence.case import Case
from evidence.erasure import flow
from evidence.erasure.rules import Erase
from evidence.events import Actor, Body, Retention, Stamp
from evidence.retention import table
from evidence.verify import TrustedKeys
from tests.proof.story import Told, tell, world

ADMIN = Actor(id="staff_admin", role="admin")


@dataclass
class Finished:
    """A told story with everything needed to erase."""

    told: Told
    ports: flow.Ports

    @property
    def stream(self) -> str:
        return self.told.stream

    @property
    def keys(self) -> TrustedKeys:
        return TrustedKeys.of(self.told.keys)

    async def case(self) -> Case:
        return await self.ports.ledger.case(self.stream)

    def stamp(self, actor: Actor | None = None) -> Stamp:
        return Stamp(actor=actor or self.told.teller.customer.actor, at=self.told.world.clock.forward(1))

    async def erase(self, retention: Retention, basis: str = "PIPL-47", actor: Actor | None = None) -> Case:
        command = Erase(retention=retention, basis=basis)
        return await flow.erase(await self.case(), command, self.stamp(actor), self.ports)

    async def happen(self, *bodies: Body) -> None:
        await self.told.teller.happen(*bodies, actor=ADMIN)


@pytest.fixture(params=("sqlite", "postgresql"))
def keys_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/keys.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def finished(tmp_path: Path) -> Finished:
    made = world(tmp_path)
    await made.adopt_keys()
    told = await tell(made)
    return Finished(told, flow.Ports(made.ledger, made.vault, made.clock, table()))
