"""Attack 29: tenant keys are rotated while everybody works, and nobody notices."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.clock import utc_now
from api.rotate import rotate_all
from api.settings import Settings
from api.store import Store
from evidence.custody import announce, rotate, stream_of
from evidence.errors import NotFound, ObjectCorrupt
from evidence.events import TenantKeyAdopted, TenantKeyRetired
from evidence.keyring import OPERATOR, DataKey
from evidence.ledger import Ledger
from evidence.sql import Database, SqlKeys
from evidence.vault import Vault
from tests.evidence.fakes import CountedRandom, FixedClock, MemoryLog, MemoryObjects, MemoryValues

MASTER = b"m" * 32


@dataclass
class Place:
    """One store of keys that several processes share."""

    keys: SqlKeys
    ledger: Ledger
    objects: MemoryObjects
    values: MemoryValues
    clock: FixedClock

    def process(self, name: str, suite: str = "international") -> Vault:
        return Vault(self.objects, self.keys, self.values, MASTER, CountedRandom(name), suite)  # type: ignore[arg-type]


@pytest.fixture
async def place(keys_url: str, clock: FixedClock) -> AsyncIterator[Place]:
    database = await Database.open(keys_url, "keys")
    yield Place(SqlKeys(database), Ledger(MemoryLog()), MemoryObjects(), MemoryValues(), clock)
    await database.close()


async def test_rotation_under_load_fails_no_request(place: Place) -> None:
    """Four processes hide and reveal, old cases and new ones, while the key is rotated three times."""
    workers = [place.process(f"worker {n}") for n in range(4)]
    stop = asyncio.Event()
    done: list[int] = []

    async def work(number: int, vault: Vault) -> None:
        told: list[tuple[str, str]] = []
        while not stop.is_set():
            stream = f"case_{number}-{len(told) % 40}"
            await vault.place(stream, "bank")
            hidden = await vault.hide(stream, "identity", {"name": f"{number}/{len(told)}"})
            told.append((stream, hidden["name"]))
            for at in {0, len(told) // 2, len(told) - 1}:
                owner, commitment = told[at]
                opened = await workers[(number + at) % 4].reveal(owner, (commitment,))
                assert opened[commitment].value == f"{number}/{at}"
        done.append(len(told))

    tasks = [asyncio.create_task(work(number, vault)) for number, vault in enumerate(workers)]
    operator = place.process("operator")
    made = []
    for _ in range(3):
        await asyncio.sleep(0.3)
        made.append(await rotate("bank", operator.keyring, place.ledger, place.clock))
    await asyncio.sleep(0.1)
    stop.set()
    await asyncio.gather(*tasks)
    assert min(done) > 0
    assert made[-1].rewrapped > 0
    newest = made[-1].version
    assert {(await place.keys.find(f"case_{n}-0", "identity")).version for n in range(4)} == {newest}  # type: ignore[union-attr]


async def test_the_log_tells_which_version_was_valid_when(place: Place, clock: FixedClock) -> None:
    vault = place.process("one")
    await vault.place("case_a", "bank")
    await vault.hide("case_a", "identity", {"name": "李"})
    began = clock()
    assert await announce(place.ledger, vault.keyring, began) == 1
    clock.forward(3600)
    rotation = await rotate("bank", vault.keyring, place.ledger, clock)
    assert (rotation.version, rotation.rewrapped, rotation.retired) == (2, 1, (1,))
    first, second, retired = (event.body for event in await place.ledger.events(stream_of("bank")))
    assert isinstance(first, TenantKeyAdopted)
    assert isinstance(second, TenantKeyAdopted)
    assert isinstance(retired, TenantKeyRetired)
    assert (first.version, second.version, retired.version) == (1, 2, 1)
    assert first.check != second.check
    assert (retired.since, retired.until) == ("2026-11-21T04:00:00.000Z", "2026-11-21T05:00:00.000Z")
    assert await announce(place.ledger, vault.keyring, clock()) == 0


async def test_many_who_come_first_at_once_make_one_key(place: Place) -> None:
    vaults = [place.process(f"worker {n}") for n in range(3)]
    digests = await asyncio.gather(*(vaults[n % 3].mac(f"case_{n // 3}", b"body") for n in range(120)))
    assert [(key.tenant, key.version) for key in await place.keys.tenant_keys()] == [(OPERATOR, 1)]
    assert len(set(digests)) == 40


async def test_a_retired_version_is_gone_and_a_stolen_copy_of_the_old_rows_does_not_help(place: Place) -> None:
    vault = place.process("one")
    await vault.place("case_a", "bank")
    await vault.hide("case_a", "identity", {"name": "李"})
    stolen = await place.keys.find("case_a", "identity")
    assert stolen is not None
    await rotate("bank", vault.keyring, place.ledger, place.clock)
    assert (await place.keys.tenant_keys())[0].wrapped == b""
    fresh = place.process("fresh").keyring
    with pytest.raises(ObjectCorrupt):
        await fresh.wrapper(stolen.tenant, stolen.version)


async def test_a_rotation_that_was_cut_short_is_taken_up_by_the_next(place: Place) -> None:
    vault = place.process("one")
    for stream in ("case_a", "case_b"):
        await vault.place(stream, "bank")
        await vault.hide(stream, "identity", {"name": stream})
    await vault.keyring.next_version("bank")  # and the lights go out
    hidden = await vault.hide("case_a", "contract", {"sum": 1})
    rotation = await rotate("bank", vault.keyring, place.ledger, place.clock)
    assert (rotation.version, rotation.rewrapped, rotation.retired) == (3, 3, (1, 2))
    assert len(await place.process("other").reveal("case_a", hidden.values())) == 1


async def test_a_change_of_suite_and_a_rotation_wrap_everything_by_the_new_one(place: Place) -> None:
    old = place.process("old")
    await old.place("case_a", "bank")
    name = (await old.hide("case_a", "identity", {"name": "李建国"}))["name"]
    new = place.process("new", "chinese")
    await rotate("bank", new.keyring, place.ledger, place.clock)
    assert [key.suite for key in await place.keys.tenant_keys()] == ["international", "chinese"]
    for vault in (old, new, place.process("third")):
        assert (await vault.reveal("case_a", (name,)))[name].value == "李建国"


async def test_tenants_have_keys_of_their_own_and_one_rotates_alone(place: Place) -> None:
    vault = place.process("one")
    await vault.place("case_a", "bank")
    await vault.place("case_b", "insurer")
    for stream in ("case_a", "case_b", "staff_c"):
        await vault.hide(stream, "identity", {"name": stream})
    await rotate("bank", vault.keyring, place.ledger, place.clock)
    keys = await place.keys.tenant_keys()
    assert [(key.tenant, key.version) for key in keys] == [("bank", 1), ("bank", 2), ("insurer", 1), (OPERATOR, 1)]
    moved = await place.keys.find("case_b", "identity")
    assert moved is not None
    wrong = DataKey(tenant="bank", version=2, suite=moved.suite, wrapped=moved.wrapped)
    assert await place.keys.rewrap((await place.keys.older("insurer", 2, 1))[0], wrong)
    with pytest.raises(ObjectCorrupt):  # one tenant's key opens nothing of another's
        await vault.keyring.existing("case_b", "identity")


async def test_a_key_from_before_there_were_tenant_keys_opens_and_is_taken_along(place: Place) -> None:
    vault = place.process("one")
    name = (await vault.hide("case_a", "identity", {"name": "李建国"}))["name"]
    key = await vault.keyring.key("case_a", "identity")
    ((held),) = await place.keys.older(OPERATOR, 2, 10)
    master = await vault.keyring.wrapper(OPERATOR, 0)
    assert await place.keys.rewrap(held, vault.keyring.wrapped(key, master, OPERATOR, 0, "case_a", "identity"))
    assert (await vault.reveal("case_a", (name,)))[name].value == "李建国"
    assert (await rotate(OPERATOR, vault.keyring, place.ledger, place.clock)).rewrapped == 1
    assert (await place.process("other").reveal("case_a", (name,)))[name].value == "李建国"


async def test_the_command_rotates_every_tenant_that_has_a_key(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    async with Store.of(settings, utc_now).opened() as store:
        await store.vault.place("case_a", "bank")
        name = (await store.vault.hide("case_a", "identity", {"name": "李"}))["name"]
    (done,) = await rotate_all(settings, ())
    assert (done.tenant, done.version, done.rewrapped, done.retired) == ("bank", 2, 1, (1,))
    async with Store.of(settings, utc_now).opened() as store:
        assert name in await store.vault.reveal("case_a", (name,))
        assert len(await store.ledger.events(stream_of("bank"))) == 3
        with pytest.raises(NotFound):
            await store.ledger.events(stream_of("nobody"))
