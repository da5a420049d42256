"""Rules first, then vault and typesetting, then one record: preparing, viewing and signing a paper."""

import asyncio
import hashlib
from collections.abc import Mapping

from esign import documents, rules, strokes
from esign.commands import PrepareDocument, SignDocument, ViewDocument
from esign.errors import SignedFileBroken
from esign.pdf import sm3
from esign.place import coarsen
from esign.ports import Figure, Ports, ProductFacts
from esign.strokes import Strokes, StrokesReplayed
from esign.wording import Opened, application
from evidence.case import Case
from evidence.case.signing import Document
from evidence.errors import ObjectCorrupt, ObjectErased
from evidence.events import Commitment, Stamp, instant
from evidence.events.signing import Page, Place
from evidence.log import Claim
from evidence.ports import new_id
from evidence.vault import b64

__all__ = ["Figure", "Ports", "ProductFacts", "prepare", "sign", "view"]

NONCE_BYTES = 32


async def prepare(case: Case, command: PrepareDocument, facts: ProductFacts, stamp: Stamp, ports: Ports) -> Case:
    """The paper is final from here on: bytes, pages and hashes stand before anybody sees it (ESG-02)."""
    rules.admit(case, command, stamp)
    party = rules.session_of(case, stamp).party
    opened = await _opened(case, party, ports)
    rules.check_age(opened.inputs.get("age"), opened.confirmed.get("birth"), stamp.at)
    nonce = b64(ports.random(NONCE_BYTES))
    paper = await asyncio.to_thread(documents.make, application(case, party, opened, facts, nonce, stamp.at), stamp.at)
    pages = [
        Page(
            sha256=hashlib.sha256(page.png).hexdigest(),
            media=await ports.vault.put(case.id, "contract", page.png, "image/png"),
            width=page.width,
            height=page.height,
        )
        for page in paper.pages
    ]
    made = rules.PreparedFile(
        document=new_id("doc", ports.random),
        template=documents.TEMPLATE,
        template_sha256=documents.template_sha256(),
        sha256=paper.sha256,
        sm3=paper.sm3,
        media=await ports.vault.put(case.id, "contract", paper.pdf, "application/pdf"),
        pages=tuple(pages),
        basis=rules.Basis.of(case, party),
    )
    return await ports.ledger.record(case.id, lambda now: rules.prepare(now, command, made, stamp), stamp)


async def view(case: Case, command: ViewDocument, document: str, stamp: Stamp, ports: Ports) -> Case:
    rules.admit(case, command, stamp, document)
    return await ports.ledger.record(case.id, lambda now: rules.view(now, command, document, stamp), stamp)


async def sign(case: Case, command: SignDocument, stamp: Stamp, ports: Ports) -> Case:
    rules.admit(case, command, stamp)
    comment: Commitment | None = None
    if command.comment is not None:
        comment = (await ports.vault.hide(case.id, "contract", {"comment": command.comment}))["comment"]
    if command.opinion == "disagree" or command.strokes is None:
        return await ports.ledger.record(case.id, lambda now: rules.decline(now, command, comment, stamp), stamp)
    signed = await _signed(case, command, command.strokes, comment, stamp, ports)
    # ESG-05: the same handwriting a second time is a copy, in whatever case it comes.
    digest = ports.vault.blind(case.tenant, "strokes", strokes.shape(command.strokes))
    claim = Claim(tenant=case.tenant, kind="strokes", digest=digest, taken=StrokesReplayed)
    return await ports.ledger.record(case.id, lambda now: rules.sign(now, command, signed, stamp), stamp, (claim,))


async def _signed(
    case: Case, command: SignDocument, written: Strokes, comment: Commitment | None, stamp: Stamp, ports: Ports
) -> rules.SignedFile:
    party = rules.session_of(case, stamp).party
    paper = case.signing.documents[command.document]
    shown = await ports.vault.get(case.id, paper.media)
    if await asyncio.to_thread(_sha256, shown) != paper.sha256:
        raise ObjectCorrupt("the paper is not the one that was shown")
    place = await _place(case, command, ports)
    kept = await ports.vault.put(
        case.id, "contract", strokes.canonical(written), "application/json", salt=rules.strokes_salt(command)
    )
    image = await asyncio.to_thread(strokes.to_png, written)
    opened = await _opened(case, party, ports)
    done = await ports.authority.sign_document(
        shown,
        field=documents.FIELD,
        subject=opened.confirmed.get("name") or case.people[party].customer,
        strokes=written,
        attributes=_attributes(case, command, paper, kept.commitment, place, stamp),
        last=True,  # every party signs a paper of their own
        at=stamp.at,
    )
    if done.bytes[: len(shown)] != shown:
        raise SignedFileBroken("the signed file does not begin with the bytes shown")
    sha256, second = await asyncio.to_thread(lambda: (_sha256(done.bytes), sm3(done.bytes)))
    return rules.SignedFile(
        sha256=sha256,
        sm3=second,
        media=await ports.vault.put(case.id, "contract", done.bytes, "application/pdf"),
        strokes=kept,
        strokes_image=await ports.vault.put(case.id, "contract", image, "image/png"),
        place=place,
        comment=comment,
        certificate=done.certificate,
        level=done.level,
        time_source=done.time_source,
    )


def _attributes(
    case: Case, command: SignDocument, paper: Document, written: Commitment, place: Place, stamp: Stamp
) -> dict[str, str]:
    """What the signature in the PDF covers beside the PDF (ESG-05). Commitments and times, nothing personal."""
    verified = case.identity_of(paper.party).verified
    return {
        "act": command.act.signature if command.act else "",
        "at": instant(stamp.at),
        "case": case.id,
        "document": paper.sha256,
        "identity": f"{verified.strength} {verified.route} {verified.at}" if verified else "",
        "place": place.fix or place.state,
        "strokes": written,
    }


async def _place(case: Case, command: SignDocument, ports: Ports) -> Place:
    coarse = coarsen(command.place, case.consented("location"))
    fix: Commitment | None = None
    if coarse.fix is not None:
        fix = (await ports.vault.hide(case.id, "location", {"fix": coarse.fix}))["fix"]
    return Place(state=coarse.state, fix=fix, flags=coarse.flags)


# --- values from the vault -------------------------------------------------------------------------------------------


async def _opened(case: Case, party: str, ports: Ports) -> Opened:
    person = case.people.get(party)
    return Opened(
        confirmed=await _revealed(case, case.identity_of(party).confirmed, ports),
        phone=await _one(case, person.phone if person else None, ports),
        claimed_name=await _one(case, person.name if person else None, ports),
        inputs=await _revealed(case, case.reading.inputs, ports),
    )


async def _revealed(case: Case, named: Mapping[str, Commitment], ports: Ports) -> dict[str, str]:
    """ObjectErased when one is gone: a paper with holes is not signed."""
    found = await ports.vault.reveal(case.id, named.values())
    if len(found) != len(set(named.values())):
        raise ObjectErased("a value the paper needs was deleted")
    return {name: str(found[item].value) for name, item in named.items()}


async def _one(case: Case, value: Commitment | None, ports: Ports) -> str | None:
    return None if value is None else (await _revealed(case, {"value": value}, ports))["value"]


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
