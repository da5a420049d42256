"""Seals: one signed in-toto statement over each segment of a case. Pure: the same events give the same seal.

A segment ends with each milestone (a signature, a refusal to sign, an erasure, an export). What is in a seal, and why,
is in docs/BUNDLE.md section 3; `evidence/verify/seals.py` reads it with code of its own.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SM3, Hash
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from evidence import decode, dsse
from evidence.case import Case
from evidence.events import (
    GENESIS,
    CaseOpened,
    DocumentPrepared,
    DocumentSigned,
    Erased,
    Event,
    ExportRequested,
    Media,
    Sealed,
    SigningDeclined,
)

PAYLOAD_TYPE = "application/vnd.in-toto+json"
ALGORITHMS = {
    "canonical": "rfc8785",
    "chain": "sha256",
    "commitment": "sha256-salt32",
    "log": "rfc6962-sha256",
    "seal": "ed25519",
}


@dataclass(frozen=True)
class Segment:
    """Events `first_seq`…`last_seq`, ended by a milestone."""

    number: int
    events: tuple[Event, ...]

    @property
    def first_seq(self) -> int:
        return self.events[0].seq

    @property
    def last_seq(self) -> int:
        return self.events[-1].seq

    @property
    def file(self) -> bytes:
        """The bytes of `data/chain/<number>.jsonl`."""
        return b"".join(event.line + b"\n" for event in self.events)

    def pages(self) -> dict[str, Media]:
        """The page images that the seal vouches for, by their path in a bundle."""
        return {
            page_path(event.body.document, number): page.media
            for event in self.events
            if isinstance(event.body, DocumentPrepared)
            for number, page in enumerate(event.body.pages, 1)
        }


def ends_segment(event: Event) -> bool:
    return isinstance(event.body, DocumentSigned | SigningDeclined | Erased | ExportRequested)


def segments(events: Sequence[Event]) -> tuple[tuple[Segment, ...], tuple[Event, ...]]:
    """(closed segments, events after the last one), from all events of a case."""
    closed: list[Segment] = []
    open_: list[Event] = []
    for event in events:
        open_.append(event)
        if ends_segment(event):
            closed.append(Segment(len(closed) + 1, tuple(open_)))
            open_ = []
    return tuple(closed), tuple(open_)


def announced(events: Sequence[Event]) -> frozenset[int]:
    """Numbers of the segments that an `evidence.sealed/1` event names."""
    return frozenset(event.body.segment for event in events if isinstance(event.body, Sealed))


def statement(events: Sequence[Event], segment: Segment, previous: str, page_sm3: Mapping[str, str]) -> bytes:
    """The canonical in-toto statement. `events`: the case from its first event; `previous`: SHA-256 (hex) of the seal
    before; `page_sm3`: SM3 (hex) of those page images that still exist, by path.
    """
    opened = events[0].body
    assert isinstance(opened, CaseOpened)
    name = f"data/chain/{segment.number:04d}.jsonl"
    subjects = [(name, hashlib.sha256(segment.file).hexdigest())]
    sm3_of = {name: sm3(segment.file)}
    for event in segment.events:
        body = event.body
        if isinstance(body, DocumentPrepared):
            shown = f"data/documents/{body.document}.pdf"
            subjects.append((shown, body.sha256))
            subjects += [(page_path(body.document, n), page.sha256) for n, page in enumerate(body.pages, 1)]
            sm3_of[shown] = body.sm3
        elif isinstance(body, DocumentSigned):
            signed = f"data/documents/{body.document}.signed.pdf"
            subjects.append((signed, body.signed_sha256))
            sm3_of[signed] = body.signed_sm3
    sm3_of |= {path: page_sm3[path] for path in segment.pages() if path in page_sm3}
    predicate = {
        "algorithms": ALGORITHMS,
        "case": events[0].stream,
        "first_seq": segment.first_seq,
        "input_origin": opened.input_origin,
        "last_seq": segment.last_seq,
        "milestone": segment.events[-1].type,
        "mode": opened.mode,
        "outcome": _fold(events[: segment.last_seq]).state,
        "previous": previous,
        "segment": segment.number,
        "sm3": sm3_of,
        "v": 1,
    }
    return decode.encode(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "predicate": predicate,
            "predicateType": "urn:jianzheng:seal:1",
            "subject": [{"digest": {"sha256": digest}, "name": path} for path, digest in subjects],
        }
    )


def sign(payload: bytes, key: Ed25519PrivateKey) -> bytes:
    """The DSSE envelope. Ed25519 is deterministic: the same statement gives the same seal."""
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    signed = base64.b64encode(key.sign(dsse.pae(PAYLOAD_TYPE, payload))).decode()
    signature = {"keyid": hashlib.sha256(spki).hexdigest(), "sig": signed}
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [signature],
    }
    return decode.encode(envelope)


def announcement(segment: Segment, envelope: bytes) -> Sealed:
    return Sealed(
        segment=segment.number,
        first_seq=segment.first_seq,
        last_seq=segment.last_seq,
        seal_sha256=hashlib.sha256(envelope).hexdigest(),
    )


def page_path(document: str, number: int) -> str:
    return f"data/pages/{document}-{number:02d}.png"


def sm3(data: bytes) -> str:
    digest = Hash(SM3())
    digest.update(data)
    return digest.finalize().hex()


def _fold(events: Sequence[Event]) -> Case:
    case = Case.start(events[0])
    for event in events[1:]:
        case = case.apply(event)
    return case


__all__ = [
    "GENESIS",
    "Segment",
    "announced",
    "announcement",
    "ends_segment",
    "page_path",
    "segments",
    "sign",
    "sm3",
    "statement",
]
