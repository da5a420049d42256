"""A told case in a real store on disk, as the service keeps it; and the hand of whoever damages it."""

import asyncio
import hashlib
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence import events as happened
from evidence.checkpoint import NoteKey
from evidence.durable import write_durable
from evidence.events import Body, Stamp
from evidence.files import FileObjects
from evidence.fsck import Places, Report, check
from evidence.fsck.folder import LocalFolder
from evidence.ledger import Ledger
from evidence.log import Claim
from evidence.sealer import SealPorts, seal_new
from evidence.sequencer import Sequencer
from evidence.sql import Database, SqlCheckpoints, SqlKeys, SqlLog, SqlValues
from evidence.sql.audit import SqlAudit, SqlKeyAudit
from evidence.tiles import PublicNote
from evidence.vault import Vault
from evidence.verify.keys import LOG, SEAL
from tests.proof.story import ORIGIN, Teller, World, stream_of, world

CLAIMS = {"FrameCaptured": "frame", "DocumentSigned": "strokes"}


@dataclass
class Kept(World):
    """`tests.proof.story.World` on real adapters under one folder. `url` None: SQLite in it."""

    data: Path = field(default_factory=Path)
    url: str | None = None
    database: Database = field(init=False)
    key_base: Database = field(init=False)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    def __post_init__(self) -> None:
        """Nothing yet: the database has to be opened first."""

    @classmethod
    async def open(cls, data: Path, made: World, url: str | None = None) -> "Kept":
        kept = cls(made.tsa, made.papers, made.clock, made.random, data=data, url=url)
        kept.database = await Database.open(kept.database_url)
        kept.key_base = await Database.open(kept.keys_url, "keys")
        kept.stack.push_async_callback(kept.database.close)
        kept.stack.push_async_callback(kept.key_base.close)
        kept.log = SqlLog(kept.database, kept.clock)  # type: ignore[assignment]
        kept.objects = FileObjects(data / "objects")  # type: ignore[assignment]
        kept.tiles = FileObjects(data / "log")  # type: ignore[assignment]
        kept.checkpoint = SqlCheckpoints(kept.database, "signed", PublicNote(data / "log" / "checkpoint"))  # type: ignore[assignment]
        kept.ledger = Ledger(kept.log)
        kept.vault = Vault(kept.objects, SqlKeys(kept.key_base), SqlValues(kept.database), b"m" * 32, kept.random)
        kept.sequencer = Sequencer(kept.log, kept.tiles, kept.checkpoint, ORIGIN, kept.log_key)
        kept.seals = SealPorts(kept.ledger, kept.vault, kept.objects, kept.seal_key, kept.clock, kept.tsa)
        return kept

    @property
    def database_url(self) -> str:
        return self.url or f"sqlite:///{self.data}/jianzheng.db"

    @property
    def keys_url(self) -> str:
        return f"sqlite:///{self.data}/keys/keys.db"

    async def tell(self) -> str:
        """A whole case, sealed and published; its stream."""
        await self.adopt_keys()
        teller = ClaimingTeller(self, stream_of(self))
        await teller.opening()
        await teller.reading()
        await teller.identity()
        await seal_new(teller.stream, self.seals)
        await teller.signing()
        await teller.export()
        await self.sequencer.catch_up()
        return teller.stream

    async def check(self, **options: Any) -> Report:
        with tempfile.TemporaryDirectory() as scratch:
            found = places(self.data, self.sequencer.public, self.database_url)
            return await check(found, Path(scratch), **options)


class ClaimingTeller(Teller):
    """As the flows do it: a frame and a handwriting may happen once."""

    async def happen(self, *bodies: Body, actor: happened.Actor | None = None) -> None:
        for body in bodies:
            kind = CLAIMS.get(type(body).__name__)
            if kind is None:
                await super().happen(body, actor=actor)
                continue
            claim = Claim(tenant="demo", kind=kind, digest=hashlib.sha256(repr(body).encode()).hexdigest())
            stamp = Stamp(actor=actor or self.customer.actor, at=self.world.clock.forward(1))
            await self.world.ledger.record(self.stream, lambda _, body=body: (body,), stamp, (claim,))  # type: ignore[misc]


def places(data: Path, signer: NoteKey, url: str | None = None) -> Places:
    """As the command line finds them."""
    return Places(
        SqlAudit(url or f"sqlite:///{data}/jianzheng.db"),
        SqlKeyAudit(f"sqlite:///{data}/keys/keys.db"),
        LocalFolder(data / "objects"),
        LocalFolder(data / "log"),
        (signer,),
    )


@dataclass(frozen=True)
class Copy:
    """A closed store that a test may damage."""

    data: Path
    stream: str
    log_key: Ed25519PrivateKey

    def rows(self, base: str = "jianzheng.db") -> sqlite3.Connection:
        """The insider with the file, after the triggers were taken away."""
        rows = sqlite3.connect(self.data / base, isolation_level=None)
        for (name,) in rows.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            rows.execute(f"DROP TRIGGER {name}")
        return rows

    def run(self, statement: str, *values: Any, base: str = "jianzheng.db") -> int:
        """How many rows it touched."""
        rows = self.rows(base)
        try:
            return rows.execute(statement, values).rowcount
        finally:
            rows.close()

    def one(self, question: str, *values: Any, base: str = "jianzheng.db") -> Any:
        rows = self.rows(base)
        try:
            return rows.execute(question, values).fetchone()
        finally:
            rows.close()

    def files(self, folder: str) -> Sequence[Path]:
        return sorted(path for path in (self.data / folder).rglob("*") if path.is_file())

    async def check(self, **options: Any) -> Report:
        signer = NoteKey(ORIGIN, self.log_key.public_key().public_bytes_raw())
        with tempfile.TemporaryDirectory() as scratch:
            return await check(places(self.data, signer), Path(scratch), **options)


async def kept(folder: Path, url: str | None = None) -> Kept:
    made = await Kept.open(folder / "data", world(folder / "tsa"), url)
    for name in (LOG, SEAL):
        await asyncio.to_thread(write_durable, made.data / "public-keys" / name, made.keys[name])
    return made
