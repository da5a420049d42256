"""Broken bundles, each named by its attack. Everything that nobody signed is made to fit again, as a forger would."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from evidence.checkpoint import read_proof, write_proof
from evidence.verify.container import write
from evidence.verify.seals import path as seal
from tests.proof.tampering import lines, rebuilt, rechained
from tests.verifier.desk import Files

Events = list[list[dict[str, Any]]]


def forgeries(bundle: bytes, root: str, files: Files) -> Iterator[tuple[str, bytes]]:
    yield "a byte after the archive", bundle + b"\0"
    yield "a bit of the first header", bytes([bundle[0] ^ 1]) + bundle[1:]
    yield "half of the file", bundle[: len(bundle) // 2]
    for name, change in _FILES.items():
        yield name, rebuilt(root, files | change(files))
    for name, missing in _MISSING.items():
        yield name, rebuilt(root, {path: data for path, data in files.items() if path != missing})
    yield (
        "an old list of files",
        write(root, files | {"data/openings/values.txt": files["data/openings/values.txt"][:-9]}),
    )
    timeline = files["data/timeline.html"].replace("客户".encode(), "保险公司".encode())
    yield "a friendlier timeline", rebuilt(root, files | {"data/timeline.html": timeline}, account_too=False)
    guide = files["AUDIT.md"].replace(b"openssl", b"echo OK #")
    yield "a guide that checks nothing", rebuilt(root, files | {"AUDIT.md": guide}, account_too=False)
    count = sum(path.startswith("data/chain/") for path in files)
    for name, rewrite in _EVENTS.items():
        events = [lines(files, number) for number in range(1, count + 1)]
        rewrite(events)
        yield name, rebuilt(root, rechained(files, events))
    yield "another folder", rebuilt("case-other", files)


def _spoiled(path: str, at: int = -20) -> Callable[[Mapping[str, bytes]], Files]:
    def change(files: Mapping[str, bytes]) -> Files:
        data = bytearray(files[path])
        data[at] ^= 1
        return {path: bytes(data)}

    return change


def _other_ending(files: Mapping[str, bytes]) -> Files:
    """The last chain file without its last line: a cut tail."""
    last = max(path for path in files if path.startswith("data/chain/"))
    kept = files[last].splitlines(keepends=True)[:-1]
    return {last: b"".join(kept)}


def _other_index(files: Mapping[str, bytes]) -> Files:
    index, hashes, note = read_proof(files["data/head.tlog-proof"])
    return {"data/head.tlog-proof": write_proof(index - 1, hashes, note)}


def _one_file(prefix: str, suffix: str = "") -> Callable[[Mapping[str, bytes]], Files]:
    def change(files: Mapping[str, bytes]) -> Files:
        return _spoiled(next(path for path in files if path.startswith(prefix) and path.endswith(suffix)))(files)

    return change


_FILES: dict[str, Callable[[Mapping[str, bytes]], Files]] = {
    "a changed event": _spoiled("data/chain/0001.jsonl", 400),
    "a cut tail": _other_ending,
    "a line that is not canonical": lambda files: {
        "data/chain/0001.jsonl": files["data/chain/0001.jsonl"].replace(b'"seq":1,', b'"seq": 1,')
    },
    "a key twice": lambda files: {
        "data/chain/0001.jsonl": files["data/chain/0001.jsonl"].replace(b'"seq":1,', b'"seq":1,"seq":1,')
    },
    "a changed context": _spoiled("data/context/key_operator.jsonl", 100),
    "another place in the log": _other_index,
    "a changed checkpoint": _spoiled("data/head.tlog-proof"),
    "a changed seal": _spoiled(seal(1), 200),
    "a seal of another segment": lambda files: {seal(1): files[seal(2)]},
    "a time stamp of nothing": lambda files: {"data/seals/0009.tsr": b"x"},
    "a changed disclosure": _spoiled("data/openings/values.txt"),
    "a disclosure twice": lambda files: {"data/openings/values.txt": files["data/openings/values.txt"] * 2},
    "a changed salt": _spoiled("data/openings/salts.txt", -2),
    "a changed photograph": _one_file("data/media/", ".jpg"),
    "a changed paper": _one_file("data/documents/", ".signed.pdf"),
    "a changed page": _one_file("data/pages/"),
    "another product": _spoiled("data/product/definition.json", 10),
    "another product file": _spoiled("data/product/source.txt", 0),
    "another model": _one_file("data/models/"),
    "another text": _one_file("data/context/texts/"),
    "a file that nothing binds": lambda files: {"data/readme.txt": b"hello\n"},
    "a key that is not the auditor's": _spoiled("keys/log.vkey", 3),
    "a false declaration of what is withheld": lambda files: {"data/openings/withheld.txt": b"A" * 43 + b"\n"},
}

_MISSING = {
    "no seal": seal(2),
    "no proof": "data/head.tlog-proof",
    "no proof of the keys' stream": "data/context/key_operator.tlog-proof",
    "no disclosures, and no word about them": "data/openings/values.txt",
    "no salts": "data/openings/salts.txt",
}


def _find(events: Events, kind: str) -> dict[str, Any]:
    return next(event for segment in events for event in segment if event["type"] == kind)


def _set(kind: str, **members: Any) -> Callable[[Events], None]:
    def rewrite(events: Events) -> None:
        body = _find(events, kind)["body"]
        for path, value in members.items():
            *folders, last = path.split("__")
            at = body
            for name in folders:
                at = at[name]
            at[last] = value

    return rewrite


def _drop(kind: str) -> Callable[[Events], None]:
    def rewrite(events: Events) -> None:
        for segment in events:
            segment[:] = [event for event in segment if event["type"] != kind]

    return rewrite


def _signed_by_agent(events: Events) -> None:
    _find(events, "esign.document_signed/1")["actor"] = {"id": "staff_wang", "role": "agent", "session": "ses_1"}


def _signed_twice(events: Events) -> None:
    signed = _find(events, "esign.document_signed/1")
    segment = next(segment for segment in events if signed in segment)
    segment.insert(segment.index(signed), deepcopy(signed))


def _time_runs_back(events: Events) -> None:
    events[0][3]["at"] = "2020-01-01T00:00:00.000Z"


def _identified_too_early(events: Events) -> None:
    _find(events, "identity.verified/1")["at"] = "2026-11-21T03:55:30.000Z"


_EVENTS: dict[str, Callable[[Events], None]] = {
    "a chain rewritten from the start": _set("case.opened/1", tenant="other"),
    "an event left out": _drop("reading.disclosure_acknowledged/1"),
    "time that runs backwards": _time_runs_back,
    "two openings": lambda events: events[0].insert(1, deepcopy(events[0][0])),
    "the first event left out": lambda events: events[0].__delitem__(0),
    "a milestone in the middle of a segment": lambda events: events[0].insert(
        5, deepcopy(_find(events, "evidence.export_requested/1"))
    ),
    "an unknown type": lambda events: events[0][1].__setitem__("type", "case.smoothed/1"),
    "an act by the agent": _signed_by_agent,
    "one paper signed twice": _signed_twice,
    "an act over another opinion": _set("esign.document_signed/1", opinion="disagree"),
    "an act over another paper": _set("esign.document_signed/1", shown_sha256="0" * 64),
    "another device key": _set("case.session_opened/1", key__x="A" * 43),
    "a session that was over": _set("case.session_opened/1", expires="2026-11-21T04:00:07.000Z"),
    "an act not by the key": _set("esign.document_signed/1", act__nonce="again"),
    "no identity check": _drop("identity.verified/1"),
    "an identity check too long ago": _identified_too_early,
    "a paper not shown to its end": _set("esign.document_shown/1", end_seen=False),
    "an earlier event that earns everything": _set("consent.given/1", satisfies=["identity:proposer:K3"]),
    "an unknown mode": _set("case.opened/1", mode="trial"),
    "synthetic input in production": _set("case.opened/1", mode="production", input_origin="synthetic"),
    "an erasure of what is open": _set("privacy.erased/1", fields=[]),
    "a body of another shape": _set("esign.document_signed/1", act=None),
    "a policy of another shape": _set("case.opened/1", policy=[]),
}
