"""API-19: two suites, known answers at every start, and old data that stays readable when the setting changes."""

from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from api.clock import utc_now
from api.keys import SetupRefused
from api.settings import Settings
from api.store import Store
from evidence import ciphers
from evidence.ciphers import ANSWERS, SUITES, SelfTestFailed, self_test
from evidence.errors import ObjectCorrupt
from evidence.vault import Vault
from tests.evidence.fakes import CountedRandom, MemoryKeys, MemoryObjects, MemoryValues

CASE = "case_a"


def test_every_primitive_gives_its_published_answer() -> None:
    self_test()
    assert {"AES-256-GCM", "SM4-GCM", "SM3", "SHA-256", "Ed25519", "ECDSA P-256"} <= ANSWERS.keys()


@pytest.mark.parametrize("name", ANSWERS)
def test_one_swapped_answer_is_noticed_and_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    last = f"{int(ANSWERS[name][-2:], 16) ^ 1:02x}"
    monkeypatch.setattr(ciphers, "ANSWERS", {**ANSWERS, name: ANSWERS[name][:-2] + last})
    with pytest.raises(SelfTestFailed, match=name):
        self_test()


def test_the_service_refuses_to_start_with_a_wrong_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store.of(Settings(data=tmp_path), utc_now)
    monkeypatch.setattr(ciphers, "ANSWERS", {**ANSWERS, "SM3": ANSWERS["SHA-256"]})
    with pytest.raises(SetupRefused, match="SM3"):
        Store.of(Settings(data=tmp_path), utc_now)


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_nothing_changed_opens(suite: ciphers.Suite) -> None:
    key, nonce = bytes(range(suite.key_bytes)), bytes(12)
    sealed = suite.seal(key, nonce, b"a value", b"its place")
    assert suite.open(key, nonce, sealed, b"its place") == b"a value"
    for place in range(len(sealed)):
        flipped = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(InvalidTag):
            suite.open(key, nonce, flipped, b"its place")
    for other in (sealed[:-1], sealed[:15], b"", sealed + b"\0"):
        with pytest.raises(InvalidTag):
            suite.open(key, nonce, other, b"its place")
    with pytest.raises(InvalidTag):
        suite.open(key, nonce, sealed, b"another place")


def test_the_suites_give_different_digests_of_one_length() -> None:
    one, two = (suite.mac(b"key", b"data") for suite in SUITES.values())
    assert one != two
    assert len(one) == len(two) == 32


@pytest.mark.parametrize(("before", "after"), [("international", "chinese"), ("chinese", "international")])
async def test_what_was_kept_under_one_suite_opens_under_the_setting_of_the_other(
    before: ciphers.SuiteName, after: ciphers.SuiteName
) -> None:
    objects, keys, values, random = MemoryObjects(), MemoryKeys(), MemoryValues(), CountedRandom()
    old = Vault(objects, keys, values, b"m" * 32, random, before)
    media = await old.put(CASE, "identity", b"a paper", "image/jpeg")
    name = (await old.hide(CASE, "identity", {"name": "李建国"}))["name"]
    digest = await old.mac(CASE, b"a command")
    new = Vault(objects, keys, values, b"m" * 32, random, after)
    assert await new.get(CASE, media) == b"a paper"
    assert (await new.reveal(CASE, (name,)))[name].value == "李建国"
    assert await new.mac(CASE, b"a command") == digest
    other = await new.put("case_b", "identity", b"another paper", "image/jpeg")
    assert {key.suite for key in keys.wrapped.values()} == {before, after}
    assert await old.get("case_b", other) == b"another paper"


@pytest.mark.parametrize("place", [0, 12, -1])
async def test_one_flipped_bit_does_not_open_in_the_chinese_suite_either(place: int) -> None:
    objects = MemoryObjects()
    vault = Vault(objects, MemoryKeys(), MemoryValues(), b"m" * 32, CountedRandom(), "chinese")
    media = await vault.put(CASE, "identity", b"a paper", "image/jpeg")
    ((key, sealed),) = objects.blobs.items()
    flipped = bytearray(sealed)
    flipped[place] ^= 1
    objects.blobs[key] = bytes(flipped)
    with pytest.raises(ObjectCorrupt):
        await vault.get(CASE, media)
