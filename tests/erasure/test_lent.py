"""The one data key a process keeps open for a while: it never outlives its erasure by more than a minute."""

import asyncio
from dataclasses import dataclass, field

import pytest

from evidence import custody, keyring
from evidence.events import Actor, ContractEnded, Erased, ErasedField, Retention, Stamp
from evidence.ledger import Ledger
from evidence.vault import COMMAND, Vault
from tests.erasure.conftest import Finished
from tests.evidence.fakes import CountedRandom, FixedClock, MemoryKeys, MemoryLog, MemoryObjects, MemoryValues

MASTER = b"m" * 32
CASE, OTHER = "case_a", "case_b"
SYSTEM = Actor(id="sys_service", role="system")


@dataclass
class Shared:
    """What processes have in common."""

    keys: MemoryKeys = field(default_factory=MemoryKeys)
    objects: MemoryObjects = field(default_factory=MemoryObjects)
    values: MemoryValues = field(default_factory=MemoryValues)
    log: MemoryLog = field(default_factory=MemoryLog)

    def process(self, name: str) -> Vault:
        return Vault(self.objects, self.keys, self.values, MASTER, CountedRandom(name))


def held(vault: Vault) -> set[tuple[str, str]]:
    return set(vault.keyring._lent)


async def test_the_store_is_asked_once_and_for_other_keys_every_time() -> None:
    shared = Shared()
    vault = shared.process("one")
    digest = await vault.mac(CASE, b"body")
    await vault.hide(CASE, "identity", {"name": "李"})
    shared.keys.wrapped.clear()
    assert await vault.mac(CASE, b"body") == digest
    assert await vault.keyring.existing(CASE, "identity") is None
    assert held(vault) == {(CASE, COMMAND)}


@pytest.mark.parametrize("retention", ["identity", "location", "contract"])
async def test_after_an_erasure_the_process_that_erased_holds_no_key(retention: Retention) -> None:  # EVD-09
    vault = Shared().process("one")
    before, other = await vault.mac(CASE, b"body"), await vault.mac(OTHER, b"body")
    await vault.destroy_class(CASE, retention)
    assert held(vault) == {(OTHER, COMMAND)}
    assert await vault.mac(CASE, b"body") != before
    assert await vault.mac(OTHER, b"body") == other


async def test_erasing_a_real_case_leaves_none_of_its_keys_open(finished: Finished) -> None:  # EVD-09
    await finished.happen(ContractEnded(ended="2010-01-01T00:00:00.000Z", period="over_one_year"))
    vault = finished.ports.vault
    before = await vault.mac(finished.stream, b"body")
    await finished.erase("identity")
    assert held(vault) == set()
    assert await vault.mac(finished.stream, b"body") != before


async def test_a_key_that_another_process_destroyed_is_let_go_when_the_log_tells_of_it(clock: FixedClock) -> None:
    shared = Shared()
    here, there = shared.process("here"), shared.process("there")
    before = await here.mac(CASE, b"body")
    assert await there.mac(CASE, b"body") == before
    await there.mac(OTHER, b"body")
    erased = Erased(
        retention="identity",
        basis="PIPL-47",
        fields=(ErasedField(name="1 name", commitment="A" * 43),),
    )
    await Ledger(shared.log).note(CASE, (erased,), Stamp(actor=SYSTEM, at=clock()))
    await here.destroy_class(CASE, "identity")
    custody.heed(await shared.log.scan(0), there.keyring)
    assert held(there) == {(OTHER, COMMAND)}
    after = await there.mac(CASE, b"body")
    assert after != before
    assert after == await here.mac(CASE, b"body")


async def test_a_rotation_that_the_log_tells_of_empties_every_process(clock: FixedClock) -> None:
    shared = Shared()
    operator, there = shared.process("operator"), shared.process("there")
    await there.place(CASE, "bank")
    before = await there.mac(CASE, b"body")
    await custody.rotate("bank", operator.keyring, Ledger(shared.log), clock)
    custody.heed(await shared.log.scan(0), there.keyring)
    assert held(there) == set()
    assert there.keyring._tenants == {}
    assert await there.mac(CASE, b"body") == before  # wrapped anew, the same key


async def test_a_key_nobody_tells_of_is_gone_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "LENT_S", 0.0)
    vault = Shared().process("one")
    await vault.mac(CASE, b"body")
    assert held(vault) == {(CASE, COMMAND)}
    await asyncio.sleep(0.01)
    assert held(vault) == set()


async def test_a_key_looked_up_while_it_was_destroyed_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = Shared()
    vault = shared.process("one")
    await vault.mac(CASE, b"body")
    vault.keyring.take_back(CASE)
    found, destroyed = asyncio.Event(), asyncio.Event()
    find = shared.keys.find

    async def slow(stream: str, name: str) -> keyring.DataKey | None:
        key = await find(stream, name)
        found.set()
        await destroyed.wait()
        return key

    monkeypatch.setattr(shared.keys, "find", slow)
    asked = asyncio.create_task(vault.mac(CASE, b"body"))
    await found.wait()
    await vault.destroy_class(CASE, "identity")
    destroyed.set()
    await asked
    assert held(vault) == set()


async def test_no_more_keys_are_open_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "LENT", 3)
    vault = Shared().process("one")
    for number in range(5):
        await vault.mac(f"case_{number}", b"body")
        await vault.mac("case_0", b"body")  # in use: the last to go
    assert held(vault) == {("case_0", COMMAND), ("case_3", COMMAND), ("case_4", COMMAND)}
