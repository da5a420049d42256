"""Screen a party, again when a list changes; a person decides about hits. The case itself shows no more than that
somebody has to look: to tell a customer or a seller of a hit is forbidden (反洗钱法 2024 art. 40, API-21).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from evidence.case import Case
from evidence.errors import NotAllowed, NotFound
from evidence.events import Actor, Event, Party, Stamp
from evidence.events.screening import HitsDecided, HitsRead, ListLoaded, ListRef, PartyScreened
from evidence.ledger import Ledger
from evidence.ports import Clock
from evidence.vault import Vault
from kyc.screening import record
from kyc.screening.commands import CLEARING, DecideHits, ReadHits
from kyc.screening.errors import ListsMissing, NothingToDecide
from kyc.screening.lists import ListVersion, load, read_folder
from kyc.screening.match import Screen, Subject

SANDBOX_LIST = Path(__file__).with_name("sandbox.json")
LISTS = "screen_lists"  # the stream that says which versions were in force when
SYSTEM = Actor(id="sys_screening", role="system")


class Lists:
    """The versions in force: files of a folder, or the made-up list of the sandbox; read again when they change."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._seen: object = None
        self.screen = Screen(())

    def refresh(self) -> bool:
        """Read the folder again if its files changed; whether they did. ListInvalid leaves the lists as they were."""
        paths = sorted(self._folder.glob("*.json")) if self._folder is not None else [SANDBOX_LIST]
        seen = [(path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in paths]
        if seen == self._seen:
            return False
        versions = read_folder(self._folder) if self._folder is not None else (load(SANDBOX_LIST.read_bytes()),)
        self.screen, self._seen = Screen(versions), seen
        return True


@dataclass(frozen=True)
class Ports:
    ledger: Ledger
    vault: Vault
    now: Clock
    lists: Lists


def stream(case: Case, party: Party, ports: Ports) -> str:
    """One stream a party, found from the case and by nobody without the key."""
    return "screen_" + ports.vault.blind(case.tenant, "screen", f"{case.id}/{party}".encode())[:32]


async def onboard(case: Case, party: Party, fields: Mapping[str, str], ports: Ports) -> bool:
    """Screen name and number before they count. Whether the party may go on; ListsMissing when there is no list."""
    return await _screen(case, party, fields, "onboarding", ports)


async def again(case: Case, party: Party, fields: Mapping[str, str], ports: Ports) -> bool:
    """As `onboard`, after a list changed; nothing is done when these very versions were asked before."""
    held = await _record(stream(case, party, ports), ports)
    if held.lists == _refs(ports.lists.screen.versions):
        return not held.blocks
    return await _screen(case, party, fields, "list_changed", ports)


async def may_go_on(case: Case, party: Party, ports: Ports) -> bool:
    return not (await _record(stream(case, party, ports), ports)).blocks


async def announce(ports: Ports) -> int:
    """Seal the versions now in force that were not sealed before; how many."""
    try:
        known = {event.body.version for event in await _events(LISTS, ports) if isinstance(event.body, ListLoaded)}
    except NotFound:
        known = set()
    bodies = tuple(
        ListLoaded(version=_ref(version), publisher=version.publisher, entries=len(version.entries))
        for version in ports.lists.screen.versions
        if _ref(version) not in known
    )
    if bodies:
        await ports.ledger.note(LISTS, bodies, Stamp(actor=SYSTEM, at=ports.now()))
    return len(bodies)


# --- people who decide ------------------------------------------------------------------------------------------------


async def read_hits(name: str, tenant: str, command: ReadHits, stamp: Stamp, ports: Ports) -> dict[str, Any]:
    """The open hits in full. The read is sealed before anything is opened."""
    held = await _for_reviewer(name, tenant, stamp, ports)
    await ports.ledger.note(name, (HitsRead(reason=command.reason),), stamp)
    case = await ports.ledger.case(held.case)
    said = await ports.vault.reveal(case.id, case.identity_of(held.party).confirmed.values())
    opened = await ports.vault.reveal(name, held.hits)
    return {
        "id": name,
        "case": held.case,
        "party": held.party,
        "screened_at": held.at,
        "person": {one.name: one.value for one in said.values() if one.name in {"name", "number", "birth"}},
        "hits": [opened[hit].value for hit in held.hits if hit in opened],
    }


async def decide(name: str, tenant: str, command: DecideHits, stamp: Stamp, ports: Ports) -> dict[str, Any]:
    held = await _for_reviewer(name, tenant, stamp, ports)
    if (command.reason in CLEARING) != (command.decision == "cleared"):
        raise NotAllowed("the reason does not support the decision")
    answer = {"id": name, "case": held.case, "party": held.party, "decision": command.decision}
    if stamp.cmd and stamp.cmd in held.commands:
        return answer
    if not held.hits:
        raise NothingToDecide()
    body = HitsDecided(screened=held.screened, decision=command.decision, reason=command.reason)
    await ports.ledger.note(name, (body,), stamp)
    return answer


async def _for_reviewer(name: str, tenant: str, stamp: Stamp, ports: Ports) -> record.Record:
    """Reviewers of the tenant only, never the seller of the case; the stream is absent for everybody else."""
    if stamp.actor.role != "reviewer" or not name.startswith("screen_") or name == LISTS:
        raise NotFound("no such screening")
    held = record.fold(await _events(name, ports))
    if held.tenant != tenant or (await ports.ledger.case(held.case)).opener == stamp.actor.id:
        raise NotFound("another tenant, or the seller")
    return held


# --- parts ------------------------------------------------------------------------------------------------------------


async def _screen(
    case: Case,
    party: Party,
    fields: Mapping[str, str],
    cause: Literal["onboarding", "list_changed"],
    ports: Ports,
) -> bool:
    screen = ports.lists.screen
    if not screen.versions:
        raise ListsMissing()
    name = stream(case, party, ports)
    held = await _record(name, ports)
    found = await asyncio.to_thread(screen.hits, Subject(name=fields["name"], number=fields["number"]))
    known = await ports.vault.reveal(name, (*held.cleared, *held.hits))
    told = {(one.value["list"], one.value["entry"]) for one in known.values()}
    fresh = [hit for hit in found if (hit.list, hit.entry) not in told]
    await ports.vault.place(name, case.tenant)
    hidden = await ports.vault.hide(
        name,
        "identity",
        {
            str(at): {
                "list": hit.list,
                "entry": hit.entry,
                "listed_as": hit.name,
                "score_e4": hit.score_e4,
                "reasons": list(hit.reasons),
            }
            for at, hit in enumerate(fresh)
        },
    )
    body = PartyScreened(
        tenant=case.tenant,
        case=case.id,
        party=party,
        cause=cause,
        lists=_refs(screen.versions),
        hits=tuple(hidden.values()),
    )
    await ports.ledger.note(name, (body,), Stamp(actor=SYSTEM, at=ports.now()))
    return not (held.blocks or fresh)


async def _record(name: str, ports: Ports) -> record.Record:
    try:
        return record.fold(await _events(name, ports))
    except NotFound:
        return record.Record()


async def _events(name: str, ports: Ports) -> list[Event]:
    return await ports.ledger.events(name)


def _refs(versions: tuple[ListVersion, ...]) -> tuple[ListRef, ...]:
    return tuple(_ref(version) for version in versions)


def _ref(version: ListVersion) -> ListRef:
    return ListRef(list=version.list, dated=version.dated, sha256=version.sha256)
