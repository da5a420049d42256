"""The store opened: database, keys, objects, ledger and vault. Small enough for commands that serve nothing."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from api.keys import master_key
from api.settings import Settings
from evidence.files import FileObjects
from evidence.ledger import Ledger
from evidence.ports import Clock, Random
from evidence.sql import Database, SqlKeys, SqlLeases, SqlLog, SqlPositions, SqlValues, migrate
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

    @classmethod
    def of(cls, settings: Settings, now: Clock, random: Random = os.urandom) -> "Store":
        """Nothing is touched yet. SetupRefused when there is no acceptable master key."""
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        master = master_key(settings)
        database = Database(settings.database_url or f"sqlite:///{settings.data / 'jianzheng.db'}")
        keys = Database(settings.keys_url or f"sqlite:///{settings.data / 'keys' / 'keys.db'}", "keys")
        log, objects = SqlLog(database, now), FileObjects(settings.data / "objects")
        return cls(
            master=master,
            database=database,
            keys=keys,
            log=log,
            objects=objects,
            vault=Vault(objects, SqlKeys(keys), SqlValues(database), master, random),
            ledger=Ledger(log),
            positions=SqlPositions(database),
            leases=SqlLeases(database),
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
