"""Builds the bundle of a case: one canonical zip that anybody can check offline (docs/BUNDLE.md).

Reads the sealed lines, the seals, what the vault still holds of the opened classes, and proofs; makes the timeline, the
guide and the bag with the code that the verifier compares by; and lets no bundle leave that does not verify.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal, Protocol

from evidence import seal
from evidence.checkpoint import Checkpoint, open_checkpoint, read_proof, split_note
from evidence.errors import NotFound, ObjectCorrupt, ObjectErased, Unavailable
from evidence.events import Erased, Event, Media, Retention, Sealed
from evidence.ledger import Ledger
from evidence.sealer import Stamper, checkpoint_key, seal_key
from evidence.sequencer import Proven, Sequencer
from evidence.vault import SALT_BYTES, Objects, Vault, b64
from evidence.verify import Report, account, bag, chain, container, fields, files, log, time, verify_bundle
from evidence.verify.chain import Chain
from evidence.verify.keys import LOG, TrustedKeys
from evidence.verify.places import Place
from evidence.verify.seals import path as seal_path

EVERYTHING: frozenset[Retention] = frozenset(("biometric", "identity", "location", "contract"))


class NotSealedYet(
    Unavailable,
    code="NOT_SEALED_YET",
    zh="证据正在封存，请稍候再导出。",
    en="The evidence is still being sealed. Please export again in a moment.",
):
    """A milestone is not announced by a seal yet, or the log has not taken in the last event."""


class NotAnchoredYet(
    Unavailable,
    code="NOT_ANCHORED_YET",
    zh="证据正在等待时间戳或外部见证，请稍候再导出。",
    en="The evidence waits for its time stamp or its witnesses. Please export again in a moment.",
):
    """A seal or the checkpoint has no time stamp yet, or the witnesses' quorum has not seen the last event."""


class Cosigned(Protocol):
    """What `evidence.witnessing.Witnessing` published last."""

    async def head(self) -> tuple[Checkpoint, bytes] | None: ...


@dataclass(frozen=True)
class BundlePorts:
    """`stamper` stamps the checkpoint; None: no time authority is configured. `cosigned`: proofs are under the tree
    head that the witnesses' quorum signed. `anchored`: rather no bundle than one that lacks a time stamp.
    """

    ledger: Ledger
    vault: Vault
    objects: Objects
    sequencer: Sequencer
    stamper: Stamper | None = None
    cosigned: Cosigned | None = None
    anchored: bool = False


@dataclass(frozen=True)
class Extras:
    """What the caller hands in; each file must be bound by the chain, or the bundle does not verify and is not made.

    `keys`: files of `keys/` by name. `context`: streams to prove along with the case, `key_…` at least; `extracts`: of
    these only so many of the first events (who opened the case, and under which certificate). `product`:
    `definition.json` (SHA-256 = the policy's `product.full`) and the files it pins. `models`: manifest by pack.
    `texts`: consent notices, templates, renders. `open`: retention classes whose content is disclosed, but for values
    named in `withhold`, by their own name or by the path in an event.
    """

    keys: Mapping[str, bytes]
    context: Sequence[str]
    extracts: Mapping[str, int] = field(default_factory=dict)
    product: Mapping[str, bytes] = field(default_factory=dict)
    models: Mapping[str, bytes] = field(default_factory=dict)
    texts: Sequence[bytes] = ()
    open: frozenset[Retention] = EVERYTHING
    withhold: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Built:
    """A bundle, and what our own verifier says of it under the keys inside. One that fails is never built."""

    data: bytes
    report: Report

    @property
    def verdict(self) -> Literal["TOTAL-PASSED", "INDETERMINATE"]:
        return "TOTAL-PASSED" if self.report.verdict == "TOTAL-PASSED" else "INDETERMINATE"


async def build_bundle(stream: str, ports: BundlePorts, extras: Extras) -> Built:
    """The bundle of a case as of its last announced seal.

    NotSealedYet when nothing is sealed or a needed seal is on its way; ObjectCorrupt when something that was never
    erased is gone, or the result would not verify.
    """
    # 1. the lines, cut after the announcement of a seal
    events = await ports.ledger.events(stream)
    upto = _cut(events)
    closed, tail = seal.segments(events[:upto])
    contents = {f"data/chain/{part.number:04d}.jsonl": part.file for part in closed}
    contents[f"data/chain/{len(closed) + 1:04d}.jsonl"] = b"".join(event.line + b"\n" for event in tail)
    # 2. the seals and their stamps
    for part in closed:
        contents |= await _seal(stream, part.number, ports)
    # 3. the streams around it, and proofs of all under one checkpoint
    contents |= await _context(stream, upto, ports, extras)
    # 4. product, models, texts, keys
    contents |= {f"data/product/{path}": data for path, data in extras.product.items()}
    contents |= {f"data/models/{pack}.json": data for pack, data in extras.models.items()}
    contents |= {f"{files.TEXTS}{sha256(data).hexdigest()}": data for data in extras.texts}
    contents |= {f"keys/{name}": data for name, data in extras.keys.items()}
    # 5. what was committed to, as far as its class is opened and it is still there
    read = await asyncio.to_thread(chain.read, stream.replace("_", "-", 1), contents)
    erased_later = {
        item.commitment for event in events[upto:] if isinstance(event.body, Erased) for item in event.body.fields
    }
    opened, withheld = await _open(read, ports.vault, extras, erased_later)
    contents |= opened
    # 6. the account of it, the bag, the archive; and a look through the verifier's eyes
    return await asyncio.to_thread(_assemble, read, contents, withheld)


def _cut(events: Sequence[Event]) -> int:
    """How many events go in: up to the announcement of the newest seal before which everything else is announced."""
    closed, _ = seal.segments(events)
    announcements = {event.body.segment: event.seq for event in events if isinstance(event.body, Sealed)}
    for number in range(len(closed), 0, -1):
        if any(earlier not in announcements for earlier in range(1, number + 1)):
            continue
        upto = max(announcements[earlier] for earlier in range(1, number + 1))
        if len(seal.segments(events[:upto])[0]) == number:
            return upto
    raise NotSealedYet("no seal yet, or the next one is on its way")


async def _seal(stream: str, number: int, ports: BundlePorts) -> dict[str, bytes]:
    key, path = seal_key(stream, number), seal_path(number)
    found = {path: await ports.objects.get(key)}
    try:
        found[path.replace(".dsse.json", ".tsr")] = await ports.objects.get(key.replace(".dsse.json", ".tsr"))
    except ObjectErased:  # no authority answered in time; the verifier says so
        if ports.anchored:
            raise NotAnchoredYet(f"seal {number} has no time stamp") from None
        return found
    return found


async def _context(stream: str, upto: int, ports: BundlePorts, extras: Extras) -> dict[str, bytes]:
    await ports.sequencer.catch_up()
    found: dict[str, bytes] = {}
    ends = {log.PROOF: (stream, upto)}
    around: dict[str, int | None] = {**dict.fromkeys(extras.context), **extras.extracts}
    for other, count in around.items():
        lines = [event.line for event in await ports.ledger.events(other, count)]
        found[f"data/context/{other}.jsonl"] = b"".join(line + b"\n" for line in lines)
        ends[f"data/context/{other}.tlog-proof"] = (other, len(lines))
    proven = await _prove(ends.values(), ports)
    found |= {path: proven[place].proof for path, place in ends.items()}
    _, _, note = read_proof(found[log.PROOF])
    reply = await _checkpoint_time(note, ports)
    return found if reply is None else found | {time.CHECKPOINT: reply}


async def _checkpoint_time(note: bytes, ports: BundlePorts) -> bytes | None:
    """What the log's own chore had stamped already, else a stamp of now; None lowers the verdict, and never blocks."""
    kept = f"{checkpoint_key(split_note(note)[0].size, note)}.tsr"
    if await ports.objects.keys(kept):
        return await ports.objects.get(kept)
    try:
        if ports.stamper is not None:
            return await ports.stamper.stamp(sha256(note).digest())
    except Unavailable:
        if ports.anchored:
            raise NotAnchoredYet("the checkpoint has no time stamp") from None
    return None


async def _prove(ends: Iterable[tuple[str, int]], ports: BundlePorts) -> dict[tuple[str, int], Proven]:
    if ports.cosigned is None:
        return await ports.sequencer.prove(ends)
    head = await ports.cosigned.head()
    if head is None:
        raise NotAnchoredYet("no witnesses saw the log yet")
    try:
        return await ports.sequencer.prove(ends, head)
    except NotFound:
        raise NotAnchoredYet("the witnesses have not seen the last event yet") from None


async def _open(read: Chain, vault: Vault, extras: Extras, erased_later: set[str]) -> tuple[dict[str, bytes], set[str]]:
    """(files, commitments left closed on purpose)."""
    paths: dict[str, set[str]] = {}
    for place in read.places:
        paths.setdefault(place.commitment, set()).add(place.path)
    places = list({place.commitment: place for place in reversed(read.places)}.values())[::-1]
    erased = fields.erasures(read)
    wanted = [place for place in places if place.commitment not in erased]
    held = await vault.reveal(read.stream, [place.commitment for place in wanted if place.media is None])
    withheld = {
        item
        for item, disclosure in held.items()
        if disclosure.retention not in extras.open or not extras.withhold.isdisjoint({disclosure.name, *paths[item]})
    }
    values: list[str] = []
    salts: list[str] = []
    found: dict[str, bytes] = {}
    for place in wanted:
        if place.media is None and place.commitment in held:
            if place.commitment not in withheld:
                values.append(held[place.commitment].text)
        elif place.media is not None and place.media["retention"] not in extras.open:
            withheld.add(place.commitment)
        else:
            salt, data = await _file(read.stream, place, vault, erased_later)
            assert place.file is not None
            found[place.file] = data
            if place.sha256 is None:
                salts.append(f"{place.commitment} {b64(salt)}")
    for path, lines in ((fields.VALUES, values), (fields.SALTS, salts)):
        if lines:
            found[path] = "".join(f"{line}\n" for line in lines).encode()
    return found, withheld


async def _file(stream: str, place: Place, vault: Vault, erased_later: set[str]) -> tuple[bytes, bytes]:
    try:
        if place.media is None:
            raise ObjectErased("value")
        salted = await vault.get_salted(stream, Media(**place.media))
    except ObjectErased:
        if place.commitment in erased_later:
            raise NotSealedYet("an erasure is being sealed") from None
        raise ObjectCorrupt(f"event {place.seq} committed to {place.path}; never erased, and gone") from None
    return salted[:SALT_BYTES], salted[SALT_BYTES:]


def _assemble(read: Chain, contents: Mapping[str, bytes], withheld: set[str]) -> Built:
    found = dict(contents)
    order = dict.fromkeys(place.commitment for place in read.places)
    if withheld:
        found[fields.WITHHELD] = "".join(f"{item}\n" for item in order if item in withheld).encode()
    keys = TrustedKeys.of(
        {path.removeprefix("keys/"): data for path, data in found.items() if path.startswith("keys/")}
    )
    if not keys.logs:
        raise ObjectCorrupt(f"keys/{LOG} is missing")
    index, _, note = read_proof(found[log.PROOF])
    head = log.Head(index, open_checkpoint(note, log.signer(note, keys), keys.witnesses)[0], note)
    states = [*fields.disclosures(read, found), *fields.media(read, found), *fields.documents(read, found)]
    states.sort(key=fields.chain_order(read))
    found[account.TIMELINE] = account.timeline(read, states, head)
    found[account.GUIDE] = account.guide(read, found, head)
    found |= bag.bag_files(found)
    whole = container.write(read.stream.replace("_", "-", 1), found)
    report = verify_bundle(whole, keys)
    if report.verdict == "TOTAL-FAILED":
        bad = next(step for step in report.steps if step.state == "failed")
        raise ObjectCorrupt(f"the bundle would fail step {bad.n}: {bad.detail} ({report.first_bad})")
    return Built(whole, report)
