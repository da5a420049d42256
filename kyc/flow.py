"""On the way to an identity: notices, consents, the route, a reviewer; and what the steps beside this module share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone

from evidence.case import Case
from evidence.events import Body, Media, Party, Stamp
from evidence.events.identity import Check
from evidence.ledger import Ledger, Rule
from evidence.ports import Clock, Random
from evidence.vault import Vault
from kyc import notices, rules
from kyc.authority import Answer, Authority, Question
from kyc.commands import ChooseRoute, DecideConsent, ReviewIdentity, ShowNotice
from kyc.engine import FaceEngine
from kyc.errors import AuthorityUnavailable, ChecksOpen, StandInRefused
from kyc.face import Face, Look
from kyc.idcard import parse
from kyc.liveness.attest import Attestor
from kyc.ocr import Reader
from kyc.screening import flow as screening
from kyc.signals import faces
from kyc.signals import flow as signals

HERE = timezone(timedelta(hours=8), "Asia/Shanghai")  # the day that papers expire and birthdays fall on
MIN_PORTRAIT = 60  # pixels across: below it true pairs begin to be lost


@dataclass(frozen=True)
class Ports:
    ledger: Ledger
    vault: Vault
    now: Clock
    random: Random
    faces: FaceEngine
    reader: Reader
    screening: screening.Ports
    signals: signals.Ports
    authority: Authority | None = None
    attestors: Mapping[str, Attestor] = field(default_factory=dict)
    processor: notices.Processor = notices.DEMO


# --- notice, consent, route -------------------------------------------------------------------------------------------


async def show_notice(case: Case, command: ShowNotice, stamp: Stamp, ports: Ports) -> Case:
    current = notices.text_sha256(command.scope, ports.processor)
    rules.show_notice(case, command, current, stamp)
    return await ports.ledger.record(case.id, lambda case: rules.show_notice(case, command, current, stamp), stamp)


async def decide_consent(case: Case, command: DecideConsent, stamp: Stamp, ports: Ports) -> Case:
    """Give, refuse or withdraw. Withdrawing face consent destroys stored frames once their erasure is sealed."""
    current = notices.text_sha256(command.scope, ports.processor)
    rules.decide_consent(case, command, current, stamp)
    party, _ = rules.person(case, stamp)
    case = await erasing(case, party, lambda case: rules.decide_consent(case, command, current, stamp), stamp, ports)
    if command.decision == "withdrawn" and case.policy.face_search:
        await faces.forget(case, ports.signals)
    return case


async def choose_route(case: Case, command: ChooseRoute, stamp: Stamp, ports: Ports) -> Case:
    rules.admit_route(case, command, stamp)
    identity = case.identity_of(command.party)
    data = None
    if command.route == "assisted" and identity.route != "assisted" and identity.confirmed:
        data = await ask_authority(case, command.party, await confirmed(case, command.party, ports), ports)
    return await ports.ledger.record(case.id, lambda case: rules.choose_route(case, command, data, stamp), stamp)


# --- a person decides; frames nobody came back for --------------------------------------------------------------------


async def review(case: Case, command: ReviewIdentity, stamp: Stamp, ports: Ports) -> Case:
    rules.admit_review(case, command, stamp)
    if command.decision == "accept" and not (
        await screening.may_go_on(case, command.party, ports.screening)
        and await signals.may_go_on(case, command.party, ports.signals)
    ):
        raise ChecksOpen()
    data = None
    if command.decision == "accept" and case.identity_of(command.party).authority_silent:
        data = await ask_authority(case, command.party, await confirmed(case, command.party, ports), ports)
        if data is not None and rules.SILENT in data.reasons:
            raise AuthorityUnavailable("still silent")
    return await ports.ledger.record(case.id, lambda case: rules.review(case, command, data, stamp), stamp)


async def discard_frames(case: Case, party: Party, stamp: Stamp, ports: Ports) -> Case:
    """For a follower: frames of a challenge nobody came back for are destroyed once the challenge has run out."""
    rules.discard_frames(case, party, stamp.at)
    return await erasing(case, party, lambda case: rules.discard_frames(case, party, stamp.at), stamp, ports)


async def screen_again(case: Case, party: Party, stamp: Stamp, ports: Ports) -> Case:
    """For a follower: a list changed. Whoever is on it now stops where they are; the case does not say why (API-21)."""
    rules.hold(case, party)
    fields = await confirmed(case, party, ports)
    if {"name", "number"} <= fields.keys() and not await screening.again(case, party, fields, ports.screening):
        return await ports.ledger.record(case.id, lambda case: rules.hold(case, party), stamp)
    return case


# --- shared by the steps ----------------------------------------------------------------------------------------------


async def ask_authority(
    case: Case, party: Party, fields: Mapping[str, str], ports: Ports, face: bytes = b""
) -> rules.DataFact | None:
    """Name and number, with the phone where the source knows phones; or the live `face` (a JPEG).

    A source that does not answer is recorded as silent: the case waits for a person, nothing is lost or passed.
    """
    authority = ports.authority
    if authority is None or parse(fields["number"]) is None:  # it knows resident numbers, not passports
        return None
    if case.mode == "production" and authority.basis == "sandbox":
        raise StandInRefused(authority.name)
    check: Check = "face" if face else "phone" if "phone" in authority.checks else "person"
    phone = ""
    if check == "phone":
        commitment = case.people[party].phone
        phone = (await revealed(case, {"phone": commitment}, ports)).get("phone", "")
        check = "phone" if phone else "person"
    question = Question(check=check, name=fields["name"], number=fields["number"], phone=phone, face=face)
    try:
        answer = await authority.ask(question)
    except AuthorityUnavailable:
        answer = Answer(verdict="not_run", reasons=(rules.SILENT,))
    kept = None
    if answer.signed:
        kept = await ports.vault.put(case.id, "identity", answer.signed, "application/json")
    return rules.DataFact(
        source=authority.name,
        basis=authority.basis,
        check=check,
        verdict=answer.verdict,
        reasons=answer.reasons,
        answer=kept,
    )


async def confirmed(case: Case, party: Party, ports: Ports) -> dict[str, str]:
    return await revealed(case, case.identity_of(party).confirmed, ports)


async def revealed(case: Case, named: Mapping[str, str], ports: Ports) -> dict[str, str]:
    opened = await ports.vault.reveal(case.id, named.values())
    return {name: str(opened[commitment].value) for name, commitment in named.items() if commitment in opened}


async def erasing(case: Case, party: Party, rule: Rule, stamp: Stamp, ports: Ports) -> Case:
    """Record, then destroy the frames whose erasure was sealed: asked of the very case the rule was asked of."""
    stored: tuple[Media, ...] = ()

    def asked(case: Case) -> Sequence[Body]:
        nonlocal stored
        stored = rules.stored_frames(case, party)
        return rule(case)

    after = await ports.ledger.record(case.id, asked, stamp)
    if len(after.keeping.erasures) > len(case.keeping.erasures):
        last = after.keeping.erasures[-1]
        if last.whole and last.retention == "biometric":
            await ports.vault.destroy_class(case.id, "biometric", last.seq)
    gone = [media for media in stored if media.commitment in after.erased]
    if gone:
        await ports.vault.destroy(case.id, gone)
    return after


def portrait(look: Look) -> Face | None:
    """The one printed face of a card, if it is large enough to be compared."""
    return look.face if look.face is not None and look.face.quality.width >= MIN_PORTRAIT else None


def day(at: datetime) -> date:
    return at.astimezone(HERE).date()
