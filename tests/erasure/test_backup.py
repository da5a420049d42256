"""KYC-17: a backup of everything but the keys opens nothing that was erased; before, it opens all of it."""

import asyncio
import shutil
from pathlib import Path

import pytest

from api.clock import utc_now
from api.health import Health
from api.keeper import Keeper
from api.settings import Settings
from api.store import Store
from evidence.erasure import flow
from evidence.erasure.rules import Erase
from evidence.errors import ObjectErased
from evidence.events import Actor, CaseOpened, Media, PartyNamed, Stamp
from evidence.events.identity import PaperCaptured
from evidence.retention import table
from tests.evidence.cases import policy
from tests.evidence.fakes import CountedRandom
from tests.scan import search

CASE = "case_planted"
ADMIN = Actor(id="staff_admin", role="admin")
NAME, PHONE = "欧阳建国", "13800138000"
PHOTO = CountedRandom("photograph")(5_000)
SECRETS: dict[str, str | bytes] = {"name": NAME, "phone": PHONE, "photograph": PHOTO}


class Planted:
    """A case with planted values, in a store of files; `run` opens the store, does one thing and closes it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.hidden: dict[str, str] = {}
        self.photo: Media | None = None

    async def open(self, suite: str = "international") -> None:
        async with self.store(suite).opened() as store:
            stamp = Stamp(actor=ADMIN, at=utc_now())
            await store.vault.place(CASE, "bank")
            self.hidden = await store.vault.hide(CASE, "identity", {"name": NAME, "phone": PHONE})
            self.photo = await store.vault.put(CASE, "identity", PHOTO, "image/jpeg")
            opened = CaseOpened(tenant="bank", mode="sandbox", policy=policy(), opener="staff_a")
            person = PartyNamed(
                party="proposer", customer="cus_a", phone=self.hidden["phone"], name=self.hidden["name"]
            )
            paper = PaperCaptured(party="proposer", paper="cn_id_front", media=self.photo, source="camera")
            await store.ledger.open(CASE, (opened, person, paper), stamp)

    def store(self, suite: str = "international") -> Store:
        return Store.of(Settings(data=self.data, suite=suite), utc_now)  # type: ignore[arg-type]

    async def erase(self) -> int:
        async with self.store().opened() as store:
            ports = flow.Ports(store.ledger, store.vault, utc_now, table())
            command = Erase(retention="identity", basis="PIPL-47")
            case = await flow.erase(await store.ledger.case(CASE), command, Stamp(actor=ADMIN, at=utc_now()), ports)
            return case.keeping.wiped["identity"]

    async def opens(self) -> bool:
        """All of the planted values; False when none of them does."""
        assert self.photo is not None
        async with self.store().opened() as store:
            values = await store.vault.reveal(CASE, self.hidden.values())
            try:
                photo = await store.vault.get(CASE, self.photo)
            except ObjectErased:
                assert values == {}
                return False
            assert {item.value for item in values.values()} == {NAME, PHONE}
            assert photo == PHOTO
            return True


def backup(data: Path, to: Path) -> None:
    """Everything the service keeps on disk."""
    shutil.copytree(data, to)


def restore(copy: Path, data: Path) -> None:
    """Back in place, but for the key database: keys live apart, and the ones that exist are those of today."""
    today = data.with_name("keys-today")
    shutil.copytree(data / "keys", today)
    shutil.rmtree(data)
    shutil.copytree(copy, data)
    shutil.rmtree(data / "keys")
    shutil.copytree(today, data / "keys")
    shutil.rmtree(today)


@pytest.mark.parametrize("suite", ["international", "chinese"])
async def test_a_restored_backup_opens_nothing_of_what_was_erased(tmp_path: Path, suite: str) -> None:
    planted = Planted(tmp_path / "data")
    await planted.open(suite)
    copy = tmp_path / "backup"
    await asyncio.to_thread(backup, planted.data, copy)
    await asyncio.to_thread(restore, copy, planted.data)
    assert await planted.opens(), "before the erasure the very same backup opens"
    await planted.erase()
    assert not await planted.opens()
    await asyncio.to_thread(restore, copy, planted.data)
    assert not await planted.opens(), "after it, with every key that still exists, it does not"


async def test_the_planted_values_stand_nowhere_in_clear(tmp_path: Path) -> None:  # EVD-09
    planted = Planted(tmp_path / "data")
    await planted.open()
    canary = tmp_path / "canary"
    canary.mkdir()
    (canary / "a").write_bytes(NAME.encode("utf-16-le") + PHONE.encode() + PHOTO)
    assert {name for _, name in search([canary], SECRETS)} == SECRETS.keys()
    assert search([planted.data], SECRETS) == []
    assert await planted.opens()
    await planted.erase()
    assert search([planted.data], SECRETS) == []


async def test_neither_the_key_nor_the_ciphertext_is_in_a_file_afterwards(tmp_path: Path) -> None:
    planted = Planted(tmp_path / "data")
    await planted.open()
    async with planted.store().opened() as store:
        key = await store.vault.keyring.store.find(CASE, "identity")
        assert planted.photo is not None
        sealed = await store.objects.get(f"{CASE}/identity/{planted.photo.commitment}")
    assert key is not None
    needles: dict[str, str | bytes] = {"photograph": sealed}
    assert await asyncio.to_thread(_holding, planted.data, key.wrapped) == ["keys.db"]
    assert search([planted.data / "objects"], needles)
    await planted.erase()
    assert await asyncio.to_thread(_holding, planted.data, key.wrapped) == []
    assert search([planted.data], needles) == []


async def test_an_old_key_database_that_came_back_is_emptied_again(tmp_path: Path) -> None:
    """Where the key database itself was lost and came from its own backup, the chain says what to destroy."""
    planted = Planted(tmp_path / "data")
    await planted.open()
    copy = tmp_path / "backup"
    await asyncio.to_thread(backup, planted.data, copy)
    await planted.erase()
    await asyncio.to_thread(shutil.rmtree, planted.data / "keys")
    await asyncio.to_thread(shutil.copytree, copy / "keys", planted.data / "keys")
    async with planted.store().opened() as store:
        assert await store.vault.keyring.existing(CASE, "identity") is not None
        keeper = Keeper(flow.Ports(store.ledger, store.vault, utc_now, table()), Health(utc_now))
        keeper.learn(await store.log.scan(0))
        await keeper.complete()
        assert await store.vault.keyring.existing(CASE, "identity") is None
    assert not await planted.opens()


def _holding(folder: Path, data: bytes) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and data in path.read_bytes()]
