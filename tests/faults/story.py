"""A whole case over storage that fails at every call: opened, read, signed, sealed, witnessed by its tree, bundled.

The flows, the desk and the followers' work are real; below every port, each call fails once before it did anything and
once after it did everything. The client does what clients do: it sends the same request again under the same key.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, TypeVar, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from litestar.stores.memory import MemoryStore

from api.desk import Desk
from api.facts import product_facts
from bench.walk import ANSWERS
from esign import flow as esign
from esign.commands import PrepareDocument, SignDocument, ViewDocument
from esign.ports import Ports as EsignPorts
from evidence import decode, sealer
from evidence.bundle import Built, BundlePorts, Extras, build_bundle
from evidence.case import Case
from evidence.errors import HeadMoved, Unavailable
from evidence.events import (
    Actor,
    ExportRequested,
    Frozen,
    IdentityVerified,
    KeyAdopted,
    PaperConfirmed,
    Stamp,
    instant,
)
from evidence.ledger import Ledger
from evidence.outbound import NoAnswerError
from evidence.sequencer import Sequencer
from evidence.vault import Vault, b64
from evidence.verify.keys import DOCUMENT_CA, LOG, SEAL, TSA_LOCAL, WITNESSES, log_vkey_file, seal_pem
from evidence.witness.book import Book
from evidence.witness.policy import Policy
from evidence.witness.protocol import Answer as WitnessAnswer
from evidence.witnessing import Witnessing
from kyc import flow as kyc
from kyc import notices
from kyc.access import flow as access
from kyc.access.commands import CheckCode, Newcomer, OpenSession, SendCode, SendLink
from kyc.commands import DecideConsent, ShowNotice
from products import flow as products
from products.commands import (
    Acknowledge,
    Answer,
    AssessSuitability,
    OpenCase,
    ReportReading,
    ServeScreen,
    SetQuote,
    VisibleClause,
    WantedClause,
)
from products.opening import product_stream
from tests.esign.ink import signature
from tests.esign.signing_case import Phone
from tests.evidence.fakes import (
    CountedRandom,
    Faults,
)
from tests.faults.stores import Fixed, Messages, Stores

T = TypeVar("T")
AGENT = Actor(id="staff_agent", role="agent")
PRODUCT = "anju_term_life"
INPUTS: dict[str, int | str] = {"age": 36, "sex": "female", "sum": "500000", "term": 20, "pay_years": 10}
SCOPES = ("recording", "privacy", "location")
TRIES = 400
KEYS = "key_service"
ORIGIN = "jianzheng.test/log"


@dataclass
class Told:
    """One telling of the story, and everything around it."""

    fixed: Fixed
    faults: Faults
    stores: Stores
    case_id: str = ""
    commands: int = 0
    tries: int = 0
    alarms: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        on, chance = self.faults.on, CountedRandom()
        self.clock = self.fixed.clock
        self.log = self.stores.log
        objects, self.messages = on(self.stores.objects), Messages()
        self.ledger = Ledger(on(self.log))
        self.vault = Vault(objects, on(self.stores.keys), on(self.stores.values), b"m" * 32, chance)
        self.log_key, self.seal_key = (Ed25519PrivateKey.from_private_bytes(c * 32) for c in (b"l", b"s"))
        signed = on(self.stores.signed)
        self.sequencer = Sequencer(on(self.log), on(self.stores.tiles), signed, ORIGIN, self.log_key)
        self.book = Book(self.stores.folder / "witness", [self.sequencer.public], self._seconds, "witness.test/w")
        vkey = self.book.public.vkey
        self.policy = Policy.parse(f"witness w {vkey} http://w\nquorum w\n".encode())
        self.witnessing = Witnessing(
            self.policy,
            self.sequencer,
            signed,
            on(self.stores.cosigned),
            self.clock,
            lambda name, what: self.alarms.append(f"{name}: {what}"),
            every_s=0.0,
            pauses_s=(0.0, 0.0),
            ask=self._ask,
        )
        shared: dict[str, Any] = {"ledger": self.ledger, "vault": self.vault, "now": self.clock, "random": chance}
        self.products = products.Ports(catalogue=self.fixed.catalogue, dwell_percent=2, **shared)
        self.access = access.Ports(sender=self.messages, public_url="", **shared)
        # No face and no paper is looked at in this story, so the models behind these ports stay away.
        self.kyc: Any = SimpleNamespace(processor=notices.DEMO, **shared)
        self.esign = EsignPorts(authority=self.fixed.authority, **shared)
        self.seals = sealer.SealPorts(self.ledger, self.vault, objects, self.seal_key, self.clock, self.fixed.tsa)
        self.bundles = BundlePorts(
            self.ledger, self.vault, objects, self.sequencer, self.fixed.tsa, self.witnessing, anchored=True
        )
        self.desk = Desk(self.ledger, self.vault, MemoryStore(), self.clock, alone=True)
        self.phone = Phone("", session="")

    def _seconds(self) -> int:
        return int(self.clock().timestamp())

    def _ask(self, url: str, body: bytes) -> WitnessAnswer:
        """The witness of another house: it may be away, or have recorded what we asked and never told us."""
        when = self.faults.when("Witness", "ask")
        if when == "before":
            raise NoAnswerError("away")
        answer = self.book.submit(body)
        if when == "after":
            raise NoAnswerError("the answer is gone")
        return answer

    # --- a client that does not give up ------------------------------------------------------------------------------

    async def until_answered(self, label: str, work: Callable[[], Awaitable[T]]) -> T:
        self.commands += 1
        for _ in range(TRIES):
            self.tries += 1
            self.faults.begin(label)
            try:
                return await work()
            except (Unavailable, HeadMoved):
                self.clock.forward(0.1)
        raise AssertionError(f"{label} was never answered")

    async def act(
        self,
        command: Frozen,
        flow: Callable[[Case, Stamp], Awaitable[Case]],
        actor: Actor | None = None,
        label: str = "",
    ) -> Case:
        """One request through the desk, under one idempotency key."""
        key = f"key-{self.commands}"

        async def once() -> Case:
            case = self.ledger.remembered(self.case_id) or await self.ledger.case(self.case_id)
            return await self.desk.run(actor or self.phone.actor, case, key, command, flow)

        return await self.until_answered(label or f"{key} {type(command).__name__}", once)

    async def flow(self, verb: Callable[[Case, Any, Stamp, Any], Awaitable[Case]], command: Frozen, ports: Any) -> Case:
        return await self.act(command, lambda case, stamp: verb(case, command, stamp, ports))

    async def look(self, what: Callable[[], Awaitable[T]]) -> T:
        return await self.until_answered(f"look-{self.commands}", what)

    # --- the story ---------------------------------------------------------------------------------------------------

    async def whole(self) -> Built:
        await self.enter()
        await self.understand()
        await self.identify()
        await self.sign()
        return await self.bundle()

    async def prepare(self) -> None:
        """Before the story: what the service does at its start."""
        system = Actor(id="sys_service", role="system")
        bodies = [
            KeyAdopted(
                key=f"{purpose}-1",
                purpose=cast(Any, purpose),
                algorithm=algorithm,
                public=b64(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)),
                protection="file",
            )
            for purpose, algorithm, public in (
                ("checkpoint", "ed25519", self.log_key.public_key()),
                ("seal", "ed25519", self.seal_key.public_key()),
                ("document_ca", "ecdsa-p256", self.fixed.authority.root_key),
                ("tsa", "ecdsa-p256", self.fixed.tsa.root.public_key()),
            )
        ]
        # Nobody asks twice for these two: they are told once, in peace.
        stamp = Stamp(actor=system, at=self.clock())
        quiet = Ledger(self.log)
        await quiet.note(KEYS, bodies, stamp)
        compiled = self.fixed.catalogue.get(PRODUCT)
        await products.publish(compiled, stamp, replace(self.products, ledger=quiet))

    async def enter(self) -> None:
        opener = products.Opener(
            staff=AGENT.id,
            tenant="demo",
            certificate="00000244010000002026000001",
            certificate_until="2027-01-01T00:00:00.000Z",
            grade=5,
            create_key="create-1",
        )
        command = OpenCase(product=PRODUCT, phone="13800005678", name="张䶮", external_id="P-1")

        async def opened() -> Case:
            stamp = Stamp(actor=AGENT, at=self.clock())
            return await products.open_case(command, stamp, opener, "sandbox", self.products)

        self.case_id = (await self.until_answered("open", opened)).id
        link = SendLink()
        await self.said(link, lambda case, stamp: access.send_link(case, "proposer", stamp, self.access), AGENT)
        token = access.LinkToken.parse(self.messages.texts[-1].partition("/c/#")[2])
        self.phone = Phone(self.case_id, session="")
        newcomer = Newcomer(key=self.phone.jwk, thumbprint=self.phone.thumbprint, ip="203.0.113.9", agent="test")
        holder = access.link_holder(await self.look(lambda: self.ledger.case(self.case_id)), token)
        ask = SendCode(purpose="sign")  # any body: the route's is the token
        await self.said(ask, lambda case, stamp: access.request_code(case, token, newcomer, stamp, self.access), holder)
        opening = OpenSession(token=str(token), code=self.digits())
        case = await self.act(
            opening, lambda case, stamp: access.open_session(case, opening, newcomer, stamp, self.access), holder
        )
        session, _ = access.newest_session(case, token, newcomer)
        self.phone = Phone(self.case_id, session=session, customer=holder.id, key=self.phone.key)
        for scope in SCOPES:
            text = notices.text_sha256(cast(Any, scope), notices.DEMO)
            shown = ShowNotice(scope=cast(Any, scope), locale="zh-CN", text_sha256=text)
            await self.flow(kyc.show_notice, shown, self.kyc)
            given = DecideConsent(scope=cast(Any, scope), decision="given", text_sha256=text)
            await self.flow(kyc.decide_consent, given, self.kyc)

    async def said(
        self, command: Frozen, flow: Callable[[Case, Stamp], Awaitable[Case]], actor: Actor | None = None
    ) -> None:
        """A request whose answer is a message: when none came, a person asks once more, and that is another request."""
        before, label = len(self.messages.texts), f"message-{self.commands}"
        while len(self.messages.texts) == before:
            await self.act(command, flow, actor, label)
            self.clock.forward(61)

    def digits(self) -> str:
        return self.messages.texts[-1].partition("验证码 ")[2][:6]

    async def understand(self) -> None:
        quote = SetQuote(inputs=INPUTS)
        await self.flow(products.set_quote, quote, self.products)
        outline = await self.look(self._outline)
        for clause in outline["clauses"]:
            if clause["must_read"]:
                await self.read(clause["id"])
        outputs = (await self.look(self._quote))["outputs"]
        right = {**ANSWERS, "q_surrender": outputs["back"]["value"]}
        for question in outline["questions"]:
            pick = Answer(question=question["id"], picked=right[question["id"]])
            await self.flow(products.answer, pick, self.products)
        facts = AssessSuitability(facts={"income": "300000", "job": "office"})
        await self.flow(products.assess_suitability, facts, self.products)
        for item in (await self.look(self._outline))["disclosures"]:
            typed = item["text"] if item["acknowledge"] == "transcribe" else None
            told = Acknowledge(disclosure=item["id"], locale="zh-CN", text_sha256=item["text_sha256"], typed=typed)
            await self.flow(products.acknowledge, told, self.products)

    async def read(self, clause: str) -> None:
        serve = ServeScreen(clauses=(WantedClause(clause=clause, level="plain"),), locale="zh-CN", layout="standard")
        case = await self.flow(products.serve_screen, serve, self.products)
        screen = next(reversed(case.reading.screens))
        floor = case.reading.screens[screen].clauses[f"{clause}/plain"].floor_ms
        self.clock.forward(floor / 1000 + 1)
        seen = VisibleClause(clause=clause, level="plain", visible_ms=floor, end_seen=True)
        report = ReportReading(screen=screen, clauses=(seen,), client_at=instant(self.clock()))
        await self.flow(products.report_reading, report, self.products)

    async def _outline(self) -> dict[str, Any]:
        return await products.outline(await self.ledger.case(self.case_id), "zh-CN", self.products)

    async def _quote(self) -> dict[str, Any]:
        return await products.quote(await self.ledger.case(self.case_id), self.products)

    async def identify(self) -> None:
        """What papers and face end in; the models themselves keep nothing."""

        async def identified(case: Case, stamp: Stamp) -> Case:
            values = {"name": "张䶮", "number": "11010519900307123X", "birth": "1990-03-07", "sex": "女"}
            bodies = (
                PaperConfirmed(party="proposer", fields=await self.vault.hide(case.id, "identity", values)),
                IdentityVerified(
                    party="proposer",
                    strength="K3",
                    route="assisted",
                    session=self.phone.session,
                    satisfies=("identity:proposer:K3",),
                ),
            )
            return await self.ledger.record(case.id, lambda _: bodies, stamp)

        await self.act(SendLink(), identified)

    async def sign(self) -> None:
        async def prepared(case: Case, stamp: Stamp) -> Case:
            facts = await product_facts(case, self.products)
            return await esign.prepare(case, PrepareDocument(kind="application"), facts, stamp, self.esign)

        case = await self.act(PrepareDocument(kind="application"), prepared)
        paper = next(item for item in case.signing.documents.values() if not item.withdrawn)
        self.clock.forward(10)
        view = ViewDocument(visible_ms=9_000, end_seen=True)
        await self.act(view, lambda case, stamp: esign.view(case, view, paper.id, stamp, self.esign))
        ask = SendCode(purpose="sign")
        await self.said(ask, lambda case, stamp: access.send_code(case, ask, stamp, self.access))
        check = CheckCode(purpose="sign", code=self.digits())
        await self.flow(access.check_code, check, self.access)
        strokes = signature(1)
        act = self.phone.act(paper.sha256, strokes)
        signing = SignDocument(
            document=paper.id, shown_sha256=paper.sha256, opinion="agree", strokes=strokes, place=None, act=act
        )
        await self.flow(esign.sign, signing, self.esign)

    async def bundle(self) -> Built:
        """What the followers do after the log; they too try again until it is done."""
        ask = ExportRequested(export="exp_1", reason="客户留存")
        await self.act(ask, lambda case, stamp: self.ledger.record(case.id, lambda _: (ask,), stamp))

        async def sealed() -> int:
            await self.sequencer.take(await self.log.scan(0))
            return await sealer.seal_new(self.case_id, self.seals)

        await self.until_answered("seal", sealed)
        await self.until_answered("time", lambda: sealer.stamp_missing(self.case_id, self.seals))
        head = await self.until_answered("tree", self.sequencer.catch_up)
        await self.until_answered("witness", lambda: self.witnessing.settle(head.size))
        assert not self.alarms, self.alarms
        compiled = self.fixed.catalogue.get(PRODUCT)
        extras = Extras(
            keys=self.keys,
            context=(KEYS, product_stream(compiled)),
            product={"definition.json": compiled.canonical, **compiled.files},
            models={},
            texts=[decode.encode(notices.texts(cast(Any, scope), notices.DEMO)) for scope in SCOPES],
        )
        built = await self.until_answered("bundle", lambda: build_bundle(self.case_id, self.bundles, extras))
        await self.until_answered("keep", lambda: self.vault.keep(self.case_id, "exp_1", built.data))
        assert await self.until_answered("kept", lambda: self.vault.kept(self.case_id, "exp_1")) == built.data
        return built

    @property
    def keys(self) -> dict[str, bytes]:
        """What an auditor keeps."""
        return {
            LOG: log_vkey_file(self.sequencer.public),
            SEAL: seal_pem(self.seal_key.public_key()),
            DOCUMENT_CA: self.fixed.authority.root_pem,
            TSA_LOCAL: self.fixed.tsa.root.public_bytes(Encoding.PEM),
            WITNESSES: self.policy.vkeys,
        }
