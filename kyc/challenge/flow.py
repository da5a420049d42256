"""The face route: issue a challenge, keep its frames until the decision, judge them, destroy them."""

import asyncio
import hashlib
from datetime import date
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec.structs import replace

from evidence import decode
from evidence.case import Case
from evidence.case.identity import Challenge
from evidence.errors import Refused
from evidence.events import Party, Stamp, parse_instant
from evidence.events.identity import Score
from evidence.log import Claim
from evidence.ports import new_id
from evidence.vault import b64, unb64
from kyc import intake, liveness
from kyc.challenge import rules
from kyc.commands import CaptureFrame, DecideChallenge, IssueChallenge
from kyc.duties.flow import admit_face
from kyc.engine import Eyes, FaceEngine
from kyc.errors import FrameReplayed, FramesUnsigned
from kyc.face import Face
from kyc.flow import Ports, ask_authority, confirmed, day, erasing
from kyc.idcard import age_on
from kyc.liveness import attest, feed, light
from kyc.liveness.actions import steps
from kyc.papers.portrait import printed
from kyc.papers.rules import document_of
from kyc.signals import faces as same_face

ROLES = ("detection", "recognition", "passive", "pose", "eyes", "points68")


async def issue_challenge(
    case: Case,
    command: IssueChallenge,
    stamp: Stamp,
    ports: Ports,
) -> Case:
    """Random movements and colours, for this device and this card, for a minute."""
    party, _ = rules.admit_challenge(case, stamp)
    await admit_face(case, ports.ledger)
    birth = date.fromisoformat((await confirmed(case, party, ports))["birth"])
    age = age_on(birth, day(stamp.at))
    drawn = rules.Drawn(
        challenge=new_id("chl", ports.random),
        nonce=b64(ports.random(32)),
        actions=liveness.drawn(ports.random(8), ports.faces.movements()),
    )
    if command.colour:
        colours = list(light.drawn(ports.random(8)))
        hidden = await ports.vault.hide(case.id, "identity", {"liveness_colours": colours})
        drawn = replace(drawn, colours=hidden["liveness_colours"])
    return await erasing(case, party, lambda case: rules.issue_challenge(case, drawn, age, stamp), stamp, ports)


async def colours(case: Case, challenge: str, session: str, ports: Ports) -> tuple[str, ...]:
    """What the screen is to show, one a step, told to the device that was challenged; empty where nothing is."""
    return await _colours(case, rules.challenged(case, challenge, session), ports)


async def capture_frame(case: Case, command: CaptureFrame, data: bytes, stamp: Stamp, ports: Ports) -> Case:
    """Keep one frame until the decision. The same bytes are never accepted twice, in whatever case."""
    rules.admit_frame(case, command, stamp)
    kind = await ports.faces.work(intake.inspect, data)
    await ports.faces.look(data, keep=True)  # refused now if it cannot be seen; and the decision need not wait for it
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
    faces = ports.faces.pinned()  # one pack from the first frame to the seal, whatever is swapped meanwhile
    looks = await asyncio.gather(*(faces.look(frame) for frame in frames))
    bars = bars_of(faces)
    assurance, doubts = await attest.assurance(command.attestation, present.nonce, ports.attestors)
    shown = await _colours(case, present, ports)
    judgement = await ports.faces.work(
        liveness.judge, present.actions, looks, bars, shown, _sent(case, present, command, doubts)
    )
    match, match_reasons, match_score = await _match(case, party, judgement.face, bars, faces, ports)
    data = authority = None
    overall, fields = liveness.worst(judgement.verdict, match), await confirmed(case, party, ports)
    alone = True
    if overall in {"pass", "review"} and judgement.face is not None:
        model = faces.pack.manifest.tasks.recognition.sha256
        passed = overall == "pass"
        alone = await same_face.seen(case, party, fields, judgement.face.embedding, model, passed, ports.signals)
    if overall == "pass":
        data = await ask_authority(case, party, fields, ports)
        if not _why_not_asked(case, ports):
            authority = await ask_authority(case, party, fields, ports, face=frames[0])  # the frontal one
    hidden = await ports.vault.hide(case.id, "identity", {"liveness_statement": statement.decode()})
    judged = rules.JudgedFact(
        verdict=judgement.verdict,
        reasons=judgement.reasons,
        scores=judgement.scores,
        match=match,
        match_reasons=match_reasons,
        match_score=match_score,
        statement=hidden["liveness_statement"],
        parts=dict(judgement.parts),
        assurance=assurance,
        data=data,
        authority=authority,
        not_asked=_why_not_asked(case, ports) or "NOT_REACHED",
        routine=not alone,
    )
    return await erasing(case, party, lambda case: rules.decide(case, command, challenge, judged, stamp), stamp, ports)


def bars_of(faces: FaceEngine | Eyes) -> liveness.Bars:
    """The pack's thresholds, as the decision takes them."""
    tasks = faces.pack.manifest.tasks
    return liveness.Bars(
        match_accept=tasks.recognition.accept,
        match_review=tasks.recognition.review,
        match_far_e6=tasks.recognition.far_target_e6,
        live_accept=tasks.passive.accept,
        live_review=tasks.passive.review,
        models={role: faces.provenance(role) for role in ROLES if getattr(tasks, role) is not None},
    )


# --- parts ------------------------------------------------------------------------------------------------------------


async def _match(
    case: Case, party: Party, live: Face | None, bars: liveness.Bars, faces: FaceEngine, ports: Ports
) -> tuple[Any, tuple[str, ...], Score | None]:
    if live is None:
        return "not_run", (), None
    document = document_of(case, party)
    if document is None:
        return liveness.compare(live, None, bars)
    data = await ports.vault.get(case.id, case.identity_of(party).papers[document.portrait].media)
    return liveness.compare(live, await faces.work(lambda: printed(faces.see, intake.decode(data))), bars)


async def _colours(case: Case, challenge: Challenge, ports: Ports) -> tuple[str, ...]:
    if challenge.colours is None:
        return ()
    opened = await ports.vault.reveal(case.id, [challenge.colours])
    return tuple(opened[challenge.colours].value) if challenge.colours in opened else ()


def _sent(case: Case, challenge: Challenge, command: DecideChallenge, doubts: tuple[str, ...]) -> liveness.Sent:
    waited = parse_instant(challenge.last) - parse_instant(challenge.issued)
    return liveness.Sent(
        at=command.at,
        waited_ms=int(waited.total_seconds() * 1000),
        floor_ms=feed.floor_ms(len(steps(challenge.actions)), case.policy.dwell_percent),
        camera=command.camera,
        doubts=doubts,
    )


def _why_not_asked(case: Case, ports: Ports) -> str:
    """A face leaves this host only to a source that compares faces, and with a consent to just that (KYC-14)."""
    if ports.authority is None or "face" not in ports.authority.checks:
        return "NO_ADAPTER"
    return "" if case.consented("transfer") else "NO_TRANSFER_CONSENT"


def _signed_statement(
    case: Case, challenge: Challenge, command: DecideChallenge, frames: list[bytes], stamp: Stamp
) -> bytes:
    """The canonical bytes the device signed. FramesUnsigned when it named other frames or did not sign these bytes."""
    if tuple(hashlib.sha256(frame).hexdigest() for frame in frames) != command.frames:
        raise FramesUnsigned("other frames")
    said: dict[str, Any] = {
        "actions": list(challenge.actions),
        "at": list(command.at),
        "case": case.id,
        "challenge": challenge.id,
        "frames": list(command.frames),
        "nonce": challenge.nonce,
        "paper": challenge.paper,
        "camera": command.camera,
        "attestation": command.attestation,
    }
    statement = decode.encode({name: value for name, value in said.items() if value is not None})
    key = case.sessions[stamp.actor.session or ""].key
    try:
        x, y = (int.from_bytes(unb64(key[axis])) for axis in "xy")
        numbers = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1())
        numbers.public_key().verify(unb64(command.signature), statement, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        raise FramesUnsigned("signature") from None
    return statement
