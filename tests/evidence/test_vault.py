"""Personal data outside the chain: anyone can check a commitment, nobody can swap a ciphertext, erased is erased."""

import asyncio
import subprocess
import threading
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from evidence.ciphers import NONCE_BYTES, PIECE, SUITES, Suite, SuiteName
from evidence.errors import NotCanonical, ObjectCorrupt, ObjectErased
from evidence.files import FileObjects
from evidence.keyring import DataKey, Held, TenantKey, WrappedKeys
from evidence.sql import Database, SqlKeys, SqlValues
from evidence.vault import ASIDE, SALT_BYTES, Values, Vault, b64, object_key, unb64
from tests.evidence.fakes import CountedRandom, FixedClock, MemoryKeys, MemoryObjects, MemoryValues
from tests.outside import need

A, B = "case_a", "case_b"
NAME = "李建国"
COMMITMENTS = ("A" * 43, "B" * 43, "C" * 43)
CHECK = 'printf %s "$1" | openssl dgst -sha256 -binary | basenc --base64url | tr -d ='


@pytest.fixture
async def keys(store_url: str | None, tmp_path: Path) -> AsyncIterator[WrappedKeys]:
    if store_url is None:
        yield MemoryKeys()
        return
    url = f"sqlite:///{tmp_path}/keys.db" if store_url.startswith("sqlite") else store_url
    database = await Database.open(url, "keys")
    yield SqlKeys(database)
    await database.close()


@pytest.fixture
def values(store: Database | None) -> Values:
    return MemoryValues() if store is None else SqlValues(store)


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


@pytest.fixture
def vault(objects: MemoryObjects, keys: WrappedKeys, values: Values, random: CountedRandom) -> Vault:
    return Vault(objects, keys, values, b"m" * 32, random)


# --- the ports --------------------------------------------------------------------------------------------------------


async def test_values_come_back_until_they_are_deleted(values: Values) -> None:
    one, two, never = COMMITMENTS
    await values.put(A, [(one, "identity", b"\x00sealed"), (two, "location", b"")])
    await values.put(A, [])
    assert await values.get(A, (one, two, never)) == {one: ("identity", b"\x00sealed"), two: ("location", b"")}
    assert await values.get(B, (one,)) == {}
    assert await values.get(A, ()) == {}
    assert await values.delete(A, (one, never)) == 1
    assert await values.delete(A, ()) == 0
    assert list(await values.get(A, COMMITMENTS)) == [two]


async def test_a_class_of_values_is_told_apart(values: Values) -> None:
    one, two, three = COMMITMENTS
    await values.put(A, [(one, "identity", b"1"), (two, "biometric", b"2"), (three, "biometric", b"3")])
    await values.put(B, [(one, "biometric", b"4")])
    assert sorted(await values.commitments(A, "biometric")) == [two, three]
    assert await values.commitments(A, "location") == []


async def test_a_secret_is_recalled_until_it_expires_or_is_forgotten(values: Values, clock: FixedClock) -> None:
    await values.remember("otp/1", b"old", clock() + timedelta(minutes=1))
    await values.remember("otp/1", b"new", clock() + timedelta(minutes=2))
    assert await values.recall("otp/1", clock.forward(119.999)) == b"new"
    assert await values.recall("otp/1", clock.forward(0.001)) is None
    await values.remember("otp/2", b"mac", clock() + timedelta(minutes=1))
    await values.forget("otp/2")
    await values.forget("otp/2")
    assert await values.recall("otp/2", clock()) is None


def data_key(wrapped: bytes, version: int = 1, tenant: str = "bank") -> DataKey:
    return DataKey(tenant=tenant, version=version, suite="international", wrapped=wrapped)


def tenant_key(version: int, tenant: str = "bank") -> TenantKey:
    return TenantKey(tenant=tenant, version=version, suite="chinese", wrapped=bytes([version]))


async def test_of_two_keys_the_first_is_kept_by_everyone(keys: WrappedKeys) -> None:
    assert await keys.adopt(tenant_key(1))
    assert await keys.find(A, "identity") is None
    results = await asyncio.gather(*(keys.add(A, "identity", data_key(bytes([n]))) for n in range(5)))
    assert len({key.wrapped for key in results if key}) == 1
    assert await keys.find(A, "identity") == results[0]
    assert await keys.find(B, "identity") is None
    assert await keys.destroyed(A) == {}
    assert await keys.destroy(A, ("identity", "never"), 7) == 1
    assert await keys.destroy(A, ("identity",)) == 0
    assert await keys.find(A, "identity") is None
    assert await keys.destroyed(A) == {"identity": 7, "never": 7}


async def test_a_data_key_is_only_added_under_the_newest_tenant_key(keys: WrappedKeys) -> None:
    assert await keys.add(A, "identity", data_key(b"nobody's")) is None
    assert await keys.adopt(tenant_key(1))
    assert not await keys.adopt(tenant_key(1))
    assert not await keys.adopt(tenant_key(3))
    assert await keys.add(A, "identity", data_key(b"1")) == data_key(b"1")
    assert await keys.adopt(tenant_key(2))
    assert await keys.newest("bank") == tenant_key(2)
    assert await keys.add(A, "contract", data_key(b"2")) is None
    with pytest.raises(ValueError, match="in use"):
        await keys.retire("bank", 1, 9)
    (held,) = await keys.older("bank", 2, 10)
    assert held == Held(stream=A, name="identity", key=data_key(b"1"))
    assert await keys.rewrap(held, data_key(b"1 again", 2))
    assert not await keys.rewrap(held, data_key(b"too late", 2))
    assert await keys.older("bank", 2, 10) == []
    await keys.retire("bank", 1, 9)
    retired = await keys.tenant_key("bank", 1)
    assert retired is not None
    assert (retired.wrapped, retired.retired_ms) == (b"", 9)
    with pytest.raises(ValueError, match="in use"):
        await keys.retire("bank", 2, 9)
    assert await keys.adopt(tenant_key(1, "other"))
    assert [(key.tenant, key.version) for key in await keys.tenant_keys()] == [("bank", 1), ("bank", 2), ("other", 1)]


async def test_a_stream_belongs_to_whom_it_was_placed_with_first(keys: WrappedKeys) -> None:
    assert await keys.tenant_of(A) is None
    await keys.place(A, "bank")
    await keys.place(A, "other")
    assert await keys.tenant_of(A) == "bank"


# --- commitments ------------------------------------------------------------------------------------------------------


async def test_anyone_checks_a_value_with_coreutils_and_openssl(vault: Vault) -> None:  # EVD-09
    need("openssl", "basenc", "bash")
    commitments = await vault.hide(A, "identity", {"name": NAME, "number": "11010519491231002X"})
    opened = await vault.reveal(A, commitments.values())
    for field, commitment in commitments.items():
        disclosure = opened[commitment]
        assert disclosure.name == field
        run = await asyncio.to_thread(
            subprocess.run, ["bash", "-c", CHECK, "check", disclosure.text], capture_output=True, text=True, check=True
        )
        assert run.stdout.strip() == commitment
    assert {item.value for item in opened.values()} == {NAME, "11010519491231002X"}


async def test_anyone_checks_a_file_with_sha256(vault: Vault, tmp_path: Path) -> None:
    need("openssl", "basenc", "bash")
    media = await vault.put(A, "biometric", b"a face", "image/jpeg")
    path = tmp_path / "salted"
    salted = await vault.get_salted(A, media)
    await asyncio.to_thread(path.write_bytes, salted)
    assert (len(salted), salted[SALT_BYTES:]) == (SALT_BYTES + 6, b"a face")
    check = f"openssl dgst -sha256 -binary '{path}' | basenc --base64url | tr -d ="
    run = await asyncio.to_thread(subprocess.run, ["bash", "-c", check], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == media.commitment
    assert await vault.get(A, media) == b"a face"


async def test_the_same_value_twice_gives_commitments_nobody_can_link(vault: Vault) -> None:
    first = await vault.hide(A, "identity", {"name": NAME})
    second = await vault.hide(A, "identity", {"name": NAME})
    assert first["name"] != second["name"]


async def test_nothing_that_is_stored_holds_the_value(
    vault: Vault, objects: MemoryObjects, values: Values
) -> None:  # EVD-09
    commitment = (await vault.hide(A, "identity", {"name": NAME}))["name"]
    await vault.put(A, "identity", NAME.encode(), "text/plain")
    ((_, sealed),) = (await values.get(A, (commitment,))).values()
    for stored in (sealed, *objects.blobs.values()):
        assert NAME.encode() not in stored
        assert b64(NAME.encode())[:8].encode() not in stored


@pytest.mark.parametrize("value", [1.5, {"名": 1}, float("nan"), "\ud800"])
async def test_a_value_no_other_tool_could_read_is_refused(vault: Vault, value: Any) -> None:
    with pytest.raises(NotCanonical):
        await vault.hide(A, "identity", {"name": value})


# --- the insider ------------------------------------------------------------------------------------------------------


async def test_two_photos_swapped_do_not_open(vault: Vault, objects: MemoryObjects) -> None:  # row 27
    one = await vault.put(A, "biometric", b"the customer", "image/jpeg")
    two = await vault.put(A, "biometric", b"somebody else", "image/jpeg")
    first, second = (object_key(A, "biometric", media.commitment) for media in (one, two))
    objects.blobs[first], objects.blobs[second] = objects.blobs[second], objects.blobs[first]
    for media in (one, two):
        with pytest.raises(ObjectCorrupt):
            await vault.get(A, media)


async def test_a_photo_of_another_case_does_not_open(vault: Vault, objects: MemoryObjects) -> None:  # row 27
    one = await vault.put(A, "biometric", b"the customer", "image/jpeg")
    two = await vault.put(B, "biometric", b"somebody else", "image/jpeg")
    objects.blobs[object_key(A, "biometric", one.commitment)] = objects.blobs[
        object_key(B, "biometric", two.commitment)
    ]
    with pytest.raises(ObjectCorrupt):
        await vault.get(A, one)


async def test_a_value_moved_to_another_commitment_does_not_open(vault: Vault, values: Values) -> None:
    one, two = (await vault.hide(A, "identity", {"name": NAME, "phone": "13800000000"})).values()
    found = await values.get(A, (one, two))
    await values.delete(A, (one, two))
    await values.put(A, [(one, *found[two]), (two, *found[one])])
    for commitment in (one, two):
        with pytest.raises(ObjectCorrupt):
            await vault.reveal(A, (commitment,))


@pytest.mark.parametrize("place", [0, 12, -1])
async def test_one_flipped_bit_does_not_open(vault: Vault, objects: MemoryObjects, place: int) -> None:
    media = await vault.put(A, "identity", b"a paper", "image/jpeg")
    ((key, sealed),) = objects.blobs.items()
    flipped = bytearray(sealed)
    flipped[place] ^= 1
    objects.blobs[key] = bytes(flipped)
    with pytest.raises(ObjectCorrupt):
        await vault.get(A, media)


async def test_another_master_key_opens_nothing(
    vault: Vault, objects: MemoryObjects, keys: WrappedKeys, values: Values
) -> None:
    media = await vault.put(A, "identity", b"a paper", "image/jpeg")
    stranger = Vault(objects, keys, values, b"x" * 32, CountedRandom("other"))
    with pytest.raises(ObjectCorrupt):
        await stranger.get(A, media)


# --- erasure ----------------------------------------------------------------------------------------------------------


async def test_destroying_a_class_erases_it_and_nothing_else(
    vault: Vault, objects: MemoryObjects, values: Values
) -> None:  # EVD-09
    face = await vault.put(A, "biometric", b"a face", "image/jpeg")
    paper = await vault.put(A, "identity", b"a paper", "image/jpeg")
    elsewhere = await vault.put(B, "biometric", b"another face", "image/jpeg")
    hidden = await vault.hide(A, "biometric", {"score": 1}) | await vault.hide(A, "identity", {"name": NAME})
    backup = dict(objects.blobs)
    rows = await values.get(A, list(hidden.values()))
    await vault.destroy_class(A, "biometric")
    with pytest.raises(ObjectErased):
        await vault.get(A, face)
    assert list(await vault.reveal(A, hidden.values())) == [hidden["name"]]
    assert list(await values.get(A, list(hidden.values()))) == [hidden["name"]]
    assert await vault.get(A, paper) == b"a paper"
    assert await vault.get(B, elsewhere) == b"another face"
    objects.blobs.update(backup)  # a restored backup of everything but the keys
    await values.put(A, [(hidden["score"], *rows[hidden["score"]])])
    with pytest.raises(ObjectErased):
        await vault.get(A, face)
    assert hidden["score"] not in await vault.reveal(A, hidden.values())


async def test_what_is_hidden_after_an_erasure_by_another_process_is_not_lost(
    objects: MemoryObjects, keys: WrappedKeys, values: Values, random: CountedRandom
) -> None:
    """A process must not go on hiding under a key that another one destroyed."""
    here, there = (Vault(objects, keys, values, b"m" * 32, random) for _ in range(2))
    await here.put(A, "biometric", b"first", "image/jpeg")
    await there.destroy_class(A, "biometric")
    media = await here.put(A, "biometric", b"consented again", "image/jpeg")
    value = (await here.hide(A, "biometric", {"score": 2}))["score"]
    fresh = Vault(objects, keys, values, b"m" * 32, random)
    assert await fresh.get(A, media) == b"consented again"
    assert value in await fresh.reveal(A, (value,))


async def test_single_files_and_values_can_go(vault: Vault) -> None:
    one, two = [await vault.put(A, "biometric", bytes([n]), "image/jpeg") for n in range(2)]
    hidden = await vault.hide(A, "location", {"fix": 1, "ip": "127.0.0.1"})
    await vault.destroy(A, media=(one,), values=(hidden["fix"],))
    with pytest.raises(ObjectErased):
        await vault.get(A, one)
    assert await vault.get(A, two) == b"\x01"
    assert list(await vault.reveal(A, hidden.values())) == [hidden["ip"]]


async def test_a_destroyed_key_is_in_no_file_any_more(tmp_path: Path) -> None:
    database = await Database.open(f"sqlite:///{tmp_path}/keys.db", "keys")
    keys = SqlKeys(database)
    wrapped = CountedRandom("wrapped")(60)
    await keys.adopt(tenant_key(1))
    await keys.add(A, "identity", data_key(wrapped))
    await keys.add(A, "biometric", data_key(b"another key, which stays"))
    assert await asyncio.to_thread(_found, tmp_path, wrapped)
    await keys.destroy(A, ("identity",))
    assert not await asyncio.to_thread(_found, tmp_path, wrapped)
    assert await keys.find(A, "biometric") == data_key(b"another key, which stays")
    await database.close()


async def test_keys_stand_apart_from_what_they_open(tmp_path: Path, random: CountedRandom) -> None:  # EVD-09
    log, apart = (
        await Database.open(f"sqlite:///{tmp_path}/log.db"),
        await Database.open(f"sqlite:///{tmp_path}/keys/keys.db", "keys"),
    )
    with pytest.raises(ValueError, match="of their own"):
        SqlKeys(log)
    vault = Vault(FileObjects(tmp_path / "objects"), SqlKeys(apart), SqlValues(log), b"m" * 32, random)
    media = await vault.put(A, "biometric", b"a face", "image/jpeg")
    await vault.hide(A, "biometric", {"score": 1})
    wrapped = await SqlKeys(apart).find(A, "biometric")
    assert wrapped is not None
    assert await vault.get(A, media) == b"a face"
    await log.close()
    await apart.close()
    assert [path.name for path in await asyncio.to_thread(_found, tmp_path, wrapped.wrapped)] == ["keys.db"]


def _found(folder: Path, data: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and data in path.read_bytes()]


# --- keyed digests and secrets ----------------------------------------------------------------------------------------


async def test_a_repeat_is_recognised_only_within_its_case(vault: Vault) -> None:
    assert await vault.mac(A, b"body") == await vault.mac(A, b"body")
    assert await vault.mac(A, b"body") != await vault.mac(A, b"other")
    assert await vault.mac(A, b"body") != await vault.mac(B, b"body")


def test_blind_digests_meet_only_within_a_tenant_and_kind(vault: Vault) -> None:
    one = vault.blind("demo", "phone", b"13800000000")
    assert one == vault.blind("demo", "phone", b"13800000000")
    others = {
        vault.blind("demo", "phone", b"13800000001"),
        vault.blind("demo", "name", b"13800000000"),
        vault.blind("bank", "phone", b"13800000000"),
        vault.blind("demophone", "", b"13800000000"),
    }
    assert len(others) == 4
    assert one not in others


async def test_a_code_matches_once_it_was_left_and_until_it_expires(vault: Vault, clock: FixedClock) -> None:
    await vault.remember("code", "otp_1", "123456", clock() + timedelta(minutes=10))
    assert await vault.matches("code", "otp_1", "123456", clock())
    assert not await vault.matches("code", "otp_1", "123457", clock())
    assert not await vault.matches("code", "otp_2", "123456", clock())
    assert not await vault.matches("link", "otp_1", "123456", clock())
    assert not await vault.matches("code", "otp_1", "123456", clock.forward(600))
    await vault.remember("code", "otp_3", "123456", clock() + timedelta(minutes=10))
    await vault.forget("code", "otp_3")
    assert not await vault.matches("code", "otp_3", "123456", clock())


@pytest.mark.parametrize("data", [b"", b"\x00", b"\xff\xfe", bytes(range(256))])
def test_base64url_goes_both_ways_without_padding(data: bytes) -> None:
    assert unb64(b64(data)) == data
    assert "=" not in b64(data)


# --- nonces -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suite", ["international", "chinese"])
async def test_every_record_is_sealed_under_a_nonce_of_its_own(suite: SuiteName, random: CountedRandom) -> None:
    """API-19: a nonce that came twice under one key would give both contents away."""
    objects, values = MemoryObjects(), MemoryValues()
    vault = Vault(objects, MemoryKeys(), values, b"m" * 32, random, suite)
    for number in range(200):
        await vault.hide(A, "identity", {"name": NAME, "number": str(number)})
        await vault.put(A, "identity", b"the same photograph", "image/jpeg")
    sealed = [row for _, row in values.rows.values()] + list(objects.blobs.values())
    assert len({data[:NONCE_BYTES] for data in sealed}) == len(sealed) == 600
    salt = random(SALT_BYTES)
    for _ in range(2):  # a repeat under the customer's own salt is the same bytes, so its nonce may be the same
        await vault.put(A, "identity", b"sent twice", "image/jpeg", salt=salt)
    await vault.put(A, "identity", b"another one", "image/jpeg", salt=salt)
    assert len({data[:NONCE_BYTES] for data in objects.blobs.values()}) == len(objects.blobs) == 202


# --- big files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suite", ["international", "chinese"])
async def test_big_files_are_sealed_and_opened_away_from_the_event_loop(
    suite: SuiteName, random: CountedRandom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SM4 takes 13 ms a megabyte: on the loop a page of photographs would hold everybody up."""
    vault = Vault(MemoryObjects(), MemoryKeys(), MemoryValues(), b"m" * 32, random, suite)
    big = random(ASIDE) * 20
    loop, where = threading.get_ident(), list[int]()
    seal, open_ = Suite.seal, Suite.open

    def watched(real: Callable[..., bytes]) -> Callable[..., bytes]:
        def work(self: Suite, key: bytes, nonce: bytes, data: bytes, bound: bytes) -> bytes:
            if len(data) > ASIDE:
                where.append(threading.get_ident())
            return real(self, key, nonce, data, bound)

        return work

    monkeypatch.setattr(Suite, "seal", watched(seal))
    monkeypatch.setattr(Suite, "open", watched(open_))
    media = await vault.put("case_a", "identity", big, "image/jpeg")
    assert await vault.get("case_a", media) == big
    await vault.keep("case_a", "exp_a", big)
    assert await vault.kept("case_a", "exp_a") == big
    assert len(where) == 4
    assert loop not in where


@pytest.mark.parametrize("suite", ["international", "chinese"])
@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 5])
def test_a_file_in_pieces_is_the_same_ciphertext_as_in_one_go(suite: str, size: int, random: CountedRandom) -> None:
    used, nonce, data = SUITES[suite], bytes(12), random(size)
    key = random(used.key_bytes)
    sealed = used.seal(key, nonce, data, b"case_a/identity/x")
    if suite == "international":
        assert sealed == AESGCM(key).encrypt(nonce, data, b"case_a/identity/x")
    assert used.open(key, nonce, sealed, b"case_a/identity/x") == data
    for bad in (sealed[:-1] + bytes([sealed[-1] ^ 1]), bytes([sealed[0] ^ 1]) + sealed[1:], sealed[:-1], b""):
        with pytest.raises((InvalidTag, ValueError)):
            used.open(key, nonce, bad, b"case_a/identity/x")
    with pytest.raises(InvalidTag):
        used.open(key, nonce, sealed, b"case_a/identity/y")
