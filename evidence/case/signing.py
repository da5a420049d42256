"""What the case knows about papers and signatures."""

from typing import assert_never

from msgspec.structs import replace

from evidence.events import (
    Commitment,
    DocumentPrepared,
    DocumentShown,
    DocumentSigned,
    Event,
    Frozen,
    Media,
    SigningDeclined,
)
from evidence.events.signing import Page

SigningBody = DocumentPrepared | DocumentShown | SigningDeclined | DocumentSigned


class Document(Frozen, frozen=True, kw_only=True):
    id: str
    kind: str
    party: str
    sha256: str
    media: Media
    pages: tuple[Page, ...]
    prepared_at: str
    withdrawn: bool = False
    shown_ms: int = 0
    end_seen: bool = False
    signed_sha256: str | None = None
    signed: Media | None = None
    signed_at: str | None = None
    level: str | None = None


class Signing(Frozen, frozen=True, kw_only=True):
    documents: dict[str, Document] = {}
    nonces: frozenset[str] = frozenset()  # of acts: each counts once in a case
    declined: str | None = None
    comment: Commitment | None = None

    def apply(self, event: Event, body: SigningBody) -> "Signing":
        match body:
            case DocumentPrepared():
                older = {
                    key: replace(paper, withdrawn=True)
                    if paper.kind == body.kind and paper.party == body.party
                    else paper
                    for key, paper in self.documents.items()
                }
                paper = Document(
                    id=body.document,
                    kind=body.kind,
                    party=body.party,
                    sha256=body.sha256,
                    media=body.media,
                    pages=body.pages,
                    prepared_at=event.at,
                )
                return replace(self, documents={**older, body.document: paper})
            case DocumentShown():
                paper = self.documents[body.document]
                paper = replace(
                    paper, shown_ms=paper.shown_ms + body.visible_ms, end_seen=paper.end_seen or body.end_seen
                )
                return replace(self, documents={**self.documents, body.document: paper})
            case SigningDeclined():
                return replace(self, declined=event.at, comment=body.comment)
            case DocumentSigned():
                paper = replace(
                    self.documents[body.document],
                    signed_sha256=body.signed_sha256,
                    signed=body.signed,
                    signed_at=event.at,
                    level=body.level,
                )
                nonces = self.nonces | {body.act.nonce}
                return replace(self, documents={**self.documents, body.document: paper}, nonces=nonces)
            case _:
                assert_never(body)
