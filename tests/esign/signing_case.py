"""A case ready to be signed, told by hand over real ledger, vault and test authority; and a customer with a key."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from esign import acts, flow
from esign.commands import GivenAct, GivenPlace, PrepareDocument, SignDocument, ViewDocument
from esign.ports import Figure, Ports, ProductFacts
from esign.signer import SigningAuthority
from esign.strokes import Strokes, commitment
from evidence import decode
from evidence import events as happened
from evidence.case import Case
from evidence.events import Actor, Body, Stamp, instant
from evidence.events.reading import ScreenClause, SeenClause
from evidence.ledger import Ledger
from evidence.policy import Policy, ProductRef, SignaturePlan, Step
from evidence.vault import Vault, b64
from tests.esign.ink import signature
from tests.evidence.fakes import CountedRandom, FixedClock, MemoryKeys, MemoryObjects, MemoryValues

AGENT = Actor(id="staff_wang", role="agent")
NAME, NUMBER, PHONE = "张䶮", "11010519900307123X", "13800138000"
TEXT = "0f" * 32
NEEDS = (
    "consent:recording",
    "quoted",
    "read:c2.5",
    "answered:q1",
    "disclosed:d1",
    "identity:proposer:K3",
    "code:sign:proposer",
)

FACTS = ProductFacts(
    provider={"zh-CN": "示例人寿", "en": "Demo Life"},
    inputs={"age": Figure(label={"zh-CN": "年龄", "en": "Age"}, value={"zh-CN": "36周岁", "en": "36 years"})},
    outputs={"premium": Figure(label={"zh-CN": "保险费", "en": "Premium"}, value={"zh-CN": "1,025.00元"})},
    clauses={"c2.5": {"zh-CN": "责任免除", "en": "What is not covered"}},
    disclosures={"d1": {"zh-CN": "退保会有损失", "en": "Surrender loses money"}},
    questions={"q1": {"zh-CN": "两年内退保会怎样？", "en": "What if you surrender within two years?"}},
)


def policy() -> Policy:
    return Policy(
        product=ProductRef(
            id="term_demo",
            version=1,
            kind="term_life",
            full="ab" * 32,
            names={"zh-CN": "安居定期寿险", "en": "Anju term life"},
        ),
        steps=(
            Step(name="read", yields=("read:c2.5",)),
            Step(name="sign", needs=NEEDS, yields=("signed:proposer:application",)),
        ),
        identity={"proposer": "K3"},
        signatures=(SignaturePlan(party="proposer", document="application"),),
    )


@dataclass
class Phone:
    """A browser with a key of its own."""

    case: str
    session: str = "ses_1"
    customer: str = "cus_zhang"
    party: Literal["proposer", "insured"] = "proposer"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def actor(self) -> Actor:
        return Actor(id=self.customer, role="customer", session=self.session)

    @property
    def jwk(self) -> dict[str, str]:
        numbers = self.key.public_key().public_numbers()
        x, y = (b64(value.to_bytes(32, "big")) for value in (numbers.x, numbers.y))
        return {"crv": "P-256", "kty": "EC", "x": x, "y": y}

    @property
    def thumbprint(self) -> str:
        return b64(hashlib.sha256(decode.encode(self.jwk)).digest())

    def act(
        self, shown: str, strokes: Strokes, nonce: bytes = b"n" * 16, lies: Mapping[str, str] | None = None
    ) -> GivenAct:
        """What the browser sends. `lies`: members of the signed message that are not as sent."""
        salt = hashlib.sha256(b"salt" + nonce).digest()
        told = {
            "case": self.case,
            "document": shown,
            "nonce": b64(nonce),
            "opinion": "agree",
            "strokes": commitment(salt, strokes),
        }
        der = self.key.sign(acts.message(**{**told, **(lies or {})}), ec.ECDSA(hashes.SHA256()))
        return GivenAct(nonce=b64(nonce), strokes_salt=b64(salt), signature=b64(der))


@dataclass
class Told:
    """One case and everything around it."""

    ledger: Ledger
    authority: SigningAuthority
    stream: str = "case_a"
    clock: FixedClock = field(default_factory=FixedClock)
    random: CountedRandom = field(default_factory=CountedRandom)
    vault: Vault = field(init=False)
    phone: Phone = field(init=False)

    def __post_init__(self) -> None:
        self.vault = Vault(MemoryObjects(), MemoryKeys(), MemoryValues(), b"m" * 32, self.random)
        self.phone = Phone(self.stream)

    @property
    def ports(self) -> Ports:
        return Ports(self.ledger, self.vault, self.clock, self.random, self.authority)

    async def case(self) -> Case:
        return await self.ledger.case(self.stream)

    def stamp(self, actor: Actor | None = None) -> Stamp:
        return Stamp(actor=actor or self.phone.actor, at=self.clock())

    async def happen(self, *bodies: Body, actor: Actor | None = None) -> Case:
        self.clock.forward(1)
        return await self.ledger.record(self.stream, lambda _: bodies, self.stamp(actor))

    async def hide(self, **values: Any) -> dict[str, str]:
        return await self.vault.hide(self.stream, "contract", values)

    # --- what a customer does ---------------------------------------------------------------------------------------

    async def prepare(self) -> Case:
        self.clock.forward(1)
        return await flow.prepare(
            await self.case(), PrepareDocument(kind="application"), FACTS, self.stamp(), self.ports
        )

    async def view(self, visible_ms: int = 5_000, *, end_seen: bool = True) -> Case:
        self.clock.forward(5)
        case = await self.case()
        command = ViewDocument(visible_ms=visible_ms, end_seen=end_seen)
        return await flow.view(case, command, newest(case), self.stamp(), self.ports)

    async def sign(self, command: SignDocument) -> Case:
        return await flow.sign(await self.case(), command, self.stamp(), self.ports)

    async def shown(self) -> Case:
        """Prepared and seen to its end: ready to be signed."""
        await self.prepare()
        return await self.view()

    async def agreeing(self, seed: int = 0, nonce: bytes = b"n" * 16, place: GivenPlace | None = None) -> SignDocument:
        case = await self.case()
        paper = case.signing.documents[newest(case)]
        strokes = signature(seed)
        return SignDocument(
            document=paper.id,
            shown_sha256=paper.sha256,
            opinion="agree",
            strokes=strokes,
            place=place,
            act=self.phone.act(paper.sha256, strokes, nonce),
        )

    # --- how the case came here --------------------------------------------------------------------------------------

    async def open(self, mode: Literal["sandbox", "production"] = "sandbox", age: str = "36") -> "Told":
        body = happened.CaseOpened(tenant="demo", mode=mode, policy=policy(), opener=AGENT.id)
        await self.ledger.open(self.stream, (body,), self.stamp(AGENT))
        hidden = await self.hide(phone=PHONE, name="张小姐")
        named = happened.PartyNamed(
            party="proposer", customer=self.phone.customer, phone=hidden["phone"], name=hidden["name"]
        )
        await self.happen(named, actor=AGENT)
        await self.enter(self.phone)
        await self.quote(age)
        await self.read()
        await self.identify()
        await self.code()
        return self

    async def enter(self, phone: Phone) -> None:
        until = instant(self.clock() + timedelta(hours=1))
        link = f"lnk_{phone.session}"
        hidden = await self.hide(ip="203.0.113.9", agent="MicroMessenger")
        sent = happened.LinkSent(link=link, party=phone.party, customer=phone.customer, channel="sms", expires=until)
        await self.happen(sent, actor=AGENT)
        await self.happen(
            happened.SessionOpened(
                session=phone.session,
                link=link,
                customer=phone.customer,
                party=phone.party,
                key=phone.jwk,
                thumbprint=phone.thumbprint,
                ip=hidden["ip"],
                agent=hidden["agent"],
                factors=("link:sms", "code:sms"),
                independent_factors=1,
                expires=until,
            )
        )

    async def quote(self, age: str) -> None:
        hidden = await self.hide(age=age, premium="1025.00", trace=[["premium", "1025.00"]])
        await self.happen(
            happened.QuoteShown(
                inputs={"age": hidden["age"]},
                outputs={"premium": hidden["premium"]},
                trace=hidden["trace"],
                satisfies=("quoted",),
            )
        )

    async def read(self) -> None:
        item = ScreenClause(clause="c2.5", level="plain", render_sha256=TEXT, floor_ms=8_000)
        seen = SeenClause(clause="c2.5", level="plain", visible_ms=9_000, claimed_ms=9_000, end_seen=True)
        await self.happen(
            happened.ConsentGiven(scope="recording", text_sha256=TEXT, satisfies=("consent:recording",)),
            happened.ScreenServed(screen="scr_1", locale="zh-CN", layout="elder", clauses=(item,)),
            happened.ClausesSeen(screen="scr_1", clauses=(seen,), satisfies=("read:c2.5",)),
            happened.QuestionAnswered(question="q1", picked="a", correct=False, attempt=1),
            happened.QuestionAnswered(question="q1", picked="b", correct=True, attempt=2, satisfies=("answered:q1",)),
            happened.DisclosureAcknowledged(
                disclosure="d1", method="tap", locale="zh-CN", text_sha256=TEXT, satisfies=("disclosed:d1",)
            ),
        )

    async def identify(self) -> None:
        fields = await self.hide(name=NAME, number=NUMBER, birth="1990-03-07", sex="女")
        await self.happen(
            happened.PaperConfirmed(party="proposer", fields=fields),
            happened.IdentityVerified(
                party="proposer",
                strength="K3",
                route="face",
                session=self.phone.session,
                satisfies=("identity:proposer:K3",),
            ),
        )

    async def code(self) -> None:
        until = instant(self.clock() + timedelta(minutes=10))
        await self.happen(
            happened.CodeSent(code="otp_1", purpose="sign", party="proposer", channel="sms", expires=until),
            happened.CodeVerified(code="otp_1", purpose="sign", party="proposer", satisfies=("code:sign:proposer",)),
        )


def newest(case: Case) -> str:
    return next(paper.id for paper in case.signing.documents.values() if not paper.withdrawn)
