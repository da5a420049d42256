"""Screening while the service runs: lists that changed are announced, and everybody passed before is asked again."""

import asyncio
import logging
from collections.abc import Sequence

from api.health import Health
from api.rooms import SYSTEM
from evidence.errors import Error
from evidence.events import BODIES, HitsDecided, PaperConfirmed, PartyScreened, Stamp, stream_kind
from evidence.events.envelope import parse_body, peek
from evidence.log import Entry
from kyc import flow
from kyc.screening import flow as screening
from kyc.screening.errors import ListInvalid

EVERY_S = 60.0  # a changed list is noticed this soon; API-21 gives 24 h for everybody
PAUSE_S = 0.02  # between two people: customers come first

_log = logging.getLogger(__name__)
_CONFIRMED = f'"type":"{PaperConfirmed.TYPE}"'.encode()


class OpenScreenings:
    """A projection: which screenings wait for a person. Ids only."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[str, dict[str, str]]] = {}  # screening -> (tenant, what is told)

    def learn(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if stream_kind(entry.stream) != "screen":
                continue
            body = parse_body(entry.line, BODIES)
            if isinstance(body, PartyScreened) and body.hits:
                told = {"id": entry.stream, "case": body.case, "party": body.party, "at": peek(entry.line)["at"]}
                self._open[entry.stream] = (body.tenant, told)
            elif isinstance(body, HitsDecided):
                self._open.pop(entry.stream, None)

    def waiting(self, tenant: str) -> list[dict[str, str]]:
        return [told for whose, told in self._open.values() if whose == tenant]


class Rescreener:
    """Every process knows who was confirmed; asking somebody twice against the same lists changes nothing."""

    def __init__(self, ports: flow.Ports, health: Health) -> None:
        self._ports = ports
        self._health = health
        self._people: dict[tuple[str, str], None] = {}  # (case, party), in the order they came

    def learn(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if stream_kind(entry.stream) == "case" and _CONFIRMED in entry.line:
                body = parse_body(entry.line, BODIES)
                if isinstance(body, PaperConfirmed):
                    self._people[entry.stream, body.party] = None

    async def run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """Take in new files, announce them, and ask again about everybody if these lists were not asked before."""
        lists = self._ports.screening.lists
        try:
            changed = await asyncio.to_thread(lists.refresh)
        except (OSError, ListInvalid) as error:
            _log.error("name lists are unreadable, the ones before stay in force: %s", type(error).__name__)
            return
        if not self._health.sound:
            return
        if await screening.announce(self._ports.screening) or changed:
            await self.everybody()

    async def everybody(self) -> None:
        for case_id, party in list(self._people):
            try:
                case = await self._ports.ledger.case(case_id)
                stamp = Stamp(actor=SYSTEM, at=self._ports.now())
                await flow.screen_again(case, party, stamp, self._ports)  # type: ignore[arg-type]
            except Error as error:
                _log.warning("a screening was put off: %s", error.code)
            await asyncio.sleep(PAUSE_S)
