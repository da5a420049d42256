"""Fraud signals while the service runs: which wait for a person, places of what was signed, keys of days gone by."""

import asyncio
import logging
from collections.abc import Sequence

from api.health import Health
from evidence.errors import Error
from evidence.events import BODIES, CaseOpened, DocumentSigned, RiskDecided, SignalsDecided, stream_kind
from evidence.events.envelope import parse_body, peek
from evidence.log import Entry
from kyc.signals import flow as signals

EVERY_S = 5.0
TIDY_ROUNDS = 720  # an hour
WAITING = ("manual", "deny")

_log = logging.getLogger(__name__)
_SIGNED = f'"type":"{DocumentSigned.TYPE}"'.encode()


class OpenSignals:
    """A projection: which signals wait for a person. Ids only; what they are is read with a reason."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[str, dict[str, str]]] = {}  # stream -> (tenant, what is told)

    def learn(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if stream_kind(entry.stream) != "risk":
                continue
            body = parse_body(entry.line, BODIES)
            if isinstance(body, RiskDecided) and body.outcome in WAITING:
                told = {"id": entry.stream, "case": body.case, "party": body.party, "at": peek(entry.line)["at"]}
                self._open[entry.stream] = (body.tenant, told)
            elif isinstance(body, SignalsDecided):
                self._open.pop(entry.stream, None)

    def waiting(self, tenant: str) -> list[dict[str, str]]:
        return [told for whose, told in self._open.values() if whose == tenant]


class SignalWatch:
    """Looks at the places of what was signed once it is signed, so that no signature waits for it; and destroys the
    keys under which the things of past days were counted."""

    def __init__(self, ports: signals.Ports, health: Health) -> None:
        self._ports = ports
        self._health = health
        self._signed: dict[tuple[str, str], str] = {}  # (case, document) -> party
        self._tenants: set[str] = set()

    def learn(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if stream_kind(entry.stream) != "case":
                continue
            if entry.seq == 1:
                opened = parse_body(entry.line, BODIES)
                if isinstance(opened, CaseOpened):
                    self._tenants.add(opened.tenant)
            elif _SIGNED in entry.line:
                body = parse_body(entry.line, BODIES)
                if isinstance(body, DocumentSigned) and body.place.state == "consented":
                    self._signed[entry.stream, body.document] = body.party

    async def run(self) -> None:
        rounds = 0
        while True:
            if self._health.sound:
                await self.look()
                if rounds % TIDY_ROUNDS == 0:
                    await self.tidy()
                rounds += 1
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """What was signed since: each document once, in whichever process comes first."""
        for (case_id, document), party in list(self._signed.items()):
            try:
                case = await self._ports.ledger.case(case_id)
                await signals.signed(case, party, document, self._ports)  # type: ignore[arg-type]
            except Error as error:
                _log.warning("the places of a signature were not looked at: %s", error.code)
                continue
            del self._signed[case_id, document]

    async def tidy(self) -> None:
        for tenant in self._tenants:
            try:
                await signals.forget_days(self._ports.now(), tenant, self._ports)
            except Error as error:
                _log.warning("keys of past days wait to be destroyed: %s", error.code)
