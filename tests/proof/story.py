"""One small, complete, sealed case without a server: true events through the real ledger, vault, sealer and log."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from PIL import Image

from evidence import decode
from evidence import events as happened
from evidence.bundle import BundlePorts, Extras, build_bundle
from evidence.errors import HeadMoved
from evidence.events import Actor, Body, Stamp, instant
from evidence.events.identity import Provenance, ReadField, Score
from evidence.events.reading import ScreenClause, SeenClause
from evidence.events.signing import Act, Certificate, Page, Place
from evidence.ledger import Ledger
from evidence.policy import Policy, ProductRef, SignaturePlan, Step
from evidence.sealer import SealPorts, seal_new
from evidence.sequencer import Sequencer
from evidence.tsa import LocalTsa, open_tsa
from evidence.vault import Vault, b64
from evidence.verify.keys import DOCUMENT_CA, LOG, SEAL, TSA_LOCAL, log_vkey_file, seal_pem
from evidence.verify.seals import sm3
from tests.evidence.fakes import (
    CountedRandom,
    FixedClock,
    MemoryKeys,
    MemoryLog,
    MemoryObjects,
    MemoryValues,
)
from tests.proof.paper import Authority, authority, blank_pdf, sign_pdf

ORIGIN = "jianzheng.test/log"
KEYS = "key_operator"
AGENT = Actor(id="staff_wang", role="agent")
SYSTEM = Actor(id="sys_demo", role="system")
RESERVED = 8_192  # hex digits in the paper for its signature
PHONE, NAME = "13800138000", "李雷"

SOURCE = "第一条 保险责任\n".encode()
DEFINITION = decode.encode(
    {"id": "term_demo", "source": {"file": "source.txt", "sha256": hashlib.sha256(SOURCE).hexdigest()}, "version": 1}
)
MANIFEST = b'{"pack":"open-1","licence":"Apache-2.0"}\n'
NOTICE = decode.encode({"zh-CN": {"title": "操作记录告知"}, "en": {"title": "Recording notice"}})
SIGN_NEEDS = (
    "consent:recording",
    "quoted",
    "read:c2.5",
    "answered:q1",
    "disclosed:d_surrender",
    "suitable",
    "identity:proposer:K3",
    "code:sign:proposer",
)


class MemoryCheckpoint:
    """`evidence.sequencer.Checkpoints` in memory; `published` is what the public sees."""

    def __init__(self) -> None:
        self.row: bytes | None = None
        self.published: bytes | None = None

    async def load(self) -> bytes | None:
        return self.row

    async def swap(self, old: bytes | None, new: bytes) -> None:
        if self.row != old:
            raise HeadMoved("another sequencer moved the checkpoint")
        self.row = new

    async def publish(self, note: bytes) -> None:
        self.published = note


@dataclass
class World:
    """Everything around the cases: one log, one vault, one set of keys."""

    tsa: LocalTsa
    papers: Authority
    clock: FixedClock
    random: CountedRandom
    log: MemoryLog = field(default_factory=MemoryLog)
    objects: MemoryObjects = field(default_factory=MemoryObjects)
    tiles: MemoryObjects = field(default_factory=MemoryObjects)
    checkpoint: MemoryCheckpoint = field(default_factory=MemoryCheckpoint)
    seal_key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    log_key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.log)
        self.vault = Vault(self.objects, MemoryKeys(), MemoryValues(), b"m" * 32, self.random)
        self.sequencer = Sequencer(self.log, self.tiles, self.checkpoint, ORIGIN, self.log_key)
        self.seals = SealPorts(self.ledger, self.vault, self.objects, self.seal_key, self.clock, self.tsa)
        self.bundles = BundlePorts(self.ledger, self.vault, self.objects, self.sequencer, self.tsa)

    @property
    def keys(self) -> dict[str, bytes]:
        """What the operator publishes, under the names an auditor keeps."""
        return {
            LOG: log_vkey_file(self.sequencer.public),
            SEAL: seal_pem(self.seal_key.public_key()),
            DOCUMENT_CA: self.papers.pem,
            TSA_LOCAL: self.tsa.root.public_bytes(Encoding.PEM),
        }

    @property
    def extras(self) -> Extras:
        return Extras(
            keys=self.keys,
            context=(KEYS,),
            product={"definition.json": DEFINITION, "source.txt": SOURCE},
            models={"open-1": MANIFEST},
            texts=(NOTICE,),
        )

    async def adopt_keys(self) -> None:
        stamp = Stamp(actor=SYSTEM, at=self.clock())
        purposes: tuple[tuple[Literal["checkpoint", "seal"], Ed25519PrivateKey], ...] = (
            ("checkpoint", self.log_key),
            ("seal", self.seal_key),
        )
        for purpose, key in purposes:
            spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            body = happened.KeyAdopted(
                key=f"{purpose}-1", purpose=purpose, algorithm="ed25519", public=b64(spki), protection="file"
            )
            await self.ledger.note(KEYS, (body,), stamp)


def world(folder: Path) -> World:
    clock, random = FixedClock(), CountedRandom()
    return World(open_tsa(folder, b"m" * 32, clock, random), authority(), clock, random)


@dataclass
class Customer:
    """A person with a phone of their own: the key never leaves it."""

    case: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    session: str = "ses_1"

    @property
    def actor(self) -> Actor:
        return Actor(id="cus_li", role="customer", session=self.session)

    @property
    def jwk(self) -> dict[str, str]:
        numbers = self.key.public_key().public_numbers()
        x, y = (b64(value.to_bytes(32, "big")) for value in (numbers.x, numbers.y))
        return {"crv": "P-256", "kty": "EC", "x": x, "y": y}

    @property
    def thumbprint(self) -> str:
        return b64(hashlib.sha256(decode.encode(self.jwk)).digest())

    def act(self, shown: str, strokes: str, nonce: str) -> Act:
        message = {"case": self.case, "document": shown, "nonce": nonce, "opinion": "agree", "strokes": strokes}
        return Act(nonce=nonce, thumbprint=self.thumbprint, signature=self.sign(decode.encode(message)))

    def sign(self, data: bytes) -> str:
        return b64(self.key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))


class Teller:
    """Tells the story of one case, event by event, each a second after the one before."""

    def __init__(self, world: World, stream: str) -> None:
        self.world = world
        self.stream = stream
        self.customer = Customer(stream)

    async def happen(self, *bodies: Body, actor: Actor | None = None) -> None:
        for body in bodies:
            stamp = Stamp(actor=actor or self.customer.actor, at=self.world.clock.forward(1))
            if isinstance(body, happened.CaseOpened):
                await self.world.ledger.open(self.stream, (body,), stamp)
            else:
                await self.world.ledger.record(self.stream, lambda _, body=body: (body,), stamp)  # type: ignore[misc]

    async def hide(self, retention: Any, **values: Any) -> dict[str, str]:
        return await self.world.vault.hide(self.stream, retention, values)

    async def put(self, retention: Any, data: bytes, kind: str) -> happened.Media:
        return await self.world.vault.put(self.stream, retention, data, kind)

    async def opening(self) -> None:
        await self.happen(
            happened.CaseOpened(tenant="demo", mode="sandbox", policy=policy(), opener=AGENT.id, certificate="A-1"),
            actor=AGENT,
        )
        party = await self.hide("identity", phone=PHONE, name=NAME)
        until = instant(self.world.clock() + timedelta(hours=1))
        await self.happen(
            happened.PartyNamed(party="proposer", customer="cus_li", phone=party["phone"], name=party["name"]),
            happened.LinkSent(link="lnk_1", party="proposer", customer="cus_li", channel="sms", expires=until),
            actor=AGENT,
        )
        seen = await self.hide("location", ip="203.0.113.9", agent="MicroMessenger")
        await self.happen(
            happened.CodeSent(code="otp_1", purpose="enter", party="proposer", channel="sms", expires=until),
            happened.CodeVerified(code="otp_1", purpose="enter", party="proposer"),
            happened.SessionOpened(
                session=self.customer.session,
                link="lnk_1",
                customer="cus_li",
                party="proposer",
                key=self.customer.jwk,
                thumbprint=self.customer.thumbprint,
                ip=seen["ip"],
                agent=seen["agent"],
                factors=("link:sms", "code:sms"),
                independent_factors=1,
                expires=until,
            ),
        )

    async def reading(self) -> None:
        text = hashlib.sha256(NOTICE).hexdigest()
        inputs = await self.hide("contract", age=30, sum="100000")
        outputs = await self.hide("contract", premium={"value": "4210.00", "unit": "money"})
        trace = await self.hide("contract", trace=[["premium", "4210.00"]])
        clause = {"clause": "c2.5", "level": "plain"}
        await self.happen(
            happened.NoticeShown(scope="recording", locale="zh-CN", text_sha256=text),
            happened.ConsentGiven(scope="recording", text_sha256=text, satisfies=("consent:recording",)),
            happened.QuoteShown(inputs=inputs, outputs=outputs, trace=trace["trace"], satisfies=("quoted",)),
            happened.ScreenServed(
                screen="scr_1",
                locale="zh-CN",
                layout="elder",
                clauses=(ScreenClause(**clause, render_sha256=text, floor_ms=8000),),  # type: ignore[arg-type]
            ),
            happened.ClausesSeen(
                screen="scr_1",
                clauses=(SeenClause(**clause, visible_ms=9000, claimed_ms=9100, end_seen=True),),  # type: ignore[arg-type]
                satisfies=("read:c2.5",),
            ),
            happened.QuestionAnswered(question="q1", picked="no", correct=True, attempt=1, satisfies=("answered:q1",)),
            happened.DisclosureAcknowledged(
                disclosure="d_surrender",
                method="hold",
                locale="zh-CN",
                text_sha256=text,
                satisfies=("disclosed:d_surrender",),
            ),
        )
        facts = await self.hide("contract", income="200000")
        await self.happen(happened.SuitabilityAssessed(facts=facts, outcome="allow", satisfies=("suitable",)))

    async def identity(self) -> None:
        card = await self.put("identity", picture(self.world.random(3)), "image/jpeg")
        fields = await self.hide("identity", name=NAME, number="11010519900101123X")
        read = {name: ReadField(value=value, confidence_e4=9900) for name, value in fields.items()}
        face = picture(self.world.random(3))
        frame = await self.put("biometric", face, "image/jpeg")
        model = Provenance(
            pack="open-1",
            manifest=hashlib.sha256(MANIFEST).hexdigest(),
            role="match",
            sha256="ab" * 32,
            preprocessing="rgb112/1",
            runtime="onnxruntime 1.31",
        )
        until = instant(self.world.clock() + timedelta(minutes=1))
        nonce, actions = b64(self.world.random(32)), ("neutral", "turn_left")
        statement = decode.encode(
            {
                "actions": list(actions),
                "case": self.stream,
                "challenge": "chl_1",
                "frames": [hashlib.sha256(face).hexdigest()],
                "nonce": nonce,
            }
        )
        hidden = await self.hide("identity", statement=statement.decode())
        await self.happen(
            happened.RouteChosen(party="proposer", route="face"),
            happened.PaperCaptured(party="proposer", paper="cn_id_front", media=card, source="camera"),
            happened.PaperRead(party="proposer", paper="cn_id_front", verdict="pass", fields=read),
            happened.PaperConfirmed(party="proposer", fields=fields),
            happened.ChallengeIssued(
                challenge="chl_1",
                party="proposer",
                nonce=nonce,
                actions=actions,
                thumbprint=self.customer.thumbprint,
                expires=until,
            ),
            happened.FrameCaptured(challenge="chl_1", index=0, media=frame),
            happened.LivenessJudged(
                challenge="chl_1",
                party="proposer",
                attempt=1,
                verdict="pass",
                frames=(frame.commitment,),
                statement=hidden["statement"],
                signature=self.customer.sign(statement),
            ),
            happened.FacesCompared(
                party="proposer",
                pair="live_to_document",
                verdict="pass",
                score=Score(name="cosine", value_e4=6120, threshold_e4=4500, model=model),
            ),
            happened.IdentityVerified(
                party="proposer",
                strength="K3",
                route="face",
                session=self.customer.session,
                satisfies=("identity:proposer:K3",),
            ),
            happened.Erased(
                basis="KYC-13",
                retention="biometric",
                fields=(happened.ErasedField(name="frame 0", commitment=frame.commitment),),
            ),
        )
        await self.world.vault.destroy(self.stream, media=(frame,))

    async def signing(self) -> None:
        await self.sign(await self.paper())

    async def paper(self) -> bytes:
        """Prepared and shown to its end, ready to be signed."""
        pdf = blank_pdf(b64(self.world.random(32)))
        shown = hashlib.sha256(pdf).hexdigest()
        page = picture(b"\xfa\xfa\xfa", "PNG")
        until = instant(self.world.clock() + timedelta(minutes=10))
        await self.happen(
            happened.CodeSent(code="otp_2", purpose="sign", party="proposer", channel="sms", expires=until),
            happened.CodeVerified(code="otp_2", purpose="sign", party="proposer", satisfies=("code:sign:proposer",)),
            happened.DocumentPrepared(
                document="doc_1",
                kind="application",
                party="proposer",
                template="application/1",
                template_sha256="cd" * 32,
                sha256=shown,
                sm3=sm3(pdf),
                media=await self.put("contract", pdf, "application/pdf"),
                pages=(
                    Page(
                        sha256=hashlib.sha256(page).hexdigest(),
                        media=await self.put("contract", page, "image/png"),
                        width=200,
                        height=100,
                    ),
                ),
            ),
            happened.DocumentShown(document="doc_1", sha256=shown, visible_ms=12_345, end_seen=True),
        )
        return pdf

    async def sign(self, pdf: bytes) -> None:
        shown = hashlib.sha256(pdf).hexdigest()
        strokes = await self.put("biometric", decode.encode({"strokes": [[1, 2, 3]]}), "application/json")
        comment = await self.hide("contract", comment="我已看懂 <b>&</b>")
        place = await self.hide("location", fix={"lat_e7": 399_000_000, "lon_e7": 1_164_000_000})
        act = self.customer.act(shown, strokes.commitment, b64(self.world.random(16)))
        verified = (await self.world.ledger.case(self.stream)).identity_of("proposer").verified
        assert verified is not None
        about = {
            "act": act.signature,
            "at": instant(self.world.clock() + timedelta(seconds=1)),
            "case": self.stream,
            "document": shown,
            "identity": f"{verified.strength} {verified.route} {verified.at}",
            "place": place["fix"],
            "strokes": strokes.commitment,
        }
        signed = await sign_pdf(pdf, self.world.papers, self.world.tsa, about, self.world.clock(), RESERVED)
        await self.happen(
            happened.DocumentSigned(
                document="doc_1",
                kind="application",
                party="proposer",
                opinion="agree",
                comment=comment["comment"],
                shown_sha256=shown,
                signed_sha256=hashlib.sha256(signed).hexdigest(),
                signed_sm3=sm3(signed),
                signed=await self.put("contract", signed, "application/pdf"),
                strokes=strokes,
                strokes_image=await self.put("biometric", picture(b"\0\0\0", "PNG"), "image/png"),
                act=act,
                place=Place(state="consented", fix=place["fix"]),
                certificate=Certificate(
                    serial="2",
                    sha256=self.world.papers.sha256,
                    issuer="Test CA (not production)",
                    not_before="2026-01-01T00:00:00.000Z",
                    not_after="2046-01-01T00:00:00.000Z",
                    production=False,
                ),
                level="B-T",
                time_source="local",
                satisfies=("signed:proposer:application",),
            )
        )

    async def export(self) -> None:
        await self.happen(happened.ExportRequested(export="exp_1", reason="dispute"))
        await seal_new(self.stream, self.world.seals)

    async def whole(self) -> None:
        await self.opening()
        await self.reading()
        await self.identity()
        await seal_new(self.stream, self.world.seals)
        await self.signing()
        await self.export()


def policy() -> Policy:
    return Policy(
        product=ProductRef(
            id="term_demo",
            version=1,
            kind="insurance.term",
            full=hashlib.sha256(DEFINITION).hexdigest(),
            names={"zh-CN": "定期寿险", "en": "Term life"},
        ),
        steps=(
            Step(name="read", yields=("read:c2.5",)),
            Step(name="sign", needs=SIGN_NEEDS, yields=("signed:proposer:application",)),
        ),
        identity={"proposer": "K3"},
        signatures=(SignaturePlan(party="proposer", document="application"),),
    )


def picture(colour: bytes, kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (20, 10), tuple(colour)).save(out, kind)
    return out.getvalue()


def stream_of(world: World) -> str:
    return f"case_{b64(world.random(10)).lower().replace('-', 'a').replace('_', 'b')}"


@dataclass(frozen=True)
class Told:
    """A finished story: the bundle and everything that made it."""

    world: World
    teller: Teller
    bundle: bytes

    @property
    def keys(self) -> Mapping[str, bytes]:
        return self.world.keys

    @property
    def stream(self) -> str:
        return self.teller.stream


async def tell(world: World, stream: str | None = None) -> Told:
    teller = Teller(world, stream or stream_of(world))
    await teller.whole()
    built = await build_bundle(teller.stream, world.bundles, world.extras)
    assert built.report.first_bad is None
    return Told(world, teller, built.data)
