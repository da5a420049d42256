"""Log, seals, time, witnesses and bundles at work: the duties that turn events into proof, each after the log."""

import asyncio
import contextlib
import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Literal, Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.judging import Judges
from api.keys import time_roots
from api.live import Live
from api.rooms import SYSTEM, Rooms
from api.settings import Settings
from api.store import Store
from evidence import sealer
from evidence.bundle import Built, BundlePorts, Extras, NotAnchoredYet, build_bundle
from evidence.case import Case
from evidence.case.exporting import Asked
from evidence.checkpoint import open_checkpoint
from evidence.durable import write_durable
from evidence.errors import Corrupt, Error, HeadMoved, NotFound, ObjectCorrupt, ReadOnly, Unavailable
from evidence.events import (
    Actor,
    Body,
    Event,
    ExportApproved,
    ExportBuilt,
    ExportFailed,
    ExportRequested,
    KeyAdopted,
    NoticeShown,
    Sealed,
    Stamp,
    parse_instant,
    stream_kind,
)
from evidence.export import rules
from evidence.export.errors import ExportAltered
from evidence.follow import Handle
from evidence.log import Entry
from evidence.ports import Clock
from evidence.timestamp import TimeStampUnavailable
from evidence.timestamping import CheckpointStamps
from evidence.vault import Objects, b64
from evidence.verify.keys import (
    DOCUMENT_CA,
    LOG,
    SEAL,
    TSA_INDEPENDENT,
    TSA_LOCAL,
    WITNESSES,
    log_vkey_file,
    seal_pem,
)
from evidence.witnessing import Witnessing
from kyc import notices
from products.opening import product_stream

KEYS_STREAM = "key_service"
NOTICES, PACKS = "notices", "packs"  # objects under the hash that events name them by
ANCHOR_LOOKS, ANCHOR_LOOK_S = 30, 0.1  # a seal's time and the witnesses are usually a moment away


class Alarm(Protocol):
    def __call__(self, name: str, what: str, stops: bool = True) -> None: ...


Purpose = Literal["checkpoint", "seal", "document_ca", "tsa"]


@dataclass(frozen=True)
class Proofroom:
    """Everything that turns events into proof."""

    settings: Settings
    store: Store
    rooms: Rooms
    now: Clock
    seals: sealer.SealPorts
    bundles: BundlePorts
    witnessing: Witnessing | None
    alarm: Alarm
    sound: Callable[[], bool]
    judges: Judges = field(default_factory=Judges)

    @classmethod
    def of(
        cls,
        settings: Settings,
        store: Store,
        rooms: Rooms,
        now: Clock,
        alarm: Alarm,
        sound: Callable[[], bool] = lambda: True,
    ) -> "Proofroom":
        """`sound`: whether no alarm stands; while one does, nothing is signed."""
        seals = sealer.SealPorts(store.ledger, store.vault, store.objects, store.seal_key, now)
        witnessing = None
        if store.policy is not None:
            every_s = float(settings.witness_every_s)
            witnessing = Witnessing(
                store.policy, store.sequencer, store.signed, store.cosigned, now, alarm, every_s=every_s
            )
        bundles = BundlePorts(
            store.ledger, store.vault, store.objects, store.sequencer, store.stamper, witnessing, anchored=True
        )
        return cls(settings, store, rooms, now, seals, bundles, witnessing, alarm, sound)

    async def check(self) -> None:
        """Does the store reach the checkpoint that was signed last? If not, an old copy was restored or the log was
        rewritten: reading goes on, and nothing is written, until a person has looked (attack 28)."""
        try:
            await self.store.sequencer.check()
            if self.witnessing is not None:
                await self.witnessing.start()
        except (ReadOnly, Corrupt) as error:
            self.alarm("log", f"{error.code}: {error.detail}")

    async def start(self) -> None:
        """Keys into the log, public halves where an auditor finds them. In every process; repeating is harmless."""
        await self._adopt_keys()
        await self._keep_what_events_name()
        for name, data in self.public_keys().items():
            path = self.keys_folder / name
            if not path.exists() or path.read_bytes() != data:
                await asyncio.to_thread(write_durable, path, data)

    def duties(self, live: Live) -> dict[str, Handle]:
        """Each under a lease of its own: a slow witness or time authority holds up nobody else's work."""
        found: dict[str, Handle] = {
            "proof": self._prove,
            "time": self._stamp,
            "exports": self._export_all,
            "live": live.tell,
        }
        return found if self.witnessing is None else found | {"witness": self.witnessing.handle}

    @property
    def keys_folder(self) -> Path:
        """What an auditor takes away once and trusts from then on."""
        return self.settings.data / "public-keys"

    def public_keys(self) -> dict[str, bytes]:
        """By file name. Those of others (time, witnesses) an auditor compares with what they themselves publish."""
        found = {
            LOG: log_vkey_file(self.store.sequencer.public),
            SEAL: seal_pem(self.store.seal_key.public_key()),
            DOCUMENT_CA: self.rooms.esign.authority.root_pem,
        }
        if self.store.local_tsa is not None:
            found[TSA_LOCAL] = self.store.local_tsa.root.public_bytes(Encoding.PEM)
        if roots := time_roots(self.settings):
            found[TSA_INDEPENDENT] = b"".join(root.public_bytes(Encoding.PEM) for root in roots)
        if self.store.policy is not None and self.store.policy.witnesses:
            found[WITNESSES] = self.store.policy.vkeys
        return found

    # --- the duties --------------------------------------------------------------------------------------------------

    def _must_be_sound(self) -> None:
        """Nothing is signed over a store in doubt: a forged line would be vouched for."""
        if not self.sound():
            raise ReadOnly("an alarm stands")

    async def _prove(self, entries: Sequence[Entry]) -> None:
        self._must_be_sound()
        if self.witnessing is not None:
            self.witnessing.check()
        try:
            await self.store.sequencer.take(entries)
        except (ReadOnly, Corrupt) as error:
            self.alarm("log", f"{error.code}: {error.detail}")
            raise  # the follower tries again; nothing after this is done meanwhile
        await sealer.handle(entries, self.seals)

    async def _stamp(self, entries: Sequence[Entry]) -> None:
        """Time for every seal: tried again until the authority answers, however long that takes."""
        ports = replace(self.seals, stamper=self.store.stamper)
        missing = [await sealer.stamp_missing(stream, ports) for stream in _sealed(entries)]
        if any(missing):
            raise TimeStampUnavailable(f"{sum(missing)} seals wait for their time stamp")

    async def stamp_checkpoints(self) -> None:
        """A chore: time for the log as a whole, in whichever process is first."""
        every, holder = timedelta(seconds=self.settings.stamp_every_s), secrets.token_hex(8)
        stamps = CheckpointStamps(self.store.objects, self.store.stamper)
        while True:
            await asyncio.sleep(every.total_seconds())
            with contextlib.suppress(Error):  # the next round stamps a newer one, which covers this one
                now = self.now()
                if await self.store.leases.take("checkpoint-time", holder, now, now + 2 * every) is not None:
                    await self._stamp_checkpoint(stamps)

    async def _stamp_checkpoint(self, stamps: CheckpointStamps) -> None:
        public = self.store.sequencer.public
        found = None if self.witnessing is None else await self.witnessing.head()
        if found is not None:
            await stamps.stamp(found[0].size, found[1])
        elif (note := await self.store.signed.load()) is not None:
            await stamps.stamp(open_checkpoint(note, public)[0].size, note)

    async def _export_all(self, entries: Sequence[Entry]) -> None:
        self._must_be_sound()
        waiting: Error | None = None
        for stream in _sealed(entries, _APPROVED):
            try:
                await self._export(await self.store.ledger.case(stream))
            except (Unavailable, HeadMoved) as error:  # the others in this run need not wait for it
                waiting = error
        if waiting is not None:
            raise waiting

    async def _export(self, case: Case) -> None:
        """Build what was asked for and is not there yet. Nothing is served that our own verifier does not accept."""
        for export in case.exports:
            if export in case.built or export in case.failed or case.asked[export].waits:
                continue
            try:
                made = await self._build(case, export)
                if made is None:
                    continue
                await self.store.vault.keep(case.id, export, made.data)
            except (Unavailable, HeadMoved):  # not yet, or the sequencer of another process was at it too
                raise  # the follower tries again
            except Error as error:
                failed = ExportFailed(export=export, reason=error.code)
                await self.store.ledger.record(case.id, _once(failed), Stamp(actor=SYSTEM, at=self.now()))
                continue
            built = ExportBuilt(
                export=export,
                verdict=made.verdict,
                sha256=await asyncio.to_thread(_sha256, made.data),
                bytes=len(made.data),
            )
            after = await self.store.ledger.record(
                case.id, _unless_erased(built, case), Stamp(actor=SYSTEM, at=self.now())
            )
            if export not in after.built and export not in after.failed:
                await self.store.vault.drop_kept(case.id)
                raise HeadMoved("something was erased while the bundle was built")

    async def handed_out(self, case: Case, export: str, actor: Actor) -> bytes:
        """The bundle, for an actor who may have it; that it was handed out is sealed first (EVD-13).

        ExportAltered when what is kept is not what was built (convention 19), with an alarm.
        """
        built = rules.admit_reading(case, export, actor)
        self._must_be_sound()  # reading is an event, and nothing can be recorded
        try:
            data = await self.store.vault.kept(case.id, export)
        except ObjectCorrupt:
            data = b""
        if await asyncio.to_thread(_sha256, data) != built.sha256:
            self.alarm("contents", f"content, {case.id}/{export}: not the bundle that was built", stops=False)
            raise ExportAltered
        stamp = Stamp(actor=actor, at=self.now())
        await self.store.ledger.record(case.id, lambda now: rules.read(now, export, actor), stamp)
        return data

    async def _build(self, case: Case, export: str) -> Built | None:
        """With every time stamp and the witnesses' quorum; after the deadline with what there is, and the verdict in
        `evidence.export_built/1` says what lacks. None: the request itself is not sealed yet; that seal comes by here.
        """
        events = await self.store.ledger.events(case.id)
        asked = next(e for e in events if isinstance(e.body, ExportRequested) and e.body.export == export)
        seals = [event for event in events if isinstance(event.body, Sealed)]
        if not any(isinstance(seal.body, Sealed) and seal.body.last_seq >= asked.seq for seal in seals):
            return None
        late = self.now() > parse_instant(asked.at) + timedelta(seconds=self.settings.anchor_wait_s)
        ports = replace(self.bundles, cosigned=None, anchored=False) if late else self.bundles
        extras = await self._extras(case, events[: seals[-1].seq], case.asked[export])
        for _ in range(ANCHOR_LOOKS):
            try:
                return await build_bundle(case.id, ports, extras)
            except NotAnchoredYet:
                await asyncio.sleep(ANCHOR_LOOK_S)
        return await build_bundle(case.id, ports, extras)

    async def _extras(self, case: Case, events: Sequence[Event], asked: Asked) -> Extras:
        compiled = self.rooms.products.catalogue.of(case)
        return Extras(
            keys=self.public_keys(),
            context=(KEYS_STREAM, product_stream(compiled)),
            extracts={case.opener: 1},  # an account is what its first event says; when it signed in concerns nobody
            product={"definition.json": compiled.canonical, **compiled.files},
            models=await self._manifests(events),
            texts=await self._texts(events),
            open=frozenset(asked.open),
            withhold=frozenset(asked.withhold),
        )

    async def _keep_what_events_name(self) -> None:
        """The notices and the manifest in force, under their hashes: a case from before a change of theirs is built
        with the bytes it named."""
        identity = self.rooms.identity
        for text in notices.every(identity.processor):
            await self.store.objects.put(f"{NOTICES}/{_sha256(text)}", text)
        await keep_manifest(identity.faces.pack.path, self.store.objects)

    async def _manifests(self, events: Sequence[Event]) -> dict[str, bytes]:
        """By name, of the packs that sealed scores name; the way without a face has no score."""
        found = {}
        for key in await self.store.objects.keys(f"{PACKS}/"):
            sha256 = key.removeprefix(f"{PACKS}/").encode()
            if any(sha256 in event.line for event in events):
                data = await self.store.objects.get(key)
                found[msgspec.json.decode(data)["model_id"]] = data
        return found

    async def _texts(self, events: Sequence[Event]) -> list[bytes]:
        """The notices whose words the customer was shown in these events, as the chain names them by hash."""
        named = dict.fromkeys(e.body.text_sha256 for e in events if isinstance(e.body, NoticeShown))
        kept = set(await self.store.objects.keys(f"{NOTICES}/"))
        return [await self.store.objects.get(key) for sha in named if (key := f"{NOTICES}/{sha}") in kept]

    # --- keys --------------------------------------------------------------------------------------------------------

    async def _adopt_keys(self) -> None:
        try:
            known = {
                e.body.public for e in await self.store.ledger.events(KEYS_STREAM) if isinstance(e.body, KeyAdopted)
            }
        except NotFound:
            known = set()
        wanted: dict[Purpose, tuple[PublicKeyTypes, str]] = {
            "checkpoint": (self.store.log_key.public_key(), "ed25519"),
            "seal": (self.store.seal_key.public_key(), "ed25519"),
            "document_ca": (self.rooms.esign.authority.root_key, "ecdsa-p256"),
        }
        if self.store.local_tsa is not None:
            wanted["tsa"] = (self.store.local_tsa.root.public_key(), "ecdsa-p256")
        bodies = [
            KeyAdopted(key=f"{purpose}-1", purpose=purpose, algorithm=algorithm, public=spki, protection="file")
            for purpose, (key, algorithm) in wanted.items()
            if (spki := b64(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))) not in known
        ]
        if bodies:
            await self.store.ledger.note(KEYS_STREAM, bodies, Stamp(actor=SYSTEM, at=self.now()))


async def keep_manifest(folder: Path, objects: Objects) -> None:
    """Of a model pack, under the hash that its scores will name it by. A folder without one is for `kyc` to refuse."""
    with contextlib.suppress(FileNotFoundError):
        manifest = await asyncio.to_thread((folder / "manifest.json").read_bytes)
        await objects.put(f"{PACKS}/{_sha256(manifest)}", manifest)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _once(body: ExportBuilt | ExportFailed) -> Callable[[Case], Sequence[Body]]:
    return lambda case: () if body.export in case.built or body.export in case.failed else (body,)


def _unless_erased(built: ExportBuilt, before: Case) -> Callable[[Case], Sequence[Body]]:
    """A bundle may hold what was erased since the case was looked at: then it is not announced, but built again."""
    return lambda case: _once(built)(case) if case.erased == before.erased else ()


_SEALED = f'"type":"{Sealed.TYPE}"'.encode()
_APPROVED = f'"type":"{ExportApproved.TYPE}"'.encode()


def _sealed(entries: Sequence[Entry], *others: bytes) -> dict[str, None]:
    """Cases with a new seal: it wants its time, and an export that was asked for can be built (the request itself is a
    milestone, so a seal follows it). `others`: more that a case may be looked at for."""
    marks = (_SEALED, *others)
    return dict.fromkeys(
        e.stream for e in entries if stream_kind(e.stream) == "case" and any(mark in e.line for mark in marks)
    )
