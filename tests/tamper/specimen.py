"""The smallest honest bundle that has one of everything: what the tamper matrix takes apart.

It passes in full (outside time, outside witnesses), so that anything less is a difference. One case of few events, a
paper without a time stamp of its own, small pictures: every byte is a byte to be changed several times.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import timedelta

from evidence import decode
from evidence import events as happened
from evidence.events import instant
from evidence.events.identity import Provenance, Score
from evidence.events.signing import Certificate, Page, Place
from evidence.policy import Policy, ProductRef, SignaturePlan, Step
from evidence.sealer import seal_new
from evidence.vault import b64
from evidence.verify.container import read
from evidence.verify.seals import sm3
from tests.museum.stories import FrozenTeller, exported
from tests.museum.worlds import Room, room
from tests.proof.paper import blank_pdf, sign_pdf
from tests.proof.story import AGENT, DEFINITION, MANIFEST, NAME, NOTICE, PHONE, SYSTEM, picture, stream_of
from tests.proof.tampering import Files

NEEDS = ("consent:recording", "identity:proposer:K3")
RESERVED = 3_072  # hex digits: what a signature without a time stamp takes


@dataclass(frozen=True)
class Specimen:
    """`earlier`: the same case as exported before it was signed. `other`: another case of the same log."""

    root: str
    files: Files
    bundle: bytes
    keys: dict[str, bytes]
    earlier: Files
    other: Files


def specimen() -> Specimen:
    """The same bytes every time."""
    return asyncio.run(_made())


async def _made() -> Specimen:
    world = room("tamper", outside=True)
    await world.adopt_keys()
    teller = Brief(world, stream_of(world))
    await teller.until_signing()
    earlier = await exported(world, teller)
    await teller.from_signing()
    now = await exported(world, teller)
    other = Brief(world, stream_of(world))
    await other.until_signing()
    await other.from_signing()
    theirs = await exported(world, other)
    root, files = read(now.bundle)
    return Specimen(root, files, now.bundle, world.keys, read(earlier.bundle)[1], read(theirs.bundle)[1])


class Brief(FrozenTeller):
    """Notice and consent, one paper, one look into the camera, one frame erased, one document signed."""

    def __init__(self, world: Room, stream: str) -> None:
        super().__init__(world, stream)
        self.card = picture(world.random(3))

    async def until_signing(self) -> None:
        await self._enter()
        await self._identify()
        await seal_new(self.stream, self.world.seals)

    async def from_signing(self) -> None:
        await self.sign(await self.paper())
        await seal_new(self.stream, self.world.seals)

    async def _enter(self) -> None:
        opened = happened.CaseOpened(tenant="demo", mode="sandbox", policy=_policy(), opener=AGENT.id)
        await self.happen(opened, actor=AGENT)
        until = instant(self.world.clock() + timedelta(hours=1))
        party = await self.hide("identity", phone=PHONE, name=NAME)
        await self.happen(
            happened.PartyNamed(party="proposer", customer="cus_li", phone=party["phone"], name=party["name"]),
            happened.LinkSent(link="lnk_1", party="proposer", customer="cus_li", channel="sms", expires=until),
            actor=AGENT,
        )
        seen = await self.hide("location", ip="203.0.113.9", agent="MicroMessenger")
        text = hashlib.sha256(NOTICE).hexdigest()
        await self.happen(
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
            happened.NoticeShown(scope="recording", locale="zh-CN", text_sha256=text),
            happened.ConsentGiven(scope="recording", text_sha256=text, satisfies=("consent:recording",)),
        )

    async def _identify(self) -> None:
        card = await self.put("identity", self.card, "image/jpeg")
        face = picture(self.world.random(3))
        frame = await self.put("biometric", face, "image/jpeg")
        nonce, actions = b64(self.world.random(32)), ("neutral",)
        asked = {"actions": list(actions), "case": self.stream, "challenge": "chl_1", "nonce": nonce}
        statement = decode.encode(asked | {"frames": [hashlib.sha256(face).hexdigest()]})
        hidden = await self.hide("identity", statement=statement.decode())
        manifest = hashlib.sha256(MANIFEST).hexdigest()
        model = Provenance(
            pack="open-1", manifest=manifest, role="match", sha256="ab" * 32, preprocessing="rgb112/1", runtime="ort"
        )
        await self.happen(
            happened.PaperCaptured(party="proposer", paper="cn_id_front", media=card, source="camera"),
            happened.ChallengeIssued(
                challenge="chl_1",
                party="proposer",
                nonce=nonce,
                actions=actions,
                thumbprint=self.customer.thumbprint,
                expires=instant(self.world.clock() + timedelta(minutes=1)),
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
        )
        gone = happened.ErasedField(name="frame 0", commitment=frame.commitment)
        erased = happened.Erased(basis="KYC-13", retention="biometric", fields=(gone,))
        await self.happen(erased, actor=SYSTEM)
        await self.world.vault.destroy(self.stream, media=(frame,))

    async def paper(self) -> bytes:
        pdf = blank_pdf(b64(self.world.random(32)))
        shown, page = hashlib.sha256(pdf).hexdigest(), picture(b"\xfa\xfa\xfa", "PNG")
        image = await self.put("contract", page, "image/png")
        await self.happen(
            happened.DocumentPrepared(
                document="doc_1",
                kind="application",
                party="proposer",
                template="application/1",
                template_sha256="cd" * 32,
                sha256=shown,
                sm3=sm3(pdf),
                media=await self.put("contract", pdf, "application/pdf"),
                pages=(Page(sha256=hashlib.sha256(page).hexdigest(), media=image, width=20, height=10),),
            ),
            happened.DocumentShown(document="doc_1", sha256=shown, visible_ms=12_345, end_seen=True),
        )
        return pdf

    async def sign(self, pdf: bytes) -> None:
        papers, shown = self.world.papers, hashlib.sha256(pdf).hexdigest()
        strokes = await self.put("biometric", b'{"strokes":[[1,2,3]]}', "application/json")
        act = self.customer.act(shown, strokes.commitment, b64(self.world.random(16)))
        verified = (await self.world.ledger.case(self.stream)).identity_of("proposer").verified
        assert verified is not None
        about = {
            "act": act.signature,
            "at": instant(self.world.clock() + timedelta(seconds=1)),
            "case": self.stream,
            "document": shown,
            "identity": f"{verified.strength} {verified.route} {verified.at}",
            "place": "refused",
            "strokes": strokes.commitment,
        }
        signed = await sign_pdf(pdf, papers, None, about, self.world.clock(), RESERVED)
        await self.happen(
            happened.DocumentSigned(
                document="doc_1",
                kind="application",
                party="proposer",
                opinion="agree",
                shown_sha256=shown,
                signed_sha256=hashlib.sha256(signed).hexdigest(),
                signed_sm3=sm3(signed),
                signed=await self.put("contract", signed, "application/pdf"),
                strokes=strokes,
                strokes_image=await self.put("biometric", picture(b"\0\0\0", "PNG"), "image/png"),
                act=act,
                place=Place(state="refused"),
                certificate=Certificate(
                    serial="2",
                    sha256=papers.sha256,
                    issuer="Test CA (not production)",
                    not_before="2026-01-01T00:00:00.000Z",
                    not_after="2046-01-01T00:00:00.000Z",
                    production=False,
                ),
                level="B-B",
                time_source="none",
                satisfies=("signed:proposer:application",),
            )
        )


def _policy() -> Policy:
    product = ProductRef(
        id="term_demo",
        version=1,
        kind="insurance.term",
        full=hashlib.sha256(DEFINITION).hexdigest(),
        names={"zh-CN": "定期寿险", "en": "Term life"},
    )
    return Policy(
        product=product,
        steps=(Step(name="sign", needs=NEEDS, yields=("signed:proposer:application",)),),
        identity={"proposer": "K3"},
        signatures=(SignaturePlan(party="proposer", document="application"),),
    )
