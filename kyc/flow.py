"""On the way to an identity: ask the rules, look at what was sent, hide it, seal what happened."""

import asyncio
import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from evidence import decode
from evidence.case import Case
from evidence.case.identity import Challenge
from evidence.errors import Refused
from evidence.events import Body, Media, Party, Stamp
from evidence.events.identity import ReadField, Score
from evidence.ledger import Ledger, Rule
from evidence.log import Claim
from evidence.ports import Clock, Random, new_id
from evidence.vault import Vault, b64, unb64
from kyc import intake, liveness, notices, rules
from kyc.authority import Authority
from kyc.commands import (
    CaptureFrame,
    CapturePaper,
    ChooseRoute,
    ConfirmFields,
    DecideChallenge,
    DecideConsent,
    IssueChallenge,
    ReviewIdentity,
    ShowNotice,
)
from kyc.document import CONFIDENT, FIELDS, Reading, mistakes, validity
from kyc.engine import FaceEngine
from kyc.errors import FieldsIncomplete, FieldsInvalid, FrameReplayed, FramesUnsigned, StandInRefused
from kyc.face import Face, Look
from kyc.idcard import age_on, parse
from kyc.ocr import Reader

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
    authority: Authority | None = None
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
    return await _erasing(case, party, lambda case: rules.decide_consent(case, command, current, stamp), stamp, ports)


async def choose_route(case: Case, command: ChooseRoute, stamp: Stamp, ports: Ports) -> Case:
    rules.admit_route(case, command, stamp)
    identity = case.identity_of(command.party)
    data = None
    if command.route == "assisted" and identity.route != "assisted" and identity.confirmed:
        data = await _ask_authority(case, await _confirmed(case, command.party, ports), ports)
    return await ports.ledger.record(case.id, lambda case: rules.choose_route(case, command, data, stamp), stamp)


# --- papers -----------------------------------------------------------------------------------------------------------


async def capture_paper(case: Case, command: CapturePaper, data: bytes, stamp: Stamp, ports: Ports) -> Case:
    """Read one side of the card. The picture and every field are hidden before anything is sealed."""
    rules.admit_paper(case, stamp)
    kind = await ports.faces.work(intake.inspect, data)
    picture = await ports.faces.work(intake.decode, data)
    reading = await ports.reader.read(picture, command.paper)
    findings = (*reading.findings, *_also(case, reading, stamp.at))
    # Without face consent no face is looked for, not even the printed one: the portrait is then found at the match.
    if command.paper == "cn_id_front" and case.consented("face") and "PAPER_NOT_RECOGNISED" not in findings:
        look = await ports.faces.work(ports.faces.see, picture)
        if _portrait(look) is None:
            findings = (*findings, "PORTRAIT_MISSING")
    values = {name: field.value for name, field in reading.fields.items()}
    hidden = await ports.vault.hide(case.id, "identity", values)
    read = rules.ReadFact(
        media=await ports.vault.put(case.id, "identity", data, kind.media_type),
        fields={
            name: ReadField(value=hidden[name], confidence_e4=round(field.confidence * 10_000), confirm=field.confirm)
            for name, field in reading.fields.items()
        },
        findings=findings,
        scores=_reading_scores(reading, ports.reader),
    )
    return await ports.ledger.record(case.id, lambda case: rules.capture_paper(case, command, read, stamp), stamp)


async def confirm(case: Case, command: ConfirmFields, stamp: Stamp, ports: Ports) -> Case:
    """The customer's word on every field. FieldsIncomplete or FieldsInvalid name what is wrong."""
    party = rules.admit_confirmation(case, stamp)
    fields = _checked(command.fields, stamp.at)
    read = await _read_values(case, party, ports)
    corrected = tuple(name for name in FIELDS if _plain(read.get(name, "")) != fields[name])
    data = None
    if case.identity_of(party).route == "assisted":
        data = await _ask_authority(case, fields, ports)
    hidden = await ports.vault.hide(case.id, "identity", fields)
    return await ports.ledger.record(case.id, lambda case: rules.confirm(case, hidden, corrected, data, stamp), stamp)


async def papers(case: Case, party: Party, ports: Ports) -> dict[str, Any]:
    """GET /identity/papers: what was read, how surely, and where the customer should look twice."""
    read = await _read_values(case, party, ports)
    sides = case.identity_of(party).papers.values()
    sure = {name: value for side in sides for name, value in side.confidence_e4.items()}
    doubtful = {name for side in sides for name in side.doubtful}
    return {
        "fields": {
            name: {"value": read[name], "confidence_e4": sure.get(name, 0), "confirm": name in doubtful}
            for name in FIELDS
            if name in read
        }
    }


# --- the challenge ----------------------------------------------------------------------------------------------------


async def issue_challenge(
    case: Case,
    command: IssueChallenge,  # noqa: ARG001 - an empty body, kept so that every verb has one shape
    stamp: Stamp,
    ports: Ports,
) -> Case:
    """A random order of head turns, for this device, for a minute."""
    party, _ = rules.admit_challenge(case, stamp)
    birth = date.fromisoformat((await _confirmed(case, party, ports))["birth"])
    age = age_on(birth, _day(stamp.at))
    challenge, nonce = new_id("chl", ports.random), b64(ports.random(32))
    actions = liveness.drawn(ports.random(8))
    return await _erasing(
        case,
        party,
        lambda case: rules.issue_challenge(case, challenge, nonce, actions, age, stamp),
        stamp,
        ports,
    )


async def capture_frame(case: Case, command: CaptureFrame, data: bytes, stamp: Stamp, ports: Ports) -> Case:
    """Keep one frame until the decision. The same bytes are never accepted twice, in whatever case."""
    rules.admit_frame(case, command, stamp)
    kind = await ports.faces.work(intake.inspect, data)
    await ports.faces.work(intake.decode, data)  # a frame that cannot be seen is refused now, not at the decision
    claim = Claim(
        tenant=case.tenant,
        kind="frame",
        digest=ports.vault.blind(case.tenant, "frame", hashlib.sha256(data).digest()),
        taken=FrameReplayed,
    )
    media = await ports.vault.put(case.id, "biometric", data, kind.media_type)
    try:
        return await ports.ledger.record(
            case.id, lambda case: rules.capture_frame(case, command, media, stamp), stamp, (claim,)
        )
    except Refused:  # nothing was sealed, so nobody would ever erase it
        await ports.vault.destroy(case.id, (media,))
        raise


async def decide(case: Case, command: DecideChallenge, challenge: str, stamp: Stamp, ports: Ports) -> Case:
    """Judge the capture, seal it, and destroy the frames at once (KYC-13)."""
    party, present = rules.admit_decision(case, command, challenge, stamp)
    frames = await asyncio.gather(*(ports.vault.get(case.id, media) for _, media in sorted(present.frames.items())))
    statement = _signed_statement(case, present, command, frames, stamp)
    looks = await asyncio.gather(*(ports.faces.look(frame) for frame in frames))
    bars = bars_of(ports.faces)
    judgement = liveness.judge(present.actions, looks, bars)
    match, match_reasons, match_score = await _match(case, party, judgement.face, bars, ports)
    data = None
    if liveness.worst(judgement.verdict, match) == "pass":
        data = await _ask_authority(case, await _confirmed(case, party, ports), ports)
    hidden = await ports.vault.hide(case.id, "identity", {"liveness_statement": statement.decode()})
    judged = rules.JudgedFact(
        verdict=judgement.verdict,
        reasons=judgement.reasons,
        scores=judgement.scores,
        match=match,
        match_reasons=match_reasons,
        match_score=match_score,
        statement=hidden["liveness_statement"],
        data=data,
    )
    return await _erasing(case, party, lambda case: rules.decide(case, command, challenge, judged, stamp), stamp, ports)


async def review(case: Case, command: ReviewIdentity, stamp: Stamp, ports: Ports) -> Case:
    rules.admit_review(case, command, stamp)
    return await ports.ledger.record(case.id, lambda case: rules.review(case, command, stamp), stamp)


async def discard_frames(case: Case, party: Party, stamp: Stamp, ports: Ports) -> Case:
    """For a follower: frames of a challenge nobody came back for are destroyed once the challenge has run out."""
    rules.discard_frames(case, party, stamp.at)
    return await _erasing(case, party, lambda case: rules.discard_frames(case, party, stamp.at), stamp, ports)


def bars_of(faces: FaceEngine) -> liveness.Bars:
    """The pack's thresholds, as the decision takes them."""
    tasks = faces.pack.manifest.tasks
    return liveness.Bars(
        match_accept=tasks.recognition.accept,
        match_review=tasks.recognition.review,
        match_far_e6=tasks.recognition.far_target_e6,
        live_accept=tasks.passive.accept,
        live_review=tasks.passive.review,
        models={role: faces.provenance(role) for role in ("detection", "recognition", "passive")},
    )


# --- parts ------------------------------------------------------------------------------------------------------------


async def _match(
    case: Case, party: Party, live: Face | None, bars: liveness.Bars, ports: Ports
) -> tuple[Any, tuple[str, ...], Score | None]:
    if live is None:
        return "not_run", (), None
    paper = case.identity_of(party).papers["cn_id_front"]
    look = await ports.faces.look(await ports.vault.get(case.id, paper.media))
    return liveness.compare(live, _portrait(look), bars)


def _portrait(look: Look) -> Face | None:
    """The one printed face of a card, if it is large enough to be compared."""
    return look.face if look.face is not None and look.face.quality.width >= MIN_PORTRAIT else None


def _signed_statement(
    case: Case, challenge: Challenge, command: DecideChallenge, frames: list[bytes], stamp: Stamp
) -> bytes:
    """The canonical bytes the device signed. FramesUnsigned when it named other frames or did not sign these bytes."""
    if tuple(hashlib.sha256(frame).hexdigest() for frame in frames) != command.frames:
        raise FramesUnsigned("other frames")
    statement = decode.encode(
        {
            "actions": list(challenge.actions),
            "case": case.id,
            "challenge": challenge.id,
            "frames": list(command.frames),
            "nonce": challenge.nonce,
        }
    )
    key = case.sessions[stamp.actor.session or ""].key
    try:
        x, y = (int.from_bytes(unb64(key[axis])) for axis in "xy")
        numbers = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1())
        numbers.public_key().verify(unb64(command.signature), statement, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        raise FramesUnsigned("signature") from None
    return statement


async def _ask_authority(case: Case, fields: Mapping[str, str], ports: Ports) -> rules.DataFact | None:
    if ports.authority is None:
        return None
    if case.mode == "production" and ports.authority.basis == "sandbox":
        raise StandInRefused(ports.authority.name)
    answer = await ports.authority.check(fields["name"], fields["number"])
    return rules.DataFact(
        source=ports.authority.name, basis=ports.authority.basis, verdict=answer.verdict, reasons=answer.reasons
    )


async def _read_values(case: Case, party: Party, ports: Ports) -> dict[str, str]:
    named = {
        name: commitment
        for paper in case.identity_of(party).papers.values()
        for name, commitment in paper.fields.items()
    }
    return await _revealed(case, named, ports)


async def _confirmed(case: Case, party: Party, ports: Ports) -> dict[str, str]:
    return await _revealed(case, case.identity_of(party).confirmed, ports)


async def _revealed(case: Case, named: Mapping[str, str], ports: Ports) -> dict[str, str]:
    opened = await ports.vault.reveal(case.id, named.values())
    return {name: str(opened[commitment].value) for name, commitment in named.items() if commitment in opened}


async def _erasing(case: Case, party: Party, rule: Rule, stamp: Stamp, ports: Ports) -> Case:
    """Record, then destroy the frames whose erasure was sealed: asked of the very case the rule was asked of."""
    stored: tuple[Media, ...] = ()

    def asked(case: Case) -> Sequence[Body]:
        nonlocal stored
        stored = rules.stored_frames(case, party)
        return rule(case)

    after = await ports.ledger.record(case.id, asked, stamp)
    gone = [media for media in stored if media.commitment in after.erased]
    if gone:
        last = after.keeping.erasures[-1]
        if last.whole and last.retention == "biometric":
            await ports.vault.destroy_class(case.id, "biometric", last.seq)
        await ports.vault.destroy(case.id, gone)
    return after


def _checked(fields: Mapping[str, str], at: datetime) -> dict[str, str]:
    plain = {name: _plain(value) for name, value in fields.items()}
    unknown = tuple(sorted(plain.keys() - set(FIELDS)))
    if unknown:
        raise FieldsInvalid(fields=unknown)
    missing = tuple(name for name in FIELDS if not plain.get(name))
    if missing:
        raise FieldsIncomplete(fields=missing)
    wrong = mistakes(plain) or tuple(
        {"PAPER_EXPIRED": "valid_to", "PAPER_NOT_YET_VALID": "valid_from"}[code] for code in validity(plain, _day(at))
    )
    if wrong:
        raise FieldsInvalid(fields=wrong)
    return plain


def _plain(value: str) -> str:
    """One way to write it: NFC, no outer spaces, one middle dot in names of several parts (KYC-11)."""
    text = unicodedata.normalize("NFC", value).strip()
    return text.translate(dict.fromkeys(map(ord, "•・‧∙．"), "·"))


def _also(case: Case, reading: Reading, at: datetime) -> tuple[str, ...]:
    """What the dates and the mode say beyond the paper itself."""
    found = list(validity({name: field.value for name, field in reading.fields.items()}, _day(at)))
    number = parse(reading.fields["number"].value) if "number" in reading.fields else None
    if case.mode == "production" and number is not None and not number.assigned:
        found.append("NUMBER_UNASSIGNED")
    return tuple(found)


def _reading_scores(reading: Reading, reader: Reader) -> tuple[Score, ...]:
    if not reading.fields:
        return ()
    least = min(field.confidence for field in reading.fields.values())
    return (
        Score(
            name="text_confidence_least",
            value_e4=round(least * 10_000),
            threshold_e4=round(CONFIDENT * 10_000),
            model=reader.provenance(),
        ),
    )


def _day(at: datetime) -> date:
    return at.astimezone(HERE).date()
