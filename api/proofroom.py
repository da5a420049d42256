"""Log, seals and bundles at work: one duty under one lease, because each part builds on what the one before wrote."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.live import Live
from api.rooms import SYSTEM, Rooms
from api.settings import Settings
from api.store import Store
from evidence import decode, sealer
from evidence.bundle import BundlePorts, Extras, build_bundle
from evidence.case import Case
from evidence.durable import write_durable
from evidence.errors import Corrupt, Error, NotFound, Unavailable
from evidence.events import Body, ExportBuilt, ExportFailed, ExportRequested, KeyAdopted, Sealed, Stamp, stream_kind
from evidence.follow import Handle
from evidence.log import Entry
from evidence.ports import Clock
from evidence.vault import b64
from evidence.verify import TrustedKeys, verify_bundle
from evidence.verify.keys import DOCUMENT_CA, LOG, SEAL, TSA_LOCAL, log_vkey_file, seal_pem
from kyc import notices
from products.opening import product_stream

KEYS_STREAM = "key_service"
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

    @classmethod
    def of(cls, settings: Settings, store: Store, rooms: Rooms, now: Clock) -> "Proofroom":
        seals = sealer.SealPorts(store.ledger, store.vault, store.objects, store.seal_key, now, store.tsa)
        bundles = BundlePorts(store.ledger, store.vault, store.objects, store.sequencer, store.tsa)
        return cls(settings, store, rooms, now, seals, bundles)

    async def start(self) -> None:
        """Keys into the log, public halves where an auditor finds them. In every process; repeating is harmless."""
        await self._adopt_keys()
        for name, data in self.public_keys().items():
            path = self.keys_folder / name
            if not path.exists() or path.read_bytes() != data:
                await asyncio.to_thread(write_durable, path, data)

    def duties(self, live: Live) -> dict[str, Handle]:
        return {"proof": self._prove, "live": live.tell}

    @property
    def keys_folder(self) -> Path:
        """What an auditor takes away once and trusts from then on."""
        return self.settings.data / "public-keys"

    def public_keys(self) -> dict[str, bytes]:
        return {
            LOG: log_vkey_file(self.store.sequencer.public),
            SEAL: seal_pem(self.store.seal_key.public_key()),
            DOCUMENT_CA: self.rooms.esign.authority.root_pem,
            TSA_LOCAL: self.store.tsa.root.public_bytes(Encoding.PEM),
        }

    # --- the duty ----------------------------------------------------------------------------------------------------

    async def _prove(self, entries: Sequence[Entry]) -> None:
        await self.store.sequencer.take(entries)
        await sealer.handle(entries, self.seals)
        for stream in dict.fromkeys(entry.stream for entry in entries if _wants_bundle(entry)):
            await self._export(await self.store.ledger.case(stream))

    async def _export(self, case: Case) -> None:
        """Build what was asked for and is not there yet. Nothing is served that our own verifier does not accept."""
        for export in case.exports:
            if export in case.built or export in case.failed:
                continue
            stamp = Stamp(actor=SYSTEM, at=self.now())
            try:
                data = await build_bundle(case.id, self.bundles, self._extras(case))
                report = await asyncio.to_thread(verify_bundle, data, TrustedKeys.of(self.public_keys()))
                if report.verdict == "TOTAL-FAILED":
                    raise BundleRejected(f"step {report.first_bad}")
                await self.store.vault.keep(case.id, export, data)
            except Unavailable:
                raise  # the follower tries again
            except Error as error:
                failed = ExportFailed(export=export, reason=error.code)
                await self.store.ledger.record(case.id, _once(failed), stamp)
                continue
            built = ExportBuilt(
                export=export, verdict=report.verdict, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data)
            )
            await self.store.ledger.record(case.id, _once(built), stamp)

    def _extras(self, case: Case) -> Extras:
        compiled = self.rooms.products.catalogue.of(case)
        pack = self.rooms.identity.faces.pack
        processor = self.rooms.identity.processor
        return Extras(
            keys=self.public_keys(),
            context=(KEYS_STREAM, product_stream(compiled)),
            product={"definition.json": compiled.canonical, **compiled.files},
            models={pack.manifest.model_id: (pack.path / "manifest.json").read_bytes()},
            texts=_texts(case, processor),
        )

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
            "tsa": (self.store.tsa.root.public_key(), "ecdsa-p256"),
        }
        bodies = [
            KeyAdopted(key=f"{purpose}-1", purpose=purpose, algorithm=algorithm, public=spki, protection="file")
            for purpose, (key, algorithm) in wanted.items()
            if (spki := b64(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))) not in known
        ]
        if bodies:
            await self.store.ledger.note(KEYS_STREAM, bodies, Stamp(actor=SYSTEM, at=self.now()))


def export_rule(export: str, reason: str) -> tuple[Body, ...]:
    return (ExportRequested(export=export, reason=reason),)


class BundleRejected(
    Corrupt,
    code="BUNDLE_REJECTED",
    zh="证据包没有通过我们自己的校验，没有发出，已报警。",
    en="The bundle did not pass our own verifier and was not handed out. An alarm was raised.",
):
    pass


def _texts(case: Case, processor: notices.Processor) -> list[bytes]:
    """The notices whose words the customer was shown, and the paper's template, as the chain names them by hash."""
    shown = [notices.texts(scope, processor) for scope in case.notices]
    current = [decode.encode(text) for text in shown]
    return [text for text in current if hashlib.sha256(text).hexdigest() in case.notices.values()]


def _once(body: ExportBuilt | ExportFailed) -> Callable[[Case], Sequence[Body]]:
    return lambda case: () if body.export in case.built or body.export in case.failed else (body,)


_BUNDLE_MARKS = tuple(f'"type":"{body.TYPE}"'.encode() for body in (Sealed, ExportRequested))


def _wants_bundle(entry: Entry) -> bool:
    return stream_kind(entry.stream) == "case" and any(mark in entry.line for mark in _BUNDLE_MARKS)
