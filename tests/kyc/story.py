"""Drives the real flows of this room as a customer's phone would, over an in-memory store."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from bench import specimen
from evidence import decode
from evidence.case import Case
from evidence.events import (
    Actor,
    Body,
    CaseOpened,
    CodeSent,
    LinkSent,
    Mode,
    PaperCaptured,
    PaperRead,
    PartyNamed,
    SessionOpened,
    Stamp,
    instant,
)
from evidence.events.identity import PaperKind, ReadField, Score
from evidence.ledger import Rule
from evidence.policy import Policy, ProductRef, SignaturePlan, Step
from evidence.vault import Vault, b64
from kyc import document, flow, notices
from kyc.authority import Authority
from kyc.authority.sandbox import SandboxAuthority
from kyc.challenge import flow as live
from kyc.challenge import rules as challenges
from kyc.commands import (
    CaptureFrame,
    CapturePaper,
    ChooseRoute,
    ConfirmFields,
    DecideChallenge,
    DecideConsent,
    IssueChallenge,
    ReviewIdentity,
    Scope,
    ShowNotice,
)
from kyc.engine import FaceEngine
from kyc.ocr import Reader
from kyc.papers import flow as papers
from kyc.screening import flow as screening
from kyc.signals import flow as signals
from kyc.signals.gallery import Gallery
from kyc.signals.seen import Seen
from tests.evidence.fakes import CountedRandom, FixedClock, MemoryKeys, MemoryObjects, MemoryValues, StoryLedger

B = TypeVar("B", bound=Body)
PACE_S = 1.5
COMMITMENT = "A" * 43
AGENT = Actor(id="staff_agent", role="agent")
REVIEWER = Actor(id="staff_reviewer", role="reviewer")


def policy(papers: Sequence[str] = ()) -> Policy:
    product = ProductRef(id="demo", version=1, kind="term_life", full="ab" * 32, names={"zh-CN": "示例", "en": "Demo"})
    return Policy(
        product=product,
        steps=(
            Step(name="identity", needs=("consent:privacy",), yields=("identity:proposer:K3",)),
            Step(name="sign", needs=("identity:proposer:K3",), yields=("signed:proposer:application",)),
        ),
        identity={"proposer": "K3"},
        papers={"proposer": tuple(papers)} if papers else {},
        signatures=(SignaturePlan(party="proposer", document="application"),),
    )


class Device:
    """A phone: a key that signs, and the session it opened."""

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.session = f"ses_{name}"
        self.thumbprint = f"thumbprint-of-{name}"

    @property
    def jwk(self) -> dict[str, str]:
        numbers = self.key.public_key().public_numbers()
        return {
            "kty": "EC",
            "crv": "P-256",
            "x": b64(numbers.x.to_bytes(32)),
            "y": b64(numbers.y.to_bytes(32)),
        }

    def sign(self, statement: dict[str, Any]) -> str:
        return b64(self.key.sign(decode.encode(statement), ec.ECDSA(SHA256())))


class Story:
    """One store, any number of cases; each method is one request."""

    def __init__(
        self, ledger: StoryLedger, clock: FixedClock, random: CountedRandom, faces: FaceEngine, reader: Reader
    ) -> None:
        self.clock = clock
        self.objects, self.keys, self.values = MemoryObjects(), MemoryKeys(), MemoryValues()
        vault = Vault(self.objects, self.keys, self.values, b"m" * 32, random)
        made_up = screening.Lists(None)
        made_up.refresh()
        self.ports = flow.Ports(
            ledger=ledger,
            vault=vault,
            now=clock,
            random=random,
            faces=faces,
            reader=reader,
            screening=screening.Ports(ledger=ledger, vault=vault, now=clock, lists=made_up),
            signals=signals.Ports(
                ledger=ledger, vault=vault, now=clock, book=signals.RuleBook(), seen=Seen(), gallery=Gallery(vault)
            ),
            authority=SandboxAuthority(),
        )
        self.phone = Device("phone")
        self.other_phone = Device("other")
        self._cases = 0
        self.face_search = False  # of the cases opened from now on

    def ask(self, authority: Authority | None) -> None:
        receiver = authority.title if authority is not None else None
        self.ports = replace(self.ports, authority=authority, processor=notices.DEMO._replace(receiver=receiver))

    # --- getting there -----------------------------------------------------------------------------------------------

    async def open(self, mode: Mode = "sandbox", papers: Sequence[str] = ()) -> Case:
        """A case whose customer is in, on `phone` and on `other_phone`."""
        self._cases += 1
        stream = f"case_{self._cases}"
        later = instant(self.clock.at.replace(year=2030))
        bodies = [
            CaseOpened(
                tenant="demo",
                mode=mode,
                input_origin="live",
                policy=msgspec.structs.replace(policy(papers), face_search=self.face_search),
                opener=AGENT.id,
            ),
            PartyNamed(party="proposer", customer="cus_1", phone=COMMITMENT),
        ]
        for device in (self.phone, self.other_phone):
            link = f"lnk_{device.session}"
            bodies += [
                LinkSent(link=link, party="proposer", customer="cus_1", channel="sms", expires=later),
                CodeSent(code="otp_1", purpose="enter", party="proposer", channel="sms", expires=later, link=link),
                SessionOpened(
                    session=device.session,
                    link=link,
                    customer="cus_1",
                    party="proposer",
                    key=device.jwk,
                    thumbprint=device.thumbprint,
                    ip=COMMITMENT,
                    agent=COMMITMENT,
                    factors=("link:sms", "code:sms"),
                    independent_factors=1,
                    expires=later,
                ),
            ]
        return await self.ports.ledger.open(stream, bodies, Stamp(actor=AGENT, at=self.clock.at))

    def stamp(self, device: Device | None = None, actor: Actor | None = None) -> Stamp:
        customer = Actor(id="cus_1", role="customer", session=(device or self.phone).session)
        return Stamp(actor=actor or customer, at=self.clock.at)

    async def consent(self, case: Case, *scopes: Scope) -> Case:
        for scope in scopes:
            sha256 = notices.text_sha256(scope, self.ports.processor)
            shown = ShowNotice(scope=scope, locale="zh-CN", text_sha256=sha256)
            case = await flow.show_notice(case, shown, self.stamp(), self.ports)
            given = DecideConsent(scope=scope, decision="given", text_sha256=sha256)
            case = await flow.decide_consent(case, given, self.stamp(), self.ports)
        return case

    async def withdraw(self, case: Case, scope: Scope) -> Case:
        command = DecideConsent(scope=scope, decision="withdrawn", text_sha256=notices.text_sha256(scope))
        return await flow.decide_consent(case, command, self.stamp(), self.ports)

    async def route(self, case: Case, route: str) -> Case:
        command = msgspec.convert({"party": "proposer", "route": route}, ChooseRoute)
        return await flow.choose_route(case, command, self.stamp(), self.ports)

    # --- papers ------------------------------------------------------------------------------------------------------

    async def paper(self, case: Case, paper: PaperKind, picture: bytes) -> Case:
        return await papers.capture_paper(
            case, CapturePaper(paper=paper, source="camera"), picture, self.stamp(), self.ports
        )

    async def read_before(
        self, case: Case, person: specimen.Person = specimen.DEFAULT, front: bytes | None = None
    ) -> Case:
        """Both papers as if they had been read a moment ago: what the reader answers is tested elsewhere."""
        sides: tuple[tuple[PaperKind, bytes, Sequence[str]], ...] = (
            ("cn_id_front", front or specimen.front(person), document.FRONT_FIELDS),
            ("cn_id_back", b"back", document.BACK_FIELDS),
        )
        for paper, picture, names in sides:
            media = await self.ports.vault.put(case.id, "identity", picture, "image/jpeg")
            hidden = await self.ports.vault.hide(case.id, "identity", {name: person.fields[name] for name in names})
            fields = {name: ReadField(value=value, confidence_e4=9900) for name, value in hidden.items()}
            bodies = (
                PaperCaptured(party="proposer", paper=paper, media=media, source="camera"),
                PaperRead(party="proposer", paper=paper, verdict="pass", fields=fields),
            )
            case = await self.ports.ledger.record(case.id, _rule(bodies), self.stamp())
        return case

    async def confirm(self, case: Case, person: specimen.Person = specimen.DEFAULT, **other: str) -> Case:
        command = ConfirmFields(fields={**person.fields, **other})
        return await papers.confirm(case, command, self.stamp(), self.ports)

    async def before_the_camera(self, person: specimen.Person = specimen.DEFAULT, front: bytes | None = None) -> Case:
        """Consents given, face route chosen, fields confirmed."""
        case = await self.consent(await self.open(), "privacy", "face")
        case = await self.read_before(case, person, front)
        return await self.confirm(await self.route(case, "face"), person)

    # --- the capture -------------------------------------------------------------------------------------------------

    async def challenge(self, case: Case, colour: bool = True) -> Case:
        return await live.issue_challenge(case, IssueChallenge(colour=colour), self.stamp(), self.ports)

    async def colours(self, case: Case) -> tuple[str, ...]:
        return await live.colours(case, present(case).id, self.phone.session, self.ports)

    async def frames(self, case: Case, seed: int, **options: Any) -> list[bytes]:
        """What a specimen would show of the present challenge, in its light."""
        return specimen.frames(present(case).actions, seed, colours=await self.colours(case), **options)

    async def frame(
        self, case: Case, index: int, jpeg: bytes, device: Device | None = None, challenge: str | None = None
    ) -> Case:
        command = CaptureFrame(challenge=challenge or present(case).id, index=index)
        return await live.capture_frame(case, command, jpeg, self.stamp(device), self.ports)

    async def capture(self, case: Case, frames: Sequence[bytes]) -> Case:
        for index, jpeg in enumerate(frames):
            self.clock.forward(PACE_S)
            case = await self.frame(case, index, jpeg)
        return case

    async def decide(self, case: Case, frames: Sequence[bytes], signer: Device | None = None) -> Case:
        command = self.signed(case, frames, signer or self.phone)
        return await live.decide(case, command, present(case).id, self.stamp(), self.ports)

    def signed(self, case: Case, frames: Sequence[bytes], signer: Device, **other: Any) -> DecideChallenge:
        named = tuple(hashlib.sha256(frame).hexdigest() for frame in frames)
        challenge = present(case)
        at = taken(len(frames))
        statement = {
            "actions": list(challenge.actions),
            "at": list(at),
            "case": case.id,
            "challenge": challenge.id,
            "frames": list(named),
            "nonce": challenge.nonce,
            "paper": challenge.paper,
            **other,
        }
        return DecideChallenge(frames=named, at=at, signature=signer.sign(statement))

    async def attempt(self, case: Case, seed: int, **kind: Any) -> Case:
        """A whole capture of specimen frames, and the decision."""
        case = await self.challenge(case)
        frames = await self.frames(case, seed)
        if kind.get("printed"):
            frames = [specimen.printed(frame) for frame in frames]
        if kind.get("still"):
            frames = specimen.frames(["neutral"] * len(frames), seed)
        return await self.decide(await self.capture(case, frames), frames)

    async def passed(self, case: Case) -> Case:
        """A capture as if the models had passed it: what they say is tested elsewhere; whom it asks is real."""
        case = await self.challenge(case)
        challenge = present(case)
        for index in range(len(challenge.actions)):
            media = await self.ports.vault.put(case.id, "biometric", bytes([index]), "image/jpeg")
            command = CaptureFrame(challenge=challenge.id, index=index)
            captured = challenges.capture_frame(case, command, media, self.stamp())
            case = await self.ports.ledger.record(case.id, _rule(captured), self.stamp())
        fields = await flow.confirmed(case, "proposer", self.ports)
        data = await flow.ask_authority(case, "proposer", fields, self.ports)
        judged = challenges.JudgedFact(
            verdict="pass",
            reasons=(),
            scores=(),
            match="pass",
            match_reasons=(),
            match_score=Score(name="similarity", value_e4=9_000),
            statement=COMMITMENT,
            parts={},
            data=data,
            authority=None,
        )
        count = len(challenge.actions)
        decided = DecideChallenge(frames=("00" * 32,) * count, at=taken(count), signature="A" * 80)
        return await self.ports.ledger.record(
            case.id, lambda case: challenges.decide(case, decided, challenge.id, judged, self.stamp()), self.stamp()
        )

    async def review(self, case: Case, decision: str, reason: str, actor: Actor = REVIEWER) -> Case:
        command = msgspec.convert({"party": "proposer", "decision": decision, "reason": reason}, ReviewIdentity)
        return await flow.review(case, command, self.stamp(actor=actor), self.ports)

    def stored(self, kind: str = "") -> list[str]:
        return [key for key in self.objects.blobs if kind in key]


def taken(count: int) -> tuple[int, ...]:
    """When a person's pictures were taken, by the phone's clock: about as fast as `Story.capture` sends them."""
    return tuple(round((number + 1) * PACE_S * 1000) + number % 3 * 17 for number in range(count))


async def bodies(story: Story, case: Case, kind: type[B]) -> list[B]:
    return [event.body for event in await story.ports.ledger.events(case.id) if isinstance(event.body, kind)]


def present(case: Case) -> Any:
    challenge = case.identity_of("proposer").challenge
    assert challenge is not None
    return challenge


def _rule(bodies: Sequence[Body]) -> Rule:
    return lambda _: bodies
