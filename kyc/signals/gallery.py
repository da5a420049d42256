"""Kept faces, searched exactly: which of them are as alike as the bar, under another number (KYC-18).

A face's description stands encrypted in the vault, in the restricted stream of one party, under a key of that stream.
What is open in memory is bounded; what does not fit is counted, and a search that did not see all says so.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evidence.errors import ObjectCorrupt, ObjectErased
from evidence.events import (
    BODIES,
    ConsentWithdrawn,
    Erased,
    FaceSearched,
    Media,
    Party,
    stream_kind,
)
from evidence.events.envelope import parse_body
from evidence.log import Entry
from evidence.vault import Vault

Vector = NDArray[np.float32]

MOST = 100_000  # faces open in one process, all tenants together: 51 MB of 128 numbers each
TOLD = 10  # the most alike are named; how many there were is not the point
SCOPE = "face_search"
_PERSON = 32  # bytes in front of the numbers: keyed digest of whose face it is
_MARKS = tuple(f'"type":"{body.TYPE}"'.encode() for body in (ConsentWithdrawn, Erased))
_SEARCHED = f'"type":"{FaceSearched.TYPE}"'.encode()


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a face's description stands, and whose case it is."""

    stream: str
    tenant: str
    case: str
    party: Party
    model: str
    template: Media


@dataclass(frozen=True, slots=True)
class Alike:
    kept: Kept
    similarity: float


@dataclass(frozen=True, slots=True)
class Found:
    """`known` faces of this tenant and network, `searched` of them, and the most alike of other persons."""

    known: int
    searched: int
    alike: tuple[Alike, ...]


def packed(person: bytes, vector: Vector) -> bytes:
    """`person`: 32 bytes; then the numbers, little-endian float32."""
    return person + vector.astype("<f4").tobytes()


def unpacked(data: bytes) -> tuple[bytes, Vector]:
    """ObjectCorrupt for anything else."""
    if len(data) <= _PERSON or (len(data) - _PERSON) % 4:
        raise ObjectCorrupt("no description of a face")
    return data[:_PERSON], np.frombuffer(data[_PERSON:], "<f4").astype(np.float32)


class Open:
    """Descriptions of one tenant by one network: rows of one matrix, and whose each is. A row that was given up is
    zero, like nobody, and is used again."""

    def __init__(self, width: int) -> None:
        self._rows: Vector = np.zeros((64, width), np.float32)
        self._whose: list[tuple[bytes, str] | None] = []  # (person, stream)
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._whose) - len(self._free)

    def add(self, person: bytes, stream: str, vector: Vector) -> int:
        if self._free:
            row = self._free.pop()
            self._whose[row] = (person, stream)
        else:
            row = len(self._whose)
            self._whose.append((person, stream))
            if row == len(self._rows):
                self._rows = np.vstack([self._rows, np.zeros_like(self._rows)])
        self._rows[row] = vector
        return row

    def drop(self, row: int) -> None:
        self._rows[row] = 0
        self._whose[row] = None
        self._free.append(row)

    def alike(self, person: bytes, vector: Vector, bar: float) -> list[tuple[str, float]]:
        """Streams of other persons at `bar` or above, the most alike first. CPU work: one product of matrix and
        vector."""
        scores = self._rows[: len(self._whose)] @ vector
        hits = np.flatnonzero(scores >= bar)
        order = hits[np.argsort(-scores[hits], kind="stable")]
        found = [(whose, float(scores[row])) for row in order if (whose := self._whose[row]) is not None]
        return [(stream, score) for (whom, stream), score in found if whom != person]


class Gallery:
    """A projection of the log: which faces are kept. They are opened when first searched, and forgotten as soon as the
    log says that their consent ended or that they were erased."""

    def __init__(self, vault: Vault, tenants: frozenset[str] = frozenset(), most: int = MOST) -> None:
        self._vault = vault
        self.tenants = tenants
        self._most = most
        self._kept: dict[str, Kept] = {}  # by stream; the newest of each party
        self._closed: dict[str, None] = {}  # streams that were not opened yet
        self._open: dict[tuple[str, str], Open] = {}  # (tenant, model)
        self._rows: dict[str, int] = {}
        self._opening = asyncio.Lock()

    def __len__(self) -> int:
        """Descriptions in memory."""
        return len(self._rows)

    def learn(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            kind = stream_kind(entry.stream)
            if kind == "risk" and _SEARCHED in entry.line:
                body = parse_body(entry.line, BODIES)
                if isinstance(body, FaceSearched) and body.template is not None:
                    self.keep(entry.stream, body)
            elif kind == "case" and any(mark in entry.line for mark in _MARKS):
                body = parse_body(entry.line, BODIES)
                if ends(body):
                    for stream in [name for name, kept in self._kept.items() if kept.case == entry.stream]:
                        self.forget(stream)

    def keep(self, stream: str, body: FaceSearched) -> None:
        """Learned again, from the log or at once, it changes nothing."""
        before = self._kept.get(stream)
        if body.template is None or body.tenant not in self.tenants or (before and before.template == body.template):
            return
        self.forget(stream)
        self._kept[stream] = Kept(stream, body.tenant, body.case, body.party, body.model, body.template)
        self._closed[stream] = None

    def forget(self, stream: str) -> None:
        kept = self._kept.pop(stream, None)
        self._closed.pop(stream, None)
        row = self._rows.pop(stream, None)
        if kept is not None and row is not None:
            self._open[kept.tenant, kept.model].drop(row)

    async def search(self, tenant: str, model: str, person: bytes, vector: Vector, bar: float) -> Found:
        """Whatever was not opened yet is opened first; the caller says how long that may take."""
        async with self._opening:
            for stream in list(self._closed):
                await self._load(stream)
            known = sum((kept.tenant, kept.model) == (tenant, model) for kept in self._kept.values())
            held = self._open.get((tenant, model))
            if held is None:
                return Found(known, 0, ())
            found = await asyncio.to_thread(held.alike, person, vector, bar)
            alike: list[Alike] = []
            for stream, score in found[:TOLD]:
                if stream in self._kept and await self._stands(stream):
                    alike.append(Alike(self._kept[stream], score))
            return Found(known, len(held), tuple(alike))

    async def _stands(self, stream: str) -> bool:
        """Another process may have destroyed it a moment ago."""
        return await self._vault.keyring.existing(stream, "biometric") is not None

    async def _load(self, stream: str) -> None:
        kept = self._kept.get(stream)
        if kept is None or len(self._rows) >= self._most:
            return
        try:
            person, vector = unpacked(await self._vault.get(stream, kept.template))
        except (ObjectErased, ObjectCorrupt):
            self.forget(stream)
            return
        if self._kept.get(stream) is not kept:  # forgotten, or replaced, while it was fetched
            return
        place = (kept.tenant, kept.model)
        self._rows[stream] = self._open.setdefault(place, Open(len(vector))).add(person, stream, vector)
        self._closed.pop(stream, None)


def ends(body: object) -> bool:
    """Whether this event of a case ends the keeping of its faces: a consent withdrawn, or an erasure of what was kept
    (that of the frames after each decision, KYC-13, is not one)."""
    match body:
        case ConsentWithdrawn():
            return body.scope in {"face", SCOPE}
        case Erased():
            return body.whole and (body.retention == "identity" or (body.retention == "biometric" and said(body.basis)))
        case _:
            return False


def said(basis: str) -> bool:
    """Whether an erasure of faces was asked for, or was due: not the routine one right after a decision."""
    return basis != "KYC-13"
