"""Everything that keeps something, opened: database, objects, keys, the log's tiles, the local time authority.

Small enough for commands that serve nothing; with `app` the only importer of adapters.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.keys import check_ciphers, master_key
from api.settings import Settings
from evidence.files import FileObjects
from evidence.keyfile import open_key
from evidence.ledger import Ledger
from evidence.ports import Clock, Random
from evidence.sequencer import Sequencer
from evidence.sql import Database, SqlKeys, SqlLeases, SqlLog, SqlPositions, SqlValues, migrate
from evidence.tiles import FileCheckpoint
from evidence.tsa import LocalTsa, open_tsa
from evidence.vault import Vault


@dataclass(frozen=True)
class Store:
    """Everything that keeps something. `master` opens the vault and the key files."""

    master: bytes
    database: Database
    keys: Database
    log: SqlLog
    objects: FileObjects
    vault: Vault
    ledger: Ledger
    positions: SqlPositions
    leases: SqlLeases
    log_key: Ed25519PrivateKey
    seal_key: Ed25519PrivateKey
    sequencer: Sequencer
    tsa: LocalTsa

    @classmethod
    def of(cls, settings: Settings, now: Clock, random: Random = os.urandom) -> "Store":
        """Nothing is touched yet. SetupRefused without an acceptable master key, or with ciphers that answer wrong."""
        check_ciphers()
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        master = master_key(settings)
        database = Database(settings.database_url or f"sqlite:///{settings.data / 'jianzheng.db'}")
        keys = Database(settings.keys_url or f"sqlite:///{settings.data / 'keys' / 'keys.db'}", "keys")
        log, objects = SqlLog(database, now), FileObjects(settings.data / "objects")
        folder, public = settings.data / "keys", settings.data / "log"
        log_key = open_key(folder / "log.pem", master, Ed25519PrivateKey.generate)
        checkpoints = FileCheckpoint(folder / "checkpoint", public / "checkpoint")
        return cls(
            master=master,
            database=database,
            keys=keys,
            log=log,
            objects=objects,
            vault=Vault(objects, SqlKeys(keys), SqlValues(database), master, random, settings.suite),
            ledger=Ledger(log),
            positions=SqlPositions(database),
            leases=SqlLeases(database),
            log_key=log_key,
            seal_key=open_key(folder / "seal.pem", master, Ed25519PrivateKey.generate),
            sequencer=Sequencer(log, FileObjects(public), checkpoints, settings.log_name, log_key),
            tsa=open_tsa(folder / "tsa", master, now, random),
        )

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Store"]:
        """Tables brought up to date; closed at the end, after what was submitted is durable."""
        await migrate(self.database.url.render_as_string(hide_password=False), "log")
        await migrate(self.keys.url.render_as_string(hide_password=False), "keys")
        try:
            yield self
        finally:
            await self.database.close()
            await self.keys.close()
