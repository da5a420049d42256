"""Everything that keeps something, opened: database, objects, keys, the log's tiles, the time authority.

Small enough for commands that serve nothing; with `app` the only importer of adapters.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.keys import SetupRefused, check_ciphers, master_key, time_roots, witness_policy
from api.settings import Settings
from evidence.checkpoint import NoteKey
from evidence.durable import one_at_a_time
from evidence.files import FileObjects
from evidence.keyfile import open_key
from evidence.ledger import Ledger
from evidence.ports import Clock, Random
from evidence.sequencer import Sequencer
from evidence.sql import (
    Database,
    SqlAlarms,
    SqlCheckpoints,
    SqlKeyFiles,
    SqlKeys,
    SqlLeases,
    SqlLog,
    SqlPositions,
    SqlValues,
    migrate,
)
from evidence.tiles import PublicNote
from evidence.timestamp import TimeStamper
from evidence.timestamping import HttpTsa
from evidence.tsa import LocalTsa, open_tsa
from evidence.vault import Vault
from evidence.witness.policy import Policy


@dataclass(frozen=True)
class Store:
    """Everything that keeps something. `master` opens the vault and the key files.

    `policy`: whose witnesses are asked; None: nobody, and what the sequencer signs is published as it is.
    `stamper`: the independent authority when there is one, else `local_tsa`.
    """

    master: bytes
    database: Database
    keys: Database
    log: SqlLog
    objects: FileObjects
    vault: Vault
    ledger: Ledger
    positions: SqlPositions
    leases: SqlLeases
    alarms: SqlAlarms
    key_files: SqlKeyFiles
    log_key: Ed25519PrivateKey
    seal_key: Ed25519PrivateKey
    tiles: FileObjects
    sequencer: Sequencer
    signed: SqlCheckpoints
    cosigned: SqlCheckpoints
    policy: Policy | None
    local_tsa: LocalTsa | None
    stamper: TimeStamper

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
        with one_at_a_time(folder):
            log_key = open_key(folder / "log.pem", master, Ed25519PrivateKey.generate)
            seal_key = open_key(folder / "seal.pem", master, Ed25519PrivateKey.generate)
            local_tsa, stamper = _time(settings, master, now, random)
        policy, tiles = witness_policy(settings), FileObjects(public)
        # With witnesses, people read only what the quorum cosigned.
        seen = PublicNote(public / ("checkpoint" if policy is None else "unwitnessed"))
        signed = SqlCheckpoints(database, "signed", seen)
        if policy is not None and policy.logs and NoteKey(settings.log_name, _raw(log_key)) not in policy.logs:
            raise SetupRefused("JIANZHENG_WITNESS_POLICY names other logs than ours")
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
            alarms=SqlAlarms(database),
            key_files=SqlKeyFiles(keys),
            log_key=log_key,
            seal_key=seal_key,
            tiles=tiles,
            sequencer=Sequencer(log, tiles, signed, settings.log_name, log_key),
            signed=signed,
            cosigned=SqlCheckpoints(database, "cosigned", PublicNote(public / "checkpoint")),
            policy=policy,
            local_tsa=local_tsa,
            stamper=stamper,
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


def _time(settings: Settings, master: bytes, now: Clock, random: Random) -> tuple[LocalTsa | None, TimeStamper]:
    folder = settings.data / "keys" / "tsa"
    independent = (
        HttpTsa(settings.tsa_url, time_roots(settings), now, random, policy=settings.tsa_policy or None)
        if settings.tsa_url
        else None
    )
    # A local authority that once stamped stays known: what it stamped is still judged by its root.
    if independent is not None and not (folder / "tsa-root.pem").exists():
        return None, independent
    local = open_tsa(folder, master, now, random)
    return local, independent or local


def _raw(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()
