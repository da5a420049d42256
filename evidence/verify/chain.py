"""Step 3. Event lines as they were sealed, read without the writer's event classes (docs/BUNDLE.md section 3)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from evidence.errors import NotVerified
from evidence.verify.places import Place, places, with_places
from evidence.verify.records import Record, instant, table, types
from evidence.verify.strict import HEX64, integer, members, parse_json, sha256, text

GENESIS = "0" * 64
CLOCK_STEP_S = 300  # a server clock that was set back; more than this is a rewritten history

_STREAM = re.compile(r"[a-z]+_[a-z0-9_.-]+")
_CHAIN_FILE = re.compile(r"data/chain/(\d{4})\.jsonl", re.ASCII)
_CONTEXT_FILE = re.compile(r"data/context/((?:key|product|staff|tenant)_[a-z0-9_.-]+)\.jsonl")
_ROLES = frozenset(("customer", "agent", "reviewer", "auditor", "admin", "partner", "system"))
_ENVELOPE = ("actor", "at", "body", "cmd", "prev", "seq", "stream", "type", "v")
_KEYS = frozenset(_ENVELOPE)
_ACTORS = (frozenset(("id", "role")), frozenset(("id", "role", "session")))


@dataclass(frozen=True)
class Chain:
    """The case. `segments` = (first seq, last seq) of each chain file; the last is not sealed."""

    stream: str
    records: tuple[Record, ...]
    segments: tuple[tuple[int, int], ...]
    contexts: dict[str, tuple[Record, ...]] = field(default_factory=dict)

    @property
    def opened(self) -> dict[str, Any]:
        return self.records[0].body

    @property
    def policy(self) -> dict[str, Any]:
        found = self.opened.get("policy")
        return found if isinstance(found, dict) else {}

    @property
    def mode(self) -> str:
        mode = self.opened.get("mode")
        return mode if isinstance(mode, str) else ""

    @property
    def input_origin(self) -> str:
        origin = self.opened.get("input_origin", "live")
        return origin if isinstance(origin, str) else ""

    @cached_property
    def _by_type(self) -> dict[str, list[Record]]:
        found: dict[str, list[Record]] = {}
        for record in self.records:
            found.setdefault(record.type, []).append(record)
        return found

    def of(self, kind: str) -> Sequence[Record]:
        return self._by_type.get(kind, ())

    @cached_property
    def places(self) -> list[Place]:
        """Every commitment, in chain order."""
        return [place for record in self.records if record.type in with_places() for place in places(record)]

    def context(self, kind: str) -> Iterator[Record]:
        return (record for lines in self.contexts.values() for record in lines if record.type == kind)


def read(root: str, files: Mapping[str, bytes]) -> Chain:
    """Every line of the case and of its context, each checked against the one before. Names the first bad event."""
    stream = root.replace("-", "_", 1)
    if not stream.startswith("case_"):
        raise NotVerified("the folder does not name a case")
    # 3.1 the files are numbered without a gap
    names = sorted(path for path in files if _CHAIN_FILE.fullmatch(path))
    if names != [f"data/chain/{number:04d}.jsonl" for number in range(1, len(names) + 1)]:
        raise NotVerified("chain files are not numbered without a gap")
    # 3.2 each line: canonical, of this stream, next in order, bound to the one before
    records: list[Record] = []
    segments: list[tuple[int, int]] = []
    for name in names:
        first = len(records) + 1
        records += read_lines(files[name], stream, records)
        segments.append((first, len(records)))
    # 3.3 a case opens once, first
    if records[0].type != "case.opened/1" or sum(record.type == "case.opened/1" for record in records) != 1:
        raise NotVerified("a case opens once, with its first event", record="event 1")
    # 3.4 segments end exactly where a milestone says
    _check_segments(records, segments)
    # 3.5 the streams around it
    contexts = {
        match[1]: tuple(read_lines(files[path], match[1], []))
        for path in sorted(files)
        if (match := _CONTEXT_FILE.fullmatch(path))
    }
    return Chain(stream, tuple(records), tuple(segments), contexts)


def read_lines(data: bytes, stream: str, before: Sequence[Record]) -> list[Record]:
    """The lines of one file as the continuation of `before`."""
    if not data.endswith(b"\n"):
        raise NotVerified("the last line is cut", record=f"{stream} after event {len(before)}")
    records: list[Record] = []
    last = before[-1] if before else None
    for line in data[:-1].split(b"\n"):
        last = _record(line, stream, last)
        records.append(last)
    return records


def _record(line: bytes, stream: str, before: Record | None) -> Record:
    expected = before.seq + 1 if before else 1
    name = f"event {expected}" if stream.startswith("case_") else f"{stream} event {expected}"
    plain = parse_json(line, name)
    if not (isinstance(plain, dict) and plain.keys() == _KEYS):
        members(plain, _ENVELOPE, record=name)
    actor = plain["actor"]
    if not (isinstance(actor, dict) and actor.keys() in _ACTORS):
        members(actor, ("id", "role"), ("session",), record=name)
    for value in actor.values():
        text(value, name)
    if integer(plain["seq"], name) != expected:
        raise NotVerified(f"expected event {expected}, found {plain['seq']}", record=name)
    # Equal to a hash of ours, it has the form of one; so has a stream's name.
    if plain["prev"] != (before.hash if before else GENESIS):
        text(plain["prev"], name, HEX64)
        raise NotVerified("prev is not the hash of the line before", record=name)
    if plain["stream"] != stream or not (before or _STREAM.fullmatch(stream)):
        text(plain["stream"], name, _STREAM)
        raise NotVerified("a line of another stream", record=name)
    if plain["v"] != 1 or type(plain["v"]) is not int or actor["role"] not in _ROLES:
        raise NotVerified("unknown version or role", record=name)
    kind = text(plain["type"], name)
    if kind not in types():
        raise NotVerified("unknown type of event", record=name)
    if not isinstance(plain["body"], dict):
        raise NotVerified("body is not an object", record=name)
    text(plain["cmd"], name)
    at = plain["at"]
    now = instant(at, name)
    # In this one spelling, later is greater.
    if before and at < before.at and (instant(before.at, name) - now).total_seconds() > CLOCK_STEP_S:
        raise NotVerified("time runs backwards", record=name)
    return Record(stream, expected, at, actor, kind, plain["body"], line, sha256(line), name)


def boundaries(types: Sequence[str]) -> list[int]:
    """The seq of every event that ends a segment."""
    return [seq for seq, kind in enumerate(types, 1) if kind in table()["milestones"]]


def _check_segments(records: Sequence[Record], segments: Sequence[tuple[int, int]]) -> None:
    ends = boundaries([record.type for record in records])
    found = [last for _, last in segments[:-1]]
    if found != ends:
        wrong = next((seq for seq in sorted(set(found) ^ set(ends))), 0)
        raise NotVerified("segments do not end at the milestones", record=f"event {wrong}")
