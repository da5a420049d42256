"""What the phone fetches: the paper, its pages, the signed paper. Checked against the chain before it is served."""

import asyncio
import hashlib

from esign.ports import Ports
from evidence.case import Case
from evidence.errors import NotFound, ObjectCorrupt
from evidence.events import Media


async def document_bytes(case: Case, document_id: str, signed: bool, ports: Ports) -> bytes:
    """The PDF as shown, or as signed. NotFound when there is none, ObjectCorrupt when it is not the sealed one."""
    paper = case.signing.documents.get(document_id)
    if paper is None:
        raise NotFound("no such document")
    if not signed:
        return await _checked(case, paper.media, paper.sha256, ports)
    if paper.signed is None or paper.signed_sha256 is None:
        raise NotFound("not signed yet")
    return await _checked(case, paper.signed, paper.signed_sha256, ports)


async def page_png(case: Case, document_id: str, n: int, ports: Ports) -> bytes:
    """Page `n`, from 1, as a picture."""
    paper = case.signing.documents.get(document_id)
    if paper is None or not 1 <= n <= len(paper.pages):
        raise NotFound("no such page")
    page = paper.pages[n - 1]
    return await _checked(case, page.media, page.sha256, ports)


async def _checked(case: Case, media: Media, sha256: str, ports: Ports) -> bytes:
    data = await ports.vault.get(case.id, media)
    if await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest()) != sha256:
        raise ObjectCorrupt("not the file that was sealed")
    return data
