"""Another model pack while the service runs, or the one before again: chosen by the operator, sealed, and then taken up
by each process as it hears of it from the log."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evidence.errors import NotFound
from evidence.events import BODIES, Actor, Event, ModelPackChosen, Stamp
from evidence.events.envelope import parse_body
from evidence.ledger import Ledger
from evidence.log import Entry
from evidence.ports import Clock
from kyc import models
from kyc.engine import Eyes, FaceEngine
from kyc.models import PackInvalid
from kyc.networks import Local

STREAM = "model_packs"
OPERATOR = Actor(id="sys_operator", role="system")


@dataclass(frozen=True)
class Ports:
    """`first`: the folder that the settings name, in use until another one was chosen."""

    ledger: Ledger
    now: Clock
    first: Path


async def choose(folder: Path, reason: str, ports: Ports) -> ModelPackChosen | None:
    """Seal that the pack in `folder` is used from now on. None when it is already. PackInvalid when it does not answer
    its golden picture as it must: then nothing is sealed."""
    pack = await asyncio.to_thread(_proven, folder)
    before = await _chosen(ports)
    now, now_folder = (before.manifest, before.folder) if before else _first(ports)
    if pack.sha256 == now:
        return None
    body = ModelPackChosen(
        pack=pack.manifest.model_id,
        manifest=pack.sha256,
        folder=str(pack.path),
        before=now,
        before_folder=now_folder,
        reason=reason,
    )
    await ports.ledger.note(STREAM, (body,), Stamp(actor=OPERATOR, at=ports.now()))
    return body


async def back(reason: str, ports: Ports) -> ModelPackChosen | None:
    """The pack that was in use before the last choice. None where nothing was chosen yet."""
    before = await _chosen(ports)
    return None if before is None else await choose(Path(before.before_folder), reason, ports)


class PackWatch:
    """A projection of the stream: the pack that was chosen last. `follow` makes the engine use it."""

    def __init__(self) -> None:
        self.chosen: ModelPackChosen | None = None

    def learn(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if entry.stream == STREAM:
                body = parse_body(entry.line, BODIES)
                if isinstance(body, ModelPackChosen):
                    self.chosen = body

    async def follow(self, engine: FaceEngine) -> bool:
        """True when the engine changed. PackInvalid leaves it as it is: the folder is not what was chosen."""
        wanted = self.chosen
        if wanted is None or wanted.manifest == engine.pack.sha256:
            return False
        pack = await asyncio.to_thread(models.load, Path(wanted.folder))
        if pack.sha256 != wanted.manifest:
            raise PackInvalid(f"{wanted.folder} holds another pack than was chosen")
        await engine.swap(pack)
        return True


def _proven(folder: Path) -> models.Pack:
    pack = models.load(folder)
    Eyes(pack, Local(pack))
    return pack


def _first(ports: Ports) -> tuple[str, str]:
    pack = models.load(ports.first)
    return pack.sha256, str(pack.path)


async def _chosen(ports: Ports) -> ModelPackChosen | None:
    try:
        events: list[Event] = await ports.ledger.events(STREAM)
    except NotFound:
        return None
    return next((event.body for event in reversed(events) if isinstance(event.body, ModelPackChosen)), None)
