"""Gather the facts of an act, decide, seal the decision where neither customer nor seller reads; a person settles it.

The case itself shows no more than that somebody has to look (`ROUTINE_CHECK`), as with name screening: which signal it
was would tell a fraudster what to change, and a customer what they are suspected of.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any

from evidence.case import Case, Session
from evidence.errors import NotAllowed, NotFound, Unavailable
from evidence.events import Actor, Event, Party, RiskDecided, RiskRulesLoaded, SignalsDecided, SignalsRead, Stamp
from evidence.events.risk import Moment, Used
from evidence.ledger import Ledger
from evidence.ports import Clock
from evidence.vault import Vault
from kyc.signals import record
from kyc.signals.commands import CLEARING, DecideSignals, ReadSignals
from kyc.signals.errors import NoSignals, RiskDenied, RulesInvalid
from kyc.signals.gallery import Gallery
from kyc.signals.places import place_facts
from kyc.signals.rules import Decision, Rules, decide, load
from kyc.signals.seen import Seen

BUILT_IN = Path(__file__).with_name("rules.json")
RULES = "risk_rules"  # the stream that says which versions were in force
DAYS = "risk_day_"  # names of the keys of one tenant's day; no event stands in these streams
SYSTEM = Actor(id="sys_risk", role="system")
HERE = timezone(timedelta(hours=8), "Asia/Shanghai")

_log = logging.getLogger(__name__)


class RuleBook:
    """The version in force: a file of the operator's, or our own; read again when it changes."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or BUILT_IN
        self._seen: object = None
        self.told: set[str] = set()  # hashes of versions known to stand in the log
        self.rules = self._read()

    def current(self) -> Rules:
        """A file that became unreadable leaves the version before in force."""
        try:
            self.rules = self._read()
        except (OSError, RulesInvalid) as error:
            _log.error("risk rules are unreadable, the version before stays in force: %s", type(error).__name__)
        return self.rules

    def _read(self) -> Rules:
        found = self._path.stat()
        seen = (found.st_mtime_ns, found.st_size)
        if seen == self._seen:
            return self.rules
        rules = load(self._path.read_bytes())
        self._seen = seen
        return rules


@dataclass(frozen=True)
class Ports:
    ledger: Ledger
    vault: Vault
    now: Clock
    book: RuleBook
    seen: Seen
    gallery: Gallery
    patience_s: float = 0.5  # for the facts; then the decision is taken without them, and is a step up


def stream(case: Case, party: Party, ports: Ports) -> str:
    """One stream a party, found from the case and by nobody without the key."""
    return "risk_" + ports.vault.blind(case.tenant, "risk", f"{case.id}/{party}".encode())[:32]


# --- deciding ---------------------------------------------------------------------------------------------------------


async def confirmed(case: Case, party: Party, session: Session, fields: Mapping[str, str], ports: Ports) -> bool:
    """When somebody says who they are: with what device, over which phone, from where. Whether they may go on
    without a person; RiskDenied where a rule says so."""
    used, facts, late = None, {}, False
    try:
        async with asyncio.timeout(ports.patience_s):
            ip, agent, phone = await _opened(case, party, session, ports)
            used = await _used(case, session, fields.get("number", ""), ip, phone, ports)
            facts = ports.seen.persons(used) | await _staff_facts(case.tenant, ip, agent, ports)
    except (TimeoutError, Unavailable):
        used, facts, late = None, {}, True
    decision = await seal(case, party, "confirmed", facts, used, late, ports)
    if used is not None:
        ports.seen.add(used)
    if decision.outcome == "deny":
        raise RiskDenied()
    return decision.outcome == "allow" and await may_go_on(case, party, ports)


async def signed(case: Case, party: Party, document: str, ports: Ports) -> Decision | None:
    """For a follower: the places of what this party signed, once for each document; None when it was done before."""
    digest = ports.vault.blind(case.tenant, "risk_signed", f"{case.id}/{document}".encode())
    held, cmd = await _record(stream(case, party, ports), ports), f"{digest}.{digest}"
    if cmd in held.commands:
        return None
    facts = await place_facts(await ports.ledger.events(case.id), party, case.id, ports.vault)
    known = {
        name: n for decision in held.decisions for name, n in decision.facts.items() if not name.startswith("place_")
    }
    return await seal(case, party, "signed", known | facts, None, False, ports, cmd)


async def may_go_on(case: Case, party: Party, ports: Ports) -> bool:
    """No signal is open, and none was confirmed."""
    return not (await _record(stream(case, party, ports), ports)).blocks


async def forget_days(before: datetime, tenant: str, ports: Ports) -> None:
    """Destroy the keys of days that are over: what they made digests of can then never be tried again."""
    for back in range(2, 10):
        name = _day_stream(tenant, _day(before - timedelta(days=back)), ports)
        if await ports.vault.keyring.existing(name, "command") is not None:
            await ports.vault.destroy_class(name, "identity")


# --- people who decide ------------------------------------------------------------------------------------------------


async def read_signals(name: str, tenant: str, command: ReadSignals, stamp: Stamp, ports: Ports) -> dict[str, Any]:
    """What was decided, by which facts. The read is sealed before anything is told."""
    held = await _for_reviewer(name, tenant, stamp, ports)
    await ports.ledger.note(name, (SignalsRead(reason=command.reason),), stamp)
    return {
        "id": name,
        "case": held.case,
        "party": held.party,
        "at": held.at,
        "decisions": [
            {
                "moment": one.moment,
                "outcome": one.outcome,
                "reasons": list(one.reasons),
                "facts": dict(one.facts),
                "late": one.late,
                "rules": one.rules,
            }
            for one in held.decisions
        ],
        "faces": [
            {"case": one.case, "party": one.party, "similarity_e4": one.similarity_e4}
            for one in (held.faces.alike if held.faces else ())
        ],
    }


async def decide_signals(name: str, tenant: str, command: DecideSignals, stamp: Stamp, ports: Ports) -> dict[str, Any]:
    held = await _for_reviewer(name, tenant, stamp, ports)
    if (command.reason in CLEARING) != (command.decision == "cleared"):
        raise NotAllowed("the reason does not support the decision")
    answer = {"id": name, "case": held.case, "party": held.party, "decision": command.decision}
    if stamp.cmd and stamp.cmd in held.commands:
        return answer
    if not held.open:
        raise NoSignals()
    body = SignalsDecided(decided=held.open, decision=command.decision, reason=command.reason)
    await ports.ledger.note(name, (body,), stamp)
    return answer


async def _for_reviewer(name: str, tenant: str, stamp: Stamp, ports: Ports) -> record.Record:
    """Reviewers of the tenant only, never the seller of the case; the stream is absent for everybody else."""
    if stamp.actor.role != "reviewer" or not name.startswith("risk_") or name == RULES:
        raise NotFound("no such signals")
    held = record.fold(await ports.ledger.events(name))
    if held.tenant != tenant or (await ports.ledger.case(held.case)).opener == stamp.actor.id:
        raise NotFound("another tenant, or the seller")
    return held


# --- parts ------------------------------------------------------------------------------------------------------------


async def seal(
    case: Case,
    party: Party,
    moment: Moment,
    facts: Mapping[str, int],
    used: Used | None,
    late: bool,
    ports: Ports,
    cmd: str = "",
) -> Decision:
    rules = ports.book.current()
    await _announce(rules, ports)
    known = {name: value for name, value in sorted(facts.items()) if value}
    decision = decide(known, rules.rules, late)
    body = RiskDecided(
        tenant=case.tenant,
        case=case.id,
        party=party,
        moment=moment,
        rules=rules.sha256,
        facts=known,
        outcome=decision.outcome,
        reasons=decision.reasons,
        used=used,
        late=late,
    )
    await ports.ledger.note(stream(case, party, ports), (body,), Stamp(actor=SYSTEM, at=ports.now(), cmd=cmd))
    return decision


async def _announce(rules: Rules, ports: Ports) -> None:
    """The version stands in the log before the first decision that names it."""
    if rules.sha256 in ports.book.told:
        return
    try:
        events = await ports.ledger.events(RULES)
    except NotFound:
        events = []
    told = {event.body.sha256 for event in events if isinstance(event.body, RiskRulesLoaded)}
    if rules.sha256 not in told:
        body = RiskRulesLoaded(version=rules.version, sha256=rules.sha256, rules=rules.rules)
        await ports.ledger.note(RULES, (body,), Stamp(actor=SYSTEM, at=ports.now()))
    ports.book.told.add(rules.sha256)


async def _opened(case: Case, party: Party, session: Session, ports: Ports) -> tuple[str, str, str]:
    """Address, browser description and phone; empty where they were erased."""
    phone = case.people[party].phone
    opened = await ports.vault.reveal(case.id, [one for one in (session.ip, session.agent, phone) if one])
    ip, agent, number = (str(opened[one].value) if one in opened else "" for one in (session.ip, session.agent, phone))
    return ip, agent, number


async def _used(case: Case, session: Session, number: str, ip: str, phone: str, ports: Ports) -> Used:
    day = _day(ports.now())
    name = _day_stream(case.tenant, day, ports)
    await ports.vault.place(name, case.tenant)
    said = {"person": number, "device": session.thumbprint, "phone": phone, "network": network(ip)}
    digests = {
        kind: (await ports.vault.mac(name, f"{kind}\0{value}".encode()))[:32] for kind, value in said.items() if value
    }
    return Used(day=day, **digests)


async def _staff_facts(tenant: str, ip: str, agent: str, ports: Ports) -> dict[str, int]:
    """Whether a member of staff signed in from here lately; sales face to face often share a network."""
    facts: dict[str, int] = {}
    for fact, said in (("agent_network", network(ip)), ("agent_browser", f"{network(ip)}\0{agent}" if agent else "")):
        if network(ip) and said:
            digest = ports.vault.blind(tenant, fact, said.encode())
            facts[fact] = int(await ports.vault.matches(fact, digest, "", ports.now()))
    return facts


def network(ip: str) -> str:
    """The address; of IPv6 the /64, which is what one subscriber has. Empty for what is no address of the outside: a
    proxy of the operator's own would make all customers one."""
    try:
        address = ip_address(ip)
    except ValueError:
        return ""
    if not address.is_global:
        return ""
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address)


def _day(at: datetime) -> str:
    return at.astimezone(HERE).date().isoformat()


def _day_stream(tenant: str, day: str, ports: Ports) -> str:
    return DAYS + ports.vault.blind(tenant, "risk_day", day.encode())[:24]


async def _record(name: str, ports: Ports) -> record.Record:
    try:
        events: list[Event] = await ports.ledger.events(name)
    except NotFound:
        return record.Record()
    return record.fold(events)
