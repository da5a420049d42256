"""What the story stands on: the fakes, or the adapters of a small installation; keys and products stay the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from esign.signer import SigningAuthority, open_authority
from evidence.files import FileObjects
from evidence.keyring import WrappedKeys
from evidence.sequencer import Checkpoints
from evidence.sql import Database, SqlCheckpoints, SqlKeys, SqlLog, SqlValues
from evidence.tiles import PublicNote
from evidence.tsa import LocalTsa, open_tsa
from evidence.vault import Objects, Values
from products.versions import Catalogue
from tests.evidence.fakes import (
    CountedRandom,
    FixedClock,
    MemoryKeys,
    MemoryLog,
    MemoryObjects,
    MemoryValues,
)
from tests.proof.story import MemoryCheckpoint


@dataclass(frozen=True)
class Fixed:
    """What every telling shares, and nothing that keeps anything but the time."""

    clock: FixedClock
    catalogue: Catalogue
    authority: SigningAuthority
    tsa: LocalTsa

    @classmethod
    def made(cls, folder: Path) -> "Fixed":
        clock, chance = FixedClock(), CountedRandom()
        tsa = open_tsa(folder / "tsa", b"m" * 32, clock, chance)
        authority = open_authority(folder / "documents", b"m" * 32, tsa, clock, chance)
        return cls(clock, Catalogue.load(Path(__file__).parents[2] / "products" / "catalogue"), authority, tsa)


@dataclass(frozen=True)
class Stores:
    """What keeps something: the fakes, or the adapters of a small installation."""

    folder: Path
    log: MemoryLog | SqlLog
    objects: Objects
    tiles: Objects
    keys: WrappedKeys
    values: Values
    signed: Checkpoints
    cosigned: Checkpoints
    databases: Sequence[Database] = ()

    @classmethod
    def memory(cls, folder: Path, clock: FixedClock) -> "Stores":
        return cls(
            folder=folder,
            log=MemoryLog(clock),
            objects=MemoryObjects(),
            tiles=MemoryObjects(),
            keys=MemoryKeys(),
            values=MemoryValues(),
            signed=MemoryCheckpoint(),
            cosigned=MemoryCheckpoint(),
        )

    @classmethod
    async def sqlite(cls, folder: Path, clock: FixedClock) -> "Stores":
        database = await Database.open(f"sqlite:///{folder}/log.db")
        keys = await Database.open(f"sqlite:///{folder}/keys.db", "keys")
        return cls(
            folder=folder,
            log=SqlLog(database, clock),
            objects=FileObjects(folder / "objects"),
            tiles=FileObjects(folder / "log"),
            keys=SqlKeys(keys),
            values=SqlValues(database),
            signed=SqlCheckpoints(database, "signed", PublicNote(folder / "log" / "unwitnessed")),
            cosigned=SqlCheckpoints(database, "cosigned", PublicNote(folder / "log" / "checkpoint")),
            databases=(database, keys),
        )

    async def close(self) -> None:
        for database in self.databases:
            await database.close()


class Messages:
    """A phone that keeps what it was sent."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def send(self, channel: str, to: str, text: str) -> None:
        self.texts.append(text)
